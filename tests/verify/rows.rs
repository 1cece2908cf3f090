//! Every row of the built-in rules once: the request that is sent is the one that the row describes, and both its
//! answers are understood. What the row says is read here once more, by simple means.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use serde_json::{Value, json};
use unleak::finding::State;
use unleak::progress::Progress;
use unleak::rule::RuleSet;
use unleak::rule::spec::{Call, Spec, placeholders};
use unleak::secret::Secret;
use unleak::verify::question::Question;
use unleak::verify::settings::Settings;
use unleak::verify::{revoke, run};

use super::provider::{Heard, Provider, answer};

/// A value that needs no encoding anywhere and is the rule's own.
fn value(rule: &str, part: &str) -> String {
    let seed = format!("{rule}{part}").bytes().fold(7u64, |n, b| n.wrapping_mul(31).wrapping_add(u64::from(b)));
    super::common::token::Random::new(seed).alphanumeric(24)
}

fn filled(text: &str, rule: &str) -> String {
    let mut out = text.to_owned();
    for name in placeholders(text).map(str::to_owned).collect::<Vec<_>>() {
        out = out.replace(&format!("{{{name}}}"), &value(rule, &name));
    }
    out
}

/// What stands after the host in a row's URL.
fn target(url: &str) -> String {
    let rest = url.strip_prefix("https://").unwrap_or_else(|| panic!("{url} is no https URL"));
    let target = rest.find(['/', '?']).map_or("/", |at| &rest[at..]);
    if target.starts_with('/') { target.to_owned() } else { format!("/{target}") }
}

fn fault(call: &Call, rule: &str, heard: &Heard) -> Option<String> {
    let (method, url) = [("GET", &call.get), ("POST", &call.post), ("DELETE", &call.delete)]
        .into_iter()
        .find_map(|(method, url)| Some((method, url.as_ref()?)))?;
    let mut wanted: Vec<(String, String)> = call
        .headers
        .iter()
        .map(|header| header.split_once(':').unwrap())
        .map(|(name, text)| (name.to_ascii_lowercase(), filled(text.trim(), rule)))
        .collect();
    let secret = value(rule, "secret");
    let basic = |pair: &str| {
        let pair = if pair.contains(':') { filled(pair, rule) } else { format!("{}:", filled(pair, rule)) };
        ("authorization".to_owned(), format!("Basic {}", BASE64.encode(pair.as_bytes())))
    };
    match call.auth.as_deref() {
        None => {}
        Some("bearer") => wanted.push(("authorization".to_owned(), format!("Bearer {secret}"))),
        Some("basic-user") => wanted.push(basic("{secret}")),
        Some(other) => match other.split_once(':').unwrap() {
            ("header", name) => wanted.push((name.to_ascii_lowercase(), secret)),
            ("basic", pair) => wanted.push(basic(pair)),
            _ => return Some(format!("unknown auth {other}")),
        },
    }
    if (heard.method.as_str(), heard.target.as_str()) != (method, filled(&target(url), rule).as_str()) {
        return Some(format!("{} {} in place of {method} {}", heard.method, heard.target, filled(&target(url), rule)));
    }
    if let Some((name, value)) = wanted.iter().find(|(name, value)| heard.header(name) != Some(value.as_str())) {
        return Some(format!("the header {name} is {:?} in place of {value:?}", heard.header(name)));
    }
    let body = call.body.as_deref().map(|body| filled(body, rule)).unwrap_or_default();
    (heard.body != body).then(|| format!("the body is {:?} in place of {body:?}", heard.body))
}

/// JSON in which the condition holds.
fn body_for(condition: &str) -> Value {
    let (path, text) = condition.split_once('=').unwrap_or((condition, "1"));
    let leaf = match text {
        "true" => json!(true),
        "false" => json!(false),
        text => text.parse::<i64>().ok().filter(|n| n.to_string() == text).map_or_else(|| json!(text), |n| json!(n)),
    };
    path.split('.').rev().fold(leaf, |inner, name| json!({ name.trim_end_matches("[]"): inner }))
}

