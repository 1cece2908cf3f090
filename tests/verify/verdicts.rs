//! Every answer that a provider can give, through the public command: which verdict it becomes, how the reports
//! tell it, which exit code it has, and that no report, error or log holds the value.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::common::repo::Repo;
use super::common::run::{Ran, run, run_with};
use super::common::token::token;
use super::provider::{Answer, Heard, Provider, answer};

const FORMATS: [&str; 4] = ["text", "json", "jsonl", "sarif"];

/// Runs on standard input with that provider for GitHub.
pub fn ask(provider: &Provider, input: &str, more: &[&str]) -> Ran {
    let repo = Repo::folder();
    let endpoint = format!("github={}", provider.url());
    let mut args = vec!["stdin", "--endpoint", &endpoint];
    args.extend(more);
    let ran = run_with(&repo.home, &repo.path, &args, input.as_bytes());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

fn state(ran: &Ran) -> (String, String) {
    let report = ran.report();
    let verification = &report.findings()[0]["verification"];
    let text = |name: &str| verification[name].as_str().unwrap().to_owned();
    (text("state"), text("reason"))
}

/// Takes the real value only.
pub fn honest(value: &str) -> impl Fn(&Heard) -> Answer + Send + Sync + 'static {
    let value = value.to_owned();
    move |heard| if heard.all().contains(&value) { answer(200, r#"{"login":"octo","id":7}"#) } else { answer(401, "{}") }
}

#[track_caller]
fn silent(ran: &Ran, value: &str) {
    let all = format!("{}{}", ran.text(), ran.stderr);
    for at in (4..value.len() - 10).step_by(3) {
        assert!(!all.contains(&value[at..at + 10]), "{all}");
    }
}

#[test]
fn live_with_evidence_in_every_format() {
    let value = token(1);
    let provider = Provider::new(honest(&value));
    let input = format!("GITHUB_TOKEN={value}\n");
    for format in FORMATS {
        let ran = ask(&provider, &input, &["--verify", "-v", "-f", format]);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        silent(&ran, &value);
        assert!(ran.text().contains("octo"), "{format}: {}", ran.text());
    }
    let ran = ask(&provider, &input, &["--verify", "-f", "json"]);
    let report = ran.report();
    let verification = &report.findings()[0]["verification"];
    assert_eq!(verification["state"], "live");
    assert_eq!(verification["evidence"]["status"], "200");
    assert_eq!(verification["evidence"]["login"], "octo");
    assert!(verification["time"].as_str().unwrap().starts_with("20"));
    let heard = &provider.heard()[0];
    assert_eq!((heard.method.as_str(), heard.target.as_str()), ("GET", "/user"));
    assert_eq!(heard.header("authorization"), Some(format!("Bearer {value}").as_str()));
    assert!(heard.header("user-agent").unwrap().starts_with("unleak/"));
    assert!(ask(&provider, &input, &["--verify"]).text().contains("verified  LIVE: the provider takes it; host 127.0.0.1"));
}

/// A live secret is reported whatever somebody wrote beside it; a dead one stays hidden.
#[test]
fn what_is_live_cannot_be_hidden() {
    let (live, dead) = (token(40), token(41));
    let provider = Provider::new(honest(&live));
    let input = format!("{live} # unleak:allow reason=old\n{dead} # gitleaks:allow\n");
    let hidden = ask(&provider, &input, &["-f", "json"]);
    assert_eq!((hidden.code, hidden.report().findings().len()), (0, 0));
    let ran = ask(&provider, &input, &["--verify", "-f", "json"]);
    let report = ran.report();
    assert_eq!((ran.code, report.findings().len()), (1, 1), "{}", ran.text());
    assert!(report.findings()[0]["suppressed"].is_null());
    assert_eq!(state(&ran).0, "live");
    let counted = report.0["coverage"]["suppressed"].as_array().unwrap().clone();
    assert_eq!(counted.len(), 1, "{counted:?}");
    assert_eq!((counted[0]["source"].as_str(), counted[0]["findings"].as_u64()), (Some("gitleaks:allow"), Some(1)));
    for value in [&live, &dead] {
        silent(&ran, value);
    }
}

#[test]
fn nothing_is_asked_unless_wanted() {
    let value = token(2);
    let provider = Provider::new(honest(&value));
    let ran = ask(&provider, &value, &["-f", "json"]);
    assert_eq!((ran.code, state(&ran).0.as_str()), (1, "not-checked"));
    let ran = ask(&provider, &value, &["--no-verification", "-f", "json"]);
    assert_eq!(ran.code, 1);
    for wish in ["--verify", "--only-verified", "--results=live"] {
        let ran = ask(&provider, &value, &["--offline", wish]);
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains("--offline forbids"), "{}", ran.stderr);
    }
    let repo = Repo::folder();
    for url in ["https://127.0.0.1:9/lake/it.git", "git@127.0.0.1:lake/it.git"] {
        let ran = run_with(&repo.home, &repo.path, &["scan", "--offline", url], b"");
        assert!(ran.code == 2 && ran.stderr.contains("--offline forbids to clone"), "{}", ran.stderr);
    }
    assert!(provider.heard().is_empty());
}

#[test]
fn what_is_no_clear_answer_is_unknown_with_its_reason() {
    let value = token(3);
    let far = Provider::new(|_| answer(200, "{}"));
    let there = format!("{}/user", far.url());
    let cases: [(&str, Answer, &str); 6] = [
        ("teapot", answer(418, ""), "status 418 says neither"),
        ("redirect", answer(302, "").header("location", &there), "a redirect (302)"),
        ("slow", answer(200, "{}").after(Duration::from_secs(4)), "no answer in time"),
        ("garbage", Answer { raw: Some(b"SSH-2.0-x\r\n".to_vec()), status: 0, ..answer(0, "") }, "no HTTP"),
        ("busy", answer(429, "").header("retry-after", "0"), "too many requests (429)"),
        ("trouble", answer(503, "").header("retry-after", "0"), "the provider has trouble (503)"),
    ];
    for (name, said, reason) in cases {
        let provider = Provider::new(move |_| said.clone());
        let ran = ask(&provider, &value, &["--verify", "-f", "json", "--verify-timeout", "1s"]);
        let (state, why) = state(&ran);
        assert_eq!((state.as_str(), ran.code), ("unknown", 1), "{name}: {why}");
        assert!(why.contains(reason), "{name}: {why}");
        assert!(provider.heard().len() <= 3, "{name}");
        silent(&ran, &value);
    }
    assert!(far.heard().is_empty(), "a redirect was followed");
}

#[test]
fn nobody_there_is_unknown() {
    let value = token(4);
    let gone = Provider::new(|_| answer(200, ""));
    let url = gone.url();
    drop(gone);
    std::thread::sleep(Duration::from_millis(50));
    let repo = Repo::folder();
    let endpoint = format!("github={url}");
    let args = ["stdin", "--verify", "-f", "json", "--endpoint", &endpoint];
    let ran = run_with(&repo.home, &repo.path, &args, value.as_bytes());
    assert_eq!(state(&ran).0, "unknown");
    silent(&ran, &value);
}

#[test]
fn a_body_is_bounded_and_never_printed_whole() {
    let value = token(5);
    let login = "n".repeat(5000);
    let body = format!(r#"{{"login":"{login}","other":"{}"}}"#, "z".repeat(200 << 10));
    let provider = Provider::new(move |heard| if heard.target == "/user" { answer(200, body.clone()) } else { answer(401, "") });
    let ran = ask(&provider, &value, &["--verify", "-f", "json"]);
    assert!(ran.text().len() < 5000 && !ran.text().contains("zzzz"), "{}", ran.text().len());
    let endless = Provider::new(|_| answer(200, "{".repeat(40 << 20)));
    assert_eq!(ask(&endless, &value, &["--verify", "-f", "json"]).code, 1);
}

#[test]
fn a_busy_provider_is_asked_again_after_the_wait_it_wants() {
    let value = token(6);
    let (count, inner) = (AtomicUsize::new(0), honest(&value));
    let provider = Provider::new(move |heard| match count.fetch_add(1, Ordering::SeqCst) {
        0 => answer(429, "").header("retry-after", "1"),
        _ => inner(heard),
    });
    let ran = ask(&provider, &value, &["--verify", "-f", "json"]);
    assert_eq!(state(&ran).0, "live");
    let heard = provider.heard();
    assert!(heard[1].when - heard[0].when >= Duration::from_millis(950), "{:?}", heard[1].when - heard[0].when);
    assert_eq!(heard.len(), 3, "once in vain, once, and the control");
}

#[test]
fn only_verified_counts_live_ones_and_unknown_is_incomplete() {
    let (live, dead, lost) = (token(7), token(8), token(9));
    let input = format!("a={live}\nb={dead}\nc={lost}\n");
    let unclear = lost.clone();
    let inner = honest(&live);
    let provider = Provider::new(move |heard| if heard.all().contains(&unclear) { answer(418, "") } else { inner(heard) });
    let ran = ask(&provider, &input, &["--only-verified", "-f", "json"]);
    let report = ran.report();
    assert_eq!((ran.code, report.findings().len(), report.complete()), (1, 1, false));
    assert_eq!(report.findings()[0]["verification"]["state"], "live");
    assert!(report.notices().iter().any(|notice| notice.starts_with("!not verified")), "{:?}", report.notices());
    assert!(report.left_out().iter().any(|left| left.contains("findings that are dead")), "{:?}", report.left_out());
    let ran = ask(&provider, &format!("c={lost}\n"), &["--only-verified"]);
    assert_eq!(ran.code, 3, "{}", ran.text());
    silent(&ran, &lost);
    assert_eq!(ask(&provider, &format!("b={dead}\n"), &["--only-verified"]).code, 0);
    assert_eq!(ask(&provider, &format!("c={lost}\n"), &["--only-verified", "--allow-incomplete"]).code, 0);
    for (wanted, count) in [("live", 1), ("dead", 1), ("live,unknown", 2), ("live,dead,unknown,not-checked", 3), ("verified", 1)] {
        let ran = ask(&provider, &input, &["--results", wanted, "-f", "json"]);
        assert_eq!((ran.code, ran.report().findings().len()), (1, count), "{wanted}");
    }
    let ran = ask(&provider, &format!("b={dead}\n"), &["--results=live", "-f", "json"]);
    assert_eq!((ran.code, ran.report().complete()), (0, true));
}

/// As people type it for another scanner.
#[test]
fn the_usual_command_for_a_history_works() {
    let value = token(10);
    let repo = Repo::new();
    repo.commit_file("a.txt", "x\n");
    repo.commit_file("b.txt", format!("t = {value}\n"));
    let provider = Provider::new(honest(&value));
    let endpoint = format!("github={}", provider.url());
    let args = ["git", "file://.", "--only-verified", "--since-commit", "HEAD~1", "--endpoint", &endpoint, "--json"];
    let ran = run(&repo.home, &repo.path, &args);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let lines: Vec<Value> = ran.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["type"], &lines[0]["verification"]["state"]), (&"finding".into(), &"live".into()));
    silent(&ran, &value);
}

