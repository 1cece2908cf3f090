//! What the trees of a repository hold of the blobs that matter. Trees arrive once each, in any order and from
//! many threads; afterwards equal contents get one number, so that two root trees that differ elsewhere count
//! as the same. It does not know commits.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, RwLock};

use bstr::{BString, ByteSlice};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::object::Oid;

/// The number of a content; equal numbers mean that the trees hold the same wanted blobs at the same paths.
pub type ContentId = u32;

/// The content of a tree that holds no wanted blob.
pub const NOTHING: ContentId = 0;

/// One entry of a raw tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Octal mode, as a number.
    pub mode: u32,
    /// The name, raw.
    pub name: &'a [u8],
    /// The id, raw.
    pub id: &'a [u8],
    /// Where the name begins in the tree, in bytes.
    pub at: usize,
}

impl Entry<'_> {
    /// Whether it is a folder.
    pub fn is_tree(&self) -> bool {
        self.mode == 0o040_000
    }

    /// Whether it is a file or symbolic link.
    pub fn is_blob(&self) -> bool {
        !self.is_tree() && self.mode != 0o160_000
    }
}

/// The entries of a raw tree; ids have `hash` bytes. Ends at the first damage.
pub fn entries(tree: &[u8], hash: usize) -> impl Iterator<Item = Entry<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = tree.get(at..)?;
        let space = memchr::memchr(b' ', rest.get(..8.min(rest.len()))?)?;
        let mode = rest[..space].iter().try_fold(0u32, |mode, &d| (b'0'..=b'7').contains(&d).then(|| mode << 3 | u32::from(d - b'0')))?;
        let nul = space + 1 + memchr::memchr(0, &rest[space + 1..])?;
        let id = rest.get(nul + 1..nul + 1 + hash)?;
        let entry = Entry { mode, name: &rest[space + 1..nul], id, at: at + space + 1 };
        at += nul + 1 + hash;
        Some(entry)
    })
}

/// Collects trees.
pub struct Forest {
    hash: usize,
    keys: RandomState,
    wanted: FxHashMap<u64, u32>,
    wanted_names: RwLock<FxHashMap<Box<[u8]>, u32>>,
    names: Mutex<Names>,
    trees: Mutex<FxHashMap<u64, Box<[Edge]>>>,
}

#[derive(Default)]
struct Names {
    ids: FxHashMap<Box<[u8]>, u32>,
    names: Vec<Box<[u8]>>,
}

#[derive(Clone, Copy)]
struct Edge {
    name: u32,
    /// A wanted blob's number; a folder where it is `u32::MAX`.
    blob: u32,
    /// The folder's key.
    tree: u64,
}

const FOLDER: u32 = u32::MAX;
/// Stands before a wanted name, so that it differs from the entry itself: no real name begins with NUL.
const NAME: u8 = 0;
/// Longer paths are not followed: git itself refuses folders nested more than 2,048 deep.
const LONGEST: usize = 8192;
/// A difference with more paths than this is cut: trees that repeat themselves can name billions.
const MOST: usize = 200_000;

impl Forest {
    /// A forest that looks for these blobs; ids have `hash` bytes.
    pub fn new(wanted: &[Oid], hash: usize) -> Self {
        let keys = RandomState::new();
        let wanted = wanted.iter().enumerate().map(|(n, oid)| (keys.hash_one(oid.as_bytes()), n as u32)).collect();
        Self { hash, keys, wanted, wanted_names: RwLock::default(), names: Mutex::default(), trees: Mutex::default() }
    }

    /// Looks for a name as well, of a file or folder, as if it were a blob; returns its number, which follows
    /// those of the blobs. To be called before a tree that holds the name is added.
    pub fn want_name(&self, name: &[u8]) -> u32 {
        let mut names = self.wanted_names.write().expect("no panic while locked");
        let next = (self.wanted.len() + names.len()) as u32;
        *names.entry(name.into()).or_insert(next)
    }

