//! What becomes of an id that stands beside its secret: it is named in the secret's finding, and is none of its own.
//! Which belong together is not decided here.

use rustc_hash::FxHashMap;

use crate::candidate::Half;
use crate::detect::Detector;
use crate::finding::{Confidence, Finding, Pair, Place, Severity};
use crate::secret::Secret;

/// Without the ids that stand in their secret's finding. An id that is surer or worse than that stays: no choice
/// of what is shown may hide both.
pub(super) fn without_ids(mut findings: Vec<Finding>) -> Vec<Finding> {
    let ids: FxHashMap<Secret, (Confidence, Severity)> = findings
        .iter()
        .filter(|finding| !finding.suppressed)
        .flat_map(|finding| finding.pair.iter().flat_map(Pair::parts).map(move |pair| (finding, pair)))
        .filter(|(_, pair)| pair.identifier)
        .map(|(finding, pair)| (pair.secret.clone(), (finding.confidence, finding.severity)))
        .fold(FxHashMap::default(), |mut all, (id, (confidence, severity))| {
            let best = all.entry(id).or_insert((confidence, severity));
            *best = (best.0.max(confidence), best.1.max(severity));
            all
        });
    findings.retain(|f| ids.get(&f.secret).is_none_or(|(confidence, severity)| f.confidence > *confidence || f.severity > *severity));
    findings
}

/// The other half, with its place beside the secret's.
pub(super) fn pair(detector: &Detector, half: &Half, beside: &Place) -> Pair {
    let rule = detector.rule(half.rule);
    let [line, column, end_line, end_column] = half.lines;
    let (start, end) = (half.span.start as usize, half.span.end as usize);
    Pair {
        rule: rule.spec.id.to_string(),
        name: rule.spec.name.to_string(),
        secret: half.value.clone(),
        identifier: half.identifier,
        place: Place { line, column, end_line, end_column, start, end, ..beside.clone() },
        third: half.third.as_ref().map(|third| Box::new(self::pair(detector, third, beside))),
    }
}
