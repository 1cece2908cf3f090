//! Comma-separated values for spreadsheets, a row for each place of each secret. A cell that a spreadsheet would
//! take for a formula gets an apostrophe before it.

use std::io::{self, Write};

use super::document::{Document, FindingEntry, PlaceEntry};
use super::sanitize::sanitize;

const COLUMNS: [&str; 25] = [
    "fingerprint",
    "rule",
    "name",
    "provider",
    "severity",
    "confidence",
    "score",
    "secret",
    "verification",
    "kind",
    "target",
    "repo",
    "path",
    "line",
    "column",
    "commit",
    "author",
    "email",
    "date",
    "in_head",
    "first_seen",
    "removed_in",
    "refs",
    "places_left_out",
    "suppressed",
];

/// A header and the rows, as RFC 4180 has them, but with plain line feeds.
pub fn csv(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    row(&COLUMNS.map(str::to_owned), out)?;
    for finding in &document.findings {
        for place in &finding.places {
            row(&cells(document, finding, place), out)?;
        }
    }
    Ok(())
}

fn cells(document: &Document, finding: &FindingEntry, place: &PlaceEntry) -> [String; 25] {
    let history = &finding.history;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let commit = |commit: &Option<super::document::CommitEntry>| commit.as_ref().map(|c| c.commit.clone()).unwrap_or_default();
    let state = serde_json::to_value(finding.verification.state).ok().and_then(|state| state.as_str().map(str::to_owned));
    [
        finding.fingerprint.clone(),
        finding.rule.clone(),
        finding.name.clone(),
        finding.provider.clone(),
        finding.severity.name().to_owned(),
        finding.confidence.name().to_owned(),
        finding.score.to_string(),
        finding.secret.clone(),
        state.unwrap_or_default(),
        place.kind.name().to_owned(),
        document.targets.get(place.target).cloned().unwrap_or_default(),
        place.repo.clone(),
        text(&place.path),
        place.line.to_string(),
        place.column.to_string(),
        text(&place.commit),
        place.author.as_ref().map(|author| author.name.clone()).unwrap_or_default(),
        place.author.as_ref().map(|author| author.email.clone()).unwrap_or_default(),
        text(&place.date),
        place.in_head.map(|there| there.to_string()).unwrap_or_default(),
        commit(&history.first_seen),
        commit(&history.removed_in),
        place.refs.join(" "),
        finding.more_places.to_string(),
        finding.suppressed.as_ref().map(|by| by.source.clone()).unwrap_or_default(),
    ]
}

fn row(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    for (number, value) in cells.iter().enumerate() {
        if number > 0 {
            out.write_all(b",")?;
        }
        out.write_all(cell(value).as_bytes())?;
    }
    out.write_all(b"\n")
}

fn cell(value: &str) -> String {
    let mut text = sanitize(value).into_owned();
    // Some programs look past spaces and quotes for the sign.
    if text
        .trim_start_matches([' ', '\'', '"', '\u{a0}', '\u{feff}'])
        .starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '|', '%'])
    {
        text.insert(0, '\'');
    }
    if text.contains([',', '"', ';']) || text.starts_with([' ', '\'']) || text.ends_with(' ') {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_texts() {
        let all = ["=1+1", "+a", "-b", "@c", " =d", "\"=e", "f=1", "g,h", "i\"j", "\tk"].map(cell);
        assert_eq!(
            all,
            ["\"'=1+1\"", "\"'+a\"", "\"'-b\"", "\"'@c\"", "\"' =d\"", "\"'\"\"=e\"", "f=1", "\"g,h\"", "\"i\"\"j\"", "\\u{9}k"]
        );
    }
}
