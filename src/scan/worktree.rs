//! The files of a working tree or folder, and the repositories that lie in one. What git tracks is scanned
//! even where ignore rules name it. It does not know objects.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use bstr::{BString, ByteSlice};

use super::collect::{Collector, Spot};
use super::context::Context;
use crate::coverage::{Counts, Notice};
use crate::finding::PlaceKind;
use crate::progress::{Phase, Progress};
use crate::source::files::{self, FileList, FileOptions, FileWalk, FoundFile};
use crate::source::git::repo::Repo;
use crate::source::git::stage::Stage;
use crate::source::stream::{Scanned, scan_files, scan_names};
use crate::source::target::{self, Mode, Repository, Target};

/// Symbolic link and submodule modes.
const GITLINK: u32 = 0o160_000;

/// Scans the working tree of a repository. Returns what was listed, for the repositories in it.
pub fn scan(context: &Context<'_>, repo: &Repo, stage: &Stage, options: &FileOptions) -> (FileList, Counts) {
    let Some(root) = &repo.work_tree else { return (FileList::default(), Counts::default()) };
    context.progress.set_phase(Phase::Files);
    let mut list = files::list(FileWalk { root, options, progress: context.progress });
    add_tracked(&mut list, root, stage, context);
    let submodules: Vec<&BString> = stage.entries.iter().filter(|e| e.mode == GITLINK).map(|e| &e.path).collect();
    let absolute = std::path::absolute(root).unwrap_or_else(|_| root.clone());
    list.nested_repositories
        .retain(|nested| !submodules.iter().any(|path| path.to_path().is_ok_and(|path| *nested == absolute.join(path))));
    let detector = context.collector.detector;
    let counts = scan_list(context.collector, context.progress, &list, &context.spot(PlaceKind::Worktree), &|scan| {
        // Names of tracked files stand in trees already, with their history.
        let tracked = |file: &FoundFile| stage.entries.binary_search_by(|e| e.path.as_bstr().cmp(file.rel.as_bstr())).is_ok();
        scan_names(detector, &list, context.progress, &|file, scanned| {
            if !tracked(file) {
                scan(file, scanned, true);
            }
        });
        scan_files(detector, &list, context.progress, &|file, scanned| scan(file, scanned, false))
    });
    (list, counts)
}

/// Files that git tracks though ignore rules name them.
fn add_tracked(list: &mut FileList, root: &Path, stage: &Stage, context: &Context<'_>) {
    let mut missed = Vec::new();
    for entry in stage.entries.iter().filter(|entry| entry.is_blob() && (context.wanted)(&entry.path)) {
        if list.files.binary_search_by(|file| file.rel.cmp(&entry.path)).is_ok() {
            continue;
        }
        let Ok(rel) = entry.path.to_path() else { continue };
        let path = root.join(rel);
        let Ok(metadata) = path.symlink_metadata() else { continue };
        let symlink = metadata.is_symlink();
        if (symlink || metadata.is_file()) && context.max_size.is_none_or(|most| metadata.len() <= most) {
            missed.push(FoundFile { rel: entry.path.clone(), path, symlink });
        }
    }
    missed.dedup_by(|a, b| a.rel == b.rel);
    list.ignored = list.ignored.saturating_sub(missed.len() as u64);
    list.files.extend(missed);
    list.files.sort();
}

/// How a list is scanned: it hands on each file with what was found, and whether that is in its name.
type Scan<'s> = &'s (dyn Fn(&FoundFile, Scanned, bool) + Sync);

