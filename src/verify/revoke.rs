//! Ends a credential at its provider, as the rule's `revoke` row says, and looks whether it is dead afterwards. A
//! request that changes something is sent once, whatever happens. It does not know findings.

use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::LocalSet;
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::judge::{Reply, holds};
use super::named::{aws, gcp};
use super::question::Question;
use super::request::{Impossible, Method, Request};
use super::run::{Engine, runtime};
use super::settings::Settings;
use crate::error::Result;
use crate::finding::{State, Verification};
use crate::rule::spec::Call;

/// Waits before the old value is asked about again: providers need a moment.
const WAITS: [u64; 4] = [0, 1, 2, 4];

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The provider says that it is done.
    pub done: bool,
    /// What it says.
    pub why: String,
    /// What became of the old value.
    pub after: Verification,
}

/// What would be sent, without any value; an error says why nothing can be.
pub fn describe(question: &Question, settings: &Settings) -> Result<std::result::Result<String, String>> {
    let runtime = runtime()?;
    let _inside = runtime.enter();
    let engine = Engine::new(settings)?;
    let Some(call) = &question.rule.revoke else { return Ok(Err("its rule knows no way to revoke it".to_owned())) };
    let maker = engine.maker(question);
    let text = match call.named.as_deref() {
        None => maker.request(call, &|name| question.value(name)).map(|request| row(call, &request)),
        Some("aws-deactivate-key") => {
            deactivate(question, &engine).map(|request| format!("UpdateAccessKey (Inactive) at {}", request.authority()))
        }
        Some("gcp-service-account") => gcp::account(question).map(|_| "disable the key at iam.googleapis.com".to_owned()),
        Some(name) => Err(Impossible(format!("this build cannot revoke by {name}"))),
    };
    Ok(text.map_err(|impossible| impossible.0))
}

fn row(call: &Call, request: &Request) -> String {
    let url = [&call.post, &call.delete, &call.get].into_iter().flatten().next().map_or("", |url| url.as_ref());
    let method = format!("{:?}", request.method).to_uppercase();
    let path = url.strip_prefix("https://").and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap_or("/");
    format!("{method} {path} at {}", request.authority())
}

/// Revokes, then asks about the old value until it is dead or the waits are over.
pub fn revoke(question: &Question, settings: &Settings) -> Result<Done> {
    // A verdict from before says nothing about now.
    let settings = Settings { cache: None, ..settings.clone() };
    let runtime = runtime()?;
    LocalSet::new().block_on(&runtime, async {
        let engine = Rc::new(Engine::new(&settings)?);
        let (done, why) = match send(question, &engine).await {
            Ok(said) => said,
            Err(why) => (false, why),
        };
        let after = if done { after(question, &engine).await } else { Verification::new(State::NotChecked, "it was not revoked") };
        Ok(Done { done, why, after })
    })
}

async fn after(question: &Question, engine: &Engine) -> Verification {
    let mut last = Verification::new(State::NotChecked, "its rule does not say how to ask");
    for wait in WAITS {
        sleep(Duration::from_secs(wait)).await;
        last = engine.once_more(question).await;
        if matches!(last.state, State::Dead | State::NotChecked) {
            break;
        }
    }
    last
}

/// Sends what revokes; whether that was done, and what the provider says.
async fn send(question: &Question, engine: &Engine) -> std::result::Result<(bool, String), String> {
    let call = question.rule.revoke.as_ref().ok_or("its rule knows no way to revoke it")?;
    let maker = engine.maker(question);
    let request = match call.named.as_deref() {
        None => maker.request(call, &|name| question.value(name)),
        Some("aws-deactivate-key") => deactivate(question, engine),
        Some("gcp-service-account") => disable(question, engine).await,
        Some(name) => Err(Impossible(format!("this build cannot revoke by {name}"))),
    };
    let reply = engine.send_once(&request.map_err(|impossible| impossible.0)?).await?;
    let done = is_done(call, &reply);
    let word = if done { "the provider says that it is done" } else { "the provider did not do it" };
    Ok((done, format!("{word} ({})", reply.status)))
}

/// The status, and where the row names something in the answer's JSON, that as well.
fn is_done(call: &Call, reply: &Reply) -> bool {
    let statuses: &[u16] = if call.done.is_empty() { &[200, 204] } else { &call.done };
    let json = reply.json();
    statuses.contains(&reply.status)
        && !call.dead_json.iter().any(|wrong| json.as_ref().is_some_and(|json| holds(json, wrong)))
        && call.live_json.iter().all(|right| json.as_ref().is_some_and(|json| holds(json, right)))
}

fn deactivate(question: &Question, engine: &Engine) -> std::result::Result<Request, Impossible> {
    let id = super::template::percent(question.text("aws-access-key-id")?);
    let form = format!("Action=UpdateAccessKey&AccessKeyId={id}&Status=Inactive&Version=2010-05-08");
    aws::action(question, &engine.maker(question), aws::IAM, &form)
}

/// A service account's key is disabled with an access token that the key itself gives.
async fn disable(question: &Question, engine: &Engine) -> std::result::Result<Request, Impossible> {
    let maker = engine.maker(question);
    let account = gcp::account(question)?;
    let grant = engine.send_once(&gcp::make(question, &maker)?).await.map_err(Impossible)?;
    let json = grant.json().unwrap_or_default();
    let token =
        json.get("access_token").and_then(Value::as_str).ok_or_else(|| Impossible("the provider gives no access token".to_owned()))?;
    let percent = super::template::percent;
    let target = format!("/v1/projects/-/serviceAccounts/{}/keys/{}:disable", percent(&account.email), percent(&account.key));
    let mut request = maker.destination("iam.googleapis.com", &|_| None)?.request(Method::Post, &target)?;
    request.headers.push(("Authorization".to_owned(), Zeroizing::new(format!("Bearer {token}"))));
    request.header("Content-Type", "application/json");
    request.body = Zeroizing::new("{}".to_owned());
    Ok(request)
}
