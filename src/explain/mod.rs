//! Why something is reported, or is not: the pipeline's own trace of one content, joined into an account of each
//! match. It decides nothing; the verdicts are those of the scan.

mod json;
mod text;

use std::ops::Range;

use bstr::{BString, ByteSlice};
use serde::Serialize;

use crate::candidate::{Fate, candidates, traced};
use crate::detect::{Detector, Memo, Step, Try, TryHit, Word, of_filter};
use crate::filter::Filter;
use crate::finding::{Confidence, Finding, Pair, PlaceKind};
use crate::rule::Rule;
use crate::scan::collect::{Collector, Spot};
use crate::scan::join::{self, Shown, wanted};
use crate::secret::{FingerprintKey, Secret};
use crate::source::stream::Scanned;
use crate::suppress::Suppress;

pub use json::json;
pub use text::text;

/// What is explained: one content.
pub struct Question<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Its path as filters shall see it; none for standard input.
    pub path: Option<BString>,
    /// Only what touches this line, from 1.
    pub line: Option<usize>,
    /// Whole values are shown.
    pub show_secrets: bool,
}

/// Line and column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// The account of one content.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The path, as given.
    pub path: Option<String>,
    /// The line that was asked for.
    pub line: Option<usize>,
    /// Every match, in the order of the text.
    pub matches: Vec<Account>,
    /// Keywords whose rules found nothing around them.
    pub misses: Vec<Miss>,
}

/// The account of one match.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct Account {
    pub rule: String,
    pub name: String,
    #[serde(flatten)]
    pub at: Position,
    pub secret: String,
    pub keywords: Vec<Keyword>,
    pub steps: Vec<Said>,
    pub verdict: Verdict,
}

/// A keyword that let the rule look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Keyword {
    /// As it stands in the text.
    pub text: String,
    /// Where it stands.
    #[serde(flatten)]
    pub at: Position,
    /// The bytes in which the match had to lie.
    pub window: Range<usize>,
}

/// A [`Step`] in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Said {
    pub by: String,
    pub word: &'static str,
    pub why: Option<&'static str>,
}

/// What became of a match in the end.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Verdict {
    /// In the default report.
    Reported(Reported),
    /// Reported with `--confidence low` only.
    LowTier(Reported),
    /// Told in the finding of the secret that it belongs to.
    InPair { with: String },
    /// Dropped by a check or filter.
    Dropped { by: String, why: String },
    /// A more specific rule takes the same bytes.
    Outranked { by: String },
    /// Another match of the same rule covers it.
    Covered,
}

/// How something is reported.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Reported {
    pub rule: String,
    pub severity: &'static str,
    pub confidence: &'static str,
    pub score: f64,
    pub reasons: Vec<String>,
    pub facts: std::collections::BTreeMap<String, String>,
}

/// A keyword around which none of these rules found anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Miss {
    pub keyword: String,
    #[serde(flatten)]
    pub at: Position,
    pub rules: Vec<String>,
}

/// Explains a content.
pub fn explain(detector: &Detector, question: &Question<'_>) -> Explanation {
    let bytes = question.bytes;
    let memo = detector.scan(bytes, None);
    let case = Case::new(detector, question, &memo);
    let (mut matches, mut misses): (Vec<(Range<usize>, Account)>, Vec<Miss>) = (Vec::new(), Vec::new());
    for one in detector.trace(bytes) {
        let keyword = Keyword { text: case.shown(&one.keyword), at: case.position(one.keyword.start), window: one.window.clone() };
        match &one.hit {
            Some(hit) if case.touches(&hit.whole) => {
                let id = &detector.rule(one.rule).spec.id;
                match matches.iter_mut().find(|(whole, account)| *whole == hit.whole && account.rule == *id) {
                    Some((_, account)) => account.keywords.push(keyword),
                    None => matches.push((hit.whole.clone(), case.account(&one, hit, keyword))),
                }
            }
            None if !one.keyword.is_empty() && case.touches(&one.keyword) => case.miss(&one, keyword, &mut misses),
            _ => {}
        }
    }
    let mut matches: Vec<Account> = matches.into_iter().map(|(_, account)| account).collect();
    matches.sort_by_key(|account| (account.at.line, account.at.column));
    let path = question.path.as_ref().map(|path| path.to_str_lossy().into_owned());
    Explanation { path, line: question.line, matches, misses }
}

/// What is known of the content when its matches are told.
struct Case<'a> {
    detector: &'a Detector,
    question: &'a Question<'a>,
    starts: Vec<usize>,
    kept: Vec<(u32, Range<u64>, Range<u64>)>,
    fates: Vec<(u32, Range<u64>, Fate)>,
    findings: Vec<Finding>,
}

impl<'a> Case<'a> {
    fn new(detector: &'a Detector, question: &'a Question<'a>, memo: &Memo) -> Self {
        let scanned = || Scanned::of(detector, memo, question.bytes);
        let kept = scanned().matches.into_iter().map(|m| (m.rule, m.whole, m.secret)).collect();
        let mut fates = Vec::new();
        traced(detector, scanned(), &mut |found, fate| fates.push((found.rule, found.secret.clone(), fate)));
        let spot = match &question.path {
            Some(path) => Spot::new(PlaceKind::File, 0).at(path.clone()),
            None => Spot::new(PlaceKind::Stdin, 0),
        };
        let collector = Collector::new(detector);
        for candidate in candidates(detector, scanned()) {
            let place = spot.place(&candidate);
            collector.place(candidate, place);
        }
        let findings = join::findings(&collector, &FingerprintKey::default(), &Suppress::nothing(), Shown::ALL);
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', question.bytes).map(|at| at + 1)).collect();
        Self { detector, question, starts, kept, fates, findings }
    }

