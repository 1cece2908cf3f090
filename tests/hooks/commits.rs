//! pre-commit, pre-merge-commit and commit-msg, in every way a commit comes about.

use std::path::Path;

use super::support::*;

#[test]
fn a_bare_install_is_the_pre_commit_hook_alone() {
    let repo = hooked(&[]);
    for name in ["pre-merge-commit", "commit-msg", "pre-push", "pre-receive"] {
        assert!(!repo.path.join(".git/hooks").join(name).exists(), "{name}");
    }
    assert!(repo.path.join(".git/hooks/pre-commit").exists());
    repo.add("a.env", format!("T={}\n", token(1)));
    let said = blocked(&repo, &["commit", "-qm", "x"], "a.env:1:3");
    assert!(said.contains("ghp_… (40 characters)") && said.contains("--no-verify"), "{said}");
    passes(&repo, &["commit", "-qm", "x", "--no-verify"]);
}

#[test]
fn a_clean_commit_says_nothing() {
    let repo = hooked(&["pre-commit", "pre-merge-commit", "commit-msg"]);
    repo.add("a.txt", "clean\n");
    assert_eq!(passes(&repo, &["commit", "-qm", "clean"]), "");
    assert_eq!(passes(&repo, &["commit", "-qm", "nothing", "--allow-empty"]), "");
    assert_eq!(passes(&repo, &["commit", "-q", "--allow-empty", "--amend", "-m", "amended"]), "");
    assert_eq!(passes(&repo, &["commit", "-q", "--amend", "--no-edit", "--allow-empty"]), "");
}

#[test]
fn the_very_first_commit() {
    let repo = Repo::new();
    install(&repo, &[]);
    repo.add("a", token(1));
    blocked(&repo, &["commit", "-qm", "first"], "a:1:1");
    repo.add("a", "clean");
    passes(&repo, &["commit", "-qm", "first"]);
}

#[test]
fn commit_all_and_commit_file_are_judged_by_what_they_commit() {
    let repo = hooked(&[]);
    repo.commit_file("one", "1\n");
    repo.commit_file("two", "2\n");
    // Nothing is staged; `-a` stages in an index of its own.
    repo.write("one", format!("1\n{}\n", token(1)));
    blocked(&repo, &["commit", "-qam", "all"], "one:2:1");
    // `one` is dirty, `two` is what is committed; and the other way round.
    repo.write("two", "2\nclean\n");
    passes(&repo, &["commit", "-qm", "file", "two"]);
    blocked(&repo, &["commit", "-qm", "file", "one"], "one:2:1");
    // What is staged besides is not part of `git commit FILE`.
    repo.git(&["add", "one"]);
    repo.write("two", "2\nclean again\n");
    passes(&repo, &["commit", "-qm", "file", "two"]);
    repo.write("two", format!("2\n{}\n", token(2)));
    blocked(&repo, &["commit", "-qm", "file", "--include", "two"], "two:2:1");
}

#[test]
fn what_is_staged_counts_not_what_lies_in_the_working_tree() {
    let repo = hooked(&[]);
    repo.add("a", format!("{}\n", token(1)));
    repo.write("a", "clean now\n");
    blocked(&repo, &["commit", "-qm", "x"], "a:1:1");
    repo.git(&["add", "a"]);
    repo.write("a", format!("{}\n", token(1)));
    passes(&repo, &["commit", "-qm", "x"]);
}

#[test]
fn an_old_secret_does_not_block_an_edit_beside_it() {
    let repo = Repo::new();
    repo.commit_file("a", format!("one\n{}\n", token(1)));
    install(&repo, &[]);
    repo.add("a", format!("ONE\n{}\n", token(1)));
    passes(&repo, &["commit", "-qm", "edit"]);
    repo.add("a", format!("ONE\n{}\n{}\n", token(1), token(2)));
    let said = blocked(&repo, &["commit", "-qm", "add"], "a:3:1");
    assert!(said.contains("1 secret found"), "{said}");
}

#[test]
fn amending_is_judged_against_the_commit_that_is_replaced() {
    let repo = hooked(&[]);
    repo.add("a", format!("{}\n", token(3)));
    blocked(&repo, &["commit", "-q", "--amend", "--no-edit"], "a:1:1");
}

#[test]
fn messages() {
    let repo = hooked(&["commit-msg"]);
    let message = format!("Subject\n\nUse {}", token(4));
    let said = blocked(&repo, &["commit", "-q", "--allow-empty", "-m", &message], "line 3");
    assert!(said.contains("message of a commit"), "{said}");
    // With `--verbose` the diff stands below the message; it is not part of it.
    let repo = Repo::new();
    repo.commit_file("a", format!("{}\n", token(4)));
    install(&repo, &["commit-msg"]);
    repo.add("a", "gone\n");
    repo.git(&["config", "core.editor", "sh -c 'printf \"Remove it\\n\" | cat - \"$1\" > \"$1.n\" && mv \"$1.n\" \"$1\"' -"]);
    passes(&repo, &["commit", "-q", "--verbose"]);
    assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "Remove it");
}

