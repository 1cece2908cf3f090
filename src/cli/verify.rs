//! What the user typed about asking providers.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{ReportArgs, duration};

/// Whether and how providers are asked.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Verification")]
pub struct VerifyArgs {
    /// Ask providers whether the secrets found are live
    #[arg(long)]
    pub verify: bool,
    /// The same, and only live ones count; what could not be found out makes the scan incomplete
    #[arg(long, conflicts_with = "results")]
    pub only_verified: bool,
    /// The same, and only these verdicts are reported: live, dead, unknown, not-checked
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = ["live", "dead", "unknown", "not-checked", "verified", "unverified"])]
    pub results: Vec<String>,
    /// Never use the network
    #[arg(long)]
    pub offline: bool,
    /// Ask this host in place of the provider's own (repeatable): gitlab=https://git.corp.example; for keys ssh=[USER@]HOST[:PORT]
    #[arg(long, value_name = "PROVIDER=URL")]
    pub endpoint: Vec<String>,
    /// Also ask hosts that stand in the scanned text, where they match: HOST, HOST:PORT, *.DOMAIN
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub verify_hosts: Vec<String>,
    /// How long one answer may take
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10s")]
    pub verify_timeout: Option<Duration>,
    /// How long all answers may take
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10m")]
    pub verify_deadline: Option<Duration>,
    /// Remember verdicts for this time
    #[arg(long, value_name = "TIME", value_parser = duration, num_args = 0..=1, require_equals = true, default_missing_value = "1h")]
    pub verify_cache: Option<Duration>,
    /// Remember no verdicts
    #[arg(long, conflicts_with = "verify_cache")]
    pub no_verify_cache: bool,
    /// Do not ask; the default
    #[arg(long, hide = true, conflicts_with_all = ["verify", "only_verified", "results"])]
    pub no_verification: bool,
}

/// Which secrets are meant.
#[derive(Debug, Args)]
pub struct SecretArgs {
    /// Where the report's secrets stand; the targets that the report names by default
    #[arg(value_name = "TARGET", requires = "report_file")]
    pub targets: Vec<OsString>,
    /// The secrets of this report (JSON or JSON lines), in place of standard input: they are read again where they stand
    #[arg(long = "report", id = "report_file", value_name = "FILE")]
    pub report_file: Option<PathBuf>,
    /// Only the secret of this fingerprint (repeatable)
    #[arg(long, value_name = "ID")]
    pub fingerprint: Vec<String>,
    #[command(flatten)]
    pub report: ReportArgs,
}

/// What is to be revoked, and whether it is meant.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Do it: what is revoked stays so
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub secrets: SecretArgs,
}
