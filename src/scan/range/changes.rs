//! Everything that is not committed: the stage, tracked files that were changed since, and files that are not
//! tracked. Each is compared with what was committed before. Ignored files are left out.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice};
use rustc_hash::FxHashSet;

use super::contents::Held;
use super::judge::{Item, Parent, Stamp};
use super::staged::Staged;
use super::{Context, Job, Options, RangeResult};
use crate::candidate::candidates;
use crate::coverage::{Counts, Notice};
use crate::error::describe;
use crate::finding::PlaceKind;
use crate::object::Oid;
use crate::progress::Phase;
use crate::source::files::{FileOptions, FileWalk, FoundFile, list};
use crate::source::git::stage::{Stage, StageEntry};
use crate::source::git::tree::{Added, Trees};
use crate::source::stream::Stream;

/// Of longer files no id is computed, so that they are never held in memory.
const HASHED: u64 = 1 << 30;

/// Scans what the stage and the working tree add. `index` is where the index lies, if not in the git directory.
pub fn scan_changes(context: &Context<'_>, options: &Options<'_>, index: Option<&Path>) -> RangeResult {
    let job = Job::new(context, options);
    let mut counts = Counts::default();
    if let Some(staged) = Staged::open(&job, index) {
        counts.index_entries = staged.stage.entries.len() as u64;
        staged.scan(&job);
        if let Some(top) = &context.repo.work_tree {
            context.progress.set_phase(Phase::Files);
            Changes::look(&job, &staged, top).scan(&job, &staged, &mut counts);
        }
    }
    job.finish(counts)
}

/// What the working tree has that the stage has not.
#[derive(Default)]
struct Changes {
    files: Vec<Changed>,
    /// Blobs of parents at paths that are not in the working tree, by the parent's number.
    gone: Vec<Vec<Oid>>,
}

struct Changed {
    file: FoundFile,
    /// What the stage has there.
    staged: Option<Oid>,
    /// What each parent has there.
    before: Vec<Option<Oid>>,
}

impl Changes {
    fn look(job: &Job<'_>, staged: &Staged, top: &Path) -> Self {
        let mut changes = Self { gone: vec![Vec::new(); staged.parents.len()], ..Self::default() };
        let tracked: FxHashSet<&BStr> = staged.stage.entries.iter().map(|entry| entry.path.as_bstr()).collect();
        let mut last: Option<&BString> = None;
        for entry in staged.stage.entries.iter().filter(|entry| entry.is_blob() && !entry.skip_worktree) {
            // A file in conflict has several entries.
            if last.replace(&entry.path) != Some(&entry.path) {
                changes.tracked(staged, entry, top);
            }
        }
        for (number, parent) in staged.parents.iter().enumerate() {
            let missing = |path: &BString| !staged.has(path) && file(top, path).is_none();
            changes.gone[number].extend(parent.files.iter().filter(|(path, _)| missing(path)).map(|(_, &blob)| blob));
        }
        changes.untracked(job, staged, &tracked, top);
        changes.files.retain(|changed| job.is_wanted(&changed.file.rel));
        changes.files.sort_by(|a, b| a.file.rel.cmp(&b.file.rel));
        changes
    }

    fn tracked(&mut self, staged: &Staged, entry: &StageEntry, top: &Path) {
        let before: Vec<Option<Oid>> = staged.parents.iter().map(|parent| parent.blob(entry)).collect();
        let Some((path, metadata)) = file(top, &entry.path) else {
            self.gone.iter_mut().zip(before).for_each(|(gone, before)| gone.extend(before));
            return;
        };
        if entry.stage == 0 && !entry.intent_to_add && (entry.assume_valid || is_unchanged(&staged.stage, entry, &metadata)) {
            return;
        }
        let file = FoundFile { rel: entry.path.clone(), path, symlink: metadata.is_symlink() };
        let known = (entry.stage == 0 && !entry.intent_to_add).then_some(entry.oid);
        self.files.push(Changed { file, staged: known, before });
    }

    fn untracked(&mut self, job: &Job<'_>, staged: &Staged, tracked: &FxHashSet<&BStr>, top: &Path) {
        let options = FileOptions { ignore_rules: true, nested: true, ..FileOptions::default() };
        let found = list(FileWalk { root: top, options: &options, progress: job.context.progress });
        found.notices.into_iter().for_each(|notice| job.notice(notice));
        for file in found.files {
            if !tracked.contains(file.rel.as_bstr()) {
                let before = staged.parents.iter().map(|parent| parent.files.get(&file.rel).copied()).collect();
                self.files.push(Changed { file, staged: None, before });
            }
        }
    }

