//! The command line of `unleak rules` and `unleak explain`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `unleak rules`
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List the rules in force
    List(RulesList),
    /// Show all of a rule
    Show(RulesShow),
    /// Try rules on their own examples; 1 where one fails
    Test(RulesFiles),
    /// Say what is wrong with rule files; 2 where something is
    Check(RulesFiles),
}

/// `unleak rules list`
#[derive(Debug, Args)]
pub struct RulesList {
    /// Only rules that hold all of these words in their id, name, provider or keywords
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
    /// Only this provider's (repeatable)
    #[arg(long, value_name = "NAME")]
    pub provider: Vec<String>,
    #[command(flatten)]
    pub output: RulesOutput,
    #[command(flatten)]
    pub choice: RulesChoice,
}

/// `unleak rules show`
#[derive(Debug, Args)]
pub struct RulesShow {
    /// An id, a former id, a provider, or a glob
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    #[command(flatten)]
    pub output: RulesOutput,
    #[command(flatten)]
    pub choice: RulesChoice,
}

/// `unleak rules test` and `unleak rules check`
#[derive(Debug, Args)]
pub struct RulesFiles {
    /// Rule files, or folders of them; without any: the built-in rules
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// How rules are told.
#[derive(Debug, Args)]
pub struct RulesOutput {
    /// Format
    #[arg(short, long, value_name = "FORMAT", value_parser = ["text", "json"], default_value = "text")]
    pub format: String,
}

/// Which rules are in force.
#[derive(Debug, Default, Args)]
pub struct RulesChoice {
    /// Only these rules: an id, a provider or a glob like 'github-*' (repeatable)
    #[arg(long, value_name = "ID")]
    pub rule: Vec<String>,
    /// Not these rules
    #[arg(long, value_name = "ID")]
    pub exclude_rule: Vec<String>,
    /// Also the rules of this file, or of the files *.toml of this folder
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
}

/// `unleak explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A file, a line of one as FILE:LINE, or `-` for standard input
    #[arg(value_name = "FILE[:LINE]")]
    pub target: OsString,
    #[command(flatten)]
    pub output: RulesOutput,
    /// Show whole secrets
    #[arg(long)]
    pub show_secrets: bool,
    #[command(flatten)]
    pub choice: RulesChoice,
}
