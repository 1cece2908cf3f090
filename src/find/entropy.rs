//! The finder `entropy`: long runs of hexadecimal digits, base64 or letters and digits that look drawn at random,
//! without any keyword. It runs only where it is asked for. A run's first bytes stand in for a keyword hit, so a
//! match is a function of bounded bytes around it as everywhere else.

use std::ops::Range;

use super::{Finder, Found};
use crate::bound::Bound;
use crate::look;
use crate::score::Evidence;

/// So many characters in a row make a run; they are what a keyword is elsewhere.
pub const RUN: usize = 20;
/// The longest value; longer runs are pictures and other data.
const LONGEST: usize = 180;
/// A run is looked at so far, to know that it ends.
const REACH: usize = 260;

pub(super) const FINDER: Finder =
    Finder { bound: Bound { lead: 0, trail: REACH as u32, caseless: true }, find: |sight| find(sight.bytes, sight.hit.clone()) };

/// The characters of runs.
const fn is_run(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'_' | b'-')
}

/// Calls `hit` for each place where a run of at least [`RUN`] characters begins, all [`RUN`] within the range.
pub fn starts(bytes: &[u8], range: Range<usize>, mut hit: impl FnMut(usize)) {
    let end = range.end.min(bytes.len());
    let mut at = range.start;
    while at + RUN <= end {
        // The last byte of the window that is no part of a run: nothing before it can begin one.
        if let Some(stop) = bytes[at..at + RUN].iter().rposition(|&b| !is_run(b)) {
            at += stop + 1;
            continue;
        }
        if at == 0 || !is_run(bytes[at - 1]) {
            hit(at);
        }
        at += bytes[at..end].iter().position(|&b| !is_run(b)).unwrap_or(end - at);
    }
}

fn find(bytes: &[u8], hit: Range<usize>) -> Option<Found> {
    let length = bytes[hit.start..].iter().take(REACH).take_while(|b| is_run(**b)).count();
    if length >= REACH {
        return None;
    }
    let run = &bytes[hit.start..hit.start + length];
    let part = [run].into_iter().chain(parts(run)).find(|part| is_value(part))?;
    let start = hit.start + (part.as_ptr() as usize - run.as_ptr() as usize);
    let padding = bytes[start + part.len()..].iter().take(2).take_while(|b| **b == b'=').count();
    let secret = start..start + part.len() + padding;
    Some(Found { whole: hit.start..secret.end.max(hit.end), secret, value: None, doubt: None, evidence: Evidence::NONE })
}

/// The pieces between slashes, dashes and underscores, long enough on their own.
fn parts(run: &[u8]) -> impl Iterator<Item = &[u8]> {
    run.split(|b| matches!(b, b'/' | b'-' | b'_')).filter(|part| part.len() >= RUN)
}

fn is_value(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let signs = value.iter().filter(|b| !b.is_ascii_alphanumeric()).count();
    let hex = look::is_hex(value);
    let long = value.len() <= LONGEST && (!hex || value.len() >= 32);
    long && digits > 0 && !is_text(value) && 5 * signs <= value.len() && look::distinct(value) >= 9 && look::is_random(value)
}

/// Base64 of readable text: the ids of many services.
fn is_text(value: &[u8]) -> bool {
    let whole = &value[..value.len() - value.len() % 4];
    data_encoding::BASE64.decode(whole).is_ok_and(|text| text.iter().all(|b| b.is_ascii_graphic() || *b == b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<String> {
        let mut all = Vec::new();
        starts(text.as_bytes(), 0..text.len(), |at| all.push(at));
        all.iter().find_map(|&at| find(text.as_bytes(), at..at + RUN)).map(|found| text[found.secret].to_owned())
    }

    #[test]
    fn takes_random_runs_alone() {
        let token = ["q7Wk2Z", "r9Tn4X", "b6Lm8P", "d1vB3c"].concat();
        assert_eq!(value(&format!("x {token} y")), Some(token.clone()));
        assert_eq!(value(&format!("{token}==")), Some(format!("{token}==")));
        assert_eq!(value(&format!("/some/long/path/to/{token}/x")).as_deref().map(|v| v.contains(&token)), Some(true));
        for text in [
            "application_configuration_value",
            "getAuthenticationTokenFromRequest2",
            "00000000000000000000000000000000",
            "0123456789abcdef0123",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(value(&token.repeat(20)), None);
    }

    #[test]
    fn runs_begin_where_a_naive_search_says() {
        let text = b"ab aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbbbbbbb c/dddddddddddddddddddddd. e";
        for (from, to) in [(0, text.len()), (4, text.len()), (3, 23), (3, 22), (0, 61), (20, 70)] {
            let naive: Vec<usize> = (from..to.saturating_sub(RUN - 1))
                .filter(|&at| text[at..at + RUN].iter().all(|b| is_run(*b)) && (at == 0 || !is_run(text[at - 1])))
                .collect();
            let mut found = Vec::new();
            starts(text, from..to, |at| found.push(at));
            assert_eq!(found, naive, "{from}..{to}");
        }
    }
}
