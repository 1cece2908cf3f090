//! Offline proof: what a value says of itself without any network, one small file for each family of checks,
//! named from the rules by `check`. A check sees the match alone; it knows no path, commit or provider.

mod aws;
mod azure;
mod bare_key;
mod base58;
mod bech32;
mod bedrock;
mod bits;
mod cask;
mod certificate;
mod clock;
mod crc;
mod crc16;
mod der;
mod discord;
mod encoded;
mod gcp;
mod github;
mod gitlab;
mod identifier;
mod json;
mod jwt;
mod key;
mod login;
mod macaroon;
mod marker;
mod marvin;
mod mnemonic;
mod openssh;
mod pgp;
mod private_key;
mod putty;
mod radix;
mod reference;
mod sample;
mod sas;
mod supabase;
mod vault;

use crate::finding::Severity;
pub use certificate::{Certificate, certificate};
pub use login::is_name;
pub use mnemonic::{LENGTHS as PHRASES, is_word};

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

    /// The secret as text; nothing where it is not even UTF-8.
    fn text(&self) -> &'a str {
        std::str::from_utf8(self.secret).unwrap_or_default()
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

/// A checksum that does not hold: of all that can be said against a value the surest.
pub const BROKEN: Verdict = Verdict::Failed("its checksum does not hold: altered, redacted or invented");

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

impl Proof {
    /// Adds what the value says of itself.
    fn fact(mut self, name: &'static str, what: impl Into<String>) -> Self {
        self.facts.push((name, what.into()));
        self
    }

    /// Adds a fact where there is one.
    fn maybe(self, name: &'static str, what: Option<impl Into<String>>) -> Self {
        match what {
            Some(what) => self.fact(name, what),
            None => self,
        }
    }

    /// Lowers the severity; of several limits the lowest stays.
    fn at_most(mut self, most: Severity, why: &'static str) -> Self {
        if self.at_most.is_none_or(|(old, _)| most < old) {
            self.at_most = Some((most, why));
        }
        self
    }

    /// Says when the value ends; one that has ended is worth little.
    fn expires(self, at: i64, now: i64) -> Self {
        let proof = self.fact("expires", clock::date(at));
        if at < now { proof.at_most(Severity::Low, "it has expired") } else { proof }
    }
}

/// A named check.
pub type Check = fn(&Subject<'_>) -> Proof;

/// One row of a family's table.
struct Entry {
    name: &'static str,
    check: Check,
    complete: Option<fn(&str) -> Option<String>>,
}

impl Entry {
    const fn new(name: &'static str, check: Check) -> Self {
        Self { name, check, complete: None }
    }

    /// With what `<checksum>` stands for in an example, given the text before it.
    const fn completed(self, complete: fn(&str) -> Option<String>) -> Self {
        Self { complete: Some(complete), ..self }
    }
}

const FAMILIES: &[&[Entry]] = &[
    aws::TABLE,
    azure::TABLE,
    bare_key::TABLE,
    base58::TABLE,
    bedrock::TABLE,
    bech32::TABLE,
    bits::TABLE,
    cask::TABLE,
    crc::TABLE,
    crc16::TABLE,
    discord::TABLE,
    encoded::TABLE,
    gcp::TABLE,
    github::TABLE,
    gitlab::TABLE,
    identifier::TABLE,
    json::TABLE,
    jwt::TABLE,
    login::TABLE,
    macaroon::TABLE,
    marker::TABLE,
    mnemonic::TABLE,
    pgp::TABLE,
    private_key::TABLE,
    putty::TABLE,
    reference::TABLE,
    sas::TABLE,
    supabase::TABLE,
    vault::TABLE,
];

fn entry(name: &str) -> Option<&'static Entry> {
    FAMILIES.iter().flat_map(|family| family.iter()).find(|entry| entry.name == name)
}

/// The check of that name.
pub fn by_name(name: &str) -> Option<Check> {
    entry(name).map(|entry| entry.check)
}

/// The names of all checks.
pub fn names() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().flat_map(|family| family.iter()).map(|entry| entry.name)
}

/// Completes an example: what `<checksum>` stands for after this text, by the check of that name. The text
/// reaches back to the last white space or quote; the check finds its own token in it.
pub fn checksum(name: &str, text: &str) -> Option<String> {
    entry(name)?.complete?(text)
}

/// The token that a text ends with.
fn last_token(text: &str) -> &str {
    text.rsplit(['=', ':', ',', '/', '@']).next().unwrap_or(text)
}

/// What a text ends with, from one of these prefixes on; a body can hold another of them by chance.
fn from_prefix<'t>(text: &'t str, prefixes: &[&str]) -> Option<&'t str> {
    prefixes.iter().filter_map(|prefix| text.rfind(prefix)).min().map(|at| &text[at..])
}

#[cfg(test)]
mod tests;