    /// Takes a tree.
    pub fn add(&self, oid: &Oid, tree: &[u8]) {
        let mut found: Vec<(&[u8], u32, u64)> = Vec::new();
        let wanted_names = self.wanted_names.read().expect("no panic while locked");
        if self.wanted.is_empty() && wanted_names.is_empty() {
            return;
        }
        let mut marked = Vec::new();
        for entry in entries(tree, self.hash) {
            if !wanted_names.is_empty()
                && let Some(&number) = wanted_names.get(entry.name)
            {
                marked.push(([&[NAME], entry.name].concat(), number));
            }
            if entry.is_tree() {
                found.push((entry.name, FOLDER, self.keys.hash_one(entry.id)));
            } else if let Some(&blob) = self.wanted.get(&self.keys.hash_one(entry.id)) {
                found.push((entry.name, blob, 0));
            }
        }
        drop(wanted_names);
        if found.is_empty() && marked.is_empty() {
            return;
        }
        found.extend(marked.iter().map(|(name, number)| (name.as_slice(), *number, 0)));
        let mut names = self.names.lock().expect("no panic while locked");
        let edges = found.into_iter().map(|(name, blob, tree)| Edge { name: names.intern(name), blob, tree }).collect();
        drop(names);
        self.trees.lock().expect("no panic while locked").insert(self.keys.hash_one(oid.as_bytes()), edges);
    }

    /// Numbers the contents.
    pub fn finish(self) -> Contents {
        let trees = self.trees.into_inner().expect("no panic while locked");
        let names = self.names.into_inner().expect("no panic while locked").names;
        let mut contents =
            Contents { keys: self.keys, names, nodes: vec![Box::default()], ids: FxHashMap::default(), of: FxHashMap::default() };
        let mut all: Vec<u64> = trees.keys().copied().collect();
        all.sort_unstable();
        for key in all {
            contents.number(&trees, key);
        }
        contents
    }
}

impl Names {
    fn intern(&mut self, name: &[u8]) -> u32 {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = self.names.len() as u32;
        self.names.push(name.into());
        self.ids.insert(name.into(), id);
        id
    }
}

/// What a node of a content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Child {
    Blob(u32),
    Folder(ContentId),
}

/// A difference between two contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path from the root.
    pub path: BString,
    /// The wanted blob's number.
    pub blob: u32,
}

/// Contents, numbered.
pub struct Contents {
    keys: RandomState,
    names: Vec<Box<[u8]>>,
    nodes: Vec<Box<[(u32, Child)]>>,
    ids: FxHashMap<Box<[(u32, Child)]>, ContentId>,
    of: FxHashMap<u64, ContentId>,
}

impl Contents {
    /// The content of a tree.
    pub fn of(&self, tree: &Oid) -> ContentId {
        self.of.get(&self.keys.hash_one(tree.as_bytes())).copied().unwrap_or(NOTHING)
    }

    /// Number of contents.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// The wanted blobs that stand directly in a content.
    pub fn blobs(&self, content: ContentId) -> impl Iterator<Item = u32> {
        self.nodes[content as usize].iter().filter_map(|(_, child)| match child {
            Child::Blob(blob) => Some(*blob),
            Child::Folder(_) => None,
        })
    }

    /// The contents of its folders. Their numbers are smaller than its own.
    pub fn folders(&self, content: ContentId) -> impl Iterator<Item = ContentId> {
        self.nodes[content as usize].iter().filter_map(|(_, child)| match child {
            Child::Folder(inner) => Some(*inner),
            Child::Blob(_) => None,
        })
    }

    /// What `new` holds at a path and `old` does not hold there.
    pub fn added(&self, old: ContentId, new: ContentId) -> Vec<Change> {
        let mut changes = Vec::new();
        self.diff(old, new, &mut Vec::new(), &mut changes);
        changes
    }

    /// Every content that holds the blob directly, with the blob's name in it.
    pub fn holders(&self, blob: u32) -> impl Iterator<Item = (ContentId, &[u8])> {
        self.nodes.iter().enumerate().flat_map(move |(content, node)| {
            let here = node.iter().filter(move |(_, child)| *child == Child::Blob(blob));
            here.map(move |(name, _)| (content as ContentId, &*self.names[*name as usize]))
        })
    }

    fn diff(&self, old: ContentId, new: ContentId, path: &mut Vec<u8>, changes: &mut Vec<Change>) {
        if old == new || changes.len() >= MOST || path.len() > LONGEST {
            return;
        }
        let before = &self.nodes[old as usize];
        for (name, child) in &self.nodes[new as usize] {
            let there = before.binary_search_by_key(name, |(n, _)| *n).ok().map(|at| before[at].1);
            if there == Some(*child) {
                continue;
            }
            let len = path.len();
            let name = &self.names[*name as usize];
            path.extend_from_slice(name.strip_prefix(&[NAME]).unwrap_or(name));
            match (child, there) {
                (Child::Blob(blob), _) => changes.push(Change { path: path.as_bstr().to_owned(), blob: *blob }),
                (Child::Folder(inner), there) => {
                    path.push(b'/');
                    let old = if let Some(Child::Folder(old)) = there { old } else { NOTHING };
                    self.diff(old, *inner, path, changes);
                }
            }
            path.truncate(len);
        }
    }

