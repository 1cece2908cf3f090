//! The other pipelines, each by a table: event, variables, the secrets that it brings in.

use super::support::*;

/// The events that all have, on one server.
struct Setting {
    server: Server,
    merge: String,
    clone: Repo,
}

impl Setting {
    fn new() -> Self {
        let (server, merge) = Server::new().with_branch().with_request();
        let clone = server.clone_at("clone", &merge);
        Self { server, merge, clone }
    }

    /// Runs with these variables; `$first` and the like stand for commits.
    #[track_caller]
    fn finds(&self, variables: &str, seeds: &[u64], words: &str) {
        let all = variables
            .replace("$short", &self.server.main[..12])
            .replace("$first", &self.server.first)
            .replace("$main", &self.server.main)
            .replace("$topic", &self.server.topic)
            .replace("$merge", &self.merge)
            .replace("$zero", ZERO);
        let variables: Vec<(&str, &str)> = all.split_whitespace().map(|word| word.split_once('=').unwrap()).collect();
        finds(&ci(&self.clone, &variables, &[]), seeds, words);
    }

    /// The clone knows the remote's default branch, as one made by `git clone` does.
    fn knows_default(self) -> Self {
        self.clone.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
        self
    }
}

#[test]
fn bitbucket() {
    let it = Setting::new();
    let base = "BITBUCKET_BUILD_NUMBER=12 BITBUCKET_COMMIT=";
    it.finds(
        &format!("{base}$topic BITBUCKET_PR_ID=7 BITBUCKET_PR_DESTINATION_BRANCH=main BITBUCKET_PR_DESTINATION_COMMIT=$main"),
        &[3],
        "pull request 7",
    );
    // It abbreviates ids at times.
    it.finds(
        &format!("{base}$topic BITBUCKET_PR_ID=7 BITBUCKET_PR_DESTINATION_BRANCH=main BITBUCKET_PR_DESTINATION_COMMIT=$short"),
        &[3],
        "pull request 7 into main",
    );
    // It does not say what was there before, and this clone does not know the default branch.
    it.finds(&format!("{base}$topic BITBUCKET_BRANCH=topic"), &[1, 3], "no earlier state is known: all commits");
    let it = it.knows_default();
    it.finds(&format!("{base}$topic BITBUCKET_BRANCH=topic"), &[3], "that origin/main");
    it.finds(&format!("{base}$main BITBUCKET_BRANCH=main"), &[1, 2], "all commits");
    it.finds(&format!("{base}$topic BITBUCKET_TAG=v1"), &[3], "tag v1");
    it.finds(&format!("{base}$main"), &[1, 2, 3], "the whole history");
}

#[test]
fn azure() {
    let it = Setting::new().knows_default();
    let base = "TF_BUILD=True BUILD_SOURCEVERSION=";
    let request = "BUILD_REASON=PullRequest BUILD_SOURCEBRANCH=refs/pull/7/merge SYSTEM_PULLREQUEST_PULLREQUESTNUMBER=7 \
                   SYSTEM_PULLREQUEST_TARGETBRANCH=refs/heads/main SYSTEM_PULLREQUEST_ISFORK=True SYSTEM_PULLREQUEST_SOURCECOMMITID=$topic";
    it.finds(&format!("{base}$merge {request}"), &[3], "pull request 7 from a fork into main");
    it.finds(&format!("{base}$topic BUILD_REASON=IndividualCI BUILD_SOURCEBRANCH=refs/heads/topic"), &[3], "push to topic");
    it.finds(&format!("{base}$main BUILD_REASON=BatchedCI BUILD_SOURCEBRANCH=refs/heads/main"), &[1, 2], "push to main");
    it.finds(&format!("{base}$topic BUILD_REASON=IndividualCI BUILD_SOURCEBRANCH=refs/tags/v1"), &[3], "tag v1");
    // Without a policy of the branch nobody says into what the request goes; GitHub's branches have no `refs/heads/`.
    let request = "BUILD_REASON=PullRequest BUILD_SOURCEBRANCH=refs/pull/7/merge SYSTEM_PULLREQUEST_ISFORK=False";
    it.finds(&format!("{base}$merge {request}"), &[3], "pull request 7 into main: the commits up to");
    it.finds(&format!("{base}$merge {request} SYSTEM_PULLREQUEST_TARGETBRANCH=main"), &[3], "that origin/main");
    Setting::new().finds(&format!("{base}$merge {request}"), &[1, 2, 3], "pull request 7: all commits up to");
    it.finds(&format!("{base}$main BUILD_REASON=Schedule BUILD_SOURCEBRANCH=refs/heads/main"), &[1, 2, 3], "the whole history");
}

