//! The stage and the working tree.

use std::fs;

use unleak::finding::PlaceKind;
use unleak::source::git::stage::Stage;

use super::support::{Scan, TestRepo, What, token};

fn staged(repo: &TestRepo) -> Scan {
    repo.opened().scan(What::Stage(None), false, &[])
}

fn changes(repo: &TestRepo) -> Scan {
    repo.opened().scan(What::Changes, false, &[])
}

fn pair(path: &str, number: u32) -> (String, String) {
    (path.to_owned(), token(number))
}

#[test]
fn before_the_first_commit_everything_is_added() {
    let repo = TestRepo::new();
    let nothing = staged(&repo);
    assert!(nothing.is_complete() && nothing.findings.is_empty() && nothing.result.counts.is_empty());
    repo.write("a", &token(1));
    repo.write("dir/b", &token(2));
    repo.git(&["add", "-A"]);
    let scan = staged(&repo);
    assert_eq!(scan.found(PlaceKind::Index), [pair("a", 1), pair("dir/b", 2)]);
    assert!(scan.is_complete());
    assert_eq!(scan.result.counts.index_entries, 2);
}

#[test]
fn an_old_secret_in_an_edited_or_moved_file_is_not_added() {
    let repo = TestRepo::new();
    let lines = "some\nlines\nto\nkeep\n";
    repo.commit(&[("dir/a", &format!("{}\n{lines}", token(1))), ("dir/same", &token(4)), ("other/x", "1")]);
    assert!(staged(&repo).findings.is_empty());
    repo.git(&["mv", "dir/a", "moved"]);
    repo.write("moved", &format!("{}\n{lines}more {}\n", token(1), token(2)));
    repo.write("copy", &format!("{}\nedited\n", token(4)));
    repo.write("unstaged", &token(9));
    repo.git(&["add", "moved", "copy"]);
    let scan = staged(&repo);
    assert_eq!(scan.found(PlaceKind::Index), [pair("copy", 4), pair("moved", 2)]);
    assert_eq!(scan.result.already_there, 1);
    let limited = repo.opened().scan(What::Stage(None), false, &["copy"]);
    assert_eq!(limited.found(PlaceKind::Index), [pair("copy", 4)]);
    let whole = repo.opened().scan(What::Stage(None), true, &["moved"]);
    assert_eq!(whole.found(PlaceKind::Index), [pair("moved", 1), pair("moved", 2)]);
}

#[test]
fn every_version_of_the_index_is_read() {
    let repo = TestRepo::new();
    repo.commit(&[("dir/a", "1"), ("dir/sub/b", "2"), ("z", "3")]);
    repo.write("dir/sub/c", &token(1));
    repo.git(&["add", "-A"]);
    repo.write("announced", &token(2));
    repo.git(&["add", "-N", "announced"]);
    for version in ["2", "3", "4"] {
        repo.git(&["update-index", "--index-version", version]);
        let scan = staged(&repo);
        assert_eq!(scan.found(PlaceKind::Index), [pair("dir/sub/c", 1)], "version {version}");
        assert!(scan.is_complete(), "{:?}", scan.notices);
    }
    repo.git(&["update-index", "--split-index"]);
    repo.write("late", &token(3));
    repo.git(&["add", "late"]);
    assert_eq!(staged(&repo).found(PlaceKind::Index), [pair("dir/sub/c", 1), pair("late", 3)]);
    assert_eq!(changes(&repo).found(PlaceKind::Worktree), [pair("announced", 2)]);
}

#[test]
fn entries_are_those_that_git_lists() {
    for format in ["sha1", "sha256"] {
        let repo = TestRepo::with(&["--object-format", format]);
        repo.commit(&[("a", "1"), ("dir/b", "2"), ("dir/c/d", "3"), ("dir.e", "4")]);
        repo.write("dir/c/new", "5");
        repo.git(&["add", "-A"]);
        for version in ["2", "4"] {
            repo.git(&["update-index", "--index-version", version]);
            let stage = Stage::read(&repo.path.join(".git/index"), repo.opened().repo.hash).unwrap();
            let ours: Vec<String> = stage.entries.iter().map(|e| format!("{:06o} {} {}\t{}", e.mode, e.oid, e.stage, e.path)).collect();
            assert_eq!(ours, repo.lines(&["ls-files", "-s"]));
            assert!(stage.trees.is_empty() || !stage.trees.contains_key(bstr::BStr::new(b"dir/c/")));
        }
        repo.git(&["write-tree"]);
        let stage = Stage::read(&repo.path.join(".git/index"), repo.opened().repo.hash).unwrap();
        let known = |path: &str| stage.trees.get(bstr::BStr::new(path)).map(|oid| oid.hex());
        assert_eq!(known(""), Some(repo.git(&["write-tree"])));
        assert_eq!(known("dir/c/"), Some(repo.git(&["rev-parse", &format!("{}:dir/c", repo.git(&["write-tree"]))])));
    }
}

#[test]
fn a_damaged_index_is_an_error_value() {
    let repo = TestRepo::new();
    repo.commit(&[("a", "1"), ("dir/b", "2"), ("dir/c/d", "3")]);
    repo.git(&["update-index", "--index-version", "4"]);
    let index = repo.path.join(".git/index");
    let good = fs::read(&index).unwrap();
    let broken = repo.path.join(".git/broken");
    for length in 0..good.len() {
        fs::write(&broken, &good[..length]).unwrap();
        assert!(Stage::read(&broken, 20).is_err(), "{length}");
    }
    for at in 0..good.len() - 20 {
        let mut bad = good.clone();
        bad[at] ^= 0x55;
        fs::write(&broken, &bad).unwrap();
        assert!(Stage::read(&broken, 20).is_err(), "{at}");
        // Without a checksum only the shape can tell; it must not panic.
        let end = bad.len() - 20;
        bad[end..].fill(0);
        fs::write(&broken, &bad).unwrap();
        let _ = Stage::read(&broken, 20);
    }
    fs::write(&index, &good[..40]).unwrap();
    let scan = staged(&repo);
    assert!(scan.notices.iter().any(|notice| notice.what == "index" && notice.incomplete));
}

