//! Annotations of GitHub Actions: one workflow command a line. What comes from a scanned thing can neither end
//! its line nor begin another command.

use std::io::{self, Write};

use super::document::{Document, FindingEntry};
use super::place::{file_name, files_first, message, spot};
use super::receipt;
use super::sanitize::sanitize;
use crate::finding::{PlaceKind, Severity};

/// An annotation for each secret, for each thing that could not be scanned, and one with the verdict.
pub fn github(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    for finding in document.open() {
        writeln!(out, "{}", annotation(document, finding))?;
    }
    for notice in document.notices.iter().filter(|notice| notice.incomplete) {
        let text = format!("{}: {}: {}", notice.what, notice.r#where, notice.why);
        writeln!(out, "::warning title=unleak could not scan everything::{}", data(&text))?;
    }
    writeln!(out, "::notice title=unleak::{}", data(&receipt::verdict_in_words(document)))
}

fn annotation(document: &Document, finding: &FindingEntry) -> String {
    let command = match finding.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "notice",
    };
    let places = files_first(finding);
    let place = places.first();
    let title = property(&finding.name);
    // A line of an old commit is another line today: only what is there now is pointed at.
    let now = place.filter(|place| place.in_head == Some(true) || place.kind != PlaceKind::Blob);
    let at = now.and_then(|place| {
        let (first, last) = (place.line.max(1), place.end_line.max(place.line).max(1));
        Some(format!("file={},line={first},endLine={last},", property(&file_name(place)?)))
    });
    let elsewhere = place.filter(|_| at.is_none()).map(|place| format!("; {}", spot(document, place))).unwrap_or_default();
    let text = format!("{}{elsewhere}; id {}", message(finding), finding.fingerprint);
    format!("::{command} {}title={title}::{}", at.unwrap_or_default(), data(&text))
}

/// A command's text.
fn data(text: &str) -> String {
    sanitize(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_holds_what_it_is_given() {
        assert_eq!(data("50%\n::error::x"), "50%25\\u{a}::error::x");
        assert_eq!(property("a,b:c%"), "a%2Cb%3Ac%25");
    }
}
