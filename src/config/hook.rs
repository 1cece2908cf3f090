//! What a hook run means: the repository that git names in the environment of its hooks, the index, the
//! quarantine of a push; else the repository of the working directory.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use unleak::error::{Error, Result};
use unleak::object::Oid;
use unleak::scan::{GitPlace, Plan};
use unleak::source::git::refs::Refs;
use unleak::source::git::repo::Repo;
use unleak::source::target::{self, Mode, Target};

use super::around::Around;
use super::{Job, commit, gitleaks};
use crate::cli::{RunArgs, RunName};

/// A hook that runs.
pub struct HookRun {
    /// Who started it.
    pub name: RunName,
    /// What it was given.
    pub args: Vec<OsString>,
    /// The job, its plan still without what shall be scanned.
    pub job: Job,
    /// What could not be scanned lets pass.
    pub fail_open: bool,
    /// No report was asked for by name: one is printed only where there is something to say.
    pub terse: bool,
    /// The range that the pre-commit framework gives, from and to.
    pub refs: Option<(String, String)>,
}

/// `unleak hook run`.
pub fn hook(args: RunArgs) -> Result<HookRun> {
    let place = match args.name {
        RunName::Agent => None,
        name => {
            let mut place = place(name == RunName::PreReceive)?;
            if name == RunName::PreMergeCommit {
                place.parents = merged();
            }
            Some(place)
        }
    };
    let index = std::env::var_os("GIT_INDEX_FILE").map(PathBuf::from);
    let terse = args.report.format.is_none() && args.report.output.is_empty() && !args.report.json && !args.report.verbose;
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let refs = variable("PRE_COMMIT_FROM_REF").zip(variable("PRE_COMMIT_TO_REF"));
    let mut report = args.report;
    gitleaks::report_options(&mut report);
    // What is pushed does not steer its own scan: in force is what the server's HEAD has.
    let (around, notices) = match &place {
        Some(place) if args.name == RunName::PreReceive => commit::around(&mut report, place, head(place)?.as_ref())?,
        _ => (Around::new(&[".".into()], Mode::Git, &report)?, Vec::new()),
    };
    let plan = Plan { place, index, notices, ..super::plan(&around)? };
    Ok(HookRun {
        name: args.name,
        args: args.args,
        job: super::job(plan, &report, &around)?,
        fail_open: args.policy.fail_open,
        terse,
        refs,
    })
}

/// The repository.
fn place(quarantine: bool) -> Result<GitPlace> {
    let absolute = |path: &OsStr| std::path::absolute(path).map_err(|error| Error::at(Path::new(path), &error));
    let here = absolute(OsStr::new("."))?;
    let mut place = match std::env::var_os("GIT_DIR").filter(|dir| !dir.is_empty()) {
        Some(dir) => {
            let git_dir = absolute(&dir)?;
            let named = std::env::var_os("GIT_WORK_TREE").map(|tree| absolute(&tree)).transpose()?;
            // Git starts hooks at the top of the working tree, or in a bare repository.
            let work_tree = named.or_else(|| (git_dir != here).then_some(here));
            GitPlace { git_dir, work_tree, ..GitPlace::default() }
        }
        None => match target::look(OsStr::new("."), Mode::Git)? {
            Target::Repository(found) => GitPlace { git_dir: found.git_dir, work_tree: found.work_tree, ..GitPlace::default() },
            Target::Unreadable(error) => return Err(error),
            _ => return Err(Error::input("the working directory is in no git repository")),
        },
    };
    if let Some(objects) = std::env::var_os("GIT_OBJECT_DIRECTORY").filter(|dir| quarantine && !dir.is_empty()) {
        place.objects.push(absolute(&objects)?);
        let alternates = std::env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
        for dir in std::env::split_paths(&alternates).filter(|dir| !dir.as_os_str().is_empty()) {
            place.objects.push(absolute(dir.as_os_str())?);
        }
    }
    Ok(place)
}

/// The commit that the repository's HEAD points to, where there is one.
fn head(place: &GitPlace) -> Result<Option<Oid>> {
    let repo = Repo::open(&place.git_dir, None).map_err(|why| Error::input(format!("{}: {why}", place.git_dir.display())))?;
    Ok(Refs::read(&repo.git_dir, &repo.common_dir).head)
}

/// What is merged. Git writes `MERGE_HEAD` only after its hook has run, but names each head in a variable.
fn merged() -> Vec<Oid> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter_map(|name| Oid::from_hex(name.strip_prefix("GITHEAD_")?.as_bytes())).collect()
}

/// This program's own path, for hooks that shall call it.
pub fn program() -> Result<PathBuf> {
    std::env::current_exe().map_err(|error| Error::at(Path::new("unleak"), &error))
}

/// The folder of this program's own files of the user.
pub fn user_folder() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    base.map(|base| base.join("unleak")).ok_or_else(|| Error::configuration("HOME is not set, so there is no folder for a template"))
}
