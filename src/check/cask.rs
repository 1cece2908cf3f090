//! Microsoft's common annotated keys: product, kind and month of issue stand in the clear. The widespread
//! generation (`JQQJ`) ends in a checksum, the open specification (`QJJQ`) in a moment.

use data_encoding::BASE64;

use super::marvin::{hash32, seed};
use super::radix::{self, BASE62, BASE62_LOWER_FIRST};
use super::{Entry, Proof, Subject, Verdict, clock};
use crate::finding::Severity;

pub(super) const TABLE: &[Entry] = &[Entry::new("azure-cask-legacy", legacy).completed(complete_legacy), Entry::new("azure-cask", current)];

const PRODUCTS: &[(&str, &str)] = &[
    ("AZDO", "Azure DevOps"),
    ("ACOG", "Azure AI services"),
    ("AZAC", "Azure App Configuration"),
    ("AZEG", "Azure Event Grid"),
    ("AZFR", "Azure Fluid Relay"),
    ("AZMR", "Azure Mixed Reality"),
    ("AZMP", "Azure Maps"),
    ("AZCS", "Azure Communication Services"),
    ("MSQL", "Azure SQL"),
];

/// Characters before the checksum.
const HEAD: usize = 80;
const MARKER: usize = 52;

fn legacy(subject: &Subject<'_>) -> Proof {
    let text = subject.text().trim_end_matches('=');
    if !text.is_ascii() || !(HEAD + 4..=HEAD + 6).contains(&text.len()) || text.get(MARKER..MARKER + 5) != Some("JQQJ9") {
        return Verdict::Failed("not as long as such a key is, or its marker is not where it stands").into();
    }
    let (head, sum) = text.split_at(HEAD);
    let holds = sums(head).is_some_and(|sums| sums.iter().any(|right| right.starts_with(sum)));
    // The checksum was seen to hold for few products only, so a wrong one is no proof of the contrary.
    let mut proof = Proof::from(if holds { Verdict::Proved } else { Verdict::Plausible });
    let signature = head[76..80].to_ascii_uppercase();
    proof = proof.maybe("product", PRODUCTS.iter().find(|(sign, _)| *sign == signature).map(|(_, name)| *name));
    let Some((year, month)) = issued(&head.as_bytes()[58..60]) else { return proof };
    proof = proof.fact("issued", format!("{year}-{month:02}"));
    let dead = signature == "AZDO" && clock::month(year + 1, month).is_some_and(|end| end + 31 * clock::DAY < subject.now);
    if dead { proof.at_most(Severity::Low, "it has expired: such tokens live a year at most") } else { proof }
}

/// Year since 2024 and month, one letter each.
fn issued(letters: &[u8]) -> Option<(i16, i8)> {
    let year = BASE62_YEARS.iter().position(|b| *b == letters[0])?;
    let month = letters[1].checked_sub(b'A').filter(|m| *m < 12)?;
    Some((2024 + year as i16, month as i8 + 1))
}

const BASE62_YEARS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What may stand for the checksum: base62 of its bytes as base64 leaves it, or plain base64 in older keys.
fn sums(head: &str) -> Option<[String; 3]> {
    let bytes = radix::base64(head.as_bytes())?;
    let sum = hash32(&bytes, seed(b"Default0"));
    let base62 = |alphabet: &[u8]| {
        let padded = format!("{:0<6}", radix::digits(sum.swap_bytes().into(), alphabet, 0));
        let kept = u32::from(padded.as_bytes()[5]);
        // Four bytes hold six characters but for the last four bits of the sixth.
        let last = radix::base64_digit(kept as u8).map_or(0, |six| six & 0b11_0000);
        let last = BASE64.encode(&[last << 2]).chars().next().unwrap_or('A');
        format!("{}{last}", &padded[..5])
    };
    Some([base62(BASE62), base62(BASE62_LOWER_FIRST), BASE64.encode(&sum.to_le_bytes())[..6].to_owned()])
}

fn complete_legacy(text: &str) -> Option<String> {
    let head = text.get(text.len().checked_sub(HEAD)?..)?;
    Some(sums(head)?[0][..4].to_owned())
}

/// Without a checksum, but with so much structure that chance cannot make it.
fn current(subject: &Subject<'_>) -> Proof {
    let text = subject.text().as_bytes();
    let Some(marker) = [44, 88].into_iter().find(|&at| text.get(at..at + 5) == Some(b"QJJQA")) else {
        return Verdict::Failed("its marker is not where it stands in such a key").into();
    };
    let (Some(&[b'B' | b'C', count @ b'A'..=b'K', _]), Some(stamp)) = (text.get(marker + 5..marker + 8), text.get(marker + 12..)) else {
        return Verdict::Failed("its marked part says nothing that such a key says").into();
    };
    let Some([b'A', b'A', when @ ..]) = stamp.get(4 * usize::from(count - b'A')..) else {
        return Verdict::Failed("it ends before its date").into();
    };
    let [Some(year), Some(month), Some(day)] = [0, 1, 2].map(|at| when.get(at).and_then(|b| radix::base64_digit(*b))) else {
        return Verdict::Failed("it ends before its date").into();
    };
    if month > 11 || day > 30 {
        return Verdict::Failed("its date is none").into();
    }
    let product = String::from_utf8_lossy(&text[marker + 8..marker + 12]).into_owned();
    Proof::from(Verdict::Proved)
        .fact("product", product)
        .fact("issued", format!("{}-{:02}-{:02}", 2025 + i32::from(year), month + 1, day + 1))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{altered, fact, prove, verdict};
    use super::*;

    fn key(date: &str) -> String {
        let head = ["k".repeat(MARKER), "JQQJ99".into(), date.into(), "C".into(), "A".repeat(11), "AAASAZDO".into()].concat();
        let sum = complete_legacy(&head).unwrap();
        head + &sum
    }

    #[test]
    fn says_product_and_month_and_expires() {
        let proof = prove("azure-cask-legacy", key("CA"));
        assert_eq!(proof.verdict, Verdict::Proved);
        assert_eq!((fact(&proof, "product"), fact(&proof, "issued")), ("Azure DevOps".into(), "2026-01".into()));
        assert_eq!(proof.at_most, None);
        assert_eq!(prove("azure-cask-legacy", key("AD")).at_most.unwrap().0, Severity::Low);
        assert_eq!(verdict("azure-cask-legacy", altered(&key("CA"), 81)), Verdict::Plausible);
        assert!(matches!(verdict("azure-cask-legacy", &key("CA")[1..]), Verdict::Failed(_)));
    }

    #[test]
    fn the_open_form_says_its_day() {
        let key =
            ["x".repeat(42), "A".into(), "A".into(), "QJJQ".into(), "ABAA".into(), "TEST".into(), "AA".into(), "BCDEFG".into()].concat();
        let proof = prove("azure-cask", &key);
        assert_eq!(proof.verdict, Verdict::Proved, "{key}");
        assert_eq!((fact(&proof, "product"), fact(&proof, "issued")), ("TEST".into(), "2026-03-04".into()));
    }
}
