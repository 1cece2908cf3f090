//! What the user typed, and nothing else: the command line as clap reads it. What it means is decided in `config`.

mod ci;
mod environment;
mod gitleaks;
mod help;
mod hook;
mod rules;
mod shell;
mod verify;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
pub use rules::{ExplainArgs, RulesChoice, RulesCommand, RulesFiles, RulesList, RulesShow};
pub use verify::{RevokeArgs, SecretArgs, VerifyArgs};

pub use ci::CiArgs;
use environment::Lookup;
pub use gitleaks::{GitleaksArgs, GitleaksOptions};
pub use hook::{HookArgs, HookCommand, HookName, InstallArgs, RunArgs, RunName, WhichArgs};
pub use shell::{CompletionsArgs, ManArgs, all_pages, completions, man};

/// Finds leaked secrets in git history.
#[derive(Debug, Parser)]
#[command(name = "unleak", version, about, after_help = help::EXIT_CODES, after_long_help = help::long(help::PROGRAM), max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan repositories with their whole history, folders, files, URLs, or standard input (`-`)
    #[command(visible_alias = "auto", after_help = help::EXIT_CODES, after_long_help = help::long(help::SCAN))]
    Scan(ScanArgs),
    /// Scan a repository's history only: no index, no working tree
    #[command(after_help = help::EXIT_CODES, after_long_help = help::long(help::GIT))]
    Git(ScanArgs),
    /// Scan files only, even in a repository
    #[command(visible_aliases = ["fs", "filesystem"], aliases = ["directory", "file"], after_help = help::EXIT_CODES, after_long_help = help::long(help::DIR))]
    Dir(ScanArgs),
    /// Scan standard input
    #[command(after_help = help::EXIT_CODES, after_long_help = help::long(help::STDIN))]
    Stdin(ReportArgs),
    /// Gitleaks' command: the same as scan
    #[command(hide = true)]
    Detect(GitleaksArgs),
    /// Gitleaks' command: the same as scan --changes, or scan --staged
    #[command(hide = true)]
    Protect(GitleaksArgs),
    /// Git hooks: install them beside others, take them away, run them
    Hook(HookArgs),
    /// In a pipeline: scan what the event that started it brings in
    #[command(after_help = help::EXIT_CODES, after_long_help = help::long(ci::EXAMPLES))]
    Ci(Box<CiArgs>),
    /// Does it work here? A planted secret must be found; git, hooks and pipeline are looked at
    Doctor(Box<ReportArgs>),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the man page of a command
    Man(ManArgs),
    /// Ask providers about secrets from standard input, or about those of a report
    Verify(SecretArgs),
    /// Say who secrets from standard input or of a report are, and what they may do
    Analyze(SecretArgs),
    /// Revoke secrets from standard input or of a report: says what it would do, and does it with --yes
    Revoke(RevokeArgs),
    /// Make a small throw-away repository with fake secrets and scan it
    Demo(ReportArgs),
    /// List, show, try and check rules
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Say why something is reported, or is not: what fired, what was dropped, by what
    Explain(ExplainArgs),
    /// Add entries to the ignore file, list them, remove those that do nothing any more
    #[command(subcommand, after_long_help = help::long(help::IGNORE))]
    Ignore(IgnoreCommand),
    /// Write down what is known today, so that only new secrets are reported
    #[command(subcommand, after_long_help = help::long(help::BASELINE))]
    Baseline(BaselineCommand),
    /// Show the configuration in force, or check files of it
    #[command(subcommand, after_long_help = help::long(help::CONFIG))]
    Config(ConfigCommand),
}

/// `unleak config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show which files are read, what they say together, and which rules are in force
    Show(ReportArgs),
    /// Check the files given, else those in force
    Check {
        /// Configuration files
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        report: ReportArgs,
    },
}

/// `unleak ignore`
#[derive(Debug, Subcommand)]
pub enum IgnoreCommand {
    /// Let secrets pass, by the id that a report shows
    Add(IgnoreAdd),
    /// List the entries
    List(ReportArgs),
    /// Scan the repository and remove entries that have expired or hide nothing
    Prune(ReportArgs),
}

/// `unleak ignore add`
#[derive(Debug, Args)]
pub struct IgnoreAdd {
    /// The ids of the findings, as reports show them
    #[arg(value_name = "ID", required = true)]
    pub fingerprints: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// The last day on which it counts: 2027-01-31
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// Only at this path
    #[arg(long, value_name = "PATH")]
    pub path: Option<OsString>,
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `unleak baseline`
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Scan, and write what is found into a new file
    Create(BaselineArgs),
    /// Scan, add what is new to the file and remove what is gone
    Update(BaselineArgs),
    /// Scan, and report what the file does not know
    Diff(BaselineArgs),
}

