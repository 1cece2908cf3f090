//! What the trees of a repository hold of the blobs that matter. Trees arrive once each, in any order and from
//! many threads; afterwards equal contents get one number, so that two root trees that differ elsewhere count
//! as the same. Objects have numbers here that the database gives them. It does not know commits.

mod hand;
mod numbering;

use std::sync::{PoisonError, RwLock};

use bstr::{BString, ByteSlice};
use rustc_hash::FxHashMap;

use crate::object::Oid;
use crate::parts::Parts;
use hand::{Edge, End, Grown, NONE};
pub use hand::{EdgeId, Hand, Record};
use numbering::Numbering;

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
}

impl Entry<'_> {
    /// Whether it is a folder.
    pub fn is_tree(&self) -> bool {
        self.mode == 0o040_000
    }

    /// Whether it is a commit of another repository.
    pub fn is_submodule(&self) -> bool {
        self.mode == 0o160_000
    }

    /// Whether it is a file or symbolic link.
    pub fn is_blob(&self) -> bool {
        !self.is_tree() && !self.is_submodule()
    }
}

/// The entry of a raw tree that begins at this place, and where it ends; none at the end or where there is damage.
/// Ids have `hash` bytes.
pub fn entry(tree: &[u8], at: usize, hash: usize) -> Option<(Entry<'_>, usize)> {
    let rest = tree.get(at..)?;
    let space = memchr::memchr(b' ', rest.get(..8.min(rest.len()))?)?;
    let mode = rest[..space].iter().try_fold(0u32, |mode, &d| (b'0'..=b'7').contains(&d).then(|| mode << 3 | u32::from(d - b'0')))?;
    let nul = space + 1 + memchr::memchr(0, &rest[space + 1..])?;
    let id = rest.get(nul + 1..nul + 1 + hash)?;
    Some((Entry { mode, name: &rest[space + 1..nul], id }, at + nul + 1 + hash))
}

/// The entries of a raw tree; ids have `hash` bytes. Ends at the first damage.
pub fn entries(tree: &[u8], hash: usize) -> impl Iterator<Item = Entry<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (entry, end) = entry(tree, at, hash)?;
        at = end;
        Some(entry)
    })
}

/// Collects trees.
pub struct Forest {
    /// The wanted blobs with their numbers.
    wanted: FxHashMap<Oid, u32>,
    names: RwLock<Names>,
    grown: Parts<Grown>,
}

#[derive(Default)]
struct Names {
    ids: FxHashMap<Box<[u8]>, Name>,
    names: Vec<Box<[u8]>>,
    /// How many of them are wanted.
    wanted: u32,
}

/// A name of a file or folder, as the forest knows it.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    id: u32,
    /// Where the name itself is wanted: the edge's name and the number under which it is.
    mark: Option<(u32, u32)>,
}

/// Stands before a wanted name, so that it differs from the entry itself: no real name begins with NUL.
const NAME: u8 = 0;
/// Longer paths are not followed: git itself refuses folders nested more than 2,048 deep.
const LONGEST: usize = 8192;
/// A difference with more paths than this is cut: trees that repeat themselves can name billions.
const MOST: usize = 200_000;

impl Forest {
    /// A forest that looks for these blobs, each once; they are numbered in their order.
    pub fn new(wanted: impl Iterator<Item = Oid>) -> Self {
        Self { wanted: wanted.zip(0..).collect(), names: RwLock::default(), grown: Parts::new() }
    }

    /// A name that is known already.
    pub fn name(&self, name: &[u8]) -> Option<Name> {
        self.names.read().unwrap_or_else(PoisonError::into_inner).ids.get(name).copied()
    }

    /// Makes a name known; where it is wanted it is looked for as if it were a blob, and has the number that is
    /// returned if nobody made it known before. The numbers follow those of the blobs.
    pub fn add_name(&self, name: &[u8], wanted: bool) -> (Name, Option<u32>) {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.ids.get(name) {
            return (*known, None);
        }
        let id = names.push(name.into());
        let number = wanted.then(|| self.wanted.len() as u32 + names.wanted);
        let mark = number.map(|number| (names.push([&[NAME], name].concat().into()), number));
        names.wanted += u32::from(wanted);
        names.ids.insert(name.into(), Name { id, mark });
        (Name { id, mark }, number)
    }

    /// A name as it is written.
    pub fn spell(&self, name: Name) -> BString {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        BString::from(&*names.names[name.id as usize])
    }

