//! Where a configuration comes from, and what it may therefore decide: the user's own file everything, a file
//! that lies in something that is scanned nothing of where a secret is sent or what is written. A tree is read
//! from disk here; from a commit by whoever implements [`Files`].

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use unleak::error::{Error, Result, describe};
use unleak::source::target::{self, Mode, Target};

/// Who a file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// To the user: it lies outside of everything that is scanned.
    Own,
    /// To a tree: whoever can write to that decides what stands in it.
    Tree,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Text {
    /// Its name, for reports and errors.
    pub name: String,
    /// Its contents.
    pub bytes: Vec<u8>,
    /// Whose it is.
    pub trust: Trust,
    /// What paths in it are relative to: of a file on disk its folder, of one in a commit its folder there.
    pub folder: PathBuf,
}

/// Reads files that other files name.
pub trait Files {
    /// The file of that name, relative to the folder of `from`. A file of a tree may name files of its own tree only,
    /// and they are the tree's too. Where there is none, that is an error.
    fn read(&self, from: &Text, path: &str) -> Result<Text>;
}

/// What the working directory's repository says, by files of its own.
pub struct Tree {
    /// Its `.unleak.toml`.
    pub config: Option<Text>,
    /// Its `.unleakignore`.
    pub ignore: Option<Text>,
    /// Reads what these name.
    pub files: Box<dyn Files>,
}

/// Name of a repository's configuration.
pub const CONFIG: &str = ".unleak.toml";
/// Name of a repository's ignore file.
pub const IGNORE: &str = ".unleakignore";

/// The files of the working directory's repository as they were at some time, in place of those on disk.
pub trait Past: std::fmt::Debug {
    /// The file of that path, relative to the top; `None` where there was none.
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>>;
}

/// The file system.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// The tops of all that is scanned, canonical.
    pub targets: Vec<PathBuf>,
    /// The top of the working directory's repository, canonical.
    pub here: Option<PathBuf>,
    /// What is read of that repository in place of what lies on disk.
    pub past: Option<Rc<dyn Past>>,
}

impl Disk {
    /// With these targets, as the user named them.
    pub fn new(targets: &[OsString], mode: Mode) -> Self {
        let top = |given: &OsString| match target::look(given, mode) {
            Ok(Target::Repository(found)) => Some(found.work_tree.unwrap_or(found.git_dir)),
            Ok(Target::Directory { path, .. } | Target::File(path)) => Some(path),
            _ => None,
        };
        let targets = targets.iter().filter_map(top).filter_map(|path| path.canonicalize().ok()).collect();
        Self { targets, here: repository(Path::new(".")), past: None }
    }

    /// A file that the user named, or that is at the user's own place.
    pub fn user(&self, path: &Path) -> Result<Text> {
        if let Some((past, inside)) = self.before(path) {
            let gone = || Error::configuration(format!("{}: there was no such file before what is scanned", path.display()));
            let bytes = past.read(&inside)?.ok_or_else(gone)?;
            return Ok(Text { name: path.display().to_string(), bytes, trust: Trust::Tree, folder: folder(path) });
        }
        let wrong = |e: &std::io::Error| Error::configuration(format!("{}: {}", path.display(), describe(e)));
        let bytes = std::fs::read(path).map_err(|e| wrong(&e))?;
        // A pipe of the shell (`-c <(...)`) has no path of its own.
        let real = path.canonicalize().or_else(|_| std::path::absolute(path)).map_err(|e| wrong(&e))?;
        // A link that lies in a tree is the tree's, wherever it leads.
        let link = folder(path).canonicalize().unwrap_or_default();
        let inside = self.targets.iter().any(|top| real.starts_with(top) || link.starts_with(top));
        let trust = if inside { Trust::Tree } else { Trust::Own };
        Ok(Text { name: path.display().to_string(), bytes, trust, folder: folder(path) })
    }

    /// Whether a file is one of the repository that was not there before.
    pub fn is_new(&self, path: &Path) -> Result<bool> {
        self.before(path).map_or(Ok(false), |(past, inside)| past.read(&inside).map(|found| found.is_none()))
    }