/// Scans what was listed and says what was not.
pub fn scan_list(
    collector: &Collector<'_>,
    progress: &Progress,
    list: &FileList,
    spot: &Spot,
    run: &dyn Fn(Scan<'_>) -> Vec<Notice>,
) -> Counts {
    let bytes = AtomicU64::new(0);
    let notices = run(&|file, scanned, name| {
        if name {
            let spot = Spot { kind: PlaceKind::Path, ..spot.clone().at(file.rel.clone()) };
            return collector.scanned(&spot, scanned);
        }
        bytes.fetch_add(scanned.bytes, Ordering::Relaxed);
        collector.scanned(&spot.clone().at(file.rel.clone()), scanned);
    });
    let unreadable = notices.iter().filter(|n| n.what == "unreadable file").count();
    list.notices.iter().cloned().chain(notices).for_each(|notice| collector.notice(notice));
    for (what, count, how) in [
        ("ignored files", list.ignored, "--include-ignored"),
        ("files and folders left out by --include and --exclude", list.excluded, "change the patterns"),
        ("files above --max-file-size", list.too_large, "raise --max-file-size"),
        ("pipes, sockets and devices", list.special, "read them through `-`"),
    ] {
        if count > 0 {
            collector.leave_out(what, Some(count), how);
        }
    }
    if list.files.is_empty() && list.excluded + list.too_large > 0 {
        let why = "every file is left out by --include, --exclude or --max-file-size";
        collector.notice(Notice::incomplete("nothing scanned", list.root.clone(), why));
    }
    if progress.stopped() {
        collector.notice(Notice::incomplete("interrupted", list.root.clone(), "the scan was stopped before its end"));
    }
    Counts { files: (list.files.len() - unreadable) as u64, bytes: bytes.into_inner(), ..Counts::default() }
}

/// The submodules of a repository: their paths, and where they are, if they are here.
pub fn submodules(found: &Repository) -> Vec<(BString, Option<Repository>)> {
    let hash = Repo::open(&found.git_dir, None).map_or(20, |repo| repo.hash);
    let stage = Stage::read(&found.git_dir.join("index"), hash).unwrap_or_default();
    let mut all: Vec<(BString, Option<Repository>)> = Vec::new();
    for entry in stage.entries.iter().filter(|entry| entry.mode == GITLINK) {
        let here = entry.path.to_path().ok().and_then(|path| {
            let in_tree = found.work_tree.as_ref().map(|root| root.join(path)).filter(|folder| folder.join(".git").exists());
            repository_at(&in_tree?)
        });
        let stored = || entry.path.to_path().ok().and_then(|path| module(&found.common_dir.join("modules").join(path)));
        all.push((entry.path.clone(), here.or_else(stored)));
    }
    let mut stored = Vec::new();
    modules(&found.common_dir.join("modules"), &mut stored);
    for repository in stored {
        let known = |other: &Repository| other.git_dir.canonicalize().ok() == repository.git_dir.canonicalize().ok();
        if !all.iter().any(|(_, other)| other.as_ref().is_some_and(known)) {
            let name = repository.git_dir.strip_prefix(&found.common_dir).unwrap_or(&repository.git_dir);
            all.push((BString::from([b".git/", crate::source::git::as_bytes(name).as_slice()].concat()), Some(repository)));
        }
    }
    all
}

fn repository_at(folder: &Path) -> Option<Repository> {
    match target::look(folder.as_os_str(), Mode::Git) {
        Ok(Target::Repository(repository)) => Some(repository),
        _ => None,
    }
}

/// A git folder of a submodule, without its working tree.
fn module(git_dir: &Path) -> Option<Repository> {
    (git_dir.join("HEAD").is_file() && git_dir.join("objects").is_dir()).then(|| Repository {
        given: git_dir.to_owned(),
        git_dir: git_dir.to_owned(),
        common_dir: git_dir.to_owned(),
        work_tree: None,
    })
}

/// All git folders below `modules`, also of submodules that are no longer in the index.
fn modules(folder: &Path, all: &mut Vec<Repository>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut folders: Vec<_> = entries.flatten().filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir())).map(|e| e.path()).collect();
    folders.sort();
    for inner in folders {
        match module(&inner) {
            Some(repository) => all.push(repository),
            None => modules(&inner, all),
        }
    }
}
