//! Installing and taking away: beside hooks of others, husky's layouts, the pre-commit framework's file, for the user.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::support::*;

fn hooks(repo: &Repo) -> PathBuf {
    repo.path.join(".git/hooks")
}

/// Everything in a folder that git runs or that we put there: names, modes, links, contents.
fn picture(folder: &std::path::Path) -> Vec<(PathBuf, u32, Option<PathBuf>, Vec<u8>)> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).unwrap().map(|entry| entry.unwrap()) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                open.push(path);
            } else if path.extension().is_none_or(|extension| extension != "sample") {
                let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
                all.push((path.clone(), mode, fs::read_link(&path).ok(), fs::read(&path).unwrap_or_default()));
            }
        }
    }
    all.sort();
    all
}

#[test]
fn a_hook_that_was_there_runs_first_and_comes_back() {
    let repo = Repo::new();
    repo.commit_file("README.md", "x\n");
    executable(&hooks(&repo).join("pre-commit"), "#!/bin/sh\necho \"theirs: $(basename \"$0\")\"\ntest ! -e refuse\n");
    executable(&hooks(&repo).join("pre-push"), "#!/usr/bin/env bash\nread -r line\necho \"theirs got $line for $1\"\nexit 0");
    fs::write(hooks(&repo).join("commit-msg"), "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(hooks(&repo).join("commit-msg"), fs::Permissions::from_mode(0o644)).unwrap();
    let before = picture(&hooks(&repo));
    install(&repo, &["pre-commit", "pre-push", "commit-msg"]);
    install(&repo, &["pre-commit", "pre-push", "commit-msg"]);
    repo.add("a", "clean\n");
    assert!(passes(&repo, &["commit", "-qm", "x"]).contains("theirs: pre-commit"));
    repo.add("b", token(1));
    blocked(&repo, &["commit", "-qm", "x"], "b:1:1");
    repo.git(&["rm", "-q", "--cached", "b"]);
    repo.add("c", "clean\n");
    repo.write("refuse", "");
    let output = repo.try_git(&["commit", "-qm", "x"], b"");
    assert!(!output.status.success() && said(&output).contains("theirs: pre-commit"));
    // Both get git's lines on standard input.
    let server = repo.beside("server.git");
    repo.git(&["init", "-q", "--bare", server.path.to_str().unwrap()]);
    let url = server.path.to_str().unwrap();
    assert!(passes(&repo, &["push", "-q", url, "main"]).contains("theirs got refs/heads/main"));
    repo.git(&["commit", "-qnm", "leak", "--allow-empty"]);
    repo.add("d", token(2));
    repo.git(&["commit", "-qnm", "leak"]);
    let said = blocked(&repo, &["push", "-q", url, "main"], "d:1:1");
    assert!(said.contains("theirs got"), "{said}");
    let status = hook(&repo, &["status"]).text();
    assert!(status.contains("pre-commit: installed in") && status.contains("after the hook that was there before"), "{status}");
    assert!(status.contains("pre-receive: not installed"), "{status}");
    assert_eq!(hook(&repo, &["uninstall"]).code, 0);
    assert_eq!(picture(&hooks(&repo)), before);
    assert!(hook(&repo, &["uninstall"]).text().contains("no hook is installed"));
    assert!(hook(&repo, &["uninstall", "pre-push"]).text().contains("pre-push: not installed"));
}

#[test]
fn a_link_to_a_hook_leads_where_it_led() {
    let repo = Repo::new();
    executable(&repo.path.join("scripts/check"), "#!/bin/sh\necho linked\n");
    std::os::unix::fs::symlink("../../scripts/check", hooks(&repo).join("pre-commit")).unwrap();
    let before = picture(&hooks(&repo));
    install(&repo, &[]);
    repo.add("a", "clean\n");
    assert!(passes(&repo, &["commit", "-qm", "x"]).contains("linked"));
    hook(&repo, &["uninstall", "pre-commit"]);
    assert_eq!(picture(&hooks(&repo)), before);
    assert!(passes(&repo, &["commit", "-qm", "y", "--allow-empty"]).contains("linked"));
}

#[test]
fn without_a_hooks_folder_and_outside_of_a_repository() {
    let repo = Repo::with(&["--template="]);
    assert!(!hooks(&repo).exists());
    install(&repo, &[]);
    repo.add("a", token(1));
    blocked(&repo, &["commit", "-qm", "x"], "a:1:1");
    let nowhere = Repo::folder();
    let ran = hook(&nowhere, &["install"]);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("no git repository") && ran.stderr.contains("--global"), "{}", ran.stderr);
    assert_eq!(hook(&nowhere, &["status"]).code, 3);
    assert_eq!(hook(&nowhere, &["install", "post-commit"]).code, 2);
}