/// The row's own live and dead answer: one for each way that it knows.
fn answers(call: &Call) -> Vec<(State, u16, String)> {
    let mut all = Vec::new();
    for (state, statuses, conditions) in [(State::Live, &call.live, &call.live_json), (State::Dead, &call.dead, &call.dead_json)] {
        all.extend(statuses.iter().map(|&status| (state, status, "[]".to_owned())));
        all.extend(conditions.iter().map(|condition| (state, 299, body_for(condition).to_string())));
    }
    all
}

/// The value by which a request is known again: the secret, or a part of it where the row takes it apart.
fn mark(rule: &Spec) -> String {
    let call = rule.verify.as_ref().unwrap();
    let whole = call.auth.is_some() || call.placeholders().any(|name| name == "secret");
    value(&rule.id, if whole { "secret" } else { call.placeholders().last().unwrap() })
}

fn question(rule: &Arc<Spec>) -> Question {
    let call = rule.verify.as_ref().unwrap();
    let secret = |name: &str| Secret::new(value(&rule.id, name), 0);
    let parts = call.placeholders().filter(|name| *name != "secret").map(|name| (name.to_owned(), secret(name))).collect();
    // A row that takes the value apart has its pieces as parts: of a webhook's URL.
    let pieces: Vec<String> = call.placeholders().map(|name| value(&rule.id, name)).collect();
    let whole = if mark(rule) == value(&rule.id, "secret") { secret("secret") } else { Secret::new(pieces.join("/"), 0) };
    Question { rule: Arc::clone(rule), secret: whole, parts, control: false }
}

fn rules() -> Vec<Arc<Spec>> {
    RuleSet::builtin().rules().iter().map(|rule| Arc::new(rule.spec.clone().into_owned())).collect()
}

fn settings(provider: &Provider) -> Settings {
    let endpoints = BTreeMap::from([("*".to_owned(), provider.url())]);
    Settings { endpoints, rate: 1_000_000, ..Settings::default() }
}

