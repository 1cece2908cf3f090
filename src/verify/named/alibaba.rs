//! Access keys of Alibaba Cloud: a query signed by HMAC-SHA1 asks the Security Token Service whose pair it is, which
//! needs no right.

use data_encoding::{BASE64, HEXLOWER};
use ring::hmac;
use sha2::{Digest, Sha256};

use super::super::judge::{Reply, undecided};
use super::super::question::Question;
use super::super::request::{Impossible, Maker, Method, Request};
use super::super::template::percent;
use super::dates::iso;
use crate::finding::{State, Verification};

const HOST: &str = "sts.aliyuncs.com";

/// Asks who this pair is.
pub fn make(question: &Question, maker: &Maker<'_>) -> Result<Request, Impossible> {
    let id = question.text("alibaba-access-key-id")?;
    // Nobody may use a nonce twice; the same question in the same second is the same request.
    let mut nonce = Sha256::new();
    nonce.update([id.as_bytes(), question.secret.expose(), &maker.settings.now.to_le_bytes()].concat());
    let nonce = HEXLOWER.encode(&nonce.finalize()[..16]);
    let moment = iso(maker.settings.now);
    let parameters = [
        ("AccessKeyId", id),
        ("Action", "GetCallerIdentity"),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", &moment),
        ("Version", "2015-04-01"),
    ];
    let query = parameters.map(|(name, value)| format!("{name}={}", percent(value))).join("&");
    let text = format!("GET&%2F&{}", percent(&query));
    let key = zeroize::Zeroizing::new([question.secret.expose(), b"&"].concat());
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), text.as_bytes());
    let target = format!("/?{query}&Signature={}", percent(&BASE64.encode(signature.as_ref())));
    maker.destination(HOST, &|_| None)?.request(Method::Get, &target)
}

/// The verdict on the answer.
pub fn read(reply: &Reply) -> Verification {
    let json = reply.json().unwrap_or_default();
    let field = |name: &str| json.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let code = field("Code");
    let verdict = match (reply.status, code.as_str()) {
        (200, _) if !field("AccountId").is_empty() => Verification::new(State::Live, "the provider takes it"),
        (_, "SignatureDoesNotMatch" | "IncompleteSignature" | "InvalidSecurityToken.Expired") => {
            Verification::new(State::Dead, format!("the provider refuses it ({code})"))
        }
        (_, code) if code.starts_with("InvalidAccessKeyId") => Verification::new(State::Dead, format!("the provider refuses it ({code})")),
        (status, _) => Verification::new(State::Unknown, undecided(status)),
    };
    let mut verdict = verdict.with("status", reply.status.to_string());
    for (name, wanted) in [("arn", "Arn"), ("account", "AccountId")] {
        let value = field(wanted);
        if !value.is_empty() {
            verdict.evidence.insert(name.to_owned(), value.chars().take(120).collect());
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_understood() {
        let read = |status, body: &str| read(&Reply::of(status, body)).state;
        assert_eq!(read(200, r#"{"AccountId":"1","Arn":"acs:ram::1:user/x"}"#), State::Live);
        assert_eq!(read(404, r#"{"Code":"InvalidAccessKeyId.NotFound"}"#), State::Dead);
        assert_eq!(read(400, r#"{"Code":"SignatureDoesNotMatch"}"#), State::Dead);
        assert_eq!((read(200, "{}"), read(400, r#"{"Code":"InvalidTimeStamp.Expired"}"#)), (State::Unknown, State::Unknown));
    }
}
