//! Private keys in OpenSSH's own form. The public half stands in clear even where the rest is encrypted, so a
//! fingerprint is always there to look up.

use super::key::{ENCRYPTED, bits, fingerprint};
use super::{Proof, Verdict};
use crate::finding::Severity;

const MAGIC: &[u8] = b"openssh-key-v1\0";
const BROKEN: Verdict = Verdict::Failed("its body is no OpenSSH key: cut or altered");

/// What follows the mark of that form.
pub(super) fn body(bytes: &[u8]) -> Option<&[u8]> {
    bytes.strip_prefix(MAGIC)
}

pub(super) fn prove(body: &[u8]) -> Proof {
    parse(body).unwrap_or_else(|| BROKEN.into())
}

fn parse(mut rest: &[u8]) -> Option<Proof> {
    let cipher = string(&mut rest)?;
    let (_derivation, _options) = (string(&mut rest)?, string(&mut rest)?);
    if number(&mut rest)? != 1 {
        return None;
    }
    let (public, private) = (string(&mut rest)?, string(&mut rest)?);
    let mut parts = public;
    let kind = String::from_utf8(string(&mut parts)?.to_vec()).ok()?;
    let proof = Proof::from(Verdict::Proved).fact("type", kind.clone()).fact("fingerprint", fingerprint(public));
    let proof = if kind == "ssh-rsa" { proof.maybe("bits", modulus_bits(parts)) } else { proof };
    if cipher != b"none" {
        // Some ciphers append their tag after the string, so no end is asked for.
        return Some(proof.fact("encrypted", "yes").at_most(Severity::Medium, ENCRYPTED));
    }
    let mut private = private;
    let same = number(&mut private)? == number(&mut private)?;
    if !same || string(&mut private)? != kind.as_bytes() || !rest.is_empty() {
        return None;
    }
    Some(proof)
}

fn modulus_bits(mut parts: &[u8]) -> Option<String> {
    string(&mut parts)?;
    let modulus = string(&mut parts)?;
    let start = modulus.iter().take_while(|&&b| b == 0).count();
    Some(bits(&modulus[start..]).to_string())
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (bytes, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_be_bytes(*bytes))
}

fn string<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = number(rest)? as usize;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::tests::fact;
    use super::*;

    fn key(cipher: &str, second: u32) -> Vec<u8> {
        let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
        let public = [string(b"ssh-ed25519"), string(&[5; 32])].concat();
        let private = [
            &7u32.to_be_bytes()[..],
            &second.to_be_bytes(),
            &string(b"ssh-ed25519"),
            &string(&[5; 32]),
            &string(&[6; 64]),
            &string(b"me"),
            &[1, 2],
        ]
        .concat();
        [MAGIC, &string(cipher.as_bytes()), &string(b"bcrypt"), &string(b""), &1u32.to_be_bytes(), &string(&public), &string(&private)]
            .concat()
    }

    #[test]
    fn check_numbers_must_be_equal() {
        let proof = prove(body(&key("none", 7)).unwrap());
        assert_eq!((proof.verdict, fact(&proof, "type").as_str()), (Verdict::Proved, "ssh-ed25519"));
        assert_eq!(fact(&proof, "fingerprint").len(), 50);
        assert_eq!(prove(body(&key("none", 8)).unwrap()).verdict, BROKEN);
        assert_eq!(prove(&body(&key("none", 7)).unwrap()[..80]).verdict, BROKEN);
    }

    #[test]
    fn encrypted_keys_have_a_fingerprint_too() {
        let proof = prove(body(&key("aes256-ctr", 8)).unwrap());
        assert_eq!((proof.verdict, proof.at_most.unwrap().0), (Verdict::Proved, Severity::Medium));
        assert_eq!(fact(&proof, "fingerprint").len(), 50);
    }
}
