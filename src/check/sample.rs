//! Made-up bytes for completed examples: a function of a label alone, so that the same text always gives the
//! same token. Nothing here was ever issued by anybody.

use sha2::{Digest, Sha256};

/// 32 bytes that depend on the label.
pub(super) fn bytes(label: &str) -> [u8; 32] {
    Sha256::digest([b"unleak example ".as_slice(), label.as_bytes()].concat()).into()
}

/// What is left of a whole token after the part of it that the text ends with already.
pub(super) fn rest_of(text: &str, whole: String) -> Option<String> {
    let typed = (0..=whole.len()).rev().find(|&n| whole.get(..n).is_some_and(|start| text.ends_with(start)));
    Some(whole[typed.unwrap_or(0)..].to_owned())
}

/// That many letters and digits that depend on the label.
pub(super) fn letters(label: &str, count: usize) -> String {
    let mut out = String::new();
    for round in 0.. {
        for byte in bytes(&format!("{label} {round}")) {
            if out.len() == count {
                return out;
            }
            out.push(char::from(super::radix::BASE62[usize::from(byte) % 62]));
        }
    }
    out
}
