//! All that stands around a command line: the files of configuration in force and the working directory's
//! repository. `ci` and hooks make one whose repository is read from a commit instead of the disk.

use std::ffi::OsString;
use std::path::PathBuf;

use unleak::error::Result;
use unleak::source::target::Mode;

use super::layers::Layers;
use super::origin::{Disk, Text, Tree};
use crate::cli::ReportArgs;

/// What stands around a command line.
pub struct Around {
    /// The configuration files.
    pub layers: Layers,
    /// The ignore files of the repository and of targets that are trusted.
    pub ignores: Vec<Text>,
    /// Where things lie.
    pub disk: Disk,
    /// What the repository's files name is read through this.
    pub tree: Tree,
}

impl Around {
    /// As it is on disk.
    pub fn new(targets: &[OsString], mode: Mode, args: &ReportArgs) -> Result<Self> {
        let disk = Disk::new(targets, mode);
        let tree = if args.no_config { nothing(&disk) } else { Tree::on_disk(&disk)? };
        Self::with_tree(disk, tree, args)
    }

    /// With a repository's files as they are in a commit, or none.
    pub fn with_tree(disk: Disk, mut tree: Tree, args: &ReportArgs) -> Result<Self> {
        let mut layers = Layers::default();
        let mut ignores: Vec<Text> = tree.ignore.take().into_iter().collect();
        if !args.no_config {
            if let Some(path) = user_file().filter(|path| path.is_file()) {
                layers.add(disk.user(&path)?, &disk)?;
            }
            if args.trust_target_config {
                for other in Tree::of_targets(&disk)? {
                    ignores.extend(other.ignore);
                    if let Some(text) = other.config {
                        layers.add(text, &disk)?;
                    }
                }
            }
        }
        if let Some(text) = tree.config.take() {
            layers.add(text, tree.files.as_ref())?;
        }
        for path in &args.config {
            layers.add(disk.user(path)?, &disk)?;
        }
        Ok(Self { layers, ignores, disk, tree })
    }

    /// Nothing at all but the built-in rules.
    pub fn nothing() -> Self {
        let disk = Disk::default();
        Self { layers: Layers::default(), ignores: Vec::new(), tree: nothing(&disk), disk }
    }
}

pub(super) fn nothing(disk: &Disk) -> Tree {
    Tree { config: None, ignore: None, files: Box::new(disk.clone()) }
}

/// The user's own configuration file.
pub fn user_file() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CONFIG_HOME").or_else(|| folder(if cfg!(windows) { "APPDATA" } else { "HOME" }).map(home))?;
    Some(base.join("unleak").join("config.toml"))
}

fn home(folder: PathBuf) -> PathBuf {
    if cfg!(windows) { folder } else { folder.join(".config") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use unleak::error::Error;
    use unleak::scan::Plan;

    use super::super::origin::{Files, Trust};
    use super::*;

    /// A commit's files: nothing of them lies on disk.
    struct Commit;

    fn text(name: &str, bytes: &str) -> Text {
        Text { name: format!("4f2a9c1:{name}"), bytes: bytes.into(), trust: Trust::Tree, folder: PathBuf::new() }
    }

    impl Files for Commit {
        fn read(&self, from: &Text, path: &str) -> Result<Text> {
            match path {
                "team.toml" => Ok(text(path, "[thresholds]\nexit-code = 4\n")),
                "known.json" => Ok(text(path, "{\"schema\": \"unleak/baseline/1\", \"key\": \"public\", \"known\": []}")),
                _ => Err(Error::configuration(format!("{}: no {path} in the commit", from.name))),
            }
        }
    }

    fn around(config: &str, ignore: Option<&str>) -> Result<Around> {
        let ignore = ignore.map(|ignore| text(".unleakignore", ignore));
        let tree = Tree { config: Some(text(".unleak.toml", config)), ignore, files: Box::new(Commit) };
        Around::with_tree(Disk::default(), tree, &ReportArgs::default())
    }

    #[test]
    fn a_commit_configures_as_a_folder_does() {
        let config = "extends = [\"builtin\", \"team.toml\"]\n[suppress]\nbaseline = [\"known.json\"]\n";
        let around = around(config, Some("")).unwrap();
        let job = super::super::job(Plan::default(), &ReportArgs::default(), &around).unwrap();
        assert_eq!((job.exit_code, job.plan.suppress.ignores.len()), (4, 1));
        assert_eq!(job.plan.suppress.baselines[0].name, "4f2a9c1:known.json");
        assert_eq!(around.layers.names(), [Path::new("4f2a9c1:team.toml"), Path::new("4f2a9c1:.unleak.toml")]);
    }

    #[test]
    fn its_faults_name_the_commit() {
        let told = |config: &str| around(config, None).err().map(|error| error.message).unwrap_or_default();
        assert_eq!(told("extends = [\n \"gone\"]\n"), "4f2a9c1:.unleak.toml:2: 4f2a9c1:.unleak.toml: no gone in the commit");
        assert!(told("x = 1").starts_with("4f2a9c1:.unleak.toml:1: unknown field `x`"));
        let tree = Tree { config: None, ignore: Some(text(".unleakignore", "what")), files: Box::new(Commit) };
        let around = Around::with_tree(Disk::default(), tree, &ReportArgs::default()).unwrap();
        let fault = super::super::job(Plan::default(), &ReportArgs::default(), &around).err().unwrap().message;
        assert!(fault.starts_with("4f2a9c1:.unleakignore:1: "), "{fault}");
    }
}
