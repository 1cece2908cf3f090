//! Account keys of Azure, which sign by HMAC-SHA256: Storage (a list of one container), Cosmos DB (the account's own
//! description), App Configuration (the names of keys). Each service documents what is signed:
//! <https://learn.microsoft.com/en-us/rest/api/storageservices/authorize-with-shared-key>,
//! <https://learn.microsoft.com/en-us/rest/api/cosmos-db/access-control-on-cosmosdb-resources>,
//! <https://learn.microsoft.com/en-us/azure/azure-app-configuration/rest-api-authentication-hmac>. It sends nothing.

use data_encoding::BASE64;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::super::judge::{Reply, undecided};
use super::super::question::Question;
use super::super::request::{Impossible, Maker, Method, Request};
use super::super::template::percent;
use super::dates;
use super::mac::mac;
use super::xml::element;
use crate::finding::{State, Verification};
use crate::rule::WHOLE;

const STORAGE_VERSION: &str = "2021-08-06";
const COSMOS_VERSION: &str = "2018-12-31";
/// Where the accounts of the public cloud are; those of others have another suffix.
const PUBLIC: &str = "core.windows.net";
const CLOCK: &str = "the clock of this machine is wrong";

/// Asks Storage for its first container.
pub fn storage(question: &Question, maker: &Maker<'_>) -> Result<Request, Impossible> {
    let account = question.text("azure-account-name")?;
    if question.text("azure-endpoint-suffix").is_ok_and(|suffix| suffix != PUBLIC) {
        return Err(Impossible("it belongs to another cloud of Azure's: --endpoint azure=URL names its host".to_owned()));
    }
    let to = maker.destination("{azure-account-name}.blob.core.windows.net", &|name| question.value(name))?;
    let mut request = to.request(Method::Get, "/?comp=list&maxresults=1")?;
    let date = dates::http(maker.settings.now);
    let path = request.target.split('?').next().unwrap_or("/");
    // Of the headers that a signature may hold none but these two is sent.
    let text = format!("GET{}x-ms-date:{date}\nx-ms-version:{STORAGE_VERSION}\n/{account}{path}\ncomp:list\nmaxresults:1", "\n".repeat(12));
    let signature = BASE64.encode(&mac(&key(question)?, text.as_bytes()));
    let authorization = format!("SharedKey {account}:{signature}");
    request.header("x-ms-date", date);
    request.header("x-ms-version", STORAGE_VERSION);
    request.header("authorization", authorization);
    Ok(request)
}

/// Storage's answer.
pub fn read_storage(reply: &Reply) -> Verification {
    let text = reply.text();
    let code = element(&text, "Code").unwrap_or_default();
    let verdict = match (reply.status, code) {
        (200, _) if text.contains("<EnumerationResults") => Verification::new(State::Live, "the provider takes it"),
        (403, "AuthenticationFailed") if text.contains("too old") => Verification::new(State::Unknown, CLOCK),
        (403, "AuthenticationFailed") => Verification::new(State::Dead, "the provider refuses it (AuthenticationFailed)"),
        (status, _) => Verification::new(State::Unknown, undecided(status)),
    };
    let verdict = verdict.with("status", reply.status.to_string());
    match element(&text, "Name").filter(|_| reply.status == 200) {
        Some(name) => verdict.with("container", name.chars().take(63).collect::<String>()),
        None => verdict,
    }
}

/// Asks Cosmos DB for the account.
pub fn cosmos(question: &Question, maker: &Maker<'_>) -> Result<Request, Impossible> {
    let to = maker.destination("{azure-cosmos-account}.documents.azure.com", &|name| question.value(name))?;
    let mut request = to.request(Method::Get, "/")?;
    let date = dates::http(maker.settings.now);
    let signature = cosmos_signature(&key(question)?, ["get", "", ""], &date);
    request.header("x-ms-date", date);
    request.header("x-ms-version", COSMOS_VERSION);
    request.header("authorization", percent(&format!("type=master&ver=1.0&sig={signature}")));
    Ok(request)
}

/// What is signed: the method, the kind of resource and its link, the date.
fn cosmos_signature(key: &[u8], [method, kind, link]: [&str; 3], date: &str) -> String {
    BASE64.encode(&mac(key, format!("{method}\n{kind}\n{link}\n{}\n\n", date.to_lowercase()).as_bytes()))
}

/// Cosmos DB's answer. What comes too late or too early gets 403.
pub fn read_cosmos(reply: &Reply) -> Verification {
    let json = reply.json().unwrap_or_default();
    let account = json.get("id").and_then(serde_json::Value::as_str);
    let verdict = match (reply.status, account) {
        (200, Some(account)) => {
            Verification::new(State::Live, "the provider takes it").with("account", account.chars().take(63).collect::<String>())
        }
        (401, _) => Verification::new(State::Dead, "the provider refuses it"),
        (403, _) if reply.text().contains("current time") => Verification::new(State::Unknown, CLOCK),
        (status, _) => Verification::new(State::Unknown, undecided(status)),
    };
    verdict.with("status", reply.status.to_string())
}

