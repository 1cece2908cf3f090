//! In how many ways a provider can be asked about a secret: the values that stand around it in its places, and who
//! else it could belong to. Nobody is asked here.

use crate::candidate::{Candidate, Half};
use crate::detect::Detector;
use crate::finding::Use;

/// A finding keeps so many.
const MOST: usize = 20;

/// The distinct ways in which the finding's own rule can ask about it: of a rule that is less sure nobody knows
/// whether the provider may see the value at all.
pub(super) fn uses<'c>(detector: &Detector, best: &Candidate, all: impl Iterator<Item = &'c Candidate>) -> Vec<Use> {
    let rule = detector.rule(best.rule);
    if rule.spec.verify.is_none() && rule.spec.revoke.is_none() {
        return Vec::new();
    }
    let mut uses: Vec<Use> = all
        .filter(|candidate| candidate.rule == best.rule)
        .map(|candidate| {
            // The same secret beside another id is another question. A request names one of the ids that its rule
            // knows and gets the one that is there.
            let named = |half: &Half| (detector.rule(half.rule).spec.id.to_string(), half.value.clone());
            let half = candidate.pair.iter().flat_map(|half| rule.halves(&named(half), half.third.as_deref().map(named)));
            let parts = half.chain(candidate.judged.parts.iter().cloned()).collect();
            Use { rule: rule.spec.id.to_string(), parts, rivals: rivals(detector, candidate) }
        })
        .collect();
    uses.sort();
    uses.dedup();
    uses.truncate(MOST);
    uses
}

/// The other providers whose rules are as sure of the same bytes; what is proved has none.
fn rivals(detector: &Detector, candidate: &Candidate) -> Vec<String> {
    let own = detector.rule(candidate.rule);
    let others = candidate.others.iter().map(|&other| detector.rule(other));
    let mut rivals: Vec<String> = others
        .filter(|other| !candidate.judged.proved && other.confidence >= own.confidence && other.spec.provider != own.spec.provider)
        .map(|other| other.spec.provider.to_string())
        .filter(|provider| provider != "generic")
        .collect();
    rivals.sort();
    rivals.dedup();
    rivals
}