/// What all commands on baselines take.
#[derive(Debug, Args)]
pub struct BaselineArgs {
    /// The baseline
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub scan: ScanArgs,
}

/// What is scanned, and how.
#[derive(Debug, Default, Args)]
pub struct ScanArgs {
    /// Repository, folder, file, URL, or `-`
    #[arg(value_name = "TARGET", default_value = ".")]
    pub targets: Vec<OsString>,

    /// Only what the index adds to HEAD
    #[arg(long, help_heading = "Part of the history", conflicts_with_all = ["changes", "since_commit", "range", "branch", "since", "max_depth", "refs"])]
    pub staged: bool,
    /// Only what the index and the working tree add to HEAD, untracked files included
    #[arg(long, help_heading = "Part of the history", conflicts_with_all = ["since_commit", "range", "branch", "since", "max_depth", "refs"])]
    pub changes: bool,
    /// Only commits that REV does not reach
    #[arg(long, value_name = "REV", help_heading = "Part of the history")]
    pub since_commit: Vec<String>,
    /// Only the commits of a range
    #[arg(long, value_name = "A..B", help_heading = "Part of the history")]
    pub range: Vec<String>,
    /// Only commits that this branch (or other revision) reaches, instead of HEAD
    #[arg(long, value_name = "REV", help_heading = "Part of the history")]
    pub branch: Vec<String>,
    /// Only commits of this date or later: 2024-01-31, "2 weeks ago"
    #[arg(long, value_name = "DATE", help_heading = "Part of the history")]
    pub since: Option<String>,
    /// Only the first N commits
    #[arg(long, value_name = "N", help_heading = "Part of the history")]
    pub max_depth: Option<usize>,
    /// With the options above: the commits of all refs instead of HEAD's
    #[arg(long, value_name = "WHICH", value_parser = ["all"], help_heading = "Part of the history")]
    pub refs: Option<String>,
    /// Options of `git log`, as Gitleaks takes them: a subset
    #[arg(long, hide = true, allow_hyphen_values = true, value_name = "OPTIONS", conflicts_with_all = ["staged", "changes"])]
    pub log_opts: Option<String>,
    /// Gitleaks' word for --changes; with --staged for that
    #[arg(long, hide = true, conflicts_with_all = ["since_commit", "range", "branch", "since", "max_depth", "refs", "log_opts"])]
    pub pre_commit: bool,
    /// Report also what stood in the changed files before
    #[arg(long, help_heading = "Part of the history")]
    pub whole_files: bool,

    /// Only paths that match
    #[arg(long, value_name = "GLOB", help_heading = "Files")]
    pub include: Vec<String>,
    /// No paths that match
    #[arg(long, value_name = "GLOB", help_heading = "Files")]
    pub exclude: Vec<String>,
    /// Also files that .gitignore hides
    #[arg(long, help_heading = "Files")]
    pub include_ignored: bool,
    /// Also the submodules that are here
    #[arg(long, help_heading = "Files")]
    pub recurse_submodules: bool,
    /// Not the repositories below a folder
    #[arg(long, help_heading = "Files")]
    pub no_nested: bool,
    /// Nothing larger: 500K, 10M, 1G
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Files")]
    pub max_file_size: Option<u64>,

    /// How long cloning a URL may take: 90s, 10m; 30m by default
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Remote repositories")]
    pub clone_timeout: Option<std::time::Duration>,
    /// How large a clone may be: 500M, 2G
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Remote repositories")]
    pub clone_max_size: Option<u64>,

    #[command(flatten)]
    pub report: ReportArgs,
}

/// What is found and how it is told.
#[derive(Debug, Default, Args)]
pub struct ReportArgs {
    /// Report format
    #[arg(short, long, alias = "report-format", value_name = "FORMAT", value_parser = clap::builder::PossibleValuesParser::new(unleak::report::Format::names()), help_heading = "Report")]
    pub format: Option<String>,
    /// Write a report to a file (repeatable); the format is taken from its extension, else from -f
    #[arg(short, long, value_name = "[FORMAT:]FILE", help_heading = "Report")]
    pub output: Vec<OsString>,
    /// Same as -f jsonl
    #[arg(long, conflicts_with = "format", help_heading = "Report")]
    pub json: bool,
    /// Show whole secrets
    #[arg(long, help_heading = "Report")]
    pub show_secrets: bool,
    /// Colours
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Report")]
    pub color: When,
    /// Print the report and nothing else
    #[arg(short, long, help_heading = "Report")]
    pub quiet: bool,
    /// Say more on what is done
    #[arg(short, long, conflicts_with = "quiet", help_heading = "Report")]
    pub verbose: bool,
    /// No progress bar
    #[arg(long, help_heading = "Report")]
    pub no_progress: bool,

