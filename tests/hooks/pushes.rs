//! pre-push and pre-receive: pushes to a bare repository that lies beside.

use super::support::*;

/// A repository and a bare one beside it that it can push to.
fn pair() -> (Repo, Repo) {
    let repo = Repo::new();
    repo.commit_file("README.md", "hello\n");
    let server = bare(&repo, "server.git");
    repo.git(&["remote", "add", "origin", server.path.to_str().unwrap()]);
    (repo, server)
}

fn bare(repo: &Repo, name: &str) -> Repo {
    let server = repo.beside(name);
    std::fs::create_dir(&server.path).unwrap();
    server.git(&["init", "-q", "--bare", "-b", "main"]);
    server
}

fn leak(repo: &Repo, name: &str, seed: u64) {
    repo.commit_file(name, format!("T={}\n", token(seed)));
}

#[test]
fn a_push_is_scanned_for_what_the_remote_has_not() {
    let (repo, _server) = pair();
    repo.git(&["push", "-q", "origin", "main"]);
    install(&repo, &["pre-push"]);
    leak(&repo, "a", 1);
    repo.commit_file("a", "removed again\n");
    blocked(&repo, &["push", "-q", "origin", "main"], "a:1:3");
    // What was pushed all the same is old news.
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    repo.commit_file("b", "clean\n");
    passes(&repo, &["push", "-q", "origin", "main"]);
    // A new branch, a tag, several refs at once, a removed ref, nothing at all.
    repo.git(&["switch", "-qc", "topic"]);
    repo.commit_file("c", "clean\n");
    repo.git(&["tag", "-m", "fine", "v1"]);
    passes(&repo, &["push", "-q", "origin", "topic", "v1"]);
    passes(&repo, &["push", "-q", "origin", ":topic"]);
    passes(&repo, &["push", "-q", "origin", "main"]);
    leak(&repo, "d", 2);
    blocked(&repo, &["push", "-q", "origin", "HEAD:refs/heads/elsewhere"], "d:1:3");
}

#[test]
fn names_and_tags_are_pushed_too() {
    let (repo, _server) = pair();
    install(&repo, &["pre-push"]);
    repo.git(&["tag", "-m", &format!("Release\n\n{}", token(3)), "v1"]);
    blocked(&repo, &["push", "-q", "origin", "v1"], "message of tag refs/tags/v1, line 3");
    let name = format!("fix-{}", token(4));
    repo.git(&["branch", &name]);
    let output = repo.try_git(&["push", "-q", "origin", &name], b"");
    assert!(!output.status.success());
    let blob = repo.object("blob", token(5).as_bytes());
    repo.git(&["tag", "blob", &blob]);
    blocked(&repo, &["push", "-q", "origin", "blob"], "ghp_…");
}

#[test]
fn another_remote_has_not_what_the_first_has() {
    let (repo, _server) = pair();
    leak(&repo, "a", 6);
    repo.git(&["push", "-q", "origin", "main"]);
    install(&repo, &["pre-push"]);
    let public = bare(&repo, "public.git");
    blocked(&repo, &["push", "-q", public.path.to_str().unwrap(), "main"], "a:1:3");
    repo.git(&["remote", "add", "public", public.path.to_str().unwrap()]);
    blocked(&repo, &["push", "-q", "public", "main"], "a:1:3");
}

#[test]
fn a_rewritten_branch_is_scanned_for_its_new_commits() {
    let (repo, _server) = pair();
    repo.commit_file("a", "1\n");
    repo.git(&["push", "-q", "origin", "main"]);
    install(&repo, &["pre-push"]);
    repo.git(&["reset", "-q", "--hard", "HEAD~"]);
    leak(&repo, "b", 7);
    blocked(&repo, &["push", "-qf", "origin", "main"], "b:1:3");
    repo.git(&["reset", "-q", "--hard", "HEAD~"]);
    repo.commit_file("b", "clean\n");
    passes(&repo, &["push", "-qf", "origin", "main"]);
}

#[test]
fn the_server_refuses_what_lies_in_quarantine() {
    let (repo, server) = pair();
    let said = install(&server, &["pre-receive"]);
    assert!(said.contains("server.git/hooks/pre-receive"), "{said}");
    let script = std::fs::read_to_string(server.path.join("hooks/pre-receive")).unwrap();
    assert!(script.contains("--fail-closed --timeout 30s"), "{script}");
    passes(&repo, &["push", "-q", "origin", "main"]);
    leak(&repo, "a", 8);
    let secret = repo.rev("HEAD");
    repo.commit_file("a", "removed again\n");
    let said = blocked(&repo, &["push", "-q", "origin", "main"], "a:1:3");
    assert!(said.contains("remote: "), "{said}");
    // Nothing of it stays on the server.
    assert!(!server.try_git(&["cat-file", "-e", &secret], b"").status.success());
    blocked(&repo, &["push", "-q", "origin", "main:refs/heads/other"], "a:1:3");
    repo.git(&["reset", "-q", "--hard", "HEAD~2"]);
    repo.commit_file("b", "clean\n");
    passes(&repo, &["push", "-q", "origin", "main"]);
    passes(&repo, &["push", "-q", "origin", "main:refs/heads/copy"]);
    passes(&repo, &["push", "-q", "origin", ":copy"]);
    // A large push comes as one pack instead of loose objects.
    repo.git(&["config", "core.compression", "0"]);
    for n in 0..120 {
        repo.add(format!("many/{n}"), format!("file {n}\n"));
    }
    repo.commit("many");
    leak(&repo, "many/secret", 9);
    blocked(&repo, &["push", "-q", "origin", "main"], "many/secret:1:3");
}

#[test]
fn the_server_says_what_happens_in_trouble() {
    for (declared, passes) in [("--fail-open", true), ("--fail-closed", false)] {
        let (repo, server) = pair();
        install(&server, &["pre-receive", declared, "--timeout", "20s"]);
        // A hook whose program is gone could not look.
        let hook = server.path.join("hooks/pre-receive");
        let script = std::fs::read_to_string(&hook).unwrap();
        std::fs::write(&hook, script.replace(PROGRAM, "/nowhere/unleak").replace("|| unleak=unleak", "|| unleak=no-such-unleak")).unwrap();
        let output = repo.try_git(&["push", "-q", "origin", "main"], b"");
        assert_eq!(output.status.success(), passes, "{}", said(&output));
        assert!(said(&output).contains("the program is gone"), "{}", said(&output));
    }
    // Input that is not git's.
    let (_repo, server) = pair();
    for (declared, code) in [("--fail-open", 0), ("--fail-closed", 2)] {
        let ran = run_with(&server.home, &server.path, &["hook", "run", "pre-receive", declared], b"nonsense\n");
        assert_eq!(ran.code, code, "{}", ran.stderr);
    }
}

#[test]
fn a_scan_that_is_out_of_time_is_trouble() {
    let (repo, server) = pair();
    repo.git(&["push", "-q", "origin", "main"]);
    let old = repo.rev("HEAD");
    leak(&repo, "a", 10);
    repo.git(&["push", "-q", "origin", "main"]);
    let line = format!("{old} {} refs/heads/x\n", repo.rev("HEAD"));
    let mut codes = Vec::new();
    for declared in ["--fail-open", "--fail-closed"] {
        let ran = run_with(&server.home, &server.path, &["hook", "run", "pre-receive", "--timeout", "0s", declared], line.as_bytes());
        assert!(ran.text().contains("stopped") || ran.stderr.contains("out of time"), "{}{}", ran.text(), ran.stderr);
        codes.push(ran.code);
    }
    assert_eq!(codes, [0, 3]);
}
