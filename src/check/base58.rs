//! Bitcoin's base58check: private keys for import (WIF) and extended private keys (BIP 32). The first four
//! bytes of a double SHA-256 close them.

use sha2::{Digest, Sha256};

use super::{BROKEN, Entry, Proof, Subject, Verdict, last_token, radix, sample};
use crate::finding::Severity;

pub(super) const TABLE: &[Entry] = &[
    Entry::new("wif", wif).completed(|text| sample::rest_of(text, encode(&[&[0x80][..], &sample::bytes(last_token(text)), &[1]].concat()))),
    Entry::new("xprv", xprv).completed(complete_xprv),
];

/// Versions of extended private keys: what each is for, and whether its network is a test.
const EXTENDED: &[(u32, &str, bool)] = &[
    (0x0488_ade4, "Bitcoin", false),
    (0x049d_7878, "Bitcoin, wrapped witness", false),
    (0x04b2_430c, "Bitcoin, native witness", false),
    (0x0435_8394, "Bitcoin test network", true),
    (0x044a_4e28, "Bitcoin test network, wrapped witness", true),
    (0x045f_18bc, "Bitcoin test network, native witness", true),
];

fn wif(subject: &Subject<'_>) -> Proof {
    let Some(bytes) = checked(subject.secret) else { return BROKEN.into() };
    let (test, body) = match bytes.split_first() {
        Some((0x80, body)) => (false, body),
        Some((0xef, body)) => (true, body),
        _ => return Verdict::Failed("a version that no private key has").into(),
    };
    if body.len() != 32 && !(body.len() == 33 && body[32] == 1) {
        return Verdict::Failed("not as long as a private key").into();
    }
    network(if test { "Bitcoin test network" } else { "Bitcoin" }, test)
}

fn xprv(subject: &Subject<'_>) -> Proof {
    let Some(bytes) = checked(subject.secret).filter(|bytes| bytes.len() == 78 && bytes[45] == 0) else { return BROKEN.into() };
    let version = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    match EXTENDED.iter().find(|(known, ..)| *known == version) {
        Some((_, name, test)) => network(name, *test).fact("depth", bytes[4].to_string()),
        None => Verdict::Failed("a version that no private key has").into(),
    }
}

fn network(name: &str, test: bool) -> Proof {
    let proof = Proof::from(Verdict::Proved).fact("network", name);
    if test { proof.at_most(Severity::Low, "of a test network") } else { proof }
}

/// The bytes without the sum, where it holds.
fn checked(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = radix::base58(text)?;
    let sum = bytes.split_off(bytes.len().checked_sub(4)?);
    (sum == close(&bytes)).then_some(bytes)
}

fn close(bytes: &[u8]) -> [u8; 4] {
    let twice = Sha256::digest(Sha256::digest(bytes));
    [twice[0], twice[1], twice[2], twice[3]]
}

fn encode(bytes: &[u8]) -> String {
    radix::to_base58(&[bytes, &close(bytes)].concat())
}

fn complete_xprv(text: &str) -> Option<String> {
    let label = last_token(text);
    let chain = sample::bytes(&format!("{label} chain"));
    sample::rest_of(text, encode(&[&EXTENDED[0].0.to_be_bytes()[..], &[0; 9], &chain, &[0], &sample::bytes(label)].concat()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{altered, fact, failed, prove, verdict};
    use super::*;

    #[test]
    fn the_published_key_holds() {
        let key = ["5HueCG", "U8rMjxEXx", "iPuD5BDku4", "MkFqeZyd4dZ1jvhTVqvbTLvyTJ"].concat();
        assert_eq!(verdict("wif", &key), Verdict::Proved);
        assert!(failed("wif", altered(&key, 20)));
    }

    #[test]
    fn a_test_network_weighs_less() {
        let proof = prove("wif", encode(&[&[0xef][..], &[9; 32], &[1]].concat()));
        assert_eq!((proof.verdict, proof.at_most.unwrap().0), (Verdict::Proved, Severity::Low));
        assert!(failed("wif", encode(&[&[0][..], &[9; 20]].concat())));
    }

    #[test]
    fn the_first_published_extended_key_holds() {
        let key =
            ["xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4s", "tbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU", "3TGtRBeJgk33yuGBxrMPHi"];
        let proof = prove("xprv", key.concat());
        assert_eq!((proof.verdict, fact(&proof, "depth").as_str()), (Verdict::Proved, "0"));
        assert!(failed("xprv", altered(&key.concat(), 60)));
    }

    #[test]
    fn extended_keys_say_depth_and_network() {
        let key = complete_xprv("").unwrap();
        assert!(key.starts_with("xprv") && key.len() == 111, "{key}");
        let proof = prove("xprv", &key);
        assert_eq!((fact(&proof, "depth").as_str(), fact(&proof, "network").as_str()), ("0", "Bitcoin"));
        assert!(failed("xprv", altered(&key, 50)));
    }
}