/// Husky, as its version 9 lays it out: git runs generated files that call the shared scripts.
fn husky(repo: &Repo, script: Option<&str>) {
    repo.write(".husky/_/.gitignore", "*");
    executable(
        &repo.path.join(".husky/_/pre-commit"),
        "#!/usr/bin/env sh\ns=$(dirname \"$(dirname \"$0\")\")/$(basename \"$0\")\n[ ! -f \"$s\" ] || sh -e \"$s\" \"$@\"\n",
    );
    fs::copy(repo.path.join(".husky/_/pre-commit"), repo.path.join(".husky/_/pre-push")).unwrap();
    if let Some(script) = script {
        repo.add(".husky/pre-commit", script);
        repo.git(&["commit", "-qnm", "husky"]);
    }
    repo.git(&["config", "core.hooksPath", ".husky/_"]);
}

/// Git with the folder of our program in the PATH, as people have it who installed it.
fn with_program(repo: &Repo, arguments: &[&str]) -> std::process::Output {
    let mut command = crate::common::repo::scrubbed("git", &repo.home);
    let folder = std::path::Path::new(PROGRAM).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    command.env("PATH", path).args(["-c", "user.name=A", "-c", "user.email=a@corp.io"]).args(arguments).current_dir(&repo.path);
    crate::common::repo::feed(command, b"")
}

#[test]
fn husky_keeps_its_script_and_gets_lines_in_it() {
    for script in [Some("echo from husky\n"), Some("echo from husky"), None] {
        let repo = Repo::new();
        husky(&repo, script);
        let before = picture(&repo.path.join(".husky"));
        let told = install(&repo, &["pre-commit", "pre-push"]);
        assert!(told.contains(".husky/pre-commit") && !told.contains("_/pre-commit"), "{told}");
        assert!(install(&repo, &[]).contains("already"));
        assert!(!hooks(&repo).join("pre-commit").exists());
        assert!(hook(&repo, &["status"]).text().contains("pre-commit: installed in"));
        repo.add("a", "clean\n");
        let output = with_program(&repo, &["commit", "-qm", "x"]);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(said(&output).contains("from husky"), script.is_some());
        repo.add("b", token(1));
        let output = with_program(&repo, &["commit", "-qm", "x"]);
        assert!(!output.status.success() && said(&output).contains("b:1:1"), "{}", said(&output));
        repo.git(&["rm", "-q", "--cached", "b"]);
        assert!(fs::read_to_string(repo.path.join(".husky/pre-commit")).unwrap().find(PROGRAM).is_none(), "people share it");
        hook(&repo, &["uninstall"]);
        assert_eq!(picture(&repo.path.join(".husky")), before);
    }
}

#[test]
fn people_without_the_program_are_told() {
    let repo = Repo::new();
    husky(&repo, Some("echo from husky\n"));
    install(&repo, &[]);
    repo.add("a", "clean\n");
    let output = repo.try_git(&["commit", "-qm", "x"], b"");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("unleak is not installed") && said(&output).contains("from husky"), "{}", said(&output));
}

#[test]
fn lines_for_a_hook_with_input_leave_it_to_the_rest() {
    let repo = Repo::new();
    repo.commit_file("a", "x\n");
    husky(&repo, None);
    repo.write(".husky/pre-push", "while read -r a b c d; do echo \"rest got $a\"; done\n");
    install(&repo, &["pre-push"]);
    let server = repo.beside("server.git");
    repo.git(&["init", "-q", "--bare", server.path.to_str().unwrap()]);
    let url = server.path.to_str().unwrap();
    let output = with_program(&repo, &["push", "-q", url, "main"]);
    assert!(output.status.success() && said(&output).contains("rest got refs/heads/main"), "{}", said(&output));
    repo.add("b", token(1));
    repo.git(&["commit", "-qnm", "leak"]);
    let output = with_program(&repo, &["push", "-q", url, "main"]);
    assert!(!output.status.success() && said(&output).contains("b:1:1"), "{}", said(&output));
}

