//! Keys in bech32: age and Nostr. Six characters of checksum over prefix and data.

use super::Proof;
use super::{BROKEN, Entry, Subject, Verdict, last_token, sample};

pub(super) const TABLE: &[Entry] = &[
    Entry::new("age-key", age)
        .completed(|text| sample::rest_of(text, encode("age-secret-key-", &sample::bytes(last_token(text))).to_ascii_uppercase())),
    Entry::new("nostr", nostr).completed(|text| sample::rest_of(text, encode("nsec", &sample::bytes(last_token(text))))),
];

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const SUM: usize = 6;
/// Longer text is no key.
const LONGEST: usize = 4096;

fn age(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let Some((prefix, data)) = decode(text) else { return BROKEN.into() };
    match prefix.as_str() {
        "age-secret-key-" if data.len() == 52 => Verdict::Proved.into(),
        "age-secret-key-pq-" => Proof::from(Verdict::Proved).fact("type", "post-quantum"),
        plugin if plugin.starts_with("age-plugin-") => Proof::from(Verdict::Proved).fact("type", plugin.trim_end_matches('-')),
        _ => BROKEN.into(),
    }
}

fn nostr(subject: &Subject<'_>) -> Proof {
    match decode(subject.text()) {
        Some((prefix, data)) if prefix == "nsec" && data.len() == 52 => Verdict::Proved.into(),
        _ => BROKEN.into(),
    }
}

/// The prefix in lower case and the data in five-bit digits, where the sum holds.
fn decode(text: &str) -> Option<(String, Vec<u8>)> {
    let mixed = text.bytes().any(|b| b.is_ascii_lowercase()) && text.bytes().any(|b| b.is_ascii_uppercase());
    if mixed || text.len() > LONGEST || !text.is_ascii() {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let (prefix, data) = text.rsplit_once('1')?;
    let mut data = data.bytes().map(|b| ALPHABET.iter().position(|a| *a == b).map(|at| at as u8)).collect::<Option<Vec<u8>>>()?;
    if data.len() < SUM || polymod(&[expanded(prefix), data.clone()].concat()) != 1 {
        return None;
    }
    data.truncate(data.len() - SUM);
    Some((prefix.to_owned(), data))
}

fn expanded(prefix: &str) -> Vec<u8> {
    prefix.bytes().map(|b| b >> 5).chain([0]).chain(prefix.bytes().map(|b| b & 31)).collect()
}

fn polymod(digits: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    digits.iter().fold(1u32, |sum, &digit| {
        let top = sum >> 25;
        let next = ((sum & 0x01ff_ffff) << 5) ^ u32::from(digit);
        (0..5).filter(|bit| (top >> bit) & 1 == 1).fold(next, |sum, bit| sum ^ GENERATOR[bit])
    })
}

fn encode(prefix: &str, bytes: &[u8]) -> String {
    let mut digits = Vec::new();
    let (mut held, mut bits) = (0u32, 0);
    for &byte in bytes {
        held = ((held << 8) | u32::from(byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            digits.push((held >> bits) as u8 & 31);
        }
    }
    if bits > 0 {
        digits.push((held << (5 - bits)) as u8 & 31);
    }
    let sum = polymod(&[expanded(prefix), digits.clone(), vec![0; SUM]].concat()) ^ 1;
    digits.extend((0..SUM).map(|at| (sum >> (5 * (SUM - 1 - at))) as u8 & 31));
    format!("{prefix}1{}", digits.iter().map(|&d| char::from(ALPHABET[usize::from(d)])).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{altered, failed, verdict};
    use super::*;

    #[test]
    fn the_published_age_key_holds() {
        let key = ["AGE-SECRET-KEY-1", "84JMZ", "MVQH3E6U0P", "SL869004Y", "3U2NYV7R30", "EU99CSEDNPH0", "2YUVFSZW44VU"].concat();
        assert_eq!(verdict("age-key", &key), Verdict::Proved);
        assert!(failed("age-key", altered(&key, 30)));
        assert!(failed("nostr", &key));
    }

    #[test]
    fn the_published_nostr_key_holds() {
        let key = ["nsec1", "vl029mgpspedva04g90vltkh6fvh2", "40zqtv9k0t9af8935ke9laqsnlfe5"].concat();
        assert_eq!(verdict("nostr", &key), Verdict::Proved);
        assert!(failed("nostr", altered(&key, 30)));
    }

    #[test]
    fn a_nostr_key() {
        let key = encode("nsec", &[7; 32]);
        assert_eq!(key.len(), 63);
        assert_eq!(verdict("nostr", &key), Verdict::Proved);
        assert!(failed("nostr", altered(&key, 30)));
        assert!(failed("nostr", encode("npub", &[7; 32])));
    }
}
