//! GitLab's code quality report: a list in the shape of Code Climate, one entry for each secret, at the place that
//! a merge request can show.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::document::{Document, FindingEntry};
use super::gitlab::Unique;
use super::place::{file_name, files_first, message, spot};
use crate::finding::Severity;

/// One list.
pub fn codequality(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let mut ids = Unique::default();
    let entries: Vec<Value> = document.open().map(|finding| entry(document, finding, &mut ids)).collect();
    super::json::pretty(&entries, out)
}

fn entry(document: &Document, finding: &FindingEntry, ids: &mut Unique) -> Value {
    let places = files_first(finding);
    let place = places.first();
    // What is in no file has its words for a path: the entry is listed, and links nowhere.
    let path = place.and_then(|place| file_name(place).or_else(|| Some(spot(document, place)))).unwrap_or_else(|| "input".to_owned());
    json!({
        "type": "issue",
        "check_name": finding.rule,
        "categories": ["Security"],
        "description": message(finding),
        "fingerprint": ids.id(&finding.fingerprint),
        "severity": match finding.severity {
            Severity::Critical => "blocker",
            Severity::High => "critical",
            Severity::Medium => "major",
            Severity::Low => "minor",
        },
        "location": { "path": path, "lines": { "begin": place.map_or(1, |place| place.line.max(1)) } },
    })
}
