//! From what the user typed, the environment and files to what is meant: a plan, the rules, the reports. The
//! only place that reads the environment. It starts nothing.

mod rules;

use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use globset::{Glob, GlobSet, GlobSetBuilder};
use unleak::error::{Error, Kind, Result, describe};
use unleak::finding::{Confidence, Severity};
use unleak::report::Format;
use unleak::rule::RuleSet;
use unleak::scan::{CloneLimits, Plan, Range};
use unleak::secret::FingerprintKey;
use unleak::source::git::revisions::{Wanted, parse_since};
use unleak::source::target::Mode;

pub use rules::rules;

use crate::cli::{ReportArgs, ScanArgs, When};

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
    if range(&args)?.is_some() {
        return Err(Error::usage("`unleak dir` reads files and knows no commits").hint("use `unleak scan` or `unleak git`"));
    }
    resolve(args, Mode::Dir, true)
}

/// `unleak stdin`.
pub fn stdin(args: ReportArgs) -> Result<Job> {
    let plan = Plan { targets: vec!["-".into()], ..Plan::default() };
    job(plan, &args)
}

fn resolve(args: ScanArgs, mode: Mode, work_tree: bool) -> Result<Job> {
    let range = range(&args)?;
    if args.whole_files && range.is_none() {
        return Err(Error::usage("--whole-files goes with a range, --staged or --changes: a full scan reports everything anyway"));
    }
    let staged = matches!(range, Some(Range::Staged | Range::Changes));
    let plan = Plan {
        targets: args.targets,
        mode,
        work_tree,
        index: if staged { std::env::var_os("GIT_INDEX_FILE").map(PathBuf::from) } else { None },
        range,
        whole_files: args.whole_files,
        include: globs(&args.include)?,
        exclude: globs(&args.exclude)?,
        include_ignored: args.include_ignored,
        recurse_submodules: args.recurse_submodules,
        nested: !args.no_nested,
        max_file_size: args.max_file_size,
        clone: CloneLimits {
            folder: std::env::temp_dir(),
            timeout: args.clone_timeout,
            max_size: args.clone_max_size,
            prompt: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        },
        ..Plan::default()
    };
    job(plan, &args.report)
}

/// The job of a plan with these report options.
pub fn job(mut plan: Plan, args: &ReportArgs) -> Result<Job> {
    let level = |name: &str| Severity::from_name(name).ok_or_else(|| Error::usage(format!("{name:?} is no severity")));
    plan.severity = level(&args.severity)?;
    plan.confidence = Confidence::from_name(&args.confidence).ok_or_else(|| Error::usage("no such confidence"))?;
    plan.threads = args.threads.map(usize::from);
    plan.key = key(args)?;
    let mut rules = RuleSet::builtin();
    for path in &args.rules {
        rules.load(path)?;
    }
    rules.select(&args.rule, &args.exclude_rule)?;
    let terminal = std::io::stdout().is_terminal();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()) || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
    Ok(Job {
        rules,
        reports: reports(args)?,
        show_secrets: args.show_secrets,
        color: match args.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !plain,
        },
        progress: !args.quiet && !args.no_progress && std::io::stderr().is_terminal(),
        quiet: args.quiet,
        verbose: args.verbose,
        fail_on: match &args.fail_on {
            Some(name) => level(name)?,
            None => plan.severity,
        },
        exit_code: if args.exit_zero { 0 } else { args.exit_code },
        allow_incomplete: args.allow_incomplete,
        timeout: args.timeout,
        plan,
    })
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

/// Seconds since 1970.
pub fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

fn globs(patterns: &[String]) -> Result<Option<GlobSet>> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let wrong = |e: globset::Error| Error::usage(format!("{e}")).hint("patterns are globs: *.env, docs/**, **/test/*");
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(wrong)?);
        // Like git, a pattern without a slash means that name in any folder.
        if !pattern.contains('/') {
            set.add(Glob::new(&format!("**/{pattern}")).map_err(wrong)?);
        }
    }
    set.build().map(Some).map_err(wrong)
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

fn reports(args: &ReportArgs) -> Result<Vec<Report>> {
    let asked = match &args.format {
        Some(name) => Some(Format::from_name(name).ok_or_else(|| Error::usage(format!("{name:?} is no report format")))?),
        None if args.json => Some(Format::Jsonl),
        None => None,
    };
    let mut reports: Vec<Report> = args.output.iter().map(|output| report(output, asked)).collect::<Result<_>>()?;
    if reports.is_empty() {
        reports.push(Report { format: asked.unwrap_or(Format::Text), path: None });
    }
    Ok(reports)
}

/// `[FORMAT:]FILE`; `-` is standard output.
fn report(output: &OsString, asked: Option<Format>) -> Result<Report> {
    let (named, file) = match output.to_str().and_then(|text| text.split_once(':')) {
        Some((name, file)) if Format::from_name(name).is_some() => (Format::from_name(name), OsStr::new(file)),
        _ => (None, output.as_os_str()),
    };
    if file.is_empty() {
        return Err(Error::new(Kind::Usage, "--output needs a file name"));
    }
    let path = (file != "-").then(|| PathBuf::from(file));
    let by_name = path.as_deref().and_then(Format::from_extension);
    Ok(Report { format: named.or(by_name).or(asked).unwrap_or(Format::Text), path })
}
