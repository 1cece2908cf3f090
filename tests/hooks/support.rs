//! What these tests share: a repository with hooks, and commits that must pass or be blocked.

use std::path::Path;
use std::process::Output;

pub use crate::common::repo::Repo;
pub use crate::common::run::{PROGRAM, Ran, run, run_with};
pub use crate::common::token::token;

/// A repository with one commit and these hooks installed.
pub fn hooked(hooks: &[&str]) -> Repo {
    let repo = Repo::new();
    repo.commit_file("README.md", "hello\n");
    install(&repo, hooks);
    repo
}

/// Runs `unleak hook install` in the repository.
#[track_caller]
pub fn install(repo: &Repo, arguments: &[&str]) -> String {
    let ran = hook(repo, &[&["install"], arguments].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.text()
}

/// Runs `unleak hook` in the repository.
pub fn hook(repo: &Repo, arguments: &[&str]) -> Ran {
    run(&repo.home, &repo.path, &[&["hook"], arguments].concat())
}

/// Runs git; it must succeed.
#[track_caller]
pub fn passes(repo: &Repo, arguments: &[&str]) -> String {
    let output = repo.try_git(arguments, b"");
    assert!(output.status.success(), "git {arguments:?} was blocked: {}", said(&output));
    said(&output)
}

/// Runs git; a hook must stop it and name the place. No whole secret is said.
#[track_caller]
pub fn blocked(repo: &Repo, arguments: &[&str], place: &str) -> String {
    let output = repo.try_git(arguments, b"");
    let said = said(&output);
    assert!(!output.status.success(), "git {arguments:?} passed: {said}");
    assert!(said.contains(place) && said.contains("blocked"), "{place}: {said}");
    (0..100).for_each(|seed| assert!(!said.contains(&token(seed)), "a whole secret is printed: {said}"));
    said
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Writes a program.
pub fn executable(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}
