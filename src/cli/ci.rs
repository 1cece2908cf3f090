//! `unleak ci` as it is typed.

use clap::Args;

use super::ReportArgs;

/// Examples, for the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  unleak ci                                what the event that started this pipeline brings in
  unleak ci --deepen                       fetches what a shallow clone lacks
  unleak ci --base origin/release -o sarif:unleak.sarif

It knows GitHub Actions, GitLab CI, Bitbucket Pipelines, Azure Pipelines, CircleCI, Jenkins, Travis CI, Buildkite and
Drone by the variables that they set. Elsewhere --base names what is known already. docs/ci.md says what is scanned
for which event.";

/// `unleak ci`.
#[derive(Debug, Args)]
pub struct CiArgs {
    /// Fetch what the clone lacks, by your git, instead of ending with exit code 3
    #[arg(long)]
    pub deepen: bool,
    /// What is known already, instead of what the pipeline's variables say
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    #[command(flatten)]
    pub report: ReportArgs,
}
