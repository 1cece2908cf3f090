//! From what the user typed, the environment and files to what is meant: a plan, the rules, the reports. The
//! only place that reads the environment. It starts nothing.
//!
//! Flags come before the environment (`UNLEAK_*`), that before files named by `-c`, those before the repository's
//! `.unleak.toml`, that before the user's own, and that before what is built in.

pub mod around;
pub mod ci;
mod commit;
mod gitleaks;
pub mod hook;
pub mod layers;
pub mod origin;
mod reports;
mod rules;
mod schema;
pub mod show;
mod suppression;
pub mod verify;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use globset::GlobSet;
use unleak::asking::Wish;
use unleak::error::{Error, Result, describe};
use unleak::finding::{Confidence, Severity};
use unleak::report::Format;
use unleak::rule::{HIGH_ENTROPY, RuleSet};
use unleak::scan::{CloneLimits, Plan, Range};
use unleak::secret::FingerprintKey;
use unleak::source::git::revisions::{Wanted, parse_since};
use unleak::source::target::Mode;
use unleak::suppress::allow;

use crate::cli::{self, GitleaksArgs, ReportArgs, ScanArgs, When};
use around::Around;
use layers::{Layers, Said};
pub use rules::chosen;

/// A run with its reports, resolved.
pub struct Job {
    /// What to scan.
    pub plan: Plan,
    /// The rules in force.
    pub rules: RuleSet,
    /// Reports to be written.
    pub reports: Vec<Report>,
    /// Whole secrets are shown.
    pub show_secrets: bool,
    /// What is suppressed is listed too.
    pub show_suppressed: bool,
    /// Standard output is coloured.
    pub color: bool,
    /// A progress bar may be drawn.
    pub progress: bool,
    /// Nothing but the reports is printed.
    pub quiet: bool,
    /// More is printed.
    pub verbose: bool,
    /// What counts for the exit code.
    pub fail_on: Severity,
    /// The exit code for findings.
    pub exit_code: u8,
    /// An incomplete scan is as good as a complete one.
    pub allow_incomplete: bool,
    /// The time limit.
    pub timeout: Option<Duration>,
    /// What is wanted of verification, where it is.
    pub wish: Option<Wish>,
}

/// A report to be written.
pub struct Report {
    /// Its format.
    pub format: Format,
    /// Its file; standard output where there is none.
    pub path: Option<PathBuf>,
}

/// `unleak scan`.
pub fn scan(args: ScanArgs) -> Result<Job> {
    resolve(args, Mode::Auto, true)
}

/// `unleak git`.
pub fn git(args: ScanArgs) -> Result<Job> {
    resolve(args, Mode::Git, false)
}

/// `unleak dir`.
pub fn dir(args: ScanArgs) -> Result<Job> {
    if range(&args)?.is_some() || args.log_opts.is_some() || args.pre_commit {
        return Err(Error::usage("`unleak dir` reads files and knows no commits").hint("use `unleak scan` or `unleak git`"));
    }
    resolve(args, Mode::Dir, true)
}

/// `unleak detect` and `unleak protect`, as users of Gitleaks type them.
pub fn gitleaks(args: GitleaksArgs, protect: bool) -> Result<Job> {
    let (args, files) = gitleaks::scan(args, protect)?;
    if files { dir(args) } else { scan(args) }
}

/// `unleak stdin`.
pub fn stdin(mut args: ReportArgs) -> Result<Job> {
    gitleaks::report_options(&mut args);
    let plan = Plan { targets: vec!["-".into()], ..Plan::default() };
    let around = Around::new(&plan.targets, Mode::Auto, &args)?;
    job(plan, &args, &around)
}

fn resolve(mut args: ScanArgs, mode: Mode, work_tree: bool) -> Result<Job> {
    gitleaks::options(&mut args)?;
    let around = Around::new(&args.targets, mode, &args.report)?;
    resolve_in(args, mode, work_tree, &around)
}

