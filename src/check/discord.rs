//! Discord's bot tokens: the bot's number, the moment of issue, and a signature of known size.

use data_encoding::BASE64URL_NOPAD;

use super::{Entry, Proof, Subject, Verdict, clock, last_token, radix, sample};

pub(super) const TABLE: &[Entry] = &[Entry::new("discord-bot", check).completed(complete)];

/// Discord's ids count milliseconds from 2015-01-01.
const EPOCH: i64 = 1_420_070_400;
/// Most tokens count seconds from 2011-01-01; some from 1970.
const TOKEN_EPOCH: i64 = 1_293_840_000;
/// The bot of Discord's own documentation.
const DOCUMENTED: u64 = 198_622_483_471_925_248;

fn check(subject: &Subject<'_>) -> Proof {
    let parts: Vec<&str> = subject.text().split('.').collect();
    let [id, issued, signature] = parts[..] else { return Verdict::Plausible.into() };
    let bytes = |text: &str| radix::base64(text.as_bytes());
    let Some(id) = bytes(id).and_then(|id| String::from_utf8(id).ok()).and_then(|id| id.parse::<u64>().ok()) else {
        return Verdict::Failed("its first part is no number of a bot").into();
    };
    if bytes(signature).is_none_or(|bytes| !matches!(bytes.len(), 20 | 28)) {
        return Verdict::Failed("its signature is cut, altered or invented").into();
    }
    if id == DOCUMENTED {
        return Verdict::NotSecret("a token of the documentation").into();
    }
    let created = (id >> 22) as i64 / 1000 + EPOCH;
    let known = created + clock::DAY >= EPOCH && id >> 22 > 0;
    let issued = seconds(issued).and_then(|at| [at, at + TOKEN_EPOCH].into_iter().find(|at| *at + clock::DAY >= created));
    let proof = Proof::from(if known && issued.is_some() { Verdict::Proved } else { Verdict::Plausible });
    let proof = proof.fact("account", format!("bot {id}"));
    proof.maybe("issued", issued.map(clock::date))
}

/// The number in the second part: its first four bytes.
fn seconds(text: &str) -> Option<i64> {
    if text.len() != 6 {
        return None;
    }
    let digits = text.bytes().try_fold(0i64, |n, b| Some((n << 6) | i64::from(radix::base64_digit(b)?)))?;
    Some(digits >> 4)
}

fn complete(text: &str) -> Option<String> {
    let id = (1_600_000_000_000u64 - EPOCH as u64 * 1000) << 22;
    let issued = (1_600_000_100 - TOKEN_EPOCH) as u32;
    let parts = [
        BASE64URL_NOPAD.encode(id.to_string().as_bytes()),
        BASE64URL_NOPAD.encode(&issued.to_be_bytes()),
        BASE64URL_NOPAD.encode(&sample::bytes(last_token(text))[..28]),
    ];
    sample::rest_of(text, parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove, verdict};
    use super::*;

    #[test]
    fn the_documented_token_is_known() {
        let token = ["MTk4NjIyNDgzNDcxOTI1MjQ4", ".Cl2FMQ.", "ZnCjm1XVW7vRze4b7Cq4se7kKWs"].concat();
        assert!(matches!(verdict("discord-bot", token), Verdict::NotSecret(_)));
        assert_eq!(seconds("Cl2FMQ").map(|at| clock::date(at + TOKEN_EPOCH)).unwrap()[..10], *"2016-07-05");
    }

    #[test]
    fn a_token_names_its_bot() {
        let token = complete("").unwrap();
        let proof = prove("discord-bot", &token);
        assert_eq!(proof.verdict, Verdict::Proved);
        assert_eq!(fact(&proof, "issued"), "2020-09-13T12:28:20Z");
        assert!(failed("discord-bot", &token[..token.len() - 1]));
        assert!(failed("discord-bot", &token[2..]));
    }
}
