//! GitLab's routable tokens: a payload that names organization, user and project, its length, and a CRC-32
//! over everything. The older tokens carry nothing and are only plausible.

use data_encoding::BASE64URL_NOPAD;

use super::radix::{self, BASE36};
use super::{BROKEN, Entry, Proof, Subject, Verdict, last_token, sample};

pub(super) const TABLE: &[Entry] = &[Entry::new("gitlab-routable", check).completed(complete)];

/// Random bytes in a payload.
const RANDOM: usize = 16;

fn check(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let parts: Vec<&str> = text.split('.').collect();
    let (head, tail) = match parts[..] {
        [head, tail] | [head, "01", tail] => (head, tail),
        [_] => return Verdict::Plausible.into(),
        _ => return BROKEN.into(),
    };
    let (Some(length), Some(sum)) = (tail.get(..2), tail.get(2..)) else { return BROKEN.into() };
    let covered = &text[..text.len() - sum.len()];
    if sum != radix::digits(libdeflater::crc32(covered.as_bytes()).into(), BASE36, 7) {
        return BROKEN.into();
    }
    let payload = radix::from_base36(length).and_then(|n| head.len().checked_sub(n as usize)).and_then(|at| head.get(at..));
    let routing = payload.and_then(|payload| routing(payload, parts.len() == 3));
    let mut proof = Proof::from(Verdict::Proved);
    for line in routing.unwrap_or_default().lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = radix::from_base36(value).map(|id| id.to_string());
        proof = match key {
            "o" => proof.maybe("organization", value),
            "u" => proof.maybe("owner", value.map(|id| format!("GitLab user id {id}"))),
            "p" => proof.maybe("project", value),
            "g" => proof.maybe("group", value),
            _ => proof,
        };
    }
    proof
}

/// The lines that say where the token belongs.
fn routing(payload: &str, current: bool) -> Option<String> {
    let bytes = radix::base64(payload.as_bytes())?;
    let (&last, rest) = bytes.split_last()?;
    let text = if current {
        let text = rest.get(RANDOM..)?;
        (text.len() == usize::from(last)).then_some(text)?
    } else {
        rest.get(..rest.len().checked_sub(usize::from(last))?)?
    };
    String::from_utf8(text.to_vec()).ok()
}

/// After a payload and a dot the length and the sum; after a bare prefix a whole body.
fn complete(text: &str) -> Option<String> {
    let head = last_token(text);
    if let Some(before) = head.strip_suffix('.') {
        let payload = before.strip_suffix(".01").unwrap_or(before).split_once('-')?.1;
        let infix = |infix: &str| infix.len() == 2 && infix.starts_with('t') && infix.ends_with(|c: char| c.is_ascii_digit());
        let payload = payload.split_once('_').filter(|(start, _)| infix(start)).map_or(payload, |(_, rest)| rest);
        let length = radix::digits(payload.len() as u64, BASE36, 2);
        let sum = libdeflater::crc32(format!("{head}{length}").as_bytes());
        return Some(format!("{length}{}", radix::digits(sum.into(), BASE36, 7)));
    }
    let routing = b"o:1\nu:39u";
    let bytes = [&sample::bytes(head)[..RANDOM], routing, &[routing.len() as u8]].concat();
    let payload = BASE64URL_NOPAD.encode(&bytes);
    let start = format!("{payload}.01.{}", radix::digits(payload.len() as u64, BASE36, 2));
    let sum = libdeflater::crc32(format!("{head}{start}").as_bytes());
    Some(format!("{start}{}", radix::digits(sum.into(), BASE36, 7)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{altered, fact, failed, prove, verdict};
    use super::*;

    #[test]
    fn published_tokens_hold() {
        for tail in [".01.0r0l8l6ir", ".0r03gxo7s"] {
            let token = ["glpat", "-", "bzox79Of-KE9FD2LjoXXF4CvyxA", tail].concat();
            assert_eq!(verdict("gitlab-routable", &token), Verdict::Proved, "{tail}");
            assert!(failed("gitlab-routable", altered(&token, 9)));
        }
    }

    #[test]
    fn says_where_it_belongs() {
        let token = ["glpat", "-", "Z25Ixc_mMsPxxs0q1gjKXW86MQp1OjM5dQk", ".01.0z", "09w5puk"].concat();
        let proof = prove("gitlab-routable", token);
        assert_eq!(proof.verdict, Verdict::Proved);
        assert_eq!(fact(&proof, "organization"), "1");
        assert_eq!(fact(&proof, "owner"), "GitLab user id 4242");
    }

    #[test]
    fn older_tokens_are_plausible() {
        assert_eq!(verdict("gitlab-routable", ["glpat", "-", "aB3dE6gH9jK2mN5pQ8sT"].concat()), Verdict::Plausible);
    }
}
