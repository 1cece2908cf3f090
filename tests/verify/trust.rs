//! What makes a verdict worth something: one request for one question, a negative control, a cache that holds no
//! value, traps that are never sprung.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::common::repo::Repo;
use super::common::run::{Ran, run_with};
use super::common::token::token;
use super::provider::{Provider, answer};
use super::verdicts::{ask, honest};

#[track_caller]
fn verdict(ran: &Ran) -> (String, String) {
    let report = ran.report();
    let verification = &report.findings()[0]["verification"];
    (verification["state"].as_str().unwrap().to_owned(), verification["reason"].as_str().unwrap().to_owned())
}

#[test]
fn each_question_is_asked_once_and_the_control_once_for_each_provider() {
    let (first, second) = (token(20), token(21));
    let input = format!("a={first}\nb={first}\nc={second}\n").repeat(5);
    let both = [first.clone(), second.clone()];
    let provider = Provider::new(move |heard| {
        let known = both.iter().any(|value| heard.all().contains(value));
        if known { answer(200, "{}") } else { answer(401, "") }
    });
    assert_eq!(ask(&provider, &input, &["--verify"]).code, 1);
    let heard = provider.heard();
    let of = |value: &str| heard.iter().filter(|request| request.all().contains(value)).count();
    assert_eq!((of(&first), of(&second), heard.len()), (1, 1, 3));
    let control = heard.iter().find(|request| !request.all().contains(&first) && !request.all().contains(&second)).unwrap();
    let made_up = control.header("authorization").unwrap().strip_prefix("Bearer ghp_").unwrap();
    assert_eq!(made_up.len(), 36);
    assert!(made_up.chars().zip(first[4..].chars()).all(|(a, b)| a != b) || made_up.chars().zip(second[4..].chars()).all(|(a, b)| a != b));
}

#[test]
fn a_dead_secret_needs_no_control() {
    let provider = Provider::new(|_| answer(401, ""));
    assert_eq!(verdict(&ask(&provider, &token(22), &["--verify", "-f", "json"])).0, "dead");
    assert_eq!(provider.heard().len(), 1);
}

#[test]
fn where_everything_is_live_nothing_is() {
    let provider = Provider::new(|_| answer(200, r#"{"login":"anybody"}"#));
    let (state, why) = verdict(&ask(&provider, &token(23), &["--verify", "-f", "json"]));
    assert_eq!(state, "unknown");
    assert!(why.contains("made-up values"), "{why}");
    assert_eq!(ask(&provider, &token(23), &["--only-verified"]).code, 3);
}

#[test]
fn a_trap_is_never_sprung() {
    let provider = Provider::new(|_| answer(200, "<Arn>x</Arn>"));
    let repo = Repo::folder();
    // A key id of an account that is known to lay traps: 171436882533.
    let id = ["AKIA", "SP2TPHJS", "QH3FJRUX"].concat();
    let secret = ["kQ8zW3", "vN5bX7", "cM1aS4", "dF6gH9", "jK2lP0", "oI8uY7", "tR5e"].concat();
    let input = format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    let endpoint = format!("*={}", provider.url());
    let ran = run_with(&repo.home, &repo.path, &["stdin", "--verify", "-f", "json", "--endpoint", &endpoint], input.as_bytes());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(provider.heard().is_empty(), "{:?}", provider.heard());
}

fn cached(provider: &Provider, home: &Path, folder: &Path, value: &str, more: &[&str]) -> Ran {
    let endpoint = format!("github={}", provider.url());
    let mut args = vec!["stdin", "--verify", "-f", "json", "--endpoint", &endpoint];
    args.extend(more);
    run_with(home, folder, &args, value.as_bytes())
}

#[test]
fn the_cache_remembers_verdicts_and_holds_no_value() {
    let value = token(24);
    let repo = Repo::folder();
    let provider = Provider::new(honest(&value));
    let ran = |more: &[&str]| cached(&provider, &repo.home, &repo.path, &value, more);
    assert_eq!(verdict(&ran(&["--verify-cache"])).0, "live");
    let before = provider.heard().len();
    let again = ran(&["--verify-cache=2h"]);
    assert_eq!((verdict(&again).0.as_str(), provider.heard().len()), ("live", before));
    assert_eq!(again.report().findings()[0]["verification"]["evidence"]["from"], "the cache");
    ran(&[]);
    assert!(provider.heard().len() > before, "without the option nothing is remembered");
    let folder = repo.home.join(".cache/unleak");
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(&value[4..20]), "{}", path.display());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
        files += 1;
    }
    assert_eq!(files, 2);
    // A cache with another key knows nothing.
    std::fs::write(folder.join("verdicts.key"), [7; 32]).unwrap();
    let before = provider.heard().len();
    ran(&["--verify-cache"]);
    assert!(provider.heard().len() > before);
}

#[test]
fn a_busy_host_holds_up_no_other_and_gets_no_more_than_its_rate() {
    let values: Vec<String> = (100..130).map(token).collect();
    let known = values.clone();
    let provider =
        Provider::new(move |heard| if known.iter().any(|v| heard.all().contains(v)) { answer(200, "{}") } else { answer(401, "") });
    let input: String = values.iter().map(|value| format!("t = {value}\n")).collect();
    assert_eq!(ask(&provider, &input, &["--verify"]).code, 1);
    let heard = provider.heard();
    assert_eq!(heard.len(), 31);
    // Twenty a second: thirty-one take a second and a half at least.
    assert!((heard[30].when - heard[0].when).as_millis() >= 1400, "{:?}", heard[30].when - heard[0].when);
}

#[test]
fn the_deadline_ends_what_takes_too_long() {
    let value = token(25);
    let provider = Provider::new(|_| answer(429, "").header("retry-after", "3600"));
    let begin = std::time::Instant::now();
    let (state, why) = verdict(&ask(&provider, &value, &["--verify", "-f", "json", "--verify-deadline", "1s"]));
    assert!(begin.elapsed().as_secs() < 8);
    assert_eq!((state.as_str(), provider.heard().len()), ("unknown", 1));
    assert!(why.contains("429"), "{why}");
}
