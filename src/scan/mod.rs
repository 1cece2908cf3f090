//! The pipeline: this is the file that knows the order of things. Each target is looked at, its contents go
//! through detection, candidates are joined with their places and history, and what is left becomes the outcome.

pub mod attribution;
pub mod collect;
pub mod context;
mod handed;
mod hiding;
pub mod join;
mod pairs;
pub mod plan;
pub mod range;
mod ranged;
pub mod repository;
pub mod reread;
pub mod sinks;
mod tally;
pub mod trees;
mod uses;
pub mod worktree;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bstr::BString;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::coverage::{Counts, Coverage, Notice, TargetCoverage, TargetKind};
use crate::detect::Detector;
use crate::error::{Error, Kind, Result};
use crate::finding::{Finding, PlaceKind};
use crate::outcome::Outcome;
use crate::progress::{Phase, Progress};
use crate::source::files::{self, FileList, FileOptions, FileWalk};
use crate::source::git::as_bytes;
use crate::source::git::repo::Repo;
use crate::source::git::stage::Stage;
use crate::source::remote::{self, CloneOptions};
use crate::source::stream::{scan_files, scan_names, scan_stdin, scan_text};
use crate::source::target::{self, Mode, Repository, Target, Url};
use collect::{Collector, Spot};
use context::Context;
use join::Shown;
pub use plan::{CloneLimits, GitPlace, Input, Plan, Range, Text};

/// Runs a plan. An error is one of usage or configuration, or a revision that does not resolve; everything
/// else that goes wrong is a notice in the outcome.
pub fn run(plan: &Plan, detector: &Detector, progress: &Progress) -> Result<Outcome> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(plan.threads.unwrap_or(0))
        .stack_size(8 << 20)
        .build()
        .map_err(|e| Error::new(Kind::Usage, format!("cannot start threads: {e}")))?;
    pool.install(|| Run::new(plan, detector, progress).run())
}

