//! GitLab's secret detection report, `gl-secret-detection-report.json`, in version 15.0.4 of its shape (it fulfils 15.2.1
//! as well): one vulnerability for each secret, at the place that a code host can show. What is not in a commit stands
//! in one of zeros, as GitLab's own analyser writes it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::TextOptions;
use super::document::{Document, FindingEntry, PlaceEntry};
use super::place::{STEPS, file_name, files_first, message};
use super::sanitize::sanitize;
use crate::finding::Severity;

const VERSION: &str = "15.0.4";
const NO_COMMIT: &str = "0000000";
/// Most places of one secret that are listed.
const PLACES: usize = 20;

/// One report. The times are those that the options give.
pub fn gitlab(document: &Document, options: &TextOptions, out: &mut dyn Write) -> io::Result<()> {
    let tool = json!({
        "id": document.tool.name,
        "name": document.tool.name,
        "version": document.tool.version,
        "vendor": { "name": document.tool.name },
    });
    let messages: Vec<Value> = document
        .notices
        .iter()
        .map(|n| {
            let value = sanitize(&format!("{}: {}: {}", n.what, n.r#where, n.why)).into_owned();
            json!({ "level": if n.incomplete { "warn" } else { "info" }, "value": value })
        })
        .collect();
    let mut ids = Unique::default();
    let report = json!({
        "version": VERSION,
        "scan": {
            "type": "secret_detection",
            "status": if document.complete { "success" } else { "failure" },
            "start_time": moment(options.begun),
            "end_time": moment(options.ended),
            "analyzer": tool,
            "scanner": tool,
            "messages": messages,
        },
        "vulnerabilities": document.open().map(|finding| vulnerability(finding, &mut ids)).collect::<Vec<_>>(),
    });
    super::json::pretty(&report, out)
}

/// Makes of equal fingerprints of guessable values different ones, in the order of the report.
#[derive(Default)]
pub(super) struct Unique(BTreeMap<String, usize>);

impl Unique {
    pub(super) fn id(&mut self, fingerprint: &str) -> String {
        let seen = self.0.entry(fingerprint.to_owned()).or_default();
        *seen += 1;
        if *seen == 1 { fingerprint.to_owned() } else { format!("{fingerprint}-{seen}") }
    }
}

fn vulnerability(finding: &FindingEntry, ids: &mut Unique) -> Value {
    let places = files_first(finding);
    let solution: Vec<String> = STEPS.iter().enumerate().map(|(i, (what, how))| format!("{}. {what}: {how}.", i + 1)).collect();
    let listed: Vec<Value> = places
        .iter()
        .take(PLACES)
        .filter_map(|place| Some(json!({ "type": "file-location", "file_name": file_name(place)?, "line_start": place.line.max(1) })))
        .collect();
    let mut entry = json!({
        "id": ids.id(&finding.fingerprint),
        "name": finding.name.chars().take(255).collect::<String>(),
        "description": message(finding),
        "severity": severity(finding.severity),
        "solution": solution.join("\n"),
        "identifiers": [
            { "type": "unleak_rule_id", "name": format!("unleak rule {}", finding.rule), "value": finding.rule },
            { "type": "cwe", "name": "CWE-798", "value": "798", "url": "https://cwe.mitre.org/data/definitions/798.html" },
        ],
        "location": places.first().map_or_else(|| json!({ "commit": { "sha": NO_COMMIT } }), |place| location(place)),
    });
    if !listed.is_empty() {
        entry["details"] = json!({ "places": { "name": "Places", "type": "list", "items": listed } });
    }
    entry
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
    }
}

fn location(place: &PlaceEntry) -> Value {
    let mut commit = json!({ "sha": place.commit.as_deref().unwrap_or(NO_COMMIT) });
    if let Some(author) = &place.author {
        commit["author"] = format!("{} <{}>", author.name, author.email).into();
    }
    if let Some(date) = &place.date {
        commit["date"] = date.as_str().into();
    }
    let mut location = json!({ "commit": commit, "start_line": place.line.max(1), "end_line": place.end_line.max(place.line).max(1) });
    if let Some(name) = file_name(place) {
        location["file"] = name.into();
    }
    location
}

/// A moment as this report wants it: UTC, without a zone; one beyond the calendar is the first.
fn moment(seconds: i64) -> String {
    super::document::date(seconds).strip_suffix('Z').filter(|text| text.len() == 19).unwrap_or("1970-01-01T00:00:00").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_no_zone() {
        assert_eq!(
            [moment(0), moment(1_700_000_000), moment(i64::MAX)],
            ["1970-01-01T00:00:00", "2023-11-14T22:13:20", "1970-01-01T00:00:00"]
        );
    }
}
