//! Bitbucket Pipelines, Azure Pipelines, CircleCI, Jenkins, Travis CI, Buildkite and Drone, by the variables that
//! they document; where, stands beside each. Most do not say what a branch was before a push: then new is what the
//! default branch does not reach. It reads no repository.

use super::event::{self, Base, Commits, What, some_id};
use crate::config::ci::Variables;

fn branch(name: &str) -> Base {
    Base::Branch(name.strip_prefix("refs/heads/").unwrap_or(name).to_owned())
}

fn commit(id: Option<&str>) -> Option<Base> {
    some_id(id).map(|id| Base::Commit(id.to_owned()))
}

/// The commits that the pipeline names. What is checked out stands in only where it names none: another commit may be.
fn heads(ids: &[Option<&str>]) -> Vec<String> {
    let named: Vec<String> = ids.iter().flatten().map(|id| (*id).to_owned()).collect();
    if named.is_empty() { vec!["HEAD".to_owned()] } else { named }
}

/// Bitbucket Pipelines: <https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/>. What it says of the
/// destination's commit is in no list there, and is abbreviated: where it is of no use, the branch is.
pub fn bitbucket(variables: &Variables, default: Option<&str>) -> What {
    let get = |name| variables.get(name);
    let head = get("BITBUCKET_COMMIT").unwrap_or("HEAD");
    if let Some(number) = get("BITBUCKET_PR_ID") {
        let into = get("BITBUCKET_PR_DESTINATION_BRANCH").unwrap_or_default();
        let base = commit(get("BITBUCKET_PR_DESTINATION_COMMIT")).into_iter().chain([branch(into)]).collect();
        return event::request(format!("pull request {number} into {into}"), heads(&[Some(head)]), None, base);
    }
    match (get("BITBUCKET_TAG"), get("BITBUCKET_BRANCH")) {
        (Some(tag), _) => event::tag(tag, head, default),
        (None, Some(name)) => event::push(name, None, head, default),
        (None, None) => What::Whole("a pipeline of no branch".to_owned()),
    }
}

/// Azure Pipelines: <https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables>. The target of a request has
/// its `refs/heads/` in Azure Repos only, and is set where a policy of the branch started the build: else the default
/// branch stands in.
pub fn azure(variables: &Variables, default: Option<&str>) -> What {
    let get = |name| variables.get(name);
    let head = get("BUILD_SOURCEVERSION").unwrap_or("HEAD");
    let name = get("BUILD_SOURCEBRANCH").unwrap_or_default();
    match get("BUILD_REASON").unwrap_or("IndividualCI") {
        "PullRequest" => {
            let number = get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER").or(get("SYSTEM_PULLREQUEST_PULLREQUESTID"));
            let number = number.or(name.strip_prefix("refs/pull/").and_then(|rest| rest.split('/').next())).unwrap_or_default();
            let into = get("SYSTEM_PULLREQUEST_TARGETBRANCH").or(default).unwrap_or_default();
            let from = if variables.is("SYSTEM_PULLREQUEST_ISFORK", "True") { " from a fork" } else { "" };
            let into_words = if into.is_empty() { String::new() } else { format!(" into {}", into.trim_start_matches("refs/heads/")) };
            let words = format!("pull request {number}{from}{into_words}");
            let head_ref = name.starts_with("refs/pull/").then(|| name.replace("/merge", "/head"));
            event::request(
                words,
                heads(&[get("SYSTEM_PULLREQUEST_SOURCECOMMITID"), get("BUILD_SOURCEVERSION")]),
                head_ref,
                vec![branch(into)],
            )
        }
        "IndividualCI" | "BatchedCI" => match name.strip_prefix("refs/tags/") {
            Some(tag) => event::tag(tag, head, default),
            None => event::push(name.strip_prefix("refs/heads/").unwrap_or(name), None, head, default),
        },
        other => What::Whole(other.to_owned()),
    }
}

