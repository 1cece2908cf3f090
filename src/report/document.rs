//! The one value that every report is written from: an outcome in the order and shape of reports, with every
//! string that a scanned thing can influence masked. Nothing that follows sees a secret, unless the user
//! insists. It does not know the formats.

use std::collections::BTreeMap;

use bstr::{BStr, BString, ByteSlice};
use data_encoding::BASE64;
use rayon::prelude::*;
use serde::Serialize;

use super::mask::{Known, Masker};
use crate::coverage::{Counts, Coverage, LeftOut, Notice, Suppressed, TargetKind};
use crate::finding::{self, Confidence, HiddenBy, PlaceKind, Scope, Severity, State};
use crate::outcome::{Outcome, compare_findings, compare_notices, compare_places};
use crate::secret::Secret;

/// Name and version of the shape; it changes when a field is removed or changes its meaning.
pub const SCHEMA: &str = "unleak/report/1";

/// What the user decides about the contents of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Show the whole values, in `secret` and wherever else they stand.
    pub show_secrets: bool,
    /// List the findings that are suppressed too.
    pub show_suppressed: bool,
}

/// A report's contents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Who made it.
    pub tool: Tool,
    /// Whether all that was asked for was scanned.
    pub complete: bool,
    /// The number of the signal that ended the run early.
    pub interrupted: Option<i32>,
    /// The targets as the user named them; places point into this list.
    pub targets: Vec<String>,
    /// The receipt.
    pub coverage: CoverageEntry,
    /// The findings, the worst first.
    pub findings: Vec<FindingEntry>,
    /// Trouble, what makes the scan incomplete first.
    pub notices: Vec<NoticeEntry>,
}

/// The program and its rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// Name of the program.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Digest of the rules in force.
    pub rules_digest: String,
}

/// What was scanned, see [`Coverage`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct CoverageEntry {
    pub targets: Vec<TargetEntry>,
    pub totals: Counts,
    pub rules: usize,
    pub rules_digest: String,
    pub key: String,
    pub left_out: Vec<LeftOut>,
    pub dropped: BTreeMap<String, u64>,
    pub below_threshold: u64,
    pub already_there: u64,
    pub suppressed: Vec<SuppressedEntry>,
}

/// What hid something, and how much, see [`crate::coverage::Suppressed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct SuppressedEntry {
    pub by: HiddenBy,
    pub source: String,
    #[serde(flatten)]
    pub counts: Suppressed,
}

/// Why a finding is suppressed, see [`finding::Hidden`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct HiddenEntry {
    pub by: HiddenBy,
    pub source: String,
    pub reason: Option<String>,
    pub until: Option<String>,
}

/// What was scanned of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct TargetEntry {
    pub name: String,
    pub kind: TargetKind,
    #[serde(flatten)]
    pub counts: Counts,
}

/// A notice, see [`Notice`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct NoticeEntry {
    pub what: String,
    pub r#where: String,
    pub why: String,
    pub incomplete: bool,
}

/// A finding, see [`finding::Finding`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FindingEntry {
    /// Identity of the value.
    pub fingerprint: String,
    /// Id of the rule.
    pub rule: String,
    /// The rule's name for people.
    pub name: String,
    /// Who issued it.
    pub provider: String,
    /// What it allows.
    pub severity: Severity,
    /// How sure we are.
    pub confidence: Confidence,
    /// The same as a number, two decimals.
    pub score: f64,
    /// Why.
    pub reasons: Vec<String>,
    /// The redacted form; the whole value only when the user insists.
    pub secret: String,
    /// The whole value where it is not UTF-8 and the user insists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_b64: Option<String>,
    /// Path of the first place.
    pub path: Option<String>,
    /// Line of the first place.
    pub line: Option<usize>,
    /// Commit of the first place.
    pub commit: Option<String>,
    /// What the value says of itself.
    pub facts: BTreeMap<String, String>,
    /// What the provider said.
    pub verification: VerificationEntry,
    /// Where it stands.
    pub places: Vec<PlaceEntry>,
    /// How many further places are not listed.
    pub more_places: usize,
    /// Its life.
    pub history: HistoryEntry,
    /// The other half of the credential, where one stands near.
    pub pair: Option<PairEntry>,
    /// What suppresses it in every place.
    pub suppressed: Option<HiddenEntry>,
}

/// A verdict, see [`finding::Verification`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct VerificationEntry {
    pub state: State,
    pub reason: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<VerificationEntry>,
}

/// The other half of a credential, see [`finding::Pair`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct PairEntry {
    pub rule: String,
    pub name: String,
    pub identifier: bool,
    pub secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_b64: Option<String>,
    pub place: PlaceEntry,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub third: Option<Box<PairEntry>>,
}

/// A name and address, masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct PersonEntry {
    pub name: String,
    pub email: String,
}

/// A place, see [`finding::Place`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct PlaceEntry {
    pub kind: PlaceKind,
    pub target: usize,
    pub repo: String,
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_b64: Option<String>,
    pub object: Option<String>,
    pub commit: Option<String>,
    pub author: Option<PersonEntry>,
    pub date: Option<String>,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
    pub start: usize,
    pub end: usize,
    pub via: Vec<String>,
    pub in_head: Option<bool>,
    pub refs: Vec<String>,
}

