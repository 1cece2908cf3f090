//! A repository as its files lie there: where its parts are, what it says of itself, and its texts that are no
//! objects (reflogs, configuration, hooks). Nothing in it is trusted: its configuration is read as data and
//! never steers us. It does not read objects.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice};

use super::{as_bytes, file};
use crate::coverage::Notice;
use crate::error::describe;
use crate::finding::PlaceKind;
use crate::object::Oid;

/// Texts in the git directory that people and tools leave behind, besides configuration and hooks.
const TEXTS: &[&str] =
    &["config", "config.worktree", "FETCH_HEAD", "COMMIT_EDITMSG", "MERGE_MSG", "SQUASH_MSG", "TAG_EDITMSG", "description"];

/// A repository.
#[derive(Debug)]
pub struct Repo {
    /// The git directory of this worktree.
    pub git_dir: PathBuf,
    /// What all worktrees share; often the same.
    pub common_dir: PathBuf,
    /// The working tree, where there is one.
    pub work_tree: Option<PathBuf>,
    /// Length of an object id, in bytes.
    pub hash: usize,
    /// Commits whose parents were cut off by a shallow clone.
    pub shallow: BTreeSet<Oid>,
    /// Whether it was cloned without some of its objects, to be fetched when needed.
    pub partial: bool,
    /// What could not be read.
    pub notices: Vec<Notice>,
}

/// A file of the git directory that is text.
#[derive(Debug)]
pub struct Text {
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// Its name in the git directory.
    pub name: BString,
    /// Where it lies.
    pub path: PathBuf,
}

impl Repo {
    /// Looks at a git directory. An error says in one line why it cannot be one that we read.
    pub fn open(git_dir: &Path, work_tree: Option<&Path>) -> Result<Self, String> {
        let common_dir = match file::read(git_dir.join("commondir")) {
            Ok(text) => git_dir.join(text.trim().to_path().map_err(|_| "its commondir file is damaged".to_owned())?),
            Err(_) => git_dir.to_owned(),
        };
        let common_dir = if common_dir == git_dir { common_dir } else { common_dir.canonicalize().unwrap_or(common_dir) };
        if !common_dir.join("objects").is_dir() {
            return Err("it has no objects directory".to_owned());
        }
        let mut repo = Self {
            git_dir: git_dir.to_owned(),
            common_dir,
            work_tree: work_tree.map(Path::to_owned),
            hash: 20,
            shallow: BTreeSet::new(),
            partial: false,
            notices: Vec::new(),
        };
        repo.read_config()?;
        // A pack that a promisor sent may name objects that were never sent.
        let packs = fs::read_dir(repo.objects().join("pack")).into_iter().flatten().flatten();
        repo.partial |= packs.into_iter().any(|entry| entry.path().extension().is_some_and(|e| e == "promisor"));
        if let Ok(text) = file::read(repo.common_dir.join("shallow")) {
            repo.shallow = text.lines().filter_map(|line| Oid::from_hex(line.trim())).collect();
        }
        Ok(repo)
    }

    /// The repository's own configuration tells the object format and whether objects may be missing; nothing else is asked of it.
    fn read_config(&mut self) -> Result<(), String> {
        let path = self.common_dir.join("config");
        let bytes = match file::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                self.notices.push(Notice::incomplete("configuration", "config", describe(&error)));
                return Ok(());
            }
        };
        let meta = gix::config::file::Metadata::from(gix::config::Source::Local);
        let config = match gix::config::File::from_bytes_no_includes(&bytes, meta, gix::config::file::init::Options::default()) {
            Ok(config) => config,
            Err(_) => {
                self.notices.push(Notice::info("configuration", "config", "it cannot be parsed; SHA-1 objects are assumed"));
                return Ok(());
            }
        };
        match config.string("extensions.objectformat").as_deref().map(|v| v.to_ascii_lowercase()).as_deref() {
            None | Some(b"sha1") => {}
            Some(b"sha256") => self.hash = 32,
            Some(other) => return Err(format!("its object format {:?} is not known", other.as_bstr())),
        }
        self.partial = config.string("extensions.partialclone").is_some();
        Ok(())
    }

    /// The object directory.
    pub fn objects(&self) -> PathBuf {
        self.common_dir.join("objects")
    }

    /// The texts of the git directory, sorted by name: configuration, hooks, reflogs and what editors left.
    pub fn texts(&self) -> Vec<Text> {
        let mut texts = Vec::new();
        let mut dirs = vec![(self.common_dir.clone(), String::new())];
        if let Ok(entries) = fs::read_dir(self.common_dir.join("worktrees")) {
            dirs.extend(entries.flatten().map(|e| (e.path(), format!("worktrees/{}/", e.file_name().to_string_lossy()))));
        }
        for (dir, prefix) in dirs {
            for name in TEXTS {
                if dir.join(name).symlink_metadata().is_ok_and(|found| found.is_file()) {
                    texts.push(Text { kind: PlaceKind::Config, name: format!("{prefix}{name}").into(), path: dir.join(name) });
                }
            }
            collect(&dir.join("hooks"), format!("{prefix}hooks").as_bytes(), PlaceKind::Hook, &mut texts);
            collect(&dir.join("info"), format!("{prefix}info").as_bytes(), PlaceKind::Config, &mut texts);
            collect(&dir.join("logs"), format!("{prefix}logs").as_bytes(), PlaceKind::Reflog, &mut texts);
        }
        texts.sort_by(|a, b| a.name.cmp(&b.name));
        texts
    }
}

/// Regular files below a folder; symbolic links are not followed.
fn collect(dir: &Path, name: &[u8], kind: PlaceKind, texts: &mut Vec<Text>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let inner = BString::from([name, b"/", as_bytes(Path::new(&entry.file_name())).as_slice()].concat());
        match entry.file_type() {
            Ok(found) if found.is_dir() => collect(&entry.path(), &inner, kind, texts),
            // Git's own samples, unless somebody has made them run.
            Ok(found) if found.is_file() && !inner.ends_with(b".sample") => texts.push(Text { kind, name: inner, path: entry.path() }),
            _ => {}
        }
    }
}
