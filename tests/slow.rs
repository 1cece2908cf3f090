//! Users' rules without a keyword or without a bound: they find what they match in files, streams and history, and
//! the receipt names them. What is no rule at all is refused.
#![cfg(unix)]

mod common;

use common::repo::Repo;
use common::run::run;

fn rules(repo: &Repo, keys: &str) -> String {
    let path = repo.home.join("mine.toml");
    let text = format!("[[rule]]\nid = \"mine\"\nname = \"Mine\"\nseverity = \"high\"\nconfidence = \"high\"\n{keys}\n");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_rule_without_bound_is_searched_in_whole_objects_and_named() {
    let repo = Repo::new();
    let long = "q7".repeat(9000);
    repo.commit_file("a.txt", format!("first\nbegin {long} end\n"));
    repo.commit_file("a.txt", format!("first\nbegin {long} end\nand more\n"));
    repo.git(&["repack", "-q", "-adf"]);
    let rules = rules(&repo, "regex = 'begin (?P<secret>[a-z0-9]+) end'");
    let output = run(&repo.home, &repo.path, &["scan", ".", "-f", "json", "--rules", &rules, "--rule", "mine"]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    let report = output.report();
    let found = &report.findings()[0];
    assert_eq!((report.findings().len(), found["rule"].as_str(), found["line"].as_u64()), (1, Some("mine"), Some(2)));
    let named = report.notices().into_iter().find(|notice| notice.contains("slow rule")).expect("named in the receipt");
    assert!(named.contains("mine") && named.contains("no bound"), "{named}");
    assert!(report.complete());
}

#[test]
fn its_keyword_may_stand_anywhere_in_the_object() {
    let repo = Repo::new();
    repo.commit_file("with.txt", "corp\n\n\nvalue: Zx81Spectrum48\n");
    repo.commit_file("without.txt", "value: Zx81Spectrum49\n");
    let rules = rules(&repo, "keywords = [\"corp\"]\nregex = 'value:[ ]*(?P<secret>[A-Za-z0-9]+)'");
    let report = run(&repo.home, &repo.path, &["scan", ".", "-f", "json", "--rules", &rules, "--rule", "mine"]).report();
    let paths: Vec<&str> = report.findings().iter().map(|finding| finding["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["with.txt"]);
}

#[test]
fn a_program_that_is_too_large_is_refused() {
    let repo = Repo::new();
    let rules = rules(&repo, "regex = '(?P<secret>(?:[a-z]{900}[0-9]){900}x*)'");
    let output = run(&repo.home, &repo.path, &["scan", ".", "--rules", &rules]);
    assert_eq!(output.code, 2, "{}", output.stderr);
    assert!(output.stderr.contains("mine") && output.stderr.contains("too large"), "{}", output.stderr);
}
