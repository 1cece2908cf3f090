//! What the user typed, and nothing else: the command line as clap reads it. What it means is decided in `config`.

mod rules;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
pub use rules::{ExplainArgs, RulesChoice, RulesCommand, RulesFiles, RulesList, RulesShow};

/// Exit codes, for the help.
const EXIT_CODES: &str = "\
Exit codes:
  0    everything was scanned and nothing was found
  1    findings (another code with --exit-code, 0 with --exit-zero)
  2    wrong command line or configuration; nothing was scanned
  3    nothing was found, but something could not be read or written (0 with --allow-incomplete)
  130  interrupted (143: terminated)";

const EXAMPLES: &str = "\
Examples:
  unleak demo                              see what a finding looks like
  unleak scan .                            the repository you stand in, with its whole history
  unleak scan ~/src/app /var/log/app.log   several targets, one report
  unleak scan https://host/group/app.git   clone it, scan it, remove the clone
  unleak scan --staged                     what you are about to commit
  unleak git . --since-commit HEAD~100     the last hundred commits
  kubectl logs app | unleak stdin          a stream
  unleak scan . -o report.sarif -o json:report.json";

/// Finds leaked secrets in git history.
#[derive(Debug, Parser)]
#[command(name = "unleak", version, about, after_help = EXIT_CODES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan repositories with their whole history, folders, files, URLs, or standard input (`-`)
    #[command(visible_alias = "auto", after_help = EXIT_CODES)]
    Scan(ScanArgs),
    /// Scan a repository's history only: no index, no working tree
    Git(ScanArgs),
    /// Scan files only, even in a repository
    #[command(visible_aliases = ["fs", "filesystem"])]
    Dir(ScanArgs),
    /// Scan standard input
    Stdin(ReportArgs),
    /// Make a small throw-away repository with fake secrets and scan it
    Demo(ReportArgs),
    /// List, show, try and check rules
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Say why something is reported, or is not: what fired, what was dropped, by what
    Explain(ExplainArgs),
}

/// What is scanned, and how.
#[derive(Debug, Args)]
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

    /// How long cloning a URL may take: 90s, 30m
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30m", help_heading = "Remote repositories")]
    pub clone_timeout: std::time::Duration,
    /// How large a clone may be: 500M, 2G
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Remote repositories")]
    pub clone_max_size: Option<u64>,

    #[command(flatten)]
    pub report: ReportArgs,
}

/// What is found and how it is told.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Report format
    #[arg(short, long, value_name = "FORMAT", value_parser = ["text", "json", "jsonl", "sarif"], help_heading = "Report")]
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

    /// Report findings that are at least so sure
    #[arg(long, value_name = "LEVEL", value_parser = ["low", "medium", "high"], default_value = "medium", help_heading = "Findings")]
    pub confidence: String,
    /// Report findings that are at least so severe
    #[arg(long, value_name = "LEVEL", value_parser = ["low", "medium", "high", "critical"], default_value = "low", help_heading = "Findings")]
    pub severity: String,
    /// Exit with 1 only for findings of at least this severity
    #[arg(long, value_name = "LEVEL", value_parser = ["low", "medium", "high", "critical"], help_heading = "Findings")]
    pub fail_on: Option<String>,
    /// Only these rules: an id, a provider or a glob like 'github-*' (repeatable)
    #[arg(long, value_name = "ID", help_heading = "Findings")]
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
    /// Let nothing hide a finding: no marker, ignore file or baseline
    #[arg(long, help_heading = "Findings")]
    pub strict: bool,

    /// Exit code for findings
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "exit_zero", help_heading = "Limits and exit codes")]
    pub exit_code: u8,
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

    /// What TruffleHog's users type and what holds here anyway
    #[arg(long, hide = true)]
    pub no_verification: bool,
    #[arg(long, hide = true)]
    pub no_update: bool,
    #[arg(long, hide = true)]
    pub fail: bool,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A size in bytes: a number with K, M or G (1024) or nothing.
fn size(text: &str) -> Result<u64, String> {
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
fn duration(text: &str) -> Result<std::time::Duration, String> {
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

/// The arguments with the command `scan` put in where the first names none: `unleak .` is `unleak scan .`.
pub fn with_command(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let known = |arg: &OsString| {
        let arg = arg.to_string_lossy();
        let mut names = <Cli as clap::CommandFactory>::command();
        names.build();
        names.get_subcommands().any(|c| c.get_name() == arg || c.get_all_aliases().any(|alias| alias == arg))
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
        <Cli as clap::CommandFactory>::command().debug_assert();
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
        let run = |args: &[&str]| with_command(std::iter::once("unleak").chain(args.iter().copied()).map(OsString::from)).remove(1);
        assert_eq!(run(&["."]), "scan");
        assert_eq!(run(&["--staged"]), "scan");
        assert_eq!(run(&["git@host:a/b"]), "scan");
        assert_eq!(run(&["git", "."]), "git");
        assert_eq!(run(&["--help"]), "--help");
        assert_eq!(run(&["scna"]), "scna");
    }
}
