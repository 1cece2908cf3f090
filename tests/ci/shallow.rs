//! Clones that are cut off: exit code 3 with the command that mends it, or `--deepen`.

use super::support::*;

fn push<'v>(before: &'v str, after: &'v str, branch: &'v str) -> Vec<(&'v str, &'v str)> {
    vec![
        ("GITLAB_CI", "true"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_PIPELINE_SOURCE", "push"),
        ("CI_COMMIT_BRANCH", branch),
        ("CI_COMMIT_SHA", after),
        ("CI_COMMIT_BEFORE_SHA", before),
    ]
}

#[test]
fn deep_enough_is_enough() {
    let server = Server::new();
    let clone = server.shallow("clone", &server.main, "3");
    finds(&ci(&clone, &push(&server.first, &server.main, "main"), &[]), &[2], "push to main");
}

#[test]
fn a_push_that_is_deeper_than_the_clone() {
    let server = Server::new();
    for (n, before) in [(0, server.first.as_str()), (1, ZERO)] {
        let seeds: &[u64] = if n == 0 { &[2] } else { &[1, 2] };
        let clone = server.shallow(&format!("mend{n}"), &server.main, "1");
        let variables = push(before, &server.main, "main");
        let ran = ci(&clone, &variables, &[]);
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("unleak ci --deepen"), "{}", ran.stderr);
        finds(&mended(&clone, &variables), seeds, "push to main");
        let clone = server.shallow(&format!("deepen{n}"), &server.main, "1");
        finds(&ci(&clone, &variables, &["--deepen"]), seeds, "push to main");
    }
}

#[test]
fn a_branch_with_the_default_branch_absent() {
    let server = Server::new().with_branch();
    let variables = push(ZERO, &server.topic, "topic");
    let clone = server.shallow("mend", &server.topic, "1");
    finds(&mended(&clone, &variables), &[3], "that origin/main");
    let clone = server.shallow("deepen", &server.topic, "1");
    finds(&ci(&clone, &variables, &["--deepen"]), &[3], "that origin/main");
}

#[test]
fn a_request_of_which_only_the_merged_result_is_here() {
    let (server, merge) = Server::new().with_request();
    let event = format!(
        "{{\"pull_request\": {{\"number\": 7, \"base\": {{\"sha\": \"{}\", \"ref\": \"main\"}}, \"head\": {{\"sha\": \"{}\"}}}}}}",
        server.main, server.topic
    );
    let path = beside(&server.bare, "event.json", &event);
    let variables =
        [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_EVENT_PATH", path.as_str()), ("GITHUB_SHA", &merge)];
    let clone = server.shallow("mend", &merge, "1");
    finds(&mended(&clone, &variables), &[3], "pull request 7");
    let clone = server.shallow("deepen", &merge, "1");
    finds(&ci(&clone, &variables, &["--deepen"]), &[3], "pull request 7");
}

/// Travis and Bitbucket abbreviate ids: no server gives a commit by that.
#[test]
fn a_part_of_an_id_cannot_be_asked_for() {
    let server = Server::new();
    for (n, before, seeds) in [(0, &server.first[..12], &[2][..]), (1, "123456789012", &[1, 2])] {
        let range = format!("{before}...{}", &server.main[..12]);
        let variables = [
            ("TRAVIS", "true"),
            ("TRAVIS_EVENT_TYPE", "push"),
            ("TRAVIS_BRANCH", "main"),
            ("TRAVIS_COMMIT", server.main.as_str()),
            ("TRAVIS_COMMIT_RANGE", range.as_str()),
        ];
        let clone = server.shallow(&format!("mend{n}"), &server.main, "1");
        finds(&mended(&clone, &variables), seeds, "push to main");
        let clone = server.shallow(&format!("deepen{n}"), &server.main, "1");
        finds(&ci(&clone, &variables, &["--deepen"]), seeds, "push to main");
    }
}

#[test]
fn a_schedule_wants_all_of_it() {
    let server = Server::new();
    let variables = [("GITLAB_CI", "true"), ("CI_PIPELINE_SOURCE", "schedule")];
    let clone = server.shallow("mend", &server.main, "1");
    finds(&mended(&clone, &variables), &[1, 2], "the whole history");
    let clone = server.shallow("deepen", &server.main, "1");
    finds(&ci(&clone, &variables, &["--deepen"]), &[1, 2], "the whole history");
}

#[test]
fn a_server_that_is_gone_is_an_error() {
    let server = Server::new();
    let clone = server.shallow("clone", &server.main, "1");
    std::fs::remove_dir_all(&server.bare.path).unwrap();
    let ran = ci(&clone, &push(&server.first, &server.main, "main"), &["--deepen"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("failed"), "{}", ran.stderr);
}

#[test]
fn a_variable_is_never_an_option_of_gits() {
    let server = Server::new();
    let clone = server.shallow("clone", &server.main, "1");
    let mark = clone.path.with_file_name("mark");
    let program = format!("--upload-pack=touch {};", mark.display());
    for variables in [push(&program, &server.main, "main"), push(ZERO, &program, "main"), push(&program, &program, &program)] {
        // Where it is the state before, everything counts as new; as the end, there is nothing to scan.
        let ran = ci(&clone, &variables, &["--deepen"]);
        assert!(!mark.exists(), "{}", ran.stderr);
        assert_eq!(ran.code, if variables[4].1 == program { 3 } else { 1 }, "{}", ran.stderr);
    }
}
