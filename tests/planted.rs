//! Every place that a repository has, in every state that a repository can be in: each planted secret is found, with
//! the right kind, commit, path, line and life.
#![cfg(unix)]

mod common;

use std::path::Path;

use common::plant::{Class, Life, Plant};
use common::planted::Planted;
use common::repo::Repo;
use common::run::{Report, run};

const EVERYTHING: &[Class] = &[Class::Reachable, Class::Lost, Class::RefName, Class::Local, Class::Tree];

fn scan(repo: &Repo, more: &[&str]) -> Report {
    let args = [&["scan", ".", "--format", "json", "--show-secrets"], more].concat();
    let ran = run(&repo.home, &repo.path, &args);
    assert_eq!(ran.code, 1, "{}\n{}", ran.text(), ran.stderr);
    ran.report()
}

#[track_caller]
fn check(planted: &Planted, report: &Report, classes: &[Class], attributed: bool) {
    let asked = planted.plants.iter().filter(|plant| classes.contains(&plant.class));
    let faults: Vec<String> = asked.flat_map(|plant: &Plant| plant.faults(report, attributed)).collect();
    assert!(faults.is_empty(), "{} faults:\n{}\nnotices: {:#?}", faults.len(), faults.join("\n"), report.notices());
    assert!(report.complete(), "{:#?}", report.notices());
}

/// Nothing is found that was not planted, but what only options bring.
#[track_caller]
fn check_all(planted: &Planted, repo: &Repo) {
    let report = scan(repo, &[]);
    check(planted, &report, EVERYTHING, true);
    let mut expected: Vec<String> = planted.plants.iter().map(|plant| plant.secret.clone()).collect();
    expected.sort();
    expected.dedup();
    assert_eq!(report.secrets(), expected);
}

#[test]
fn loose_objects() {
    let planted = Planted::new(&[]);
    assert!(planted.repo.packs("pack").is_empty());
    check_all(&planted, &planted.repo);
}

#[test]
fn what_only_options_bring() {
    let planted = Planted::new(&[]);
    let plain = scan(&planted.repo, &[]);
    assert!(plain.finding(&planted.ignored).is_none() && plain.finding(&planted.submodule.secret).is_none());
    let left_out = plain.left_out().join("\n");
    assert!(left_out.contains("--include-ignored") && left_out.contains("--recurse-submodules"), "{left_out}");
    let report = scan(&planted.repo, &["--include-ignored", "--recurse-submodules"]);
    check(&planted, &report, EVERYTHING, true);
    assert!(report.finding(&planted.ignored).is_some());
    assert_eq!(planted.submodule.faults(&report, true), [] as [String; 0]);
    let nested = planted.plants.iter().find(|plant| plant.name == "nested").unwrap();
    let without = scan(&planted.repo, &["--no-nested"]);
    assert!(without.finding(&nested.secret).is_none());
}

#[test]
fn one_pack_with_unreachable_objects() {
    let planted = Planted::new(&[]);
    planted.repo.git(&["repack", "-q", "-adk", "--depth=50", "--window=50"]);
    planted.repo.git(&["pack-refs", "--all"]);
    assert_eq!(planted.repo.packs("pack").len(), 1);
    check_all(&planted, &planted.repo);
}

#[test]
fn garbage_collected() {
    let planted = Planted::new(&[]);
    planted.repo.git(&["-c", "gc.reflogExpire=never", "-c", "gc.reflogExpireUnreachable=never", "gc", "-q", "--no-prune"]);
    check_all(&planted, &planted.repo);
}

#[test]
fn a_cruft_pack() {
    let planted = Planted::new(&[]);
    planted.repo.git(&["repack", "-q", "--cruft", "-d"]);
    assert_eq!(planted.repo.packs("mtimes").len(), 1);
    check_all(&planted, &planted.repo);
}

#[test]
fn several_packs_and_loose_objects() {
    let planted = Planted::new(&[]);
    let repo = &planted.repo;
    for range in ["main~20", "main~10", "main"] {
        let objects = repo.git(&["rev-list", "--objects", range]);
        let ids: String = objects.lines().map(|line| line.split(' ').next().unwrap().to_owned() + "\n").collect();
        repo.git_with(&["pack-objects", "-q", ".git/objects/pack/pack"], ids.as_bytes());
    }
    repo.git(&["prune-packed"]);
    assert_eq!(repo.packs("pack").len(), 3);
    check_all(&planted, repo);
}