    /// This thread's hand.
    pub fn hand(&self) -> Hand<'_> {
        self.hand_of(self.grown.own())
    }

    /// The hand of the thread of this number.
    pub fn hand_of(&self, part: usize) -> Hand<'_> {
        Hand::new(self, &self.grown, part)
    }

    /// Numbers the contents. The database has so many objects.
    pub fn finish(self, objects: usize) -> Contents {
        let Grown { edges, trees } = hand::join(self.grown);
        let names = self.names.into_inner().unwrap_or_else(PoisonError::into_inner).names;
        let mut places = vec![NONE; objects];
        for (number, place) in trees.numbers.iter().zip(0u32..) {
            places[*number as usize] = place;
        }
        let target = |edge: Edge| match edge.to {
            End::Folder(number) => match places.get(number as usize) {
                None | Some(&NONE) => (edge.name, Target::Nothing),
                Some(&place) => (edge.name, Target::Folder(place)),
            },
            End::Wanted(blob) => (edge.name, Target::Blob(blob)),
        };
        let edges = edges.into_iter().map(target).collect();
        Numbering::new(trees, edges, places).run(names)
    }
}

/// Where an edge leads.
#[derive(Clone, Copy)]
enum Target {
    Blob(u32),
    /// A folder, by its place among the trees.
    Folder(u32),
    /// A folder that holds nothing.
    Nothing,
}

impl Names {
    fn push(&mut self, name: Box<[u8]>) -> u32 {
        self.names.push(name);
        self.names.len() as u32 - 1
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
    names: Vec<Box<[u8]>>,
    nodes: Vec<Box<[(u32, Child)]>>,
    /// The content of each tree that was taken.
    of: Vec<ContentId>,
    /// The place among them of the object of each number.
    places: Vec<u32>,
}

impl Contents {
    /// The content of the tree of this number.
    pub fn of(&self, number: u32) -> ContentId {
        let place = self.places.get(number as usize).copied().unwrap_or(NONE);
        self.of.get(place as usize).copied().unwrap_or(NOTHING)
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
            // A forged tree may have a name twice.
            if before.binary_search(&(*name, *child)).is_ok() {
                continue;
            }
            let there = before.binary_search_by_key(name, |(n, _)| *n).ok().map(|at| before[at].1);
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(entries: &[(&str, &str, u8)]) -> Vec<u8> {
        entries.iter().flat_map(|(mode, name, id)| [mode.as_bytes(), b" ", name.as_bytes(), b"\0", &[*id; 20]].concat()).collect()
    }

    /// The object of each number has an id of that byte.
    fn add(forest: &Forest, number: u8, tree: &[u8]) {
        let edge = |entry: Entry<'_>| {
            let name = forest.add_name(entry.name, false).0;
            let mut hand = forest.hand();
            if !entry.is_tree() {
                return hand.blob(&Oid::new(entry.id), name);
            }
            let edge = hand.folder(name);
            hand.lead(edge, entry.id[0].into());
            Some(edge)
        };
        let edges: Vec<EdgeId> = entries(tree, 20).filter_map(edge).collect();
        forest.hand().add(number.into(), None, &edges);
    }

    #[test]
    fn trees_that_differ_elsewhere_have_one_content() {
        let forest = Forest::new(std::iter::once(Oid::new(&[1; 20])));
        add(&forest, 10, &tree(&[("100644", "secret", 1), ("100644", "other", 2)]));
        add(&forest, 11, &tree(&[("100644", "secret", 1), ("100644", "other", 3)]));
        add(&forest, 12, &tree(&[("40000", "dir", 10), ("100644", "x", 4)]));
        add(&forest, 13, &tree(&[("40000", "dir", 11)]));
        add(&forest, 14, &tree(&[("40000", "dir", 99)]));
        let contents = forest.finish(100);
        assert_eq!(contents.of(10), contents.of(11));
        assert_eq!(contents.of(12), contents.of(13));
        assert_eq!(contents.of(14), NOTHING);
        let added = contents.added(NOTHING, contents.of(12));
        assert_eq!(added, [Change { path: "dir/secret".into(), blob: 0 }]);
        assert_eq!(contents.added(contents.of(10), contents.of(12)), added);
    }

    #[test]
    fn damage_ends_the_entries_and_cycles_end() {
        assert_eq!(entries(b"100644 a\0short", 20).count(), 0);
        assert_eq!(entries(b"9 a\0", 20).count(), 0);
        let forest = Forest::new(std::iter::once(Oid::new(&[1; 20])));
        add(&forest, 10, &tree(&[("40000", "a", 11), ("100644", "s", 1)]));
        add(&forest, 11, &tree(&[("40000", "b", 10)]));
        let contents = forest.finish(100);
        assert_ne!(contents.of(10), NOTHING);
    }
}
