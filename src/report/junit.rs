//! JUnit's XML, as CI servers read it: a failed test for each secret, an error for each thing that could not be
//! scanned, and where there is neither one test that passed.

use std::io::{self, Write};

use super::document::{Document, FindingEntry, NoticeEntry};
use super::place::{files_first, message, spot};
use super::sanitize::is_hostile;

/// One suite.
pub fn junit(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let failures = document.open().count();
    let missing: Vec<&NoticeEntry> = document.notices.iter().filter(|notice| notice.incomplete).collect();
    let interrupted = usize::from(document.interrupted.is_some() && missing.is_empty());
    let errors = missing.len() + interrupted;
    let tests = (failures + errors).max(1);
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"");
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"{}\" {counts}>", document.tool.name)?;
    writeln!(out, "  <testsuite name=\"{}\" {counts} skipped=\"0\">", document.tool.name)?;
    for finding in document.open() {
        failure(document, finding, out)?;
    }
    for notice in &missing {
        let what = format!("{}: {}", notice.what, notice.r#where);
        error(&what, &notice.why, out)?;
    }
    if let Some(signal) = document.interrupted.filter(|_| interrupted > 0) {
        error("the scan", &format!("it was interrupted by signal {signal}"), out)?;
    }
    if failures + errors == 0 {
        let empty = document.coverage.totals.is_empty();
        let name = if empty { "nothing was scanned" } else { "no secrets found" };
        writeln!(out, "    <testcase classname=\"{}\" name=\"{name}\"/>", document.tool.name)?;
    }
    writeln!(out, "  </testsuite>")?;
    writeln!(out, "</testsuites>")
}

fn failure(document: &Document, finding: &FindingEntry, out: &mut dyn Write) -> io::Result<()> {
    let places = files_first(finding);
    let name = format!("{} {}", places.first().map_or_else(String::new, |place| spot(document, place)), finding.fingerprint);
    writeln!(out, "    <testcase classname=\"{}\" name=\"{}\">", escaped(&finding.rule), escaped(&name))?;
    let severity = finding.severity.name();
    writeln!(out, "      <failure type=\"{severity}\" message=\"{}\">", escaped(&message(finding)))?;
    for place in places.iter().take(10) {
        let commit = place.commit.as_deref().map(|commit| format!(" in commit {commit}")).unwrap_or_default();
        writeln!(out, "{}", escaped(&format!("{}{commit}", spot(document, place))))?;
    }
    let more = places.len().saturating_sub(10) + finding.more_places;
    if more > 0 {
        writeln!(out, "and {more} more places")?;
    }
    writeln!(out, "      </failure>")?;
    writeln!(out, "    </testcase>")
}

fn error(what: &str, why: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "    <testcase classname=\"coverage\" name=\"{}\">", escaped(what))?;
    writeln!(out, "      <error type=\"incomplete\" message=\"{}\"/>", escaped(why))?;
    writeln!(out, "    </testcase>")
}

/// Text for an element or attribute. What could drive a terminal, or is no character of XML, is written out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            _ if is_hostile(c) || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.extend(c.escape_unicode()),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_an_attribute() {
        assert_eq!(escaped("a\"<b>&'\u{0}\u{ffff}\n"), "a&quot;&lt;b&gt;&amp;&apos;\\u{0}\\u{ffff}\\u{a}");
    }
}
