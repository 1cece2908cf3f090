//! What users of Gitleaks type: its commands `detect` and `protect`, and its options where ours have other names.
//! What they mean is decided in `config`.

use std::ffi::OsString;

use clap::Args;

use super::ScanArgs;

/// `detect` and `protect`
#[derive(Debug, Args)]
pub struct GitleaksArgs {
    /// The repository or folder
    #[arg(short, long, value_name = "PATH")]
    pub source: Option<OsString>,
    /// Files only, even in a repository
    #[arg(long)]
    pub no_git: bool,
    /// Standard input
    #[arg(long, conflicts_with = "source")]
    pub pipe: bool,
    #[command(flatten)]
    pub scan: ScanArgs,
}

/// Options of Gitleaks that every scan takes.
#[derive(Debug, Default, Args)]
pub struct GitleaksOptions {
    /// Same as -o
    #[arg(short = 'r', long, hide = true, value_name = "FILE")]
    pub report_path: Option<OsString>,
    /// Values are redacted anyway; 0 does not show them, --show-secrets does
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "100", value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub redact: Option<u8>,
    /// Same as --max-file-size, in units of a million bytes
    #[arg(long, hide = true, value_name = "N")]
    pub max_target_megabytes: Option<u64>,
    /// Say more with debug and trace
    #[arg(short = 'l', long, hide = true, value_name = "LEVEL", value_parser = ["trace", "debug", "info", "warn", "error", "fatal"])]
    pub log_level: Option<String>,
    /// Same as --color never
    #[arg(long, hide = true)]
    pub no_color: bool,
    /// There is no banner
    #[arg(long, hide = true)]
    pub no_banner: bool,
}