#[test]
fn with_commit_graph_and_multi_pack_index() {
    let planted = Planted::new(&[]);
    let repo = &planted.repo;
    repo.git(&["repack", "-q", "-d"]);
    repo.commit("one more");
    repo.git(&["repack", "-q", "-adk", "--write-bitmap-index"]);
    repo.git(&["multi-pack-index", "write"]);
    repo.git(&["commit-graph", "write", "--reachable"]);
    // A staged file would have been committed: stage it once more.
    repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
    let staged = planted.plants.iter().find(|plant| plant.name == "staged").unwrap();
    let report = scan(repo, &[]);
    assert!(report.finding(&staged.secret).is_some());
    let asked: Vec<&Plant> = planted.plants.iter().filter(|plant| plant.name != "staged").collect();
    let faults: Vec<String> = asked.into_iter().flat_map(|plant| plant.faults(&report, true)).collect();
    assert!(faults.is_empty() && report.complete(), "{}\n{:#?}", faults.join("\n"), report.notices());
}

#[test]
fn through_a_linked_worktree() {
    let planted = Planted::new(&[]);
    planted.repo.git(&["worktree", "add", "-q", "../linked", "side"]);
    let linked = planted.repo.beside("linked");
    linked.write("here.txt", "x\n");
    let report = scan(&linked, &[]);
    check(&planted, &report, &[Class::Reachable, Class::Lost, Class::RefName, Class::Local], false);
    let side = planted.plants.iter().find(|plant| plant.name == "other branch").unwrap();
    let finding = report.finding(&side.secret).unwrap();
    assert_eq!(finding["history"]["in_head"], true, "HEAD is the worktree's own: {finding}");
}

#[test]
fn with_a_separate_git_folder() {
    let planted = Planted::new(&[]);
    planted.repo.git(&["init", "-q", "--separate-git-dir", "../apart"]);
    assert!(planted.repo.path.join(".git").is_file());
    check_all(&planted, &planted.repo);
}

#[test]
fn from_a_folder_inside() {
    let planted = Planted::new(&[]);
    let ran = run(&planted.repo.home, &planted.repo.path.join("odd"), &["scan", "--format", "json", "--show-secrets"]);
    check(&planted, &ran.report(), EVERYTHING, true);
}

#[test]
fn a_bare_mirror() {
    let planted = Planted::new(&[]);
    planted.repo.git(&["clone", "-q", "--mirror", &format!("file://{}", planted.repo.path.display()), "../mirror.git"]);
    let report = scan(&planted.repo.beside("mirror.git"), &[]);
    check(&planted, &report, &[Class::Reachable, Class::RefName], true);
}

#[test]
fn with_alternates() {
    let planted = Planted::new(&[]);
    planted.repo.git(&["repack", "-q", "-adk"]);
    planted.repo.git(&["clone", "-q", "--shared", ".", "../shared"]);
    let shared = planted.repo.beside("shared");
    let report = scan(&shared, &[]);
    check(&planted, &report, &[Class::Reachable, Class::Lost], false);
    let head = planted.plants.iter().find(|plant| plant.name == "head").unwrap();
    assert_eq!(head.faults(&report, true), [] as [String; 0]);
    let told = report.notices().join("\n") + &report.0["coverage"].to_string();
    assert!(told.contains("repo/.git/objects"), "the receipt names the alternate: {told}");
}

#[test]
fn with_sha256_ids() {
    let planted = Planted::new(&["--object-format=sha256"]);
    check_all(&planted, &planted.repo);
    planted.repo.git(&["repack", "-q", "-adk"]);
    check_all(&planted, &planted.repo);
}

#[test]
fn the_history_alone() {
    let planted = Planted::new(&[]);
    let ran = run(&planted.repo.home, Path::new("/"), &["git", planted.repo.path.to_str().unwrap(), "--format", "json", "--show-secrets"]);
    let report = ran.report();
    check(&planted, &report, &[Class::Reachable, Class::Lost, Class::RefName, Class::Local], true);
    let in_tree = planted.plants.iter().filter(|plant| plant.class == Class::Tree && plant.name != "head");
    let found: Vec<_> = in_tree.filter(|plant| plant.name != "staged" && report.finding(&plant.secret).is_some()).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// What is signed or noted in a commit's headers is nobody's name.
#[test]
fn extra_headers_of_a_commit_count_as_its_message() {
    let planted = Planted::new(&[]);
    let report = scan(&planted.repo, &[]);
    let signature = planted.plants.iter().find(|plant| plant.name == "signature").unwrap();
    let expected = Plant { kind: "commit-message", ..signature.clone() };
    assert_eq!(expected.faults(&report, true), [] as [String; 0]);
}

/// A tag may point to a tree: what is in it is reachable, by that tag.
#[test]
fn a_tag_on_a_tree_reaches_what_is_in_it() {
    let planted = Planted::new(&[]);
    let report = scan(&planted.repo, &[]);
    let tagged = planted.plants.iter().find(|plant| plant.name == "tagged tree").unwrap();
    let life = Life { refs: vec!["refs/tags/tree-tag".to_owned()], ..Life::default() };
    assert_eq!(tagged.clone().life(life).faults(&report, true), [] as [String; 0]);
}
