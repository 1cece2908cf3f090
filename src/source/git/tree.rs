//! Trees with random access: what one tree adds to others, what it no longer has, and whether it holds a
//! blob. Equal subtrees are skipped; nothing recurses, so that hostile nesting costs no stack. It does not
//! know commits, and reports what it cannot read as notices.

use std::cmp::Ordering;
use std::sync::Arc;

use bstr::BString;
use rustc_hash::{FxHashMap, FxHashSet};

use super::odb::{Odb, ReadError};
use crate::coverage::Notice;
use crate::history::forest::{Entry, entries};
use crate::object::{Kind, Oid};

/// Longer paths are not followed, as in a full scan.
const LONGEST: usize = 8192;
/// A comparison ends after so many entries: trees that repeat themselves can name billions.
const MOST: usize = 8_000_000;

/// A file or symbolic link that a tree has and none of the trees it is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Its path.
    pub path: BString,
    /// Its blob.
    pub oid: Oid,
    /// The blob that each of the other trees has at that path.
    pub before: Vec<Option<Oid>>,
}

impl Added {
    /// Whether none of the other trees has a file of that path.
    pub fn is_new_path(&self) -> bool {
        self.before.iter().all(Option::is_none)
    }
}

/// Reads trees and keeps what could not be read.
pub struct Trees<'a> {
    odb: &'a Odb,
    notices: Vec<Notice>,
}

/// A folder that is to be compared.
struct Folder {
    path: Vec<u8>,
    tree: Oid,
    others: Vec<Option<Oid>>,
}

impl<'a> Trees<'a> {
    /// A reader of a database's trees.
    pub fn new(odb: &'a Odb) -> Self {
        Self { odb, notices: Vec::new() }
    }

    /// What could not be read.
    pub fn into_notices(self) -> Vec<Notice> {
        self.notices
    }

    /// The files of `tree`, below the folder `prefix`, whose blob differs from that in every other tree; all
    /// of them where there is no other. Sorted by path. A folder that cannot be read on both sides is left out.
    pub fn added(&mut self, tree: Oid, others: &[Option<Oid>], prefix: &[u8]) -> Vec<Added> {
        let mut found = Vec::new();
        let mut stack = vec![Folder { path: prefix.to_vec(), tree, others: others.to_vec() }];
        let mut budget = MOST;
        while let Some(folder) = stack.pop() {
            let Some(bytes) = self.tree(&folder.tree) else { continue };
            let Some(others) = folder.others.iter().map(|other| self.optional(other.as_ref())).collect::<Option<Vec<_>>>() else {
                continue;
            };
            let mut others: Vec<_> = others.iter().map(|bytes| entries(bytes, self.odb.hash).peekable()).collect();
            for entry in entries(&bytes, self.odb.hash) {
                if !self.afford(&mut budget, &folder.tree) {
                    return sorted(found);
                }
                let there: Vec<Option<Entry<'_>>> = others.iter_mut().map(|other| advance(other, &entry)).collect();
                if there.iter().flatten().any(|other| other.id == entry.id && other.is_blob() == entry.is_blob()) {
                    continue;
                }
                let path = [folder.path.as_slice(), entry.name].concat();
                let oid = Oid::new(entry.id);
                let is_submodule = |other: &Entry<'_>| !other.is_tree() && !other.is_blob();
                let before: Vec<_> =
                    there.into_iter().map(|other| other.filter(|other| !is_submodule(other)).map(|other| Oid::new(other.id))).collect();
                if entry.is_tree() {
                    self.push(&mut stack, Folder { path, tree: oid, others: before });
                } else if entry.is_blob() {
                    found.push(Added { path: path.into(), oid, before });
                }
            }
        }
        sorted(found)
    }

    fn push(&mut self, stack: &mut Vec<Folder>, mut folder: Folder) {
        if folder.path.len() >= LONGEST {
            self.notices.push(Notice::incomplete("tree", folder.tree.hex(), "its folders nest too deeply"));
            return;
        }
        folder.path.push(b'/');
        stack.push(folder);
    }

    /// The files of `old` whose path `new` has not, with their blobs.
    pub fn removed(&mut self, old: Option<Oid>, new: Option<Oid>) -> Vec<(BString, Oid)> {
        let mut found = Vec::new();
        let mut stack: Vec<(Vec<u8>, Oid, Option<Oid>)> = old.map(|old| (Vec::new(), old, new)).into_iter().collect();
        let mut budget = MOST;
        while let Some((path, old, new)) = stack.pop() {
            let (Some(bytes), Some(new)) = (self.tree(&old), self.optional(new.as_ref())) else { continue };
            let mut newer = entries(&new, self.odb.hash).peekable();
            for entry in entries(&bytes, self.odb.hash) {
                if !self.afford(&mut budget, &old) {
                    return found;
                }
                let there = advance(&mut newer, &entry);
                let name = [path.as_slice(), entry.name].concat();
                if entry.is_tree() && there.is_none_or(|there| there.id != entry.id) && name.len() < LONGEST {
                    let name = [name.as_slice(), b"/"].concat();
                    stack.push((name, Oid::new(entry.id), there.map(|there| Oid::new(there.id))));
                } else if entry.is_blob() && there.is_none() {
                    found.push((name.into(), Oid::new(entry.id)));
                }
            }
        }
        found
    }

