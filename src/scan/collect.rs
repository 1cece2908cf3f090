//! Collects candidates from all sources and threads, each with the place it was found in. It does not know where they come
//! from, nor what becomes of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bstr::BString;
use rustc_hash::FxHashMap;

use super::hiding::Hiding;
use crate::candidate::Candidate;
use crate::coverage::{Counts, LeftOut, Notice};
use crate::detect::Detector;
use crate::finding::{History, Place, PlaceKind};
use crate::object::Oid;
use crate::secret::Secret;
use crate::source::stream::Scanned;

/// Where a place is, but for the position in its object, which the candidate knows.
#[derive(Clone, Debug)]
pub struct Spot {
    /// What it stands in.
    pub kind: PlaceKind,
    /// Index of the target.
    pub target: usize,
    /// Path of the repository inside the target.
    pub repo: BString,
    /// Path in the repository, else in the target.
    pub path: Option<BString>,
    /// The object.
    pub object: Option<Oid>,
}

impl Spot {
    /// A place of this kind in a target.
    pub fn new(kind: PlaceKind, target: usize) -> Self {
        Self { kind, target, repo: BString::default(), path: None, object: None }
    }

    /// The same at a path.
    #[must_use]
    pub fn at(mut self, path: impl Into<BString>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The same in an object.
    #[must_use]
    pub fn of(mut self, oid: Oid) -> Self {
        self.object = Some(oid);
        self
    }

    /// A candidate's place here.
    pub fn place(&self, candidate: &Candidate) -> Place {
        Place {
            kind: self.kind,
            target: self.target,
            repo: self.repo.clone(),
            path: self.path.clone(),
            object: self.object.map(|oid| oid.hex()),
            commit: None,
            author: None,
            date: None,
            line: candidate.line,
            column: candidate.column,
            end_line: candidate.end_line,
            end_column: candidate.end_column,
            start: candidate.span.start as usize,
            end: candidate.span.end as usize,
            via: Vec::new(),
            in_head: None,
            refs: Vec::new(),
        }
    }
}

/// A candidate with one of its places.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The candidate, which may have many.
    pub candidate: Arc<Candidate>,
    /// Where it stands.
    pub place: Box<Place>,
}

/// What all sources of a run share.
pub struct Collector<'a> {
    /// The rules in force.
    pub detector: &'a Detector,
    /// What markers did.
    pub hiding: Hiding,
    placed: Mutex<Vec<Placed>>,
    notices: Mutex<Vec<Notice>>,
    left_out: Mutex<BTreeMap<(String, String), Option<u64>>>,
    histories: Mutex<FxHashMap<Secret, History>>,
    masked: Mutex<Vec<Secret>>,
}

impl<'a> Collector<'a> {
    /// An empty collector.
    pub fn new(detector: &'a Detector) -> Self {
        Self {
            detector,
            hiding: Hiding::default(),
            placed: Mutex::default(),
            notices: Mutex::default(),
            left_out: Mutex::default(),
            histories: Mutex::default(),
            masked: Mutex::default(),
        }
    }

    /// Takes a scanned content whose place is known.
    pub fn scanned(&self, spot: &Spot, scanned: Scanned) {
        if let (PlaceKind::Worktree | PlaceKind::File, Some(path)) = (spot.kind, &spot.path) {
            self.hiding.see(path, &scanned.markers);
        }
        if scanned.matches.is_empty() {
            return;
        }
        for candidate in crate::candidate::candidates(self.detector, scanned) {
            let place = spot.place(&candidate);
            self.place(candidate, place);
        }
    }

    /// Takes a candidate with its place.
    pub fn place(&self, candidate: impl Into<Arc<Candidate>>, place: Place) {
        let candidate = candidate.into();
        lock(&self.placed).push(Placed { candidate, place: Box::new(place) });
    }

    /// Takes many.
    pub fn place_all(&self, mut placed: Vec<Placed>) {
        lock(&self.placed).append(&mut placed);
    }

    /// Takes trouble.
    pub fn notice(&self, notice: Notice) {
        lock(&self.notices).push(notice);
    }

    /// Whether something that was asked for could not be read.
    pub fn has_trouble(&self) -> bool {
        lock(&self.notices).iter().any(|notice| notice.incomplete)
    }

    /// Says that something is left out by default, and how to include it.
    pub fn leave_out(&self, what: &str, count: Option<u64>, how: &str) {
        let mut all = lock(&self.left_out);
        let sum = all.entry((what.to_owned(), how.to_owned())).or_insert(count.map(|_| 0));
        *sum = sum.zip(count).map(|(a, b)| a + b);
    }

    /// Takes the life of a secret in one repository; of several the one with the most commits speaks.
    pub fn history(&self, secret: &Secret, history: History) {
        let mut all = lock(&self.histories);
        let better = all.get(secret).is_none_or(|old| (old.scope, old.commits) < (history.scope, history.commits));
        if better {
            all.insert(secret.clone(), history);
        }
    }

    /// Takes values that are no findings and must not be shown all the same.
    pub fn mask(&self, values: impl IntoIterator<Item = Secret>) {
        lock(&self.masked).extend(values);
    }

    /// Values for masking: of what was joined, dropped and masked so far; some of them twice.
    pub fn values(&self) -> Vec<Secret> {
        let mut all = self.detector.dropped_values();
        all.extend(lock(&self.masked).iter().cloned());
        all
    }

    /// The notices, each once.
    pub fn notices(&self) -> Vec<Notice> {
        let mut all = std::mem::take(&mut *lock(&self.notices));
        all.sort();
        all.dedup();
        all
    }

    /// What was left out.
    pub fn left_out(&self) -> Vec<LeftOut> {
        let all = std::mem::take(&mut *lock(&self.left_out));
        all.into_iter().map(|((what, how), count)| LeftOut { what, count, how }).collect()
    }

    /// Takes away all that was placed, and the lives of the secrets.
    pub(super) fn take(&self) -> (Vec<Placed>, FxHashMap<Secret, History>) {
        (std::mem::take(&mut *lock(&self.placed)), std::mem::take(&mut *lock(&self.histories)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Adds counts of a source to those of a target.
pub fn count(total: &Mutex<Counts>, counts: &Counts) {
    lock(total).add(counts);
}
