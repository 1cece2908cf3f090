//! Exoscale: the method, the path and a moment are signed by HMAC-SHA256, as its own client for Python does it
//! (`ExoscaleV2Auth` of requests-exoscale-auth). The zones are asked for, which every key may see. It sends nothing.

use data_encoding::BASE64;

use super::super::judge::{Reply, undecided};
use super::super::question::Question;
use super::super::request::{Impossible, Maker, Method, Request};
use super::mac::mac;
use crate::finding::{State, Verification};

const HOST: &str = "api-ch-gva-2.exoscale.com";
/// How long a signature counts, in seconds.
const LASTS: i64 = 600;

/// Asks for the zones.
pub fn make(question: &Question, maker: &Maker<'_>) -> Result<Request, Impossible> {
    let id = question.text("exoscale-api-key")?;
    let mut request = maker.destination(HOST, &|_| None)?.request(Method::Get, "/v2/zone")?;
    let expires = maker.settings.now + LASTS;
    // Body, query and headers are parts of what is signed; there are none.
    let text = format!("GET {}\n\n\n\n{expires}", *request.target);
    let signature = BASE64.encode(&mac(question.secret.expose(), text.as_bytes()));
    request.header("authorization", format!("EXO2-HMAC-SHA256 credential={id},expires={expires},signature={signature}"));
    Ok(request)
}

/// The verdict on the answer. A key with few rights is refused by 403 as well: then it is not the signature that is wrong.
pub fn read(reply: &Reply) -> Verification {
    let text = reply.text().to_lowercase();
    let zones = reply.json().is_some_and(|json| json.get("zones").is_some());
    let verdict = match reply.status {
        200 if zones => Verification::new(State::Live, "the provider takes it"),
        401 | 403 if text.contains("expire") => Verification::new(State::Unknown, "the clock of this machine is wrong"),
        401 => Verification::new(State::Dead, "the provider refuses it"),
        403 if text.contains("invalid") => Verification::new(State::Dead, "the provider refuses it (invalid)"),
        status => Verification::new(State::Unknown, undecided(status)),
    };
    verdict.with("status", reply.status.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_understood() {
        let read = |status, body: &str| read(&Reply::of(status, body)).state;
        assert_eq!(read(200, r#"{"zones":[]}"#), State::Live);
        assert_eq!((read(401, "{}"), read(403, r#"{"message":"Invalid signature"}"#)), (State::Dead, State::Dead));
        assert_eq!(
            (read(403, r#"{"message":"Forbidden by role policy"}"#), read(403, "Signature expired")),
            (State::Unknown, State::Unknown)
        );
        assert_eq!(read(200, "<html>"), State::Unknown);
    }
}
