//! Rules as they are listed and shown: a table, a page for each, or JSON. It does not know which rules are wanted.

use std::io::{self, Write};

use serde::Serialize;

use super::sanitize::sanitize;
use crate::rule::{self, Rule, Spec};

/// Name and version of the JSON shape.
const SCHEMA: &str = "unleak/rules/1";

#[derive(Serialize)]
struct Document<T> {
    schema: &'static str,
    rules: Vec<T>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    provider: &'a str,
    severity: &'a str,
    confidence: &'a str,
    check: Option<&'a str>,
    verify: bool,
    revoke: bool,
    aliases: &'a [rule::spec::Text],
}

impl<'a> Row<'a> {
    fn new(spec: &'a Spec) -> Self {
        Self {
            id: &spec.id,
            name: &spec.name,
            provider: &spec.provider,
            severity: &spec.severity,
            confidence: &spec.confidence,
            check: spec.check.as_deref(),
            verify: spec.verify.is_some(),
            revoke: spec.revoke.is_some(),
            aliases: &spec.aliases,
        }
    }

    fn cells(&self) -> [&str; 7] {
        let verify = if self.verify { "yes" } else { "no" };
        [self.id, self.provider, self.severity, self.confidence, self.check.unwrap_or("-"), verify, self.name]
    }
}

/// A line for each rule.
pub fn list(rules: &[&Rule], out: &mut dyn Write) -> io::Result<()> {
    const HEAD: [&str; 7] = ["ID", "PROVIDER", "SEVERITY", "CONFIDENCE", "CHECK", "VERIFY", "NAME"];
    let rows: Vec<Row<'_>> = rules.iter().map(|rule| Row::new(&rule.spec)).collect();
    let lines: Vec<[&str; 7]> = std::iter::once(HEAD).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    for line in &lines {
        let padded: Vec<String> = line.iter().zip(&widths).map(|(cell, &width)| format!("{:width$}", sanitize(cell))).collect();
        writeln!(out, "{}", padded.join("  ").trim_end())?;
    }
    writeln!(out, "\n{} {}", rules.len(), if rules.len() == 1 { "rule" } else { "rules" })
}

/// The same as JSON.
pub fn list_json(rules: &[&Rule], out: &mut dyn Write) -> io::Result<()> {
    write_json(rules.iter().map(|rule| Row::new(&rule.spec)).collect(), out)
}

/// All of each rule as JSON.
pub fn show_json(rules: &[&Rule], out: &mut dyn Write) -> io::Result<()> {
    write_json(rules.iter().map(|rule| &*rule.spec).collect(), out)
}

fn write_json<T: Serialize>(rules: Vec<T>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Document { schema: SCHEMA, rules })?;
    writeln!(out)
}

/// All of a rule: what it does in words, then its row.
pub fn show(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    let spec = &rule.spec;
    writeln!(out, "{}: {}", spec.id, sanitize(&spec.name))?;
    for (label, text) in words(rule) {
        writeln!(out, "  {label:<9} {}", sanitize(&text))?;
    }
    writeln!(out, "\n{}", rule::toml(spec).trim_end())
}

/// A rule in words, with a label for each line.
fn words(rule: &Rule) -> Vec<(&'static str, String)> {
    let spec = &rule.spec;
    let quoted = |list: &[rule::spec::Text]| list.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ");
    let mut lines = vec![
        ("provider", spec.provider.to_string()),
        ("worth", format!("{} severity; {} confidence by its shape", rule.severity.name(), rule.confidence.name())),
    ];
    if !spec.aliases.is_empty() {
        lines.push(("formerly", spec.aliases.join(", ")));
    }
    let how = match &spec.find {
        Some(finder) => format!("the finder {finder} looks around one of {}", quoted(&spec.keywords)),
        None => format!(
            "one of {}, {}; the regex has to match within {} bytes before and {} from there on",
            quoted(&spec.keywords),
            if rule.bound.caseless { "in any letter case" } else { "spelled so" },
            rule.bound.lead,
            rule.bound.trail
        ),
    };
    lines.push(("finds", how));
    if spec.entropy > 0.0 {
        lines.push(("needs", format!("{} bits of entropy for each character", spec.entropy)));
    }
    if spec.lifetime > 0 {
        lines.push(("lives", format!("{} hours at most; one that an older commit holds is of low severity", spec.lifetime)));
    }
    if !spec.filters.is_empty() {
        lines.push(("filters", spec.filters.join(", ")));
    }
    let checked = |name: &str| format!("{name}: what it proves meets no filter, what it refutes goes to the low tier");
    lines.push(("check", spec.check.as_deref().map_or("none: nothing can be proved offline".to_owned(), checked)));
    if let Some(globs) = [("only at", &spec.paths), ("never at", &spec.not_paths)].iter().find(|(_, globs)| !globs.is_empty()) {
        lines.push(("paths", format!("{} {}", globs.0, globs.1.join(", "))));
    }
    lines.extend(spec.pair.iter().map(|pair| {
        ("pair", format!("with the nearest {} within {} lines{}", pair.rule, pair.lines, if pair.third { ", as a third part" } else { "" }))
    }));
    lines.extend(spec.beside.iter().map(|one| ("beside", format!("with the nearest {}, as in {}", one.name, one.example))));
    lines.push(("verify", spec.verify.as_ref().map_or("the provider cannot be asked".to_owned(), request)));
    if let Some(call) = &spec.revoke {
        lines.push(("revoke", request(call)));
    }
    if let Some(entry) = &spec.respond {
        lines.push(("respond", format!("the runbook's entry {entry}")));
    }
    lines.push(("examples", format!("{} that must be found, {} that must not", spec.matches.len(), spec.skip.len())));
    lines
}

fn request(call: &rule::spec::Call) -> String {
    let requests = [("GET", &call.get), ("POST", &call.post), ("DELETE", &call.delete)];
    match requests.iter().find_map(|(verb, url)| Some((verb, url.as_ref()?))) {
        Some((verb, url)) => format!("{verb} {url}"),
        None => format!("built in: {}", call.named.as_deref().unwrap_or_default()),
    }
}
