//! GitLab CI.

use super::support::*;

fn gitlab(repo: &Repo, source: &str, more: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut variables = vec![("GITLAB_CI", "true"), ("CI_PIPELINE_SOURCE", source), ("CI_DEFAULT_BRANCH", "main")];
    variables.extend(more);
    ci(repo, &variables, arguments)
}

#[test]
fn pushes_and_tags() {
    let server = Server::new().with_branch();
    let clone = server.clone_at("clone", &server.main);
    let (main, topic) = (server.main.as_str(), server.topic.as_str());
    let vars = [("CI_COMMIT_BRANCH", "main"), ("CI_COMMIT_SHA", main), ("CI_COMMIT_BEFORE_SHA", &server.first)];
    finds(&gitlab(&clone, "push", &vars, &[]), &[2], "GitLab CI: push to main");
    let vars = [("CI_COMMIT_BRANCH", "topic"), ("CI_COMMIT_SHA", topic), ("CI_COMMIT_BEFORE_SHA", ZERO)];
    finds(&gitlab(&clone, "push", &vars, &[]), &[3], "that origin/main");
    let vars = [("CI_COMMIT_TAG", "v1"), ("CI_COMMIT_SHA", topic), ("CI_COMMIT_BEFORE_SHA", ZERO)];
    finds(&gitlab(&clone, "push", &vars, &[]), &[3], "tag v1");
    // A runner fetches the one branch alone: what is new cannot be told until main is fetched.
    let clone = server.fetch("one", topic, &["+refs/heads/topic:refs/remotes/origin/topic"]);
    let vars = [("GITLAB_CI", "true"), ("CI_DEFAULT_BRANCH", "main"), ("CI_COMMIT_BRANCH", "topic"), ("CI_COMMIT_SHA", topic)];
    let ran = ci(&clone, &vars, &[]);
    assert!(ran.code == 3 && ran.stderr.contains("+refs/heads/main:refs/remotes/origin/main"), "{}", ran.stderr);
    assert!(ran.stderr.contains("GIT_DEPTH: 0"), "{}", ran.stderr);
    finds(&mended(&clone, &vars), &[3], "that origin/main");
    for source in ["schedule", "web", "api"] {
        finds(&gitlab(&clone, source, &[("CI_COMMIT_SHA", topic)], &[]), &[1, 2, 3], "the whole history");
    }
}

#[test]
fn merge_requests() {
    let (server, merge) = Server::new().with_request();
    let (main, topic, first) = (server.main.as_str(), server.topic.as_str(), server.first.as_str());
    let request = [
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", first),
        ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "2"),
    ];
    let clone = server.clone_at("clone", &merge);
    let with = |more: &[(&'static str, &'static str)]| [&request[..], more].concat();
    let leaked = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let (main, topic, merge) = (leaked(main), leaked(topic), leaked(&merge));
    let words = "merge request 7 from a fork into main";
    // Detached, of the merged result, and of a merge train.
    let detached = with(&[("CI_MERGE_REQUEST_EVENT_TYPE", "detached"), ("CI_COMMIT_SHA", topic)]);
    finds(&gitlab(&clone, "merge_request_event", &detached, &[]), &[3], words);
    let merged = with(&[
        ("CI_MERGE_REQUEST_EVENT_TYPE", "merged_result"),
        ("CI_COMMIT_SHA", merge),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", topic),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", main),
    ]);
    finds(&gitlab(&clone, "merge_request_event", &merged, &[]), &[3], words);
    let train = with(&[
        ("CI_MERGE_REQUEST_EVENT_TYPE", "merge_train"),
        ("CI_COMMIT_SHA", merge),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", topic),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", main),
    ]);
    finds(&gitlab(&clone, "merge_request_event", &train, &[]), &[3], "merge train of merge request 7");
}
