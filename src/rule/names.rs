//! The names that rules go by: ids, aliases and providers, globs over them, and what somebody may have meant.

use globset::{Glob, GlobMatcher};

use super::Rule;
use crate::error::{Error, Result};

/// How alike a name must be to be worth asking about.
const ALIKE: f64 = 0.75;

/// A name as a user gives it: an id, alias or provider, or a glob.
pub(super) struct Name(Kind);

enum Kind {
    Exact(String),
    Glob(GlobMatcher),
}

impl Name {
    /// Reads a name. An error says what is wrong with a glob.
    pub fn new(text: &str) -> Result<Self> {
        if !text.contains(['*', '?', '[', '{']) {
            return Ok(Self(Kind::Exact(text.to_owned())));
        }
        let glob = Glob::new(text).map_err(|e| Error::usage(e.to_string()))?;
        Ok(Self(Kind::Glob(glob.compile_matcher())))
    }

    /// Whether the rule goes by it.
    pub fn is_of(&self, rule: &Rule) -> bool {
        all(rule).any(|name| match &self.0 {
            Kind::Exact(text) => text == name,
            Kind::Glob(glob) => glob.is_match(name),
        })
    }
}

/// The error of a name that no rule goes by.
pub(super) fn unknown(rules: &[Rule], name: &str) -> Error {
    let error = Error::usage(format!("there is no rule, alias or provider named {name:?}"));
    match nearest(rules, name) {
        Some(near) => error.hint(format!("did you mean {near}? `unleak rules list` shows them all")),
        None => error.hint("`unleak rules list` shows them all"),
    }
}

fn nearest<'r>(rules: &'r [Rule], name: &str) -> Option<&'r str> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let names = rules.iter().flat_map(all).map(|known| (strsim::jaro_winkler(&name, known), known));
    let best = names.filter(|(alike, _)| *alike >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))?;
    Some(best.1)
}

fn all(rule: &Rule) -> impl Iterator<Item = &str> {
    let own = [rule.spec.id.as_ref(), rule.spec.provider.as_ref()];
    own.into_iter().chain(rule.spec.aliases.iter().map(AsRef::as_ref))
}
