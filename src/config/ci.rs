//! What a pipeline says of itself: its variables, and the file in which GitHub describes the event. It does not
//! know what they mean.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use unleak::error::{Error, Result};
use unleak::object::Oid;
use unleak::scan::{GitPlace, Plan};
use unleak::source::target::{self, Mode, Target};

use super::{Job, commit, gitleaks};
use crate::cli::{CiArgs, ReportArgs};

/// A pipeline's variables.
#[derive(Default)]
pub struct Variables {
    all: BTreeMap<String, String>,
    /// The event in JSON, where there is a file of it.
    pub event: Option<String>,
}

/// A run in a pipeline.
pub struct CiRun {
    /// What is found and how it is told.
    pub report: ReportArgs,
    /// The repository.
    pub place: GitPlace,
    /// What the pipeline says.
    pub variables: Variables,
    /// What a clone lacks is fetched.
    pub deepen: bool,
    /// What the user says is known already.
    pub base: Option<String>,
}

/// `unleak ci`.
pub fn ci(args: CiArgs) -> Result<CiRun> {
    let place = match target::look(OsStr::new("."), Mode::Git)? {
        Target::Repository(found) => GitPlace { git_dir: found.git_dir, work_tree: found.work_tree, ..GitPlace::default() },
        Target::Unreadable(error) => return Err(error),
        _ => return Err(Error::input("the working directory is in no git repository")),
    };
    Ok(CiRun { report: args.report, place, variables: variables()?, deepen: args.deepen, base: args.base })
}

/// What a pipeline has set here.
pub fn variables() -> Result<Variables> {
    let all = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    let mut variables = Variables { all, event: None };
    if let Some(path) = variables.get("GITHUB_EVENT_PATH").filter(|_| variables.get("GITHUB_ACTIONS").is_some()) {
        let text = std::fs::read_to_string(path).map_err(|error| Error::at(Path::new(path), &error))?;
        variables.event = Some(text);
    }
    Ok(variables)
}

/// The job, its plan still without what shall be scanned. Configuration, ignore file and baselines of the repository
/// are those of the commit `base`; without one there are none.
pub fn job(mut args: ReportArgs, place: &GitPlace, base: Option<&Oid>) -> Result<Job> {
    gitleaks::report_options(&mut args);
    let (around, notices) = commit::around(&mut args, place, base)?;
    super::job(Plan { notices, ..super::plan(&around)? }, &args, &around)
}

impl Variables {
    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether a variable has that value.
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.get(name) == Some(value)
    }
}
