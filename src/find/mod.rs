//! Named finders, for what a bounded regex says badly: one small file for each, named from the rules by `find`.
//! Like a regex, a finder sees bytes around one keyword hit and says where a match stands.

mod assignment;
mod base64_key;
pub mod entropy;
mod gcp;
mod jwt;
mod mnemonic;
mod pem;
mod url_credentials;

use std::cell::OnceCell;
use std::ops::Range;

use crate::bound::Bound;
use crate::score::Evidence;

/// A match: where it stands, and where the secret in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The whole match.
    pub whole: Range<usize>,
    /// The secret in it.
    pub secret: Range<usize>,
    /// The canonical value, where it is not the secret's bytes as they stand.
    pub value: Option<Vec<u8>>,
    /// Why it belongs to the low tier whatever it looks like.
    pub doubt: Option<&'static str>,
    /// What speaks for and against it, where its rule is one that is scored.
    pub evidence: Evidence,
}

/// A named finder with its bound.
#[derive(Clone, Copy)]
pub struct Finder {
    /// How far a match reaches around the keyword.
    pub bound: Bound,
    /// Looks for a match that holds the keyword. It sees nothing beyond the bound and one byte of context.
    pub find: fn(&Sight<'_>) -> Option<Found>,
}

/// What finders see: bytes around one keyword hit, and what several of them make of these.
pub struct Sight<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Where the keyword stands in them.
    pub hit: Range<usize>,
    assignment: OnceCell<Option<assignment::Assignment>>,
}

impl<'a> Sight<'a> {
    /// Bytes with a keyword.
    pub fn new(bytes: &'a [u8], hit: Range<usize>) -> Self {
        Self { bytes, hit, assignment: OnceCell::new() }
    }
}

/// Every finder by its name.
const FINDERS: &[(&str, Finder)] = &[
    ("assignment-strong", assignment::STRONG),
    ("assignment-weak", assignment::WEAK),
    ("base64-key", base64_key::FINDER),
    ("basic-credentials", url_credentials::BASIC),
    ("entropy", entropy::FINDER),
    ("gcp-service-account", gcp::FINDER),
    ("jwt", jwt::FINDER),
    ("mnemonic", mnemonic::FINDER),
    ("pem", pem::FINDER),
    ("url-credentials", url_credentials::URL),
];

/// The finder of that name.
pub fn by_name(name: &str) -> Option<Finder> {
    FINDERS.iter().find(|(known, _)| *known == name).map(|(_, finder)| *finder)
}