#[test]
fn a_wrong_command_line_says_what_is_wrong() {
    let repo = Repo::folder();
    for (args, word) in [
        (vec!["--endpoint", "github"], "PROVIDER=URL"),
        (vec!["--endpoint", "github=ftp://x"], "endpoint"),
        (vec!["--verify-hosts", "*"], "allows too much"),
        (vec!["--results", "alive"], "not-checked"),
    ] {
        let args: Vec<&str> = ["stdin", "--verify"].into_iter().chain(args).collect();
        let args: Vec<&str> = if args.contains(&"--results") { args.into_iter().filter(|arg| *arg != "--verify").collect() } else { args };
        let ran = run(&repo.home, &repo.path, &args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stderr.contains(word), "{args:?}: {}", ran.stderr);
    }
}

/// What a provider says back is masked as everything else is.
#[test]
fn a_provider_that_repeats_the_value_shows_nothing() {
    let value = token(11);
    let echo = Mutex::new(value.clone());
    let provider = Provider::new(move |heard| {
        let value = echo.lock().unwrap();
        if heard.all().contains(value.as_str()) { answer(200, format!(r#"{{"login":"me {value}"}}"#)) } else { answer(401, "") }
    });
    for format in FORMATS {
        silent(&ask(&provider, &value, &["--verify", "-f", format]), &value);
    }
}