/// CircleCI: <https://circleci.com/docs/reference/variables/>. It tells the number of a request, not into which branch: that is
/// taken for the default branch.
pub fn circle(variables: &Variables, default: Option<&str>) -> What {
    let get = |name| variables.get(name);
    let head = get("CIRCLE_SHA1").unwrap_or("HEAD");
    if let Some(tag) = get("CIRCLE_TAG") {
        return event::tag(tag, head, default);
    }
    let Some(name) = get("CIRCLE_BRANCH") else { return What::Whole("a pipeline of no branch".to_owned()) };
    // The default branch may itself be offered to another: that is a push to it all the same.
    let Some(number) = circle_request(variables, name).filter(|_| Some(name) != default) else {
        return event::push(name, None, head, default);
    };
    let from = if get("CIRCLE_PR_NUMBER").is_some() || name.starts_with("pull/") { " from a fork" } else { "" };
    What::Commits(Commits {
        event: format!("pull request {number}{from}"),
        head: heads(&[Some(head)]),
        head_ref: Some(format!("refs/pull/{number}/head")),
        base: default.map(branch).into_iter().collect(),
        all_is_new: default.is_none(),
        tag: None,
    })
}

/// The number of the request: of one from a fork there is a variable, and its branch is called `pull/NUMBER`; else the
/// addresses of the requests tell that the branch is offered by.
fn circle_request<'v>(variables: &'v Variables, branch: &'v str) -> Option<&'v str> {
    let get = |name| variables.get(name);
    let address =
        get("CIRCLE_PULL_REQUEST").or(get("CIRCLE_PULL_REQUESTS")).and_then(|all| all.split(',').next()?.trim().rsplit('/').next());
    let number = get("CIRCLE_PR_NUMBER").or(branch.strip_prefix("pull/")).or(address);
    number.filter(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Jenkins in multibranch pipelines (`env-vars.html` of every server, from its branch-api plugin) and others, with its git
/// plugin: <https://plugins.jenkins.io/git/>, "environment variables". `BUILD_CAUSE` comes from the EnvInject plugin alone:
/// elsewhere a schedule cannot be told from a push.
pub fn jenkins(variables: &Variables, default: Option<&str>) -> What {
    let get = |name| variables.get(name);
    let head = get("GIT_COMMIT").unwrap_or("HEAD");
    if let Some(number) = get("CHANGE_ID") {
        let into = get("CHANGE_TARGET").unwrap_or_default();
        let from = if get("CHANGE_FORK").is_some() { " from a fork" } else { "" };
        return event::request(format!("change {number}{from} into {into}"), heads(&[get("GIT_COMMIT")]), None, vec![branch(into)]);
    }
    if get("BUILD_CAUSE").is_some_and(|cause| cause.contains("TIMERTRIGGER")) {
        return What::Whole("schedule".to_owned());
    }
    if let Some(tag) = get("TAG_NAME") {
        return event::tag(tag, head, default);
    }
    let name = get("BRANCH_NAME").or(get("GIT_BRANCH")).unwrap_or("a branch");
    event::push(name.strip_prefix("origin/").unwrap_or(name), get("GIT_PREVIOUS_SUCCESSFUL_COMMIT"), head, default)
}

/// Travis CI: <https://docs.travis-ci.com/user/environment-variables/>. Its range has abbreviated ids.
pub fn travis(variables: &Variables, default: Option<&str>) -> What {
    let get = |name| variables.get(name);
    let head = get("TRAVIS_COMMIT").unwrap_or("HEAD");
    let before = get("TRAVIS_COMMIT_RANGE").and_then(|range| range.split("..").next());
    let name = get("TRAVIS_BRANCH").unwrap_or("a branch");
    match get("TRAVIS_EVENT_TYPE").unwrap_or("push") {
        "pull_request" => {
            let number = get("TRAVIS_PULL_REQUEST").unwrap_or_default();
            let from = if get("TRAVIS_PULL_REQUEST_SLUG") != get("TRAVIS_REPO_SLUG") { " from a fork" } else { "" };
            let base = commit(before).into_iter().chain([branch(name)]).collect();
            event::request(
                format!("pull request {number}{from} into {name}"),
                heads(&[get("TRAVIS_PULL_REQUEST_SHA"), get("TRAVIS_COMMIT")]),
                None,
                base,
            )
        }
        "push" => match get("TRAVIS_TAG") {
            Some(tag) => event::tag(tag, head, default),
            None => event::push(name, before, head, default),
        },
        other => What::Whole(other.to_owned()),
    }
}

/// Buildkite: <https://buildkite.com/docs/pipelines/configure/environment-variables>. Its commit may be `HEAD`.
pub fn buildkite(variables: &Variables, default: Option<&str>) -> What {
    let get = |name| variables.get(name);
    let head = get("BUILDKITE_COMMIT").unwrap_or("HEAD");
    let default = get("BUILDKITE_PIPELINE_DEFAULT_BRANCH").or(default);
    if let Some(base) = some_id(get("BUILDKITE_MERGE_QUEUE_BASE_COMMIT")) {
        return event::request("merge queue".to_owned(), heads(&[Some(head)]), None, vec![Base::Commit(base.to_owned())]);
    }
    if let Some(number) = get("BUILDKITE_PULL_REQUEST").filter(|number| *number != "false") {
        let into = get("BUILDKITE_PULL_REQUEST_BASE_BRANCH").or(default).unwrap_or_default();
        let fork = get("BUILDKITE_PULL_REQUEST_REPO").map(repository) != get("BUILDKITE_REPO").map(repository);
        let from = if fork { " from a fork" } else { "" };
        let head_ref = Some(format!("refs/pull/{number}/head"));
        return event::request(format!("pull request {number}{from} into {into}"), heads(&[Some(head)]), head_ref, vec![branch(into)]);
    }
    if variables.is("BUILDKITE_SOURCE", "schedule") {
        return What::Whole("schedule".to_owned());
    }
    match get("BUILDKITE_TAG") {
        Some(tag) => event::tag(tag, head, default),
        None => event::push(get("BUILDKITE_BRANCH").unwrap_or("a branch"), None, head, default),
    }
}

/// Owner and name of a repository, whichever kind of address says them: Buildkite names one by `git://` and by `git@`.
fn repository(address: &str) -> String {
    let address = address.trim_end_matches('/').trim_end_matches(".git");
    let parts: Vec<&str> = address.rsplit(['/', ':']).take(2).collect();
    parts.join("/").to_ascii_lowercase()
}

/// Drone: <https://docs.drone.io/pipeline/environment/reference/>.
pub fn drone(variables: &Variables, default: Option<&str>) -> What {
    let get = |name| variables.get(name);
    let head = get("DRONE_COMMIT_SHA").or(get("DRONE_COMMIT")).or(get("DRONE_COMMIT_AFTER")).unwrap_or("HEAD");
    let default = get("DRONE_REPO_BRANCH").or(default);
    match get("DRONE_BUILD_EVENT").unwrap_or("push") {
        "push" => {
            event::push(get("DRONE_COMMIT_BRANCH").or(get("DRONE_BRANCH")).unwrap_or("a branch"), get("DRONE_COMMIT_BEFORE"), head, default)
        }
        "pull_request" => {
            let number = get("DRONE_PULL_REQUEST").unwrap_or_default();
            let into = get("DRONE_TARGET_BRANCH").or(default).unwrap_or_default();
            // Code hosts call it differently: refs/merge-requests/7/head, refs/pull/7/head.
            let head_ref = get("DRONE_COMMIT_REF").map_or_else(|| format!("refs/pull/{number}/head"), str::to_owned);
            let head_ref = Some(head_ref);
            event::request(format!("pull request {number} into {into}"), heads(&[Some(head)]), head_ref, vec![branch(into)])
        }
        "tag" => event::tag(get("DRONE_TAG").unwrap_or_default(), head, default),
        other => What::Whole(other.to_owned()),
    }
}
