//! The filter `hash`: hexadecimal digests, object ids and integrity values where the line says that it is one.

use super::{Judgement, Window};
use crate::look;

/// Words before a value that make it a digest or an id of contents.
const SAYS_HASH: &[&str] = &[
    "hash",
    "hashes",
    "commit",
    "commits",
    "sha",
    "md",
    "checksum",
    "checksums",
    "integrity",
    "digest",
    "digests",
    "etag",
    "revision",
    "rev",
    "oid",
    "tree",
    "parent",
    "blob",
    "fingerprint",
    "crc",
    "sum",
    "shasum",
    "subproject",
    "gitlink",
    "sri",
    "resolved",
    "cherry",
    "picked",
    "merge",
    "snapshot",
    "treeish",
    "objectid",
    "githash",
    "commitid",
    "gitcommit",
];

/// Drops digests that are said to be digests.
pub fn judge(window: &Window<'_>) -> Judgement {
    let value = window.value();
    let line = line_before(window);
    let is_named = ["sha1", "sha256", "sha384", "sha512", "md5", "blake2b", "h1"].iter().any(|name| {
        let tail = &line[line.len().saturating_sub(8)..];
        let joined = |text: &[u8]| text.get(name.len()).is_some_and(|b| matches!(b, b'-' | b':' | b'_' | b'='));
        let lower = value[..value.len().min(8)].to_ascii_lowercase();
        (lower.starts_with(name.as_bytes()) && joined(&lower))
            || tail
                .to_ascii_lowercase()
                .strip_suffix(b"-")
                .or_else(|| tail.strip_suffix(b":"))
                .is_some_and(|t| t.ends_with(name.as_bytes()))
    });
    if is_named {
        return Judgement::Drop("names its hash function");
    }
    let hex = look::is_hex(value) && matches!(value.len(), 32 | 40 | 56 | 64 | 96 | 128);
    let said = || look::words(line).any(|word| SAYS_HASH.iter().any(|hash| hash.as_bytes() == word));
    if hex && (said() || is_one_of_two(window)) { Judgement::Drop("a hash or object id") } else { Judgement::Keep }
}

/// Whether a value as long stands beside it, as the old and the new id do in a reflog and what hooks read.
fn is_one_of_two(window: &Window<'_>) -> bool {
    let len = window.value().len();
    let beside = |text: Option<&[u8]>| text.is_some_and(look::is_hex);
    let before = window.before().strip_suffix(b" ").filter(|before| before.len() >= len);
    let after = window.after().strip_prefix(b" ");
    beside(before.map(|before| &before[before.len() - len..])) || beside(after.and_then(|after| after.get(..len)))
}

/// What of the secret's line stands before it, as far as the window goes.
fn line_before<'a>(window: &Window<'a>) -> &'a [u8] {
    let before = window.before();
    before.iter().rposition(|b| *b == b'\n').map_or(before, |n| &before[n + 1..])
}

#[cfg(test)]
mod tests {
    use super::super::sample::both_sides;

    #[test]
    fn drops_hashes_that_are_called_so() {
        let hex = "0f3c9a".repeat(7);
        let (md5, sha1) = (&hex[..32], &hex[..40]);
        let dropped = [
            format!("commit «{sha1}»"),
            format!("\"sha1\": \"«{sha1}»\""),
            format!("md5={{token}} «{md5}»"),
            format!("etag token: «{md5}»"),
            format!("integrity sha512-«{}»", "Qz9/".repeat(20)),
            format!("token: «sha256:{sha1}»"),
            format!("«{sha1}» {sha1} Ada <ada@example.com>"),
            format!("{sha1} «{sha1}» Ada <ada@example.com>"),
        ];
        let kept = [format!("secret = «{md5}»"), format!("shared_secret: «{sha1}»"), format!("commit abc\nsecret: «{md5}»")];
        let text = |all: &[String]| all.iter().map(|s| s.clone().leak() as &str).collect::<Vec<_>>();
        both_sides(super::judge, &text(&dropped), &text(&kept));
    }
}