#[test]
fn merges() {
    let repo = hooked(&["pre-merge-commit", "pre-commit"]);
    repo.git(&["switch", "-qc", "side"]);
    repo.add("b", format!("{}\n", token(5)));
    repo.git(&["commit", "-qnm", "past the hook"]);
    repo.git(&["switch", "-q", "main"]);
    repo.commit_file("c", "clean\n");
    // What a parent of the merge has is not added by it.
    passes(&repo, &["merge", "-q", "--no-edit", "side"]);
    repo.git(&["reset", "-q", "--hard", "HEAD~"]);
    repo.git(&["merge", "-q", "--no-commit", "side"]);
    repo.add("evil", format!("{}\n", token(6)));
    blocked(&repo, &["commit", "-q", "--no-edit"], "evil:1:1");
}

#[test]
fn linked_working_trees_and_git_dir() {
    let repo = hooked(&[]);
    let other = repo.beside("linked");
    repo.git(&["worktree", "add", "-q", other.path.to_str().unwrap()]);
    other.add("a", format!("{}\n", token(7)));
    blocked(&other, &["commit", "-qm", "x"], "a:1:1");
    other.write("README.md", format!("{}\n", token(7)));
    other.git(&["rm", "-q", "--cached", "a"]);
    blocked(&other, &["commit", "-qam", "x"], "README.md:1:1");
    other.write("README.md", "clean\n");
    passes(&other, &["commit", "-qam", "x"]);
    // Installed from the linked working tree it is the same hook.
    assert!(install(&other, &[]).contains("already"));
    // From elsewhere, by options.
    repo.add("a", format!("{}\n", token(8)));
    let (git_dir, top) = (repo.path.join(".git"), repo.path.clone());
    let (git_dir, top) = (git_dir.to_str().unwrap(), top.to_str().unwrap());
    let outside = repo.beside("elsewhere");
    std::fs::create_dir(&outside.path).unwrap();
    blocked(&outside, &["--git-dir", git_dir, "--work-tree", top, "commit", "-qm", "x"], "a:1:1");
    // From a folder below.
    repo.write("sub/x", "x");
    blocked(&repo.beside("repo/sub"), &["commit", "-qm", "x"], "a:1:1");
}

#[test]
fn an_inherited_variable_does_not_lead_astray() {
    let repo = hooked(&[]);
    let other = repo.beside("other");
    std::fs::create_dir(&other.path).unwrap();
    other.git(&["init", "-q"]);
    other.add("a", token(1));
    // An index that lies elsewhere is not this repository's.
    let mut command = crate::common::run::unleak(&repo.home);
    command.current_dir(&repo.path).args(["hook", "run", "pre-commit"]).env("GIT_INDEX_FILE", other.path.join(".git/index"));
    let ran = crate::common::run::finish(command, b"");
    assert_eq!((ran.code, ran.text().as_str()), (0, ""), "{}", ran.stderr);
}

#[test]
fn trouble_blocks_unless_it_was_declared_to_pass() {
    let repo = hooked(&[]);
    repo.commit_file("a", "clean\n");
    repo.add("a", "more\n");
    // HEAD's tree is gone: nobody can tell what the commit adds.
    let tree = repo.rev("HEAD^{tree}");
    std::fs::remove_file(repo.loose(&tree)).unwrap();
    let ran = hook(&repo, &["run", "pre-commit"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("blocked") && ran.stderr.contains("--fail-open"), "{}", ran.stderr);
    let ran = hook(&repo, &["run", "pre-commit", "--fail-open"]);
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.contains("warning"), "{}", ran.stderr);
    // What the call says, and so the hook's file, comes before the environment, which counts where the call says nothing.
    let (file, call) = (repo.path.join(".git/hooks/pre-commit"), ["hook", "run", "pre-commit"]);
    for (program, arguments, variable, code) in [
        (Path::new(PROGRAM), &call[..], "UNLEAK_FAIL_OPEN", 0),
        (Path::new(PROGRAM), &[call[0], call[1], call[2], "--fail-closed"], "UNLEAK_FAIL_OPEN", 3),
        (Path::new(PROGRAM), &[call[0], call[1], call[2], "--fail-open"], "UNLEAK_FAIL_CLOSED", 0),
        (&file, &[], "UNLEAK_FAIL_OPEN", 3),
    ] {
        let mut command = crate::common::repo::scrubbed(program, &repo.home);
        command.current_dir(&repo.path).args(arguments).env(variable, "1");
        let ran = crate::common::run::finish(command, b"");
        assert_eq!(ran.code, code, "{arguments:?} with {variable}: {}", ran.stderr);
    }
    // Findings block even so.
    let repo = hooked(&["--fail-open"]);
    repo.add("b", token(9));
    blocked(&repo, &["commit", "-qm", "x"], "b:1:1");
}
