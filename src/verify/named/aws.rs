//! AWS access keys: requests signed by Signature Version 4. Whether a key pair lives is asked of the Security Token
//! Service by `GetCallerIdentity`, which needs no right and tells whose it is.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::super::judge::{Reply, undecided};
use super::super::question::Question;
use super::super::request::{Impossible, Maker, Method, Request};
use super::dates::iso;
use super::mac::mac;
use super::xml::element;
use crate::check::{self, Subject};
use crate::finding::{State, Verification};

const REGION: &str = "us-east-1";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const JSON: &str = "application/x-amz-json-1.1";

/// A service as a signature names it, and where it is asked.
#[derive(Clone, Copy)]
pub struct Service {
    /// `sts`, `iam`, `secretsmanager`.
    pub name: &'static str,
    /// Its host.
    pub host: &'static str,
}

/// The Security Token Service.
pub const STS: Service = Service { name: "sts", host: "sts.amazonaws.com" };
/// Identity and Access Management.
pub const IAM: Service = Service { name: "iam", host: "iam.amazonaws.com" };

/// Secrets Manager, in the region that is asked where no region is known: it has one house in each.
pub const SECRETS: Service = Service { name: "secretsmanager", host: "secretsmanager.us-east-1.amazonaws.com" };

/// Asks who this key pair is.
pub fn make(question: &Question, maker: &Maker<'_>) -> Result<Request, Impossible> {
    action(question, maker, STS, "Action=GetCallerIdentity&Version=2011-06-15")
}

/// A signed request for one action of a service, by a form.
pub fn action(question: &Question, maker: &Maker<'_>, service: Service, form: &str) -> Result<Request, Impossible> {
    signed(question, maker, service, (FORM, form), None)
}

/// The same of a service that takes JSON, and the action as a header: `secretsmanager.ListSecrets`.
pub fn target(question: &Question, maker: &Maker<'_>, service: Service, target: &str, json: &str) -> Result<Request, Impossible> {
    signed(question, maker, service, (JSON, json), Some(target))
}

fn signed(
    question: &Question,
    maker: &Maker<'_>,
    service: Service,
    (kind, body): (&str, &str),
    target: Option<&str>,
) -> Result<Request, Impossible> {
    let id = question.text("aws-access-key-id")?.to_owned();
    let session = question.value("aws-session-token").and_then(|token| std::str::from_utf8(token).ok());
    if id.starts_with("ASIA") && session.is_none() {
        return Err(Impossible("temporary keys need their session token, which stands nowhere near".to_owned()));
    }
    let to = maker.destination(service.host, &|_| None)?;
    let mut request = to.request(Method::Post, "/")?;
    request.body = Zeroizing::new(body.to_owned());
    request.header("content-type", kind);
    request.header("x-amz-date", stamp(maker.settings.now));
    if let Some(session) = session {
        request.header("x-amz-security-token", session);
    }
    if let Some(target) = target {
        request.header("x-amz-target", target);
    }
    sign(&mut request, &id, question.secret.expose(), service.name);
    Ok(request)
}

/// `20260131T235959Z`.
fn stamp(now: i64) -> String {
    iso(now).replace(['-', ':'], "")
}

