//! Private keys in PEM: PKCS#8, PKCS#1, SEC 1, DSA and OpenSSH, encrypted or not, whatever the label says. A
//! key that parses is proved; an RSA key's primes must also multiply to its modulus.

use data_encoding::BASE64;

use super::der::{self, OCTETS, OID, Reader, SEQUENCE};
use super::key::{ENCRYPTED, bits, find, fingerprint};
use super::{Entry, Proof, Subject, Verdict, openssh, pgp, radix, sample};
use crate::armor::Block;
use crate::finding::Severity;

pub(super) const TABLE: &[Entry] = &[Entry::new("private-key", check).completed(complete)];

const CUT: Verdict = Verdict::Failed("its body is cut, elided or altered");
const NO_KEY: Verdict = Verdict::Failed("its body is no private key");

fn check(subject: &Subject<'_>) -> Proof {
    match find(subject.secret) {
        Some(block) => prove(&block),
        None => Verdict::Failed("no armored private key").into(),
    }
}

/// What an armored block proves.
pub(super) fn prove(block: &Block) -> Proof {
    if block.is_pgp() {
        return pgp::prove(block);
    }
    let Some(bytes) = radix::base64(&block.body).filter(|_| block.closed) else { return CUT.into() };
    if let Some(binary) = openssh::body(&bytes) {
        return openssh::prove(binary);
    }
    if block.header("Proc-Type").is_some_and(|kind| kind.contains("ENCRYPTED")) {
        // Nothing but its length can be checked: whole blocks of a cipher.
        let verdict = if bytes.len() >= 32 && bytes.len().is_multiple_of(8) { Verdict::Plausible } else { CUT };
        let kind = block.label.strip_suffix(" PRIVATE KEY").unwrap_or("unknown");
        return Proof::from(verdict).fact("type", kind).fact("encrypted", "yes").at_most(Severity::Medium, ENCRYPTED);
    }
    let Some(outer) = der::only_sequence(&bytes) else { return CUT.into() };
    encrypted(outer).or_else(|| plain(outer)).unwrap_or_else(|| NO_KEY.into())
}

/// What a key's DER proves, where it is one.
pub(super) fn prove_der(bytes: &[u8]) -> Option<Proof> {
    let outer = der::only_sequence(bytes)?;
    encrypted(outer).or_else(|| plain(outer))
}

/// PKCS#8 with a passphrase: an algorithm and the encrypted rest.
fn encrypted(mut outer: Reader<'_>) -> Option<Proof> {
    let mut algorithm = outer.sequence()?;
    let oid = algorithm.read(OID)?;
    let data = outer.read(OCTETS)?;
    // 1.2.840.113549.1.5 and 1.2.840.113549.1.12.1: encryption by passphrase.
    let known =
        oid.starts_with(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5]) || oid.starts_with(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1]);
    let whole = known && outer.is_empty() && data.len() >= 16;
    whole.then(|| Proof::from(Verdict::Proved).fact("encrypted", "yes").at_most(Severity::Medium, ENCRYPTED))
}

fn plain(outer: Reader<'_>) -> Option<Proof> {
    let mut rest = outer;
    rest.integer()?;
    let mut ahead = rest;
    match ahead.any()? {
        (SEQUENCE, algorithm) => pkcs8(Reader(algorithm), ahead),
        (OCTETS, key) => sec1(key, ahead),
        (der::INTEGER, _) => rsa(outer).or_else(|| dsa(outer)),
        _ => None,
    }
}

