//! Files of known formats as tools write them: every credential in them is found, and its finding says where it belongs.
//! All values are made up at run time.
#![cfg(unix)]

mod common;

use std::fs;

use common::run::run;
use common::token::Random;
use data_encoding::BASE64;
use serde_json::Value;
use unleak::rule::{RuleSet, example};

fn base64(text: &str) -> String {
    BASE64.encode(text.as_bytes())
}

fn made_up(seed: u64, len: usize) -> String {
    Random::new(seed).alphanumeric(len)
}

fn findings(name: &str, text: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    run(folder.path(), folder.path(), &["scan", name, "-f", "json", "--show-secrets"]).report().findings().to_vec()
}

/// Where a finding's value belongs, of the one whose place holds it.
#[track_caller]
fn says(findings: &[Value], line: u64, rule: &str, facts: &[(&str, &str)]) {
    let on = |f: &&Value| f["places"].as_array().unwrap().iter().any(|place| place["line"] == line);
    let finding = findings.iter().find(on).unwrap_or_else(|| panic!("nothing on line {line}: {findings:#?}"));
    assert_eq!(finding["rule"], rule, "{finding:#}");
    for (name, what) in facts {
        assert_eq!(finding["facts"][name], *what, "{finding:#}");
    }
}

#[test]
fn a_docker_configuration_names_registries_and_users() {
    let text = format!(
        "{{\n\"auths\": {{\n\"https://index.docker.io/v1/\": {{\"auth\": \"{}\"}},\n\"lake.azurecr.io\": {{\"auth\": \"{}\",\n\
         \"identitytoken\": \"{}\"}},\n\"lake.io:5000\": {{\"username\": \"joe\",\n\"password\": \"{}\"}}\n}}\n}}\n",
        base64(&format!("lakebot:{}", made_up(1, 9))),
        base64("00000000-0000-0000-0000-000000000000:"),
        made_up(2, 60),
        made_up(3, 20),
    );
    let found = findings("config.json", &text);
    says(&found, 3, "docker-config-auth", &[("registry", "index.docker.io"), ("user", "lakebot")]);
    says(&found, 5, "docker-identity-token", &[("registry", "lake.azurecr.io")]);
    says(&found, 7, "generic-secret", &[("registry", "lake.io:5000")]);
    assert_eq!(found.len(), 3, "a user without a password is nothing to report: {found:#?}");
}

#[test]
fn an_npmrc_names_registries_and_users() {
    let text = format!(
        "registry=https://npm.lake.io/\n//a.lake.io/:_authToken={}\n//b.lake.io/npm/:_password=\"{}\"\n//b.lake.io/npm/:username=ada\n\
         _auth={}\n//c.lake.io/:_auth={}\n//d.lake.io/:_authToken=${{NPM_TOKEN}}\n//d.lake.io/:_auth=${{NPM_AUTH}}\n",
        made_up(1, 40),
        base64("Sommer-7q!"),
        base64(&format!("joe:{}", made_up(2, 14))),
        base64("eve:Winter-7q!"),
    );
    let found = findings(".npmrc", &text);
    says(&found, 2, "generic-secret", &[("registry", "a.lake.io")]);
    says(&found, 3, "npm-registry-password", &[("registry", "b.lake.io"), ("user", "ada")]);
    says(&found, 5, "npm-registry-auth", &[("registry", "npm.lake.io"), ("user", "joe")]);
    says(&found, 6, "npm-registry-auth", &[("registry", "c.lake.io"), ("user", "eve")]);
    assert_eq!(found.len(), 4, "{found:#?}");
}

#[test]
fn a_netrc_names_machines_and_logins() {
    let text = format!(
        "machine git.lake.io\n  login joe\n  password {}\nmachine api.lake.io login ada password {}\n\
         machine ftp.lake.io login anonymous password me@lake.io\n",
        made_up(1, 16),
        made_up(2, 9),
    );
    let found = findings(".netrc", &text);
    says(&found, 3, "netrc-password", &[("host", "git.lake.io"), ("user", "joe")]);
    says(&found, 4, "netrc-password", &[("host", "api.lake.io"), ("user", "ada")]);
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn a_token_in_the_users_place_is_shown_nowhere() {
    let token = made_up(7, 40);
    let pair = base64(&format!("{token}:x-oauth-basic"));
    for text in [
        format!("Authorization: Basic {pair}\n"),
        format!("{{\"auths\": {{\"lake.io\": {{\"auth\": \"{pair}\"}}}}}}\n"),
        format!("machine git.lake.io login {token} password x-oauth-basic\n"),
        format!("//b.lake.io/:_password={}\n//b.lake.io/:username={token}\n", base64("Sommer-7q!")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes"), &text).unwrap();
        let ran = run(folder.path(), folder.path(), &["scan", "notes", "-f", "json"]);
        assert!(!ran.report().findings().is_empty() && !ran.text().contains(&token), "{}", ran.text());
    }
}

/// A key with its certificate until the end of that year.
fn certified(year: i32) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "system:masters");
    params.distinguished_name.push(rcgen::DnType::CommonName, "lake-admin");
    params.not_after = rcgen::date_time_ymd(year, 12, 31);
    (base64(&key.serialize_pem()), base64(&params.self_signed(&key).unwrap().pem()))
}

fn kubeconfig(year: i32, token: &str) -> String {
    let (key, certificate) = certified(year);
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    certificate-authority-data: {certificate}\n    server: https://k8s.lake.io:6443\n  \
         name: lake\ncontexts:\n- context:\n    cluster: lake\n    user: admin\n  name: admin@lake\nusers:\n- name: admin\n  user:\n    \
         client-certificate-data: {certificate}\n    client-key-data: {key}\n- name: robot\n  user:\n    token: {token}\n"
    )
}

