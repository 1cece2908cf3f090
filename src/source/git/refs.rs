//! The refs of a repository, read from its files: loose refs, packed ones, `HEAD` and those of linked
//! worktrees. It does not know what they point to.

use std::fs;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice};

use super::{as_bytes, file};
use crate::coverage::Notice;
use crate::error::describe;
use crate::object::Oid;

/// Symbolic refs are followed so far, as git does.
const DEEPEST: usize = 5;

/// A ref and what it points to, tags not peeled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ref {
    /// Its full name.
    pub name: BString,
    /// The object.
    pub target: Oid,
}

/// All refs, sorted by name, each once.
#[derive(Debug, Default)]
pub struct Refs {
    /// The refs.
    pub refs: Vec<Ref>,
    /// The branch that `HEAD` names, where it names one, though the branch may not exist yet.
    pub head_branch: Option<BString>,
    /// What `HEAD` points to.
    pub head: Option<Oid>,
    /// What could not be read.
    pub notices: Vec<Notice>,
}

impl Refs {
    /// Reads the refs of a repository: `git_dir` is the worktree's own, `common_dir` what all worktrees share.
    pub fn read(git_dir: &Path, common_dir: &Path) -> Self {
        let mut found = Self::default();
        if common_dir.join("reftable").is_dir() {
            let why = "refs are kept in the reftable format, which is not read; objects are scanned all the same";
            found.notices.push(Notice::incomplete("refs", as_bytes(common_dir), why));
        }
        found.packed(&common_dir.join("packed-refs"));
        let packed = found.refs.len();
        found.loose(&common_dir.join("refs"), b"refs");
        if git_dir != common_dir {
            found.loose(&git_dir.join("refs"), b"refs");
        }
        // A loose ref hides a packed one of the same name.
        found.refs[packed..].reverse();
        found.refs.reverse();
        found.refs.sort_by(|a, b| a.name.cmp(&b.name));
        found.refs.dedup_by(|later, first| later.name == first.name);
        (found.head_branch, found.head) = found.symbolic(&git_dir.join("HEAD"));
        found.worktrees(common_dir);
        found
    }

    /// What a ref of that name points to.
    pub fn find(&self, name: &[u8]) -> Option<Oid> {
        self.refs.binary_search_by(|r| r.name.as_slice().cmp(name)).ok().map(|at| self.refs[at].target)
    }

    fn packed(&mut self, path: &Path) {
        let text = match file::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.notices.push(Notice::incomplete("refs", as_bytes(path), describe(&error))),
        };
        let mut damaged = 0;
        for line in text.lines().filter(|line| !line.is_empty() && !b"#^".contains(&line[0])) {
            match line.split_once_str(" ").and_then(|(hex, name)| Some((Oid::from_hex(hex)?, name))) {
                Some((target, name)) => self.refs.push(Ref { name: BString::from(name), target }),
                None => damaged += 1,
            }
        }
        if damaged > 0 {
            self.notices.push(Notice::incomplete("refs", as_bytes(path), format!("{damaged} lines are damaged")));
        }
    }

    fn loose(&mut self, dir: &Path, name: &[u8]) {
        let Ok(entries) = fs::read_dir(dir) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = BString::from([name, b"/", as_bytes(Path::new(&entry.file_name())).as_slice()].concat());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.loose(&path, &name),
                Ok(kind) if kind.is_file() => match file::read(&path) {
                    Ok(text) if text.starts_with(b"ref:") => {}
                    Ok(text) => match Oid::from_hex(text.trim()) {
                        Some(target) => self.refs.push(Ref { name, target }),
                        None if path.extension().is_some_and(|e| e == "lock") => {}
                        None => self.notices.push(Notice::incomplete("ref", name, "its file holds no object id")),
                    },
                    Err(error) => self.notices.push(Notice::incomplete("ref", name, describe(&error))),
                },
                _ => {}
            }
        }
    }

    /// Follows a file that names a ref or an object.
    fn symbolic(&self, path: &Path) -> (Option<BString>, Option<Oid>) {
        let Ok(mut text) = file::read(path) else { return (None, None) };
        let mut branch = None;
        for _ in 0..DEEPEST {
            let Some(name) = text.trim().strip_prefix(b"ref:") else {
                return (branch, Oid::from_hex(text.trim()));
            };
            let name = BString::from(name.trim());
            if !name.starts_with(b"refs/") || name.contains_str("..") {
                return (branch, None);
            }
            let target = self.find(&name);
            branch.get_or_insert_with(|| name.clone());
            if target.is_some() {
                return (branch, target);
            }
            text = name.to_path().ok().and_then(|name| file::read(path.parent()?.join(name)).ok()).unwrap_or_default();
        }
        (branch, None)
    }

    fn worktrees(&mut self, common_dir: &Path) {
        let Ok(entries) = fs::read_dir(common_dir.join("worktrees")) else { return };
        let mut dirs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        dirs.sort();
        for dir in dirs {
            if let (_, Some(target)) = self.symbolic(&dir.join("HEAD")) {
                let name = as_bytes(Path::new(dir.file_name().unwrap_or_default()));
                self.refs.push(Ref { name: BString::from([b"worktrees/", name.as_slice(), b"/HEAD"].concat()), target });
            }
        }
        self.refs.sort();
    }

    /// The refs in the order in which reports name them: HEAD's branch, branches, tags, remotes, the rest, pull requests.
    pub fn by_importance(&self) -> Vec<&Ref> {
        let rank = |name: &BString| match name {
            name if Some(name) == self.head_branch.as_ref() => 0,
            name if name.starts_with(b"refs/heads/") => 1,
            name if name.starts_with(b"refs/tags/") => 2,
            name if name.starts_with(b"refs/remotes/") => 3,
            name if name.starts_with(b"refs/pull/") || name.starts_with(b"refs/merge-requests/") => 5,
            _ => 4,
        };
        let mut all: Vec<&Ref> = self.refs.iter().collect();
        all.sort_by(|a, b| (rank(&a.name), &a.name).cmp(&(rank(&b.name), &b.name)));
        all
    }
}
