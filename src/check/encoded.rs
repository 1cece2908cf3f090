//! Tokens that are a line of text in base64, with an account or an id in it.

use data_encoding::BASE64;

use super::json::{object, word};
use super::{Entry, Proof, Subject, Verdict, last_token, radix, sample};

pub(super) const TABLE: &[Entry] = &[
    Entry::new("atlassian-dc", atlassian).completed(complete_atlassian),
    Entry::new("cloudflare-tunnel", tunnel).completed(complete_tunnel),
    Entry::new("elastic-api-key", elastic).completed(complete_elastic),
];

const UNREADABLE: Verdict = Verdict::Failed("it does not decode: cut, altered or invented");

/// Data Center: the token's number, a colon, 20 random bytes.
fn atlassian(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let bytes = radix::base64(text.strip_prefix("BBDC-").unwrap_or(text).as_bytes()).filter(|bytes| bytes.len() == 33);
    let digits = bytes.as_deref().map_or(0, |bytes| bytes.iter().take_while(|b| b.is_ascii_digit()).count());
    match bytes {
        Some(bytes) if (10..=12).contains(&digits) && bytes[digits] == b':' => {
            Proof::from(Verdict::Proved).fact("key-id", String::from_utf8_lossy(&bytes[..digits]))
        }
        _ => UNREADABLE.into(),
    }
}

fn complete_atlassian(text: &str) -> Option<String> {
    Some(BASE64.encode(&[b"123456789012:".as_slice(), &sample::bytes(last_token(text))[..20]].concat()))
}

/// Account, tunnel and secret as JSON.
fn tunnel(subject: &Subject<'_>) -> Proof {
    match object(subject.text()).filter(|token| ["a", "t", "s"].iter().all(|key| word(token, key).is_some())) {
        Some(token) => Proof::from(Verdict::Proved).maybe("account", word(&token, "a")).maybe("key-id", word(&token, "t")),
        None => UNREADABLE.into(),
    }
}

fn complete_tunnel(text: &str) -> Option<String> {
    let secret = BASE64.encode(&sample::bytes(last_token(text)));
    let token = format!(r#"{{"a":"{}","t":"0b1e4c5a-7d2f-4a3b-8c6d-9e0f1a2b3c4d","s":"{secret}"}}"#, "0a1b2c3d".repeat(4));
    sample::rest_of(text, BASE64.encode(token.as_bytes()))
}

/// `<id of 20>:<key of 22>`.
fn elastic(subject: &Subject<'_>) -> Proof {
    let line = radix::base64(subject.secret).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    match line.split_once(':') {
        Some((id, key)) if id.len() == 20 && key.len() == 22 && word(id) && word(key) => Proof::from(Verdict::Proved).fact("key-id", id),
        _ => UNREADABLE.into(),
    }
}

fn complete_elastic(text: &str) -> Option<String> {
    let label = last_token(text);
    Some(BASE64.encode(format!("{}:{}", sample::letters(label, 20), sample::letters(&format!("{label} key"), 22)).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove};
    use super::*;

    #[test]
    fn lines_name_account_or_id() {
        for (name, prefix, complete, key, value) in [
            ("atlassian-dc", "BBDC-", complete_atlassian as fn(&str) -> Option<String>, "key-id", "123456789012"),
            ("cloudflare-tunnel", "", complete_tunnel, "key-id", "0b1e4c5a-7d2f-4a3b-8c6d-9e0f1a2b3c4d"),
            ("elastic-api-key", "", complete_elastic, "key-id", &sample::letters("", 20)),
        ] {
            let token = format!("{prefix}{}", complete("").unwrap());
            let proof = prove(name, &token);
            assert_eq!((proof.verdict, fact(&proof, key).as_str()), (Verdict::Proved, value), "{name}");
            assert!(failed(name, &token[..token.len() / 2]), "{name}");
        }
    }
}
