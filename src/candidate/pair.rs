//! Joins the halves of a credential: an id and a secret that stand near each other in one object. It works on the
//! object's candidates, whatever way they were found, so the same object always gives the same pairs.

use std::ops::Range;

use super::Candidate;
use crate::detect::Detector;
use crate::finding::{Confidence, Severity};
use crate::secret::Secret;

/// So many candidates before and after a secret are looked at for its other half.
const NEIGHBOURS: usize = 256;

/// The other half of a candidate.
#[derive(Clone, Debug)]
pub struct Half {
    /// Index of its rule.
    pub rule: u32,
    /// Its value.
    pub value: Secret,
    /// Where it stands, in bytes.
    pub span: Range<u64>,
    /// Line and column of its first byte, line and column after its last.
    pub lines: [usize; 4],
    /// Whether it only names what the secret opens, so that it is nothing to report by itself.
    pub identifier: bool,
    /// A further part that the secret is of no use without, where one stands near.
    pub third: Option<Box<Half>>,
}

/// A secret and what may be its other half, by their numbers, with how far apart they are.
type Edge = (usize, u64, usize, usize, u32);

/// Joins what belongs together: nearest first, each half once, within the lines that the secret's rule allows.
/// The candidates are ordered by place.
pub(super) fn join(detector: &Detector, candidates: &mut [Candidate]) {
    for (at, half) in nearest(detector, candidates, false) {
        attach(detector, &mut candidates[at], &half);
        candidates[at].pair = Some(half);
    }
    for (at, third) in nearest(detector, candidates, true) {
        if let Some(half) = &mut candidates[at].pair {
            half.third = Some(Box::new(third));
        }
    }
}

/// Which secret gets which half, or which third part.
fn nearest(detector: &Detector, candidates: &[Candidate], third: bool) -> Vec<(usize, Half)> {
    let mut edges: Vec<Edge> = Vec::new();
    for (at, secret) in candidates.iter().enumerate().filter(|(_, secret)| !third || secret.pair.is_some()) {
        for wanted in detector.rule(secret.rule).spec.pair.iter().filter(|wanted| wanted.third == third) {
            let near = |other: &&usize| lines(secret, &candidates[**other]) <= wanted.lines as usize;
            let after: Vec<usize> = (at + 1..candidates.len()).take(NEIGHBOURS).collect();
            let before: Vec<usize> = (0..at).rev().take(NEIGHBOURS).collect();
            for &other in before.iter().chain(&after).filter(near) {
                if let Some(rule) = goes_by(detector, &candidates[other], &wanted.rule) {
                    edges.push((lines(secret, &candidates[other]), bytes(secret, &candidates[other]), at, other, rule));
                }
            }
        }
    }
    edges.sort_unstable();
    let (mut taken, mut joined): (Vec<(usize, usize)>, _) = (Vec::new(), Vec::new());
    for (_, _, at, other, rule) in edges {
        // The same id may belong to a secret and to a token of another rule.
        let used = |&(secret, half): &(usize, usize)| secret == at || (half == other && candidates[secret].rule == candidates[at].rule);
        if !taken.iter().any(used) {
            taken.push((at, other));
            joined.push((at, half(detector, &candidates[at], &candidates[other], rule)));
        }
    }
    joined
}

/// The rule of that id among those that match the candidate's bytes.
fn goes_by(detector: &Detector, candidate: &Candidate, id: &str) -> Option<u32> {
    let is = |rule: &u32| detector.rule(*rule).spec.id == id || detector.rule(*rule).spec.aliases.iter().any(|alias| alias == id);
    std::iter::once(candidate.rule).chain(candidate.others.iter().copied()).find(is)
}

fn half(detector: &Detector, secret: &Candidate, other: &Candidate, rule: u32) -> Half {
    let severity = detector.rule(rule).severity;
    Half {
        rule,
        value: other.judged.value.clone(),
        span: other.span.clone(),
        lines: [other.line, other.column, other.end_line, other.end_column],
        identifier: severity <= Severity::Medium && severity < detector.rule(secret.rule).severity,
        third: None,
    }
}

/// A likely secret beside an id that nothing else looks like is surer than by itself.
fn attach(detector: &Detector, secret: &mut Candidate, half: &Half) {
    if secret.confidence == Confidence::Medium && detector.rule(half.rule).confidence == Confidence::High {
        secret.confidence = Confidence::High;
    }
}

/// How many lines lie between two candidates; 0 on one line.
fn lines(a: &Candidate, b: &Candidate) -> usize {
    if a.span.start <= b.span.start { b.line.saturating_sub(a.end_line) } else { a.line.saturating_sub(b.end_line) }
}

fn bytes(a: &Candidate, b: &Candidate) -> u64 {
    if a.span.start <= b.span.start { b.span.start.saturating_sub(a.span.end) } else { a.span.start.saturating_sub(b.span.end) }
}
