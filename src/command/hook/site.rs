//! Where hooks belong: the folder that git runs them from, and whether a hook there is a file of its own that
//! can be moved aside, or a script that is kept in the repository and shared. It asks git and changes nothing.

use std::path::{Path, PathBuf};

use unleak::error::{Error, Result};

use crate::command::git::ask;
use crate::config::hook::user_folder;

/// A folder for hooks.
pub struct Site {
    /// The folder.
    pub folder: PathBuf,
    /// How a hook is put there.
    pub how: How,
    /// What the user should know of it.
    pub notes: Vec<String>,
    /// Git's template that has to be named in the user's configuration first.
    pub template: Option<PathBuf>,
}

/// How a hook is put beside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// As a file of ours that calls the one that was there.
    File,
    /// As some lines in the script that is there, which people share.
    Lines,
}

/// The folder from which git runs the hooks of the repository of the working directory.
pub fn here() -> Result<Site> {
    let common = ask(&["rev-parse", "--git-common-dir"])?
        .ok_or_else(|| Error::input("the working directory is in no git repository").hint("`--global` installs for your user"))?;
    let absolute = |path: &str| std::path::absolute(path).map_err(|error| Error::at(Path::new(path), &error));
    let own = absolute(&common)?.join("hooks");
    let top = ask(&["rev-parse", "--show-toplevel"])?.filter(|top| !top.is_empty()).map(PathBuf::from);
    let Some((scope, path)) = hooks_path()? else {
        return Ok(Site { folder: own, how: How::File, notes: Vec::new(), template: None });
    };
    let folder = top.as_deref().unwrap_or(Path::new(".")).join(&path);
    let same = |a: &Path, b: &Path| a.canonicalize().ok().zip(b.canonicalize().ok()).is_some_and(|(a, b)| a == b);
    let inside = top.as_deref().is_some_and(|top| is_below(&folder, top)) && !is_below(&folder, &absolute(&common)?);
    if inside {
        // husky's generated folder calls the scripts of the folder above, which are the ones to edit.
        let generated = folder.file_name().is_some_and(|name| name == "_");
        let folder = if generated { folder.parent().unwrap_or(&folder).to_owned() } else { folder };
        let note = format!("core.hooksPath is {path}: the lines go into a script that everybody who uses this repository shares");
        return Ok(Site { folder, how: How::Lines, notes: vec![note], template: None });
    }
    if matches!(scope.as_str(), "local" | "worktree") || same(&folder, &own) {
        return Ok(Site { folder, how: How::File, notes: Vec::new(), template: None });
    }
    Err(Error::configuration(format!(
        "core.hooksPath is {path} in your {scope} configuration, so git runs no hook of this repository alone"
    ))
    .hint("`unleak hook install --global` installs there, for all of your repositories"))
}

/// The folder for the user: his `core.hooksPath`, else that of git's template.
pub fn global() -> Result<Site> {
    if let Some(path) = ask(&["config", "--global", "--type=path", "--get", "core.hooksPath"])?.filter(|path| !path.is_empty()) {
        let folder = PathBuf::from(&path);
        if !folder.is_absolute() {
            return Err(Error::configuration(format!("your core.hooksPath is {path}, a folder of each repository"))
                .hint("run `unleak hook install` in each of them"));
        }
        let note = format!("your core.hooksPath is {path}: git runs the hooks there in place of each repository's own in .git/hooks");
        return Ok(Site { folder, how: How::File, notes: vec![note], template: None });
    }
    let set = ask(&["config", "--global", "--type=path", "--get", "init.templateDir"])?.filter(|path| !path.is_empty());
    let template = match &set {
        Some(path) => PathBuf::from(path),
        None => user_folder()?.join("git-template"),
    };
    let note = "repositories that you clone or make from now on get it; in one that you have, run `git init` or `unleak hook install`";
    Ok(Site { folder: template.join("hooks"), how: How::File, notes: vec![note.to_owned()], template: set.is_none().then_some(template) })
}

/// Git's `core.hooksPath`, with the scope that it is set in.
pub fn hooks_path() -> Result<Option<(String, String)>> {
    let answer = ask(&["config", "--show-scope", "--type=path", "--get", "core.hooksPath"])?;
    let pair = answer.as_deref().and_then(|answer| answer.split_once('\t'));
    Ok(pair.filter(|(_, path)| !path.is_empty()).map(|(scope, path)| (scope.to_owned(), path.to_owned())))
}

/// Whether a folder, which may not be there yet, lies below another.
fn is_below(folder: &Path, top: &Path) -> bool {
    let real = folder.ancestors().find_map(|part| Some(part.canonicalize().ok()?.join(folder.strip_prefix(part).ok()?)));
    real.zip(top.canonicalize().ok()).is_some_and(|(folder, top)| folder.starts_with(top))
}
