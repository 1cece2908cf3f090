//! Drops or lowers what looks false: one small file for each filter, named from the rules by `filters`.
//! A filter declares its scope by the kind of function it is; a proved value never meets one.

use std::ops::Range;

/// How many bytes around a match a `window` filter may see, on each side.
pub const CONTEXT: usize = 128;

/// What a `window` filter is given.
#[derive(Clone, Debug)]
pub struct Window<'a> {
    /// The match with up to [`CONTEXT`] bytes on each side, cut at the object's ends.
    pub bytes: &'a [u8],
    /// Where the whole match stands in `bytes`.
    pub whole: Range<usize>,
    /// Where the rule's `secret` group stands in `bytes`.
    pub secret: Range<usize>,
    /// The rule's `stopwords`, lower case.
    pub stopwords: &'a [String],
    /// The rule's `entropy` floor, bits for each byte; 0 for none.
    pub entropy: f64,
}

impl<'a> Window<'a> {
    /// The secret's bytes.
    pub fn value(&self) -> &'a [u8] {
        &self.bytes[self.secret.clone()]
    }

    /// What stands before the secret: the rest of the window, nearest last.
    pub fn before(&self) -> &'a [u8] {
        &self.bytes[..self.secret.start]
    }

    /// What stands after the secret.
    pub fn after(&self) -> &'a [u8] {
        &self.bytes[self.secret.end..]
    }
}

/// Facts of a whole object, a function of its length and first 64 KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Holds a NUL byte.
    pub binary: bool,
    /// Very long lines: minified or generated.
    pub minified: bool,
    /// The whole object is one of the encrypted forms (SOPS, ansible-vault, git-crypt ...).
    pub encrypted: bool,
}

/// What a filter makes of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing against it.
    Keep,
    /// Not a secret, for this reason.
    Drop(&'static str),
    /// Probably none: to the low tier, for this reason.
    Lower(&'static str),
}

/// A named filter, by scope.
#[derive(Clone, Copy)]
pub enum Filter {
    /// Sees a bounded window around the match.
    Window(fn(&Window<'_>) -> Judgement),
    /// Sees facts of the whole object, and the secret's bytes.
    Object(fn(&Facts, &[u8]) -> Judgement),
    /// Sees one place's path.
    Place(fn(&[u8]) -> Judgement),
}

/// The filter of that name.
pub fn by_name(name: &str) -> Option<(&'static str, Filter)> {
    (name == "placeholder").then_some(("placeholder", Filter::Window(|_| Judgement::Keep)))
}

/// The facts of a whole object from its length and its first 64 KiB.
pub fn facts(_len: u64, _head: &[u8]) -> Facts {
    Facts::default()
}