/// Asks App Configuration for the names of keys. The connection string says all that is needed.
pub fn configuration(question: &Question, maker: &Maker<'_>) -> Result<Request, Impossible> {
    let whole = question.text(WHOLE)?;
    let odd = || Impossible("its connection string is none".to_owned());
    let (name, rest) = whole.split_once(".azconfig.io;Id=").ok_or_else(odd)?;
    let (id, _) = rest.split_once(";Secret=").ok_or_else(odd)?;
    if !id.bytes().all(|b| b.is_ascii_graphic() && b != b'&') {
        return Err(odd());
    }
    let to = maker.destination("{name}.azconfig.io", &|_| Some(name.as_bytes()))?;
    let mut request = to.request(Method::Get, "/keys?api-version=1.0")?;
    let (date, hash) = (dates::http(maker.settings.now), BASE64.encode(&Sha256::digest(b"")));
    let text = format!("GET\n{}\n{date};{};{hash}", *request.target, request.authority());
    let signature = BASE64.encode(&mac(&key(question)?, text.as_bytes()));
    request.header("x-ms-date", date);
    request.header("x-ms-content-sha256", hash);
    let signed = "x-ms-date;host;x-ms-content-sha256";
    request.header("authorization", format!("HMAC-SHA256 Credential={id}&SignedHeaders={signed}&Signature={signature}"));
    Ok(request)
}

/// App Configuration's answer, which does not tell a wrong key from a wrong clock.
pub fn read_configuration(reply: &Reply) -> Verification {
    let verdict = match reply.status {
        200 if reply.json().is_some_and(|json| json.get("items").is_some()) => Verification::new(State::Live, "the provider takes it"),
        401 => Verification::new(State::Dead, "the provider refuses it, if the clock of this machine is right"),
        status => Verification::new(State::Unknown, undecided(status)),
    };
    verdict.with("status", reply.status.to_string())
}

/// The bytes that the value stands for.
fn key(question: &Question) -> Result<Zeroizing<Vec<u8>>, Impossible> {
    // A made-up value has what it likes in the bits that the last character does not need.
    let mut specification = BASE64.specification();
    specification.check_trailing_bits = false;
    let wrong = || Impossible("it is no base64".to_owned());
    let encoding = specification.encoding().map_err(|_| wrong())?;
    encoding.decode(question.secret.expose()).map(Zeroizing::new).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the documentation, its key assembled.
    #[test]
    fn cosmos_signs_as_the_documentation_does() {
        let text = ["dsZQi3KtZmCv1ljt3VNWNm7sQUF1y5rJfC6kv5Jiwv", "W0EndXdDku/dkKBp8/ufDToSxLzR4y+O/0H/t4bQtVNw", "=="].concat();
        let key = BASE64.decode(text.as_bytes()).unwrap();
        let signature = cosmos_signature(&key, ["get", "dbs", "dbs/ToDoList"], "Thu, 27 Apr 2017 00:51:12 GMT");
        assert_eq!(signature, "c09PEVJrgp2uQRkr934kFbTqhByc7TVr3OHyqlu+c+c=");
    }

    #[test]
    fn answers_are_understood() {
        let refused = |detail: &str| format!("<Error><Code>AuthenticationFailed</Code><Detail>{detail}</Detail></Error>");
        let live = read_storage(&Reply::of(200, "<EnumerationResults><Containers><Container><Name>logs</Name></Container>"));
        assert_eq!((live.state, live.evidence["container"].as_str()), (State::Live, "logs"));
        assert_eq!(read_storage(&Reply::of(403, &refused("The MAC signature found is not the same"))).state, State::Dead);
        assert_eq!(read_storage(&Reply::of(403, &refused("Request date header too old"))).reason, CLOCK);
        let locked = "<Error><Code>KeyBasedAuthenticationNotPermitted</Code></Error>";
        assert_eq!(
            (read_storage(&Reply::of(403, locked)).state, read_storage(&Reply::of(200, "<html>")).state),
            (State::Unknown, State::Unknown)
        );
        assert_eq!(read_cosmos(&Reply::of(200, r#"{"id":"lake"}"#)).evidence["account"], "lake");
        assert_eq!((read_cosmos(&Reply::of(401, "{}")).state, read_cosmos(&Reply::of(200, "{}")).state), (State::Dead, State::Unknown));
        assert_eq!(read_cosmos(&Reply::of(403, "not valid at the current time")).reason, CLOCK);
        assert_eq!(read_configuration(&Reply::of(200, r#"{"items":[]}"#)).state, State::Live);
        assert_eq!(
            (read_configuration(&Reply::of(401, "")).state, read_configuration(&Reply::of(403, "")).state),
            (State::Dead, State::Unknown)
        );
    }
}
