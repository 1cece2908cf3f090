//! `unleak hook` as it is typed: which hooks are put where, and how one that git or another program starts is told to run.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::{ReportArgs, duration};

/// Examples, for the help.
const EXAMPLES: &str = "\
Examples:
  unleak hook install                      this repository's pre-commit hook
  unleak hook install pre-commit pre-push  both
  unleak hook install --global             the repositories that you clone or make from now on
  unleak hook install pre-receive --fail-open --timeout 10s
                                           on a server, in the bare repository
  unleak hook status                       what is installed, and whether git runs it
  unleak hook uninstall                    takes ours away; what was there before comes back";

/// `unleak hook`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct HookArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: HookCommand,
}

/// What to do with hooks.
#[derive(Debug, Subcommand)]
pub enum HookCommand {
    /// Put hooks in place, beside those that are there already
    Install(InstallArgs),
    /// Take our hooks away; what was there before comes back as it was
    Uninstall(WhichArgs),
    /// Say which hooks are installed, where, and whether git runs them
    Status(StatusArgs),
    /// What an installed hook calls: scan what git, pre-commit or a coding agent is about to take
    Run(Box<RunArgs>),
}

/// A hook of git's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HookName {
    /// Before a commit: what is staged.
    PreCommit,
    /// Before the commit of a merge that needed no help.
    PreMergeCommit,
    /// A commit's message.
    CommitMsg,
    /// Before a push: the commits that the remote does not have.
    PrePush,
    /// On the server, before pushed refs are taken.
    PreReceive,
}

/// Who starts `hook run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunName {
    /// git, before a commit.
    PreCommit,
    /// git, before the commit of a merge.
    PreMergeCommit,
    /// git, with the file that holds a commit's message.
    CommitMsg,
    /// git, before a push.
    PrePush,
    /// git on the server, before pushed refs are taken.
    PreReceive,
    /// The pre-commit framework, with file names.
    Files,
    /// A coding agent, with a tool call as JSON on standard input.
    Agent,
}

/// What happens where something could not be scanned.
#[derive(Debug, Args)]
pub struct Policy {
    /// Block where something could not be scanned (default)
    #[arg(long, conflicts_with = "fail_open")]
    pub fail_closed: bool,
    /// Let it pass, with a warning, where something could not be scanned
    #[arg(long)]
    pub fail_open: bool,
}

/// `unleak hook install`.
#[derive(Debug, Args)]
pub struct InstallArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    #[command(flatten)]
    pub policy: Policy,
    /// How long the scan may take: 90s, 10m (30s for pre-receive)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
}

/// Which hooks.
#[derive(Debug, Args)]
pub struct WhichArgs {
    /// The hooks: pre-commit where none is named; of `uninstall` all
    #[arg(value_name = "HOOK")]
    pub hooks: Vec<HookName>,
    /// For your user: your core.hooksPath where you have set it, else git's template for new repositories
    #[arg(long)]
    pub global: bool,
}

/// `unleak hook status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Those of your user
    #[arg(long)]
    pub global: bool,
}

/// `unleak hook run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Who starts it
    #[arg(value_name = "HOOK")]
    pub name: RunName,
    /// What git gives the hook
    #[arg(value_name = "ARGUMENT")]
    pub args: Vec<OsString>,
    #[command(flatten)]
    pub policy: Policy,
    #[command(flatten)]
    pub report: ReportArgs,
}

impl HookName {
    /// All of them.
    pub const ALL: &[Self] = &[Self::PreCommit, Self::PreMergeCommit, Self::CommitMsg, Self::PrePush, Self::PreReceive];

    /// The name of its file.
    pub fn file(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PreMergeCommit => "pre-merge-commit",
            Self::CommitMsg => "commit-msg",
            Self::PrePush => "pre-push",
            Self::PreReceive => "pre-receive",
        }
    }

    /// Whether git tells it on standard input what is to happen.
    pub fn reads_input(self) -> bool {
        matches!(self, Self::PrePush | Self::PreReceive)
    }
}
