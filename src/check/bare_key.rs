//! Private keys without armor: the base64 of a key's DER, or of a whole armored block. What does not parse is no
//! key, for many other things begin with the same letters.

use data_encoding::BASE64;

use super::private_key::{product, prove, prove_der};
use super::{Entry, Proof, Subject, Verdict, last_token, private_key, radix, sample};
use crate::armor;

pub(super) const TABLE: &[Entry] = &[Entry::new("base64-key", check).completed(complete)];

fn check(subject: &Subject<'_>) -> Proof {
    let Some(bytes) = radix::base64(subject.secret) else { return Verdict::NotSecret("no whole base64").into() };
    if bytes.starts_with(b"-----BEGIN") {
        return armor::read(&bytes).map_or_else(|| Verdict::NotSecret("no private key").into(), |block| prove(&block));
    }
    if bytes.windows(16).any(|run| run.iter().all(|b| *b == run[0])) {
        return Verdict::NotSecret("a key of one byte over and over").into();
    }
    prove_der(&bytes).unwrap_or_else(|| Verdict::NotSecret("no private key").into())
}

/// A made-up key of the kind that the word before it names: `rsa`, `rsa1024`, `pkcs8`, `ec`, `sec1`, `pem`, else Ed25519.
fn complete(text: &str) -> Option<String> {
    let word = text.trim_end_matches(['=', ':', ' ']);
    let bytes = match last_token(word) {
        "rsa" => rsa(128),
        "rsa1024" => rsa(64),
        "pkcs8" => element(0x30, &[&[2, 1, 0][..], &element(0x30, &[&RSA_OID[..], &[5, 0]]), &element(4, &[&rsa(128)])]),
        "sec1" => sec1(&element(0xa0, &[&P256])),
        "ec" => element(0x30, &[&[2, 1, 0][..], &element(0x30, &[&EC_OID[..], &P256[..]]), &element(4, &[&sec1(&[])])]),
        "pem" => {
            let lines = ["-----BEGIN PRIVATE ", "KEY-----\n", &private_key::complete("")?, "\n-----END PRIVATE ", "KEY-----\n"];
            return Some(BASE64.encode(lines.concat().as_bytes()));
        }
        _ => return private_key::complete(""),
    };
    Some(BASE64.encode(&bytes))
}

const RSA_OID: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC_OID: [u8; 9] = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: [u8; 10] = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

/// A key of curve P-256; it names its curve itself where nothing around it does.
fn sec1(curve: &[u8]) -> Vec<u8> {
    let point = [&[0, 4][..], &many("x", 64)].concat();
    element(0x30, &[&[2, 1, 1][..], &element(4, &[&many("d", 32)]), curve, &element(0xa1, &[&element(3, &[&point])])])
}

/// Two numbers that are no primes, and their product.
fn rsa(size: usize) -> Vec<u8> {
    let (p, q) = (many("p", size), many("q", size));
    let number = |bytes: &[u8]| element(2, &[&[0][..], bytes]);
    let parts = [vec![2, 1, 0], number(&product(&p, &q)), vec![2, 3, 1, 0, 1], number(&many("d", 2 * size)), number(&p), number(&q)];
    let rest = [number(&many("a", size)), number(&many("b", size)), number(&many("c", size))];
    element(0x30, &parts.iter().chain(&rest).map(Vec::as_slice).collect::<Vec<_>>())
}

/// So many made-up bytes, the first of them large.
fn many(seed: &str, len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..).flat_map(|n| sample::bytes(&format!("{seed}{n}"))).take(len).collect();
    bytes[0] |= 0xc0;
    bytes
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = match contents.len() {
        n @ 0..0x80 => vec![n as u8],
        n @ 0x80..0x100 => vec![0x81, n as u8],
        n => vec![0x82, (n >> 8) as u8, n as u8],
    };
    [&[tag][..], &length, &contents].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str) -> Verdict {
        check(&Subject { secret: text.as_bytes(), whole: text.as_bytes(), groups: &[], now: 0 }).verdict
    }

    #[test]
    fn keys_of_every_kind_are_proved_and_nothing_else() {
        for kind in ["rsa=", "rsa1024=", "pkcs8=", "ec=", "sec1=", "pem=", ""] {
            let key = complete(kind).unwrap();
            assert!(matches!(verdict(&key), Verdict::Proved), "{kind}");
            assert!(!matches!(verdict(&key[..key.len() - 8]), Verdict::Proved), "{kind}");
        }
        let zeros = format!("MC4CAQAwBQYDK2VwBCIEI{}", "A".repeat(43));
        for text in [&zeros, "MIIEvQ", "LS0tLS1CRUdJTiBDRVJU", &"QUJD".repeat(40)] {
            assert!(matches!(verdict(text), Verdict::NotSecret(_)), "{text}");
        }
    }
}
