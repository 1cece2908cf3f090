//! Requests that the program signs itself: a provider which computes the signature anew from what it hears takes the
//! right key and no other, and what has to stand beside the key is read from the text.

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};
use unleak::rule::{RuleSet, example};

use super::common::repo::Repo;
use super::common::run::run_with;
use super::provider::{Answer, Heard, Provider, answer};

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// A value of the rule, made from its first example.
fn value(rule: &str, seed: u64) -> String {
    let rules = RuleSet::builtin();
    let spec = &rules.by_id(rule).unwrap().spec;
    example::complete(&spec.matches[0], spec.check.as_deref(), seed).unwrap()
}

/// 64 bytes in base64 that nothing proves.
fn plain_key(seed: u8) -> String {
    let half = |n: u8| Sha256::digest([seed, n]).to_vec();
    BASE64.encode(&[half(0), half(1)].concat())
}

fn part<'t>(text: &'t str, before: &str, behind: &str) -> &'t str {
    text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1.split(behind).next().unwrap()
}

/// What a scan of the text says of the secret of that rule, with such a provider.
fn ask(rule: &str, text: &str, key: &str, manner: impl Fn(&Heard) -> Answer + Send + Sync + 'static) -> (Value, Vec<Heard>) {
    let provider = Provider::new(manner);
    let repo = Repo::folder();
    let endpoint = format!("*={}", provider.url());
    let args = ["stdin", "--verify", "--confidence", "low", "-f", "json", "--endpoint", &endpoint];
    let ran = run_with(&repo.home, &repo.path, &args, text.as_bytes());
    assert!(!ran.text().contains(key) && !ran.stderr.contains(key), "{}{}", ran.text(), ran.stderr);
    assert!(provider.heard().iter().all(|heard| !heard.all().contains(key)), "the key itself is never sent");
    let report = ran.report();
    let finding = report.findings().iter().find(|finding| finding["rule"] == rule);
    (finding.unwrap_or_else(|| panic!("{rule}: {}", ran.text()))["verification"].clone(), provider.heard())
}

/// The right key is live, one that the provider does not have is dead or unknown.
#[track_caller]
fn both(
    rule: &str,
    text: &dyn Fn(&str) -> String,
    keys: [&str; 2],
    refused: (&str, &str),
    check: fn(&Heard, &str) -> (bool, Answer, Answer),
) {
    let [good, bad] = keys;
    for (shown, held) in [(good, good), (bad, good)] {
        let held = held.to_owned();
        let (verification, heard) = ask(rule, &text(shown), shown, move |heard| {
            let (right, yes, no) = check(heard, &held);
            if right { yes } else { no }
        });
        let (state, reason) = (verification["state"].as_str().unwrap(), verification["reason"].as_str().unwrap());
        if shown == good {
            assert_eq!(state, "live", "{rule}: {verification}");
            assert_eq!(heard.len(), 2, "{rule}: the question and its control");
        } else {
            assert!(state == refused.0 && reason.contains(refused.1), "{rule}: {verification}");
        }
    }
}

fn storage(heard: &Heard, key: &str) -> (bool, Answer, Answer) {
    assert_eq!((heard.method.as_str(), heard.target.as_str()), ("GET", "/?comp=list&maxresults=1"));
    let (date, version) = (heard.header("x-ms-date").unwrap(), heard.header("x-ms-version").unwrap());
    let text = ["GET", "", "", "", "", "", "", "", "", "", "", ""].join("\n")
        + &format!("\nx-ms-date:{date}\nx-ms-version:{version}\n/quietlake/\ncomp:list\nmaxresults:1");
    let signed = BASE64.encode(&mac(&BASE64.decode(key.as_bytes()).unwrap(), &text));
    let right = heard.header("authorization") == Some(&format!("SharedKey quietlake:{signed}"));
    (right, answer(200, "<EnumerationResults><Name>logs</Name>"), answer(403, "<Error><Code>AuthenticationFailed</Code></Error>"))
}

#[test]
fn storage_of_azure() {
    let keys = [value("azure-storage-key", 3), value("azure-storage-key", 4)];
    let keys = [keys[0].as_str(), keys[1].as_str()];
    let text =
        |key: &str| format!("DefaultEndpointsProtocol=https;AccountName=quietlake;AccountKey={key};EndpointSuffix=core.windows.net\n");
    both("azure-storage-key", &text, keys, ("dead", "AuthenticationFailed"), storage);
    both("azure-storage-key", &|key| format!("account_name: quietlake\nkey: {key}\n"), keys, ("dead", "AuthenticationFailed"), storage);
    let plain = [plain_key(1), plain_key(2)];
    both("azure-account-key", &text, [&plain[0], &plain[1]], ("dead", "AuthenticationFailed"), storage);
    // Without the account, of Cosmos DB as far as anybody knows: nobody is asked. The name of another cloud's account is another's here.
    for (rule, text) in [
        ("azure-storage-key", format!("key: {}\n", keys[0])),
        ("azure-account-key", format!("COSMOS_ACCOUNT_NAME=quietlake\nCOSMOS_ACCOUNT_KEY={}\n", plain[0])),
        ("azure-storage-key", text(keys[0]).replace("core.windows.net", "core.chinacloudapi.cn")),
    ] {
        let (verification, heard) = ask(rule, &text, keys[0], |_| answer(200, "<EnumerationResults>"));
        assert!(verification["state"] == "not-checked" && heard.is_empty(), "{text}: {verification}");
    }
}

