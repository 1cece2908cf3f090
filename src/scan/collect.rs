//! Collects candidates from all sources and threads, each with the place it was found in, and joins them into
//! findings: one for each secret. It does not know where candidates come from, nor how findings are shown.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bstr::BString;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::hiding::Hiding;
use super::join::{Identity, Shown, finding};
use super::pairs::without_ids;
use crate::candidate::Candidate;
use crate::coverage::{Counts, LeftOut, Notice};
use crate::detect::Detector;
use crate::finding::{Finding, History, Place, PlaceKind, Scope};
use crate::object::Oid;
use crate::secret::{FingerprintKey, Secret};
use crate::source::stream::Scanned;
use crate::suppress::{By, Case, Suppress};

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

    /// Joins what was found: one finding for each secret, unordered; what is hidden says so.
    pub fn findings(&self, key: &FingerprintKey, suppress: &Suppress, shown: Shown) -> Vec<Finding> {
        let placed = std::mem::take(&mut *lock(&self.placed));
        let mut histories = std::mem::take(&mut *lock(&self.histories));
        let secrets: Vec<Vec<Placed>> = by_secret(placed);
        self.mask(secrets.iter().map(|placed| placed[0].candidate.judged.value.clone()));
        let secrets = secrets.into_iter().map(|placed| (histories.remove(&placed[0].candidate.judged.value), placed));
        let secrets: Vec<(Option<History>, Vec<Placed>)> = secrets.collect();
        // Few secrets have most places, and those stand together.
        let findings = secrets.into_par_iter().with_max_len(8).filter_map(|(history, placed)| {
            let fingerprint = key.fingerprint(&placed.first()?.candidate.judged.value);
            let history = history.unwrap_or_else(|| History::empty(Scope::None));
            finding(self, Identity { fingerprint, history, suppress, shown }, placed)
        });
        without_ids(findings.collect())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The places of each secret. Most candidates have several places, and to compare the candidate itself is quick.
fn by_secret(placed: Vec<Placed>) -> Vec<Vec<Placed>> {
    let mut secrets: FxHashMap<Secret, usize> = FxHashMap::default();
    let mut candidates: FxHashMap<*const Candidate, usize> = FxHashMap::default();
    let mut all: Vec<Vec<Placed>> = Vec::new();
    for one in placed {
        let number = *candidates.entry(Arc::as_ptr(&one.candidate)).or_insert_with(|| {
            let value = &one.candidate.judged.value;
            secrets.get(value).copied().unwrap_or_else(|| {
                all.push(Vec::new());
                secrets.insert(value.clone(), all.len() - 1);
                all.len() - 1
            })
        });
        all[number].push(one);
    }
    all
}

impl Collector<'_> {
    /// What hides a place; a marker that should and cannot is told.
    pub(super) fn hides(&self, identity: &Identity<'_>, placed: &Placed) -> Option<By> {
        let (candidate, place, suppress) = (&placed.candidate, &placed.place, identity.suppress);
        let rule = self.detector.rule(candidate.rule);
        let faults = candidate.markers.iter().map(|marker| Hiding::fault(self.detector.rules(), suppress, marker, rule));
        let faults: Vec<Option<String>> = faults.collect();
        let markers = || candidate.markers.iter().zip(&faults);
        let sound: Vec<_> = markers().filter(|(_, fault)| fault.is_none()).map(|(marker, _)| Arc::clone(marker)).collect();
        let by = suppress.judge(&Case {
            secret: &candidate.judged.value,
            fingerprint: &identity.fingerprint,
            rule,
            path: place.path.as_ref().map(|path| path.as_slice()),
            commit: place.commit.as_deref(),
            markers: &sound,
            around: candidate.around.as_deref(),
        });
        for (marker, fault) in markers() {
            if let Some(why) = fault.as_ref().filter(|_| marker.is_meant()) {
                let at = place.path.clone().unwrap_or_default();
                self.notice(Notice::info(format!("{} hides nothing", marker.word), at, why.clone()));
            }
            if fault.is_some() || suppress.counts(marker, rule) {
                self.hiding.settle(marker);
            }
        }
        by
    }
}

/// Adds counts of a source to those of a target.
pub fn count(total: &Mutex<Counts>, counts: &Counts) {
    lock(total).add(counts);
}
