//! Finds a private key without armor: the base64 of its DER, or of a whole PEM block. What it holds is a check's
//! business; the value is the key's body, so that the armored key elsewhere is the same secret.

use std::ops::Range;

use super::{Finder, Found};
use crate::armor;
use crate::bound::Bound;
use crate::score::Evidence;

/// The longest run of base64.
const LONGEST: usize = 4000;
/// Characters before a keyword that stands inside: the sequence's tag and length.
const LEAD: usize = 6;
/// The shortest key: an Ed25519 one.
const LEAST: usize = 64;

pub(super) const FINDER: Finder = Finder {
    bound: Bound { lead: LEAD as u32, trail: LONGEST as u32, caseless: false },
    find: |sight| find(sight.bytes, sight.hit.clone()),
};

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn find(bytes: &[u8], hit: Range<usize>) -> Option<Found> {
    let lead = bytes[..hit.start].iter().rev().take(LEAD + 1).take_while(|b| is_digit(**b)).count();
    if lead > LEAD {
        return None;
    }
    let start = hit.start - lead;
    let digits = bytes[start..].iter().take(LONGEST).take_while(|b| is_digit(**b)).count();
    let padding = bytes[start + digits..].iter().take(2).take_while(|b| **b == b'=').count();
    let secret = start..start + digits + padding;
    if digits < LEAST || secret.end > hit.start + LONGEST || secret.end < hit.end {
        return None;
    }
    let text = &bytes[secret.clone()];
    let value = if text.starts_with(b"LS0tLS1CRUdJTi") {
        let whole = &text[..text.len() - text.len() % 4];
        let plain = data_encoding::BASE64.decode(whole).ok()?;
        Some(armor::read(&plain)?.body)
    } else {
        None
    };
    Some(Found { whole: secret.clone(), secret, value, doubt: None, evidence: Evidence::NONE })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, keyword: &str) -> Option<Found> {
        let start = text.find(keyword).unwrap();
        find(text.as_bytes(), start..start + keyword.len())
    }

    #[test]
    fn takes_the_whole_run_and_no_part_of_a_longer_one() {
        let key = format!("MIIEvQ{}{}", "IBADAN", "Bgkq".repeat(30));
        let found = at(&format!("key = \"{key}\""), "IBADAN").unwrap();
        assert_eq!((found.secret, found.value), (7..7 + key.len(), None));
        assert_eq!(at(&format!("x{key}"), "IBADAN"), None);
        assert_eq!(at("MIIEvQIBADAN", "IBADAN"), None);
    }

    #[test]
    fn an_armored_block_in_base64_gives_its_body() {
        let body = "MIIEabcd".repeat(20);
        let block = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n");
        let text = format!("key: {}\n", data_encoding::BASE64.encode(block.as_bytes()));
        assert_eq!(at(&text, "LS0tLS1CRUdJTi").unwrap().value, Some(body.into_bytes()));
    }
}