#[test]
fn cosmos_of_azure() {
    let keys = [value("azure-cosmos-key", 3), value("azure-cosmos-key", 4)];
    let text = |key: &str| format!("AccountEndpoint=https://quiet-lake.documents.azure.com:443/;AccountKey={key};\n");
    both("azure-cosmos-key", &text, [&keys[0], &keys[1]], ("dead", "refuses"), |heard, key| {
        let text = format!("get\n\n\n{}\n\n", heard.header("x-ms-date").unwrap().to_lowercase());
        let signed = BASE64.encode(&mac(&BASE64.decode(key.as_bytes()).unwrap(), &text));
        let encoded = signed.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let right = heard.header("authorization") == Some(&format!("type%3Dmaster%26ver%3D1.0%26sig%3D{encoded}"));
        (right && heard.target == "/", answer(200, r#"{"id":"quiet-lake"}"#), answer(401, "{}"))
    });
}

#[test]
fn configuration_of_azure() {
    let keys = [7, 8].map(|seed| BASE64.encode(&Sha256::digest([seed])));
    let text = |key: &str| format!("Endpoint=https://quiet-lake.azconfig.io;Id=aB1-l0-s0:Lake;Secret={key}\n");
    both("azure-app-configuration-secret", &text, [&keys[0], &keys[1]], ("dead", "clock"), |heard, key| {
        let (date, hash) = (heard.header("x-ms-date").unwrap(), heard.header("x-ms-content-sha256").unwrap());
        assert_eq!((heard.target.as_str(), hash), ("/keys?api-version=1.0", BASE64.encode(&Sha256::digest(b"")).as_str()));
        let text = format!("GET\n{}\n{date};{};{hash}", heard.target, heard.header("host").unwrap());
        let signed = BASE64.encode(&mac(&BASE64.decode(key.as_bytes()).unwrap(), &text));
        let said = heard.header("authorization").unwrap();
        let right = part(said, "&Signature=", " ") == signed && part(said, "Credential=", "&") == "aB1-l0-s0:Lake";
        (right, answer(200, r#"{"items":[]}"#), answer(401, ""))
    });
}

#[test]
fn exoscale() {
    let id = value("exoscale-api-key", 3);
    let keys = [value("exoscale-api-secret", 3), value("exoscale-api-secret", 4)].map(|line| line.split_once('=').unwrap().1.to_owned());
    let text = |key: &str| format!("{id}\nEXOSCALE_API_SECRET={key}\n");
    both("exoscale-api-secret", &text, [&keys[0], &keys[1]], ("dead", "invalid"), |heard, key| {
        let said = heard.header("authorization").unwrap();
        let text = format!("GET /v2/zone\n\n\n\n{}", part(said, "expires=", ","));
        let right = part(said, "signature=", ",") == BASE64.encode(&mac(key.as_bytes(), &text))
            && said.starts_with("EXO2-HMAC-SHA256 credential=EXO");
        (right, answer(200, r#"{"zones":[]}"#), answer(403, r#"{"message":"Invalid signature"}"#))
    });
}

#[test]
fn bitmex() {
    const ID: [&str; 3] = ["aB1cD2eF", "3gH4iJ5k", "L6mN7oP8"];
    let keys = [value("bitmex-api-secret", 3), value("bitmex-api-secret", 4)].map(|line| line.split_once('=').unwrap().1.to_owned());
    let text = |key: &str| format!("BITMEX_API_KEY={}\nBITMEX_API_SECRET={key}\n", ID.concat());
    both("bitmex-api-secret", &text, [&keys[0], &keys[1]], ("unknown", "test system"), |heard, key| {
        assert_eq!(heard.header("api-key"), Some(ID.concat().as_str()));
        let text = format!("GET/api/v1/user{}", heard.header("api-expires").unwrap());
        let right = heard.header("api-signature") == Some(&HEXLOWER.encode(&mac(key.as_bytes(), &text)));
        (right, answer(200, r#"{"username":"otter"}"#), answer(401, "{}"))
    });
}
