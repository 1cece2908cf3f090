//! Who a live secret is and what it may do: a few more requests that only read, for the providers whose secrets leak
//! most. Each look is a row; AWS and Google need a signature or a token first. It does not know findings.

use std::rc::Rc;

use serde_json::Value;
use tokio::task::LocalSet;

use super::judge::{Reply, at, plain};
use super::named::{aws, gcp, xml};
use super::question::Question;
use super::request::{Impossible, Request};
use super::run::{Engine, runtime};
use super::settings::Settings;
use crate::error::Result;
use crate::rule::spec::Call;

/// The most values that one look shows.
const SHOWN: usize = 20;

/// What one look says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What was looked at: `who`, `rights`, `repositories`.
    pub what: &'static str,
    /// What was seen, or why nothing.
    pub said: String,
}

/// A look: what it is, the URL, the fields that are shown.
type Look = (&'static str, &'static str, &'static [&'static str]);

/// The looks of a provider, with the header that carries the secret.
const LOOKS: &[(&str, &str, &[Look])] = &[
    (
        "github",
        "bearer",
        &[
            ("who", "https://api.github.com/user", &["login", "name", "email", "type", "two_factor_authentication", "plan.name"]),
            ("organisations", "https://api.github.com/user/orgs?per_page=20", &["login"]),
            ("repositories", "https://api.github.com/user/repos?per_page=20&sort=pushed", &["full_name"]),
            ("can write to", "https://api.github.com/user/repos?per_page=1&affiliation=owner", &["permissions.admin", "permissions.push"]),
        ],
    ),
    (
        "gitlab",
        "header:PRIVATE-TOKEN",
        &[
            ("token", "https://gitlab.com/api/v4/personal_access_tokens/self", &["name", "scopes", "expires_at", "last_used_at"]),
            ("who", "https://gitlab.com/api/v4/user", &["username", "name", "email", "is_admin"]),
            ("groups", "https://gitlab.com/api/v4/groups?min_access_level=30&per_page=20", &["full_path"]),
            ("projects", "https://gitlab.com/api/v4/projects?membership=true&min_access_level=30&per_page=20", &["path_with_namespace"]),
        ],
    ),
    (
        "slack",
        "bearer",
        &[
            ("who", "https://slack.com/api/auth.test", &["team", "user", "url", "bot_id", "is_enterprise_install", "error"]),
            ("team", "https://slack.com/api/team.info", &["team.name", "team.domain", "team.email_domain", "error"]),
            ("channels", "https://slack.com/api/conversations.list?limit=20", &["channels.name", "error"]),
        ],
    ),
    (
        "stripe",
        "basic-user",
        &[
            ("who", "https://api.stripe.com/v1/account", &["id", "email", "country", "business_profile.name", "charges_enabled"]),
            ("balance", "https://api.stripe.com/v1/balance", &["livemode", "available.currency"]),
            ("customers", "https://api.stripe.com/v1/customers?limit=1", &["has_more", "object"]),
            ("charges", "https://api.stripe.com/v1/charges?limit=1", &["has_more", "object"]),
            ("payouts", "https://api.stripe.com/v1/payouts?limit=1", &["has_more", "object"]),
        ],
    ),
    (
        "npm",
        "bearer",
        &[
            ("who", "https://{registry}/-/whoami", &["username"]),
            ("profile", "https://{registry}/-/npm/v1/user", &["name", "email", "tfa.mode"]),
            ("tokens", "https://{registry}/-/npm/v1/tokens", &["objects.readonly", "objects.automation"]),
        ],
    ),
    (
        "hashicorp",
        "header:X-Vault-Token",
        &[
            (
                "who",
                "https://{vault-address}/v1/auth/token/lookup-self",
                &["data.display_name", "data.policies", "data.identity_policies", "data.path", "data.expire_time", "data.orphan"],
            ),
            ("mounts", "https://{vault-address}/v1/sys/internal/ui/mounts", &["data.secret.secret/.type", "data.auth.token/.type"]),
        ],
    ),
];