/// Signs what the request holds so far. The headers must be in lower case and in the order of their names.
fn sign(request: &mut Request, id: &str, secret: &[u8], service: &str) {
    let moment = request.headers.iter().find(|(name, _)| name == "x-amz-date").map(|(_, value)| value.to_string()).unwrap_or_default();
    let day = &moment[..8];
    let mut signed: Vec<(String, String)> = request.headers.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
    signed.push(("host".to_owned(), request.authority()));
    signed.sort();
    let names: Vec<&str> = signed.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let lines: String = signed.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let hash = |bytes: &[u8]| HEXLOWER.encode(&Sha256::digest(bytes));
    let path = request.target.split('?').next().unwrap_or("/");
    let method = format!("{:?}", request.method).to_uppercase();
    let canonical = format!("{method}\n{path}\n\n{lines}\n{names}\n{}", hash(request.body.as_bytes()));
    let scope = format!("{day}/{REGION}/{service}/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}", hash(canonical.as_bytes()));
    let mut key = Zeroizing::new([b"AWS4".as_slice(), secret].concat());
    for part in [day, REGION, service, "aws4_request"] {
        *key = mac(&key, part.as_bytes());
    }
    let signature = HEXLOWER.encode(&mac(&key, text.as_bytes()));
    request.header("authorization", format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"));
}

/// The verdict on an answer of the Security Token Service.
pub fn read(reply: &Reply) -> Verification {
    let text = reply.text();
    let code = element(&text, "Code").unwrap_or_default();
    let late = text.contains("Signature expired") || text.contains("Signature not yet current") || code == "RequestExpired";
    let verdict = match (reply.status, code) {
        (200, _) if element(&text, "Arn").is_some() => Verification::new(State::Live, "the provider takes it"),
        (_, _) if late => Verification::new(State::Unknown, "the clock of this machine is wrong"),
        (_, "InvalidClientTokenId" | "SignatureDoesNotMatch" | "ExpiredToken" | "ExpiredTokenException" | "InvalidAccessKeyId") => {
            Verification::new(State::Dead, format!("the provider refuses it ({code})"))
        }
        (_, "AccessDenied") => Verification::new(State::Unknown, "the provider knows it and says no"),
        (status, _) => Verification::new(State::Unknown, undecided(status)),
    };
    let mut verdict = verdict.with("status", reply.status.to_string());
    for (name, element_name) in [("arn", "Arn"), ("account", "Account"), ("user-id", "UserId")] {
        if let Some(value) = element(&text, element_name) {
            verdict.evidence.insert(name.to_owned(), value.chars().take(120).collect());
        }
    }
    verdict
}

/// Whether a key id belongs to an account whose keys are traps.
pub fn is_canary(id: &[u8]) -> bool {
    if id.len() != 20 {
        return false;
    }
    let Some(check) = check::by_name("aws-key-id") else { return false };
    let proof = check(&Subject { secret: id, whole: id, groups: &[], now: 0 });
    proof.facts.iter().any(|(name, _)| *name == "canary")
}

#[cfg(test)]
mod tests {
    use super::super::super::template::Hidden;
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        assert_eq!(stamp(0), "19700101T000000Z");
        assert_eq!(stamp(951_782_399), "20000228T235959Z");
        assert_eq!(stamp(951_782_400), "20000229T000000Z");
        assert_eq!(stamp(1_780_000_000), "20260528T202640Z");
    }

    /// The example that AWS publishes for version 4, with its key assembled.
    #[test]
    fn signs_as_the_documentation_does() {
        let secret = ["wJalrXUtnFEMI", "/K7MDENG+bPxRfiCY", "EXAMPLEKEY"].concat();
        let mut request = Request {
            method: Method::Get,
            https: true,
            host: "example.amazonaws.com".into(),
            port: 443,
            target: Zeroizing::new("/".to_owned()),
            headers: Vec::new(),
            body: Hidden::default(),
            named: false,
        };
        request.header("x-amz-date", "20150830T123600Z");
        sign(&mut request, "AKIDEXAMPLE", secret.as_bytes(), "service");
        let signature = request.headers[1].1.rsplit('=').next().unwrap().to_owned();
        assert_eq!(signature, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    }

    #[test]
    fn answers_are_understood() {
        let read = |status, body: &str| read(&Reply::of(status, body));
        let live = read(200, "<R><Arn>arn:aws:iam::1:user/x</Arn><UserId>A</UserId><Account>1</Account></R>");
        assert_eq!((live.state, live.evidence["arn"].as_str()), (State::Live, "arn:aws:iam::1:user/x"));
        let error = |code: &str, message: &str| format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        assert_eq!(read(403, &error("InvalidClientTokenId", "")).state, State::Dead);
        assert_eq!(read(403, &error("SignatureDoesNotMatch", "no")).state, State::Dead);
        assert_eq!(read(403, &error("SignatureDoesNotMatch", "Signature expired: x")).state, State::Unknown);
        assert_eq!((read(200, "<html>").state, read(503, "").state), (State::Unknown, State::Unknown));
    }
}
