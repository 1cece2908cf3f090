//! GitLab CI, by its predefined variables: <https://docs.gitlab.com/ci/variables/predefined_variables/>, and the values of
//! `CI_PIPELINE_SOURCE`: <https://docs.gitlab.com/ci/jobs/job_rules/>. It reads no repository.

use super::event::{self, Base, What, some_id};
use crate::config::ci::Variables;

/// What a pipeline of GitLab's means.
pub fn what(variables: &Variables) -> What {
    let get = |name| variables.get(name);
    let commit = get("CI_COMMIT_SHA").unwrap_or("HEAD");
    let default = get("CI_DEFAULT_BRANCH");
    if let Some(number) = get("CI_MERGE_REQUEST_IID") {
        return merge_request(variables, number, commit);
    }
    if let Some(target) = some_id(get("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA")) {
        let head = some_id(get("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA")).unwrap_or(commit);
        let number = get("CI_EXTERNAL_PULL_REQUEST_IID").unwrap_or_default();
        return event::request(format!("pull request {number}"), vec![head.to_owned()], None, vec![Base::Commit(target.to_owned())]);
    }
    match get("CI_PIPELINE_SOURCE").unwrap_or("push") {
        // A commit made in the editor on the web is a push as well.
        "push" | "webide" => match (get("CI_COMMIT_TAG"), get("CI_COMMIT_BRANCH")) {
            (Some(tag), _) => event::tag(tag, commit, default),
            (None, branch) => event::push(branch.unwrap_or("a branch"), get("CI_COMMIT_BEFORE_SHA"), commit, default),
        },
        other => What::Whole(other.to_owned()),
    }
}

/// A detached pipeline, one of the merged result, or one of a merge train, whose commits before ours are not in
/// the target branch yet.
fn merge_request(variables: &Variables, number: &str, commit: &str) -> What {
    let get = |name| variables.get(name);
    let train = variables.is("CI_MERGE_REQUEST_EVENT_TYPE", "merge_train");
    let source = some_id(get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"));
    let head = if train { commit } else { source.unwrap_or(commit) };
    let target = some_id(get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA")).filter(|_| train);
    let mut base: Vec<Base> =
        target.or(some_id(get("CI_MERGE_REQUEST_DIFF_BASE_SHA"))).map(|id| Base::Commit(id.to_owned())).into_iter().collect();
    base.extend(get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME").map(|name| Base::Branch(name.to_owned())));
    let fork = get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID") != get("CI_MERGE_REQUEST_PROJECT_ID");
    let from = if fork { " from a fork" } else { "" };
    let kind = if train { "merge train of " } else { "" };
    let into = get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME").unwrap_or_default();
    let words = format!("{kind}merge request {number}{from} into {into}");
    event::request(words, vec![head.to_owned()], Some(format!("refs/merge-requests/{number}/head")), base)
}