/// Whether this provider's secrets can be looked into.
pub fn knows(provider: &str) -> bool {
    provider == "aws" || provider == "gcp" || LOOKS.iter().any(|(known, ..)| *known == provider)
}

/// Looks, one after the other.
pub fn analyze(question: &Question, settings: &Settings) -> Result<Vec<Seen>> {
    let runtime = runtime()?;
    LocalSet::new().block_on(&runtime, async {
        let engine = Rc::new(Engine::new(settings)?);
        Ok(match question.rule.provider.as_ref() {
            "aws" => amazon(question, &engine).await,
            "gcp" => google(question, &engine).await,
            provider => rows(provider, question, &engine).await,
        })
    })
}

async fn rows(provider: &str, question: &Question, engine: &Engine) -> Vec<Seen> {
    let Some((_, auth, looks)) = LOOKS.iter().find(|(known, ..)| *known == provider) else { return Vec::new() };
    let mut all = Vec::new();
    for (what, url, show) in *looks {
        let call = Call { get: Some((*url).into()), auth: Some((*auth).into()), ..Call::default() };
        let request = engine.maker(question).request(&call, &|name| question.value(name));
        let (said, scopes) = match reply(engine, request).await {
            Ok(reply) => (shown(&reply, show), reply.scopes),
            Err(why) => (why, None),
        };
        all.push(Seen { what, said });
        if let Some(scopes) = scopes.filter(|_| *what == "who") {
            all.push(Seen { what: "rights", said: if scopes.is_empty() { "no scopes".to_owned() } else { scopes } });
        }
    }
    all
}

async fn reply(engine: &Engine, request: std::result::Result<Request, Impossible>) -> std::result::Result<Reply, String> {
    let reply = engine.send_once(&request.map_err(|impossible| impossible.0)?).await?;
    match reply.status {
        200..=299 => Ok(reply),
        401 | 403 => Err(format!("not allowed ({})", reply.status)),
        status => Err(format!("no answer to that ({status})")),
    }
}

/// The fields, each with its values.
fn shown(reply: &Reply, show: &[&str]) -> String {
    let json = reply.json().unwrap_or_default();
    let field = |path: &&str| {
        let values: Vec<String> = at(&json, path).into_iter().filter_map(plain).take(SHOWN).collect();
        (!values.is_empty()).then(|| format!("{} {}", path.rsplit('.').next().unwrap_or(path), values.join(", ")))
    };
    let said: Vec<String> = show.iter().filter_map(field).collect();
    if said.is_empty() { "nothing".to_owned() } else { said.join("; ") }
}

async fn amazon(question: &Question, engine: &Engine) -> Vec<Seen> {
    let maker = engine.maker(question);
    let who = match reply(engine, aws::make(question, &maker)).await {
        Ok(reply) => reply.text(),
        Err(said) => return vec![Seen { what: "who", said }],
    };
    let arn = xml::element(&who, "Arn").unwrap_or_default().to_owned();
    let mut all = vec![Seen { what: "who", said: arn.clone() }];
    if let Some((_, user)) = arn.split_once(":user/") {
        rights_of_user(user, question, engine, &mut all).await;
    }
    all.push(Seen { what: SECRETS, said: secrets(question, engine).await });
    all
}

/// What is listed of Secrets Manager: no region is known of a key, so one is asked, the oldest.
const SECRETS: &str = "secrets in us-east-1";

