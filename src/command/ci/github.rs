//! GitHub Actions: the event is described in a JSON file, as its webhook is:
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/variables>,
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows> and
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads>. It reads no repository.

use serde_json::Value;
use unleak::error::{Error, Result};

use super::event::{self, Base, What};
use crate::config::ci::Variables;

/// What an event of GitHub's means.
pub fn what(variables: &Variables) -> Result<What> {
    let name = variables.get("GITHUB_EVENT_NAME").unwrap_or("push");
    let text = variables.event.as_deref().unwrap_or("{}");
    let event: Value =
        serde_json::from_str(text).map_err(|error| Error::input(format!("the file of GITHUB_EVENT_PATH is no event in JSON: {error}")))?;
    let text = |path: &str| event.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let missing = |what: &str| Error::input(format!("the {name} event of GITHUB_EVENT_PATH has no {what}"));
    match name {
        "push" => {
            let full = text("/ref").or(variables.get("GITHUB_REF")).ok_or_else(|| missing("ref"))?;
            if event.get("deleted").and_then(Value::as_bool) == Some(true) {
                return Ok(What::Nothing(format!("{full} was removed")));
            }
            let after = text("/after").or(variables.get("GITHUB_SHA")).ok_or_else(|| missing("after"))?;
            let default = text("/repository/default_branch");
            Ok(match full.strip_prefix("refs/tags/") {
                Some(tag) => event::tag(tag, after, default),
                None => event::push(full.strip_prefix("refs/heads/").unwrap_or(full), text("/before"), after, default),
            })
        }
        "pull_request" | "pull_request_target" | "pull_request_review" | "pull_request_review_comment" => {
            let (base, head) = (text("/pull_request/base/sha"), text("/pull_request/head/sha"));
            let (base, head) = base.zip(head).ok_or_else(|| missing("pull_request.base.sha and head.sha"))?;
            let number = event.pointer("/pull_request/number").and_then(Value::as_u64).unwrap_or_default();
            let fork = text("/pull_request/head/repo/full_name") != text("/pull_request/base/repo/full_name");
            let from = if fork { " from a fork" } else { "" };
            let into = text("/pull_request/base/ref").unwrap_or_default();
            let head_ref = Some(format!("refs/pull/{number}/head"));
            let words = format!("pull request {number}{from} into {into}");
            Ok(event::request(words, vec![head.to_owned()], head_ref, vec![Base::Commit(base.to_owned())]))
        }
        "merge_group" => {
            let pair = text("/merge_group/base_sha").zip(text("/merge_group/head_sha"));
            let (base, head) = pair.ok_or_else(|| missing("merge_group.base_sha and head_sha"))?;
            Ok(event::request("merge queue".to_owned(), vec![head.to_owned()], None, vec![Base::Commit(base.to_owned())]))
        }
        "delete" => Ok(What::Nothing("a branch or tag was removed".to_owned())),
        other => Ok(What::Whole(other.to_owned())),
    }
}