/// A commit in a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct CommitEntry {
    pub commit: String,
    pub author: PersonEntry,
    pub date: String,
}

/// A history, see [`finding::History`]. What its scope does not answer is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct HistoryEntry {
    pub scope: Scope,
    pub first_seen: Option<CommitEntry>,
    pub last_seen: Option<CommitEntry>,
    pub removed_in: Option<CommitEntry>,
    pub in_head: Option<bool>,
    pub refs: Option<Vec<String>>,
    pub ref_count: Option<usize>,
    pub unreachable: Option<bool>,
    pub commits: Option<usize>,
}

impl Document {
    /// Orders, shapes and masks an outcome.
    pub fn new(outcome: &Outcome, options: &Options) -> Self {
        let hidden: &[finding::Finding] = if options.show_suppressed { &outcome.hidden } else { &[] };
        let mut findings: Vec<_> = outcome.findings.iter().chain(hidden).collect();
        let masker = if options.show_secrets {
            Masker::none()
        } else {
            let pairs = findings.iter().flat_map(|finding| finding.pair.iter().flat_map(finding::Pair::parts)).map(|pair| &pair.secret);
            Masker::new(findings.iter().map(|finding| &finding.secret).chain(pairs).chain(&outcome.candidates))
        };
        let shape = Shape { masker, show_secrets: options.show_secrets };
        findings.sort_by(|a, b| (a.suppressed.cmp(&b.suppressed)).then_with(|| compare_findings(a, b)));
        let mut notices: Vec<_> = outcome.notices.iter().collect();
        notices.sort_by(|a, b| compare_notices(a, b));
        let coverage = shape.coverage(&outcome.coverage);
        Self {
            schema: SCHEMA,
            tool: Tool { name: "unleak", version: env!("CARGO_PKG_VERSION"), rules_digest: coverage.rules_digest.clone() },
            complete: outcome.complete(),
            interrupted: outcome.interrupted,
            targets: coverage.targets.iter().map(|target| target.name.clone()).collect(),
            coverage,
            findings: findings.into_par_iter().map(|finding| shape.finding(finding)).collect(),
            notices: notices.into_iter().map(|notice| shape.notice(notice)).collect(),
        }
    }
}

impl Document {
    /// The findings that somebody has to look at: all but the suppressed.
    pub fn open(&self) -> impl Iterator<Item = &FindingEntry> {
        self.findings.iter().filter(|finding| finding.suppressed.is_none())
    }
}

/// Makes entries; holds the only way from raw bytes to a string of the report.
struct Shape {
    masker: Masker,
    show_secrets: bool,
}

impl Shape {
    fn text(&self, raw: impl AsRef<[u8]>) -> String {
        self.masker.text(raw.as_ref())
    }

    fn texts<T: AsRef<[u8]>>(&self, raw: &[T]) -> Vec<String> {
        raw.iter().map(|one| self.text(one)).collect()
    }

    fn coverage(&self, coverage: &Coverage) -> CoverageEntry {
        let target = |t: &crate::coverage::TargetCoverage| TargetEntry { name: self.text(&t.name), kind: t.kind, counts: t.counts.clone() };
        let left_out = |l: &LeftOut| LeftOut { what: self.text(&l.what), count: l.count, how: self.text(&l.how) };
        CoverageEntry {
            targets: coverage.targets.iter().map(target).collect(),
            totals: coverage.total(),
            rules: coverage.rules,
            rules_digest: coverage.rules_digest.clone(),
            key: coverage.key.clone(),
            left_out: coverage.left_out.iter().map(left_out).collect(),
            dropped: coverage.dropped.clone(),
            below_threshold: coverage.below_threshold,
            already_there: coverage.already_there,
            suppressed: coverage
                .suppressed
                .iter()
                .map(|((by, source), counts)| SuppressedEntry { by: *by, source: self.text(source), counts: *counts })
                .collect(),
        }
    }

    fn notice(&self, notice: &Notice) -> NoticeEntry {
        NoticeEntry {
            what: self.text(&notice.what),
            r#where: self.text(&notice.place),
            why: self.text(&notice.why),
            incomplete: notice.incomplete,
        }
    }

    fn finding(&self, finding: &finding::Finding) -> FindingEntry {
        let mut places: Vec<_> = finding.places.iter().collect();
        places.sort_by(|a, b| compare_places(a, b));
        let mut known = self.known();
        let places: Vec<_> = places.into_iter().map(|place| place_entry(place, &mut known)).collect();
        let first = places.first();
        let (secret, secret_b64) = self.secret(&finding.secret);
        FindingEntry {
            fingerprint: finding.fingerprint.clone(),
            rule: finding.rule.clone(),
            name: finding.name.clone(),
            provider: finding.provider.clone(),
            severity: finding.severity,
            confidence: finding.confidence,
            score: (finding.score * 100.0).round() / 100.0,
            reasons: self.texts(&finding.reasons),
            secret,
            secret_b64,
            path: first.and_then(|place| place.path.clone()),
            line: first.map(|place| place.line),
            commit: first.and_then(|place| place.commit.clone()),
            facts: finding.facts.iter().map(|(key, value)| (self.text(key), self.text(value))).collect(),
            verification: self.verification(&finding.verification),
            places,
            more_places: finding.more_places,
            history: self.history(&finding.history),
            pair: finding.pair.as_ref().map(|pair| self.pair(pair)),
            suppressed: finding.hidden.first().filter(|_| finding.suppressed).map(|hidden| self.hidden(hidden)),
        }
    }

