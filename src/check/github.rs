//! GitHub's fine-grained tokens: a part of a SHA-256 stands inside, and the owner's number in front. The
//! classic tokens are a CRC layout.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use super::{BROKEN, Entry, Proof, Subject, Verdict, from_prefix, radix};

pub(super) const TABLE: &[Entry] = &[Entry::new("github-fine-grained", check).completed(complete)];

const PREFIX: &str = "github_pat_";
/// Prefix, 22 characters, `_`, 43 characters: what the sum covers.
const HEAD: usize = 77;
const SUM: usize = 8;
const WHOLE: usize = HEAD + SUM + 8;

fn check(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    if text.len() != WHOLE || !text.is_ascii() || !text.starts_with(PREFIX) {
        return Verdict::Failed("not as long as such a token is").into();
    }
    if sum(&text[..HEAD]) != text[HEAD..HEAD + SUM] {
        return BROKEN.into();
    }
    Proof::from(Verdict::Proved).maybe("owner", owner(text).map(|id| format!("GitHub user id {id}")))
}

fn sum(head: &str) -> String {
    BASE32_NOPAD.encode(&Sha256::digest(head)[..5])
}

/// The user id of the owner, where the characters are as the issuer writes them.
fn owner(text: &str) -> Option<u32> {
    let body = text.get(PREFIX.len()..)?;
    if !body.starts_with("11") || body.as_bytes().get(9) != Some(&b'0') {
        return None;
    }
    let bytes = radix::base32(body.get(2..9)?.as_bytes())?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

fn complete(text: &str) -> Option<String> {
    let head = from_prefix(text, &[PREFIX])?;
    (head.len() == HEAD).then(|| sum(head))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{altered, fact, failed, prove};
    use super::*;

    #[test]
    fn published_tokens_name_their_owner() {
        for (body, tail, owner) in [
            ("11AAYCBDQ0tjwxY3uiVv5v_lo8vfONwp06Vaq9ORB7pSxWM1UT5wSEuqxoxNv15mbA", "JTNMO62SdeYHLyzV", "3154062"),
            ("11AAEOMPY0MwQhCAHeyTXR_DyM4JEuscCdvBPsSuhMaQp4fcpbVzigOgchVwRuU7f8", "2J7JJQ6XQCjyEYDS", "583231"),
        ] {
            let token = [PREFIX, body, tail].concat();
            let proof = prove("github-fine-grained", &token);
            assert_eq!(proof.verdict, Verdict::Proved);
            assert_eq!(fact(&proof, "owner"), format!("GitHub user id {owner}"));
            assert!(failed("github-fine-grained", altered(&token, 40)));
        }
    }
}
