//! What a value says of itself, and what has ended, as the program reports it: expiry in the value, an old commit
//! of a kind that lives hours, one winner where several providers share a shape.
#![cfg(unix)]

mod common;

use std::fs;

use common::repo::Repo;
use common::run::run;
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use unleak::rule::{RuleSet, example};

/// The example of a rule, completed.
fn shown(id: &str, number: usize, seed: u64) -> String {
    let rules = RuleSet::builtin();
    let rule = rules.named(id).unwrap()[0];
    example::complete(&rule.spec.matches[number], rule.spec.check.as_deref(), seed).unwrap()
}

fn findings(text: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("settings"), text).unwrap();
    run(folder.path(), folder.path(), &["scan", "settings", "-f", "json"]).report().findings().to_vec()
}

#[track_caller]
fn of<'a>(findings: &'a [Value], rule: &str) -> &'a Value {
    findings.iter().find(|f| f["rule"] == rule).unwrap_or_else(|| panic!("{rule}: {findings:#?}"))
}

fn says(finding: &Value, why: &str) -> bool {
    finding["reasons"].as_array().unwrap().iter().any(|reason| reason.as_str().unwrap().contains(why))
}

fn jwt(exp: i64) -> String {
    let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let signature: Vec<u8> = (0..32u8).map(|n| n.wrapping_mul(67).wrapping_add(41)).collect();
    let payload = format!(r#"{{"iss":"https://login.lake.example/","sub":"app-7","exp":{exp}}}"#);
    format!("{}.{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(&payload), BASE64URL_NOPAD.encode(&signature))
}

#[test]
fn a_token_past_its_end_is_of_low_severity_and_says_why() {
    let old = findings(&format!("session = {}\n", jwt(1_600_000_000)));
    let old = of(&old, "jwt");
    assert_eq!(old["severity"], "low", "{old}");
    assert!(says(old, "it has expired"), "{old}");
    assert!(old["facts"]["expires"].as_str().unwrap().starts_with("2020-09-13"), "{old}");
    let fresh = findings(&format!("session = {}\n", jwt(4_000_000_000)));
    assert_ne!(of(&fresh, "jwt")["severity"], "low");
    assert!(!says(of(&fresh, "jwt"), "expired"));
}

#[test]
fn a_shared_access_signature_past_its_end_too() {
    let signature = example::complete("sig=<checksum>", Some("azure-sas"), 1).unwrap();
    let url = |end: &str| {
        format!("url = \"https://lake7.blob.core.windows.net/c?sv=2022-11-02&sp=rl&se={end}T00%3A00%3A00Z&sr=c&{signature}\"\n")
    };
    let old = findings(&url("2021-03-04"));
    let old = of(&old, "azure-sas");
    assert_eq!((&old["severity"], says(old, "it has expired")), (&"low".into(), true), "{old}");
    assert_eq!((&old["facts"]["account"], &old["facts"]["right"]), (&"lake7".into(), &"rl".into()), "{old}");
    assert_ne!(of(&findings(&url("2096-03-04")), "azure-sas")["severity"], "low");
}

#[test]
fn what_lives_hours_has_ended_in_an_old_commit() {
    let (installation, key) = (shown("github-app-installation-token", 0, 1), shown("aws-temporary-key-id", 0, 2));
    let text = format!("a = {installation}\nb = {key}\n");
    let repo = Repo::new();
    repo.add("old.env", &text);
    repo.commit("add");
    let ran = run(&repo.home, &repo.path, &["git", ".", "-f", "json"]).report();
    for rule in ["github-app-installation-token", "aws-temporary-key-id"] {
        let finding = of(ran.findings(), rule);
        assert_eq!(finding["severity"], "low", "{finding}");
        assert!(says(finding, "it has ended: its kind lives"), "{finding}");
        // The same in a file of today may still work.
        assert_eq!(of(&findings(&text), rule)["severity"], "medium");
    }
}

#[test]
fn the_secret_of_a_temporary_id_has_ended_with_it() {
    let secret = shown("aws-secret-access-key", 0, 3);
    let text = format!("aws_access_key_id = {}\n{secret}\n", shown("aws-temporary-key-id", 0, 4));
    let repo = Repo::new();
    repo.add("credentials", &text);
    repo.commit("add");
    let ran = run(&repo.home, &repo.path, &["git", ".", "-f", "json"]).report();
    let finding = of(ran.findings(), "aws-secret-access-key");
    assert_eq!((&finding["severity"], &finding["pair"]["rule"]), (&"low".into(), &"aws-temporary-key-id".into()), "{finding}");
    assert_eq!(of(&findings(&text), "aws-secret-access-key")["severity"], "critical");
}

#[test]
fn what_decodes_stands_in_the_facts() {
    for (rule, number, fact) in [
        ("aws-bedrock-api-key", 0, "account"),
        ("cloudflare-tunnel-token", 0, "account"),
        ("postman-api-key", 0, "issued"),
        ("harness-api-key", 0, "issued"),
        ("newrelic-license-key", 0, "region"),
        ("sentry-org-token", 0, "organization"),
        ("grafana-cloud-token", 0, "organization"),
        ("github-pat-fine-grained", 0, "owner"),
        ("discord-bot-token", 0, "account"),
    ] {
        let text = format!("value: {}\n", shown(rule, number, 5));
        let found = findings(&text);
        let facts = &of(&found, rule)["facts"];
        assert!(facts[fact].is_string(), "{rule}: {facts}");
    }
}

#[test]
fn a_providers_word_decides_between_those_that_share_a_shape() {
    for (rule, number) in
        [("paymongo-api-key", 0), ("paystack-secret-key", 0), ("workos-production-api-key", 0), ("workos-staging-api-key", 0)]
    {
        let found = findings(&format!("{}\n", shown(rule, number, 6)));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0]["rule"], rule);
    }
    let stripe = findings(&format!("key: {}\n", shown("stripe-secret-key", 0, 7)));
    assert_eq!(stripe[0]["rule"], "stripe-secret-key");
}
