//! The report for people: a block for each secret, then the receipt. Every string that comes from a scanned
//! thing is sanitised on its way here. It does not know whether it writes to a terminal.

use std::borrow::Cow;
use std::io::{self, Write};

use super::document::{CommitEntry, Document, FindingEntry, PersonEntry, PlaceEntry, VerificationEntry};
use super::paint::Paint;
use super::place::{self, short, spot};
use super::receipt;
use super::sanitize::sanitize;
use crate::finding::{NOT_ASKED, PlaceKind, State};

/// Most places of a secret that are written out besides the main one.
const FURTHER: usize = 3;
/// Most refs that are written out.
const REFS: usize = 4;

/// How the text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// With colours, as ANSI escapes.
    pub color: bool,
    /// When the scan began, in seconds since 1970: for formats that must say so, and for no other.
    pub begun: i64,
    /// When it ended.
    pub ended: i64,
}

/// Writes blocks and receipt.
pub fn text(document: &Document, options: &TextOptions, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint::new(options.color);
    let page = Page { document, paint };
    for finding in &document.findings {
        page.block(finding, out)?;
        writeln!(out)?;
    }
    receipt::write(document, paint, out)
}

struct Page<'a> {
    document: &'a Document,
    paint: Paint,
}

impl Page<'_> {
    fn block(&self, finding: &FindingEntry, out: &mut dyn Write) -> io::Result<()> {
        let tag = self.paint.severity(finding.severity, &finding.severity.name().to_uppercase());
        writeln!(out, "{tag}  {}  {}", self.paint.bold(&sanitize(&finding.name)), sanitize(&finding.secret))?;
        if let Some(by) = &finding.suppressed {
            let until = by.until.as_ref().map(|day| format!(" until {}", sanitize(day))).unwrap_or_default();
            let reason = by.reason.as_ref().map(|why| format!(": {}", sanitize(why))).unwrap_or_default();
            self.paint.line("allowed", &format!("by {}{until}{reason}", sanitize(&by.source)), out)?;
        }
        self.paint.line("sure", &sure(finding), out)?;
        let verdict = &finding.verification;
        if verdict.state != State::NotChecked || verdict.reason != NOT_ASKED {
            let style = if verdict.state == State::Live { self.paint.bold("LIVE") } else { verdict.state.name().replace('-', " ") };
            self.paint.line("verified", &format!("{style}: {}", verified(verdict)), out)?;
            for answer in &verdict.answers {
                self.paint.line("asked", &format!("{}: {}", answer.state.name().replace('-', " "), verified(answer)), out)?;
            }
        }
        if !finding.facts.is_empty() {
            let facts: Vec<_> = finding.facts.iter().map(|(key, value)| format!("{} {}", sanitize(key), sanitize(value))).collect();
            self.paint.line("says", &facts.join(", "), out)?;
        }
        for pair in finding.pair.iter().flat_map(|pair| std::iter::once(pair).chain(pair.third.as_deref())) {
            let words = format!("{} {}, {}", sanitize(&pair.name), sanitize(&pair.secret), spot(self.document, &pair.place));
            self.paint.line("with", &words, out)?;
        }
        if let Some(since) = since(finding) {
            self.paint.line("since", &since, out)?;
        }
        let main = place::main(finding);
        self.paint.line("now", &self.now(finding, main), out)?;
        if let Some(also) = self.also(finding, main) {
            self.paint.line("also", &also, out)?;
        }
        if let Some(refs) = refs(finding) {
            self.paint.line("refs", &refs, out)?;
        }
        self.paint.line("id", &format!("{}  {}", sanitize(&finding.fingerprint), sanitize(&finding.rule)), out)
    }

    /// Where it is now, in words, with the place that shows it.
    fn now(&self, finding: &FindingEntry, main: Option<&PlaceEntry>) -> String {
        let history = &finding.history;
        let shown = main.map(|place| spot(self.document, place)).unwrap_or_default();
        let words: Cow<'_, str> = match main {
            Some(place) if place.in_head == Some(true) => {
                if finding.places.iter().any(|other| is_copy(other, place)) {
                    "HEAD and working tree".into()
                } else {
                    "HEAD".into()
                }
            }
            _ if history.in_head == Some(true) => "HEAD".into(),
            Some(place) if place.kind == PlaceKind::Worktree => "working tree, not in HEAD".into(),
            Some(place) if place.kind == PlaceKind::Index => "staged, not in HEAD".into(),
            _ => match &history.removed_in {
                Some(commit) => format!("removed in {}; history keeps it", by(commit)).into(),
                None if history.unreachable == Some(true) => "unreachable: no ref leads to it, the object is still there".into(),
                None if only_stash(finding) => "only in the stash".into(),
                None if history.in_head == Some(false) => "not in HEAD, but in history".into(),
                None => return shown,
            },
        };
        if shown.is_empty() { words.into_owned() } else { format!("{words}: {shown}") }
    }

    fn also(&self, finding: &FindingEntry, main: Option<&PlaceEntry>) -> Option<String> {
        let heads: Vec<&PlaceEntry> = finding.places.iter().filter(|place| place.in_head == Some(true)).collect();
        let is_main = |place: &PlaceEntry| main.is_some_and(|main| std::ptr::eq(main, place));
        let rest: Vec<&PlaceEntry> =
            finding.places.iter().filter(|place| !is_main(place) && !heads.iter().any(|head| is_copy(place, head))).collect();
        let mut parts: Vec<String> = rest.iter().take(FURTHER).map(|place| self.spot_and_commit(place)).collect();
        let more = rest.len().saturating_sub(FURTHER) + finding.more_places;
        if more > 0 {
            parts.push(format!("{more} more {}", if more == 1 { "place" } else { "places" }));
        }
        (!parts.is_empty()).then(|| sentence(&parts, more > 0))
    }

    fn spot_and_commit(&self, place: &PlaceEntry) -> String {
        let spot = spot(self.document, place);
        match &place.commit {
            Some(commit) if place.kind == PlaceKind::Blob => format!("{spot} ({})", short(commit)),
            _ => spot,
        }
    }
}