    /// All files of a tree. Folders of which `skip` says so, by their path with a slash and tree, are left out.
    pub fn files(&mut self, tree: Oid, skip: &dyn Fn(&[u8], &Oid) -> bool) -> FxHashMap<BString, Oid> {
        let mut found = FxHashMap::default();
        let mut stack = vec![(Vec::new(), tree)];
        let mut budget = MOST;
        while let Some((path, tree)) = stack.pop() {
            if skip(&path, &tree) {
                continue;
            }
            let Some(bytes) = self.tree(&tree) else { continue };
            for entry in entries(&bytes, self.odb.hash) {
                if !self.afford(&mut budget, &tree) {
                    return found;
                }
                let name = [path.as_slice(), entry.name].concat();
                if entry.is_tree() && name.len() < LONGEST {
                    stack.push(([name.as_slice(), b"/"].concat(), Oid::new(entry.id)));
                } else if entry.is_blob() {
                    found.insert(name.into(), Oid::new(entry.id));
                }
            }
        }
        found
    }

    /// What a tree has at a path.
    pub fn lookup(&mut self, tree: Oid, path: &[u8]) -> Option<(u32, Oid)> {
        let mut at = (0o040_000, tree);
        for name in path.split(|&b| b == b'/') {
            if at.0 != 0o040_000 {
                return None;
            }
            let bytes = self.tree(&at.1)?;
            let entry = entries(&bytes, self.odb.hash).find(|entry| entry.name == name)?;
            at = (entry.mode, Oid::new(entry.id));
        }
        Some(at)
    }

    /// How much of a path, in bytes and with the slash, is folders that one of the trees has.
    pub fn known_folders(&mut self, trees: &[Oid], path: &[u8]) -> usize {
        let ends: Vec<usize> = memchr::memrchr_iter(b'/', path).collect();
        for end in ends {
            if trees.iter().any(|&tree| self.lookup(tree, &path[..end]).is_some_and(|(mode, _)| mode == 0o040_000)) {
                return end + 1;
            }
        }
        0
    }

    /// The bytes of a tree; what cannot be read is noted and `None`.
    fn tree(&mut self, oid: &Oid) -> Option<Arc<Vec<u8>>> {
        match read(self.odb, oid) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.notices.push(Notice::incomplete("tree", oid.hex(), error.to_string()));
                None
            }
        }
    }

    /// The same where there may be none, which is an empty tree.
    fn optional(&mut self, oid: Option<&Oid>) -> Option<Arc<Vec<u8>>> {
        oid.map_or_else(|| Some(Arc::default()), |oid| self.tree(oid))
    }

    fn afford(&mut self, budget: &mut usize, tree: &Oid) -> bool {
        if *budget == 0 {
            self.notices.push(Notice::incomplete("tree", tree.hex(), "a tree names too many files"));
            return false;
        }
        *budget -= 1;
        true
    }
}

fn read(odb: &Odb, oid: &Oid) -> Result<Arc<Vec<u8>>, ReadError> {
    match odb.read(oid)? {
        (Kind::Tree, bytes) => Ok(bytes),
        _ => Err(ReadError::Damaged("it is no tree".to_owned())),
    }
}

fn sorted(mut found: Vec<Added>) -> Vec<Added> {
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Goes on in another tree to where the entry would be, and takes it if it is there. A file and a folder of
/// one name are two entries.
fn advance<'t>(other: &mut std::iter::Peekable<impl Iterator<Item = Entry<'t>>>, entry: &Entry<'_>) -> Option<Entry<'t>> {
    loop {
        match order(other.peek()?, entry) {
            Ordering::Less => drop(other.next()),
            Ordering::Equal => return other.next(),
            Ordering::Greater => return None,
        }
    }
}

/// The order of entries in a tree: folders as if a slash ended their names.
fn order(a: &Entry<'_>, b: &Entry<'_>) -> Ordering {
    let end = |entry: &Entry<'_>| entry.is_tree().then_some(b'/');
    a.name.iter().copied().chain(end(a)).cmp(b.name.iter().copied().chain(end(b)))
}

/// Answers whether a tree holds a blob anywhere, and remembers which trees do not.
#[derive(Default)]
pub struct Holds {
    without: FxHashMap<Oid, FxHashSet<Oid>>,
}

impl Holds {
    /// Whether `tree` holds the blob at any path.
    pub fn blob(&mut self, odb: &Odb, tree: &Oid, blob: &Oid) -> Result<bool, ReadError> {
        let without = self.without.entry(*blob).or_default();
        if without.contains(tree) {
            return Ok(false);
        }
        let mut seen: FxHashSet<Oid> = std::iter::once(*tree).collect();
        let mut stack = vec![*tree];
        while let Some(tree) = stack.pop() {
            let bytes = read(odb, &tree)?;
            for entry in entries(&bytes, odb.hash) {
                if entry.is_blob() && entry.id == blob.as_bytes() {
                    return Ok(true);
                }
                let oid = Oid::new(entry.id);
                if entry.is_tree() && !without.contains(&oid) && seen.insert(oid) {
                    stack.push(oid);
                }
            }
        }
        without.extend(seen);
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_ordered_as_git_does_and_a_folder_is_no_file() {
        let entry = |mode, name| Entry { mode, name, id: &[] };
        let (file, folder, between) = (entry(0o100_644, b"a".as_slice()), entry(0o040_000, b"a"), entry(0o100_644, b"a.b"));
        assert_eq!(order(&file, &between), Ordering::Less);
        assert_eq!(order(&between, &folder), Ordering::Less);
        assert_eq!(order(&file, &folder), Ordering::Less);
        let mut other = [file, between].into_iter().peekable();
        assert_eq!(advance(&mut other, &folder), None);
    }
}
