//! A secret value, its identity and its redacted form. It cannot be printed by accident: `Debug` and
//! `Display` are redacted, the bytes are wiped when dropped, and only [`Secret::expose`] hands them out.
//! It does not know where the value was found, nor by which rule.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The published key of fingerprints: with it the same value has the same fingerprint on every machine.
const PUBLIC_KEY: &[u8] = b"unleak fingerprint key, public, version 1";

/// Below this many estimated bits a value can be guessed, so its fingerprint must not confirm a guess.
const WEAK_BITS: f64 = 60.0;

/// The canonical value of one secret, wiped from memory when the last copy goes. Two are equal when their bytes are.
#[derive(Clone)]
pub struct Secret {
    value: Arc<Zeroizing<Vec<u8>>>,
    prefix: u8,
}

impl Secret {
    /// Takes the canonical bytes, and how many of the first bytes are a public prefix (`ghp_` is 4), which
    /// the redacted form may show. A prefix of more than a third of the value is not shown.
    pub fn new(value: impl Into<Vec<u8>>, prefix: usize) -> Self {
        let value = value.into();
        let allowed = prefix.min(16);
        let prefix = if allowed * 3 <= value.len() && value[..allowed].iter().all(u8::is_ascii_graphic) { allowed as u8 } else { 0 };
        Self { value: Arc::new(Zeroizing::new(value)), prefix }
    }

    /// The raw bytes. Only masking, fingerprints, offline checks and (when the user insists) reports may call this.
    pub fn expose(&self) -> &[u8] {
        &self.value
    }

    /// Number of bytes of the value.
    pub fn len(&self) -> usize {
        self.value.len()
    }

    /// Whether the value has no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// The form that may be shown: the public prefix and the length, nothing of the body.
    pub fn redacted(&self) -> String {
        let prefix = String::from_utf8_lossy(&self.value[..usize::from(self.prefix)]);
        format!("{prefix}… ({} characters)", bstr::ByteSlice::chars(self.value.as_slice()).count())
    }

    /// Whether the value is guessable: an estimate below 60 bits. A function of the value alone.
    pub fn is_weak(&self) -> bool {
        estimated_bits(&self.value) < WEAK_BITS
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl PartialOrd for Secret {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Secret {
    fn cmp(&self, other: &Self) -> Ordering {
        self.expose().cmp(other.expose())
    }
}

impl Hash for Secret {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expose().hash(state);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.redacted())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

/// Shannon entropy of the bytes, in bits for each byte; 0 for an empty value.
pub fn entropy(value: &[u8]) -> f64 {
    if value.is_empty() {
        return 0.0;
    }
    let mut counts = [0u32; 256];
    for &b in value {
        counts[usize::from(b)] += 1;
    }
    let len = value.len() as f64;
    counts.iter().filter(|&&c| c > 0).map(|&c| f64::from(c) / len).map(|p| -p * p.log2()).sum()
}

/// How hard the value is to guess, in bits: the smaller of what its alphabet and its Shannon entropy allow.
fn estimated_bits(value: &[u8]) -> f64 {
    let class = |f: fn(&u8) -> bool| value.iter().any(f);
    let mut alphabet = 0.0;
    for (present, size) in [
        (class(u8::is_ascii_digit), 10.0),
        (class(u8::is_ascii_lowercase), 26.0),
        (class(u8::is_ascii_uppercase), 26.0),
        (value.iter().any(|b| !b.is_ascii_alphanumeric()), 33.0),
    ] {
        if present {
            alphabet += size;
        }
    }
    let len = value.len() as f64;
    let by_alphabet = if alphabet > 0.0 { len * f64::log2(alphabet) } else { 0.0 };
    by_alphabet.min(len * entropy(value))
}

/// The key that fingerprints are made with: the published constant, or the user's own.
#[derive(Clone)]
pub struct FingerprintKey {
    key: Zeroizing<Vec<u8>>,
    public: bool,
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FingerprintKey({})", self.id())
    }
}

impl Default for FingerprintKey {
    fn default() -> Self {
        Self { key: Zeroizing::new(PUBLIC_KEY.to_vec()), public: true }
    }
}

impl FingerprintKey {
    /// A key of the user's own, from `UNLEAK_KEY` or `--key-file`. With it a weak value has a full fingerprint.
    pub fn private(key: Vec<u8>) -> Self {
        Self { key: Zeroizing::new(key), public: false }
    }

    /// A short name of the key for reports and ignore files: 8 hex digits, `public` for the constant.
    pub fn id(&self) -> String {
        if self.public {
            return "public".to_owned();
        }
        HEXLOWER.encode(&Sha256::digest([b"unleak key id".as_slice(), &self.key].concat())[..4])
    }

    /// The fingerprint of a secret: HMAC-SHA-256 of the value alone, cut to 128 bits, 32 hex digits. With the
    /// published key a weak value has only `w` and 20 bits, so that no report confirms a guess.
    pub fn fingerprint(&self, secret: &Secret) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(secret.expose());
        let hex = HEXLOWER.encode(&mac.finalize().into_bytes()[..16]);
        if self.public && secret.is_weak() { format!("w{}", &hex[..5]) } else { hex }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_never_printed() {
        let secret = Secret::new(b"ghp_0123456789abcdefABCDEF0123456789abcd".to_vec(), 4);
        assert_eq!(format!("{secret}"), "ghp_… (40 characters)");
        assert_eq!(format!("{secret:?}"), "Secret(ghp_… (40 characters))");
    }

    #[test]
    fn a_prefix_that_is_most_of_the_value_is_not_shown() {
        assert_eq!(Secret::new(b"sk-abc".to_vec(), 3).redacted(), "… (6 characters)");
    }

    #[test]
    fn weak_values_get_a_short_fingerprint_with_the_public_key_only() {
        let weak = Secret::new(b"hunter2".to_vec(), 0);
        let strong = Secret::new(b"kJ8sQ0zLw3Rt5Yb7Nc1Xv9".to_vec(), 0);
        let public = FingerprintKey::default();
        assert_eq!(public.fingerprint(&weak).len(), 6);
        assert!(public.fingerprint(&weak).starts_with('w'));
        assert_eq!(public.fingerprint(&strong).len(), 32);
        assert_eq!(FingerprintKey::private(b"k".to_vec()).fingerprint(&weak).len(), 32);
    }

    #[test]
    fn fingerprints_depend_on_the_value_and_the_key_alone() {
        let a = Secret::new(b"kJ8sQ0zLw3Rt5Yb7Nc1Xv9".to_vec(), 0);
        let b = Secret::new(b"kJ8sQ0zLw3Rt5Yb7Nc1Xv9".to_vec(), 4);
        let key = FingerprintKey::default();
        assert_eq!(key.fingerprint(&a), key.fingerprint(&b));
        assert_ne!(key.fingerprint(&a), FingerprintKey::private(b"k".to_vec()).fingerprint(&a));
        assert_eq!(FingerprintKey::default().id(), "public");
        assert_eq!(FingerprintKey::private(b"k".to_vec()).id().len(), 8);
    }
}
