//! Drops or lowers what looks false: one small file for each filter, named from the rules by `filters`.
//! A filter declares its scope by the kind of function it is; a proved value never meets one.

mod facts;
mod hash;
mod identifier;
mod local_host;
mod object;
mod place;
mod placeholder;
mod random_only;
mod repeated;
mod stock_value;
mod template;
mod weak_value;
mod words;

use std::ops::Range;

pub use facts::facts;
pub use place::is_test;

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
    /// As sure as before, but of little worth to an attacker, for this reason: the lowest severity.
    Mild(&'static str),
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

/// Every filter by its name.
const FILTERS: &[(&str, Filter)] = &[
    ("encrypted", Filter::Object(object::encrypted)),
    ("generated", Filter::Object(object::generated)),
    ("hash", Filter::Window(hash::judge)),
    ("identifier", Filter::Window(identifier::judge)),
    ("local-host", Filter::Window(local_host::judge)),
    ("lockfile", Filter::Place(place::lockfile)),
    ("placeholder", Filter::Window(placeholder::judge)),
    ("random-only", Filter::Window(random_only::judge)),
    ("repeated", Filter::Window(repeated::judge)),
    ("stock-value", Filter::Window(stock_value::judge)),
    ("template", Filter::Window(template::judge)),
    ("test-path", Filter::Place(place::test_path)),
    ("weak-value", Filter::Window(weak_value::judge)),
    ("words", Filter::Window(words::judge)),
];

/// The filters that judge a value by what it looks like, where their word is evidence among other for a score.
pub const DOUBTS: &[fn(&Window<'_>) -> Judgement] = &[placeholder::judge, repeated::judge, identifier::judge, words::judge];

/// The filter of that name.
pub fn by_name(name: &str) -> Option<(&'static str, Filter)> {
    FILTERS.iter().find(|(known, _)| *known == name).copied()
}

/// What the tests of the window filters share.
#[cfg(test)]
mod sample {
    use super::{Judgement, Window};

    /// Values that look like real ones of many alphabets; made up here, so that none stands in a file.
    pub fn tokens() -> Vec<String> {
        let alphabets: [&[u8]; 4] = [
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            b"abcdefghijklmnopqrstuvwxyz0123456789",
            b"0123456789abcdef",
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        ];
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = |most: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 20) as usize % most
        };
        let mut all: Vec<String> = Vec::new();
        for alphabet in alphabets {
            for len in [24, 32, 40, 64] {
                for _ in 0..100 {
                    all.push((0..len).map(|_| char::from(alphabet[next(alphabet.len())])).collect());
                }
            }
        }
        let words = ["test", "fake", "demo", "null", "none", "pass"];
        let holding = (0..200).map(|n| all[n].replacen(&all[n][8..12], words[n % words.len()], 1)).collect::<Vec<String>>();
        all.extend(holding);
        all
    }

    /// What the filter makes of a text whose secret stands between `«` and `»`.
    pub fn judge(filter: fn(&Window<'_>) -> Judgement, marked: &str) -> Judgement {
        let (before, rest) = marked.split_once('«').expect("has «");
        let (value, after) = rest.split_once('»').expect("has »");
        let text = [before, value, after].concat();
        let secret = before.len()..before.len() + value.len();
        let start = before.rfind(['\n', ' ']).filter(|_| !before.ends_with([' ', '"'])).map_or(0, |n| n + 1);
        let window = Window { bytes: text.as_bytes(), whole: start..secret.end, secret, stopwords: &[], entropy: 0.0 };
        filter(&window)
    }

    /// Asserts which of the texts the filter drops and keeps, and that random values survive in usual places.
    pub fn both_sides(filter: fn(&Window<'_>) -> Judgement, dropped: &[&str], kept: &[&str]) {
        for text in dropped {
            assert!(matches!(judge(filter, text), Judgement::Drop(_)), "should be dropped: {text}");
        }
        for text in kept {
            assert_eq!(judge(filter, text), Judgement::Keep, "{text}");
        }
        for token in tokens() {
            for text in [format!("API_TOKEN=«{token}»\n"), format!("  \"secret\": \"«{token}»\","), format!("x_«{token}»")] {
                assert_eq!(judge(filter, &text), Judgement::Keep, "{text}");
            }
        }
    }
}
