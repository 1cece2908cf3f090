//! Tokens whose length in base64 or base32 leaves bits over, which an issuer writes as zero. That cannot
//! prove a token, but it can refute one.

use data_encoding::BASE32_NOPAD;

use super::{Entry, Proof, Subject, Verdict, radix, sample};

pub(super) const TABLE: &[Entry] = &[
    Entry::new("google-api-key", google).completed(|_| Some("A".to_owned())),
    Entry::new("telegram-bot", telegram).completed(|_| Some("A".to_owned())),
    Entry::new("sendgrid", sendgrid).completed(|_| Some("A".to_owned())),
    Entry::new("nuget", nuget).completed(complete_nuget),
];

const SPARE: Verdict = Verdict::Failed("its last character cannot stand there: cut, altered or invented");

/// `AIza` and 35 more are 29 bytes.
fn google(subject: &Subject<'_>) -> Proof {
    match radix::base64(subject.secret) {
        Some(bytes) if bytes.len() == 29 => Verdict::Plausible,
        _ => SPARE,
    }
    .into()
}

/// `<bot id>:AA<33 more>`: 26 bytes of which the first is zero.
fn telegram(subject: &Subject<'_>) -> Proof {
    let Some((id, secret)) = subject.text().split_once(':') else { return Verdict::Plausible.into() };
    let verdict = match radix::base64(secret.as_bytes()) {
        Some(bytes) if bytes.len() == 26 && bytes[0] == 0 => Verdict::Plausible,
        _ => SPARE,
    };
    let id = id.trim_start_matches("bot");
    Proof::from(verdict).maybe("account", id.bytes().all(|b| b.is_ascii_digit()).then(|| format!("bot {id}")))
}

/// `SG.<22>.<43>`: an id of 16 bytes and a secret of 32.
fn sendgrid(subject: &Subject<'_>) -> Proof {
    let parts: Vec<&str> = subject.text().split('.').collect();
    let [_, id, secret] = parts[..] else { return Verdict::Failed("not in three parts").into() };
    let length = |text: &str| radix::base64(text.as_bytes()).map(|bytes| bytes.len());
    let verdict = if (length(id), length(secret)) == (Some(16), Some(32)) { Verdict::Plausible } else { SPARE };
    Proof::from(verdict).fact("key-id", id)
}

/// `oy2` and 43 more: 12 bytes that begin with a version and hold no zero, and 16 more.
fn nuget(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let Some((id, secret)) = text.split_at_checked(20) else { return SPARE.into() };
    if text.bytes().any(|b| b.is_ascii_uppercase()) && text.bytes().any(|b| b.is_ascii_lowercase()) {
        return Verdict::Failed("in mixed case, which such a key never is").into();
    }
    let (id, secret) = (radix::base32(id.as_bytes()), radix::base32(secret.as_bytes()));
    match (id, secret) {
        (Some(id), Some(secret)) if id.len() == 12 && secret.len() == 16 && id[..2] == *b"v4" && !id[2..].contains(&0) => {
            Verdict::Plausible.into()
        }
        _ => Verdict::Failed("bytes that no such key has").into(),
    }
}

fn complete_nuget(text: &str) -> Option<String> {
    let id: Vec<u8> = b"v4".iter().copied().chain(sample::bytes("id")[..10].iter().map(|b| b | 1)).collect();
    let whole = BASE32_NOPAD.encode(&id) + &BASE32_NOPAD.encode(&sample::bytes(text)[..16]);
    sample::rest_of(text, whole.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove, verdict};
    use super::*;

    #[test]
    fn google_keys_end_in_two_spare_bits() {
        assert_eq!(verdict("google-api-key", ["AIza", &"Sy".repeat(17), "A"].concat()), Verdict::Plausible);
        assert!(failed("google-api-key", ["AIza", &"Sy".repeat(17), "B"].concat()));
        assert!(failed("google-api-key", ["AIza", &"Sy".repeat(16), "A"].concat()));
    }

    #[test]
    fn telegram_tokens_name_their_bot() {
        let proof = prove("telegram-bot", ["110201543:AA", &"Hd".repeat(16), "w"].concat());
        assert_eq!((proof.verdict, fact(&proof, "account").as_str()), (Verdict::Plausible, "bot 110201543"));
        assert!(failed("telegram-bot", ["110201543:AA", &"Hd".repeat(16), "x"].concat()));
        assert!(failed("telegram-bot", ["110201543:BA", &"Hd".repeat(16), "w"].concat()));
    }

    #[test]
    fn sendgrid_keys_have_two_parts_of_fixed_size() {
        let key = |id: &str, secret: &str| ["SG.", &"a".repeat(21), id, ".", &"b".repeat(42), secret].concat();
        assert_eq!(verdict("sendgrid", key("A", "8")), Verdict::Plausible);
        assert!(failed("sendgrid", key("B", "8")));
        assert!(failed("sendgrid", key("A", "9")));
    }

    #[test]
    fn nuget_keys_have_a_version() {
        let key = |id: &[u8]| data_encoding::BASE32_NOPAD.encode(id).to_ascii_lowercase() + &"a".repeat(26);
        let id = [b"v4".as_slice(), &[1; 10]].concat();
        assert!(key(&id).starts_with("oy2") && key(&id).len() == 46);
        assert_eq!(verdict("nuget", key(&id)), Verdict::Plausible);
        assert!(failed("nuget", key(&[b"v4".as_slice(), &[0; 10]].concat())));
        assert!(failed("nuget", key(&id).replacen('o', "O", 1)));
        assert!(failed("nuget", &key(&id)[1..]));
    }
}
