//! The negative control: a value that looks like the secret and cannot be one. A provider that takes it too takes
//! everything, so its "live" says nothing. It sends nothing.

use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// Fewer characters to change make no control.
const LEAST: usize = 6;
/// A public prefix ends with one of these, in the first third.
const ENDS: &[u8] = b"_-.";

/// The secret with every letter and digit of its body replaced by another of its kind; none where there are too few.
pub fn fake(secret: &Secret) -> Option<Secret> {
    let value = secret.expose();
    let third = value.len() / 3;
    let body = value[..third].iter().rposition(|b| ENDS.contains(b)).map_or(0, |at| at + 1);
    let digest = Sha256::digest([b"control".as_slice(), value].concat());
    let mut changed = 0;
    let faked: Vec<u8> = value
        .iter()
        .enumerate()
        .map(|(at, &byte)| {
            let other = if at < body { byte } else { another(byte, digest[at % digest.len()]) };
            changed += usize::from(other != byte);
            other
        })
        .collect();
    (changed >= LEAST).then(|| Secret::new(faked, body))
}

/// Another character of the same kind: a digit for a digit, a letter that hex knows for such a letter.
fn another(byte: u8, by: u8) -> u8 {
    let (first, size) = match byte {
        b'0'..=b'9' => (b'0', 10),
        b'a'..=b'f' => (b'a', 6),
        b'g'..=b'z' => (b'g', 20),
        b'A'..=b'F' => (b'A', 6),
        b'G'..=b'Z' => (b'G', 20),
        _ => return byte,
    };
    first + (byte - first + 1 + by % (size - 1)) % size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_the_body_is_another_of_its_kind() {
        let value = ["ghp", "_", &"aB3zZ9".repeat(6)].concat();
        let faked = fake(&Secret::new(value.clone(), 4)).unwrap();
        let faked = String::from_utf8(faked.expose().to_vec()).unwrap();
        assert!(faked.starts_with("ghp_") && faked.len() == value.len());
        for (old, new) in value[4..].chars().zip(faked[4..].chars()) {
            assert!(old != new && old.is_ascii_digit() == new.is_ascii_digit() && old.is_uppercase() == new.is_uppercase());
        }
        assert!(fake(&Secret::new("a1", 0)).is_none());
    }
}