/// The names of the secrets that it may list. None is read.
async fn secrets(question: &Question, engine: &Engine) -> String {
    let maker = engine.maker(question);
    let request = aws::target(question, &maker, aws::SECRETS, "secretsmanager.ListSecrets", r#"{"MaxResults":20}"#);
    let reply = match request {
        Ok(request) => engine.send_once(&request).await,
        Err(impossible) => return impossible.0,
    };
    let reply = match reply {
        Ok(reply) => reply,
        Err(why) => return why,
    };
    let json = reply.json().unwrap_or_default();
    // A service that takes JSON refuses with 400 and a word.
    let word = json.get("__type").and_then(Value::as_str).unwrap_or_default();
    let word = word.rsplit('#').next().unwrap_or_default();
    match reply.status {
        200 => {
            let names: Vec<String> = at(&json, "SecretList.Name").into_iter().filter_map(plain).take(SHOWN).collect();
            let more = if json.get("NextToken").is_some_and(Value::is_string) { " and more" } else { "" };
            if names.is_empty() { "none".to_owned() } else { format!("{}{more}", names.join(", ")) }
        }
        401 | 403 => format!("not allowed ({})", reply.status),
        status if word.starts_with("AccessDenied") => format!("not allowed ({status})"),
        status => format!("no answer to that ({status})"),
    }
}

/// What IAM says of a user.
async fn rights_of_user(user: &str, question: &Question, engine: &Engine, all: &mut Vec<Seen>) {
    let maker = engine.maker(question);
    let user = super::template::percent(user.rsplit('/').next().unwrap_or(user));
    for (what, action, name) in [
        ("policies", "ListAttachedUserPolicies", "PolicyName"),
        ("own policies", "ListUserPolicies", "member"),
        ("groups", "ListGroupsForUser", "GroupName"),
        ("keys", "ListAccessKeys", "AccessKeyId"),
        ("second factors", "ListMFADevices", "SerialNumber"),
    ] {
        let form = format!("Action={action}&UserName={user}&Version=2010-05-08");
        let said = match reply(engine, aws::action(question, &maker, aws::IAM, &form)).await {
            Ok(reply) => {
                let names = elements(&reply.text(), name);
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            }
            Err(why) => why,
        };
        all.push(Seen { what, said });
    }
}

/// The texts of all elements of that name that hold no others.
fn elements(text: &str, name: &str) -> Vec<String> {
    let open = format!("<{name}>");
    let inside = text.split(&open).skip(1).filter_map(|piece| piece.split('<').next());
    inside.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).take(SHOWN).collect()
}

async fn google(question: &Question, engine: &Engine) -> Vec<Seen> {
    let maker = engine.maker(question);
    let account = match gcp::account(question) {
        Ok(account) => account,
        Err(impossible) => return vec![Seen { what: "who", said: impossible.0 }],
    };
    let mut all = vec![Seen { what: "who", said: format!("{}, key {}", account.email, account.key) }];
    let grant = reply(engine, gcp::make(question, &maker)).await.map(|reply| reply.json().unwrap_or_default());
    let token = match grant {
        Ok(json) => json.get("access_token").and_then(Value::as_str).unwrap_or_default().to_owned(),
        Err(said) => {
            all.push(Seen { what: "token", said });
            return all;
        }
    };
    let looks: [Look; 2] = [
        ("projects", "https://cloudresourcemanager.googleapis.com/v1/projects?pageSize=20", &["projects.projectId"]),
        ("organisations", "https://cloudresourcemanager.googleapis.com/v3/organizations:search", &["organizations.displayName"]),
    ];
    for (what, url, show) in looks {
        let call = Call { get: Some(url.into()), auth: Some("bearer".into()), ..Call::default() };
        let request = maker.request(&call, &|name| (name == "secret").then_some(token.as_bytes()));
        let said = match reply(engine, request).await {
            Ok(reply) => shown(&reply, show),
            Err(why) => why,
        };
        all.push(Seen { what, said });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_elements_are_read() {
        let text = "<A><member> x </member><member><PolicyName>y</PolicyName></member></A>";
        assert_eq!(elements(text, "member"), ["x"]);
        assert_eq!(elements(text, "PolicyName"), ["y"]);
        assert!(knows("github") && knows("aws") && !knows("lake"));
    }
}
