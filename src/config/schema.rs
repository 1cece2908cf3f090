//! A configuration file as its author wrote it. Every key is known; one that is not is an error with its line.
//! It does not know which files are read, nor what a key leads to.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use unleak::error::{Error, Result, near};
use unleak::rule::Spec;

/// One file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct File {
    /// Files that this one builds on, and `builtin`.
    pub extends: Option<Vec<Spanned<String>>>,
    /// Which rules are in force.
    pub rules: Rules,
    /// Rules.
    pub rule: Vec<Spanned<Spec>>,
    /// What is let pass.
    pub allow: Vec<Spanned<Allow>>,
    /// Which files.
    pub paths: Paths,
    /// Which refs.
    pub refs: Refs,
    /// What is shown and what fails.
    pub thresholds: Thresholds,
    /// What is written.
    pub reports: Reports,
    /// Limits.
    pub limits: Limits,
    /// What may hide a finding.
    pub suppress: Suppress,
    /// How providers are asked.
    pub verify: Verify,
}

/// `[rules]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Rules {
    /// Only these.
    pub only: Option<Vec<Spanned<String>>>,
    /// These though a file of lower precedence disables them.
    pub enable: Vec<Spanned<String>>,
    /// Not these.
    pub disable: Vec<Spanned<String>>,
    /// Another severity, by rule.
    pub severity: BTreeMap<String, Spanned<String>>,
}

/// `[[allow]]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Allow {
    /// Only for these rules.
    pub rule: Option<List>,
    /// Paths, as globs.
    pub path: Option<List>,
    /// The value, or what `target` says, is like this.
    pub regex: Option<List>,
    /// What the regex is tried on: `secret`, `match` or `line`.
    pub target: Option<Spanned<String>>,
    /// The value holds this.
    pub stopword: Option<List>,
    /// The commit that brought it in.
    pub commit: Option<List>,
    /// `and` or `or`.
    pub condition: Option<Spanned<String>>,
    /// Why.
    pub reason: Option<String>,
    /// The last day.
    pub until: Option<Spanned<String>>,
}

/// One text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum List {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl List {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// `[paths]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[allow(missing_docs)]
pub struct Paths {
    pub include: Option<Vec<Spanned<String>>>,
    pub exclude: Vec<Spanned<String>>,
    pub include_ignored: Option<bool>,
    pub recurse_submodules: Option<bool>,
    pub nested: Option<bool>,
}

/// `[refs]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Refs {
    /// Ranges look at the commits of all refs, as with `--refs all`.
    pub all: Option<bool>,
}

/// `[thresholds]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[allow(missing_docs)]
pub struct Thresholds {
    pub confidence: Option<Spanned<String>>,
    pub severity: Option<Spanned<String>>,
    pub fail_on: Option<Spanned<String>>,
    pub exit_code: Option<u8>,
    pub allow_incomplete: Option<bool>,
}

/// `[reports]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[allow(missing_docs)]
pub struct Reports {
    pub format: Option<Spanned<String>>,
    pub output: Option<Spanned<Vec<String>>>,
    pub show_suppressed: Option<bool>,
}

/// `[limits]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[allow(missing_docs)]
pub struct Limits {
    pub max_file_size: Option<Spanned<String>>,
    pub timeout: Option<Spanned<String>>,
    pub threads: Option<u16>,
    pub clone_timeout: Option<Spanned<String>>,
    pub clone_max_size: Option<Spanned<String>>,
}

/// `[suppress]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[allow(missing_docs)]
pub struct Suppress {
    pub inline: Option<bool>,
    pub peer_markers: Option<bool>,
    pub ignore_file: Option<Spanned<String>>,
    pub baseline: Option<Vec<Spanned<String>>>,
    pub strict: Option<bool>,
}

/// `[verify]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Verify {
    /// Base URLs in the place of providers' own hosts, by provider.
    pub endpoints: BTreeMap<String, Spanned<String>>,
    /// Hosts from scanned text that may be asked.
    pub hosts: Vec<Spanned<String>>,
    /// The proxy that requests go through.
    pub proxy: Option<Spanned<String>>,
    /// Hosts that are asked without it.
    pub no_proxy: Option<Vec<Spanned<String>>>,
    /// Files with certificates that count besides those of the machine.
    pub ca: Vec<Spanned<String>>,
}

impl Verify {
    /// The keys that say something.
    pub fn keys(&self) -> Vec<&'static str> {
        let all = [
            ("endpoints", !self.endpoints.is_empty()),
            ("hosts", !self.hosts.is_empty()),
            ("proxy", self.proxy.is_some()),
            ("no-proxy", self.no_proxy.is_some()),
            ("ca", !self.ca.is_empty()),
        ];
        all.into_iter().filter(|(_, there)| *there).map(|(key, _)| key).collect()
    }
}