#[test]
fn every_row_sends_what_it_says_and_understands_both_answers() {
    let rows: Vec<Arc<Spec>> = rules().into_iter().filter(|rule| rule.verify.as_ref().is_some_and(|call| call.named.is_none())).collect();
    assert!(rows.len() > 950, "{}", rows.len());
    let script: Arc<Mutex<BTreeMap<String, (u16, String)>>> = Arc::default();
    let shared = Arc::clone(&script);
    let provider = Provider::new(move |heard| {
        let all = heard.all() + &decoded(heard);
        let script = shared.lock().unwrap();
        let known = script.iter().find(|(value, _)| all.contains(value.as_str()));
        // What is made up is refused with a status that no row speaks of.
        known.map_or_else(|| answer(499, ""), |(_, (status, body))| answer(*status, body.clone()))
    });
    let mut faults = Vec::new();
    let most = rows.iter().map(|rule| answers(rule.verify.as_ref().unwrap()).len()).max().unwrap();
    for round in 0..most {
        let mut expected = Vec::new();
        for rule in &rows {
            if let Some((state, status, body)) = answers(rule.verify.as_ref().unwrap()).into_iter().nth(round) {
                script.lock().unwrap().insert(mark(rule), (status, body));
                expected.push((rule, state));
            }
        }
        let questions: Vec<Question> = expected.iter().map(|(rule, _)| question(rule)).collect();
        let verdicts = run::run(&questions, &settings(&provider), &Progress::new()).unwrap();
        for ((rule, state), verdict) in expected.iter().zip(verdicts) {
            if verdict.state != *state {
                faults.push(format!("{}: {verdict:?} in place of {state:?}", rule.id));
            }
        }
    }
    let heard = provider.heard();
    for rule in &rows {
        let own = mark(rule);
        let Some(request) = heard.iter().find(|heard| (heard.all() + &decoded(heard)).contains(&own)) else {
            faults.push(format!("{}: nothing was sent", rule.id));
            continue;
        };
        faults.extend(fault(rule.verify.as_ref().unwrap(), &rule.id, request).map(|why| format!("{}: {why}", rule.id)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What stands in a header of basic authorisation.
fn decoded(heard: &Heard) -> String {
    let pair = heard.header("authorization").and_then(|value| value.strip_prefix("Basic "));
    let bytes = pair.and_then(|pair| BASE64.decode(pair.as_bytes()).ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The documents say how many rules have a request, and give every other one a reason.
#[test]
fn every_rule_has_a_request_or_a_reason() {
    let document = |name: &str| std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let rules = rules();
    let without: BTreeSet<String> = rules.iter().filter(|rule| rule.verify.is_none()).map(|rule| rule.id.to_string()).collect();
    let list = document("rules/unverified.md");
    let mut listed = BTreeSet::new();
    for section in list.split("\n## ").skip(1) {
        let (title, body) = section.split_once('\n').unwrap();
        let ids: Vec<&str> = body.split(|c: char| c.is_whitespace() || c == ',').filter(|word| without.contains(*word)).collect();
        assert!(title.ends_with(&format!("({})", ids.len())), "{title}: {} rules", ids.len());
        for id in ids {
            assert!(listed.insert(id.to_owned()), "{id} has two reasons");
        }
    }
    assert_eq!(listed, without);
    let (all, with) = (rules.len(), rules.len() - without.len());
    let count = format!("{with} of {},{:03} rules", all / 1000, all % 1000);
    for (name, text) in [("rules/unverified.md", list), ("docs/verification.md", document("docs/verification.md"))] {
        assert!(text.contains(&count), "{name} does not say \"{count}\"");
    }
}

/// A rule's host is fixed: no value of the text decides where a secret goes.
#[test]
fn hosts_are_the_rules_own() {
    let mut faults = Vec::new();
    for rule in rules() {
        for call in [&rule.verify, &rule.revoke].into_iter().flatten() {
            let Some(url) = [&call.get, &call.post, &call.delete].into_iter().flatten().next() else { continue };
            let host = url.strip_prefix("https://").unwrap_or_default().split(['/', '?']).next().unwrap_or_default();
            let fixed = host.split('.').rev().take_while(|label| !label.contains('{')).count();
            let whole = host.starts_with('{') && host.ends_with('}') && host.matches('{').count() == 1;
            if host.is_empty() || (fixed < 2 && !whole) {
                faults.push(format!("{}: {url}", rule.id));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every revoking row once: what is sent is what it says, it counts as done, and the old value is asked about.
#[test]
fn every_revoker_sends_what_it_says_and_is_believed() {
    let rows: Vec<Arc<Spec>> = rules().into_iter().filter(|rule| rule.revoke.as_ref().is_some_and(|call| call.named.is_none())).collect();
    assert!(rows.len() > 40, "{}", rows.len());
    let mut faults = Vec::new();
    for rule in &rows {
        let call = rule.revoke.clone().unwrap();
        let done = call.live_json.iter().map(|condition| body_for(condition)).next().unwrap_or_else(|| json!({}));
        let dead = rule.verify.as_ref().and_then(|verify| answers(verify).into_iter().find(|(state, ..)| *state == State::Dead));
        let (count, answers_dead) = (std::sync::atomic::AtomicUsize::new(0), dead.is_some());
        let status = call.done[0];
        let provider = Provider::new(move |_| match count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => answer(status, done.to_string()),
            _ => dead.as_ref().map_or_else(|| answer(499, ""), |(_, status, body)| answer(*status, body.clone())),
        });
        let secret = |name: &str| Secret::new(value(&rule.id, name), 0);
        let names = [&rule.revoke, &rule.verify].into_iter().flatten().flat_map(Call::placeholders).filter(|name| *name != "secret");
        let parts = names.map(|name| (name.to_owned(), secret(name))).collect();
        let question = Question { rule: Arc::clone(rule), secret: secret("secret"), parts, control: false };
        let told = revoke::describe(&question, &settings(&provider)).unwrap().unwrap();
        assert!(provider.heard().is_empty() && !told.contains(&value(&rule.id, "secret")), "{told}");
        let result = revoke::revoke(&question, &settings(&provider)).unwrap();
        // A row that cannot say "dead" leaves it open whether the value has ended.
        let wanted = match (&rule.verify, answers_dead) {
            (None, _) => State::NotChecked,
            (Some(_), true) => State::Dead,
            (Some(_), false) => State::Unknown,
        };
        if !result.done || result.after.state != wanted {
            faults.push(format!("{}: {result:?}", rule.id));
        }
        let heard = provider.heard();
        faults.extend(fault(&call, &rule.id, &heard[0]).map(|why| format!("{}: {why}", rule.id)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