    fn position(&self, at: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= at);
        Position { line, column: at - self.starts[line - 1] + 1 }
    }

    /// Whether the bytes touch the line that was asked for.
    fn touches(&self, range: &Range<usize>) -> bool {
        let (first, last) = (self.position(range.start).line, self.position(range.end.saturating_sub(1).max(range.start)).line);
        self.question.line.is_none_or(|line| first <= line && line <= last)
    }

    fn shown(&self, range: &Range<usize>) -> String {
        String::from_utf8_lossy(&self.question.bytes[range.clone()]).into_owned()
    }

    fn secret(&self, secret: &Secret) -> String {
        if self.question.show_secrets { String::from_utf8_lossy(secret.expose()).into_owned() } else { secret.redacted() }
    }

    fn miss(&self, one: &Try, keyword: Keyword, misses: &mut Vec<Miss>) {
        let rule = self.detector.rule(one.rule).spec.id.to_string();
        match misses.iter_mut().find(|miss| miss.at == keyword.at && miss.keyword == keyword.text) {
            Some(miss) => miss.rules.push(rule),
            None => misses.push(Miss { keyword: keyword.text, at: keyword.at, rules: vec![rule] }),
        }
    }

    fn account(&self, one: &Try, hit: &TryHit, keyword: Keyword) -> Account {
        let rule = self.detector.rule(one.rule);
        let mut steps = hit.steps.clone();
        let own = |range: &Range<u64>| *range == (hit.secret.start as u64..hit.secret.end as u64);
        let mut verdict = None;
        if let Some(by) = hit.judged.dropped {
            verdict = Some(Verdict::Dropped { by: by.to_owned(), why: hit.judged.reasons.last().cloned().unwrap_or_default() });
        } else if !self.kept.iter().any(|(r, whole, secret)| *r == one.rule && own(secret) && whole.start == hit.whole.start as u64) {
            verdict = Some(Verdict::Covered);
        }
        for (_, _, fate) in self.fates.iter().filter(|(r, secret, _)| *r == one.rule && own(secret)) {
            match fate {
                Fate::Judged(step) => steps.push(step.clone()),
                Fate::Outranked(by) => {
                    let by = self.detector.rule(*by).spec.id.to_string();
                    verdict = verdict.or(Some(Verdict::Outranked { by }));
                }
            }
        }
        if verdict.is_none() && !hit.judged.proved {
            steps.extend(self.place_steps(rule));
        }
        let verdict = verdict.unwrap_or_else(|| self.verdict(rule, &steps, &hit.judged.value));
        Account {
            rule: rule.spec.id.to_string(),
            name: rule.spec.name.to_string(),
            at: self.position(hit.secret.start),
            secret: self.secret(&hit.judged.value),
            keywords: vec![keyword],
            steps: steps.iter().map(Said::new).collect(),
            verdict,
        }
    }

    /// The words of the filters that judge the path.
    fn place_steps(&self, rule: &Rule) -> Vec<Step> {
        let path = self.question.path.as_ref().map_or(&b""[..], |path| path.as_slice());
        let mut steps = Vec::new();
        if !wanted(rule, path) {
            steps.push(Step { by: "paths".to_owned(), word: Word::Dropped("the rule does not speak for this path") });
        }
        for (name, filter) in &rule.filters {
            if let Filter::Place(filter) = filter {
                of_filter(name, filter(path), &mut |step| steps.push(step));
            }
        }
        steps
    }

    /// The scan's verdict on a value that nothing before has dropped.
    fn verdict(&self, rule: &Rule, steps: &[Step], value: &Secret) -> Verdict {
        if let Some(finding) = self.findings.iter().find(|finding| finding.secret == *value) {
            let reported = Reported {
                rule: finding.rule.clone(),
                severity: finding.severity.name(),
                confidence: finding.confidence.name(),
                score: (finding.score * 100.0).round() / 100.0,
                reasons: finding.reasons.clone(),
                facts: finding.facts.clone(),
            };
            return if finding.confidence >= Confidence::Medium { Verdict::Reported(reported) } else { Verdict::LowTier(reported) };
        }
        let pair = |finding: &&Finding| finding.pair.iter().flat_map(Pair::parts).any(|pair| pair.secret == *value);
        if let Some(finding) = self.findings.iter().find(pair) {
            return Verdict::InPair { with: finding.rule.clone() };
        }
        let dropped = steps.iter().rev().find_map(|step| match step.word {
            Word::Dropped(why) => Some((step.by.clone(), why.to_owned())),
            _ => None,
        });
        let (by, why) = dropped.unwrap_or_else(|| ("score".to_owned(), format!("too unlikely at this place for {}", rule.spec.id)));
        Verdict::Dropped { by, why }
    }
}

impl Said {
    fn new(step: &Step) -> Self {
        let (word, why) = match step.word {
            Word::Proved => ("proved", None),
            Word::Kept => ("nothing against it", None),
            Word::Lowered(why) => ("lowered", Some(why)),
            Word::Dropped(why) => ("dropped", Some(why)),
        };
        Self { by: step.by.clone(), word, why }
    }
}
