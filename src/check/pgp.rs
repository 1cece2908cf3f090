//! OpenPGP private keys: the armor's checksum holds, the packets parse to the last byte, and the secret parts
//! are there, encrypted or not. A block that holds stubs alone is no secret.

use data_encoding::BASE64;

use super::key::{self, ENCRYPTED};
use super::{BROKEN, Entry, Proof, Subject, Verdict, clock, radix, sample};
use crate::armor::Block;
use crate::finding::Severity;

pub(super) const TABLE: &[Entry] = &[Entry::new("pgp-private-key", check).completed(complete)];

const SECRET_KEY: u8 = 5;
const SECRET_SUBKEY: u8 = 7;

/// How a packet keeps its secret.
#[derive(Clone, Copy, PartialEq)]
enum Kept {
    Plain,
    Encrypted,
    /// The secret lies elsewhere, on a card or another machine.
    Stub,
    Unknown,
}

fn check(subject: &Subject<'_>) -> Proof {
    match key::find(subject.secret) {
        Some(block) => prove(&block),
        None => Verdict::Failed("no armored private key").into(),
    }
}

pub(super) fn prove(block: &Block) -> Proof {
    let Some(bytes) = radix::base64(&block.body).filter(|_| block.closed) else {
        return Verdict::Failed("its body is cut, elided or altered").into();
    };
    let sum = block.checksum.as_deref().map(radix::base64);
    if sum.is_some_and(|sum| sum.as_deref() != Some(&crc24(&bytes).to_be_bytes()[1..])) {
        return BROKEN.into();
    }
    let Some(packets) = packets(&bytes).filter(|packets| packets.first().is_some_and(|(tag, _)| *tag == SECRET_KEY)) else {
        return Verdict::Failed("its body is no OpenPGP key").into();
    };
    let secrets: Vec<Kept> = packets
        .iter()
        .filter(|(tag, _)| matches!(*tag, SECRET_KEY | SECRET_SUBKEY))
        .map(|(_, body)| kept(body).unwrap_or(Kept::Unknown))
        .collect();
    if secrets.iter().all(|kept| *kept == Kept::Stub) {
        return Verdict::NotSecret("it holds stubs alone, the keys lie elsewhere").into();
    }
    let created = packets[0].1.get(1..5).and_then(|time| time.try_into().ok()).map(|time| clock::date(u32::from_be_bytes(time).into()));
    let owner = packets.iter().find(|(tag, _)| *tag == 13).and_then(|(_, body)| std::str::from_utf8(body).ok());
    let proof = Proof::from(Verdict::Proved)
        .maybe("owner", owner.filter(|owner| owner.len() <= 256 && !owner.contains(char::is_control)))
        .maybe("issued", created);
    if secrets.contains(&Kept::Plain) || !secrets.contains(&Kept::Encrypted) {
        return proof;
    }
    proof.fact("encrypted", "yes").at_most(Severity::Medium, ENCRYPTED)
}

/// Tag and body of each packet; nothing where they do not parse to the last byte.
fn packets(mut rest: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut all = Vec::new();
    while let Some((&head, after)) = rest.split_first() {
        let (tag, length, after) = match head {
            0xc0.. => {
                let (length, after) = new_length(after)?;
                (head & 0x3f, length, after)
            }
            0x80.. => {
                let (digits, after) = after.split_at_checked([1, 2, 4, 0][usize::from(head & 3)])?;
                let length = digits.iter().fold(0, |n, &b| (n << 8) | usize::from(b));
                ((head >> 2) & 15, if digits.is_empty() { after.len() } else { length }, after)
            }
            _ => return None,
        };
        let (body, after) = after.split_at_checked(length)?;
        all.push((tag, body));
        rest = after;
    }
    Some(all)
}

fn new_length(rest: &[u8]) -> Option<(usize, &[u8])> {
    match *rest {
        [one @ 0..=191, ref after @ ..] => Some((one.into(), after)),
        [one @ 192..=223, two, ref after @ ..] => Some((((usize::from(one) - 192) << 8) + usize::from(two) + 192, after)),
        [255, a, b, c, d, ref after @ ..] => Some((u32::from_be_bytes([a, b, c, d]) as usize, after)),
        _ => None,
    }
}

