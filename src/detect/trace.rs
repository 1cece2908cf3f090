//! The same detection, told step by step: which keyword let which rule look, in which window, and the word of its
//! check and of each filter. Slow, for one object at a time; `unleak explain` prints it.

use std::ops::Range;
use std::sync::Arc;

use super::{Detector, Judged, find, window};
use crate::check::{Proof, Verdict};
use crate::filter::Judgement;
use crate::find::Found;

/// Somebody's word on a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who: `check` and its name, `entropy`, or the filter's name.
    pub by: String,
    /// What was said.
    pub word: Word,
}

/// What a check or filter said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Proved offline.
    Proved,
    /// Nothing against it.
    Kept,
    /// To the low tier, or of less worth, for this reason.
    Lowered(&'static str),
    /// Dropped, for this reason.
    Dropped(&'static str),
}

/// Takes the steps.
pub(super) type Trace<'t> = &'t mut dyn FnMut(Step);

/// One rule's look around one keyword hit.
#[derive(Clone, Debug)]
pub struct Try {
    /// Index of the rule.
    pub rule: u32,
    /// Where the keyword stands; empty for a rule that needs none: of the slow lane, or for values without a word.
    pub keyword: Range<usize>,
    /// The bytes in which the whole match had to lie.
    pub window: Range<usize>,
    /// What was found.
    pub hit: Option<TryHit>,
}

/// A match, and what was made of it.
#[derive(Clone, Debug)]
pub struct TryHit {
    /// Where the whole match stands.
    pub whole: Range<usize>,
    /// Where the secret in it stands.
    pub secret: Range<usize>,
    /// What was made of it.
    pub judged: Arc<Judged>,
    /// Who said what, in order.
    pub steps: Vec<Step>,
}

impl Detector {
    /// Scans an object and tells every step, in the order of the keyword hits.
    pub fn trace(&self, bytes: &[u8]) -> Vec<Try> {
        let mut tries = Vec::new();
        let mut words = Vec::new();
        self.prefilter.words(bytes, 0..bytes.len(), |keyword, core| words.push((core.start, keyword)));
        words.sort_unstable();
        words.dedup();
        for (core, keyword) in words {
            let keyword = self.prefilter.keyword(keyword);
            let Some(at) = keyword.around(bytes, core) else { continue };
            for index in keyword.rules_for(&bytes[at.clone()]) {
                let rule = &self.rules.rules()[index];
                let found = find(rule, bytes, &at).map(|found| self.told(index, bytes, found));
                // Of a rule for values without a word the hit is the value's own beginning.
                let keyword = if rule.on_request() { at.start..at.start } else { at.clone() };
                tries.push(Try { rule: index as u32, keyword, window: window(rule, &at, bytes.len()), hit: found });
            }
        }
        // The slow lane has no keyword to start from: what it finds is its own reason to look.
        self.slow.search(self.rules.rules(), bytes, 0..bytes.len(), &mut |rule, found| {
            let (keyword, window) = (found.whole.start..found.whole.start, 0..bytes.len());
            tries.push(Try { rule: rule as u32, keyword, window, hit: Some(self.told(rule, bytes, found)) });
        });
        tries
    }

    fn told(&self, rule: usize, bytes: &[u8], found: Found) -> TryHit {
        let mut steps = Vec::new();
        let judged = Arc::new(self.judge(&self.rules.rules()[rule], bytes, &found, &mut |step| steps.push(step)));
        TryHit { whole: found.whole, secret: found.secret, judged, steps }
    }
}

/// The word of a check.
pub(super) fn of_check(name: &str, proof: &Proof, trace: Trace<'_>) {
    let by = format!("check {name}");
    let word = match proof.verdict {
        Verdict::Proved => Word::Proved,
        Verdict::Plausible => Word::Kept,
        Verdict::Failed(why) => Word::Lowered(why),
        Verdict::NotSecret(why) => Word::Dropped(why),
    };
    trace(Step { by: by.clone(), word });
    if let Some((_, why)) = proof.at_most {
        trace(Step { by, word: Word::Lowered(why) });
    }
}

/// The word of a filter, which is handed on.
pub fn of_filter(name: &str, judgement: Judgement, trace: &mut dyn FnMut(Step)) -> Judgement {
    let word = match judgement {
        Judgement::Keep => Word::Kept,
        Judgement::Lower(why) | Judgement::Mild(why) => Word::Lowered(why),
        Judgement::Drop(why) => Word::Dropped(why),
    };
    trace(Step { by: name.to_owned(), word });
    judgement
}
