//! Finds the JSON object of a Google Cloud service account around its type, and the private key in it. The
//! value is the key's body, so that the bare key elsewhere is the same secret.

use std::ops::Range;

use super::{Finder, Found};
use crate::armor;
use crate::bound::Bound;
use crate::score::Evidence;

/// How far the object reaches to each side of its type.
const REACH: usize = 4 << 10;

pub(super) const FINDER: Finder = Finder {
    bound: Bound { lead: REACH as u32, trail: REACH as u32, caseless: false },
    find: |sight| find(sight.bytes, sight.hit.clone()),
};

fn find(bytes: &[u8], hit: Range<usize>) -> Option<Found> {
    let low = hit.start.saturating_sub(REACH);
    let high = (hit.start + REACH).min(bytes.len());
    let open = low + bytes[low..hit.start].iter().rposition(|&b| b == b'{' || b == b'}').filter(|&at| bytes[low + at] == b'{')?;
    let close =
        hit.end + bytes.get(hit.end..high)?.iter().position(|&b| b == b'{' || b == b'}').filter(|&at| bytes[hit.end + at] == b'}')? + 1;
    let object = &bytes[open..close];
    let name = position(object, b"private_key\"").or_else(|| position(object, b"private_key\\"))?;
    let start = name + position(&object[name..], b"-----BEGIN ")?;
    let block = armor::read(&object[start..]).filter(|block| block.closed)?;
    let secret = open + start..open + start + block.len;
    Some(Found { whole: open..close, secret, value: Some(block.body), doubt: None, evidence: Evidence::NONE })
}

fn position(bytes: &[u8], word: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(order: [usize; 3]) -> String {
        let key = format!("-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n", "MIIEabcd".repeat(20));
        let fields = [
            "\"type\": \"service_account\"".to_owned(),
            format!("\"private_key_id\": \"0a\",\n \"private_key\": \"{key}\""),
            "\"client_email\": \"a@b\"".to_owned(),
        ];
        format!("{{\n {}\n}}", order.map(|at| fields[at].clone()).join(",\n "))
    }

    fn at(text: &str, keyword: &str) -> Option<Found> {
        let start = text.find(keyword).expect("the keyword is there");
        find(text.as_bytes(), start..start + keyword.len())
    }

    #[test]
    fn whatever_the_order_the_value_is_the_keys_body() {
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let json = json(order);
            for (text, keyword) in [
                (format!("x = {json};"), "\"service_account\""),
                (format!("x = {};", json.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")), "service_account"),
            ] {
                let found = at(&text, keyword).unwrap();
                assert_eq!(found.value, Some("MIIEabcd".repeat(20).into_bytes()));
                assert_eq!((&text[found.whole.start..found.whole.start + 1], found.whole.end), ("{", text.len() - 1));
                assert!(text[found.secret].starts_with("-----BEGIN"));
            }
        }
    }

    #[test]
    fn an_object_without_a_whole_key_is_none() {
        assert_eq!(at("{\"type\": \"service_account\"}", "\"service_account\""), None);
        assert_eq!(at(&json([0, 1, 2]).replace("-----END", "...END"), "\"service_account\""), None);
        assert_eq!(at(&json([0, 1, 2]).replace('}', ""), "\"service_account\""), None);
    }
}
