//! `unleak verify` and `unleak revoke` as a user meets them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::common::repo::Repo;
use super::common::run::{Ran, run, run_with};
use super::common::token::token;
use super::provider::{Answer, Heard, Provider, answer};
use super::verdicts::honest;

fn endpoint(provider: &Provider) -> String {
    format!("github={}", provider.url())
}

#[track_caller]
fn silent(ran: &Ran, value: &str) {
    assert!(!format!("{}{}", ran.text(), ran.stderr).contains(&value[6..20]), "{}{}", ran.text(), ran.stderr);
}

#[test]
fn a_value_from_standard_input() {
    let value = token(60);
    let provider = Provider::new(honest(&value));
    let repo = Repo::folder();
    let ask = |input: &str, more: &[&str]| {
        let endpoint = endpoint(&provider);
        let args: Vec<&str> = ["verify", "--endpoint", &endpoint].into_iter().chain(more.iter().copied()).collect();
        run_with(&repo.home, &repo.path, &args, input.as_bytes())
    };
    let ran = ask(&value, &[]);
    assert_eq!(ran.code, 1, "{}{}", ran.text(), ran.stderr);
    assert!(ran.text().contains("LIVE") && ran.text().contains("octo"), "{}", ran.text());
    silent(&ran, &value);
    assert_eq!(ask(&token(61), &[]).code, 0, "dead");
    assert_eq!(ask("nothing in here", &[]).code, 3);
    assert_eq!(ask(&value, &["--offline"]).code, 2);
}

#[test]
fn the_secrets_of_a_report_are_read_again_and_checked() {
    let (first, second, gone) = (token(62), token(63), token(64));
    let repo = Repo::new();
    repo.commit_file("old.txt", format!("a = {first}\n"));
    repo.commit_file("old.txt", "clean\n");
    repo.write("new.txt", format!("b = {second}\n"));
    repo.write("lost.txt", format!("c = {gone}\n"));
    for report in ["report.json", "report.jsonl"] {
        let path = repo.home.join(report);
        let path = path.to_str().unwrap();
        repo.write("lost.txt", format!("c = {gone}\n"));
        assert_eq!(run(&repo.home, &repo.path, &["scan", ".", "-o", path]).code, 1);
        silent(&Ran { code: 0, stdout: std::fs::read(path).unwrap(), stderr: String::new() }, &first);
        repo.write("lost.txt", format!("c = {}\n", token(65)));
        let known = [first.clone(), second.clone()];
        let provider = Provider::new(move |heard| {
            let known = known.iter().any(|value| heard.all().contains(value));
            if known { answer(200, "{}") } else { answer(401, "") }
        });
        let ask = |more: &[&str]| {
            let endpoint = endpoint(&provider);
            let args: Vec<&str> =
                ["verify", "--report", path, "-f", "json", "--endpoint", &endpoint].into_iter().chain(more.iter().copied()).collect();
            run(&repo.home, &repo.path, &args)
        };
        let ran = ask(&[]);
        let found = ran.report();
        assert_eq!((ran.code, found.findings().len(), found.complete()), (1, 2, false), "{}", ran.stderr);
        assert!(found.notices().iter().any(|notice| notice.contains("is another") || notice.contains("lost.txt")), "{:?}", found.notices());
        assert!(found.findings().iter().all(|finding| finding["verification"]["state"] == "live"));
        // What stands there now is not what the report tells of, so it is not sent.
        assert!(provider.heard().iter().all(|heard| !heard.all().contains(&token(65))));
        let one = found.findings()[0]["fingerprint"].as_str().unwrap().to_owned();
        assert_eq!(ask(&["--fingerprint", &one]).report().findings().len(), 1);
        std::fs::write(repo.home.join("key"), "0123456789abcdef0123456789abcdef").unwrap();
        let ran = ask(&["--key-file", repo.home.join("key").to_str().unwrap()]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("the key public"), "{}", ran.stderr);
    }
    let ran = run(&repo.home, &repo.path, &["verify", "--report", "new.txt"]);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("no report"), "{}", ran.stderr);
}

