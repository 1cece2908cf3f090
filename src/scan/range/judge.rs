//! Decides whether a value is added at a path, or stood there before, and hands it on. It does not know
//! whether the newer state is a commit, the stage or a working tree.

use std::cell::OnceCell;
use std::sync::atomic::Ordering;

use bstr::BString;
use rustc_hash::FxHashSet;

use super::Job;
use crate::candidate::Candidate;
use crate::coverage::Notice;
use crate::finding::{Person, Place};
use crate::object::Oid;
use crate::scan::collect::Spot;
use crate::secret::Secret;
use crate::source::git::tree::Trees;

/// A state that was there before.
pub(super) struct Parent<'a> {
    /// Its root tree.
    pub(super) tree: Oid,
    number: usize,
    /// The blobs at paths that it has and the newer state has not, by the parent's number.
    gone: &'a dyn Fn(usize) -> Vec<Oid>,
    values: OnceCell<FxHashSet<Secret>>,
}

impl<'a> Parent<'a> {
    pub(super) fn new(tree: Oid, number: usize, gone: &'a dyn Fn(usize) -> Vec<Oid>) -> Self {
        Self { tree, number, gone, values: OnceCell::new() }
    }

    /// The values at paths that are gone: a file may have been renamed and edited.
    fn gone(&self, job: &Job<'_>) -> &FxHashSet<Secret> {
        self.values.get_or_init(|| {
            (self.gone)(self.number).iter().flat_map(|blob| job.contents.get(blob).values.iter().cloned().collect::<Vec<_>>()).collect()
        })
    }
}

/// Which commit added it, where it was one.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    pub(super) commit: Option<Oid>,
    pub(super) author: Option<Person>,
    pub(super) date: Option<i64>,
}

impl Stamp {
    pub(super) fn mark(&self, place: &mut Place) {
        place.commit = self.commit.map(|oid| oid.hex());
        place.author.clone_from(&self.author);
        place.date = self.date;
    }
}

/// A content at a path of the newer state.
pub(super) struct Item<'a> {
    pub(super) spot: Spot,
    pub(super) path: &'a BString,
    /// Its blob's id.
    pub(super) blob: Option<Oid>,
    /// What each parent has at that path.
    pub(super) before: &'a [Option<Oid>],
}

impl Job<'_> {
    /// Reports the candidates that are added, and counts the others.
    pub(super) fn judge(&self, item: &Item<'_>, candidates: &[Candidate], parents: &[Parent<'_>], stamp: &Stamp) {
        if candidates.is_empty() {
            return;
        }
        let copied = item.blob.is_some_and(|blob| parents.iter().any(|parent| self.holds(&parent.tree, &blob)));
        let mut old: FxHashSet<&Secret> = FxHashSet::default();
        for candidate in candidates {
            let value = &candidate.judged.value;
            if old.contains(value) || copied || self.stood(value, item.before, parents) {
                old.insert(value);
                if !self.options.whole_files {
                    continue;
                }
            }
            self.report(item, candidate, stamp);
        }
        self.already_there.fetch_add(old.len() as u64, Ordering::Relaxed);
    }

    /// Whether a parent has the value at that path, or at one that is gone.
    fn stood(&self, value: &Secret, before: &[Option<Oid>], parents: &[Parent<'_>]) -> bool {
        before.iter().flatten().any(|blob| self.contents.get(blob).values.contains(value))
            || parents.iter().any(|parent| parent.gone(self).contains(value))
    }

    /// Whether a tree has the blob anywhere. Where that cannot be told, it is said, and the value counts as added.
    fn holds(&self, tree: &Oid, blob: &Oid) -> bool {
        let answer = self.holds.lock().expect("no panic while locked").blob(self.context.odb, tree, blob);
        answer.unwrap_or_else(|error| {
            self.notice(Notice::incomplete("tree", tree.hex(), format!("it was not searched wholly: {error}")));
            false
        })
    }

    pub(super) fn report(&self, item: &Item<'_>, candidate: &Candidate, stamp: &Stamp) {
        let mut trees = Trees::new(self.context.odb);
        let there = self.head.and_then(|head| trees.lookup(head, item.path)).filter(|(mode, _)| matches!(mode >> 12, 0o10 | 0o12));
        let there = there.map(|(_, blob)| blob);
        let value_there = there.is_some_and(|blob| self.contents.get(&blob).values.contains(&candidate.judged.value));
        let mut place = item.spot.place(candidate);
        stamp.mark(&mut place);
        place.in_head = Some(if item.blob.is_some() { there == item.blob } else { value_there });
        let elsewhere = || self.head.zip(item.blob).is_some_and(|(head, blob)| self.holds(&head, &blob));
        self.seen(candidate, value_there || elsewhere());
        trees.into_notices().into_iter().for_each(|notice| self.notice(notice));
        self.context.collector.place(candidate.clone(), place);
    }
}
