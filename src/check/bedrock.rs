//! Keys of Amazon Bedrock: the long-term one is a line of text with the account in it, the short-term one a whole
//! presigned request. Neither carries a checksum; that it decodes to what it should is the proof.

use data_encoding::{BASE64, HEXLOWER};

use super::sas::unquoted;
use super::{Entry, Proof, Subject, Verdict, aws, clock, last_token, radix, sample};

pub(super) const TABLE: &[Entry] = &[
    Entry::new("aws-bedrock", long_term).completed(complete_long_term),
    Entry::new("aws-bedrock-presigned", short_term).completed(complete_short_term),
];

const UNREADABLE: Verdict = Verdict::Failed("it does not decode: cut, altered or invented");
const SHORT_TERM: &str = "bedrock-api-key-";

/// `BedrockAPIKey-<suffix>-at-<account>:<secret>`.
fn long_term(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let line = radix::base64(text.strip_prefix("ABSK").unwrap_or(text).as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
    let account = line.as_deref().and_then(|line| {
        let (name, secret) = line.split_once(':')?;
        let account = name.starts_with("BedrockAPIKey-").then(|| name.rsplit('-').next())??;
        (secret.len() >= 16).then_some(account)
    });
    match account {
        Some(account) => {
            let number = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
            Proof::from(Verdict::Proved).maybe("account", number.then_some(account))
        }
        None => UNREADABLE.into(),
    }
}

fn complete_long_term(text: &str) -> Option<String> {
    let line = format!("BedrockAPIKey-ab12-at-123456789012:{}", sample::letters(last_token(text), 46));
    sample::rest_of(text, BASE64.encode(line.as_bytes()))
}

/// A request with its signature in the query: who signed it, where it counts, and until when.
fn short_term(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let body = text.strip_prefix(SHORT_TERM).unwrap_or(text);
    let url = radix::base64(body.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let value = |name: &str| query.split('&').find_map(|part| part.split_once('=').filter(|(key, _)| *key == name)).map(|(_, v)| v);
    let credential = unquoted(value("X-Amz-Credential").unwrap_or_default());
    let signature = value("X-Amz-Signature").unwrap_or_default();
    let [id, _, region, "bedrock", "aws4_request"] = credential.split('/').collect::<Vec<_>>()[..] else { return UNREADABLE.into() };
    if signature.len() != 64 || !signature.bytes().all(|b| b.is_ascii_hexdigit()) {
        return UNREADABLE.into();
    }
    let account = id.get(4..).and_then(aws::account).map(|account| format!("{account:012}"));
    let proof = Proof::from(Verdict::Proved).fact("key-id", id).maybe("account", account).fact("region", region);
    let lives = value("X-Amz-Expires").and_then(|seconds| seconds.parse::<i64>().ok());
    match value("X-Amz-Date").and_then(moment).zip(lives) {
        Some((signed, lives)) => proof.expires(signed.saturating_add(lives), subject.now),
        None => proof,
    }
}

/// The moment of `20260103T040506Z`.
fn moment(text: &str) -> Option<i64> {
    clock::compact(&[text.get(..8)?, text.get(9..15)?].concat())
}

/// A request that nobody signed, good for twelve hours of a day long after this was written.
fn complete_short_term(text: &str) -> Option<String> {
    let bytes = sample::bytes(last_token(text));
    let id = ["AS", "IAQUIETLAKE", "2345672"].concat();
    let url = format!(
        "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={id}%2F20960103%2F\
         eu-west-1%2Fbedrock%2Faws4_request&X-Amz-Date=20960103T040506Z&X-Amz-Expires=43200&X-Amz-SignedHeaders=host\
         &X-Amz-Signature={}&Version=1",
        HEXLOWER.encode(&bytes)
    );
    sample::rest_of(text, BASE64.encode(url.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, fact, failed, prove};
    use super::*;
    use crate::finding::Severity;

    #[test]
    fn a_long_term_key_names_its_account() {
        let key = format!("ABSK{}", complete_long_term("").unwrap());
        let proof = prove("aws-bedrock", &key);
        assert_eq!((proof.verdict, fact(&proof, "account").as_str()), (Verdict::Proved, "123456789012"));
        assert!(failed("aws-bedrock", &key[..key.len() / 2]));
    }

    fn key(url: &str) -> String {
        format!("{SHORT_TERM}{}", BASE64.encode(url.as_bytes()))
    }

    #[test]
    fn a_short_term_key_names_its_signer_region_and_end() {
        let whole = format!("{SHORT_TERM}{}", complete_short_term("").unwrap());
        let proof = prove("aws-bedrock-presigned", &whole);
        assert_eq!((proof.verdict, fact(&proof, "region").as_str()), (Verdict::Proved, "eu-west-1"));
        assert!(fact(&proof, "key-id").starts_with("ASIA") && proof.at_most.is_none());
        assert_eq!(fact(&proof, "expires"), "2096-01-03T16:05:06Z");
        assert!(failed("aws-bedrock-presigned", &whole[..whole.len() - 24]));
    }

    #[test]
    fn one_that_has_ended_says_so_and_one_that_lacks_a_part_is_none() {
        let url = |date: &str, signature: &str| {
            format!(
                "bedrock.amazonaws.com/?X-Amz-Credential=ASIAX%2Fd%2Feu-west-1%2Fbedrock%2Faws4_request&X-Amz-Date={date}&X-Amz-Expires=3600&X-Amz-Signature={signature}"
            )
        };
        let old = prove("aws-bedrock-presigned", key(&url("20240102T030405Z", &"0a".repeat(32))));
        assert_eq!((fact(&old, "expires").as_str(), old.at_most.map(|(most, _)| most)), ("2024-01-02T04:04:05Z", Some(Severity::Low)));
        assert!(clock::seconds("2024-01-02T04:04:05Z").unwrap() < NOW);
        assert!(failed("aws-bedrock-presigned", key(&url("20240102T030405Z", "0a"))));
        assert!(failed("aws-bedrock-presigned", key("bedrock.amazonaws.com/?Action=CallWithBearerToken")));
        assert_eq!(moment("2024"), None);
        for odd in ["2024010éT030405Z", "201é0000T030405Z", "20240102T0é0405Z"] {
            assert_eq!(moment(odd), None, "{odd}");
        }
    }
}