    fn verification(&self, verdict: &finding::Verification) -> VerificationEntry {
        VerificationEntry {
            state: verdict.state,
            reason: self.text(&verdict.reason),
            evidence: verdict.evidence.iter().map(|(name, value)| (self.text(name), self.text(value))).collect(),
            time: verdict.time.map(date),
            answers: verdict.answers.iter().map(|answer| self.verification(answer)).collect(),
        }
    }

    fn pair(&self, pair: &finding::Pair) -> PairEntry {
        let (secret, secret_b64) = self.secret(&pair.secret);
        PairEntry {
            rule: pair.rule.clone(),
            name: pair.name.clone(),
            identifier: pair.identifier,
            secret,
            secret_b64,
            place: place_entry(&pair.place, &mut self.known()),
            third: pair.third.as_ref().map(|third| Box::new(self.pair(third))),
        }
    }

    /// The value as it may be shown, and in base64 where showing it as text would change it.
    fn secret(&self, secret: &Secret) -> (String, Option<String>) {
        if !self.show_secrets {
            return (secret.redacted(), None);
        }
        let value = secret.expose();
        (value.to_str_lossy().into_owned(), value.to_str().is_err().then(|| BASE64.encode(value)))
    }

    fn hidden(&self, hidden: &finding::Hidden) -> HiddenEntry {
        let text = |text: &Option<String>| text.as_ref().map(|text| self.text(text));
        HiddenEntry { by: hidden.by, source: self.text(&hidden.source), reason: text(&hidden.reason), until: text(&hidden.until) }
    }

    fn known(&self) -> Known<'_> {
        Known::new(&self.masker)
    }

    fn history(&self, history: &finding::History) -> HistoryEntry {
        let full = history.scope == Scope::Full;
        let commit = |commit: &Option<finding::CommitRef>| {
            let commit = commit.as_ref().filter(|_| full)?;
            Some(CommitEntry { commit: commit.id.clone(), author: person(&commit.author, &mut self.known()), date: date(commit.date) })
        };
        HistoryEntry {
            scope: history.scope,
            first_seen: commit(&history.first_seen),
            last_seen: commit(&history.last_seen),
            removed_in: commit(&history.removed_in),
            in_head: history.in_head,
            refs: full.then(|| self.texts(&history.refs)),
            ref_count: full.then_some(history.ref_count),
            unreachable: full.then_some(history.unreachable),
            commits: full.then_some(history.commits),
        }
    }
}

fn place_entry<'a>(place: &'a finding::Place, known: &mut Known<'a>) -> PlaceEntry {
    let path = place.path.as_ref().map(|path| known.mask(path));
    let path_b64 = path.filter(|path| path.to_str().is_err()).map(|path| BASE64.encode(path));
    let path = path.map(|path| path.to_str_lossy().into_owned());
    PlaceEntry {
        kind: place.kind,
        target: place.target,
        repo: known.text(&place.repo),
        path,
        path_b64,
        object: place.object.clone(),
        commit: place.commit.clone(),
        author: place.author.as_ref().map(|author| person(author, known)),
        date: place.date.map(date),
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
        start: place.start,
        end: place.end,
        via: known.texts(&place.via),
        in_head: place.in_head,
        refs: known.texts(&place.refs),
    }
}

fn person<'a>(person: &'a finding::Person, known: &mut Known<'a>) -> PersonEntry {
    PersonEntry { name: known.text(&person.name), email: known.text(&person.email) }
}

impl PlaceEntry {
    /// The path's bytes, masked as everything here is.
    pub fn path_bytes(&self) -> Option<BString> {
        let raw = self.path_b64.as_ref().and_then(|path| BASE64.decode(path.as_bytes()).ok());
        raw.map(BString::from).or_else(|| self.path.as_ref().map(|path| BStr::new(path).to_owned()))
    }
}

/// A moment as ISO 8601 in UTC. Histories hold years that it cannot say (before 0, after 9999): `@` and the seconds.
pub(super) fn date(seconds: i64) -> String {
    /// 0000-01-01T00:00:00Z.
    const YEAR_0: i64 = -62_167_219_200;
    match jiff::Timestamp::from_second(seconds) {
        Ok(moment) if seconds >= YEAR_0 => moment.to_string(),
        _ => format!("@{seconds}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_out_of_range_are_seconds() {
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(-62_167_219_200), "0000-01-01T00:00:00Z");
        assert_eq!(date(-62_167_219_201), "@-62167219201");
        assert_eq!(date(i64::MAX), format!("@{}", i64::MAX));
    }
}
