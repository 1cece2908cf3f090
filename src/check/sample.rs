//! Made-up bytes for completed examples: a function of a label alone, so that the same text always gives the
//! same token. Nothing here was ever issued by anybody.

use sha2::{Digest, Sha256};

/// 32 bytes that depend on the label.
pub(super) fn bytes(label: &str) -> [u8; 32] {
    Sha256::digest([b"unleak example ".as_slice(), label.as_bytes()].concat()).into()
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