/// Reads a file's text. An error names file and line.
pub fn parse(name: &str, bytes: &[u8]) -> Result<File> {
    let text = std::str::from_utf8(bytes).map_err(|e| at(name, bytes, e.valid_up_to(), "the file is not UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}');
    toml::from_str(text).map_err(|error| {
        let message = error.message().lines().next().unwrap_or_default().to_owned();
        let start = error.span().map_or(0, |span| span.start);
        let found = at(name, text.as_bytes(), start, &plain(&message));
        if let Some(hint) = brackets(text.get(start..).unwrap_or_default(), &message) {
            return found.hint(hint);
        }
        if ["[[rules]]", "[extend]", "[allowlist]", "[[allowlists]]"].iter().any(|table| text.lines().any(|line| line.trim() == *table)) {
            return found.hint("this looks like a configuration of Gitleaks, which unleak does not read; docs/configuration.md shows ours");
        }
        let unknown = message.split('`').nth(1).filter(|_| message.starts_with("unknown field"));
        let near = unknown.and_then(|word| near(word, message.split('`').skip(3).step_by(2)));
        if let Some(near) = near { found.hint(format!("did you mean `{near}`?")) } else { found }
    })
}

/// What a parser says of types, in the words of the format.
fn plain(message: &str) -> String {
    let of = ["invalid type: ", "invalid value: "].iter().find_map(|start| message.strip_prefix(start));
    let Some((given, wanted)) = of.and_then(|rest| rest.split_once(", expected ")) else {
        return message.to_owned();
    };
    let given = match given.split_once(' ') {
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer" | "floating", number)) => format!("the number {}", number.trim_start_matches("point ").trim_matches('`')),
        Some(("boolean", word)) => word.trim_matches('`').to_owned(),
        _ => match given {
            "sequence" => "a list".to_owned(),
            "map" => "a table or a date".to_owned(),
            other => other.to_owned(),
        },
    };
    let wanted = match wanted {
        "a sequence" => "a list in brackets",
        "a string" => "a text in quotes",
        "a boolean" => "true or false",
        "u8" | "u16" | "u32" | "u64" | "usize" if given.starts_with("the number") => {
            "a whole number that is neither negative nor too large"
        }
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "a map" => "a table",
        _ if wanted.starts_with("struct ") => "a table",
        other => other,
    };
    format!("here stands {given}, where {wanted} belongs")
}

/// What to write in place of what stands there, where that can be told.
fn brackets(text: &str, message: &str) -> Option<String> {
    let line = text.lines().next().unwrap_or_default().trim();
    if !message.contains("expected a sequence") {
        return message
            .starts_with("invalid type: map, expected a string")
            .then(|| format!("write \"{line}\""))
            .filter(|_| line.starts_with(|c: char| c.is_ascii_digit()));
    }
    if line.starts_with('[') && !line.starts_with("[[") && line.ends_with(']') {
        return Some(format!("write [{line}]: there may be several"));
    }
    line.starts_with('"').then(|| format!("write [{line}]"))
}

/// An error at a byte of a file.
pub fn at(name: &str, bytes: &[u8], offset: usize, message: &str) -> Error {
    let line = bytes[..offset.min(bytes.len())].iter().filter(|&&b| b == b'\n').count() + 1;
    Error::configuration(format!("{name}:{line}: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_have_file_line_and_a_guess() {
        let fault = |text: &str| {
            let error = parse("f.toml", text.as_bytes()).unwrap_err();
            format!("{} / {}", error.message, error.hint.unwrap_or_default())
        };
        let unknown = fault("[rules]\n\ndisabel = [\"x\"]\n");
        assert!(unknown.starts_with("f.toml:3: unknown field `disabel`") && unknown.ends_with("did you mean `disable`?"), "{unknown}");
        assert!(fault("\n[[allow]]\npath = 3\n").starts_with("f.toml:3: "));
        let vendor = fault("[paths]\nexclude = \"vendor\"\n");
        assert_eq!(vendor, "f.toml:2: here stands the text \"vendor\", where a list in brackets belongs / write [\"vendor\"]");
        assert_eq!(
            fault("[rule]\nid = \"x\"\n"),
            "f.toml:1: here stands a table or a date, where a list in brackets belongs / write [[rule]]: there may be several"
        );
        let date = fault("[[allow]]\npath = \"x\"\nuntil = 2027-01-31\n");
        assert_eq!(date, "f.toml:3: here stands a table or a date, where a text in quotes belongs / write \"2027-01-31\"");
        assert!(fault("rules = 3\n").contains("here stands the number 3, where a table belongs"));
        assert!(fault("[limits]\nthreads = \"many\"\n").contains("the text \"many\", where a whole number belongs"));
        let negative = fault("[limits]\nthreads = -1\n");
        assert!(negative.contains("stands the number -1, where a whole number that is neither negative"), "{negative}");
        assert!(fault("a = [\n").starts_with("f.toml:1: ") || fault("a = [\n").starts_with("f.toml:2: "));
        assert!(parse("f.toml", b"[rules]\nx = \"\xff\"").unwrap_err().message.starts_with("f.toml:2: the file is not UTF-8"));
        assert!(parse("f.toml", b"").is_ok());
    }
}
