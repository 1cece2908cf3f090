//! Verification against real software on loopback, which `.ci/real` starts: databases, a broker, SSH, a mail server,
//! and one that speaks like AWS. Where they are is told by variables; without them these tests are not run at all.
#![cfg(feature = "drivers")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use unleak::finding::State;
use unleak::progress::Progress;
use unleak::rule::RuleSet;
use unleak::secret::Secret;
use unleak::verify::question::Question;
use unleak::verify::settings::Settings;
use unleak::verify::{analyze, revoke, run};

/// The value of a variable that `.ci/real` sets.
fn told(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run .ci/real"))
}

fn question(rule: &str, secret: &str, parts: &[(&str, &str)]) -> Question {
    let rules = RuleSet::builtin();
    let parts = parts.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value, 0))).collect();
    Question { rule: Arc::new(rules.by_id(rule).unwrap().spec.clone().into_owned()), secret: Secret::new(secret, 0), parts, control: false }
}

fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64
}

fn verdict(question: Question, settings: &Settings) -> (State, String) {
    let verdict = run::run(&[question], settings, &Progress::new()).unwrap().remove(0);
    (verdict.state, format!("{verdict:?}"))
}

fn login(rule: &str, url: &str, secret: &str) -> (State, String) {
    let settings = Settings { hosts: vec!["127.0.0.1".into()], now: now(), ..Settings::default() };
    verdict(question(rule, secret, &[("whole", url)]), &settings)
}

/// The same with the certificate of the servers among those that count.
fn trusting(rule: &str, url: &str, secret: &str) -> (State, String) {
    let pem = std::fs::read(format!("{}/tls.pem", told("UNLEAK_REAL_FOLDER"))).unwrap();
    let roots = run::certificates(&pem).unwrap();
    let settings = Settings { hosts: vec!["127.0.0.1".into()], roots, now: now(), ..Settings::default() };
    verdict(question(rule, secret, &[("whole", url)]), &settings)
}

/// The right password and a wrong one, by a URL that holds it.
fn both(rule: &str, url: &dyn Fn(&str) -> String) {
    let password = told("UNLEAK_REAL_PASSWORD");
    let (state, why) = login(rule, &url(&password), &password);
    assert_eq!(state, State::Live, "{why}");
    assert!(!why.contains(&password), "{why}");
    let (state, why) = login(rule, &url("wrong-one"), "wrong-one");
    assert_eq!(state, State::Dead, "{why}");
    let settings = Settings { now: now(), ..Settings::default() };
    let (state, why) = verdict(question(rule, &password, &[("whole", &url(&password))]), &settings);
    assert_eq!(state, State::NotChecked, "{why}");
}

#[test]
#[ignore = "needs the servers that .ci/real starts"]
fn postgres() {
    let (port, password) = (told("UNLEAK_REAL_POSTGRES_PORT"), told("UNLEAK_REAL_PASSWORD"));
    both("postgres-url", &|password| format!("postgres://app:{password}@127.0.0.1:{port}/postgres"));
    both("jdbc-url", &|password| format!("jdbc:postgresql://127.0.0.1:{port}/postgres?user=app&password={password}"));
    // The password is looked at before the database.
    let (state, why) = login("postgres-url", &format!("postgres://app:x@127.0.0.1:{port}/no-such"), &password);
    assert_eq!(state, State::Live, "{why}");
}

#[test]
#[ignore = "needs the servers that .ci/real starts"]
fn mariadb() {
    let (port, password) = (told("UNLEAK_REAL_MARIADB_PORT"), told("UNLEAK_REAL_PASSWORD"));
    for database in ["shop", "no-such", ""] {
        both("mysql-url", &|password| format!("mysql://app:{password}@127.0.0.1:{port}/{database}"));
    }
    both("jdbc-url", &|password| format!("jdbc:mariadb://127.0.0.1:{port}/shop?user=app&password={password}"));
    let strict = format!("mysql://app:x@127.0.0.1:{port}/shop?ssl-mode=verify_identity");
    let (state, why) = login("mysql-url", &strict, &password);
    assert!(state == State::Unknown && why.contains("no certificate that this machine trusts"), "{why}");
    let (state, why) = trusting("mysql-url", &strict, &password);
    assert_eq!(state, State::Live, "{why}");
}

#[test]
#[ignore = "needs the servers that .ci/real starts"]
fn redis() {
    let port = told("UNLEAK_REAL_REDIS_PORT");
    for user in ["", "default"] {
        both("redis-url", &|password| format!("redis://{user}:{password}@127.0.0.1:{port}/0"));
    }
    let (state, why) = login("redis-url", &format!("redis://:x@127.0.0.1:{}/0", told("UNLEAK_REAL_POSTGRES_PORT")), "x");
    assert_eq!(state, State::Unknown, "{why}");
}

#[test]
#[ignore = "needs the servers that .ci/real starts"]
fn rabbitmq() {
    let port = told("UNLEAK_REAL_RABBITMQ_PORT");
    both("amqp-url", &|password| format!("amqp://app:{password}@127.0.0.1:{port}/no-such"));
}

#[test]
#[ignore = "needs the servers that .ci/real starts"]
fn smtp() {
    let (port, password) = (told("UNLEAK_REAL_SMTP_PORT"), told("UNLEAK_REAL_PASSWORD"));
    both("smtp-url", &|password| format!("smtp://app:{password}@127.0.0.1:{port}"));
    let strict = format!("smtp://app:x@127.0.0.1:{port}?tls=true");
    let (state, why) = login("smtp-url", &strict, &password);
    assert_eq!(state, State::Unknown, "{why}");
}

