//! `unleak rules` and rules of a user's own, as a user runs them.
#![cfg(unix)]

mod common;

use std::fs;
use std::path::Path;

use common::run::{Ran, run};
use serde_json::Value;

const LAKE: &str = r#"[[rule]]
id = "lake-token"
aliases = ["old-lake"]
provider = "lake"
name = "Lake token"
severity = "high"
confidence = "high"
keywords = ["lake_"]
regex = 'lake_[0-9a-z]{20}\b'
filters = ["placeholder"]
match = ["lake_·<20 lower-alnum>"]
skip = ["lake_·<19 lower-alnum>"]
"#;

fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lake.toml"), LAKE).unwrap();
    fs::write(folder.path().join("app.env"), format!("KEY={}_{}\n", "lake", "k3v9x0q2m7c5z8r1t4w6")).unwrap();
    folder
}

fn unleak(folder: &Path, args: &[&str]) -> Ran {
    run(folder, folder, args)
}

fn found(ran: &Ran) -> Vec<String> {
    ran.report().0["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn lists_what_is_asked_for() {
    let home = home();
    let ran = unleak(home.path(), &["rules", "list", "--provider", "github", "personal", "classic"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!(ran.text(), @r"
    ID          PROVIDER  SEVERITY  CONFIDENCE  CHECK         VERIFY  NAME
    github-pat  github    critical  high        crc32-base62  yes     GitHub personal access token (classic)

    1 rule
    ");
    let ran = unleak(home.path(), &["rules", "list", "-f", "json", "--rules", "lake.toml", "--rule", "lake"]);
    let all: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(all["rules"].as_array().unwrap().len(), 1);
    assert_eq!((&all["rules"][0]["id"], &all["rules"][0]["verify"]), (&"lake-token".into(), &false.into()));
    let all: Value = serde_json::from_slice(&unleak(home.path(), &["rules", "list", "-f", "json"]).stdout).unwrap();
    assert!(all["rules"].as_array().unwrap().len() > 1_000);
    assert_eq!(unleak(home.path(), &["rules", "list", "--provider", "gihtub"]).code, 2);
}

#[test]
fn shows_all_of_a_rule_by_any_of_its_names() {
    let home = home();
    let ran = unleak(home.path(), &["rules", "show", "old-lake", "--rules", "."]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!(ran.text(), @r#"
    lake-token: Lake token
      provider  lake
      worth     high severity; high confidence by its shape
      formerly  old-lake
      finds     one of "lake_", spelled so; the regex has to match within 0 bytes before and 25 from there on
      filters   placeholder
      check     none: nothing can be proved offline
      verify    the provider cannot be asked
      examples  1 that must be found, 1 that must not

    [[rule]]
    id = "lake-token"
    aliases = ["old-lake"]
    provider = "lake"
    name = "Lake token"
    severity = "high"
    confidence = "high"
    keywords = ["lake_"]
    regex = 'lake_[0-9a-z]{20}\b'
    filters = ["placeholder"]
    match = ["lake_·<20 lower-alnum>"]
    skip = ["lake_·<19 lower-alnum>"]
    "#);
    // What is shown can be used as a rule file.
    let row = ran.text().split_once("\n\n").unwrap().1.to_owned();
    fs::write(home.path().join("copy.toml"), row).unwrap();
    assert_eq!(unleak(home.path(), &["rules", "test", "copy.toml"]).code, 0);
    let ran = unleak(home.path(), &["rules", "show", "githup-pat"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("did you mean github-pat?"), "{}", ran.stderr);
    let ran = unleak(home.path(), &["rules", "show", "npm-*", "-f", "json"]);
    let shown: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert!(
        shown["rules"].as_array().unwrap().iter().all(|rule| rule["id"].as_str().unwrap().starts_with("npm-") && rule["match"].is_array())
    );
}

#[test]
fn tries_the_examples_and_says_which_fail_and_why() {
    let home = home();
    let ran = unleak(home.path(), &["rules", "test", "lake.toml"]);
    assert_eq!((ran.code, ran.text().as_str()), (0, "1 rule, 2 examples, 0 failed\n"));
    for (from, to, why) in [
        ("[\"lake_\"]", "[\"pond_\"]", "it holds none of the keywords"),
        ("{20}", "{21}", "the regex does not match"),
        ("filters", "entropy = 7.5\nfilters", "dropped by entropy: too regular for a random value"),
        ("<19 lower-alnum>", "<20 lower-alnum>", "is found"),
        ("<20 lower-alnum>\"]\nskip", "<20 loweralnum>\"]\nskip", "is not found alone"),
    ] {
        fs::write(home.path().join("wrong.toml"), LAKE.replacen(from, to, 1)).unwrap();
        let ran = unleak(home.path(), &["rules", "test", "wrong.toml"]);
        assert_eq!(ran.code, 1, "{to}: {}", ran.text());
        assert!(ran.text().contains("FAIL lake-token: ") && ran.text().contains(why), "{to}: {}", ran.text());
    }
    assert_eq!(unleak(home.path(), &["rules", "test", "gone.toml"]).code, 2);
}

#[test]
fn checks_files_and_names_the_line_of_each_fault() {
    let home = home();
    let ran = unleak(home.path(), &["rules", "check", "lake.toml"]);
    assert_eq!((ran.code, ran.text().as_str()), (0, "1 rule, 0 errors, 0 warnings\n"));
    let second = LAKE.replace("lake-token", "pond-token").replace("old-lake", "old-pond").replace("{20}\\b'", "{20'");
    let third = LAKE.replace("lake-token", "mere-token").replace("\"placeholder\"", "\"plcaeholder\"").replace("match = ", "# ");
    fs::write(home.path().join("wrong.toml"), format!("{LAKE}\n{second}\n{third}\n{LAKE}")).unwrap();
    let ran = unleak(home.path(), &["rules", "check", "wrong.toml"]);
    assert_eq!(ran.code, 2);
    let text = ran.text();
    for line in [
        "error: wrong.toml:22: rule pond-token: regex parse error",
        "error: wrong.toml:36: rule mere-token: there is no filter named \"plcaeholder\"",
        "error: wrong.toml:40: rule lake-token: \"lake-token\" names a rule of wrong.toml:1 too",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    fs::write(home.path().join("unknown.toml"), format!("{LAKE}colour = 3\n")).unwrap();
    let ran = unleak(home.path(), &["rules", "check", "unknown.toml"]);
    assert!(ran.text().contains("error: unknown.toml:13: unknown field `colour`"), "{}", ran.text());
    // The same faults end a scan before it begins.
    let ran = unleak(home.path(), &["scan", "app.env", "--rules", "wrong.toml"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("wrong.toml:22: rule pond-token") && ran.stderr.contains("unleak rules check wrong.toml"),
        "{}",
        ran.stderr
    );
}

#[test]
fn own_rules_find_beside_the_built_in_ones() {
    let home = home();
    let scan = |more: &[&str]| unleak(home.path(), &[&["scan", "app.env", "-f", "json"], more].concat());
    assert_eq!(found(&scan(&["--rules", "lake.toml"])), ["lake-token"]);
    assert_eq!(found(&scan(&["--rules", "."])), ["lake-token"]);
    assert_eq!(found(&scan(&["--rules", "lake.toml", "--rule", "lake-*"])), ["lake-token"]);
    assert_eq!(found(&scan(&["--rules", "lake.toml", "--rule", "old-lake"])), ["lake-token"]);
    assert_eq!(found(&scan(&["--rules", "lake.toml", "--rule", "github-*"])), [""; 0]);
    let none = scan(&["--rules", "lake.toml", "--exclude-rule", "lake", "--exclude-rule", "generic*"]);
    assert_eq!(found(&none), [""; 0]);
    let wrong = scan(&["--exclude-rule", "githup-*"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("there is no rule, alias or provider named \"githup-*\""), "{}", wrong.stderr);
}
