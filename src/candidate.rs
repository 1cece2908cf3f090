//! From matches to candidates: where several rules match the same bytes the most specific wins, and filters
//! that need the whole object have their say. A candidate knows where in its object it stands, not which
//! path, commit or verdict belongs to it.

mod pair;

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use crate::detect::{Detector, Judged, Step, Word, of_filter};
use crate::filter::{Filter, Judgement};
use crate::finding::{Confidence, Severity};
use crate::format::Told;
use crate::source::stream::{LocatedMatch, Scanned};
use crate::suppress::marker::Stand;
use crate::suppress::{Around, Marker};
pub use pair::Half;

/// A secret in one object.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Index of the rule.
    pub rule: u32,
    /// Where the secret stands, in bytes.
    pub span: Range<u64>,
    /// Line of the first byte, from 1.
    pub line: usize,
    /// Column of the first byte, from 1, in bytes.
    pub column: usize,
    /// Line of the last byte.
    pub end_line: usize,
    /// Column after the last byte.
    pub end_column: usize,
    /// What the check and the window filters made of it.
    pub judged: Arc<Judged>,
    /// What the value says of itself, and what its file says of it.
    pub facts: Vec<(&'static str, String)>,
    /// How severe it is, after what its file says.
    pub severity: Severity,
    /// How sure we are, after the filters that see the whole object.
    pub confidence: Confidence,
    /// What those said.
    pub reasons: Vec<&'static str>,
    /// Other rules that match the same bytes.
    pub others: Vec<u32>,
    /// The other half of the credential, where it stands near.
    pub pair: Option<Half>,
    /// The markers over it.
    pub markers: Vec<Arc<Marker>>,
    /// What stands around it, where the detector keeps that.
    pub around: Option<Arc<Around>>,
}

/// The candidates of a scanned object, ordered by place. What a filter dropped is not among them.
pub fn candidates(detector: &Detector, scanned: Scanned) -> Vec<Candidate> {
    traced(detector, scanned, &mut |_, _| {})
}

/// What becomes of a match among the others of its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A match of this rule is more specific and takes the same bytes.
    Outranked(u32),
    /// The word of a filter that sees the whole object.
    Judged(Step),
}

/// The same, telling the fate of each match.
pub fn traced(detector: &Detector, scanned: Scanned, tell: &mut dyn FnMut(&LocatedMatch, Fate)) -> Vec<Candidate> {
    let (facts, told, markers) = (scanned.facts, scanned.told, scanned.markers);
    let mut matches = scanned.matches;
    matches.sort_by_key(|m| rank(detector, m));
    let mut winners: Vec<Winner> = Vec::new();
    for found in matches {
        let over = winners.iter_mut().find(|w| w.found.secret.start < found.secret.end && found.secret.start < w.found.secret.end);
        match over {
            Some(winner) => {
                tell(&found, Fate::Outranked(winner.found.rule));
                winner.take(&found);
            }
            None => winners.push(Winner { found, others: Vec::new(), refuted: false }),
        }
    }
    let mut kept: Vec<Candidate> = winners
        .into_iter()
        .filter(|winner| winner.found.judged.dropped.is_none())
        .filter_map(|Winner { found, others, refuted }| {
            let mut candidate = Candidate::new(&found, others);
            candidate.hear(&told, detector.now());
            if refuted {
                tell(&found, Fate::Judged(Step { by: "another rule's check".to_owned(), word: Word::Lowered(REFUTED) }));
                candidate.confidence = Confidence::Low;
                candidate.reasons.push(REFUTED);
            }
            let Range { start, end } = candidate.span;
            candidate.markers = markers.over(&Stand { lines: candidate.line..=candidate.end_line, start, end });
            let judge = |filter: &(&'static str, Filter)| match filter {
                (name, Filter::Object(filter)) => {
                    let judgement = filter(&facts, candidate.judged.value.expose());
                    of_filter(name, judgement, &mut |step| tell(&found, Fate::Judged(step)))
                }
                _ => Judgement::Keep,
            };
            let judgements: Vec<Judgement> =
                if candidate.judged.proved { Vec::new() } else { detector.rule(candidate.rule).filters.iter().map(judge).collect() };
            for judgement in judgements {
                match judgement {
                    Judgement::Keep | Judgement::Mild(_) => {}
                    Judgement::Lower(why) => {
                        candidate.confidence = Confidence::Low;
                        candidate.reasons.push(why);
                    }
                    Judgement::Drop(_) => return None,
                }
            }
            Some(candidate)
        })
        .collect();
    kept.sort_by_key(|c| (c.span.start, c.span.end, c.rule));
    pair::join(detector, &mut kept);
    kept
}