/// How a secret key packet keeps its secret: the byte after its public part says so.
fn kept(body: &[u8]) -> Option<Kept> {
    let (&version, rest) = body.split_first()?;
    let algorithm = *rest.get(4)?;
    let mut rest = rest.get(5..)?;
    if version > 4 {
        rest = rest.get(4..)?;
    }
    match algorithm {
        1..=3 => numbers(&mut rest, 2)?,
        16 => numbers(&mut rest, 3)?,
        17 => numbers(&mut rest, 4)?,
        18 | 19 | 22 => {
            skip_counted(&mut rest)?;
            numbers(&mut rest, 1)?;
            if algorithm == 18 {
                skip_counted(&mut rest)?;
            }
        }
        25 | 27 => rest = rest.get(32..)?,
        26 => rest = rest.get(56..)?,
        28 => rest = rest.get(57..)?,
        _ => return None,
    }
    Some(match rest {
        [0, ..] => Kept::Plain,
        [254 | 255, _, 101, _, b'G', b'N', b'U', 1 | 2, ..] => Kept::Stub,
        [253..=255, _, ..] => Kept::Encrypted,
        _ => Kept::Unknown,
    })
}

fn numbers(rest: &mut &[u8], count: usize) -> Option<()> {
    for _ in 0..count {
        let (&[high, low], after) = rest.split_first_chunk::<2>()?;
        *rest = after.get(usize::from(u16::from_be_bytes([high, low])).div_ceil(8)..)?;
    }
    Some(())
}

fn skip_counted(rest: &mut &[u8]) -> Option<()> {
    let (&length, after) = rest.split_first()?;
    *rest = after.get(usize::from(length)..)?;
    Some(())
}

fn crc24(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x00b7_04ce, |crc, &byte| {
        (0..8).fold(crc ^ (u32::from(byte) << 16), |crc, _| {
            let next = crc << 1;
            if next & 0x0100_0000 == 0 { next } else { (next ^ 0x0186_4cfb) & 0x00ff_ffff }
        })
    })
}

/// A made-up key that is not encrypted, with its checksum on a line of its own.
fn complete(_: &str) -> Option<String> {
    let bytes = packet(&[&[0][..], &[1, 0], &sample::bytes("pgp")].concat());
    Some(format!("{}\n={}", BASE64.encode(&bytes), BASE64.encode(&crc24(&bytes).to_be_bytes()[1..])))
}

/// A secret key packet of Ed25519 with this after its public part.
fn packet(secret: &[u8]) -> Vec<u8> {
    let body = [&[4, 0x65, 0x53, 0xf1, 0, 27][..], &sample::bytes("pgp public"), secret].concat();
    [&[0xc0 | SECRET_KEY, body.len() as u8][..], &body].concat()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{altered, fact, failed, prove, verdict};
    use super::*;

    fn armored(bytes: &[u8]) -> String {
        let label = "PGP PRIVATE KEY BLOCK";
        let sum = BASE64.encode(&crc24(bytes).to_be_bytes()[1..]);
        format!("-----BEGIN {label}-----\nVersion: 1\n\n{}\n={sum}\n-----END {label}-----", BASE64.encode(bytes))
    }

    #[test]
    fn says_how_the_secret_is_kept() {
        let plain = prove("pgp-private-key", armored(&packet(&[0; 40])));
        assert_eq!((plain.verdict, plain.at_most), (Verdict::Proved, None));
        assert_eq!(&fact(&plain, "issued")[..4], "2023");
        let encrypted = prove("private-key", armored(&packet(&[254; 40])));
        assert_eq!((encrypted.verdict, encrypted.at_most.unwrap().0), (Verdict::Proved, Severity::Medium));
        assert!(matches!(verdict("pgp-private-key", armored(&packet(b"\xfe\x07\x65\x00GNU\x01"))), Verdict::NotSecret(_)));
    }

    #[test]
    fn the_checksum_must_hold() {
        let whole = armored(&packet(&[0; 40]));
        assert!(failed("pgp-private-key", altered(&whole, 70)));
        assert_eq!(crc24(b"123456789"), 0x21_cf02);
        assert!(failed("pgp-private-key", armored(&[0xc6, 1, 0])));
        assert!(failed("pgp-private-key", armored(&packet(&[0; 40])[..30])));
    }
}