#[test]
#[ignore = "needs the servers that .ci/real starts"]
fn ssh() {
    let (port, user, folder) = (told("UNLEAK_REAL_SSH_PORT"), told("UNLEAK_REAL_SSH_USER"), told("UNLEAK_REAL_FOLDER"));
    let endpoints = BTreeMap::from([("ssh".to_owned(), format!("{user}@127.0.0.1:{port}"))]);
    let settings = Settings { endpoints, now: now(), ..Settings::default() };
    for (name, wanted) in [
        ("ed25519", State::Live),
        ("ecdsa", State::Live),
        ("sec1", State::Live),
        ("rsa", State::Live),
        ("pkcs1", State::Live),
        ("pkcs8", State::Live),
        ("unknown", State::Unknown),
        ("locked", State::NotChecked),
    ] {
        let key = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        let (state, why) = verdict(question("private-key", "its body", &[("whole", &key)]), &settings);
        assert_eq!(state, wanted, "{name}: {why}");
    }
}

/// Asks the server something as its administrator, unsigned.
fn admin(port: &str, body: &str) -> String {
    ask(port, "iam", "content-type: application/x-www-form-urlencoded", body)
}

fn ask(port: &str, service: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let auth = format!("AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0");
    write!(
        stream,
        "POST / HTTP/1.1\r\nhost: {service}.amazonaws.com\r\nauthorization: {auth}\r\n{headers}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn element(text: &str, name: &str) -> String {
    let inside = text.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
    inside.unwrap_or_else(|| panic!("no {name} in {text}")).0.to_owned()
}

/// What `analyze` says of a key pair, one look a line.
fn looks(id: &str, secret: &str, settings: &Settings) -> String {
    let seen = analyze::analyze(&question("aws-secret-access-key", secret, &[("aws-access-key-id", id)]), settings).unwrap();
    let lines: Vec<String> = seen.iter().map(|seen| format!("{}: {}\n", seen.what, seen.said)).collect();
    assert!(!lines.concat().contains(secret), "{}", lines.concat());
    lines.concat()
}

/// The server lets six requests pass unsigned; after that it checks every signature.
#[test]
#[ignore = "needs the servers that .ci/real starts"]
fn aws() {
    let port = told("UNLEAK_REAL_AWS_PORT");
    admin(&port, "Action=CreateUser&UserName=ci&Version=2010-05-08");
    let policy = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D";
    admin(&port, &format!("Action=PutUserPolicy&UserName=ci&PolicyName=all&PolicyDocument={policy}&Version=2010-05-08"));
    let made = admin(&port, "Action=CreateAccessKey&UserName=ci&Version=2010-05-08");
    let (id, secret) = (element(&made, "AccessKeyId"), element(&made, "SecretAccessKey"));
    let json = "content-type: application/x-amz-json-1.1\r\nx-amz-target: secretsmanager.CreateSecret";
    ask(&port, "secretsmanager", json, r#"{"Name":"db/main","SecretString":"x"}"#);
    admin(&port, "Action=CreateUser&UserName=guest&Version=2010-05-08");
    let guest = admin(&port, "Action=CreateAccessKey&UserName=guest&Version=2010-05-08");
    let (guest_id, guest_secret) = (element(&guest, "AccessKeyId"), element(&guest, "SecretAccessKey"));
    let endpoints = BTreeMap::from([("aws".to_owned(), format!("http://127.0.0.1:{port}"))]);
    let settings = Settings { endpoints, now: now(), ..Settings::default() };
    let parts = [("aws-access-key-id", id.as_str())];
    let (state, why) = verdict(question("aws-secret-access-key", &secret, &parts), &settings);
    assert_eq!(state, State::Live, "{why}");
    assert!(why.contains("user/ci") && !why.contains(&secret), "{why}");
    let wrong: String = secret.chars().rev().collect();
    let (state, why) = verdict(question("aws-secret-access-key", &wrong, &parts), &settings);
    assert_eq!(state, State::Dead, "{why}");
    let (state, why) =
        verdict(question("aws-secret-access-key", &secret, &[("aws-access-key-id", &["AKIA", "QUIETLAKE2345672"].concat())]), &settings);
    assert_eq!(state, State::Dead, "{why}");
    // Who may do it, who may not, and a key pair that is none.
    let all = looks(&id, &secret, &settings);
    assert!(all.contains("user/ci") && all.contains("own policies: all\n") && all.contains("secrets in us-east-1: db/main\n"), "{all}");
    let little = looks(&guest_id, &guest_secret, &settings);
    assert!(little.contains("user/guest") && little.contains("secrets in us-east-1: not allowed (403)\n"), "{little}");
    assert!(little.contains("own policies: not allowed (403)\n") && !little.contains("db/main"), "{little}");
    let none = looks(&id, &wrong, &settings);
    assert_eq!(none, "who: not allowed (403)\n");
    let done = revoke::revoke(&question("aws-secret-access-key", &secret, &parts), &settings).unwrap();
    assert!(done.done && done.after.state == State::Dead, "{done:?}");
    assert!(!format!("{done:?}").contains(&secret));
    let (state, why) = verdict(question("aws-secret-access-key", &secret, &parts), &settings);
    assert_eq!(state, State::Dead, "{why}");
    assert_eq!(looks(&id, &secret, &settings), "who: not allowed (403)\n");
}
