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
    if let Some(error) = held_up(path) {
        return Err(error);
    }
    let options = Options { trust: TrustPolicy::Assume(gix::sec::Trust::Full), cross_fs: true, ..Options::default() };
    match gix::discover::upwards_opts(path, options) {
        Ok((found, _)) => Ok(Target::Repository(repository(path, found))),
        Err(_) if mode == Mode::Git => Err(no_repository()),
        Err(_) => Ok(Target::Directory { path: path.to_owned(), broken: broken(path) }),
    }
}

/// A pipe in place of a file that tells a repository would hold up whoever looks for one.
fn held_up(path: &Path) -> Option<Error> {
    let path = std::path::absolute(path).ok()?;
    let folders = path.ancestors().flat_map(|folder| [folder.join(".git"), folder.to_owned()]);
    let files = folders.filter(|folder| folder.join("objects").is_dir()).flat_map(|folder| [folder.join("HEAD"), folder.join("commondir")]);
    let odd = |file: &PathBuf| fs::metadata(file).is_ok_and(|found| !found.is_file() && !found.is_dir());
    files
        .into_iter()
        .find(odd)
        .map(|file| Error::input(format!("{}: not a regular file, so this is no repository to be read", file.display())))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(given: impl AsRef<OsStr>, mode: Mode) -> Target {
        look(given.as_ref(), mode).unwrap()
    }

    /// A repository as git leaves it after `init`.
    fn init(git_dir: &Path) {
        for folder in ["objects", "refs/heads"] {
            fs::create_dir_all(git_dir.join(folder)).unwrap();
        }
        fs::write(git_dir.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    }

    fn repository_at(given: &Path, mode: Mode) -> Repository {
        match seen(given, mode) {
            Target::Repository(repository) => repository,
            other => panic!("{}: {other:?}", given.display()),
        }
    }

    fn same(one: &Path, other: &Path) -> bool {
        fs::canonicalize(one).unwrap() == fs::canonicalize(other).unwrap()
    }

    #[test]
    fn a_folder_in_a_repository_means_the_repository() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("top");
        init(&top.join(".git"));
        fs::create_dir_all(top.join("sub/deep")).unwrap();
        fs::write(top.join("file"), "x").unwrap();
        for given in [top.clone(), top.join("sub/deep"), top.join(".git"), top.join(".git/refs")] {
            let found = repository_at(&given, Mode::Auto);
            assert_eq!(found.given, given);
            assert!(same(&found.git_dir, &top.join(".git")) && found.common_dir == found.git_dir, "{found:?}");
            assert!(same(found.work_tree.as_deref().unwrap(), &top), "{found:?}");
        }
        assert!(matches!(seen(&top, Mode::Dir), Target::Directory { broken: None, .. }));
        assert!(matches!(seen(top.join("file"), Mode::Auto), Target::File(_)));
        assert!(matches!(seen(top.join("file"), Mode::Git), Target::Unreadable(_)));
        assert!(matches!(seen(format!("file://{}/sub", top.display()), Mode::Git), Target::Repository(_)));
    }

    #[test]
    fn bare_repositories_and_linked_working_trees() {
        let dir = tempfile::tempdir().unwrap();
        let bare = dir.path().join("b.git");
        init(&bare);
        let found = repository_at(&bare, Mode::Git);
        assert!(same(&found.git_dir, &bare) && found.work_tree.is_none());
        let (own, linked) = (bare.join("worktrees/w"), dir.path().join("w"));
        fs::create_dir_all(&own).unwrap();
        fs::create_dir(&linked).unwrap();
        for (file, text) in [
            (own.join("HEAD"), "ref: refs/heads/w\n".to_owned()),
            (own.join("commondir"), "../..\n".to_owned()),
            (own.join("gitdir"), format!("{}\n", linked.join(".git").display())),
            (linked.join(".git"), format!("gitdir: {}\n", own.display())),
        ] {
            fs::write(file, text).unwrap();
        }
        let found = repository_at(&linked, Mode::Auto);
        assert!(same(&found.git_dir, &own) && same(&found.common_dir, &bare), "{found:?}");
        assert!(same(found.work_tree.as_deref().unwrap(), &linked));
    }

    #[test]
    fn plain_folders_and_broken_repositories() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(seen(dir.path(), Mode::Auto), Target::Directory { broken: None, .. }));
        let Target::Unreadable(error) = seen(dir.path(), Mode::Git) else { panic!("no repository") };
        assert!(error.exit().code() == 3 && error.hint.is_some());
        init(&dir.path().join(".git"));
        fs::remove_file(dir.path().join(".git/HEAD")).unwrap();
        let Target::Directory { broken: Some(notice), .. } = seen(dir.path(), Mode::Auto) else { panic!("broken") };
        assert!(notice.incomplete && notice.place.ends_with(b".git"));
    }

    #[test]
    fn urls_are_remote_and_other_schemes_errors() {
        assert!(matches!(seen("-", Mode::Auto), Target::Stdin));
        for remote in [
            "https://example.org/a",
            "HTTP://example.org/a",
            "ssh://git@example.org/a",
            "git://example.org/a",
            "git@example.org:a/b",
            "example.org:a",
        ] {
            assert!(matches!(seen(remote, Mode::Git), Target::Remote(_)), "{remote}");
            assert_eq!(look(OsStr::new(remote), Mode::Dir).unwrap_err().exit().code(), 2);
        }
        for wrong in ["ftp:·//me:hush@example.org/a", "s3://bucket", "ext::sh -c hush", "git+ssh://h/a"] {
            let wrong = wrong.replace('·', ""); // It keeps scanners from taking the example for a real one.
            let error = look(OsStr::new(&wrong), Mode::Auto).unwrap_err();
            assert!(error.exit().code() == 2 && error.hint.is_some() && !error.message.contains("hush"), "{error}");
            assert!(!display(OsStr::new(&wrong)).to_string().contains("hush"));
        }
        assert!(look(OsStr::new("-"), Mode::Git).is_err());
        assert_eq!(display(OsStr::new(&["https:", "//me:hush@example.org/a"].concat())), "https://example.org/a");
        assert_eq!(display(OsStr::new("some/path")), "some/path");
    }

    #[test]
    fn what_is_there_comes_before_the_short_form() {
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join("host:path");
        fs::write(&odd, "x").unwrap();
        assert!(matches!(seen(&odd, Mode::Auto), Target::File(_)));
        let gone = seen(dir.path().join("gone"), Mode::Auto);
        assert_eq!(gone.kind(), TargetKind::Unreadable);
        let Target::Unreadable(error) = gone else { panic!("gone") };
        assert!(error.message.ends_with("gone: no such file or directory"), "{error}");
        assert!(matches!(seen("", Mode::Auto), Target::Unreadable(_)));
    }

    #[test]
    fn file_urls_are_local_and_decoded() {
        assert_eq!(file_url("."), Path::new("."));
        assert_eq!(file_url("/a%20b/%zz%"), Path::new("/a b/%zz%"));
        assert_eq!(file_url("localhost/a"), Path::new("/a"));
        assert!(matches!(seen("file://.", Mode::Dir), Target::Directory { .. }));
    }
}