    /// Report findings that are at least so sure; medium by default
    #[arg(long, value_name = "LEVEL", value_parser = ["low", "medium", "high"], help_heading = "Findings")]
    pub confidence: Option<String>,
    /// Report long values that look random too, whatever stands around them
    #[arg(long, help_heading = "Findings")]
    pub entropy: bool,
    /// Report findings that are at least so severe; low by default
    #[arg(long, value_name = "LEVEL", value_parser = ["low", "medium", "high", "critical"], help_heading = "Findings")]
    pub severity: Option<String>,
    /// Exit with 1 only for findings of at least this severity
    #[arg(long, value_name = "LEVEL", value_parser = ["low", "medium", "high", "critical"], help_heading = "Findings")]
    pub fail_on: Option<String>,
    /// Only these rules: an id, a provider or a glob like 'github-*' (repeatable)
    #[arg(long, alias = "enable-rule", value_name = "ID", help_heading = "Findings")]
    pub rule: Vec<String>,
    /// Not these rules
    #[arg(long, value_name = "ID", help_heading = "Findings")]
    pub exclude_rule: Vec<String>,
    /// Also the rules of this file, or of the files *.toml of this folder
    #[arg(long, value_name = "PATH", help_heading = "Findings")]
    pub rules: Vec<PathBuf>,
    /// Make fingerprints with the key in this file, instead of the published one
    #[arg(long, value_name = "FILE", help_heading = "Findings")]
    pub key_file: Option<PathBuf>,

    /// Hide what this baseline or JSON report knows (repeatable)
    #[arg(short, long, value_name = "FILE", alias = "baseline-path", help_heading = "Suppression")]
    pub baseline: Vec<PathBuf>,
    /// Hide what this file names, instead of the repository's .unleakignore
    #[arg(long, value_name = "FILE", help_heading = "Suppression")]
    pub ignore_file: Option<PathBuf>,
    /// Do not listen to markers like `unleak:allow`
    #[arg(long, help_heading = "Suppression")]
    pub no_inline_ignores: bool,
    /// Do not listen to the markers of other scanners: gitleaks:allow, trufflehog:ignore ...
    #[arg(long, alias = "ignore-gitleaks-allow", help_heading = "Suppression")]
    pub no_peer_markers: bool,
    /// Let nothing hide a finding: no marker, [[allow]], ignore file or baseline
    #[arg(long, help_heading = "Suppression")]
    pub strict: bool,
    /// List also what is hidden, with what hides it
    #[arg(long, help_heading = "Suppression")]
    pub show_suppressed: bool,

    /// Read this configuration too (repeatable; the last one decides)
    #[arg(short, long, value_name = "FILE", help_heading = "Configuration")]
    pub config: Vec<PathBuf>,
    /// Read no configuration and no ignore file but those named here
    #[arg(long, help_heading = "Configuration")]
    pub no_config: bool,
    /// Read the .unleak.toml of targets that are other repositories
    #[arg(long, help_heading = "Configuration")]
    pub trust_target_config: bool,

    /// Exit code for findings; 1 by default
    #[arg(long, value_name = "N", conflicts_with = "exit_zero", help_heading = "Limits and exit codes")]
    pub exit_code: Option<u8>,
    /// Exit with 0 though there are findings
    #[arg(long, help_heading = "Limits and exit codes")]
    pub exit_zero: bool,
    /// Exit with 0 though something could not be read
    #[arg(long, help_heading = "Limits and exit codes")]
    pub allow_incomplete: bool,
    /// Stop after this time: 90s, 10m
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Limits and exit codes")]
    pub timeout: Option<std::time::Duration>,
    /// Threads; as many as there are cores by default
    #[arg(short = 'j', long, value_name = "N", help_heading = "Limits and exit codes", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    #[command(flatten)]
    pub gitleaks: GitleaksOptions,

    #[command(flatten)]
    pub verify: VerifyArgs,

