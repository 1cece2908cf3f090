//! The names that rules go by: ids, aliases and providers, and globs over them.

use globset::{Glob, GlobMatcher};

use super::Rule;
use crate::error::{Error, Result};

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

/// The names of a rule: its id, provider and former ids.
pub(super) fn all(rule: &Rule) -> impl Iterator<Item = &str> {
    let own = [rule.spec.id.as_ref(), rule.spec.provider.as_ref()];
    own.into_iter().chain(rule.spec.aliases.iter().map(AsRef::as_ref))
}
