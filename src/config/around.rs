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
    /// The repository's ignore file.
    pub ignore: Option<Text>,
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
        if !args.no_config {
            if let Some(path) = user_file().filter(|path| path.is_file()) {
                layers.add(disk.user(&path)?, &disk)?;
            }
            if args.trust_target_config {
                for text in Tree::of_targets(&disk)? {
                    layers.add(text, &disk)?;
                }
            }
        }
        if let Some(text) = tree.config.take() {
            layers.add(text, tree.files.as_ref())?;
        }
        for path in &args.config {
            layers.add(disk.user(path)?, &disk)?;
        }
        Ok(Self { layers, ignore: tree.ignore.take(), disk, tree })
    }

    /// Nothing at all but the built-in rules.
    pub fn nothing() -> Self {
        let disk = Disk::default();
        Self { layers: Layers::default(), ignore: None, tree: nothing(&disk), disk }
    }
}

fn nothing(disk: &Disk) -> Tree {
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