/// What a scan's arguments mean with these files around them.
pub fn resolve_in(args: ScanArgs, mode: Mode, work_tree: bool, around: &Around) -> Result<Job> {
    let layers = &around.layers;
    let mut range = range(&args)?;
    if let Some(Range::Commits(wanted)) = &mut range {
        wanted.all_refs |= layers.last(|file| file.refs.all).unwrap_or(false);
    }
    if args.whole_files && range.is_none() {
        return Err(Error::usage("--whole-files goes with a range, --staged or --changes: a full scan reports everything anyway"));
    }
    let staged = matches!(range, Some(Range::Staged | Range::Changes));
    let clone = Clones::new(&args, around)?;
    let report = args.report;
    let plan = Plan {
        targets: args.targets,
        mode,
        work_tree,
        index: if staged { std::env::var_os("GIT_INDEX_FILE").map(PathBuf::from) } else { None },
        range,
        whole_files: args.whole_files,
        include: globs(&args.include, layers.list(|file| file.paths.include.as_ref()).filter(|_| args.include.is_empty()))?,
        exclude: globs(&args.exclude, Some(layers.every(|file| &file.paths.exclude)))?,
        include_ignored: args.include_ignored || layers.last(|file| file.paths.include_ignored).unwrap_or(false),
        recurse_submodules: args.recurse_submodules || layers.last(|file| file.paths.recurse_submodules).unwrap_or(false),
        nested: !args.no_nested && layers.last(|file| file.paths.nested).unwrap_or(true),
        max_file_size: clone.max_file_size,
        clone: clone.limits,
        ..Plan::default()
    };
    job(plan, &report, around)
}

/// A plan for runs that take no paths: with what the files say of them.
pub fn plan(around: &Around) -> Result<Plan> {
    let layers = &around.layers;
    Ok(Plan {
        include: globs(&[], layers.list(|file| file.paths.include.as_ref()))?,
        exclude: globs(&[], Some(layers.every(|file| &file.paths.exclude)))?,
        recurse_submodules: layers.last(|file| file.paths.recurse_submodules).unwrap_or(false),
        ..Plan::default()
    })
}

/// The limits on sizes and clones.
struct Clones {
    max_file_size: Option<u64>,
    limits: CloneLimits,
}

impl Clones {
    fn new(args: &ScanArgs, around: &Around) -> Result<Self> {
        let layers = &around.layers;
        let max_file_size = size(layers.said(|file| file.limits.max_file_size.as_ref()))?;
        let max_size = size(layers.said(|file| file.limits.clone_max_size.as_ref()))?;
        let timeout = time(layers.said(|file| file.limits.clone_timeout.as_ref()))?;
        let limits = CloneLimits {
            folder: std::env::temp_dir(),
            timeout: args.clone_timeout.or(timeout).unwrap_or(Duration::from_secs(30 * 60)),
            max_size: args.clone_max_size.or(max_size),
            prompt: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        };
        Ok(Self { max_file_size: args.max_file_size.or(max_file_size), limits })
    }
}

fn size(said: Option<Said<'_, String>>) -> Result<Option<u64>> {
    said.map(|said| cli::size(&said.value).map_err(|why| said.wrong(&why))).transpose()
}

fn time(said: Option<Said<'_, String>>) -> Result<Option<Duration>> {
    said.map(|said| cli::duration(&said.value).map_err(|why| said.wrong(&why))).transpose()
}

/// The job of a plan with these report options and files around them.
pub fn job(mut plan: Plan, args: &ReportArgs, around: &Around) -> Result<Job> {
    let layers = &around.layers;
    checked(layers)?;
    plan.severity = level(args.severity.as_deref(), layers.said(|file| file.thresholds.severity.as_ref()))?.unwrap_or(Severity::Low);
    plan.confidence = confidence(args, layers.said(|file| file.thresholds.confidence.as_ref()))?;
    let fail_on = level(args.fail_on.as_deref(), layers.said(|file| file.thresholds.fail_on.as_ref()))?;
    plan.threads = args.threads.or(layers.last(|file| file.limits.threads)).map(usize::from).filter(|&threads| threads > 0);
    plan.key = key(args)?;
    let wish = verify::wish(&args.verify, &plan.targets, layers)?;
    plan.keep_unsure = wish.is_some();
    plan.suppress = suppression::suppression(args, around, &plan.key.id())?;
    plan.notices.extend(layers.notices.iter().cloned());
    plan.entropy = args.entropy;
    let mut rules = rules::rules(args, around, &mut plan.notices)?;
    if args.entropy || plan.confidence == Confidence::Low || args.rule.iter().any(|name| name == HIGH_ENTROPY) {
        rules = rules.with_entropy();
    }
    let terminal = std::io::stdout().is_terminal();
    Ok(Job {
        rules,
        reports: reports::reports(args, layers)?,
        show_secrets: args.show_secrets,
        show_suppressed: args.show_suppressed || layers.last(|file| file.reports.show_suppressed).unwrap_or(false),
        color: match args.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !plain(),
        },
        progress: !args.quiet && !args.no_progress && std::io::stderr().is_terminal(),
        quiet: args.quiet,
        verbose: args.verbose,
        fail_on: fail_on.unwrap_or(plan.severity),
        exit_code: match args.exit_code {
            _ if args.exit_zero => 0,
            asked => asked.or(layers.last(|file| file.thresholds.exit_code)).unwrap_or(1),
        },
        allow_incomplete: args.allow_incomplete || layers.last(|file| file.thresholds.allow_incomplete).unwrap_or(false),
        timeout: args.timeout.or(time(layers.said(|file| file.limits.timeout.as_ref()))?),
        wish,
        plan,
    })
}

