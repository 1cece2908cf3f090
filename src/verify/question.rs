//! A question: a secret, the rule that says how to ask about it, the values around it. It does not know what is sent,
//! and no finding.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::request::Impossible;
use crate::rule::Spec;
use crate::secret::Secret;

/// A question to a provider.
#[derive(Clone)]
pub struct Question {
    /// The rule whose `verify` says how.
    pub rule: Arc<Spec>,
    /// The value.
    pub secret: Secret,
    /// Values around it: groups of the match by name, halves of a pair by their rule's id.
    pub parts: BTreeMap<String, Secret>,
    /// It is the negative control: the value is made up.
    pub control: bool,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({} {})", self.rule.id, self.secret)
    }
}

impl Question {
    /// A value by the name of its placeholder.
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        if name == "secret" { Some(self.secret.expose()) } else { self.parts.get(name).map(Secret::expose) }
    }

    /// The same as text; an error says that it is needed.
    pub fn text(&self, name: &str) -> Result<&str, Impossible> {
        let value = self.value(name).ok_or_else(|| Impossible(format!("it needs {name}, which stands nowhere near")))?;
        std::str::from_utf8(value).map_err(|_| Impossible(format!("{name} is not text")))
    }
}
