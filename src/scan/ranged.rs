//! Runs that look at a part of the history or at what is about to be committed: which repository, which paths
//! of it, which commits. What these add is found out in `range`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use bstr::BString;

use super::range::{self, Context, Options};
use super::{Plan, Range, Run};
use crate::coverage::{Counts, Notice, TargetCoverage, TargetKind};
use crate::error::Result;
use crate::source::git::as_bytes;
use crate::source::git::odb::Odb;
use crate::source::git::refs::Refs;
use crate::source::git::repo::Repo;
use crate::source::git::revisions;
use crate::source::target::{self, Mode, Repository, Target};

/// A repository with the paths of it that were named; none where all of it was.
struct Limited {
    found: Repository,
    paths: Vec<BString>,
    whole: bool,
}

impl Run<'_> {
    /// Scans the range of one repository. `ours` is a clone that we made.
    pub(super) fn ranged(&self, number: usize, found: &Repository, paths: &[BString], ours: bool) -> Result<Counts> {
        let Some(wanted) = &self.plan.range else { return Ok(Counts::default()) };
        let repo = match Repo::open(&found.git_dir, found.work_tree.as_deref()) {
            Ok(repo) => repo,
            Err(why) => {
                self.collector.notice(Notice::incomplete("repository", as_bytes(&found.given), why));
                return Ok(Counts::default());
            }
        };
        let odb = match &self.plan.place {
            Some(place) if !place.objects.is_empty() => Odb::open_all(place.objects.clone(), repo.hash, true),
            _ => Odb::open(&repo.objects(), repo.hash, !ours),
        };
        let refs = Refs::read(&repo.git_dir, &repo.common_dir);
        repo.notices.iter().chain(&odb.notices).chain(&refs.notices).for_each(|notice| self.collector.notice(notice.clone()));
        let context = Context { repo: &repo, refs: &refs, odb: &odb, collector: &self.collector, progress: self.progress };
        let wants = |path: &[u8]| self.plan.wants(path);
        let repo_path = BString::default();
        let parents = self.plan.place.as_ref().map_or(&[][..], |place| &place.parents);
        let options = Options { target: number, repo_path: &repo_path, whole_files: self.plan.whole_files, paths, wanted: &wants, parents };
        let index = own_index(self.plan, &repo);
        let result = match wanted {
            Range::Commits(wanted) => {
                let selection = revisions::select(&repo, &refs, &odb, wanted)?;
                if selection.commits.is_empty() {
                    self.collector.notice(Notice::info("range", as_bytes(&found.given), "it holds no commits"));
                }
                range::scan(&context, &selection, &options)
            }
            Range::Staged => range::scan_stage(&context, &options, index.as_deref()),
            Range::Changes => range::scan_changes(&context, &options, index.as_deref()),
            Range::Named => range::scan_named(&context, &options, index.as_deref()),
        };
        let empty = match wanted {
            Range::Staged => Some(("stage", "nothing is staged")),
            Range::Changes => Some(("changes", "nothing is changed")),
            Range::Named => Some(("files", "they hold nothing")),
            Range::Commits(_) => None,
        };
        if let Some((what, why)) = empty.filter(|_| result.counts.bytes == 0) {
            self.collector.notice(Notice::info(what, as_bytes(&found.given), why));
        }
        if self.progress.stopped() {
            self.collector.notice(Notice::incomplete("interrupted", as_bytes(&found.given), "the scan was stopped before its end"));
        }
        self.already_there.fetch_add(result.already_there, std::sync::atomic::Ordering::Relaxed);
        Ok(result.counts)
    }

    /// `--staged` and `--changes`: each repository that holds a named path is scanned once, limited to those paths.
    pub(super) fn uncommitted(&self) -> Result<Vec<TargetCoverage>> {
        let mut repositories: Vec<(usize, Limited)> = Vec::new();
        let mut targets = Vec::new();
        for (number, given) in self.plan.targets.iter().enumerate() {
            let (kind, limited) = match holder(given)? {
                Ok(limited) => (TargetKind::Repository, Some(limited)),
                Err(error) => {
                    self.unreadable(&error);
                    (TargetKind::Unreadable, None)
                }
            };
            targets.push(TargetCoverage { name: target::display(given), kind, counts: Counts::default() });
            let Some(limited) = limited else { continue };
            match repositories.iter_mut().find(|(_, known)| known.found.git_dir == limited.found.git_dir) {
                Some((_, known)) => {
                    known.whole |= limited.whole;
                    known.paths.extend(limited.paths);
                }
                None => repositories.push((number, limited)),
            }
        }
        for (number, limited) in repositories {
            let paths: &[BString] = if limited.whole { &[] } else { &limited.paths };
            targets[number].counts = self.ranged(number, &limited.found, paths, false)?;
        }
        Ok(targets)
    }
}

/// An index of git's own choosing counts only where it lies in the git directory: `git commit -a` and `git commit FILE` put it there.
fn own_index(plan: &Plan, repo: &Repo) -> Option<PathBuf> {
    let index = std::path::absolute(plan.index.as_ref()?).ok()?;
    let folder = index.parent()?.canonicalize().ok()?;
    folder.starts_with(repo.git_dir.canonicalize().ok()?).then_some(index)
}

/// The repository that holds a path, and the path in it. The outer error is one of usage.
fn holder(given: &OsStr) -> Result<std::result::Result<Limited, crate::error::Error>> {
    let (folder, found) = match target::look(given, Mode::Git)? {
        Target::Repository(found) => (found.given.clone(), found),
        // A file, or one that is gone from the working tree: its folder tells.
        other => {
            let path = Path::new(given);
            let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            match (target::look(parent.as_os_str(), Mode::Git)?, other) {
                (Target::Repository(found), _) if !path.is_dir() => (path.to_owned(), found),
                (_, Target::Unreadable(error)) => return Ok(Err(error)),
                _ => return Ok(Err(crate::error::Error::input(format!("{}: no git repository, nor inside one", path.display())))),
            }
        }
    };
    let top = found.work_tree.as_deref().and_then(|top| top.canonicalize().ok());
    let inside = top.and_then(|top| {
        let name = folder.file_name().map(PathBuf::from).unwrap_or_default();
        // The last name may be a symbolic link that is itself tracked.
        let absolute = if folder.is_dir() && !folder.is_symlink() {
            folder.canonicalize().ok()?
        } else {
            let parent = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            parent.canonicalize().ok()?.join(name)
        };
        absolute.strip_prefix(&top).ok().map(as_bytes)
    });
    let whole = inside.as_ref().is_none_or(|path| path.is_empty());
    Ok(Ok(Limited { found, paths: inside.into_iter().filter(|path| !path.is_empty()).collect(), whole }))
}
