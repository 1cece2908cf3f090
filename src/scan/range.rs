//! Scans what a range of commits, the stage or the working tree adds to what was there before. A value is
//! added where it stands at a path and in no parent at that path, at a path that is gone, or in the same
//! blob. It does not know how the commits were chosen, nor what becomes of a finding.

mod changes;
mod contents;
mod judge;
mod named;
mod staged;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bstr::BString;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use self::contents::Contents;
use self::judge::{Item, Parent, Stamp};
use super::collect::{Collector, Spot};
use crate::candidate::{Candidate, candidates};
use crate::coverage::{Counts, Notice};
use crate::finding::{History, PlaceKind, Scope};
use crate::history::commit;
use crate::object::{Kind, Oid};
use crate::progress::{Phase, Progress};
use crate::secret::Secret;
use crate::source::git::odb::Odb;
use crate::source::git::refs::Refs;
use crate::source::git::repo::Repo;
use crate::source::git::revisions::{CommitInfo, Selection};
use crate::source::git::tree::{Added, Holds, Trees};
use crate::source::stream::{scan_text, shared_folder};

pub use changes::scan_changes;
pub use named::scan_named;
pub use staged::scan_stage;

/// So many files make a commit's contents worth several threads.
const MANY: usize = 64;

/// The repository that is scanned, and where what is found goes.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The repository.
    pub repo: &'a Repo,
    /// Its refs.
    pub refs: &'a Refs,
    /// Its objects.
    pub odb: &'a Odb,
    /// Takes candidates and notices.
    pub collector: &'a Collector<'a>,
    /// Counts, and stops the scan.
    pub progress: &'a Progress,
}

/// How it is scanned.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Index of the target.
    pub target: usize,
    /// Path of the repository inside the target.
    pub repo_path: &'a BString,
    /// Report what stood there before as well.
    pub whole_files: bool,
    /// Files and folders, relative to the top, to which the scan is limited; empty for all.
    pub paths: &'a [BString],
    /// Whether a path is wanted: `--include` and `--exclude`.
    pub wanted: &'a (dyn Fn(&[u8]) -> bool + Sync),
    /// Further parents of the commit that the stage is about to become.
    pub parents: &'a [Oid],
}

/// What was scanned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeResult {
    /// How much.
    pub counts: Counts,
    /// How many values stood there before: of each commit and path every value once.
    pub already_there: u64,
}

/// Scans what the commits of a selection add.
pub fn scan(context: &Context<'_>, selection: &Selection, options: &Options<'_>) -> RangeResult {
    context.progress.set_phase(Phase::Commits);
    context.progress.objects_total.store(selection.commits.len() as u64, Ordering::Relaxed);
    selection.notices.iter().for_each(|notice| context.collector.notice(notice.clone()));
    let trees: FxHashMap<Oid, Option<Oid>> = selection.commits.iter().map(|commit| (commit.oid, commit.tree)).collect();
    let job = Job::new(context, options);
    selection.commits.par_iter().for_each(|commit| {
        if !context.progress.stopped() {
            job.commit(commit, &trees);
            context.progress.objects.fetch_add(1, Ordering::Relaxed);
        }
    });
    let counts = Counts { commits: selection.commits.len() as u64, ..Counts::default() };
    job.finish(counts)
}

/// A scan that runs.
struct Job<'a> {
    context: &'a Context<'a>,
    options: &'a Options<'a>,
    contents: Contents<'a>,
    holds: Mutex<Holds>,
    /// HEAD's tree.
    head: Option<Oid>,
    bytes: AtomicU64,
    already_there: AtomicU64,
    /// The secrets that were reported, and whether HEAD holds them.
    in_head: Mutex<FxHashMap<Secret, bool>>,
}

impl<'a> Job<'a> {
    fn new(context: &'a Context<'a>, options: &'a Options<'a>) -> Self {
        let job = Self {
            context,
            options,
            contents: Contents::new(context),
            holds: Mutex::default(),
            head: None,
            bytes: AtomicU64::new(0),
            already_there: AtomicU64::new(0),
            in_head: Mutex::default(),
        };
        Self { head: context.refs.head.and_then(|head| job.tree_of(&head)), ..job }
    }

    fn finish(self, mut counts: Counts) -> RangeResult {
        for (secret, in_head) in self.in_head.into_inner().expect("no panic while locked") {
            self.context.collector.history(&secret, History { in_head: Some(in_head), ..History::empty(Scope::Range) });
        }
        counts.bytes += self.bytes.into_inner();
        self.contents.count(&mut counts);
        RangeResult { counts, already_there: self.already_there.into_inner() }
    }

    fn notice(&self, notice: Notice) {
        self.context.collector.notice(notice);
    }

    /// The root tree of a commit; where there is none, that is said.
    fn tree_of(&self, oid: &Oid) -> Option<Oid> {
        let why = match self.context.odb.read(oid) {
            Ok((Kind::Commit, bytes)) => match commit::headers(&bytes).tree {
                Some(tree) => return Some(tree),
                None => "it names no tree".to_owned(),
            },
            Ok(_) => "it is no commit".to_owned(),
            Err(error) => error.to_string(),
        };
        self.notice(Notice::incomplete("commit", oid.hex(), why));
        None
    }

