//! Files that somebody names one by one: of each what the stage adds to it, and where that is nothing, all of
//! it. So a hook that is given file names judges a commit by what it adds, and a run over all files whole.

use std::path::Path;
use std::sync::atomic::Ordering;

use bstr::BString;
use rustc_hash::FxHashSet;

use super::changes::file;
use super::judge::{Item, Stamp};
use super::staged::Staged;
use super::{Context, Job, Options, RangeResult};
use crate::candidate::candidates;
use crate::coverage::{Counts, Notice};
use crate::error::describe;
use crate::finding::PlaceKind;
use crate::progress::Phase;
use crate::source::files::FoundFile;
use crate::source::stream::Stream;

/// Scans the paths of the options. `index` is where the index lies, if not in the git directory.
pub fn scan_named(context: &Context<'_>, options: &Options<'_>, index: Option<&Path>) -> RangeResult {
    let job = Job::new(context, options);
    let mut counts = Counts::default();
    if let Some(staged) = Staged::open(&job, index) {
        counts.index_entries = staged.stage.entries.len() as u64;
        let done: FxHashSet<BString> = staged.scan(&job).into_iter().collect();
        context.progress.set_phase(Phase::Files);
        let mut stream = Stream::new(context.collector.detector, context.progress);
        let top = context.repo.work_tree.as_deref().unwrap_or(Path::new("."));
        for path in options.paths.iter().filter(|path| !done.contains(*path) && (options.wanted)(path)) {
            if context.progress.stopped() {
                break;
            }
            counts.files += u64::from(whole(&job, path, top, &mut stream));
        }
    }
    job.finish(counts)
}

/// Scans a whole file of the working tree. Returns whether there was one.
fn whole(job: &Job<'_>, path: &BString, top: &Path, stream: &mut Stream<'_>) -> bool {
    let Some((on_disk, metadata)) = file(top, path) else {
        // A submodule's folder is named like a file.
        if !bstr::ByteSlice::to_path(path.as_slice()).is_ok_and(|path| top.join(path).is_dir()) {
            job.notice(Notice::incomplete("file", path.clone(), "it is not in the working tree"));
        }
        return false;
    };
    let found = FoundFile { rel: path.clone(), path: on_disk, symlink: metadata.is_symlink() };
    let scanned = match stream.file(&found) {
        Ok(scanned) => scanned,
        Err(error) => {
            job.notice(Notice::incomplete("unreadable file", path.clone(), describe(&error)));
            return false;
        }
    };
    if let Some(why) = &scanned.broken {
        job.notice(Notice::incomplete("file read in part", path.clone(), why));
    }
    job.bytes.fetch_add(scanned.bytes, Ordering::Relaxed);
    for candidate in candidates(job.context.collector.detector, scanned) {
        let item = Item { spot: job.spot(PlaceKind::Worktree).at(path.clone()), path, blob: None, before: &[] };
        job.report(&item, &candidate, &Stamp::default());
    }
    true
}
