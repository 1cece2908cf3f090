//! Mnemonic phrases of wallets (BIP 39), by the English list: 12, 15, 18, 21 or 24 words, the last of which holds the
//! first bits of a hash of the rest. Of 12 words those are only four bits, so the rule asks for a word like `mnemonic`
//! in front. Phrases in other languages are not known.

use bip39::Language;
use sha2::{Digest, Sha256};

use super::{BROKEN, Entry, Proof, Subject, Verdict, last_token, sample};

pub(super) const TABLE: &[Entry] = &[Entry::new("bip39-mnemonic", check).completed(complete)];

/// Phrases that tools give to every user, for their local chains: the first bytes of their hashes.
const PUBLISHED: &[[u8; 4]] = &[[0x9c, 0x5d, 0x0a, 0x66], [0xb8, 0x3e, 0x96, 0x41]];
/// As many words as a phrase can have.
pub const LENGTHS: [usize; 5] = [12, 15, 18, 21, 24];
const BITS: usize = 11;

/// Whether it is a word of the list, in lower case.
pub fn is_word(word: &str) -> bool {
    Language::English.find_word(word).is_some()
}

fn check(subject: &Subject<'_>) -> Proof {
    let words: Vec<String> = subject.text().split(|c: char| !c.is_ascii_alphabetic()).map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| word.len() > 1).collect();
    let numbers: Option<Vec<u16>> = words.iter().map(|word| Language::English.find_word(word)).collect();
    let Some(numbers) = numbers.filter(|numbers| LENGTHS.contains(&numbers.len())) else {
        return Verdict::Failed("not as many words of the list as a phrase has").into();
    };
    let (entropy, sum) = parts(&numbers);
    if sum != first_bits(&entropy) {
        return BROKEN.into();
    }
    let mut distinct = numbers.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let hash = Sha256::digest(words.join(" ").as_bytes());
    if distinct.len() < 6 || entropy.iter().all(|byte| *byte == entropy[0]) || PUBLISHED.iter().any(|known| hash.starts_with(known)) {
        return Verdict::NotSecret("a phrase that everybody knows").into();
    }
    Proof::from(Verdict::Proved).fact("words", numbers.len().to_string())
}

/// The random bytes that the words stand for, and the checksum's bits.
fn parts(numbers: &[u16]) -> (Vec<u8>, u8) {
    let bits = numbers.iter().flat_map(|number| (0..BITS).rev().map(move |n| (number >> n & 1) as u8)).collect::<Vec<_>>();
    let number = |bits: &[u8]| bits.iter().fold(0, |all, bit| all << 1 | bit);
    let (entropy, sum) = bits.split_at(bits.len() / 33 * 32);
    (entropy.chunks(8).map(number).collect(), number(sum))
}

/// The checksum: one bit of the hash for each 32 of the phrase.
fn first_bits(entropy: &[u8]) -> u8 {
    Sha256::digest(entropy)[0] >> (8 - entropy.len() / 4)
}

/// The words of these random bytes.
fn phrase(entropy: &[u8]) -> String {
    let sum = (first_bits(entropy), entropy.len() / 4);
    let bytes = entropy.iter().map(|byte| (*byte, 8)).chain([sum]);
    let bits: Vec<u8> = bytes.flat_map(|(byte, len)| (0..len).rev().map(move |n| byte >> n & 1)).collect();
    let words = bits.chunks(BITS).map(|bits| bits.iter().fold(0usize, |all, bit| all << 1 | usize::from(*bit)));
    words.map(|number| Language::English.word_list()[number]).collect::<Vec<_>>().join(" ")
}

/// A made-up phrase of twelve words.
fn complete(text: &str) -> Option<String> {
    Some(phrase(&sample::bytes(last_token(text))[..16]))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove, verdict};
    use super::*;

    /// The vectors of the specification that are no phrase of one byte, as their random bytes.
    const VECTORS: &[(&str, &str, &str)] = &[
        ("9e885d952ad362caeb4efe34a8e91bd2", "ozone", "picnic"),
        ("6610b25967cdcca9d59875f5cb50b0ea75433311869e930b", "gravity", "fog"),
        ("68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c", "hamster", "length"),
        ("18ab19a9f54a9274f03e5209a2ac8a91", "board", "cat"),
        ("f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f", "void", "unfold"),
    ];

    #[test]
    fn published_vectors_hold_and_altered_ones_fail() {
        for (hex, first, last) in VECTORS {
            let entropy = data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
            let phrase = phrase(&entropy);
            let words: Vec<&str> = phrase.split(' ').collect();
            assert!(words[0].starts_with(first) && words[words.len() - 1] == *last, "{hex}");
            let proof = prove("bip39-mnemonic", &phrase);
            assert_eq!((proof.verdict, fact(&proof, "words")), (Verdict::Proved, words.len().to_string()), "{hex}");
            assert_eq!(verdict("bip39-mnemonic", words.join("\", \"").to_uppercase()), Verdict::Proved);
            let numbers: Vec<u16> = words.iter().map(|word| Language::English.find_word(word).unwrap()).collect();
            assert_eq!(parts(&numbers).0, entropy);
            let swapped = [&words[1..2], &words[..1], &words[2..]].concat().join(" ");
            assert!(failed("bip39-mnemonic", swapped), "{hex}");
            assert!(failed("bip39-mnemonic", words[1..].join(" ")));
        }
    }

    #[test]
    fn what_manuals_and_local_chains_show_is_no_secret() {
        for byte in [0, 0x7f, 0x80, 0xff] {
            for len in [16, 24, 32] {
                assert!(matches!(verdict("bip39-mnemonic", phrase(&vec![byte; len])), Verdict::NotSecret(_)), "{byte} {len}");
            }
        }
        assert!(matches!(verdict("bip39-mnemonic", [&"test ".repeat(11)[..], "junk"].concat()), Verdict::NotSecret(_)));
        assert_eq!(verdict("bip39-mnemonic", "abandon ".repeat(12)), BROKEN);
        assert!(is_word("abandon") && !is_word("Abandon") && !is_word("abando"));
    }
}
