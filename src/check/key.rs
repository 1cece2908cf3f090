//! What checks of private keys share: finding the armored block, and what is said of a key. It does not know
//! any one kind of key.

use data_encoding::BASE64_NOPAD;
use sha2::{Digest, Sha256};

use crate::armor::{self, Block};

/// A key that is of no use without its passphrase.
pub(super) const ENCRYPTED: &str = "encrypted: its passphrase is needed";

/// The first armored private key in the bytes.
pub(super) fn find(bytes: &[u8]) -> Option<Block> {
    let starts = bytes.windows(5).enumerate().filter(|(_, window)| window == b"-----");
    starts.filter_map(|(at, _)| armor::read(&bytes[at..])).next()
}

/// Bits of a number without leading zero bytes.
pub(super) fn bits(number: &[u8]) -> usize {
    number.len() * 8 - number.first().map_or(0, |b| b.leading_zeros() as usize)
}

/// OpenSSH's fingerprint of a public key.
pub(super) fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(blob)))
}
