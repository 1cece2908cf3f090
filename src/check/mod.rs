//! Offline proof: what a value says of itself without any network, one small file for each family of checks,
//! named from the rules by `check`. A check sees the match alone; it knows no path, commit or provider.

use crate::finding::Severity;

/// What a check is given.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The rule's `secret` group, raw.
    pub secret: &'a [u8],
    /// The whole match, raw.
    pub whole: &'a [u8],
    /// The rule's other named groups that took part, raw.
    pub groups: &'a [(&'a str, &'a [u8])],
    /// Now, in seconds since 1970: for expiry.
    pub now: i64,
}

impl<'a> Subject<'a> {
    /// The bytes of a named group.
    pub fn group(&self, name: &str) -> Option<&'a [u8]> {
        self.groups.iter().find(|(n, _)| *n == name).map(|(_, bytes)| *bytes)
    }
}

/// What a check makes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Proved: a checksum that holds, a payload that decodes, a key that parses. No filter may drop it.
    Proved,
    /// Nothing against it, nothing that proves it.
    Plausible,
    /// It cannot be a real value: altered, redacted or invented. Goes to the low tier, with this reason.
    Failed(&'static str),
    /// It is no secret at all (a public key, a published sample): dropped and counted, with this reason.
    NotSecret(&'static str),
}

/// A check's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What it makes of the value.
    pub verdict: Verdict,
    /// What the value says of itself: `account`, `owner`, `expires`, `encrypted` ...
    pub facts: Vec<(&'static str, String)>,
    /// At most this severe, with the reason: expired, test mode, encrypted.
    pub at_most: Option<(Severity, &'static str)>,
}

impl From<Verdict> for Proof {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, facts: Vec::new(), at_most: None }
    }
}

/// A named check.
pub type Check = fn(&Subject<'_>) -> Proof;

/// The check of that name.
pub fn by_name(_name: &str) -> Option<Check> {
    Some(|_| Verdict::Plausible.into())
}

/// Completes an example: what `<checksum>` stands for after this text, by the check of that name.
pub fn checksum(_name: &str, _text: &str) -> Option<String> {
    None
}
