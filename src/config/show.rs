//! The configuration in force, in words: which files were read, what of them counts, and what is wrong. It
//! prints nothing itself.

use toml::Value;

use super::around::{Around, user_file};
use super::origin::Trust;
use super::{Job, cli};

/// Lines that tell the configuration in force; they read as a file of configuration with comments.
pub fn show(around: &Around, job: &Job) -> Vec<String> {
    let mut lines = vec!["# files, those that decide last".to_owned()];
    for layer in &around.layers.all {
        let whose = if layer.text.trust == Trust::Own {
            "yours"
        } else {
            "the repository's: decides neither where secrets are sent nor what is written"
        };
        lines.push(format!("#   {} ({whose})", layer.text.name));
    }
    if around.layers.all.is_empty() {
        let user = user_file().map_or_else(String::new, |path| format!(" and {}", path.display()));
        lines.push(format!("#   none; .unleak.toml at the top of a repository{user} would be read"));
    }
    for notice in &job.plan.notices {
        lines.push(format!("# {}: {}", notice.place, notice.why));
    }
    for (name, value) in environment() {
        lines.push(format!("# environment: {name}={value}"));
    }
    lines.push(String::new());
    settings(around, &mut lines);
    let suppress = &job.plan.suppress;
    lines.push(format!("# rules in force: {}", job.rules.rules().len()));
    lines.push(format!("# [[allow]] in force: {}", suppress.allows.len()));
    for file in &suppress.ignores {
        lines.push(format!("# ignore file: {}, {} entries", file.name, file.entries.len()));
    }
    for baseline in &suppress.baselines {
        lines.push(format!("# baseline: {}, {} entries", baseline.name, baseline.known.len()));
    }
    if suppress.strict {
        lines.push("# strict: nothing hides a finding".to_owned());
    }
    lines
}

/// Every key with the value that counts and the file that says so.
fn settings(around: &Around, lines: &mut Vec<String>) {
    let mut all: Vec<(String, Value, &str)> = Vec::new();
    for layer in &around.layers.all {
        let text = String::from_utf8_lossy(&layer.text.bytes).into_owned();
        let Ok(table) = text.trim_start_matches('\u{feff}').parse::<toml::Table>() else { continue };
        flatten("", &table, &mut |key, value| {
            let adds_up = matches!(
                key,
                "rules.enable" | "rules.disable" | "paths.exclude" | "rule" | "allow" | "extends" | "verify.hosts" | "verify.ca"
            );
            let disabled = key == "reports.output" || key.starts_with("verify.");
            if disabled && layer.text.trust == Trust::Tree {
                return;
            }
            if !adds_up {
                all.retain(|(other, ..)| other != key);
            }
            all.push((key.to_owned(), value.clone(), &layer.text.name));
        });
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    for (key, value, name) in all {
        match (&value, key.as_str()) {
            (Value::Array(list), "rule" | "allow") => lines.push(format!("# {} [[{key}]] in {name}", list.len())),
            _ => lines.push(format!("{key} = {}  # {name}", written(&value))),
        }
    }
}

fn flatten(above: &str, table: &toml::Table, each: &mut dyn FnMut(&str, &Value)) {
    for (key, value) in table {
        let bare = key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        let key = if bare { key.clone() } else { format!("{key:?}") };
        let key = if above.is_empty() { key } else { format!("{above}.{key}") };
        match value {
            Value::Table(inner) => flatten(&key, inner, each),
            _ => each(&key, value),
        }
    }
}

/// A value as it would be written.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Integer(n) => n.to_string(),
        Value::Float(n) => n.to_string(),
        Value::Boolean(b) => b.to_string(),
        Value::Datetime(date) => date.to_string(),
        Value::Array(list) => format!("[{}]", list.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let inner: Vec<String> = table.iter().map(|(key, value)| format!("{key} = {}", written(value))).collect();
            format!("{{ {} }}", inner.join(", "))
        }
    }
}

/// The settings of the environment, but for the key's value; a name that means nothing says so.
fn environment() -> Vec<(String, String)> {
    let known = cli::variables();
    let set = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let mut all: Vec<(String, String)> = set
        .filter(|(name, _)| name.starts_with("UNLEAK_"))
        .map(|(name, value)| {
            let shown = match name.as_str() {
                "UNLEAK_KEY" => "(not shown)".to_owned(),
                _ if known.contains(&name) => value.to_string_lossy().into_owned(),
                _ => match cli::meant(&name, &known) {
                    Some(near) => format!("(means nothing; did you mean {near}?)"),
                    None => "(means nothing)".to_owned(),
                },
            };
            (name, shown)
        })
        .collect();
    all.sort();
    all
}