    /// Whether the user's limits let a path through.
    fn is_wanted(&self, path: &[u8]) -> bool {
        let below = |limit: &BString| {
            let limit = limit.strip_suffix(b"/").unwrap_or(limit);
            limit.is_empty() || path.strip_prefix(limit).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        (self.options.paths.is_empty() || self.options.paths.iter().any(below)) && (self.options.wanted)(path)
    }

    fn spot(&self, kind: PlaceKind) -> Spot {
        Spot { repo: self.options.repo_path.clone(), ..Spot::new(kind, self.options.target) }
    }

    fn commit(&self, info: &CommitInfo, known: &FxHashMap<Oid, Option<Oid>>) {
        // It was read when it was selected; should that fail now, the selection's notice would not say so.
        let bytes = match self.context.odb.read(&info.oid) {
            Ok((_, bytes)) => bytes,
            Err(error) => return self.notice(Notice::incomplete("commit", info.oid.hex(), error.to_string())),
        };
        let headers = commit::headers(&bytes);
        let stamp = Stamp { commit: Some(info.oid), author: Some(commit::person(headers.author)), date: Some(info.date) };
        self.message(&bytes, &stamp);
        if info.cut {
            return;
        }
        let tree_of = |oid: &Oid| known.get(oid).copied().flatten().or_else(|| self.tree_of(oid));
        let parents: Option<Vec<Oid>> = info.parents.iter().map(tree_of).collect();
        let (Some(tree), Some(parents)) = (tree_of(&info.oid), parents) else { return };
        let mut trees = Trees::new(self.context.odb);
        let others: Vec<Option<Oid>> = parents.iter().copied().map(Some).collect();
        let mut added = trees.added(tree, &others, b"");
        added.retain(|added| self.is_wanted(&added.path));
        let gone = |parent: usize| {
            let mut trees = Trees::new(self.context.odb);
            let gone = trees.removed(others[parent], Some(tree)).into_iter().map(|(_, blob)| blob).collect();
            trees.into_notices().into_iter().for_each(|notice| self.notice(notice));
            gone
        };
        let parents: Vec<Parent<'_>> = parents.iter().enumerate().map(|(number, &tree)| Parent::new(tree, number, &gone)).collect();
        self.added(PlaceKind::Blob, &added, &parents, &stamp);
        self.names(&added, &mut trees, &parents, &stamp);
        trees.into_notices().into_iter().for_each(|notice| self.notice(notice));
    }

    /// Scans and judges the blobs that were added.
    fn added(&self, kind: PlaceKind, added: &[Added], parents: &[Parent<'_>], stamp: &Stamp) {
        if added.len() > MANY {
            // So that the loop below finds them all scanned.
            added.par_iter().for_each(|added| drop(self.contents.get(&added.oid)));
        }
        for added in added {
            if self.context.progress.stopped() {
                return;
            }
            let held = self.contents.get(&added.oid);
            let item = Item {
                spot: self.spot(kind).at(added.path.clone()).of(added.oid),
                path: &added.path,
                blob: Some(added.oid),
                before: &added.before,
            };
            self.judge(&item, &held.candidates, parents, stamp);
        }
    }

    /// Scans the names of new files; a folder's name counts only where the folder is new, and once.
    fn names(&self, added: &[Added], trees: &mut Trees<'_>, parents: &[Parent<'_>], stamp: &Stamp) {
        let mut previous: &[u8] = b"";
        for added in added.iter().filter(|added| added.is_new_path()) {
            let scanned = scan_text(self.context.collector.detector, &added.path);
            let shared = shared_folder(previous, &added.path);
            previous = &added.path;
            self.bytes.fetch_add(added.path.len() as u64, Ordering::Relaxed);
            let found = candidates(self.context.collector.detector, scanned);
            if found.is_empty() {
                continue;
            }
            let before: Vec<Oid> = parents.iter().map(|parent| parent.tree).collect();
            let known = shared.max(trees.known_folders(&before, &added.path)) as u64;
            let in_head = self.head.is_some_and(|head| trees.lookup(head, &added.path).is_some());
            for candidate in found.into_iter().filter(|found| found.span.end >= known) {
                let mut place = self.spot(PlaceKind::Path).at(added.path.clone()).place(&candidate);
                stamp.mark(&mut place);
                place.in_head = Some(in_head);
                self.seen(&candidate, in_head);
                self.context.collector.place(candidate, place);
            }
        }
    }

    /// Scans a commit's own text.
    fn message(&self, bytes: &[u8], stamp: &Stamp) {
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let found = candidates(self.context.collector.detector, scan_text(self.context.collector.detector, bytes));
        if found.is_empty() {
            return;
        }
        for mut candidate in found {
            let (identity, above) = commit::part(bytes, candidate.span.start as usize);
            candidate.count_from(above);
            let spot = self.spot(if identity { PlaceKind::Identity } else { PlaceKind::CommitMessage });
            let mut place = Spot { object: stamp.commit, ..spot }.place(&candidate);
            stamp.mark(&mut place);
            self.seen(&candidate, false);
            self.context.collector.place(candidate, place);
        }
    }

    /// Remembers that a secret was reported.
    fn seen(&self, candidate: &Candidate, in_head: bool) {
        let mut all = self.in_head.lock().expect("no panic while locked");
        *all.entry(candidate.judged.value.clone()).or_default() |= in_head;
    }
}
