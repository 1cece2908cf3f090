//! Tokens that are JSON in base64 behind a prefix: what they say decodes offline, and chance cannot make it.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use super::{Entry, Proof, Subject, Verdict, clock, last_token, radix, sample};
use crate::finding::Severity;

pub(super) const TABLE: &[Entry] = &[
    Entry::new("sentry-org", sentry).completed(complete_sentry),
    Entry::new("grafana-cloud", grafana).completed(complete_grafana),
    Entry::new("1password-service", one_password).completed(complete_one_password),
    Entry::new("mapbox", mapbox).completed(complete_mapbox),
];

const UNREADABLE: Verdict = Verdict::Failed("its payload does not decode: cut, altered or invented");

/// The object that base64 text holds.
pub(super) fn object(text: &str) -> Option<Value> {
    serde_json::from_slice(&radix::base64(text.as_bytes())?).ok().filter(Value::is_object)
}

/// A text or number of the object, for a fact; nothing that could break a line.
pub(super) fn word(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) if !text.is_empty() && text.len() <= 256 && !text.contains(char::is_control) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn sentry(subject: &Subject<'_>) -> Proof {
    let text = subject.text().trim_start_matches("sntrys_");
    let Some((payload, secret)) = text.rsplit_once('_') else { return UNREADABLE.into() };
    let Some(payload) = object(payload).filter(|payload| payload.get("org").is_some() && payload.get("iat").is_some()) else {
        return UNREADABLE.into();
    };
    if secret.len() != 43 {
        return Verdict::Failed("its secret part is not as long as such a part is").into();
    }
    let issued = payload["iat"].as_f64().map(|at| clock::date(at as i64));
    Proof::from(Verdict::Proved)
        .maybe("organization", word(&payload, "org"))
        .maybe("region", word(&payload, "region_url"))
        .maybe("issued", issued)
}

fn complete_sentry(text: &str) -> Option<String> {
    let payload = r#"{"iat":1700000000.5,"url":"https://sentry.example","region_url":"https://us.sentry.example","org":"example"}"#;
    let payload = data_encoding::BASE64.encode(payload.as_bytes());
    sample::rest_of(text, format!("{payload}_{}", sample::letters(last_token(text), 43)))
}

fn grafana(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    match object(text.strip_prefix("glc_").unwrap_or(text)).filter(|payload| payload.get("k").is_some_and(Value::is_string)) {
        Some(payload) => {
            let organization = word(&payload, "o").or_else(|| word(&payload, "id"));
            let region = payload.get("m").and_then(|m| word(m, "r"));
            let proof = Proof::from(Verdict::Proved).maybe("organization", organization);
            proof.maybe("name", word(&payload, "n")).maybe("region", region)
        }
        None => UNREADABLE.into(),
    }
}

fn complete_grafana(text: &str) -> Option<String> {
    let secret = sample::letters(last_token(text), 24);
    let payload = format!(r#"{{"o":"123456","n":"example","k":"{secret}","m":{{"r":"eu"}}}}"#);
    sample::rest_of(text, data_encoding::BASE64.encode(payload.as_bytes()))
}

fn one_password(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let complete =
        |payload: &Value| payload.get("secretKey").is_some_and(Value::is_string) && payload.get("muk").is_some_and(Value::is_object);
    match object(text.strip_prefix("ops_").unwrap_or(text)).filter(complete) {
        Some(payload) => {
            let proof = Proof::from(Verdict::Proved).maybe("host", word(&payload, "signInAddress"));
            proof.maybe("account", word(&payload, "email"))
        }
        None => UNREADABLE.into(),
    }
}

fn complete_one_password(text: &str) -> Option<String> {
    let secret = sample::letters(last_token(text), 26).to_ascii_uppercase();
    let payload = format!(r#"{{"signInAddress":"example.com","email":"a@example.com","muk":{{"kty":"oct"}},"secretKey":"A3-{secret}"}}"#);
    sample::rest_of(text, BASE64URL_NOPAD.encode(payload.as_bytes()))
}

/// `pk.` is public, `sk.` secret, `tk.` temporary.
fn mapbox(subject: &Subject<'_>) -> Proof {
    let parts: Vec<&str> = subject.text().split('.').collect();
    let [kind, payload, signature] = parts[..] else { return UNREADABLE.into() };
    let Some(payload) = object(payload).filter(|payload| payload.get("u").is_some_and(Value::is_string)) else { return UNREADABLE.into() };
    if radix::base64(signature.as_bytes()).is_none_or(|bytes| bytes.len() != 16) {
        return Verdict::Failed("its signature is cut, altered or invented").into();
    }
    let mut proof = Proof::from(Verdict::Proved).maybe("account", word(&payload, "u")).maybe("key-id", word(&payload, "a"));
    if let Some(at) = payload.get("exp").and_then(Value::as_i64) {
        proof = proof.expires(at, subject.now);
    }
    if kind == "pk" { proof.at_most(Severity::Low, "a public token, made to be seen") } else { proof }
}

fn complete_mapbox(text: &str) -> Option<String> {
    let bytes = sample::bytes(last_token(text));
    let payload = BASE64URL_NOPAD.encode(br#"{"u":"example","a":"ck0example00"}"#);
    sample::rest_of(text, format!("{payload}.{}", BASE64URL_NOPAD.encode(&bytes[..16])))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove};
    use super::*;

    #[test]
    fn payloads_say_whose_they_are() {
        for (name, prefix, complete, key, value) in [
            ("sentry-org", "sntrys_", complete_sentry as fn(&str) -> Option<String>, "organization", "example"),
            ("grafana-cloud", "glc_", complete_grafana, "organization", "123456"),
            ("1password-service", "ops_", complete_one_password, "account", "a@example.com"),
            ("mapbox", "sk.", complete_mapbox, "account", "example"),
        ] {
            let token = format!("{prefix}{}", complete(prefix).unwrap());
            let proof = prove(name, &token);
            assert_eq!((proof.verdict, fact(&proof, key).as_str()), (Verdict::Proved, value), "{name}");
            assert!(failed(name, &token[..token.len() / 2]), "{name}");
            assert!(failed(name, token.replacen("eyJ", "eyX", 1)), "{name}");
        }
    }

    #[test]
    fn public_and_expired_tokens_weigh_less() {
        let token = complete_mapbox("").unwrap();
        assert_eq!(prove("mapbox", format!("pk.{token}")).at_most.unwrap().0, Severity::Low);
        assert_eq!(prove("mapbox", format!("sk.{token}")).at_most, None);
        let old = BASE64URL_NOPAD.encode(br#"{"u":"example","exp":1600000000}"#);
        let proof = prove("mapbox", format!("tk.{old}.{}", token.split_once('.').unwrap().1));
        assert_eq!(proof.at_most, Some((Severity::Low, "it has expired")));
    }
}