#[test]
fn a_kubeconfig_names_server_user_and_end() {
    let found = findings("config", &kubeconfig(2095, &made_up(1, 48)));
    let admin = [("user", "admin"), ("server", "https://k8s.lake.io:6443"), ("subject", "lake-admin"), ("groups", "system:masters")];
    says(&found, 17, "base64-private-key", &admin);
    says(&found, 20, "generic-secret", &[("user", "robot")]);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(found[0]["severity"], "critical");
    let old = findings("config", &kubeconfig(2021, &made_up(1, 48)));
    let key = old.iter().find(|f| f["rule"] == "base64-private-key").unwrap();
    assert_eq!((&key["severity"], &key["facts"]["expires"]), (&"low".into(), &"2021-12-31T00:00:00Z".into()), "{key:#}");
    assert!(key["reasons"].as_array().unwrap().contains(&"its certificate has expired".into()), "{key:#}");
}

#[test]
fn a_terraform_state_names_resources_and_outputs() {
    let text = format!(
        "{{\n\"version\": 4,\n\"terraform_version\": \"1.9.0\",\n\"outputs\": {{\n\"entry\": {{\n\"value\": \"{}\",\n\"type\": \"string\",\n\"sensitive\": true\n}}\n}},\n\
         \"resources\": [\n{{\"type\": \"aws_db_instance\", \"name\": \"main\", \"instances\": [{{\"attributes\": {{\n\"address\": \"db.lake.io\",\n\
         \"password\": \"{}\"}}}}]}},\n{{\"type\": \"random_password\", \"name\": \"pw\", \"instances\": [{{\"attributes\": {{\n\"bcrypt_hash\": \"\",\n\
         \"length\": 16,\n\"result\": \"{}\"}}}}]}}\n]\n}}\n",
        made_up(1, 14),
        made_up(2, 16),
        made_up(3, 16),
    );
    let found = findings("terraform.tfstate", &text);
    says(&found, 6, "terraform-state-output", &[("output", "entry")]);
    says(&found, 14, "generic-secret", &[("resource", "aws_db_instance.main"), ("attribute", "password")]);
    says(&found, 18, "terraform-random-password", &[("resource", "random_password.pw"), ("attribute", "result")]);
    assert_eq!(found.len(), 3, "{found:#?}");
}

/// The example of a rule, completed.
fn shown(id: &str, number: usize, seed: u64) -> String {
    let rules = RuleSet::builtin();
    let rule = rules.named(id).unwrap()[0];
    example::complete(&rule.spec.matches[number], rule.spec.check.as_deref(), seed).unwrap()
}

#[test]
fn a_phrase_needs_its_checksum_and_a_word_in_front() {
    let words = shown("bip39-mnemonic", 0, 1);
    let phrase = words.split_once('"').unwrap().1.trim_end_matches('"');
    assert_eq!(phrase.split(' ').count(), 12);
    for text in [format!("MNEMONIC=\"{phrase}\"\n"), format!("Recovery phrase:\n\n{}\n", phrase.replace(' ', "\n"))] {
        let found = findings("notes", &text);
        assert_eq!((found.len(), &found[0]["rule"], &found[0]["secret"]), (1, &"bip39-mnemonic".into(), &phrase.into()), "{text}");
    }
    assert_eq!(findings("notes", &format!("the poem: {phrase}\n")), [] as [Value; 0]);
    // Two words in another order are another number, whose checksum hardly ever is the same.
    let mut other: Vec<&str> = phrase.split(' ').collect();
    other.rotate_left(1);
    assert_eq!(findings("notes", &format!("MNEMONIC=\"{}\"\n", other.join(" "))), [] as [Value; 0]);
}

#[test]
fn a_short_term_key_of_bedrock_says_who_signed_it() {
    let found = findings("env", &format!("AWS_BEARER_TOKEN_BEDROCK={}\n", shown("aws-bedrock-short-term-key", 0, 1)));
    says(&found, 1, "aws-bedrock-short-term-key", &[("region", "eu-west-1"), ("expires", "2096-01-03T16:05:06Z")]);
    assert!(found[0]["facts"]["key-id"].as_str().unwrap().starts_with("ASIA"));
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn a_session_token_belongs_to_the_pair_beside_it() {
    let (id, token) = (shown("aws-temporary-key-id", 0, 1), shown("aws-session-token", 0, 2));
    let text = format!("[a]\naws_access_key_id = {id}\n{}\naws_session_token = {token}\n", shown("aws-secret-access-key", 0, 3));
    let found = findings("credentials", &text);
    assert_eq!(found.len(), 1, "{found:#?}");
    let pair = &found[0]["pair"];
    assert_eq!(
        (&found[0]["rule"], &pair["secret"], &pair["third"]["secret"]),
        (&"aws-secret-access-key".into(), &id.into(), &token.clone().into())
    );
    assert_eq!(pair["third"]["place"]["line"], 4);
    let alone = findings("credentials", &format!("aws_session_token = {token}\n"));
    assert_eq!(alone[0]["rule"], "aws-session-token");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("credentials"), &text).unwrap();
    let shown = run(folder.path(), folder.path(), &["scan", "credentials"]).text();
    assert!(shown.contains("with      AWS session token IQoJb3JpZ2lu") && !shown.contains(&token), "{shown}");
}