#[test]
fn circle() {
    let it = Setting::new().knows_default();
    let base = "CIRCLECI=true CIRCLE_SHA1=";
    it.finds(&format!("{base}$topic CIRCLE_BRANCH=topic"), &[3], "push to topic");
    let fork = "CIRCLE_BRANCH=pull/7 CIRCLE_PR_NUMBER=7 CIRCLE_PR_USERNAME=them CIRCLE_PR_REPONAME=it";
    it.finds(&format!("{base}$topic {fork}"), &[3], "pull request 7 from a fork: the commits up to");
    it.finds(&format!("{base}$topic CIRCLE_BRANCH=pull/7"), &[3], "pull request 7 from a fork: the commits up to");
    let address = "https://host.example/us/it/pull/";
    it.finds(&format!("{base}$topic CIRCLE_BRANCH=topic CIRCLE_PULL_REQUEST={address}7"), &[3], "pull request 7: the commits up to");
    it.finds(&format!("{base}$topic CIRCLE_BRANCH=topic CIRCLE_PULL_REQUESTS={address}7,{address}9"), &[3], "pull request 7: the");
    it.finds(&format!("{base}$main CIRCLE_BRANCH=main CIRCLE_PULL_REQUEST={address}8"), &[1, 2], "push to main");
    it.finds(&format!("{base}$topic CIRCLE_BRANCH=topic CIRCLE_PULL_REQUEST=nonsense"), &[3], "push to topic");
    it.finds(&format!("{base}$topic"), &[1, 2, 3], "the whole history");
    it.finds(&format!("{base}$topic CIRCLE_TAG=v1"), &[3], "tag v1");
    // The pipeline's own value for what was there before goes in by an option.
    let variables = [("CIRCLECI", "true"), ("CIRCLE_SHA1", it.server.main.as_str()), ("CIRCLE_BRANCH", "main")];
    finds(&ci(&it.clone, &variables, &["--base", &it.server.first]), &[2], "does not reach");
    // Where the clone does not know the default branch, all of the request is new.
    let unknown = Setting::new();
    unknown.finds(&format!("{base}$topic {fork}"), &[1, 3], "pull request 7 from a fork: all commits");
}

#[test]
fn jenkins() {
    let it = Setting::new().knows_default();
    let base = "JENKINS_URL=http://127.0.0.1/ BUILD_NUMBER=3 GIT_COMMIT=";
    it.finds(&format!("{base}$main GIT_BRANCH=origin/main GIT_PREVIOUS_SUCCESSFUL_COMMIT=$first"), &[2], "push to main");
    it.finds(&format!("{base}$topic BRANCH_NAME=topic"), &[3], "that origin/main");
    it.finds(
        &format!("{base}$topic BRANCH_NAME=PR-7 CHANGE_ID=7 CHANGE_TARGET=main CHANGE_FORK=them"),
        &[3],
        "change 7 from a fork into main",
    );
    it.finds(&format!("{base}$topic BRANCH_NAME=v1 TAG_NAME=v1"), &[3], "tag v1");
    it.finds(&format!("{base}$main BRANCH_NAME=main BUILD_CAUSE=TIMERTRIGGER"), &[1, 2, 3], "the whole history");
    // Its address is known to it only where somebody has told it.
    it.finds("BUILD_TAG=jenkins-it-3 GIT_COMMIT=$topic BRANCH_NAME=topic", &[3], "Jenkins: push to topic");
}

#[test]
fn travis() {
    let it = Setting::new().knows_default();
    let base = "TRAVIS=true TRAVIS_REPO_SLUG=us/it TRAVIS_COMMIT=";
    it.finds(&format!("{base}$main TRAVIS_EVENT_TYPE=push TRAVIS_BRANCH=main TRAVIS_COMMIT_RANGE=$first...$main"), &[2], "push to main");
    it.finds(&format!("{base}$topic TRAVIS_EVENT_TYPE=push TRAVIS_BRANCH=topic"), &[3], "that origin/main");
    let request = "TRAVIS_EVENT_TYPE=pull_request TRAVIS_PULL_REQUEST=7 TRAVIS_BRANCH=main TRAVIS_PULL_REQUEST_SLUG=them/it TRAVIS_PULL_REQUEST_SHA=$topic";
    it.finds(&format!("{base}$merge {request} TRAVIS_COMMIT_RANGE=$main...$topic"), &[3], "pull request 7 from a fork into main");
    it.finds(&format!("{base}$topic TRAVIS_EVENT_TYPE=push TRAVIS_BRANCH=v1 TRAVIS_TAG=v1"), &[3], "tag v1");
    it.finds(&format!("{base}$main TRAVIS_EVENT_TYPE=cron TRAVIS_BRANCH=main"), &[1, 2, 3], "the whole history");
}