/// Whether a place is the working tree's copy of one in HEAD.
fn is_copy(place: &PlaceEntry, head: &PlaceEntry) -> bool {
    let key = |p: &PlaceEntry| (p.target, p.line, p.column);
    place.kind == PlaceKind::Worktree
        && head.kind == PlaceKind::Blob
        && key(place) == key(head)
        && (&place.repo, place.path_bytes()) == (&head.repo, head.path_bytes())
}

fn sure(finding: &FindingEntry) -> String {
    let proof = finding.reasons.iter().any(|reason| reason.starts_with("proved offline"));
    let mut parts = vec![if proof { "proved offline".to_owned() } else { format!("{} confidence", finding.confidence.name()) }];
    parts.extend(finding.reasons.iter().filter(|reason| !reason.starts_with("proved offline")).map(|r| sanitize(r).into_owned()));
    parts.join("; ")
}

/// Why the verdict is what it is, and what the provider said.
fn verified(verdict: &VerificationEntry) -> String {
    let evidence: String = verdict.evidence.iter().map(|(name, value)| format!("; {} {}", sanitize(name), sanitize(value))).collect();
    format!("{}{evidence}", sanitize(&verdict.reason))
}

fn since(finding: &FindingEntry) -> Option<String> {
    if let Some(first) = &finding.history.first_seen {
        return Some(by(first));
    }
    let place = finding.places.iter().find(|place| place.commit.is_some() && place.date.is_some())?;
    let (commit, date) = (place.commit.as_deref()?, place.date.as_deref()?);
    Some(commit_line(commit, date, place.author.as_ref()))
}

fn by(commit: &CommitEntry) -> String {
    commit_line(&commit.commit, &commit.date, Some(&commit.author))
}

fn commit_line(id: &str, date: &str, author: Option<&PersonEntry>) -> String {
    let day = date.split('T').next().unwrap_or(date);
    let author = author.map(|a| format!(" by {} <{}>", sanitize(&a.name), sanitize(&a.email))).unwrap_or_default();
    format!("{} on {}{author}", short(id), sanitize(day))
}

fn only_stash(finding: &FindingEntry) -> bool {
    let stash = |refs: &Vec<String>| !refs.is_empty() && refs.iter().all(|name| name == "refs/stash");
    finding.history.refs.as_ref().is_some_and(stash) && finding.history.ref_count == Some(1)
}

fn refs(finding: &FindingEntry) -> Option<String> {
    let refs = finding.history.refs.as_ref().filter(|refs| !refs.is_empty())?;
    let mut parts: Vec<String> = refs.iter().take(REFS).map(|name| sanitize(short_ref(name)).into_owned()).collect();
    let more = finding.history.ref_count.unwrap_or(0).max(refs.len()) - parts.len();
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    Some(sentence(&parts, more > 0))
}

fn short_ref(name: &str) -> &str {
    ["refs/heads/", "refs/tags/", "refs/remotes/"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// Joins by commas, the last by "and" where it sums up the rest.
fn sentence(parts: &[String], sums_up: bool) -> String {
    match parts {
        [first @ .., last] if sums_up && !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => parts.join(", "),
    }
}
