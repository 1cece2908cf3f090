//! Ids and secrets that stand near each other are one finding, in files, in history and in a range alike; what
//! belongs to nothing stays by itself.
#![cfg(unix)]

mod common;

use std::fs;

use common::repo::Repo;
use common::run::{Ran, run};
use serde_json::Value;

/// A key id and a secret, different for each number.
fn halves(number: u64) -> (String, String) {
    let letters = |alphabet: &[u8], len: usize, salt: u64| -> String {
        let mut state = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(alphabet[(state >> 20) as usize % alphabet.len()])
        };
        (0..len).map(|_| next()).collect()
    };
    let base64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    (format!("{}{}", "AKIA", letters(&base64[..26], 16, 7)), letters(base64, 39, 99) + "k")
}

fn file(id: &str, key: &str, between: usize) -> String {
    format!("aws_access_key_id = {id}\n{}aws_secret_access_key = {key}\n", "# a line\n".repeat(between))
}

fn findings(ran: &Ran) -> Vec<Value> {
    ran.report().0["findings"].as_array().unwrap().clone()
}

fn rules(findings: &[Value]) -> Vec<&str> {
    findings.iter().map(|f| f["rule"].as_str().unwrap()).collect()
}

fn scan(text: &str, more: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("credentials"), text).unwrap();
    findings(&run(folder.path(), folder.path(), &[&["scan", "credentials", "-f", "json"], more].concat()))
}

#[test]
fn an_id_beside_its_secret_is_no_finding_of_its_own() {
    let (id, key) = halves(1);
    let found = scan(&file(&id, &key, 3), &[]);
    assert_eq!(rules(&found), ["aws-secret-access-key"]);
    let pair = &found[0]["pair"];
    assert_eq!((&pair["rule"], &pair["identifier"]), (&"aws-access-key-id".into(), &true.into()));
    assert_eq!((&pair["place"]["path"], &pair["place"]["line"], &pair["place"]["column"]), (&"credentials".into(), &1.into(), &21.into()));
    assert_eq!(pair["secret"], "AKIA… (20 characters)");
    assert_eq!(found[0]["confidence"], "high");
    let shown = scan(&file(&id, &key, 3), &["--show-secrets"]);
    assert_eq!((shown[0]["secret"].as_str(), shown[0]["pair"]["secret"].as_str()), (Some(key.as_str()), Some(id.as_str())));
}

#[test]
fn too_far_apart_they_stay_two() {
    let (id, key) = halves(1);
    assert_eq!(rules(&scan(&file(&id, &key, 19), &[])), ["aws-secret-access-key"]);
    let found = scan(&file(&id, &key, 20), &[]);
    assert_eq!(rules(&found), ["aws-secret-access-key", "aws-access-key-id"]);
    assert!(found[0]["pair"].is_null());
}

#[test]
fn the_nearest_are_joined_and_each_half_once() {
    let (first, second) = (halves(1), halves(2));
    let found = scan(&(file(&first.0, &first.1, 0) + "\n" + &file(&second.0, &second.1, 0)), &["--show-secrets"]);
    let mut pairs: Vec<(String, String)> =
        found.iter().map(|f| (f["pair"]["secret"].as_str().unwrap().to_owned(), f["secret"].as_str().unwrap().to_owned())).collect();
    pairs.sort();
    let mut expected = vec![first.clone(), second.clone()];
    expected.sort();
    assert_eq!(pairs, expected);
    // A second secret has no id left.
    let found = scan(&(file(&first.0, &first.1, 0) + &format!("\naws_secret_access_key = {}\n", second.1)), &[]);
    assert_eq!(found.iter().filter(|f| f["pair"].is_object()).count(), 1);
    assert_eq!(rules(&found), ["aws-secret-access-key", "aws-secret-access-key"]);
}

#[test]
fn a_secret_that_is_hidden_does_not_hide_its_id() {
    let (id, key) = halves(1);
    let found = scan(&file(&id, &key, 0), &["--exclude-rule", "aws-secret-access-key", "--exclude-rule", "generic"]);
    assert_eq!(rules(&found), ["aws-access-key-id"]);
}

#[test]
fn history_ranges_and_messages_have_the_same_pairs() {
    let ((id, key), (third, fourth)) = (halves(1), halves(3));
    let repo = Repo::new();
    repo.add("README", "hello\n");
    repo.commit("first");
    repo.add("credentials", file(&id, &key, 2));
    repo.commit(&format!("Add keys\n\n{}", file(&third, &fourth, 1)));
    repo.add("credentials", "gone\n");
    repo.commit("remove");
    let scan = |args: &[&str]| findings(&run(&repo.home, &repo.path, &[args, &["-f", "json", "--show-secrets"]].concat()));
    for args in [&["git", "."][..], &["scan", "."], &["git", ".", "--since-commit", "HEAD~2"], &["git", ".", "--max-depth", "2"]] {
        let mut pairs: Vec<(Value, Value, Value, Value)> = scan(args)
            .iter()
            .map(|f| (f["secret"].clone(), f["pair"]["secret"].clone(), f["line"].clone(), f["pair"]["place"]["line"].clone()))
            .collect();
        pairs.sort_by_key(|pair| pair.2.as_u64());
        let expected: [(Value, Value, Value, Value); 2] = [
            (key.as_str().into(), id.as_str().into(), 4.into(), 1.into()),
            (fourth.as_str().into(), third.as_str().into(), 5.into(), 3.into()),
        ];
        assert_eq!(pairs, expected, "{args:?}");
    }
}

#[test]
fn text_and_sarif_show_the_other_half_redacted() {
    let (id, key) = halves(1);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("credentials"), file(&id, &key, 0)).unwrap();
    let ran = run(folder.path(), folder.path(), &["scan", "credentials"]);
    assert!(ran.text().contains("  with      AWS access key id AKIA… (20 characters), credentials:1:21\n"), "{}", ran.text());
    let sarif = run(folder.path(), folder.path(), &["scan", "credentials", "-f", "sarif"]);
    let parsed: Value = serde_json::from_slice(&sarif.stdout).unwrap();
    assert_eq!(parsed["runs"][0]["results"][0]["properties"]["pair"]["secret"], "AKIA… (20 characters)");
    for text in [ran.text(), sarif.text()] {
        assert!(!text.contains(&id) && !text.contains(&key));
    }
}