    /// Numbers the content of a tree and of all below it, without recursion: a hostile database nests deeply.
    fn number(&mut self, trees: &FxHashMap<u64, Box<[Edge]>>, key: u64) {
        let mut stack = vec![key];
        let mut opened = FxHashSet::default();
        while let Some(&key) = stack.last() {
            if self.of.contains_key(&key) {
                stack.pop();
                continue;
            }
            let edges = &trees[&key];
            let waiting = stack.len();
            if opened.insert(key) {
                let unknown = |edge: &&Edge| edge.blob == FOLDER && trees.contains_key(&edge.tree) && !self.of.contains_key(&edge.tree);
                stack.extend(edges.iter().filter(unknown).map(|edge| edge.tree).filter(|tree| !opened.contains(tree)));
            }
            if stack.len() == waiting {
                let node = self.node(edges);
                let id = self.intern(node);
                self.of.insert(key, id);
                stack.pop();
            }
        }
    }

    fn node(&self, edges: &[Edge]) -> Box<[(u32, Child)]> {
        let mut node: Vec<(u32, Child)> = edges
            .iter()
            .filter_map(|edge| match edge.blob {
                FOLDER => self.of.get(&edge.tree).filter(|&&inner| inner != NOTHING).map(|&inner| (edge.name, Child::Folder(inner))),
                blob => Some((edge.name, Child::Blob(blob))),
            })
            .collect();
        node.sort_unstable();
        node.dedup_by_key(|(name, _)| *name);
        node.into_boxed_slice()
    }

    fn intern(&mut self, node: Box<[(u32, Child)]>) -> ContentId {
        if node.is_empty() {
            return NOTHING;
        }
        if let Some(&id) = self.ids.get(&node) {
            return id;
        }
        let id = self.nodes.len() as ContentId;
        self.nodes.push(node.clone());
        self.ids.insert(node, id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(entries: &[(&str, &str, u8)]) -> Vec<u8> {
        entries.iter().flat_map(|(mode, name, id)| [mode.as_bytes(), b" ", name.as_bytes(), b"\0", &[*id; 20]].concat()).collect()
    }

    fn oid(id: u8) -> Oid {
        Oid::new(&[id; 20])
    }

    #[test]
    fn trees_that_differ_elsewhere_have_one_content() {
        let forest = Forest::new(&[oid(1)], 20);
        forest.add(&oid(10), &tree(&[("100644", "secret", 1), ("100644", "other", 2)]));
        forest.add(&oid(11), &tree(&[("100644", "secret", 1), ("100644", "other", 3)]));
        forest.add(&oid(12), &tree(&[("40000", "dir", 10), ("100644", "x", 4)]));
        forest.add(&oid(13), &tree(&[("40000", "dir", 11)]));
        forest.add(&oid(14), &tree(&[("40000", "dir", 99)]));
        let contents = forest.finish();
        assert_eq!(contents.of(&oid(10)), contents.of(&oid(11)));
        assert_eq!(contents.of(&oid(12)), contents.of(&oid(13)));
        assert_eq!(contents.of(&oid(14)), NOTHING);
        let added = contents.added(NOTHING, contents.of(&oid(12)));
        assert_eq!(added, [Change { path: "dir/secret".into(), blob: 0 }]);
        assert_eq!(contents.added(contents.of(&oid(10)), contents.of(&oid(12))), added);
    }

    #[test]
    fn damage_ends_the_entries_and_cycles_end() {
        assert_eq!(entries(b"100644 a\0short", 20).count(), 0);
        assert_eq!(entries(b"9 a\0", 20).count(), 0);
        let forest = Forest::new(&[oid(1)], 20);
        forest.add(&oid(10), &tree(&[("40000", "a", 11), ("100644", "s", 1)]));
        forest.add(&oid(11), &tree(&[("40000", "b", 10)]));
        let contents = forest.finish();
        assert_ne!(contents.of(&oid(10)), NOTHING);
    }
}