struct Run<'a> {
    plan: &'a Plan,
    detector: &'a Detector,
    progress: &'a Progress,
    collector: Collector<'a>,
    already_there: AtomicU64,
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan, detector: &'a Detector, progress: &'a Progress) -> Self {
        let collector = Collector::new(detector);
        for (rule, why) in detector.rules().rules().iter().filter_map(|rule| Some((rule, rule.slow.as_ref()?))) {
            collector.notice(Notice::info("slow rule", rule.spec.id.as_bytes(), format!("searched in every whole object: {why}")));
        }
        Self { plan, detector, progress, collector, already_there: AtomicU64::new(0) }
    }

    fn run(self) -> Result<Outcome> {
        if self.plan.place.is_some() || !self.plan.texts.is_empty() {
            let targets = self.handed()?;
            return Ok(self.finish(targets));
        }
        if matches!(self.plan.range, Some(Range::Staged | Range::Changes)) {
            let targets = self.uncommitted()?;
            return Ok(self.finish(targets));
        }
        let looked = self.plan.targets.iter().map(|given| target::look(given, self.plan.mode)).collect::<Result<Vec<_>>>()?;
        let mut targets = Vec::new();
        for (number, (given, target)) in self.plan.targets.iter().zip(looked).enumerate() {
            self.progress.set_phase(Phase::Opening);
            let (kind, counts) = (target.kind(), self.target(number, given, target)?);
            targets.push(TargetCoverage { name: target::display(given), kind, counts });
        }
        Ok(self.finish(targets))
    }

    fn target(&self, number: usize, given: &OsStr, target: Target) -> Result<Counts> {
        if self.plan.range.is_some() && !matches!(target, Target::Repository(_) | Target::Remote(_) | Target::Unreadable(_)) {
            let shown = target::display(given);
            return Err(Error::usage(format!("{shown}: a range of commits or changes needs a git repository")));
        }
        match target {
            Target::Repository(found) => self.repository(number, &found, BString::default()),
            Target::Directory { path, broken } => {
                broken.into_iter().for_each(|notice| self.collector.notice(notice));
                self.directory(number, &path)
            }
            Target::File(path) => Ok(match files::single(&path) {
                Ok(list) => self.files(&list, &Spot::new(PlaceKind::File, number)),
                Err(error) => self.unreadable(&Error::at(&path, &error)),
            }),
            Target::Stdin => Ok(self.stdin(number)),
            Target::Remote(url) => self.remote(number, &url),
            Target::Unreadable(error) => Ok(self.unreadable(&error)),
        }
    }

    fn unreadable(&self, error: &Error) -> Counts {
        let why = error.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
        self.collector.notice(Notice::incomplete("target", "", format!("{error}{why}")));
        Counts::default()
    }

    fn stdin(&self, number: usize) -> Counts {
        self.progress.set_phase(Phase::Files);
        let mut input = self.plan.stdin.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let scanned = scan_stdin(self.detector, self.progress, &mut *input);
        if let Some(why) = &scanned.broken {
            self.collector.notice(Notice::incomplete("standard input", "-", why.clone()));
        }
        let counts = Counts { bytes: scanned.bytes, ..Counts::default() };
        if counts.bytes == 0 {
            self.collector.notice(Notice::info("standard input", "-", "it was empty"));
        }
        self.collector.scanned(&Spot::new(PlaceKind::Stdin, number), scanned);
        counts
    }

    fn remote(&self, number: usize, url: &Url) -> Result<Counts> {
        let limits = &self.plan.clone;
        let options =
            CloneOptions { timeout: limits.timeout, max_size: limits.max_size, prompt: limits.prompt, ..CloneOptions::new(&limits.folder) };
        let clone = match remote::clone(url, &options, self.progress) {
            Ok(clone) => clone,
            Err(error) if self.progress.stopped() => {
                self.collector.notice(Notice::incomplete("interrupted", url.display(), error.to_string()));
                return Ok(Counts::default());
            }
            Err(error) => return Ok(self.unreadable(&error)),
        };
        let found = Repository {
            given: clone.path().to_owned(),
            git_dir: clone.path().to_owned(),
            common_dir: clone.path().to_owned(),
            work_tree: None,
        };
        if self.plan.range.is_some() {
            return self.ranged(number, &found, &[], true);
        }
        self.one_repository(number, &found, &BString::default(), true)
    }

    /// A repository and, where asked, its submodules and the repositories that lie in its working tree.
    fn repository(&self, number: usize, found: &Repository, path: BString) -> Result<Counts> {
        if self.plan.range.is_some() {
            return self.ranged(number, found, &[], false);
        }
        let mut counts = self.one_repository(number, found, &path, false)?;
        for (inner, place) in self.submodules(found, &path) {
            counts.add(&self.repository(number, &inner, place)?);
        }
        Ok(counts)
    }

    fn one_repository(&self, number: usize, found: &Repository, path: &BString, ours: bool) -> Result<Counts> {
        let repo = match Repo::open(&found.git_dir, found.work_tree.as_deref()) {
            Ok(repo) => repo,
            Err(why) => {
                self.collector.notice(Notice::incomplete("repository", as_bytes(&found.given), why));
                return Ok(Counts::default());
            }
        };
        let wanted = |path: &[u8]| self.plan.wants(path);
        let context = Context {
            collector: &self.collector,
            progress: self.progress,
            target: number,
            path: path.clone(),
            wanted: &wanted,
            max_size: self.plan.max_file_size,
        };
        let stage = if self.plan.work_tree && !ours { self.stage(&context, &repo) } else { Stage::default() };
        let mut counts = repository::scan(&context, &repo, &stage, ours);
        if self.plan.work_tree && !ours {
            let (list, files) = worktree::scan(&context, &repo, &stage, &self.file_options(true));
            counts.add(&files);
            if self.plan.nested {
                for nested in list.nested_repositories {
                    counts.add(&self.nested(number, found.work_tree.as_deref().unwrap_or(&found.given), &nested, path)?);
                }
            }
        }
        if counts.commits + counts.blobs + counts.files + counts.index_entries == 0 {
            self.collector.notice(Notice::info("repository", as_bytes(&found.given), "it has no commits and no files yet"));
        }
        Ok(counts)
    }

    fn stage(&self, context: &Context<'_>, repo: &Repo) -> Stage {
        Stage::read(&repo.git_dir.join("index"), repo.hash).unwrap_or_else(|why| {
            context.notice(Notice::incomplete("index", "index", why));
            Stage::default()
        })
    }

    /// A repository that lies below a folder or in another's working tree.
    fn nested(&self, number: usize, root: &Path, nested: &Path, outer: &BString) -> Result<Counts> {
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let below = as_bytes(nested.strip_prefix(&root).unwrap_or(nested));
        let place = if outer.is_empty() { below } else { BString::from([outer.as_slice(), b"/", &below].concat()) };
        match target::look(nested.as_os_str(), Mode::Git)? {
            Target::Repository(found) => self.repository(number, &found, place),
            Target::Unreadable(error) => Ok(self.unreadable(&error)),
            _ => Ok(Counts::default()),
        }
    }

    /// The submodules that are here, with their places; what is not here, or not asked for, is said.
    fn submodules(&self, found: &Repository, outer: &BString) -> Vec<(Repository, BString)> {
        let found = worktree::submodules(found);
        if found.is_empty() {
            return Vec::new();
        }
        if !self.plan.recurse_submodules {
            self.collector.leave_out("submodules", Some(found.len() as u64), "--recurse-submodules");
            return Vec::new();
        }
        let mut here = Vec::new();
        for (path, repository) in found {
            let place = if outer.is_empty() { path } else { BString::from([outer.as_slice(), b"/", &path].concat()) };
            match repository {
                Some(repository) => here.push((repository, place)),
                None => {
                    self.collector.notice(Notice::incomplete("submodule", place, "it is not here; `git submodule update --init` brings it"))
                }
            }
        }
        here
    }

    fn file_options(&self, ignore_rules: bool) -> FileOptions {
        FileOptions {
            include: self.plan.include.clone(),
            exclude: self.plan.exclude.clone(),
            max_file_size: self.plan.max_file_size,
            ignore_rules,
            include_ignored: self.plan.include_ignored,
            nested: self.plan.mode != Mode::Dir,
        }
    }

    fn directory(&self, number: usize, path: &Path) -> Result<Counts> {
        let list = files::list(FileWalk { root: path, options: &self.file_options(false), progress: self.progress });
        let mut counts = self.files(&list, &Spot::new(PlaceKind::File, number));
        let nested: &[PathBuf] = if self.plan.nested { &list.nested_repositories } else { &[] };
        for repository in nested {
            counts.add(&self.nested(number, path, repository, &BString::default())?);
        }
        if list.git_folders > 0 {
            self.collector.leave_out(".git folders", Some(list.git_folders), "`unleak scan` or `unleak git`");
        }
        if counts.is_empty() && list.excluded + list.too_large == 0 && list.notices.is_empty() {
            self.collector.notice(Notice::info("directory", as_bytes(path), "it has no files"));
        }
        Ok(counts)
    }

    fn files(&self, list: &FileList, spot: &Spot) -> Counts {
        self.progress.set_phase(Phase::Files);
        worktree::scan_list(&self.collector, self.progress, list, spot, &|scan| {
            scan_names(self.detector, list, self.progress, &|file, scanned| scan(file, scanned, true));
            scan_files(self.detector, list, self.progress, &|file, scanned| scan(file, scanned, false))
        })
    }

    /// Names in what is told may hold secrets that were not scanned: of a target, of a file that cannot be read.
    fn look_at_names(&self, targets: &[TargetCoverage], notices: &[Notice]) {
        let names = targets.iter().map(|target| target.name.as_slice());
        let told = notices.iter().flat_map(|notice| [notice.place.as_slice(), notice.why.as_bytes()]);
        for text in names.chain(told) {
            let values = scan_text(self.detector, text).matches.into_iter().map(|found| found.judged.value.clone());
            self.collector.mask(values);
        }
    }

    /// Entries that have expired, and where everything was looked at, those that hide nothing.
    fn say_stale(&self, findings: &[Finding]) {
        let suppress = &self.plan.suppress;
        if suppress.strict {
            return;
        }
        let used: FxHashSet<&str> = findings.iter().flat_map(|f| f.hidden.iter().map(|hidden| hidden.source.as_str())).collect();
        let plan = self.plan;
        let limited = plan.range.is_some() || plan.include.is_some() || plan.exclude.is_some() || plan.max_file_size.is_some();
        let read = plan.work_tree && plan.mode == Mode::Auto && !self.progress.stopped() && !self.collector.has_trouble();
        let whole = suppress.whole && read && !limited;
        if suppress.inline && suppress.every_rule && !self.progress.stopped() {
            self.collector.hiding.unused().into_iter().for_each(|notice| self.collector.notice(notice));
        }
        for stale in suppress.stale(&|source| !whole || used.contains(source)) {
            let why = match stale.expired {
                Some(day) => format!("it expired on {day}"),
                None => "it hides nothing; `unleak ignore prune` removes such entries".to_owned(),
            };
            self.collector.notice(Notice::info("suppression", stale.source, why));
        }
    }

    fn finish(self, targets: Vec<TargetCoverage>) -> Outcome {
        let mut coverage = Coverage {
            targets,
            rules: self.detector.rules().in_force(),
            rules_digest: self.detector.rules().digest(),
            key: self.plan.key.id(),
            already_there: self.already_there.load(Ordering::Relaxed),
            ..Coverage::default()
        };
        self.plan.notices.iter().for_each(|notice| self.collector.notice(notice.clone()));
        let shown = Shown { least: self.plan.confidence, entropy: self.plan.entropy, others: self.plan.keep_unsure };
        let mut findings = join::findings(&self.collector, &self.plan.key, &self.plan.suppress, shown);
        self.say_stale(&findings);
        let notices = self.collector.notices();
        self.look_at_names(&coverage.targets, &notices);
        // A guessable value that is not reported is mostly a common word: masking it would only garble names.
        let mut candidates = self.collector.values();
        candidates.par_sort_unstable();
        candidates.dedup();
        let candidates = candidates.into_par_iter().filter(|value| !value.is_weak()).collect();
        let before = findings.len();
        findings.retain(|f| f.severity >= self.plan.severity);
        let (findings, mut unsure): (Vec<_>, Vec<_>) = findings.into_iter().partition(|f| shown.takes(&f.rule, f.confidence));
        coverage.below_threshold = (before - findings.len()) as u64;
        findings.iter().for_each(|finding| coverage.hide(finding));
        let (hidden, findings) = findings.into_iter().partition(|finding| finding.suppressed);
        if !self.plan.keep_unsure {
            unsure.clear();
        }
        coverage.dropped = self.detector.dropped();
        coverage.left_out = self.collector.left_out();
        if coverage.targets.iter().all(|t| t.kind != TargetKind::Unreadable) && coverage.rules == 0 {
            self.collector.notice(Notice::incomplete("rules", "", "no rules are loaded"));
        }
        let interrupted = self.progress.stop_signal();
        if interrupted == Some(0) {
            self.collector.notice(Notice::incomplete("time limit", "", "the scan was stopped by --timeout"));
        }
        let mut outcome = Outcome {
            findings,
            hidden,
            unsure,
            notices: notices.into_iter().chain(self.collector.notices()).collect(),
            coverage,
            interrupted: interrupted.filter(|&signal| signal > 0).map(i32::from),
            candidates,
        };
        outcome.sort();
        outcome
    }
}
