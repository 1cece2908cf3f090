//! The stage against what was committed before: HEAD, and during a merge every other parent of the commit to
//! be. Before the first commit everything is added. It looks at no working tree.

use std::cell::RefCell;

use std::path::Path;

use bstr::{BStr, BString, ByteSlice};
use rustc_hash::{FxHashMap, FxHashSet};

use super::judge::{Parent, Stamp};
use super::{Context, Job, Options, RangeResult};
use crate::coverage::{Counts, Notice};
use crate::finding::PlaceKind;
use crate::object::Oid;
use crate::source::git::as_bytes;
use crate::source::git::stage::{Stage, StageEntry};
use crate::source::git::tree::{Added, Trees};

/// Scans what the stage adds. `index` is where the index lies, if not in the git directory.
pub fn scan_stage(context: &Context<'_>, options: &Options<'_>, index: Option<&Path>) -> RangeResult {
    let job = Job::new(context, options);
    let mut counts = Counts::default();
    if let Some(stage) = Staged::open(&job, index) {
        counts.index_entries = stage.stage.entries.len() as u64;
        stage.scan(&job);
    }
    job.finish(counts)
}

/// The index beside the trees that it is compared with.
pub(super) struct Staged {
    pub(super) stage: Stage,
    pub(super) parents: Vec<Committed>,
    /// The paths that would be committed; of a folder in a sparse index its own, with a slash.
    pub(super) present: FxHashSet<BString>,
}

/// What one parent has.
pub(super) struct Committed {
    pub(super) tree: Oid,
    /// Its files but for those in `same`.
    pub(super) files: FxHashMap<BString, Oid>,
    /// Folders, by their path with a slash, in which the index has the very same.
    same: FxHashSet<BString>,
}

impl Committed {
    fn new(trees: &mut Trees<'_>, tree: Oid, stage: &Stage) -> Self {
        let same = RefCell::new(FxHashSet::default());
        let files = trees.files(tree, &|path, tree| {
            let equal = stage.trees.get(path.as_bstr()) == Some(tree);
            if equal {
                same.borrow_mut().insert(BString::from(path));
            }
            equal
        });
        Self { tree, files, same: same.into_inner() }
    }

    /// Whether the path lies in a folder that is the same.
    fn is_same(&self, path: &BStr) -> bool {
        !self.same.is_empty()
            && (self.same.contains(BStr::new(b"")) || path.find_iter(b"/").any(|end| self.same.contains(BStr::new(&path[..=end]))))
    }

    /// The blob at the path of an entry.
    pub(super) fn blob(&self, entry: &StageEntry) -> Option<Oid> {
        if self.is_same(entry.path.as_bstr()) { Some(entry.oid) } else { self.files.get(&entry.path).copied() }
    }
}

impl Staged {
    /// Reads the index and what is committed; `None` where that fails, which is said.
    pub(super) fn open(job: &Job<'_>, index: Option<&Path>) -> Option<Self> {
        let repo = job.context.repo;
        let path = index.map_or_else(|| repo.git_dir.join("index"), Path::to_owned);
        let stage = match Stage::read(&path, repo.hash) {
            Ok(stage) => stage,
            Err(why) => {
                job.notice(Notice::incomplete("index", as_bytes(&path), why));
                return None;
            }
        };
        let mut heads: Vec<Oid> = job.context.refs.head.into_iter().chain(merge_heads(&repo.git_dir)).collect();
        heads.extend(job.options.parents.iter().filter(|parent| job.context.odb.contains(parent)));
        heads.dedup();
        let parents: Vec<Oid> = heads.iter().map(|head| job.tree_of(head)).collect::<Option<_>>()?;
        let mut trees = Trees::new(job.context.odb);
        let parents = parents.into_iter().map(|tree| Committed::new(&mut trees, tree, &stage)).collect();
        let notices = trees.into_notices();
        let readable = notices.is_empty();
        notices.into_iter().for_each(|notice| job.notice(notice));
        let present = stage.entries.iter().filter(|entry| !entry.intent_to_add).map(|entry| entry.path.clone()).collect();
        // What cannot be compared is not judged: everything would count as added.
        readable.then_some(Self { stage, parents, present })
    }

    /// Scans what the stage adds, and hands back the paths at which it adds anything.
    pub(super) fn scan(&self, job: &Job<'_>) -> Vec<BString> {
        let mut trees = Trees::new(job.context.odb);
        let mut added = self.added(&mut trees);
        added.retain(|added| job.is_wanted(&added.path));
        let gone = |number: usize| self.gone(job, number);
        let parents: Vec<Parent<'_>> =
            self.parents.iter().enumerate().map(|(number, parent)| Parent::new(parent.tree, number, &gone)).collect();
        job.added(PlaceKind::Index, &added, &parents, &Stamp::default());
        job.names(&added, &mut trees, &parents, &Stamp::default());
        trees.into_notices().into_iter().for_each(|notice| job.notice(notice));
        added.into_iter().map(|added| added.path).collect()
    }

    /// The files whose blob differs from that in every parent.
    fn added(&self, trees: &mut Trees<'_>) -> Vec<Added> {
        let mut added = Vec::new();
        for entry in self.stage.entries.iter().filter(|entry| !entry.intent_to_add) {
            if entry.is_tree() {
                let others: Vec<_> = self.parents.iter().map(|parent| folder(trees, parent.tree, &entry.path)).collect();
                if !others.contains(&Some(entry.oid)) {
                    added.extend(trees.added(entry.oid, &others, &entry.path));
                }
            } else if entry.is_blob() {
                let before: Vec<_> = self.parents.iter().map(|parent| parent.blob(entry)).collect();
                if !before.contains(&Some(entry.oid)) {
                    added.push(Added { path: entry.path.clone(), oid: entry.oid, before });
                }
            }
        }
        added
    }

    /// The blobs at paths that a parent has and the stage has not.
    fn gone(&self, job: &Job<'_>, number: usize) -> Vec<Oid> {
        let parent = &self.parents[number];
        let mut trees = Trees::new(job.context.odb);
        let mut gone: Vec<Oid> = parent.files.iter().filter(|(path, _)| !self.has(path)).map(|(_, &blob)| blob).collect();
        for entry in self.stage.entries.iter().filter(|entry| entry.is_tree()) {
            let old = folder(&mut trees, parent.tree, &entry.path);
            gone.extend(trees.removed(old, Some(entry.oid)).into_iter().map(|(_, blob)| blob));
        }
        trees.into_notices().into_iter().for_each(|notice| job.notice(notice));
        gone
    }

    /// Whether the stage has a path, or the folder it lies in.
    pub(super) fn has(&self, path: &BString) -> bool {
        self.present.contains(path) || path.find_iter(b"/").any(|end| self.present.contains(BStr::new(&path[..=end])))
    }
}

fn folder(trees: &mut Trees<'_>, tree: Oid, path: &BString) -> Option<Oid> {
    trees.lookup(tree, path.strip_suffix(b"/").unwrap_or(path)).filter(|(mode, _)| *mode == 0o040_000).map(|(_, tree)| tree)
}

/// The other parents of the merge that is under way.
fn merge_heads(git_dir: &Path) -> Vec<Oid> {
    let text = crate::source::git::file::read(git_dir.join("MERGE_HEAD")).unwrap_or_default();
    text.lines().filter_map(|line| Oid::from_hex(line.trim())).collect()
}
