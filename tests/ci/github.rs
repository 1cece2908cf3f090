//! GitHub Actions.

use serde_json::{Value, json};

use super::support::*;

/// Runs with an event in a file, as the runner describes it.
fn github(repo: &Repo, name: &str, event: &Value, more: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let path = beside(repo, "event.json", &event.to_string());
    let mut variables = vec![("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", name), ("GITHUB_EVENT_PATH", &path)];
    variables.extend(more);
    ci(repo, &variables, arguments)
}

fn push(reference: &str, before: &str, after: &str) -> Value {
    json!({"ref": reference, "before": before, "after": after, "created": before == ZERO, "deleted": after == ZERO,
        "repository": {"default_branch": "main"}})
}

fn pull_request(base: &str, head: &str) -> Value {
    json!({"pull_request": {"number": 7, "base": {"sha": base, "ref": "main", "repo": {"full_name": "us/it"}},
        "head": {"sha": head, "ref": "topic", "repo": {"full_name": "them/it"}}}})
}

#[test]
fn pushes() {
    let server = Server::new().with_branch();
    let clone = server.clone_at("clone", &server.main);
    let event = push("refs/heads/main", &server.first, &server.main);
    finds(&github(&clone, "push", &event, &[], &[]), &[2], "GitHub Actions: push to main: the commits up to");
    // The first push of a branch, and the first of the default branch.
    let event = push("refs/heads/topic", ZERO, &server.topic);
    finds(&github(&clone, "push", &event, &[], &[]), &[3], "that origin/main");
    let event = push("refs/heads/main", ZERO, &server.main);
    finds(&github(&clone, "push", &event, &[], &[]), &[1, 2], "all commits up to");
    // A removed branch.
    let ran = github(&clone, "push", &push("refs/heads/topic", &server.topic, ZERO), &[], &[]);
    assert_eq!((ran.code, ran.text().as_str()), (0, ""));
    assert!(ran.stderr.contains("nothing to scan"), "{}", ran.stderr);
    // The same state twice.
    let event = push("refs/heads/main", &server.main, &server.main);
    finds(&github(&clone, "push", &event, &[], &[]), &[], "0 commits");
}

#[test]
fn forced_pushes() {
    let server = Server::new().with_branch();
    // topic is replaced by something else; what it was is not in a new clone.
    server.work.git(&["reset", "-q", "--hard", &server.first]);
    let after = leak(&server.work, "c", 4);
    server.work.git(&["push", "-qf", "origin", "topic"]);
    let clone = server.clone_at("clone", &after);
    let event = push("refs/heads/topic", &server.topic, &after);
    finds(&github(&clone, "push", &event, &[], &[]), &[4], "that origin/main");
    // The server may still have it.
    finds(&github(&clone, "push", &event, &[], &["--deepen"]), &[4], "does not reach");
    // main itself: everything is new, unless the server has what was there.
    server.work.git(&["push", "-qf", "origin", "topic:main"]);
    let clone = server.clone_at("clone2", &after);
    let event = push("refs/heads/main", "1234567890123456789012345678901234567890", &after);
    finds(&github(&clone, "push", &event, &[], &[]), &[1, 4], "all commits up to");
    finds(&github(&clone, "push", &event, &[], &["--deepen"]), &[1, 4], "all commits up to");
}

#[test]
fn pull_requests_from_a_fork() {
    let (server, merge) = Server::new().with_request();
    // The whole history of the merged result, as `fetch-depth: 0` brings it.
    let clone = server.clone_at("clone", &merge);
    for (name, base) in [("pull_request", &server.main), ("pull_request", &server.first), ("pull_request_target", &server.main)] {
        let ran = github(&clone, name, &pull_request(base, &server.topic), &[("GITHUB_SHA", &merge)], &[]);
        finds(&ran, &[3], "pull request 7 from a fork into main");
    }
    // `pull_request_target` checks the base out: the head is not there, until it is fetched.
    let clone = server.clone_at("base", &server.main);
    let event = pull_request(&server.main, &server.topic);
    let ran = github(&clone, "pull_request_target", &event, &[], &[]);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("git fetch --no-tags origin refs/pull/7/head"), "{}", ran.stderr);
    assert!(ran.stderr.contains("fetch-depth: 0"), "{}", ran.stderr);
    finds(&github(&clone, "pull_request_target", &event, &[], &["--deepen"]), &[3], "pull request 7");
}

#[test]
fn the_merge_queue_tags_and_schedules() {
    let (server, merge) = Server::new().with_request();
    let clone = server.clone_at("clone", &merge);
    let event = json!({"merge_group": {"base_sha": server.main, "head_sha": merge, "base_ref": "refs/heads/main"}});
    finds(&github(&clone, "merge_group", &event, &[], &[]), &[3], "merge queue");
    // A tag on main holds nothing new, one elsewhere does; its message counts.
    server.work.git(&["tag", "v1", &server.main]);
    server.work.git(&["tag", "-m", &format!("x\n\n{}", token(5)), "v2", &server.topic]);
    server.work.git(&["push", "-q", "origin", "v1", "v2"]);
    let clone = server.clone_at("tags", &server.topic);
    finds(&github(&clone, "push", &push("refs/tags/v1", ZERO, &server.main), &[], &[]), &[], "tag v1");
    finds(&github(&clone, "push", &push("refs/tags/v2", ZERO, &server.topic), &[], &[]), &[3, 5], "tag v2");
    for name in ["schedule", "workflow_dispatch"] {
        finds(&github(&clone, name, &json!({"schedule": "0 0 * * *"}), &[], &[]), &[1, 2, 3, 5], "the whole history that is here");
    }
}

#[test]
fn an_event_that_cannot_be_read() {
    let server = Server::new();
    let clone = server.clone_at("clone", &server.main);
    let path = beside(&clone, "event.json", "{");
    let variables = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push"), ("GITHUB_EVENT_PATH", path.as_str())];
    assert_eq!(ci(&clone, &variables, &[]).code, 3);
    let ran = github(&clone, "pull_request", &json!({}), &[], &[]);
    assert!(ran.code == 3 && ran.stderr.contains("pull_request.base.sha"), "{}", ran.stderr);
    let gone = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_PATH", "/nowhere/event.json")];
    assert_eq!(ci(&clone, &gone, &[]).code, 3);
}

#[test]
fn a_change_to_what_steers_the_scan_is_told() {
    let server = Server::new();
    server.work.git(&["switch", "-q", "main"]);
    server.work.commit_file(".unleakignore", "");
    let after = server.work.commit_file("x", "y\n");
    server.work.git(&["push", "-q", "origin", "main"]);
    let clone = server.clone_at("clone", &after);
    let ran = github(&clone, "push", &push("refs/heads/main", &server.main, &after), &[], &[]);
    assert!(ran.stderr.contains(".unleakignore: it is changed"), "{}", ran.stderr);
    assert!(ran.report().notices().iter().any(|notice| notice.contains(".unleakignore")), "{:?}", ran.report().notices());
    let ran = github(&clone, "push", &push("refs/heads/main", &server.rev_of(&after, 1), &after), &[], &[]);
    assert!(!ran.stderr.contains(".unleakignore"), "{}", ran.stderr);
}

impl Server {
    fn rev_of(&self, commit: &str, back: usize) -> String {
        self.work.rev(&format!("{commit}~{back}"))
    }
}