    fn scan(&self, job: &Job<'_>, staged: &Staged, counts: &mut Counts) {
        let gone = |number: usize| self.gone[number].clone();
        let parents: Vec<Parent<'_>> =
            staged.parents.iter().enumerate().map(|(number, parent)| Parent::new(parent.tree, number, &gone)).collect();
        let mut stream = Stream::new(job.context.collector.detector, job.context.progress);
        let mut names = Vec::new();
        for changed in &self.files {
            if job.context.progress.stopped() {
                break;
            }
            // Its times alone could not tell whether it is what was staged.
            if changed.staged.is_some() && changed.staged == blob_id(&changed.file, job.context.odb.hash) {
                continue;
            }
            counts.files += u64::from(self.file(job, changed, &mut stream, &parents));
            if changed.staged.is_none() {
                let nothing = Oid::new(&vec![0; job.context.odb.hash]);
                names.push(Added { path: changed.file.rel.clone(), oid: nothing, before: changed.before.clone() });
            }
        }
        let mut trees = Trees::new(job.context.odb);
        job.names(&names, &mut trees, &parents, &Stamp::default());
        trees.into_notices().into_iter().for_each(|notice| job.notice(notice));
    }

    /// Scans a file. Returns whether there was one.
    fn file(&self, job: &Job<'_>, changed: &Changed, stream: &mut Stream<'_>, parents: &[Parent<'_>]) -> bool {
        let rel = &changed.file.rel;
        let scanned = match stream.file(&changed.file) {
            Ok(scanned) => scanned,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    job.notice(Notice::incomplete("unreadable file", rel.clone(), describe(&error)));
                }
                return false;
            }
        };
        if let Some(why) = &scanned.broken {
            job.notice(Notice::incomplete("file read in part", rel.clone(), why));
        }
        job.bytes.fetch_add(scanned.bytes, std::sync::atomic::Ordering::Relaxed);
        let mut held = Held::new(candidates(job.context.collector.detector, scanned));
        // What is staged at the same path and differs from what is committed has been told of already.
        if let Some(staged) = changed.staged.filter(|staged| !held.candidates.is_empty() && !changed.before.contains(&Some(*staged))) {
            let staged = job.contents.get(&staged);
            held.candidates.retain(|candidate| !staged.values.contains(&candidate.judged.value));
        }
        if !held.candidates.is_empty() {
            let spot = job.spot(PlaceKind::Worktree).at(rel.clone());
            let item = Item { spot, path: rel, blob: blob_id(&changed.file, job.context.odb.hash), before: &changed.before };
            job.judge(&item, &held.candidates, parents, &Stamp::default());
        }
        true
    }
}

/// The file or symbolic link at a path of the working tree; nothing is looked up through a symbolic link, and
/// a path that leads elsewhere names nothing.
pub(super) fn file(top: &Path, path: &BString) -> Option<(PathBuf, Metadata)> {
    let mut at = top.to_owned();
    let mut names = path.split(|&b| b == b'/').peekable();
    while let Some(name) = names.next() {
        if matches!(name, b"" | b"." | b".." | b".git") {
            return None;
        }
        at.push(name.to_path().ok()?);
        if names.peek().is_some() && !fs::symlink_metadata(&at).ok()?.is_dir() {
            return None;
        }
    }
    let metadata = fs::symlink_metadata(&at).ok()?;
    (metadata.is_file() || metadata.is_symlink()).then_some((at, metadata))
}

/// Whether length and time say that a file is what was staged. One that was changed when the index was
/// written, or later, may have been changed again within the same moment.
fn is_unchanged(stage: &Stage, entry: &StageEntry, metadata: &Metadata) -> bool {
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let symlink = entry.mode & 0o170_000 == 0o120_000;
    changed.is_some_and(|time| {
        let same_moment = time.as_secs() as u32 == entry.mtime.0 && (entry.mtime.1 == 0 || time.subsec_nanos() == entry.mtime.1);
        same_moment && (time.as_secs() as i64) < stage.written
    }) && metadata.len() as u32 == entry.size
        && metadata.is_symlink() == symlink
}

/// The id that a file would have as a blob.
fn blob_id(file: &FoundFile, hash: usize) -> Option<Oid> {
    if std::fs::symlink_metadata(&file.path).is_ok_and(|metadata| metadata.len() > HASHED) {
        return None;
    }
    let bytes =
        if file.symlink { fs::read_link(&file.path).ok()?.as_os_str().as_encoded_bytes().to_vec() } else { fs::read(&file.path).ok()? };
    let kind = if hash == 32 { gix::hash::Kind::Sha256 } else { gix::hash::Kind::Sha1 };
    gix::objs::compute_hash(kind, gix::objs::Kind::Blob, &bytes).ok().map(|id| Oid::new(id.as_bytes()))
}
