//! What the parts of one repository's scan share. It does nothing by itself.

use bstr::BString;

use super::collect::{Collector, Spot};
use crate::coverage::Notice;
use crate::finding::PlaceKind;
use crate::progress::Progress;

/// What all parts of a repository's scan share.
pub struct Context<'a> {
    /// Takes what is found.
    pub collector: &'a Collector<'a>,
    /// Counters and the stop flag.
    pub progress: &'a Progress,
    /// Index of the target.
    pub target: usize,
    /// Path of the repository inside the target.
    pub path: BString,
    /// Whether a path is wanted.
    pub wanted: &'a (dyn Fn(&[u8]) -> bool + Sync),
    /// The most bytes of a blob that is scanned.
    pub max_size: Option<u64>,
}

impl Context<'_> {
    /// A place of that kind here.
    pub fn spot(&self, kind: PlaceKind) -> Spot {
        Spot { repo: self.path.clone(), ..Spot::new(kind, self.target) }
    }

    /// Takes trouble; an object or path inside a nested repository is named with it.
    pub fn notice(&self, mut notice: Notice) {
        if !self.path.is_empty() {
            notice.place = BString::from([self.path.as_slice(), b": ", notice.place.as_slice()].concat());
        }
        self.collector.notice(notice);
    }
}
