//! A repository whose configuration would run programs, and whose files point elsewhere: a scan runs nothing, reads
//! nothing beyond its target, and needs no git for what is local.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use common::plant::secret;
use common::repo::Repo;
use common::run::{bounded, finish, run, unleak};

/// A repository whose every hook and setting would leave a mark, and where the mark would be.
fn hostile() -> (Repo, PathBuf) {
    let repo = Repo::new();
    let mark = repo.home.join("mark");
    let program = repo.home.join("evil.sh");
    fs::write(&program, format!("#!/bin/sh\necho \"$0 $*\" >> {}\nexit 1\n", mark.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    repo.commit_file("a.txt", secret("hostile"));
    repo.commit_file(".gitattributes", "* filter=evil diff=evil merge=evil textconv=evil\n");
    repo.commit_file("b.txt", "2\n");
    let run = program.display();
    let mut config = fs::read_to_string(repo.path.join(".git/config")).unwrap();
    config.push_str(&format!(
        "[core]\n\tfsmonitor = {run}\n\tsshCommand = {run}\n\tgitProxy = {run}\n\tpager = {run}\n\teditor = {run}\n\taskPass = {run}\n\
         \thooksPath = {home}/hooks\n\talternateRefsCommand = {run}\n\
         [filter \"evil\"]\n\tclean = {run}\n\tsmudge = {run}\n\tprocess = {run}\n\trequired = true\n\
         [diff]\n\texternal = {run}\n[diff \"evil\"]\n\ttextconv = {run}\n\tcommand = {run}\n\
         [merge \"evil\"]\n\tdriver = {run}\n[alias]\n\tcat-file = !{run}\n\trev-list = !{run}\n\tlog = !{run}\n\
         [credential]\n\thelper = !{run}\n[gpg]\n\tprogram = {run}\n[uploadpack]\n\tpackObjectsHook = {run}\n\
         [include]\n\tpath = {home}/pipe\n[protocol]\n\tallow = always\n[protocol \"ext\"]\n\tallow = always\n\
         [remote \"origin\"]\n\turl = ext::{run}\n\tpromisor = true\n[extensions]\n\tpartialClone = origin\n",
        home = repo.home.display()
    ));
    fs::write(repo.path.join(".git/config"), config).unwrap();
    // Whoever follows the include waits for ever.
    assert!(std::process::Command::new("mkfifo").arg(repo.home.join("pipe")).status().unwrap().success());
    for folder in [repo.home.join("hooks"), repo.path.join(".git/hooks")] {
        fs::create_dir_all(&folder).unwrap();
        for hook in ["pre-commit", "post-checkout", "post-index-change", "fsmonitor-watchman", "reference-transaction", "pre-auto-gc"] {
            fs::copy(&program, folder.join(hook)).unwrap();
        }
    }
    (repo, mark)
}

#[test]
fn nothing_is_run() {
    let (repo, mark) = hostile();
    repo.write("a.txt", secret("changed"));
    for options in [
        &["scan", "."][..],
        &["git", "."],
        &["dir", "."],
        &["scan", ".", "--staged"],
        &["scan", ".", "--changes"],
        &["git", ".", "--since-commit", "HEAD~1"],
        &["git", ".", "--max-depth", "2", "--refs", "all"],
        &["scan", ".", "--recurse-submodules", "--include-ignored"],
    ] {
        let ran = bounded(&repo.home, &repo.path, &[options, &["-f", "json", "--show-secrets"]].concat(), 60);
        assert!(ran.code == 0 || ran.code == 1, "{options:?}: {} {}", ran.code, ran.stderr);
        assert!(!mark.exists(), "{options:?} ran {}", fs::read_to_string(&mark).unwrap());
    }
    let report = run(&repo.home, &repo.path, &["scan", ".", "-f", "json", "--show-secrets"]).report();
    assert!(report.finding(&secret("hostile")).is_some() && report.finding(&secret("changed")).is_some());
}

/// Objects that a partial clone lacks are not fetched: the remote would be a program.
#[test]
fn nothing_is_fetched() {
    let (repo, mark) = hostile();
    let loose: Vec<PathBuf> = fs::read_dir(repo.path.join(".git/objects")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let first = loose.iter().find(|path| path.file_name().unwrap().len() == 2).unwrap();
    fs::remove_dir_all(first).unwrap();
    let ran = bounded(&repo.home, &repo.path, &["git", ".", "-f", "json"], 60);
    assert!(!ran.report().complete());
    assert!(!mark.exists(), "{}", fs::read_to_string(&mark).unwrap());
}

/// What is local is scanned without git: with none on the path the result is the same.
#[test]
fn git_is_not_needed() {
    let repo = Repo::new();
    repo.commit_file("a.txt", secret("one"));
    repo.commit_file("a.txt", "clean\n");
    repo.add("b.txt", secret("two"));
    repo.git(&["repack", "-q", "-d"]);
    for options in [&["scan", "."][..], &["git", ".", "--since-commit", "HEAD~1"], &["scan", ".", "--staged"], &["scan", ".", "--changes"]]
    {
        let options = [options, &["-f", "json", "--show-secrets"]].concat();
        let with = run(&repo.home, &repo.path, &options);
        let mut command = unleak(&repo.home);
        command.current_dir(&repo.path).args(&options).env("PATH", "");
        let without = finish(command, b"");
        assert_eq!((with.code, with.text()), (without.code, without.text()), "{options:?}");
    }
    let mut command = unleak(&repo.home);
    command.current_dir(&repo.path).args(["scan", "https://127.0.0.1:1/x.git", "-f", "json"]).env("PATH", "");
    let ran = finish(command, b"");
    assert_eq!(ran.code, 3);
    assert!(ran.report().notices().join("\n").contains("git"), "{:?}", ran.report().notices());
}

/// The scan does not write into its target.
#[test]
fn nothing_is_written() {
    let repo = Repo::new();
    repo.commit_file("a.txt", secret("one"));
    repo.write("b.txt", "x\n");
    let state = || {
        let listed = std::process::Command::new("find").arg(&repo.path).args(["-printf", "%p %s %T@ %m\n"]).output().unwrap();
        let mut lines: Vec<String> = String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let before = state();
    for options in [&["scan", "."][..], &["git", "."], &["dir", "."], &["scan", ".", "--changes"], &["scan", ".", "--staged"]] {
        assert!(run(&repo.home, &repo.path, options).code < 2, "{options:?}");
        assert_eq!(state(), before, "{options:?}");
    }
}

#[test]
fn nothing_beyond_the_target_is_read() {
    let repo = Repo::new();
    repo.commit_file("a.txt", secret("inside"));
    let elsewhere = repo.beside("elsewhere");
    elsewhere.write("secret.txt", secret("elsewhere"));
    let far = elsewhere.path.display();
    // Links to files and folders, in the working tree and in the git folder; and a working tree that is said to be there.
    std::os::unix::fs::symlink(elsewhere.path.join("secret.txt"), repo.path.join("link.txt")).unwrap();
    std::os::unix::fs::symlink(&elsewhere.path, repo.path.join("folder")).unwrap();
    for options in
        [&["scan", "."][..], &["dir", "."], &["scan", ".", "--changes"], &["scan", ".", "--include-ignored", "--recurse-submodules"]]
    {
        let report = run(&repo.home, &repo.path, &[options, &["-f", "json", "--show-secrets"]].concat()).report();
        assert!(report.finding(&secret("elsewhere")).is_none(), "{options:?}");
    }
    let mut config = fs::read_to_string(repo.path.join(".git/config")).unwrap();
    config.push_str(&format!("[core]\n\tworktree = {far}\n\texcludesFile = {far}/secret.txt\n\tattributesFile = {far}/secret.txt\n"));
    fs::write(repo.path.join(".git/config"), config).unwrap();
    for options in [&["scan", "."][..], &["scan", ".", "--changes"]] {
        let report = run(&repo.home, &repo.path, &[options, &["-f", "json", "--show-secrets"]].concat()).report();
        assert!(report.finding(&secret("elsewhere")).is_none(), "{options:?} follows core.worktree");
    }
}

/// Hooks and reflogs may be links as well: their text counts, not what they lead to.
#[test]
fn links_in_the_git_folder_are_not_followed() {
    let repo = Repo::new();
    repo.commit_file("a.txt", "x\n");
    let elsewhere = repo.beside("elsewhere");
    elsewhere.write("secret.txt", secret("elsewhere"));
    for name in ["hooks/pre-push", "logs/refs/heads/other", "COMMIT_EDITMSG", "info/exclude", "refs/heads/linked"] {
        let path = repo.path.join(".git").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::remove_file(&path).ok();
        std::os::unix::fs::symlink(elsewhere.path.join("secret.txt"), path).unwrap();
    }
    let report = run(&repo.home, &repo.path, &["scan", ".", "-f", "json", "--show-secrets"]).report();
    assert!(report.finding(&secret("elsewhere")).is_none(), "{}", report.0["findings"]);
}

/// A pipe where a file is expected would hold up whoever opens it.
#[test]
fn pipes_in_the_git_folder_hold_nothing_up() {
    let mut faults = Vec::new();
    for name in [
        "hooks/pre-push",
        "logs/refs/heads/other",
        "COMMIT_EDITMSG",
        "info/exclude",
        "info/attributes",
        "refs/heads/pipe",
        "refs/tags/pipe",
        "packed-refs",
        "index",
        "config",
        "config.worktree",
        "shallow",
        "HEAD",
        "commondir",
        "objects/info/alternates",
        "objects/12/34567890123456789012345678901234567890",
        "objects/pack/pack-1234567890123456789012345678901234567890.idx",
        "objects/pack/pack-1234567890123456789012345678901234567890.pack",
        "modules/sub",
        "worktrees/x/HEAD",
    ] {
        let repo = Repo::new();
        repo.commit_file("a.txt", secret("beside"));
        let path = repo.path.join(".git").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::remove_file(&path).ok();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let scan = |options: &[&str]| bounded(&repo.home, &repo.path, options, 3).code;
        let scans = [&["scan", "."][..], &["scan", ".", "--recurse-submodules"], &["scan", ".", "--changes"]];
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| scans.map(scan)));
        if ended.is_err() {
            faults.push(name);
        }
    }
    assert!(faults.is_empty(), "held up by {faults:?}");
}
