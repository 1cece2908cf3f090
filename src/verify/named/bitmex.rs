//! BitMEX: the method, the path and a moment are signed by HMAC-SHA256: <https://www.bitmex.com/app/apiKeysUsage>. Its test
//! system has keys of the same shape, so what the host refuses is not dead for sure. It sends nothing.

use data_encoding::HEXLOWER;

use super::super::judge::{Reply, undecided};
use super::super::question::Question;
use super::super::request::{Impossible, Maker, Method, Request};
use super::mac::mac;
use crate::finding::{State, Verification};

const HOST: &str = "www.bitmex.com";
/// How long a signature counts, in seconds.
const LASTS: i64 = 60;

/// Asks whose key it is.
pub fn make(question: &Question, maker: &Maker<'_>) -> Result<Request, Impossible> {
    let id = question.text("bitmex-key-id")?;
    let mut request = maker.destination(HOST, &|_| None)?.request(Method::Get, "/api/v1/user")?;
    let expires = maker.settings.now + LASTS;
    let signature = signature(question.secret.expose(), "GET", &request.target, expires);
    request.header("api-expires", expires.to_string());
    request.header("api-key", id);
    request.header("api-signature", signature);
    Ok(request)
}

fn signature(secret: &[u8], method: &str, path: &str, expires: i64) -> String {
    HEXLOWER.encode(&mac(secret, format!("{method}{path}{expires}").as_bytes()))
}

/// The verdict on the answer.
pub fn read(reply: &Reply) -> Verification {
    let json = reply.json().unwrap_or_default();
    let name = json.get("username").and_then(serde_json::Value::as_str);
    let verdict = match (reply.status, name) {
        (200, Some(name)) => {
            Verification::new(State::Live, "the provider takes it").with("username", name.chars().take(120).collect::<String>())
        }
        (401, _) => Verification::new(State::Unknown, "the provider refuses it, but its test system may take it"),
        (status, _) => Verification::new(State::Unknown, undecided(status)),
    };
    verdict.with("status", reply.status.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the documentation, its secret assembled.
    #[test]
    fn signs_as_the_documentation_does() {
        let secret = ["chNOOS4K", "vNXR_Xq4", "k4c9qsfo", "KWvnDecL", "ATCRlcBw", "yKDYnWgO"].concat();
        let made = signature(secret.as_bytes(), "GET", "/api/v1/instrument", 1_518_064_236);
        assert_eq!(made, "c7682d435d0cfe87c16098df34ef2eb5a549d4c5a3c2b1f0f77b8af73423bf00");
    }

    #[test]
    fn answers_are_understood() {
        let read = |status, body: &str| read(&Reply::of(status, body)).state;
        assert_eq!((read(200, r#"{"username":"otter"}"#), read(200, "[]")), (State::Live, State::Unknown));
        assert_eq!((read(401, "{}"), read(403, "{}")), (State::Unknown, State::Unknown));
    }
}