#[test]
fn buildkite() {
    let it = Setting::new();
    let base = "BUILDKITE=true BUILDKITE_PIPELINE_DEFAULT_BRANCH=main BUILDKITE_REPO=us BUILDKITE_COMMIT=";
    it.finds(&format!("{base}$topic BUILDKITE_BRANCH=topic BUILDKITE_PULL_REQUEST=false BUILDKITE_SOURCE=webhook"), &[3], "push to topic");
    it.finds(&format!("{base}$main BUILDKITE_BRANCH=main BUILDKITE_PULL_REQUEST=false"), &[1, 2], "all commits");
    let request =
        "BUILDKITE_BRANCH=them:topic BUILDKITE_PULL_REQUEST=7 BUILDKITE_PULL_REQUEST_BASE_BRANCH=main BUILDKITE_PULL_REQUEST_REPO=them";
    it.finds(&format!("{base}$topic {request}"), &[3], "pull request 7 from a fork into main");
    // The same repository by another kind of address.
    let own = request.replace("BUILDKITE_PULL_REQUEST_REPO=them", "BUILDKITE_PULL_REQUEST_REPO=git://host.example/us/it.git");
    it.finds(&format!("{base}$topic {own} BUILDKITE_REPO=git@host.example:us/it.git"), &[3], "pull request 7 into main");
    it.finds(&format!("{base}HEAD {request}"), &[3], "pull request 7 from a fork into main");
    it.finds(&format!("{base}$merge BUILDKITE_BRANCH=queue BUILDKITE_MERGE_QUEUE_BASE_COMMIT=$main"), &[3], "merge queue");
    it.finds(&format!("{base}$topic BUILDKITE_BRANCH=v1 BUILDKITE_TAG=v1"), &[3], "tag v1");
    it.finds(&format!("{base}$main BUILDKITE_BRANCH=main BUILDKITE_SOURCE=schedule"), &[1, 2, 3], "the whole history");
}

#[test]
fn drone() {
    let it = Setting::new();
    let base = "DRONE=true DRONE_REPO_BRANCH=main DRONE_COMMIT_SHA=";
    it.finds(&format!("{base}$main DRONE_BUILD_EVENT=push DRONE_COMMIT_BRANCH=main DRONE_COMMIT_BEFORE=$first"), &[2], "push to main");
    it.finds(&format!("{base}$topic DRONE_BUILD_EVENT=push DRONE_COMMIT_BRANCH=topic DRONE_COMMIT_BEFORE=$zero"), &[3], "that origin/main");
    it.finds(
        &format!("{base}$topic DRONE_BUILD_EVENT=pull_request DRONE_PULL_REQUEST=7 DRONE_TARGET_BRANCH=main"),
        &[3],
        "pull request 7 into main",
    );
    // On a clone of main alone, the head of the request is asked for as the code host calls it.
    let clone = it.server.fetch("main", &it.server.main, &["+refs/heads/main:refs/remotes/origin/main"]);
    let variables = [
        ("DRONE", "true"),
        ("DRONE_COMMIT_SHA", it.server.topic.as_str()),
        ("DRONE_BUILD_EVENT", "pull_request"),
        ("DRONE_PULL_REQUEST", "7"),
        ("DRONE_TARGET_BRANCH", "main"),
        ("DRONE_COMMIT_REF", "refs/merge-requests/7/head"),
    ];
    let ran = ci(&clone, &variables, &[]);
    assert!(ran.code == 3 && ran.stderr.contains("origin refs/merge-requests/7/head"), "{}", ran.stderr);
    it.finds(&format!("{base}$topic DRONE_BUILD_EVENT=tag DRONE_TAG=v1"), &[3], "tag v1");
    it.finds(&format!("{base}$main DRONE_BUILD_EVENT=cron"), &[1, 2, 3], "the whole history");
}

#[test]
fn no_pipeline() {
    let it = Setting::new();
    let ran = ci(&it.clone, &[], &[]);
    assert!(ran.code == 2 && ran.stderr.contains("--base"), "{}", ran.stderr);
    finds(&ci(&it.clone, &[], &["--base", "origin/main"]), &[3], "does not reach");
    let ran = ci(&it.clone, &[], &["--base", "origin/release"]);
    assert!(ran.code == 3 && ran.stderr.contains("+refs/heads/release:refs/remotes/origin/release"), "{}", ran.stderr);
    let ran = ci(&it.clone, &[], &["--base", "1234567"]);
    assert!(ran.code == 3 && ran.stderr.contains("1234567 is not in this clone"), "{}", ran.stderr);
    let nowhere = Repo::folder();
    assert_eq!(ci(&nowhere, &[("GITLAB_CI", "true")], &[]).code, 3);
}
