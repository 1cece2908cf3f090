//! SARIF 2.1.0, for code hosts and editors. Regions are whole lines: the standard counts columns in characters
//! and our places count bytes, and a line's text is not at hand to convert them, so byte columns and offsets stand
//! in the location's properties instead of being passed off as something else.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::document::{CommitEntry, Document, FindingEntry, NoticeEntry, PlaceEntry};
use super::place::{STEPS, file_path, files_first, message};
use super::sanitize::sanitize;
use crate::finding::{HiddenBy, Severity};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Most places of one finding that stand in `locations`.
const LOCATIONS: usize = 10;
/// Most of the rest that stand in `relatedLocations`; what is beyond is counted.
const RELATED: usize = 90;

/// One SARIF log with one run.
pub fn sarif(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let rules = rules(document);
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(index, id)| (*id, index)).collect();
    let several = document.targets.len() > 1;
    let results: Vec<Value> = document.findings.iter().map(|finding| result(finding, index[finding.rule.as_str()], several)).collect();
    let mut run = json!({
        "tool": { "driver": {
            "name": document.tool.name,
            "version": document.tool.version,
            "semanticVersion": document.tool.version,
            "rules": rules.values().map(|finding| rule(finding)).collect::<Vec<_>>(),
        } },
        "invocations": [invocation(document)],
        "results": results,
        "properties": {
            "schema": document.schema,
            "complete": document.complete,
            "rules_digest": document.tool.rules_digest,
            "targets": document.targets,
            "coverage": document.coverage,
        },
    });
    if several {
        let base = |(index, name): (usize, &String)| (base_id(index), json!({ "description": { "text": sanitize(name) } }));
        run["originalUriBaseIds"] = Value::Object(document.targets.iter().enumerate().map(base).collect());
    }
    let log = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] });
    super::json::pretty(&log, out)
}

/// One finding for each rule, its most severe: it stands for the rule.
fn rules(document: &Document) -> BTreeMap<&str, &FindingEntry> {
    let mut rules: BTreeMap<&str, &FindingEntry> = BTreeMap::new();
    for finding in &document.findings {
        let known = rules.entry(&finding.rule).or_insert(finding);
        if finding.severity > known.severity {
            *known = finding;
        }
    }
    rules
}