fn pkcs8(mut algorithm: Reader<'_>, mut rest: Reader<'_>) -> Option<Proof> {
    let oid = algorithm.read(OID)?;
    let key = rest.read(OCTETS)?;
    match oid {
        // rsaEncryption, RSASSA-PSS
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1 | 10] => rsa(der::only_sequence(key)?),
        // id-ecPublicKey
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1] => {
            let mut inner = der::only_sequence(key)?;
            inner.integer()?;
            let length = inner.read(OCTETS)?.len();
            (16..=66).contains(&length).then(|| elliptic(algorithm.read(OID)))
        }
        // X25519, X448, Ed25519, Ed448
        [0x2b, 0x65, kind @ 0x6e..=0x71] => {
            let (name, size) = [("X25519", 32), ("X448", 56), ("Ed25519", 32), ("Ed448", 57)][usize::from(kind - 0x6e)];
            (Reader(key).read(OCTETS)?.len() == size).then(|| Proof::from(Verdict::Proved).fact("type", name))
        }
        // DSA and Diffie-Hellman
        [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1] => Reader(key).integer().map(|_| Proof::from(Verdict::Proved).fact("type", "DSA")),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 3, 1] => Reader(key).integer().map(|_| Proof::from(Verdict::Proved).fact("type", "DH")),
        _ => None,
    }
}

/// After version and key the curve, as `[0]`, and the public key, as `[1]`.
fn sec1(key: &[u8], mut rest: Reader<'_>) -> Option<Proof> {
    let curve = rest.read(0xa0).and_then(|parameters| Reader(parameters).read(OID));
    (16..=66).contains(&key.len()).then(|| elliptic(curve))
}

fn elliptic(oid: Option<&[u8]>) -> Proof {
    let curve = oid.and_then(|oid| match oid {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7] => Some("P-256"),
        [0x2b, 0x81, 4, 0, 10] => Some("secp256k1"),
        [0x2b, 0x81, 4, 0, 33] => Some("P-224"),
        [0x2b, 0x81, 4, 0, 34] => Some("P-384"),
        [0x2b, 0x81, 4, 0, 35] => Some("P-521"),
        _ => None,
    });
    Proof::from(Verdict::Proved).fact("type", "EC").maybe("curve", curve)
}

fn rsa(mut key: Reader<'_>) -> Option<Proof> {
    key.integer()?;
    let (modulus, exponent) = (key.integer()?, key.integer()?);
    key.integer()?;
    let (p, q) = (key.integer()?, key.integer()?);
    for _ in 0..3 {
        key.integer()?;
    }
    if modulus.len() < 64 || modulus.len() > 2048 {
        return None;
    }
    if product(p, q) != modulus {
        return Some(Verdict::Failed("its primes do not multiply to its modulus: altered or invented").into());
    }
    let proof = Proof::from(Verdict::Proved).fact("type", "RSA").fact("bits", bits(modulus).to_string());
    Some(proof.fact("fingerprint", fingerprint(&ssh_rsa(exponent, modulus))))
}

fn dsa(mut key: Reader<'_>) -> Option<Proof> {
    key.integer()?;
    let prime = key.integer()?;
    for _ in 0..4 {
        key.integer()?;
    }
    (key.is_empty() && prime.len() >= 64).then(|| Proof::from(Verdict::Proved).fact("type", "DSA").fact("bits", bits(prime).to_string()))
}

/// The product of two numbers, all most significant byte first and without leading zeros.
pub(super) fn product(a: &[u8], b: &[u8]) -> Vec<u8> {
    if a.len() + b.len() > 4096 {
        return Vec::new();
    }
    let mut places = vec![0u8; a.len() + b.len()];
    for (i, &x) in a.iter().rev().enumerate() {
        let mut carry = 0u32;
        for (j, &y) in b.iter().rev().chain(&[0]).enumerate() {
            let at = i + j;
            carry += u32::from(places[at]) + u32::from(x) * u32::from(y);
            places[at] = carry as u8;
            carry >>= 8;
        }
    }
    while places.last() == Some(&0) {
        places.pop();
    }
    places.reverse();
    places
}

/// The public key as OpenSSH writes it, so that its fingerprint can be looked up.
fn ssh_rsa(exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    for (part, is_number) in [(b"ssh-rsa".as_slice(), false), (exponent, true), (modulus, true)] {
        let sign = is_number && part.first().is_some_and(|b| b & 0x80 != 0);
        blob.extend((part.len() as u32 + u32::from(sign)).to_be_bytes());
        blob.extend(sign.then_some(0));
        blob.extend(part);
    }
    blob
}