/// Why a value is low that a less specific rule took up.
const REFUTED: &str = "the check of another rule refutes it";

/// The match that stays of those on the same bytes.
struct Winner {
    found: LocatedMatch,
    others: Vec<u32>,
    refuted: bool,
}

impl Winner {
    /// Takes note of a match that it outranks. One that is refuted and most of the secret takes the winner along, unless that is proved.
    fn take(&mut self, other: &LocatedMatch) {
        if self.found.rule != other.rule && !self.others.contains(&other.rule) {
            self.others.push(other.rule);
        }
        let (mine, its) = (&self.found.secret, &other.secret);
        let shared = mine.end.min(its.end) - mine.start.max(its.start);
        self.refuted |= other.judged.refuted && !self.found.judged.proved && shared * 2 > mine.end - mine.start;
    }
}

/// What is compared of two matches of the same bytes.
type Rank = (bool, Reverse<Confidence>, Reverse<u64>, Reverse<u64>, u32, u64);

/// The most specific first: a proved value, then the surer shape, then the longer secret, then the one with more
/// around it (a provider's word beside a shape that several providers have), then the earlier rule.
fn rank(detector: &Detector, found: &LocatedMatch) -> Rank {
    let length = |range: &Range<u64>| Reverse(range.end - range.start);
    let shape = Reverse(detector.rule(found.rule).confidence);
    (!found.judged.proved, shape, length(&found.secret), length(&found.whole), found.rule, found.secret.start)
}

impl Candidate {
    /// Lets lines count from below the first so many. Another half that stands above is none.
    pub fn count_from(&mut self, above: usize) {
        self.line -= above;
        self.end_line -= above;
        self.pair = self.pair.take().filter(|half| half.lines[0] > above);
        if let Some(half) = &mut self.pair {
            half.third = half.third.take().filter(|third| third.lines[0] > above);
            for half in std::iter::once(&mut half.lines).chain(half.third.as_mut().map(|third| &mut third.lines)) {
                half[0] -= above;
                half[2] -= above;
            }
        }
    }

    /// Takes what its file says of it.
    fn hear(&mut self, told: &[Told], now: i64) {
        let inside = |told: &&Told| told.span.start as u64 <= self.span.start && self.span.end <= told.span.end as u64;
        let Some(told) = told.iter().find(inside) else { return };
        for (name, what) in &told.facts {
            if !self.facts.iter().any(|(known, _)| known == name) {
                self.facts.push((name, what.clone()));
            }
        }
        if told.ends.is_some_and(|ends| ends < now) {
            self.severity = self.severity.min(Severity::Low);
            self.reasons.push("its certificate has expired");
        }
    }

    fn new(found: &LocatedMatch, others: Vec<u32>) -> Self {
        Self {
            facts: found.judged.facts.clone(),
            severity: found.judged.severity,
            rule: found.rule,
            span: found.secret.clone(),
            line: found.line,
            column: found.column,
            end_line: found.end_line,
            end_column: found.end_column,
            confidence: found.judged.confidence,
            judged: Arc::clone(&found.judged),
            reasons: Vec::new(),
            others,
            pair: None,
            markers: Vec::new(),
            around: found.around.clone(),
        }
    }
}
