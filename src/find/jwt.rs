//! Finds a JSON Web Token: three parts of base64url joined by dots. What they say is a check's business.

use std::ops::Range;

use super::{Finder, Found};
use crate::bound::Bound;
use crate::score::Evidence;

const LONGEST: usize = 8 << 10;
/// An escape before the token (`\n`, `%20`) ends in what looks like a character of it.
const LEAD: usize = 2;
/// Characters of the shortest header, payload and signature.
const LEAST: [usize; 3] = [16, 3, 16];

pub(super) const FINDER: Finder = Finder {
    bound: Bound { lead: LEAD as u32, trail: LONGEST as u32, caseless: false },
    find: |sight| find(sight.bytes, sight.hit.clone()),
};

fn is_digit(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn find(bytes: &[u8], hit: Range<usize>) -> Option<Found> {
    if !begins(&bytes[..hit.start]) {
        return None;
    }
    let text = &bytes[hit.start..(hit.start + LONGEST + 1).min(bytes.len())];
    let mut end = 0;
    for (part, least) in LEAST.into_iter().enumerate() {
        if part > 0 {
            end += 1;
        }
        let length = text.get(end..)?.iter().take_while(|b| is_digit(b)).count();
        if length < least || (part < 2 && text.get(end + length) != Some(&b'.')) {
            return None;
        }
        end += length;
    }
    // Five parts are an encrypted token, of which nothing can be read; a longer one is cut by the bound.
    let encrypted = text.get(end) == Some(&b'.') && text.get(end + 1).is_some_and(is_digit);
    if encrypted || end > LONGEST {
        return None;
    }
    let whole = hit.start..hit.start + end;
    Some(Found { whole: whole.clone(), secret: whole, value: None, doubt: None, evidence: Evidence::NONE })
}

/// Whether a token can begin after these bytes.
fn begins(before: &[u8]) -> bool {
    match before {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        [.., last] => !is_digit(last) && *last != b'.',
        [] => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJ4In0", &"aB3_-".repeat(8)].join(".")
    }

    fn at(text: &str) -> Option<Range<usize>> {
        let start = text.find("eyJ").unwrap();
        find(text.as_bytes(), start..start + 3).map(|found| found.whole)
    }

    #[test]
    fn stands_at_a_boundary() {
        let (token, length) = (token(), token().len());
        for before in ["", "Bearer ", "\"", "=", "\\n", "Bearer%20", ":"] {
            assert_eq!(at(&format!("{before}{token}\"")), Some(before.len()..before.len() + length), "{before:?}");
        }
        for before in ["a", "_", "x.", "-"] {
            assert_eq!(at(&format!("{before}{token}")), None, "{before:?}");
        }
        assert_eq!(at(&format!("{token}. Next")), Some(0..length));
    }

    #[test]
    fn needs_three_parts_and_no_more() {
        let token = token();
        assert_eq!(at(&format!("{token}.abc.def")), None);
        assert_eq!(at(token.rsplit_once('.').unwrap().0), None);
        assert_eq!(at("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0."), None);
        assert_eq!(at("eyJ"), None);
    }

    #[test]
    fn only_so_long() {
        let start = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.";
        assert_eq!(at(&format!("{start}{}", "a".repeat(LONGEST - start.len()))), Some(0..LONGEST));
        assert_eq!(at(&format!("{start}{}", "a".repeat(LONGEST))), None);
    }
}
