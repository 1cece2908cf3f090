//! The end of the report for people: what was scanned, what was not, and a last line that looks clean only
//! where everything that was asked for was scanned and there was something to scan. It does not know the findings' blocks.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::document::{Document, NoticeEntry};
use super::paint::Paint;
use super::sanitize::sanitize;
use crate::coverage::{Counts, Suppressed};
use crate::finding::{HiddenBy, Severity};

/// Most places that a group of notices writes out.
const SHOWN: usize = 3;

pub(super) fn write(document: &Document, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    for (label, text) in lines(document) {
        paint.line(label, &text, out)?;
    }
    writeln!(out)?;
    let found = document.open().count() as u64;
    if found > 0 {
        let secrets = paint.bold(&format!("{} found", count(found, "secret", "secrets")));
        writeln!(out, "{secrets}: {}.", by_severity(document, paint))?;
    }
    if let Some(warning) = warning(document) {
        let alarm: Style = AnsiColor::Yellow.on_default().bold();
        return writeln!(out, "{}", paint.style(alarm, &warning));
    }
    if found == 0 {
        return writeln!(out, "{}", paint.style(AnsiColor::Green.on_default().bold(), CLEAN));
    }
    Ok(())
}

/// What may be said only where all that was asked for was scanned, and there was something.
const CLEAN: &str = "No secrets found.";

/// The receipt: labels with what they say.
pub(super) fn lines(document: &Document) -> Vec<(&'static str, String)> {
    let coverage = &document.coverage;
    let rules = count(coverage.rules as u64, "rule", "rules");
    let mut lines = vec![("scanned", format!("{}; {rules}", amounts(&coverage.totals)))];
    if coverage.targets.len() > 1 {
        let empty = coverage.targets.iter().filter(|target| target.counts.is_empty());
        lines.extend(empty.map(|target| ("empty", format!("{}: nothing was scanned of it", sanitize(&target.name)))));
    }
    lines.extend(suppressed(document).into_iter().map(|text| ("allowed", text)));
    lines.extend(hidden(document).map(|text| ("hidden", text)));
    for left in &coverage.left_out {
        let what = left.count.map_or_else(|| left.what.clone(), |n| format!("{} {}", digits(n), left.what));
        lines.push(("left out", format!("{} ({})", sanitize(&what), sanitize(&left.how))));
    }
    for (incomplete, label) in [(true, "missing"), (false, "note")] {
        lines.extend(grouped(&document.notices, incomplete).into_iter().map(|group| (label, group)));
    }
    lines
}

