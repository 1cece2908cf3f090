//! Seeds in base32 with a CRC-16: NATS nkeys and Stellar. Both begin with `S`; their lengths tell them apart.

use data_encoding::BASE32_NOPAD;

use super::{BROKEN, Entry, Proof, Subject, Verdict, last_token, radix, sample};

pub(super) const TABLE: &[Entry] =
    &[Entry::new("nats-seed", nats).completed(complete_nats), Entry::new("stellar-seed", stellar).completed(complete_stellar)];

/// The version byte of a seed in both.
const SEED: u8 = 0x90;

fn nats(subject: &Subject<'_>) -> Proof {
    let Some(bytes) = checked(subject, 36) else { return BROKEN.into() };
    if bytes[0] & 0xf8 != SEED {
        return Verdict::Failed("it does not say that it is a seed").into();
    }
    let kind = match ((bytes[0] & 7) << 5) | (bytes[1] >> 3) {
        0 => "account",
        112 => "operator",
        104 => "server",
        16 => "cluster",
        160 => "user",
        184 => "curve",
        _ => return Verdict::Failed("a kind of seed that there is not").into(),
    };
    Proof::from(Verdict::Proved).fact("type", kind)
}

fn stellar(subject: &Subject<'_>) -> Proof {
    match checked(subject, 35) {
        Some(bytes) if bytes[0] == SEED => Verdict::Proved.into(),
        _ => BROKEN.into(),
    }
}

/// The bytes without the sum, where it holds.
fn checked(subject: &Subject<'_>, length: usize) -> Option<Vec<u8>> {
    let mut bytes = radix::base32(subject.secret).filter(|bytes| bytes.len() == length)?;
    let sum = bytes.split_off(length - 2);
    (xmodem(&bytes).to_le_bytes() == sum[..]).then_some(bytes)
}

/// CRC-16/XMODEM.
fn xmodem(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |crc, &byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 })
    })
}

fn complete_nats(text: &str) -> Option<String> {
    // A user's seed: the letters `SU` in front.
    complete(text, &[SEED | 5, 0])
}

fn complete_stellar(text: &str) -> Option<String> {
    complete(text, &[SEED])
}

fn complete(text: &str, start: &[u8]) -> Option<String> {
    let mut bytes = [start, &sample::bytes(last_token(text))].concat();
    bytes.extend(xmodem(&bytes).to_le_bytes());
    sample::rest_of(text, BASE32_NOPAD.encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{altered, fact, failed, prove, verdict};
    use super::*;

    #[test]
    fn the_published_seed_holds() {
        let seed = ["SUACSSL3UAHUDXKFSNVUZRF5UHPM", "WZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"].concat();
        let proof = prove("nats-seed", &seed);
        assert_eq!((proof.verdict, fact(&proof, "type").as_str()), (Verdict::Proved, "user"));
        assert!(failed("nats-seed", altered(&seed, 20)));
        assert!(failed("stellar-seed", &seed));
    }

    #[test]
    fn a_stellar_seed() {
        let seed = complete_stellar("").unwrap();
        assert_eq!((seed.len(), &seed[..1]), (56, "S"));
        assert_eq!(verdict("stellar-seed", &seed), Verdict::Proved);
        assert!(failed("stellar-seed", altered(&seed, 20)));
    }

    #[test]
    fn the_sum_is_xmodem() {
        assert_eq!(xmodem(b"123456789"), 0x31c3);
    }
}