/// A made-up Ed25519 key's body, for any example.
pub(super) fn complete(_: &str) -> Option<String> {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    Some(BASE64.encode(&[&head[..], &sample::bytes("ed25519")].concat()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove, verdict};
    use super::*;

    fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
        let length = contents.len();
        let head = if length < 128 { vec![tag, length as u8] } else { vec![tag, 0x82, (length >> 8) as u8, length as u8] };
        [head, contents.to_vec()].concat()
    }

    fn integers(numbers: &[&[u8]]) -> Vec<u8> {
        element(SEQUENCE, &numbers.iter().flat_map(|n| element(der::INTEGER, &[&[0], *n].concat())).collect::<Vec<u8>>())
    }

    fn armored(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der))
    }

    /// Not of primes, but of the right shape.
    fn rsa_key(change: u8) -> Vec<u8> {
        let (p, q) = (vec![0xd3; 64], vec![0xe5; 64]);
        let mut modulus = product(&p, &q);
        modulus[100] ^= change;
        integers(&[&[], &modulus, &[1, 0, 1], &[7; 128], &p, &q, &[5; 64], &[5; 64], &[5; 64]])
    }

    #[test]
    fn rsa_keys_must_multiply() {
        let proof = prove("private-key", armored("RSA PRIVATE KEY", &rsa_key(0)));
        assert_eq!(proof.verdict, Verdict::Proved);
        assert_eq!((fact(&proof, "type").as_str(), fact(&proof, "bits").as_str()), ("RSA", "1024"));
        assert!(fact(&proof, "fingerprint").starts_with("SHA256:"));
        assert!(failed("private-key", armored("RSA PRIVATE KEY", &rsa_key(1))));
    }

    #[test]
    fn labels_may_lie() {
        let oid = element(OID, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]);
        let body = [element(der::INTEGER, &[0]), element(SEQUENCE, &[oid, vec![5, 0]].concat()), element(OCTETS, &rsa_key(0))].concat();
        assert_eq!(verdict("private-key", armored("RSA PRIVATE KEY", &element(SEQUENCE, &body))), Verdict::Proved);
        assert_eq!(verdict("private-key", armored("PRIVATE KEY", &rsa_key(0))), Verdict::Proved);
    }

    #[test]
    fn curves_are_named() {
        let curve = element(0xa0, &element(OID, &[0x2b, 0x81, 4, 0, 34]));
        let key = element(SEQUENCE, &[element(der::INTEGER, &[1]), element(OCTETS, &[9; 48]), curve].concat());
        assert_eq!(fact(&prove("private-key", armored("EC PRIVATE KEY", &key)), "curve"), "P-384");
        let ed25519 = format!("-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----", complete("").unwrap());
        assert_eq!(fact(&prove("private-key", ed25519), "type"), "Ed25519");
    }

    #[test]
    fn encrypted_keys_weigh_less() {
        let algorithm = element(SEQUENCE, &element(OID, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13]));
        let key = element(SEQUENCE, &[algorithm, element(OCTETS, &[3; 64])].concat());
        let proof = prove("private-key", armored("ENCRYPTED PRIVATE KEY", &key));
        assert_eq!((proof.verdict, proof.at_most.unwrap().0), (Verdict::Proved, Severity::Medium));
        let old = armored("RSA PRIVATE KEY", &[7; 64]).replacen('\n', "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A\n\n", 1);
        let proof = prove("private-key", old);
        assert_eq!((proof.verdict, fact(&proof, "encrypted").as_str()), (Verdict::Plausible, "yes"));
    }

    #[test]
    fn what_is_elided_or_no_key_fails() {
        let whole = armored("PRIVATE KEY", &rsa_key(0));
        assert!(failed("private-key", whole.replacen("BwcH", "...", 1)));
        assert!(failed("private-key", whole.replace("END", "FIN")));
        assert!(failed("private-key", whole.replacen("\n", "\nMIIE", 1)));
        assert!(failed("private-key", armored("PRIVATE KEY", &[0x30, 3, 2, 1, 0])));
        assert!(failed("private-key", "nothing"));
    }
}
