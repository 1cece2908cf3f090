//! Finds a whole armored private key around a keyword in its first line, however its lines are written. Of a
//! block without an end it takes what is there, if that is more than a mention.

use std::ops::Range;

use super::{Finder, Found};
use crate::armor;
use crate::bound::Bound;
use crate::score::Evidence;

/// The longest block.
const LONGEST: usize = 16 << 10;
/// How far before the keyword the block can begin: `-----BEGIN ` and the words of its label.
const LEAD: usize = 48;
/// Body characters that a block without an end must have.
const LEAST: usize = 64;

pub(super) const FINDER: Finder = Finder {
    bound: Bound { lead: LEAD as u32, trail: LONGEST as u32, caseless: false },
    find: |sight| find(sight.bytes, sight.hit.clone()),
};

fn find(bytes: &[u8], hit: Range<usize>) -> Option<Found> {
    let start = (hit.start.saturating_sub(LEAD)..=hit.start).rev().find(|&at| bytes[at..].starts_with(b"-----BEGIN "))?;
    let end = (start + LONGEST).min(bytes.len());
    let block = armor::read(&bytes[start..end])?;
    let whole = start..start + block.len;
    if hit.end > whole.end || (!block.closed && block.body.len() < LEAST) || block.body.is_empty() {
        return None;
    }
    Some(Found { whole: whole.clone(), secret: whole, value: Some(block.body), doubt: None, evidence: Evidence::NONE })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, keyword: &str) -> Option<Found> {
        let start = text.find(keyword).expect("the keyword is there");
        find(text.as_bytes(), start..start + keyword.len())
    }

    fn key(newline: &str, end: &str) -> String {
        ["-----BEGIN RSA PRIVATE KEY-----", &"MIIEabcd".repeat(8), &"+/efghij".repeat(8), end].join(newline)
    }

    const END: &str = "-----END RSA PRIVATE KEY-----";

    #[test]
    fn the_value_is_the_same_however_it_is_written() {
        let value = ["MIIEabcd".repeat(8), "+/efghij".repeat(8)].concat().into_bytes();
        for newline in ["\n", "\\n", "\\\\n", "\r\n    ", "\\n\" +\n \""] {
            let key = key(newline, END);
            let text = format!("x: \"{key}\" y");
            for keyword in ["-----BEGIN", "PRIVATE KEY-----"] {
                let found = at(&text, keyword).unwrap();
                assert_eq!(found.whole, 4..4 + key.len(), "{newline:?}");
                assert_eq!(found.value.as_ref(), Some(&value));
            }
        }
    }

    #[test]
    fn the_end_line_is_no_match_of_its_own() {
        let text = key("\n", END);
        let last = text.rfind("PRIVATE KEY-----").unwrap();
        assert_eq!(find(text.as_bytes(), last..last + 16), None);
    }

    #[test]
    fn a_block_without_an_end_needs_a_body() {
        let found = at(&key("\n", "..."), "-----BEGIN").unwrap();
        assert_eq!(found.value.unwrap().len(), 128);
        assert_eq!(at("-----BEGIN RSA PRIVATE KEY----- marks a key", "-----BEGIN"), None);
        assert_eq!(at("-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----", "-----BEGIN"), None);
    }

    #[test]
    fn public_keys_are_none() {
        assert_eq!(at(&key("\n", END).replace("PRIVATE", "PUBLIC"), "-----BEGIN"), None);
    }

    #[test]
    fn only_so_long() {
        let text = format!("-----BEGIN PRIVATE KEY-----\n{}", "A".repeat(20_000));
        assert_eq!(at(&text, "-----BEGIN").unwrap().whole, 0..LONGEST);
    }
}