#[test]
fn a_merge_is_compared_with_every_parent() {
    let repo = TestRepo::new();
    repo.commit(&[("f", "base\n"), ("g", "base\n")]);
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.commit(&[("f", &format!("side {}\n", token(1))), ("theirs", &token(2))]);
    repo.git(&["checkout", "-q", "main"]);
    repo.commit(&[("f", &format!("main {}\n", token(3)))]);
    repo.git_fails(&["merge", "-q", "side"]);
    let conflict = staged(&repo);
    assert!(conflict.findings.is_empty() && conflict.is_complete(), "{:?}", conflict.findings);
    repo.write("f", &format!("main {}\nside {}\nnew {}\n", token(3), token(1), token(4)));
    assert_eq!(changes(&repo).found(PlaceKind::Worktree), [pair("f", 4)]);
    repo.git(&["add", "f"]);
    let scan = staged(&repo);
    assert_eq!(scan.found(PlaceKind::Index), [pair("f", 4)]);
    assert_eq!(scan.result.already_there, 2);
}

#[test]
fn another_index_can_be_given_and_a_missing_blob_is_told() {
    let repo = TestRepo::new();
    repo.commit(&[("a", "1")]);
    let other = repo.path.join(".git/other-index");
    repo.write("a", &token(1));
    repo.git(&["add", "a"]);
    fs::copy(repo.path.join(".git/index"), &other).unwrap();
    repo.git(&["reset", "-q", "--hard"]);
    assert!(staged(&repo).findings.is_empty());
    let opened = repo.opened();
    assert_eq!(opened.scan(What::Stage(Some(&other)), false, &[]).found(PlaceKind::Index), [pair("a", 1)]);
    let blob = repo.git(&["rev-parse", "HEAD:a"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{},gone", blob.replace(|c: char| c.is_ascii_digit(), "a"))]);
    let scan = staged(&repo);
    assert!(scan.notices.iter().any(|notice| notice.what == "blob" && notice.incomplete));
}

#[test]
fn a_sparse_index_is_read() {
    let repo = TestRepo::new();
    repo.commit(&[("in/a", "1"), ("out/b", "2"), ("out/deep/c", &token(5))]);
    repo.git(&["sparse-checkout", "init", "--cone", "--sparse-index"]);
    repo.git(&["sparse-checkout", "set", "in"]);
    assert!(repo.git(&["ls-files", "--sparse"]).contains("out/"));
    assert!(staged(&repo).findings.is_empty());
    repo.write("in/a", &token(1));
    repo.git(&["add", "in/a"]);
    assert_eq!(staged(&repo).found(PlaceKind::Index), [pair("in/a", 1)]);
    let scan = changes(&repo);
    assert_eq!((scan.found(PlaceKind::Index), scan.found(PlaceKind::Worktree)), (vec![pair("in/a", 1)], vec![]));
    repo.git(&["read-tree", "HEAD"]);
    repo.git(&["reset", "-q", "--soft", "HEAD"]);
}

#[test]
fn changes_are_staged_unstaged_and_untracked() {
    let repo = TestRepo::new();
    let old = format!("{}\nline\n", token(1));
    repo.commit(&[("edited", &old), ("renamed", &old.replace("line", "other")), ("staged", "1"), (".gitignore", "ignored\n")]);
    assert!(changes(&repo).findings.is_empty());
    repo.write("staged", &token(2));
    repo.git(&["add", "staged"]);
    repo.write("staged", &format!("{} {}", token(2), token(3)));
    repo.write("edited", &format!("{old}{}\n", token(4)));
    fs::rename(repo.path.join("renamed"), repo.path.join("moved")).unwrap();
    repo.write("moved", &format!("{}\nedited\n", token(1)));
    repo.write("new/file", &token(6));
    repo.write("ignored", &token(7));
    let scan = changes(&repo);
    assert_eq!(scan.found(PlaceKind::Index), [pair("staged", 2)]);
    assert_eq!(scan.found(PlaceKind::Worktree), [pair("edited", 4), pair("new/file", 6), pair("staged", 3)]);
    assert_eq!(scan.result.already_there, 2);
    assert!(scan.is_complete(), "{:?}", scan.notices);
    assert_eq!(staged(&repo).found(PlaceKind::Index), [pair("staged", 2)]);
    let limited = repo.opened().scan(What::Changes, false, &["new"]);
    assert_eq!(limited.found(PlaceKind::Worktree), [pair("new/file", 6)]);
}

#[cfg(unix)]
#[test]
fn nothing_is_read_through_a_symbolic_link() {
    let repo = TestRepo::new();
    repo.commit(&[("dir/f", "1")]);
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("f"), token(1)).unwrap();
    fs::remove_dir_all(repo.path.join("dir")).unwrap();
    std::os::unix::fs::symlink(outside.path(), repo.path.join("dir")).unwrap();
    std::os::unix::fs::symlink(token(2), repo.path.join("link")).unwrap();
    let scan = changes(&repo);
    assert_eq!(scan.found(PlaceKind::Worktree), [pair("link", 2)]);
}
