//! What was made of matches lately, with all that it was made from: versions of a file, and branches stored apart,
//! hold the same lines again and again. It compares everything and so never answers for another match; it does not
//! judge.

use std::hash::Hasher;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHasher;
use zeroize::Zeroizing;

use super::Judged;
use crate::filter::CONTEXT;
use crate::find::Found;
use crate::rule::Rule;
use crate::score::Evidence;

/// So many matches are remembered.
const SLOTS: usize = 1 << 10;
/// Matches with more around them are not.
const LONGEST: usize = 2048;

/// The memory.
pub(super) struct Recall {
    /// Small while empty: most runs remember little.
    slots: Vec<Mutex<Option<Box<Entry>>>>,
}

struct Entry {
    key: Key<Zeroizing<Vec<u8>>>,
    judged: Arc<Judged>,
}

/// All that a judgement depends on.
struct Key<B> {
    rule: usize,
    /// The match and what stands around it.
    bytes: B,
    /// Whether the object goes on before and behind these.
    cut: [bool; 2],
    whole: Range<usize>,
    secret: Range<usize>,
    value: Option<B>,
    doubt: Option<&'static str>,
    evidence: Evidence,
}

impl Recall {
    pub(super) fn new() -> Self {
        Self { slots: (0..SLOTS).map(|_| Mutex::new(None)).collect() }
    }

    /// What was made of such a match of this rule, else what `judge` makes of it.
    pub(super) fn judged(
        &self,
        (number, rule): (usize, &Rule),
        bytes: &[u8],
        found: &Found,
        judge: impl FnOnce() -> Judged,
    ) -> Arc<Judged> {
        let around = rule.around().max(CONTEXT);
        let (low, high) = (found.whole.start.saturating_sub(around), (found.whole.end + around).min(bytes.len()));
        if high - low > LONGEST {
            return Arc::new(judge());
        }
        let key = Key {
            rule: number,
            bytes: &bytes[low..high],
            cut: [low > 0, high < bytes.len()],
            whole: found.whole.start - low..found.whole.end - low,
            secret: found.secret.start - low..found.secret.end - low,
            value: found.value.as_deref(),
            doubt: found.doubt,
            evidence: found.evidence,
        };
        let slot = &self.slots[key.hash() % SLOTS];
        if let Some(entry) = &*slot.lock().unwrap_or_else(PoisonError::into_inner)
            && entry.key.same(&key)
        {
            return Arc::clone(&entry.judged);
        }
        let judged = Arc::new(judge());
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(Entry { key: key.kept(), judged: Arc::clone(&judged) }));
        judged
    }
}

impl Key<&[u8]> {
    fn hash(&self) -> usize {
        let mut hasher = FxHasher::default();
        hasher.write_usize(self.rule);
        hasher.write_usize(self.secret.start);
        hasher.write(self.bytes);
        hasher.finish() as usize
    }

    fn kept(self) -> Key<Zeroizing<Vec<u8>>> {
        let kept = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
        let Self { rule, bytes, cut, whole, secret, value, doubt, evidence } = self;
        Key { rule, bytes: kept(bytes), cut, whole, secret, value: value.map(kept), doubt, evidence }
    }
}

impl Key<Zeroizing<Vec<u8>>> {
    fn same(&self, other: &Key<&[u8]>) -> bool {
        self.rule == other.rule
            && self.bytes.as_slice() == other.bytes
            && self.cut == other.cut
            && (&self.whole, &self.secret) == (&other.whole, &other.secret)
            && self.value.as_ref().map(|value| value.as_slice()) == other.value
            && (self.doubt, self.evidence) == (other.doubt, other.evidence)
    }
}
