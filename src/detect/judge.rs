//! What a rule's entropy floor, its window filters and the score make of a match. It sees a bounded window and
//! knows no place.

use super::Judged;
use super::trace::{Step, Trace, Word, of_filter};
use crate::filter::{CONTEXT, Filter, Judgement, Window};
use crate::find::Found;
use crate::finding::{Confidence, Severity};
use crate::rule::Rule;
use crate::score::{self, Evidence};
use crate::secret::entropy;

/// Entropy floor and window filters; each that acts says so.
pub(super) fn filter(rule: &Rule, bytes: &[u8], found: &Found, judged: &mut Judged, trace: Trace<'_>) {
    let low = found.whole.start.saturating_sub(CONTEXT);
    let high = (found.whole.end + CONTEXT).min(bytes.len());
    let window = Window {
        bytes: &bytes[low..high],
        whole: found.whole.start - low..found.whole.end - low,
        secret: found.secret.start - low..found.secret.end - low,
        stopwords: &rule.stopwords,
        entropy: rule.spec.entropy,
    };
    if rule.spec.entropy > 0.0 && entropy(judged.value.expose()) < rule.spec.entropy {
        const WHY: &str = "too regular for a random value";
        trace(Step { by: "entropy".to_owned(), word: Word::Dropped(WHY) });
        judged.reasons.push(WHY.to_owned());
        judged.dropped = Some("entropy");
        return;
    }
    for (name, filter) in &rule.filters {
        let Filter::Window(filter) = filter else { continue };
        match of_filter(name, filter(&window), trace) {
            Judgement::Keep => {}
            Judgement::Lower(why) => {
                judged.confidence = Confidence::Low;
                judged.reasons.push(why.to_owned());
            }
            Judgement::Mild(why) => {
                judged.severity = Severity::Low;
                judged.reasons.push(why.to_owned());
            }
            Judgement::Drop(why) => {
                judged.reasons.push(why.to_owned());
                judged.dropped = Some(name);
                return;
            }
        }
    }
    if !found.evidence.is_empty() {
        let evidence = found.evidence.and(score::of_window(&window, judged.value.expose()));
        weigh(score::together(evidence), judged.confidence < rule.confidence, judged);
    }
}

/// The tier of a value that is scored, as far as its window decides. What is dropped here no place can save.
fn weigh(evidence: Evidence, lowered: bool, judged: &mut Judged) {
    judged.evidence = evidence;
    if !evidence.is_possible() {
        judged.reasons.push("its score is too low".to_owned());
        judged.dropped = Some("score");
    } else if !evidence.is_likely() {
        judged.confidence = Confidence::Low;
    } else if !lowered {
        judged.confidence = Confidence::Medium;
    }
}
