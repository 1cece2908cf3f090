//! HashiCorp Vault's service tokens: bare random, or a signed message with the token and its namespace in it.

use data_encoding::BASE64URL_NOPAD;

use super::{Entry, Proof, Subject, Verdict, last_token, radix, sample};

pub(super) const TABLE: &[Entry] = &[Entry::new("vault", check).completed(complete)];

/// Version 1, then a signature of 32 bytes: what every signed token begins with.
const SIGNED: &str = "CAES";

fn check(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let Some(body) = text.strip_prefix("hvs.").filter(|body| body.starts_with(SIGNED)) else { return Verdict::Plausible.into() };
    match radix::base64(body.as_bytes()).and_then(|bytes| namespace(&bytes)) {
        Some(namespace) => Proof::from(Verdict::Proved).maybe("namespace", (!namespace.is_empty()).then_some(namespace)),
        None => Verdict::Failed("its message does not parse: cut, altered or invented").into(),
    }
}

/// The namespace that the token inside the message names; empty for the root.
fn namespace(bytes: &[u8]) -> Option<String> {
    let mut rest = bytes;
    if (varint(&mut rest)?, varint(&mut rest)?) != (0x08, 1) {
        return None;
    }
    let signature = field(&mut rest, 2)?;
    let mut inner = field(&mut rest, 3)?;
    let random = std::str::from_utf8(field(&mut inner, 1)?).ok()?;
    if signature.len() != 32 || !rest.is_empty() || random.len() < 20 {
        return None;
    }
    let namespace = random.strip_prefix("hvs.")?.split_once('.').map(|(_, namespace)| namespace);
    Some(namespace.unwrap_or_default().to_owned())
}

/// A field of bytes with that number.
fn field<'b>(rest: &mut &'b [u8], number: u64) -> Option<&'b [u8]> {
    let tag = varint(rest)?;
    let length = varint(rest)? as usize;
    let (data, after) = rest.split_at_checked(length).filter(|_| tag == (number << 3 | 2))?;
    *rest = after;
    Some(data)
}

/// A number of variable length, lowest seven bits first.
pub(super) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..35).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn complete(text: &str) -> Option<String> {
    let label = last_token(text);
    let random = format!("hvs.{}", sample::letters(label, 24));
    let inner = [&[0x0a, random.len() as u8][..], random.as_bytes()].concat();
    let message = [&[8, 1, 0x12, 32][..], &sample::bytes(label), &[0x1a, inner.len() as u8], &inner].concat();
    sample::rest_of(text, BASE64URL_NOPAD.encode(&message))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{failed, verdict};
    use super::*;

    #[test]
    fn a_signed_token_parses() {
        let token = format!("hvs.{}", complete("").unwrap());
        assert!(token.starts_with("hvs.CAESI"), "{token}");
        assert_eq!(verdict("vault", &token), Verdict::Proved);
        assert!(failed("vault", &token[..token.len() - 3]));
        assert_eq!(verdict("vault", ["hvs.", &sample::letters("v", 24)].concat()), Verdict::Plausible);
    }
}
