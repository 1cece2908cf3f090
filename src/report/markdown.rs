//! Markdown for a CI job's summary: what was found in one table, what was covered below it. Every string of a
//! scanned thing is written so that it is text: no link, no HTML, no mention of anybody.

use std::io::{self, Write};

use super::document::{Document, FindingEntry};
use super::place::{self, spot};
use super::receipt;
use super::sanitize::sanitize;
use crate::finding::{Severity, State};

/// Most rows of the table: a summary has a limit of one MiB.
const ROWS: usize = 500;

/// A heading, the table, the receipt.
pub fn markdown(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let found = document.open().count();
    writeln!(out, "## unleak: {}\n", receipt::verdict_in_words(document))?;
    if found > 0 {
        writeln!(out, "| severity | secret | where | since | id |")?;
        writeln!(out, "|---|---|---|---|---|")?;
        for finding in document.open().take(ROWS) {
            writeln!(out, "{}", row(document, finding))?;
        }
        if found > ROWS {
            writeln!(out, "\n{} more are not listed here.", found - ROWS)?;
        }
        writeln!(out, "\nA secret that was pushed is known. Make a new one, revoke the old one, then clean up.\n")?;
    }
    for line in receipt::lines(document) {
        writeln!(out, "* {}: {}", line.0, plain(&line.1))?;
    }
    Ok(())
}

fn row(document: &Document, finding: &FindingEntry) -> String {
    let place = place::main(finding).map(|place| spot(document, place)).unwrap_or_default();
    let places = finding.places.len() + finding.more_places;
    let more = if places > 1 { format!(" and {} more", places - 1) } else { String::new() };
    let since = finding.history.first_seen.as_ref().map(|commit| {
        let day = commit.date.split('T').next().unwrap_or_default();
        format!("{} on {}", place::short(&commit.commit), plain(day))
    });
    let severity = match finding.severity {
        Severity::Critical => "**critical**",
        other => other.name(),
    };
    let live = if finding.verification.state == State::Live { ", **live**" } else { "" };
    let secret = format!("{} {}", plain(&finding.name), code(&finding.secret));
    let cells = [
        format!("{severity}{live}"),
        secret,
        format!("{}{more}", code(&place)),
        since.unwrap_or_default(),
        format!("{} {}", code(&finding.fingerprint), code(&finding.rule)),
    ];
    format!("| {} |", cells.join(" | "))
}

/// Text that markdown and HTML leave as it is.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let text = sanitize(text);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let in_word = out.ends_with(|c: char| c.is_ascii_alphanumeric()) && rest.peek().is_some_and(char::is_ascii_alphanumeric);
        match c {
            '_' if in_word => out.push(c),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Nobody is told, nothing is linked.
            '@' => out.push_str("&#64;"),
            ':' => out.push_str("&#58;"),
            _ if "\\`*_{}[]()#+!|~$".contains(c) => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// The same set as code. A bar would end a table's cell even there, and a backtick the code: so it is HTML.
fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<code>{}</code>", plain(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_repository_is_markup() {
        assert_eq!(plain("[a](b) <img> |x| @me `c` https://d"), "\\[a\\]\\(b\\) &lt;img&gt; \\|x\\| &#64;me \\`c\\` https&#58;//d");
        assert_eq!(code("a|b`"), "<code>a\\|b\\`</code>");
    }
}
