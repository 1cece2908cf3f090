//! Logins over protocols other than HTTP, against servers on loopback: live, dead and unknown for each, that a login
//! is tried once, and that none goes to a host which the user did not name.

mod keys;
mod mongo;
mod servers;

use serde_json::Value;

use self::servers::Server;
use super::common::repo::Repo;
use super::common::run::run_with;

/// What a scan of that text with these options says of its only secret.
fn ask(text: &str, more: &[&str]) -> Value {
    let repo = Repo::folder();
    let args = [&["stdin", "--verify", "-f", "json"], more].concat();
    let ran = run_with(&repo.home, &repo.path, &args, text.as_bytes());
    assert_eq!(ran.code, 1, "{text}: {}{}", ran.text(), ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    for secret in [good(), bad()] {
        assert!(!ran.text().contains(&secret) && !ran.stderr.contains(&secret), "{}{}", ran.text(), ran.stderr);
    }
    let report = ran.report();
    assert_eq!(report.findings().len(), 1, "{}", ran.text());
    report.findings()[0]["verification"].clone()
}

#[track_caller]
fn is(verification: &Value, state: &str, reason: &str) {
    assert!(verification["state"] == state && verification["reason"].as_str().unwrap().contains(reason), "{verification}");
}

fn good() -> String {
    ["kV8wq2", "ZtQ9xR", "m4Tb7"].concat()
}

fn bad() -> String {
    ["pL3nY6", "cW1sJ8", "dF5gH"].concat()
}

const ALLOWED: [&str; 2] = ["--verify-hosts", "127.0.0.1"];

type Manner = fn(&mut std::net::TcpStream, &str) -> Option<String>;

/// Asks once with the right password, once with a wrong one; both are tried once.
#[track_caller]
fn both(manner: Manner, url: &str, word: &str) {
    let server = Server::new(&good(), manner);
    let at = |password: &str| url.replace("HOST", &format!("127.0.0.1:{}", server.port)).replace("PASSWORD", password);
    let live = ask(&at(&good()), &ALLOWED);
    is(&live, "live", "lets it in");
    assert_eq!(live["evidence"]["host"], format!("127.0.0.1:{}", server.port).as_str());
    assert_eq!(live["evidence"]["user"], "app");
    is(&ask(&at(&bad()), &ALLOWED), "dead", word);
    assert_eq!(server.logins(), ["app", "app"], "no login is tried twice, and there is no negative control");
    let refused = ask(&at(&good()), &[]);
    is(&refused, "not-checked", "its host stands in the scanned text: --verify-hosts 127.0.0.1");
    // A pattern is no exact name, so the address has to be a public one; and another port is another host.
    is(&ask(&at(&good()), &["--verify-hosts", "127.0.0.1:1"]), "not-checked", "its host stands in the scanned text");
    assert_eq!(server.logins().len(), 2);
}

#[test]
fn mysql() {
    both(servers::mysql, "mysql://app:PASSWORD@HOST/shop", "1045");
    let server = Server::new(&good(), servers::mysql);
    let url = format!("mariadb://app:{}@127.0.0.1:{}/other", good(), server.port);
    is(&ask(&url, &ALLOWED), "live", "");
}

#[test]
fn mongodb() {
    both(mongo::newer, "mongodb://app:PASSWORD@HOST/shop?authSource=admin", "AuthenticationFailed");
    both(mongo::older, "mongodb://app:PASSWORD@HOST/shop", "AuthenticationFailed");
    let server = Server::new("", mongo::pretender);
    let url = format!("mongodb://app:{}@127.0.0.1:{}/admin", good(), server.port);
    is(&ask(&url, &ALLOWED), "unknown", "does not prove that it knows the password");
    let srv = format!("mongodb+srv://app:{}@cluster0.corp.io/admin", good());
    is(&ask(&srv, &["--verify-hosts", "cluster0.corp.io"]), "not-checked", "stand in the DNS");
}

#[test]
fn brokers() {
    both(servers::amqp, "amqp://app:PASSWORD@HOST/shop", "ACCESS_REFUSED");
}

#[test]
fn mail_servers() {
    both(servers::smtp, "smtp://app:PASSWORD@HOST", "535");
}

#[test]
fn jdbc_urls_are_those_of_their_databases() {
    for url in ["jdbc:mysql://HOST/shop?user=app&password=PASSWORD", "jdbc:mariadb://HOST/shop?password=PASSWORD&user=app"] {
        both(servers::mysql, url, "1045");
    }
    let url = format!("jdbc:sqlserver://sql.corp.io:1433;databaseName=app;user=app;password={};encrypt=true", good());
    is(&ask(&url, &["--verify-hosts", "sql.corp.io"]), "not-checked", "no client for sqlserver");
}

const URLS: [&str; 7] = [
    "mysql://app:PASSWORD@HOST/shop",
    "mongodb://app:PASSWORD@HOST/admin",
    "amqp://app:PASSWORD@HOST/shop",
    "smtp://app:PASSWORD@HOST",
    "postgres://app:PASSWORD@HOST/shop",
    "redis://app:PASSWORD@HOST/0",
    "jdbc:mysql://HOST/shop?user=app&password=PASSWORD",
];

#[test]
fn what_answers_in_another_way_says_nothing() {
    let (garbage, silence) = (Server::new("", servers::garbage), Server::new("", servers::silence));
    for url in URLS {
        for port in [garbage.port, silence.port] {
            let text = url.replace("HOST", &format!("127.0.0.1:{port}")).replace("PASSWORD", &good());
            is(&ask(&text, &["--verify-hosts", "127.0.0.1", "--verify-timeout", "1s"]), "unknown", "");
        }
    }
}

/// Addresses of this machine and of private nets are for hosts that the user named exactly.
#[test]
fn addresses_that_are_not_public_are_not_dialled() {
    let server = Server::new(&good(), servers::mysql);
    for url in URLS {
        for (host, named) in [("metadata.corp.localhost", "*.corp.localhost"), ("10.0.0.7", "10.0.0.8")] {
            let text = url.replace("HOST", &format!("{host}:{}", server.port)).replace("PASSWORD", &good());
            let verification = ask(&text, &["--verify-hosts", named, "--verify-timeout", "2s"]);
            assert_ne!(verification["state"], "live", "{text}: {verification}");
            assert_ne!(verification["state"], "dead", "{text}: {verification}");
        }
    }
    assert!(server.logins().is_empty());
}
