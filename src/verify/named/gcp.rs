//! Service accounts of Google Cloud: a grant signed with the account's private key is exchanged for an access token.
//! The token says that the key lives; it is thrown away, or used to disable the key.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::super::judge::{Reply, undecided};
use super::super::question::Question;
use super::super::request::{Impossible, Maker, Method, Request};
use crate::finding::{State, Verification};
use crate::rule::WHOLE;

/// Where grants are exchanged, whatever the file says: the file is scanned text.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
const HOST: &str = "oauth2.googleapis.com";
/// The least that lets a key be disabled; it grants nothing that the account has not.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Seconds that a grant is good for.
const LIFE: i64 = 300;

/// What a service account's file says of itself.
pub struct Account {
    /// `name@project.iam.gserviceaccount.com`.
    pub email: String,
    /// The key's id.
    pub key: String,
}

/// Whose key it is.
pub fn account(question: &Question) -> Result<Account, Impossible> {
    let object = object(question.text(WHOLE)?).ok_or_else(|| Impossible("its JSON cannot be read".to_owned()))?;
    let field = |name: &str| {
        let value = object.get(name).and_then(Value::as_str).map(str::to_owned);
        value.ok_or_else(|| Impossible(format!("its JSON has no {name}")))
    };
    Ok(Account { email: field("client_email")?, key: field("private_key_id")? })
}

/// The object, where it stands as such or as text in another.
fn object(text: &str) -> Option<Value> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    parse(text).or_else(|| parse(&serde_json::from_str::<String>(&format!("\"{text}\"")).ok()?))
}

/// Asks for an access token.
pub fn make(question: &Question, maker: &Maker<'_>) -> Result<Request, Impossible> {
    let account = account(question)?;
    let unreadable = || Impossible("its private key cannot be read".to_owned());
    let der = Zeroizing::new(BASE64.decode(question.secret.expose()).map_err(|_| unreadable())?);
    let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| unreadable())?;
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": account.key });
    let now = maker.settings.now;
    let claims = json!({ "iss": account.email, "scope": SCOPE, "aud": AUDIENCE, "iat": now, "exp": now + LIFE });
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let text = format!("{}.{}", encode(&header), encode(&claims));
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).map_err(|_| unreadable())?;
    if question.control {
        signature.iter_mut().for_each(|byte| *byte ^= 0x55);
    }
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    let mut request = maker.destination(HOST, &|_| None)?.request(Method::Post, "/token")?;
    request.header("Content-Type", "application/x-www-form-urlencoded");
    request.body = Zeroizing::new(format!("{grant}{text}.{}", BASE64URL_NOPAD.encode(&signature)));
    Ok(request)
}

/// The verdict on the answer.
pub fn read(reply: &Reply) -> Verification {
    let json = reply.json().unwrap_or_default();
    let field = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default();
    let (error, why) = (field("error"), field("error_description"));
    let verdict = if reply.status == 200 && !field("access_token").is_empty() {
        Verification::new(State::Live, "the provider gives an access token for it")
    } else if why.contains("reasonable timeframe") {
        Verification::new(State::Unknown, "the clock of this machine is wrong")
    } else if matches!(error, "invalid_grant" | "invalid_client" | "disabled_client" | "account_disabled") {
        Verification::new(State::Dead, format!("the provider refuses it ({error})"))
    } else {
        Verification::new(State::Unknown, undecided(reply.status))
    };
    verdict.with("status", reply.status.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_understood() {
        let read = |status, body: &str| read(&Reply::of(status, body)).state;
        assert_eq!(read(200, r#"{"access_token":"x","expires_in":3599}"#), State::Live);
        assert_eq!(read(400, r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#), State::Dead);
        let clock = r#"{"error":"invalid_grant","error_description":"Token must be a short-lived token and in a reasonable timeframe."}"#;
        assert_eq!((read(400, clock), read(200, "{}"), read(503, "")), (State::Unknown, State::Unknown, State::Unknown));
    }

    #[test]
    fn the_object_is_read_in_text_too() {
        let plain = r#"{"client_email":"a@b","private_key_id":"0a"}"#;
        for text in [plain.to_owned(), plain.replace('"', "\\\"")] {
            assert_eq!(object(&text).unwrap()["client_email"], "a@b");
        }
    }
}