#[test]
fn a_folder_of_hooks_in_the_repository() {
    let repo = Repo::new();
    executable(&repo.path.join(".githooks/pre-commit"), "#!/usr/bin/env python3\nprint('py')\n");
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    let ran = hook(&repo, &["install"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("no shell script") && ran.stderr.contains("hook run pre-commit"), "{}", ran.stderr);
    // One that git does not run any more is told of.
    let repo = hooked(&[]);
    executable(&repo.path.join(".githooks/pre-commit"), "#!/bin/sh\n");
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    let status = hook(&repo, &["status"]).text();
    assert!(status.contains("but git runs the hooks of core.hooksPath instead"), "{status}");
    assert!(hook(&repo, &["uninstall"]).text().contains("removed from"));
    assert!(!hooks(&repo).join("pre-commit").exists());
}

#[test]
fn the_frameworks_own_file_is_kept_and_may_move_ours_aside() {
    // Before ours.
    let repo = Repo::new();
    let framework = "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\necho framework\n";
    executable(&hooks(&repo).join("pre-commit"), framework);
    install(&repo, &[]);
    repo.add("a", "clean\n");
    assert!(passes(&repo, &["commit", "-qm", "x"]).contains("framework"));
    hook(&repo, &["uninstall"]);
    assert_eq!(fs::read_to_string(hooks(&repo).join("pre-commit")).unwrap(), framework);
    // After ours it moves ours aside and calls it.
    let repo = hooked(&[]);
    fs::rename(hooks(&repo).join("pre-commit"), hooks(&repo).join("pre-commit.legacy")).unwrap();
    executable(&hooks(&repo).join("pre-commit"), "#!/bin/sh\necho framework\nexec \"$0.legacy\" \"$@\"\n");
    assert!(install(&repo, &[]).contains("already"));
    repo.add("a", token(1));
    blocked(&repo, &["commit", "-qm", "x"], "a:1:1");
    let status = hook(&repo, &["status"]).text();
    assert!(status.contains("called by the pre-commit framework's hook"), "{status}");
    hook(&repo, &["uninstall"]);
    assert!(!hooks(&repo).join("pre-commit.legacy").exists() && hooks(&repo).join("pre-commit").exists());
}

#[test]
fn for_the_user_by_gits_template() {
    let repo = Repo::new();
    let config = fs::read(repo.home.join(".gitconfig")).unwrap();
    let told = install(&repo, &["--global", "pre-commit", "pre-push"]);
    assert!(told.contains("git-template/hooks/pre-commit"), "{told}");
    assert_eq!(repo.try_git(&["config", "core.hooksPath"], b"").status.code(), Some(1), "pre-commit refuses to install where it is set");
    let new = repo.beside("new");
    repo.git(&["init", "-q", new.path.to_str().unwrap()]);
    new.add("a", token(1));
    blocked(&new, &["commit", "-qm", "x"], "a:1:1");
    // One that was there gets it by `git init`.
    repo.git(&["init", "-q"]);
    repo.add("a", token(1));
    blocked(&repo, &["commit", "-qm", "x"], "a:1:1");
    assert!(hook(&repo, &["status", "--global"]).text().contains("pre-push: installed"));
    let ran = hook(&repo, &["uninstall", "--global"]);
    assert!(ran.stderr.contains("keep it"), "{}", ran.stderr);
    assert!(!repo.home.join(".config/unleak/git-template").exists());
    let after = String::from_utf8(fs::read(repo.home.join(".gitconfig")).unwrap()).unwrap();
    assert_eq!(after.replace("[init]\n", ""), String::from_utf8(config).unwrap());
}

#[test]
fn for_the_user_in_folders_that_are_set() {
    let repo = Repo::new();
    let shared = repo.home.join("my hooks");
    repo.git(&["config", "--global", "core.hooksPath", shared.to_str().unwrap()]);
    executable(&shared.join("pre-commit"), "#!/bin/sh\necho mine\n");
    let ran = hook(&repo, &["install"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("core.hooksPath") && ran.stderr.contains("--global"), "{}", ran.stderr);
    let ran = hook(&repo, &["install", "--global"]);
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.contains("in place of each repository's own"), "{}", ran.stderr);
    repo.add("a", token(1));
    let said = blocked(&repo, &["commit", "-qm", "x"], "a:1:1");
    assert!(said.contains("mine"), "{said}");
    assert!(hook(&repo, &["status"]).text().contains("pre-commit: installed"));
    hook(&repo, &["uninstall", "--global"]);
    assert_eq!(fs::read_to_string(shared.join("pre-commit")).unwrap(), "#!/bin/sh\necho mine\n");
    // A template of the user's own.
    let repo = Repo::new();
    let template = repo.home.join("template");
    repo.git(&["config", "--global", "init.templateDir", "~/template"]);
    install(&repo, &["--global"]);
    assert!(template.join("hooks/pre-commit").exists());
    hook(&repo, &["uninstall", "--global"]);
    assert!(!template.join("hooks/pre-commit").exists());
    assert_eq!(repo.git(&["config", "--global", "init.templateDir"]), "~/template");
}