/// What a configuration says of files and limits is right, whether this run needs it or not.
fn checked(layers: &Layers) -> Result<()> {
    globs(&[], layers.list(|file| file.paths.include.as_ref()))?;
    globs(&[], Some(layers.every(|file| &file.paths.exclude)))?;
    size(layers.said(|file| file.limits.max_file_size.as_ref()))?;
    size(layers.said(|file| file.limits.clone_max_size.as_ref()))?;
    time(layers.said(|file| file.limits.clone_timeout.as_ref())).map(drop)
}

fn level(typed: Option<&str>, said: Option<Said<'_, String>>) -> Result<Option<Severity>> {
    match (typed, said) {
        (Some(name), _) => Severity::from_name(name).map(Some).ok_or_else(|| Error::usage(format!("{name:?} is no severity"))),
        (None, Some(said)) => {
            let wrong = || said.wrong(&format!("{:?} is no severity: low, medium, high or critical", said.value));
            Severity::from_name(&said.value).map(Some).ok_or_else(wrong)
        }
        (None, None) => Ok(None),
    }
}

fn confidence(args: &ReportArgs, said: Option<Said<'_, String>>) -> Result<Confidence> {
    match (&args.confidence, said) {
        (Some(name), _) => Confidence::from_name(name).ok_or_else(|| Error::usage(format!("{name:?} is no confidence"))),
        (None, Some(said)) => {
            let wrong = || said.wrong(&format!("{:?} is no confidence: low, medium or high", said.value));
            Confidence::from_name(&said.value).ok_or_else(wrong)
        }
        (None, None) => Ok(Confidence::Medium),
    }
}

fn range(args: &ScanArgs) -> Result<Option<Range>> {
    if args.staged {
        return Ok(Some(Range::Staged));
    }
    if args.changes {
        return Ok(Some(Range::Changes));
    }
    let asked = !(args.since_commit.is_empty() && args.range.is_empty() && args.branch.is_empty());
    if !asked && args.since.is_none() && args.max_depth.is_none() {
        return Ok(None);
    }
    Ok(Some(Range::Commits(Wanted {
        since_commit: args.since_commit.clone(),
        range: args.range.clone(),
        branch: args.branch.clone(),
        since: args.since.as_deref().map(|date| parse_since(date, now())).transpose()?,
        max_depth: args.max_depth,
        all_refs: args.refs.is_some(),
    })))
}

/// Whether the environment wants no colours.
pub fn plain() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}

/// Seconds since 1970.
pub fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// What the command line and a configuration name together.
fn globs(typed: &[String], said: Option<Vec<Said<'_, String>>>) -> Result<Option<GlobSet>> {
    let said = said.unwrap_or_default();
    for one in &said {
        allow::globs([one.value.as_str()]).map_err(|why| one.wrong(&why))?;
    }
    let patterns: Vec<&str> = typed.iter().map(String::as_str).chain(said.iter().map(|one| one.value.as_str())).collect();
    if patterns.is_empty() {
        return Ok(None);
    }
    allow::globs(patterns).map(Some).map_err(|why| Error::usage(why).hint("patterns are globs: *.env, docs/**, **/test/*"))
}

fn key(args: &ReportArgs) -> Result<FingerprintKey> {
    let key = match &args.key_file {
        Some(path) => std::fs::read(path).map_err(|e| Error::configuration(format!("{}: {}", path.display(), describe(&e))))?,
        None => match std::env::var_os("UNLEAK_KEY") {
            Some(key) => key.into_encoded_bytes(),
            None => return Ok(FingerprintKey::default()),
        },
    };
    let key = bstr::ByteSlice::trim(key.as_slice()).to_vec();
    if key.len() < 16 {
        return Err(Error::configuration("the fingerprint key is shorter than 16 bytes").hint("`openssl rand -hex 32` makes one"));
    }
    Ok(FingerprintKey::private(key))
}