    /// The past of a file that lies in the repository, and its path there. Links that lead into it count, too.
    fn before(&self, path: &Path) -> Option<(&dyn Past, PathBuf)> {
        let (past, here) = (self.past.as_deref()?, self.here.as_deref()?);
        let mut plain = Path::new(".").canonicalize().ok()?;
        for part in path.components() {
            match part {
                Component::ParentDir => drop(plain.pop()),
                Component::CurDir => {}
                part => plain.push(part),
            }
        }
        let inside = plain.strip_prefix(here).map(Path::to_owned);
        let inside = inside.or_else(|_| path.canonicalize().unwrap_or_default().strip_prefix(here).map(Path::to_owned)).ok()?;
        Some((past, inside))
    }

    /// A file of a tree; none where it is not there. One that is a link out of the tree is an error.
    fn of_tree(&self, top: &Path, name: &Path, shown: String) -> Result<Option<Text>> {
        let path = top.join(name);
        if let Some((past, inside)) = self.before(&path) {
            let text = |bytes| Text { name: shown, bytes, trust: Trust::Tree, folder: folder(&path) };
            return Ok(past.read(&inside)?.map(text));
        }
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let wrong = |why: &str| Error::configuration(format!("{shown}: {why}"));
        let real = path.canonicalize().map_err(|e| wrong(&describe(&e)))?;
        if !real.starts_with(top) || !real.is_file() {
            return Err(wrong("it is no file inside its own repository"));
        }
        let bytes = std::fs::read(&real).map_err(|e| wrong(&describe(&e)))?;
        Ok(Some(Text { name: shown, bytes, trust: Trust::Tree, folder: folder(&path) }))
    }
}

impl Files for Disk {
    fn read(&self, from: &Text, path: &str) -> Result<Text> {
        let joined = from.folder.join(path);
        if from.trust == Trust::Own {
            return self.user(&joined);
        }
        let real = from.folder.canonicalize().unwrap_or_else(|_| from.folder.clone());
        let tops = self.targets.iter().chain(&self.here);
        let top = tops.filter(|top| real.starts_with(top)).max_by_key(|top| top.as_os_str().len()).cloned().unwrap_or(real);
        let wrong = |why: &str| Error::configuration(format!("{}: {path}: {why}", from.name));
        if Path::new(path).is_absolute() {
            return Err(wrong("a file of a repository may name files of that repository only, by relative paths"));
        }
        if self.before(&joined).is_some() {
            return self.user(&joined);
        }
        let inside = joined.canonicalize().map_err(|e| wrong(&describe(&e)))?;
        let rel = inside.strip_prefix(&top).map_err(|_| wrong("it lies outside of its repository"))?;
        self.of_tree(&top, rel, joined.display().to_string())?.ok_or_else(|| wrong("there is no such file"))
    }
}

impl Tree {
    /// That of the repository which holds the folder; empty where there is none.
    pub fn on_disk(disk: &Disk) -> Result<Self> {
        let (mut config, mut ignore) = (None, None);
        if let Some(top) = &disk.here {
            config = disk.of_tree(top, Path::new(CONFIG), shown(top, CONFIG))?;
            ignore = disk.of_tree(top, Path::new(IGNORE), shown(top, IGNORE))?;
        }
        Ok(Self { config, ignore, files: Box::new(disk.clone()) })
    }

    /// Those of targets that are other repositories, for who trusts them.
    pub fn of_targets(disk: &Disk) -> Result<Vec<Self>> {
        let others = disk.targets.iter().filter(|top| Some(*top) != disk.here.as_ref() && top.is_dir());
        let read = |top: &PathBuf, name: &str| disk.of_tree(top, Path::new(name), top.join(name).display().to_string());
        let tree = |top| Ok(Self { config: read(top, CONFIG)?, ignore: read(top, IGNORE)?, files: Box::new(disk.clone()) });
        others.map(tree).collect()
    }
}

/// The name alone where the working directory is the top, else the whole path.
fn shown(top: &Path, name: &str) -> String {
    let here = Path::new(".").canonicalize().is_ok_and(|here| here == top);
    if here { name.to_owned() } else { top.join(name).display().to_string() }
}

fn folder(path: &Path) -> PathBuf {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// The top of the working tree that a folder lies in, canonical.
pub fn repository(folder: &Path) -> Option<PathBuf> {
    match target::look(folder.as_os_str(), Mode::Git) {
        Ok(Target::Repository(found)) => found.work_tree?.canonicalize().ok(),
        _ => None,
    }
}
