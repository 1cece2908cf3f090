//! What is wrong, or only unwise, in a user's rules: all of it at once, with file and line.

use std::collections::BTreeSet;
use std::path::Path;

use super::load::{self, Fault, Loaded};
use super::{RuleSet, example};

/// The furthest that a rule should reach from its keyword, in bytes, as the built-in rules do.
const REACH: u32 = 4096;

/// What was found out about a file or folder of rules.
#[derive(Debug, Default)]
pub struct Lint {
    /// How many rules are right.
    pub rules: usize,
    /// What makes a rule or file unusable.
    pub errors: Vec<Fault>,
    /// What works, but is hardly meant.
    pub warnings: Vec<Fault>,
}

/// Reads a file or a folder of them and judges each rule. `known` are the rules that are in force without it.
pub fn lint(path: &Path, known: &RuleSet) -> Lint {
    let (loaded, errors) = load::read(path);
    let ids: BTreeSet<&str> = known.rules().iter().chain(loaded.iter().map(|l| &l.rule)).map(|rule| rule.spec.id.as_ref()).collect();
    let mut warnings = Vec::new();
    for one in &loaded {
        let mut warn = |what: String| {
            let rule = Some(one.rule.spec.id.to_string());
            warnings.push(Fault { path: one.path.clone(), line: Some(one.line), rule, what });
        };
        warn_of(one, known, &ids, &mut warn);
    }
    Lint { rules: loaded.len(), errors, warnings }
}

fn warn_of(one: &Loaded, known: &RuleSet, ids: &BTreeSet<&str>, warn: &mut dyn FnMut(String)) {
    let (rule, spec) = (&one.rule, &one.rule.spec);
    if known.rules().iter().any(|rule| rule.spec.id == spec.id) {
        warn("it takes the place of the rule of that id".to_owned());
    }
    if let Some(why) = &rule.slow {
        warn(format!("it is slow, for whole objects are searched: {why}"));
    }
    if spec.regex.is_some() && rule.bound.lead.saturating_add(rule.bound.trail) > REACH {
        warn(format!("its regex can reach {} bytes; bound its repetitions more tightly", rule.bound.lead.saturating_add(rule.bound.trail)));
    }
    for pair in spec.pair.iter().filter(|pair| !ids.contains(pair.rule.as_ref())) {
        warn(format!("it is paired with {:?}, which is no rule", pair.rule));
    }
    for (one, (name, regex)) in spec.beside.iter().zip(rule.beside()) {
        match example::complete(&one.example, None, 1) {
            Ok(text) if regex.is_match(text.as_bytes()) => {}
            Ok(text) => warn(format!("beside {name}: its `match` does not show it: {text:?}")),
            Err(why) => warn(format!("beside {name}: {:?}: {why}", one.example)),
        }
    }
    if spec.matches.is_empty() {
        warn("it has no `match` example, so nothing tests it".to_owned());
    }
    let mut shown = Vec::new();
    for (key, text) in spec.matches.iter().map(|text| ("match", text)).chain(spec.skip.iter().map(|text| ("skip", text))) {
        match example::complete(text, spec.check.as_deref(), 1) {
            Ok(text) if key == "match" => shown.push(if rule.bound.caseless { text.to_ascii_lowercase() } else { text }),
            Ok(_) => {}
            Err(why) => warn(format!("{key} {text:?}: {why}")),
        }
    }
    for keyword in spec.keywords.iter().filter(|_| !shown.is_empty()) {
        let spelled = if rule.bound.caseless { keyword.to_ascii_lowercase() } else { keyword.to_string() };
        if !shown.iter().any(|text| text.contains(&spelled)) {
            warn(format!("no `match` example holds the keyword {keyword:?}"));
        }
    }
}
