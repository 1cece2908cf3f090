//! What a TARGET is: looked at, not guessed. It says where the repository, folder, file or remote is that the
//! user named, and does not read any of them.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bstr::BString;
use gix::discover::repository::Path as Discovered;
use gix::discover::upwards::{Options, TrustPolicy};

pub use super::url::Url;
use super::url::percent_decoded;
use crate::coverage::{Notice, TargetKind};
use crate::error::{Error, Result, describe};

/// What the command wants a target to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Whatever it is.
    Auto,
    /// A repository, here or remote, and nothing else.
    Git,
    /// Files, even in a repository.
    Dir,
}

/// A target that was looked at.
#[derive(Debug)]
pub enum Target {
    /// A git repository, or a folder inside one.
    Repository(Repository),
    /// A folder of files.
    Directory {
        /// The folder.
        path: PathBuf,
        /// It has a `.git` that is no repository we can open; only asked for in [`Mode::Auto`].
        broken: Option<Notice>,
    },
    /// One file, or anything else that can be read to an end: a named pipe that the user gave us.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// A repository to be cloned.
    Remote(Url),
    /// It is not there, or cannot be looked at.
    Unreadable(Error),
}

/// Where a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The path that the user gave.
    pub given: PathBuf,
    /// Its own git folder: of a linked working tree the one below `worktrees`.
    pub git_dir: PathBuf,
    /// The git folder that all its working trees share; it holds the objects.
    pub common_dir: PathBuf,
    /// The top of its working tree, where it has one.
    pub work_tree: Option<PathBuf>,
}

impl Target {
    /// What kind of target it is, for the receipt.
    pub fn kind(&self) -> TargetKind {
        match self {
            Self::Repository(_) => TargetKind::Repository,
            Self::Directory { .. } => TargetKind::Directory,
            Self::File(_) => TargetKind::File,
            Self::Stdin => TargetKind::Stdin,
            Self::Remote(_) => TargetKind::Remote,
            Self::Unreadable(_) => TargetKind::Unreadable,
        }
    }
}

/// Looks at what the user named. An error is one of usage; what cannot be read is a [`Target::Unreadable`].
pub fn look(given: &OsStr, mode: Mode) -> Result<Target> {
    match name(given)? {
        Name::Stdin if mode == Mode::Git => {
            Err(Error::usage("standard input is no repository").hint("`unleak scan -` reads standard input"))
        }
        Name::Stdin => Ok(Target::Stdin),
        Name::Remote(url) if mode == Mode::Dir => {
            let hint = "`unleak scan` and `unleak git` clone a remote repository";
            Err(Error::usage(format!("{url} is not a folder or file here")).hint(hint))
        }
        Name::Remote(url) => Ok(Target::Remote(url)),
        Name::Local(path) => Ok(local(&path, mode).unwrap_or_else(Target::Unreadable)),
    }
}

/// The target as it may be shown: what the user typed, without what gives access.
pub fn display(given: &OsStr) -> BString {
    match name(given) {
        Ok(Name::Remote(url)) => url.display().into(),
        Err(_) => given.to_string_lossy().split_once("://").map_or("…".into(), |(scheme, _)| format!("{scheme}://…").into()),
        Ok(_) => given.as_encoded_bytes().into(),
    }
}

enum Name {
    Stdin,
    Local(PathBuf),
    Remote(Url),
}

fn name(given: &OsStr) -> Result<Name> {
    if given == "-" {
        return Ok(Name::Stdin);
    }
    let Some(text) = given.to_str() else { return Ok(Name::Local(given.into())) };
    if let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
        return match scheme.to_ascii_lowercase().as_str() {
            "file" => Ok(Name::Local(file_url(rest))),
            scheme @ ("https" | "http" | "ssh" | "git") => Url::parse(scheme, rest).map(Name::Remote),
            _ => Err(Error::usage(format!("the scheme {scheme}:// is not supported")).hint("use https, http, ssh, git or file")),
        };
    }
    // Something by that name that cannot be looked at is there all the same.
    if text.is_empty() || !fs::symlink_metadata(text).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(Name::Local(given.into()));
    }
    match text.split_once(':') {
        Some((helper, rest)) if rest.starts_with(':') && is_scheme(helper) => {
            Err(Error::usage(format!("the transport {helper}:: is not supported")).hint("use https, http, ssh, git or file"))
        }
        Some((host, path)) if !host.contains('/') && !path.is_empty() && !is_drive(host) => Url::scp(host, path).map(Name::Remote),
        _ => Ok(Name::Local(given.into())),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn is_drive(host: &str) -> bool {
    cfg!(windows) && host.len() == 1
}

/// The path of a `file://` URL; relative ones are taken as well.
fn file_url(rest: &str) -> PathBuf {
    let path = path_from(percent_decoded(rest));
    match path.strip_prefix("localhost") {
        Ok(absolute) if !path.exists() => Path::new("/").join(absolute),
        _ => path,
    }
}

#[cfg(unix)]
fn path_from(bytes: Vec<u8>) -> PathBuf {
    <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn path_from(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

fn local(path: &Path, mode: Mode) -> Result<Target> {
    let metadata = fs::metadata(path).map_err(|error| Error::at(path, &error))?;
    let no_repository = || {
        let hint = "`unleak dir` reads the files of a folder that is no repository";
        Error::input(format!("{}: no git repository, nor inside one", path.display())).hint(hint)
    };
    if !metadata.is_dir() {
        return if mode == Mode::Git { Err(no_repository()) } else { Ok(Target::File(path.to_owned())) };
    }
    if mode == Mode::Dir {
        return Ok(Target::Directory { path: path.to_owned(), broken: None });
    }
    let options = Options { trust: TrustPolicy::Assume(gix::sec::Trust::Full), cross_fs: true, ..Options::default() };
    match gix::discover::upwards_opts(path, options) {
        Ok((found, _)) => Ok(Target::Repository(repository(path, found))),
        Err(_) if mode == Mode::Git => Err(no_repository()),
        Err(_) => Ok(Target::Directory { path: path.to_owned(), broken: broken(path) }),
    }
}

fn repository(given: &Path, found: Discovered) -> Repository {
    let (git_dir, work_tree) = found.into_repository_and_work_tree_directories();
    // Whoever names the `.git` folder means the repository with its working tree.
    let work_tree = work_tree.or_else(|| {
        let named_git = fs::canonicalize(&git_dir).ok().filter(|dir| dir.file_name() == Some(OsStr::new(".git")))?;
        named_git.parent().map(Path::to_owned)
    });
    let pointer = git_dir.join("commondir");
    let shared = pointer.is_file().then(|| gix::discover::path::from_plain_file_relative_to_file(&pointer)).flatten();
    let common_dir = shared.and_then(|path| path.ok()).unwrap_or_else(|| git_dir.clone());
    Repository { given: given.to_owned(), git_dir, common_dir, work_tree }
}

/// Says so where a folder looks as if it had been a repository.
fn broken(folder: &Path) -> Option<Notice> {
    let git = folder.join(".git");
    let was = git.is_file() || ["HEAD", "objects", "refs"].iter().any(|name| git.join(name).exists());
    let why = fs::metadata(&git).err().map_or_else(|| "it is no valid git repository".to_owned(), |error| describe(&error));
    was.then(|| Notice::incomplete("unreadable repository", git.as_os_str().as_encoded_bytes(), why))
}
