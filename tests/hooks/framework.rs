//! File names as the pre-commit framework passes them.

use super::support::*;
use crate::common::run::{finish, unleak};

fn files(repo: &Repo, names: &[&str], refs: Option<(&str, &str)>) -> Ran {
    let mut command = unleak(&repo.home);
    command.current_dir(&repo.path).args(["hook", "run", "files", "--show-secrets", "-f", "json", "--"]).args(names).env("PRE_COMMIT", "1");
    if let Some((from, to)) = refs {
        command.env("PRE_COMMIT_FROM_REF", from).env("PRE_COMMIT_TO_REF", to);
    }
    finish(command, b"")
}

#[track_caller]
fn finds(ran: &Ran, seeds: &[u64]) {
    let mut expected: Vec<String> = seeds.iter().map(|&seed| token(seed)).collect();
    expected.sort();
    assert_eq!(ran.report().secrets(), expected);
    assert_eq!(ran.code, i32::from(!seeds.is_empty()), "{}", ran.stderr);
}

#[test]
fn staged_is_judged_by_what_it_adds_and_the_rest_whole() {
    let repo = Repo::new();
    repo.commit_file("old", format!("{}\n", token(1)));
    repo.commit_file("rest", format!("{}\n", token(2)));
    repo.commit_file("other", format!("{}\n", token(3)));
    repo.add("old", format!("{}\n{}\n", token(1), token(4)));
    repo.add("not-named", token(5));
    // `old` is staged: only what it adds. `rest` is not: whole. Nothing that is not named.
    finds(&files(&repo, &["old", "rest"], None), &[2, 4]);
    finds(&files(&repo, &["old"], None), &[4]);
    repo.git(&["commit", "-qm", "x"]);
    finds(&files(&repo, &["old", "rest", "other", "not-named"], None), &[1, 2, 3, 4, 5]);
    // A name that is the beginning of another's folder names only itself.
    repo.write("rest-of/it", token(6));
    finds(&files(&repo, &["rest"], None), &[2]);
    finds(&files(&repo, &["rest-of/it"], None), &[6]);
}

#[test]
fn a_range_is_limited_to_the_names() {
    let repo = Repo::new();
    let from = repo.commit_file("a", format!("{}\n", token(1)));
    repo.commit_file("a", format!("{}\n{}\n", token(1), token(2)));
    repo.commit_file("b", format!("{}\n", token(3)));
    let to = repo.commit_file("a", "gone again\n");
    finds(&files(&repo, &["a"], Some((&from, &to))), &[2]);
    finds(&files(&repo, &["a", "b"], Some((&from, &to))), &[2, 3]);
    finds(&files(&repo, &["b"], Some((&to, "HEAD"))), &[]);
}

#[test]
fn names_that_are_not_there_and_none() {
    let repo = Repo::new();
    repo.commit_file("a", "clean\n");
    assert_eq!(files(&repo, &[], None).code, 0);
    let ran = files(&repo, &["gone"], None);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.report().notices()[0].contains("gone"));
    // An odd name is no option and no glob.
    repo.add("-x [a]*", token(1));
    finds(&files(&repo, &["-x [a]*"], None), &[1]);
}
