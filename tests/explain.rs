//! `unleak explain`: what fired, what was dropped, by what, and the verdict, which is that of the scan.
#![cfg(unix)]

mod common;

use std::fs;

use common::run::{Ran, run, run_with};
use common::token::token;
use serde_json::Value;

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.conf"), text).unwrap();
    folder
}

fn explain(text: &str, args: &[&str]) -> Ran {
    let folder = folder(text);
    run(folder.path(), folder.path(), &[&["explain"], args].concat())
}

fn accounts(text: &str) -> Vec<Value> {
    let ran = explain(text, &["app.conf", "-f", "json"]);
    let parsed: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", ran.text(), ran.stderr));
    parsed["matches"].as_array().unwrap().clone()
}

fn of<'a>(accounts: &'a [Value], rule: &str) -> &'a Value {
    accounts.iter().find(|a| a["rule"] == rule).unwrap_or_else(|| panic!("{rule}: {accounts:#?}"))
}

#[test]
fn a_proved_value_and_those_that_it_outranks() {
    let text = format!("name = x\ntoken = \"{}\"\n", token(1));
    let all = accounts(&text);
    let verdict = &of(&all, "generic-secret")["verdict"];
    assert_eq!((&verdict["is"], &verdict["by"]), (&"outranked".into(), &"github-pat".into()));
    let ran = explain(&text, &["app.conf:2", "--rule", "github-pat"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.text().contains(&token(1)[8..20]), "{}", ran.text());
    insta::assert_snapshot!(ran.text(), @r#"
      rule      github-pat (GitHub personal access token (classic))
      value     ghp_… (40 characters)
      place     app.conf:2:10
      keyword   "ghp_" at 2:10, searched bytes 17 to 59
      check     crc32-base62: proved
      score     0.99: proved offline (crc32-base62)
      verdict   reported, as github-pat: critical severity, high confidence

    app.conf:2: 1 match.
    "#);
    assert!(explain(&text, &["app.conf:2", "--show-secrets"]).text().contains(&token(1)));
    assert!(explain(&text, &["app.conf:1"]).text().ends_with("app.conf:1: no keyword of any rule stands there, so no rule looked.\n"));
}

#[test]
fn what_was_dropped_says_by_whom_and_why() {
    let broken = format!("{}a", &token(1)[..39]);
    for (text, rule, is, by) in [
        (format!("key {}_{}\n", "ghp", "x".repeat(36)), "github-pat", "dropped", "entropy"),
        (format!("key {broken}\n"), "github-pat", "low-tier", ""),
        (format!("id {}{}\n", "AKIA", "IOSFODNN7EXAMPLE"), "aws-access-key-id", "dropped", "check"),
    ] {
        let all = accounts(&text);
        let verdict = &of(&all, rule)["verdict"];
        assert_eq!(verdict["is"], is, "{verdict}");
        if !by.is_empty() {
            assert!(verdict["why"].as_str().is_some_and(|why| !why.is_empty()), "{verdict}");
            assert_eq!(verdict["by"], by, "{verdict}");
        }
    }
}

#[test]
fn the_verdict_is_that_of_the_scan() {
    let text = format!("token = \"{}\"\npassword = hunter2\nurl = https://u:{}@db.example.org/\n", token(2), "kX8sQ0zLw3Rt5Yb7Nc1Xv9");
    let folder = folder(&text);
    let scan = run(folder.path(), folder.path(), &["scan", "app.conf", "-f", "json", "--confidence", "low"]).report();
    let all = accounts(&text);
    for finding in scan.findings() {
        let account = of(&all, finding["rule"].as_str().unwrap());
        let is = if finding["confidence"] == "low" { "low-tier" } else { "reported" };
        assert_eq!((&account["verdict"]["is"], &account["line"]), (&is.into(), &finding["line"]), "{account}");
        assert_eq!((&account["verdict"]["score"], &account["verdict"]["reasons"]), (&finding["score"], &finding["reasons"]));
    }
    assert!(scan.findings().len() >= 2);
}

#[test]
fn a_path_filter_has_its_word_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("tests")).unwrap();
    let value = ["kX8sQ0", "zLw3Rt", "5Yb7Nc", "1Xv9"].concat();
    fs::write(folder.path().join("tests/app.conf"), format!("db_password = \"{value}\"\n")).unwrap();
    let ran = run(folder.path(), folder.path(), &["explain", "tests/app.conf:1"]);
    assert!(ran.text().contains("filter    test-path: "), "{}", ran.text());
}

#[test]
fn nothing_near_and_something_near_are_told_apart() {
    let ran = explain("my github token is short: ghp_12\nplain\n", &["app.conf:1"]);
    assert!(ran.text().contains("near      \"ghp_\" at 1:27: no match by github-pat"), "{}", ran.text());
    assert!(ran.text().ends_with("app.conf:1: keywords stand there, but no rule matches around them.\n"), "{}", ran.text());
}

#[test]
fn standard_input_and_wrong_targets() {
    let folder = folder("x\n");
    let text = format!("t = {}\n", token(3));
    let ran = run_with(folder.path(), folder.path(), &["explain", "-"], text.as_bytes());
    assert!(ran.text().contains("verdict   reported, as github-pat: critical severity, high confidence"), "{}", ran.text());
    let code = |args: &[&str]| run(folder.path(), folder.path(), args).code;
    assert_eq!((code(&["explain", "gone"]), code(&["explain", "."]), code(&["explain", "app.conf:9"])), (3, 2, 2));
    assert_eq!(code(&["explain", "app.conf:1:1"]), 0);
    // A line break at the end begins no line.
    let ran = explain("x\n", &["app.conf:2"]);
    assert!(ran.code == 2 && ran.stderr.contains("there is no line 2: it has 1"), "{}", ran.stderr);
}

#[test]
fn a_value_without_a_word_is_not_shown_as_its_keyword() {
    let value = ["q7Rk2vXz9LmP4wTb", "8NcJ5hGd3FsY6aEu1VoK"].concat();
    let ran = explain(&format!("x {value} y\n"), &["app.conf:1"]);
    assert!(ran.text().contains("rule      high-entropy") && ran.text().contains("keyword   none"), "{}", ran.text());
    assert!(!ran.text().contains(&value[..8]), "{}", ran.text());
}
