//! From a provider's answer to a verdict, by the rule's row: what its JSON says first, then its status. Only what the
//! row wants shown is kept of the answer. It does not know how the answer came.

use std::time::Duration;

use serde_json::Value;
use zeroize::Zeroizing;

use crate::finding::{State, Verification};
use crate::rule::spec::{Call, Text};

/// The most characters of one shown field.
const SHOWN: usize = 120;
/// The most fields of one path that leads through a list.
const LISTED: usize = 5;

/// What a provider answered; the body is bounded.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// How long to wait before asking again.
    pub retry_after: Option<Duration>,
    /// The rights of a token, where a header names them.
    pub scopes: Option<String>,
    /// The body, or its beginning.
    pub body: Zeroizing<Vec<u8>>,
}

#[cfg(test)]
impl Reply {
    /// An answer with this status and body, for tests of what is made of it.
    pub fn of(status: u16, body: &str) -> Self {
        Self { status, retry_after: None, scopes: None, body: zeroize::Zeroizing::new(body.as_bytes().to_vec()) }
    }
}

impl Reply {
    /// The body as JSON, where it is that.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The verdict on an answer.
pub fn verdict(call: &Call, reply: &Reply) -> Verification {
    let json = reply.json();
    let status = reply.status;
    let found = if let Some(condition) = says(json.as_ref(), &call.dead_json) {
        Verification::new(State::Dead, format!("the answer says so ({condition})"))
    } else if let Some(condition) = says(json.as_ref(), &call.live_json) {
        Verification::new(State::Live, format!("the answer says so ({condition})"))
    } else if call.live.contains(&status) {
        Verification::new(State::Live, "the provider takes it")
    } else if call.dead.contains(&status) {
        Verification::new(State::Dead, "the provider refuses it")
    } else {
        Verification::new(State::Unknown, undecided(status))
    };
    let mut found = found.with("status", status.to_string());
    if found.state == State::Live
        && let Some(json) = &json
    {
        for path in call.show.iter() {
            let values = at(json, path);
            let shown: Vec<String> = values.iter().filter_map(|value| plain(value)).take(LISTED).collect();
            if !shown.is_empty() {
                found.evidence.insert(path.to_string(), shown.join(", "));
            }
        }
    }
    found
}

/// The first condition that holds.
fn says<'c>(json: Option<&Value>, conditions: &'c [Text]) -> Option<&'c Text> {
    conditions.iter().find(|condition| json.is_some_and(|json| holds(json, condition)))
}

/// What a status says that no row speaks of.
pub fn undecided(status: u16) -> String {
    match status {
        300..=399 => format!("it answers with a redirect ({status}), which is not followed"),
        429 => "too many requests (429)".to_owned(),
        500..=599 => format!("the provider has trouble ({status})"),
        _ => format!("status {status} says neither live nor dead"),
    }
}

/// Whether `path` stands in the JSON with a value that is not null, or `path=value` with that value.
pub fn holds(json: &Value, condition: &str) -> bool {
    match condition.split_once('=') {
        Some((path, wanted)) => at(json, path).into_iter().any(|value| plain(value).is_some_and(|text| text == wanted)),
        None => at(json, condition).into_iter().any(|value| !value.is_null()),
    }
}

/// All values that a path of names joined by dots leads to; lists are gone through.
pub fn at<'j>(json: &'j Value, path: &str) -> Vec<&'j Value> {
    let mut here = vec![json];
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let name = name.trim_end_matches("[]");
        here = here.into_iter().flat_map(entries).filter_map(|value| value.get(name)).collect();
    }
    here
}

/// The value itself, or the elements of a list, lists in lists too.
fn entries(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().flat_map(entries).collect(),
        other => vec![other],
    }
}

/// A single value, or a list of such, as text for people.
pub fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Array(list) => list.iter().filter_map(plain).take(LISTED).collect::<Vec<_>>().join(" "),
        Value::Null | Value::Object(_) => return None,
    };
    Some(text.chars().take(SHOWN).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Call {
        Call {
            live: vec![200].into(),
            dead: vec![401].into(),
            live_json: vec!["data.user.id".into()].into(),
            dead_json: vec!["ok=false".into(), "error.details.reason=GONE".into()].into(),
            show: vec!["data.user.name".into(), "scopes".into()].into(),
            ..Call::default()
        }
    }

    fn state(status: u16, body: &str) -> State {
        verdict(&row(), &Reply::of(status, body)).state
    }

    #[test]
    fn json_decides_before_the_status() {
        assert_eq!(state(200, "<html>"), State::Live);
        assert_eq!(state(200, r#"{"ok":false,"data":{"user":{"id":1}}}"#), State::Dead);
        assert_eq!(state(403, r#"{"error":{"details":[{"reason":"X"},{"reason":"GONE"}]}}"#), State::Dead);
        assert_eq!(state(500, r#"{"data":[{"user":{"id":1}}]}"#), State::Live);
        assert_eq!(state(401, r#"{"data":{"user":{"id":null}}}"#), State::Dead);
        assert_eq!(
            (state(302, ""), state(429, ""), state(503, ""), state(418, "")),
            (State::Unknown, State::Unknown, State::Unknown, State::Unknown)
        );
    }

    #[test]
    fn only_what_the_row_wants_is_shown() {
        let body = format!(r#"{{"data":{{"user":{{"id":1,"name":"{}","mail":"m"}}}},"scopes":["a","b"]}}"#, "n".repeat(500));
        let evidence = verdict(&row(), &Reply::of(200, &body)).evidence;
        assert_eq!(evidence.keys().collect::<Vec<_>>(), ["data.user.name", "scopes", "status"]);
        assert_eq!((evidence["data.user.name"].len(), evidence["scopes"].as_str()), (SHOWN, "a b"));
    }
}