    /// What TruffleHog's users type and what holds here anyway
    #[arg(long, hide = true)]
    pub no_update: bool,
    #[arg(long, hide = true)]
    pub fail: bool,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A size in bytes: a number with K, M or G (1024) or nothing.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no size: give a number with K, M or G");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text[digits.len()..].to_ascii_uppercase().trim_end_matches("IB").trim_end_matches('B') {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return Err(wrong()),
    };
    digits.parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).ok_or_else(wrong)
}

/// A time: seconds, or a number with s, m or h.
pub fn duration(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || format!("{text:?} is no time: give a number with s, m or h");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    digits.parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).map(std::time::Duration::from_secs).ok_or_else(wrong)
}

/// The whole command line.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Reads a command line together with the environment; one that is wrong, or asks for help, ends the program here.
pub fn parse(args: impl IntoIterator<Item = OsString>, lookup: Lookup<'_>) -> Cli {
    let mut command = command();
    let args = with_command(args, &command);
    let matches = environment::matches(&mut command, &args, lookup).unwrap_or_else(|error| error.exit());
    <Cli as clap::FromArgMatches>::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// The variables that look like ours, mean nothing and are like one that does: probably mistyped, each with that one.
pub fn mistyped(set: impl Iterator<Item = String>) -> Vec<(String, String)> {
    let ours: Vec<String> = set.filter(|name| name.starts_with("UNLEAK_")).collect();
    // The whole command line is only built where there is one: a hook has no time for it.
    let known = if ours.is_empty() { Vec::new() } else { variables() };
    let unknown = ours.into_iter().filter(|name| !known.contains(name));
    unknown.filter_map(|name| meant(&name, &known).map(|meant| (name, meant))).collect()
}

/// The variable that a name may have been meant for. What they all begin with makes none like another.
pub fn meant(name: &str, known: &[String]) -> Option<String> {
    let own = |name: &'_ str| name.strip_prefix("UNLEAK_").map(str::to_owned);
    let known: Vec<String> = known.iter().filter_map(|name| own(name)).collect();
    unleak::error::near(&own(name)?, known.iter().map(String::as_str)).map(|near| format!("UNLEAK_{near}"))
}

/// The names of all environment variables that mean something, sorted.
pub fn variables() -> Vec<String> {
    let mut all = environment::names(&command());
    all.push("UNLEAK_KEY".to_owned());
    all.sort();
    all.dedup();
    all
}

/// The arguments with the command `scan` put in where the first names none: `unleak .` is `unleak scan .`.
pub fn with_command(args: impl IntoIterator<Item = OsString>, program: &clap::Command) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if args.len() == 2 && args[1] == "version" {
        args[1] = "--version".into();
    }
    let known = |arg: &OsString| {
        let arg = arg.to_string_lossy();
        program.get_subcommands().any(|c| c.get_name() == arg || c.get_all_aliases().any(|alias| alias == arg))
            || ["-h", "--help", "-V", "--version", "help"].contains(&arg.as_ref())
    };
    // A word that looks like a mistyped command is left for clap to complain about; a path or an option is not one.
    let target = |arg: &OsString| {
        let text = arg.to_string_lossy();
        text.starts_with('-') || text.contains(['/', ':', '.', '@']) || std::path::Path::new(arg).exists()
    };
    if args.get(1).is_some_and(|arg| !known(arg) && target(arg)) {
        args.insert(1, "scan".into());
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn sizes_and_times() {
        assert_eq!((size("10"), size("2K"), size("3MiB"), size("1gb")), (Ok(10), Ok(2048), Ok(3 << 20), Ok(1 << 30)));
        assert!(size("x").is_err() && size("5T").is_err() && size("99999999999G").is_err());
        assert_eq!((duration("90").unwrap().as_secs(), duration("2m").unwrap().as_secs()), (90, 120));
        assert!(duration("soon").is_err());
    }

    #[test]
    fn a_bare_target_means_scan() {
        let run =
            |args: &[&str]| with_command(std::iter::once("unleak").chain(args.iter().copied()).map(OsString::from), &command()).remove(1);
        assert_eq!(run(&["."]), "scan");
        assert_eq!(run(&["--staged"]), "scan");
        assert_eq!(run(&["git@host:a/b"]), "scan");
        assert_eq!(run(&["git", "."]), "git");
        assert_eq!(run(&["--help"]), "--help");
        assert_eq!(run(&["scna"]), "scna");
        assert_eq!(run(&["version"]), "--version");
    }
}