/// The last line: what was found, and whether that is all.
pub(super) fn verdict_in_words(document: &Document) -> String {
    let found = document.open().count() as u64;
    let secrets =
        (found > 0).then(|| format!("{} found: {}.", count(found, "secret", "secrets"), by_severity(document, Paint::new(false))));
    match (secrets, warning(document)) {
        (Some(secrets), Some(warning)) => format!("{secrets} {warning}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => CLEAN.to_owned(),
    }
}

/// Why the result is not the whole truth, if so.
fn warning(document: &Document) -> Option<String> {
    let found = document.open().count();
    let but = if found == 0 { " That nothing was found says nothing about what was not scanned." } else { "" };
    if let Some(signal) = document.interrupted {
        return Some(format!("INTERRUPTED by signal {signal}: only what is listed above was scanned.{but}"));
    }
    if !document.complete {
        let missing = document.notices.iter().filter(|notice| notice.incomplete).count() as u64;
        let things = count(missing, "thing that was asked for", "things that were asked for");
        return Some(format!("INCOMPLETE: {things} could not be scanned, see above.{but}"));
    }
    // Secrets of a report that were read again where they stand are no scan.
    let nothing = document.coverage.totals.is_empty() && document.findings.is_empty();
    nothing.then(|| "NOTHING WAS SCANNED: there was no commit, file or byte to read.".to_owned())
}

fn by_severity(document: &Document, paint: Paint) -> String {
    let of = |severity: Severity| document.open().filter(|finding| finding.severity == severity).count();
    let named = Severity::ALL.iter().rev().map(|(severity, name)| (*severity, of(*severity), name)).filter(|(_, n, _)| *n > 0);
    named.map(|(severity, n, name)| paint.severity(severity, &format!("{n} {name}"))).collect::<Vec<_>>().join(", ")
}

fn amounts(counts: &Counts) -> String {
    let parts = [
        (counts.commits, "commit", "commits"),
        (counts.objects(), "object", "objects"),
        (counts.refs, "ref", "refs"),
        (counts.reflog_entries, "reflog entry", "reflog entries"),
        (counts.index_entries, "index entry", "index entries"),
        (counts.files, "file", "files"),
    ];
    let mut parts: Vec<String> = parts.into_iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| count(n, one, many)).collect();
    parts.push(bytes(counts.bytes));
    if counts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// What was hidden, a line for each kind of thing that did it.
fn suppressed(document: &Document) -> Vec<String> {
    let line = |(kind, name): &(HiddenBy, &str)| {
        let all: Vec<_> = document.coverage.suppressed.iter().filter(|entry| entry.by == *kind).collect();
        let sum = |n: fn(&Suppressed) -> u64| all.iter().map(|entry| n(&entry.counts)).sum::<u64>();
        let (findings, places) = (sum(|c| c.findings), sum(|c| c.places));
        let shown = all.iter().take(SHOWN).map(|entry| sanitize(&entry.source)).collect::<Vec<_>>().join(", ");
        let more = if all.len() > SHOWN { format!(" and {} more", all.len() - SHOWN) } else { String::new() };
        let amount = format!("{} in {}", count(findings, "secret", "secrets"), count(places, "place", "places"));
        (!all.is_empty()).then(|| format!("{amount} by {name}: {shown}{more}"))
    };
    let kinds = [
        (HiddenBy::Marker, "markers in the text"),
        (HiddenBy::Allow, "[[allow]]"),
        (HiddenBy::IgnoreFile, "the ignore file"),
        (HiddenBy::Baseline, "the baseline"),
    ];
    kinds.iter().filter_map(line).collect()
}

fn hidden(document: &Document) -> Option<String> {
    let coverage = &document.coverage;
    let mut parts = Vec::new();
    if coverage.below_threshold > 0 {
        parts.push(format!("{} below the threshold", count(coverage.below_threshold, "secret", "secrets")));
    }
    if coverage.already_there > 0 {
        parts.push(format!("{} that stood there before (--whole-files)", coverage.already_there));
    }
    let dropped: u64 = coverage.dropped.values().sum();
    if dropped > 0 {
        let mut by: Vec<_> = coverage.dropped.iter().collect();
        by.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let by: Vec<String> = by.into_iter().map(|(name, n)| format!("{} {n}", sanitize(name))).collect();
        parts.push(format!("{} dropped as false ({})", count(dropped, "candidate", "candidates"), by.join(", ")));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Notices of one kind and reason in one line, in the order of their first.
fn grouped(notices: &[NoticeEntry], incomplete: bool) -> Vec<String> {
    let mut groups: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for notice in notices.iter().filter(|notice| notice.incomplete == incomplete) {
        groups.entry((&notice.what, &notice.why)).or_default().push(&notice.r#where);
    }
    let group = |((what, why), places): ((&str, &str), Vec<&str>)| {
        let shown: Vec<_> = places.iter().take(SHOWN).filter(|place| !place.is_empty()).map(|place| sanitize(place)).collect();
        let more = places.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let at = if shown.is_empty() { String::new() } else { format!(": {}{more}", shown.join(", ")) };
        format!("{} ({}){at}", sanitize(what), sanitize(why))
    };
    groups.into_iter().map(group).collect()
}

fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", digits(n), if n == 1 { one } else { many })
}

/// In groups of three: `1,253`.
fn digits(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default()).collect();
    groups.join(",")
}

fn bytes(n: u64) -> String {
    if n < 1024 {
        return format!("{n} B");
    }
    let (mut amount, mut units) = (n as f64 / 1024.0, ["KiB", "MiB", "GiB"].into_iter());
    let mut unit = units.next();
    while amount >= 1023.95 && unit.is_some() {
        amount /= 1024.0;
        unit = units.next();
    }
    format!("{amount:.1} {}", unit.unwrap_or("TiB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_for_people() {
        assert_eq!([0, 1023, 1024, 1_572_864, u64::MAX].map(bytes), ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "16777216.0 TiB"]);
        assert_eq!(count(1_234_567, "x", "xs"), "1,234,567 xs");
        assert_eq!(count(1, "x", "xs"), "1 x");
    }
}