/// A provider whose token can be revoked once.
fn revocable(value: &str) -> impl Fn(&Heard) -> Answer + Send + Sync + 'static {
    let (value, over) = (value.to_owned(), Arc::new(AtomicBool::new(false)));
    move |heard| match (heard.method.as_str(), heard.target.as_str()) {
        ("POST", "/credentials/revoke") if heard.body.contains(&value) && heard.header("authorization").is_none() => {
            over.store(true, Ordering::SeqCst);
            answer(202, "")
        }
        ("GET", "/user") if heard.all().contains(&value) && !over.load(Ordering::SeqCst) => answer(200, "{}"),
        _ => answer(401, ""),
    }
}

#[test]
fn revoking_says_first_and_does_it_on_yes() {
    let value = token(66);
    let provider = Provider::new(revocable(&value));
    let repo = Repo::folder();
    let revoke = |more: &[&str]| {
        let endpoint = endpoint(&provider);
        let args: Vec<&str> = ["revoke", "--endpoint", &endpoint].into_iter().chain(more.iter().copied()).collect();
        run_with(&repo.home, &repo.path, &args, format!("TOKEN={value}\n").as_bytes())
    };
    let dry = revoke(&[]);
    assert_eq!(dry.code, 0, "{}", dry.stderr);
    assert!(
        dry.text().contains("would send POST /credentials/revoke at 127.0.0.1") && dry.text().contains("Nothing was sent"),
        "{}",
        dry.text()
    );
    assert!(provider.heard().is_empty());
    let done = revoke(&["--yes"]);
    assert_eq!(done.code, 0, "{}{}", done.text(), done.stderr);
    assert!(done.text().contains("\n  the old value is now dead") && !done.text().contains("\\u"), "{}", done.text());
    assert_eq!(provider.heard().iter().filter(|heard| heard.method == "POST").count(), 1);
    for ran in [&dry, &done] {
        silent(ran, &value);
    }
    assert_eq!(revoke(&["--yes", "--offline"]).code, 2);
    assert_eq!(revoke(&["-f", "json"]).code, 2);
}

#[test]
fn what_cannot_be_revoked_or_fails_is_not_called_done() {
    let value = token(67);
    let repo = Repo::folder();
    let provider = Provider::new(|_| answer(500, ""));
    let endpoint = endpoint(&provider);
    let ran = run_with(&repo.home, &repo.path, &["revoke", "--yes", "--endpoint", &endpoint], value.as_bytes());
    assert_eq!(ran.code, 3, "{}", ran.text());
    assert!(ran.text().contains("the provider did not do it (500)"), "{}", ran.text());
    assert_eq!(provider.heard().len(), 1, "what changes something is sent once");
    silent(&ran, &value);
    let other = ["AIza", "SyD3kQ8zW3vN5bX7cM1aS4dF6gH9jK2lP0o"].concat();
    let ran = run_with(&repo.home, &repo.path, &["revoke", "--yes"], format!("key={other}\n").as_bytes());
    assert_eq!(ran.code, 3, "{}{}", ran.text(), ran.stderr);
    assert!(ran.text().contains("cannot be revoked from here"), "{}", ran.text());
}

#[test]
fn analysing_says_who_it_is_and_what_it_may_do() {
    let value = token(68);
    let known = value.clone();
    let provider = Provider::new(move |heard| match heard.target.split('?').next().unwrap() {
        _ if !heard.all().contains(&known) => answer(401, ""),
        "/user" => answer(200, format!(r#"{{"login":"octo","email":"me {known}"}}"#)).header("x-oauth-scopes", "repo, admin:org"),
        "/user/orgs" => answer(200, r#"[{"login":"acme"},{"login":"lake"}]"#),
        _ => answer(403, ""),
    });
    let repo = Repo::folder();
    let ran = run_with(&repo.home, &repo.path, &["analyze", "--endpoint", &endpoint(&provider)], value.as_bytes());
    assert_eq!(ran.code, 0, "{}{}", ran.text(), ran.stderr);
    for words in ["login octo", "repo, admin:org", "login acme, lake", "not allowed (403)"] {
        assert!(ran.text().contains(words), "{words}: {}", ran.text());
    }
    assert!(provider.heard().iter().all(|heard| heard.method == "GET"));
    silent(&ran, &value);
}