fn rule(finding: &FindingEntry) -> Value {
    let name = &finding.name;
    let plain: Vec<String> = STEPS.iter().enumerate().map(|(i, (what, how))| format!("{}. {what}: {how}.", i + 1)).collect();
    let marked: Vec<String> = STEPS.iter().enumerate().map(|(i, (what, how))| format!("{}. **{what}**: {how}.", i + 1)).collect();
    let opening = "Whoever can read the repository can use this secret. Deleting the line does not help: history keeps it.";
    json!({
        "id": finding.rule,
        "name": name,
        "shortDescription": { "text": name },
        "fullDescription": { "text": format!("{name}: stands where everybody who has the repository can read it.") },
        "help": {
            "text": format!("{opening}\n{}", plain.join("\n")),
            "markdown": format!("{opening}\n\n{}", marked.join("\n")),
        },
        "defaultConfiguration": { "level": level(finding.severity) },
        "properties": {
            "security-severity": security_severity(finding.severity),
            "precision": finding.confidence.name(),
            "provider": finding.provider,
            "tags": ["security", "secret", "external/cwe/cwe-798"],
        },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// A number in the bands that code hosts read as critical, high, medium and low.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

fn result(finding: &FindingEntry, rule_index: usize, several: bool) -> Value {
    // Code hosts show the first location only, and only one that is a file they have.
    let places = files_first(finding);
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": level(finding.severity),
        "rank": (finding.score * 100.0).round(),
        "message": { "text": message(finding) },
        "locations": places.iter().take(LOCATIONS).map(|place| location(place, several)).collect::<Vec<_>>(),
        "partialFingerprints": { "unleak/v1": finding.fingerprint },
        "properties": properties(finding),
    });
    if let Some(pair) = &finding.pair {
        result["properties"]["pair"] = json!(pair);
    }
    if let Some(by) = &finding.suppressed {
        let kind = if by.by == HiddenBy::Marker { "inSource" } else { "external" };
        let why = by.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        result["suppressions"] = json!([{ "kind": kind, "justification": sanitize(&format!("{}{why}", by.source)) }]);
    }
    let related: Vec<Value> = places.iter().skip(LOCATIONS).take(RELATED).map(|place| location(place, several)).collect();
    if !related.is_empty() {
        result["relatedLocations"] = Value::Array(related);
    }
    result
}

fn properties(finding: &FindingEntry) -> Value {
    let commit = |commit: &Option<CommitEntry>| commit.as_ref().map(|c| json!({ "commit": c.commit, "date": c.date }));
    let history = &finding.history;
    json!({
        "severity": finding.severity,
        "confidence": finding.confidence,
        "score": finding.score,
        "reasons": finding.reasons,
        "provider": finding.provider,
        "secret": finding.secret,
        "facts": finding.facts,
        "verification": finding.verification,
        "scope": history.scope,
        "first_seen": commit(&history.first_seen),
        "last_seen": commit(&history.last_seen),
        "removed_in": commit(&history.removed_in),
        "in_head": history.in_head,
        "refs": history.refs,
        "unreachable": history.unreachable,
        "commits": history.commits,
        "places_left_out": finding.places.len().saturating_sub(LOCATIONS + RELATED) + finding.more_places,
    })
}

fn location(place: &PlaceEntry, several: bool) -> Value {
    let mut properties = json!({
        "kind": place.kind,
        "object": place.object,
        "commit": place.commit,
        "date": place.date,
        "in_head": place.in_head,
        "via": place.via,
        "start_byte": place.start,
        "end_byte": place.end,
        "byte_column": place.column,
        "end_byte_column": place.end_column,
    });
    let mut location = match file_path(place) {
        Some(whole) => {
            let mut artifact = json!({ "uri": relative_uri(&whole) });
            if several {
                artifact["uriBaseId"] = Value::String(base_id(place.target));
            }
            let region = json!({ "startLine": place.line.max(1), "endLine": place.end_line.max(place.line).max(1) });
            json!({ "physicalLocation": { "artifactLocation": artifact, "region": region } })
        }
        None => {
            properties["target"] = place.target.into();
            properties["repo"] = place.repo.as_str().into();
            properties["line"] = place.line.into();
            let name = place.path.as_deref().or(place.commit.as_deref()).or(place.object.as_deref()).unwrap_or("input");
            let full = format!("{}:{}", place.kind.name(), sanitize(name));
            json!({ "logicalLocations": [{ "name": sanitize(name), "fullyQualifiedName": full, "kind": place.kind }] })
        }
    };
    location["properties"] = properties;
    location
}

fn base_id(target: usize) -> String {
    format!("TARGET{target}")
}

/// A path as a relative URI: every byte but the unreserved ones and `/` percent-encoded. Absolute paths lose
/// their first slash, or they would name another host's root.
fn relative_uri(path: &[u8]) -> String {
    let mut uri = String::with_capacity(path.len());
    let start = path.iter().take_while(|&&b| b == b'/').count();
    for &byte in &path[start..] {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

fn invocation(document: &Document) -> Value {
    let mut invocation = json!({
        "executionSuccessful": document.complete,
        "toolExecutionNotifications": document.notices.iter().map(notification).collect::<Vec<_>>(),
    });
    if let Some(signal) = document.interrupted {
        invocation["exitSignalNumber"] = signal.into();
    }
    invocation
}

fn notification(notice: &NoticeEntry) -> Value {
    json!({
        "level": if notice.incomplete { "error" } else { "note" },
        "message": { "text": sanitize(&format!("{}: {}: {}", notice.what, notice.r#where, notice.why)) },
        "properties": { "what": notice.what, "where": notice.r#where, "why": notice.why, "incomplete": notice.incomplete },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_relative_and_escaped() {
        assert_eq!(relative_uri(b"a b/%c:d\xff.txt"), "a%20b/%25c%3Ad%FF.txt");
        assert_eq!(relative_uri(b"/etc/x"), "etc/x");
    }
}
