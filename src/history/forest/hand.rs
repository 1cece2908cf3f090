//! The trees and edges as threads hand them over, each to a part of its own, and how the parts become one list. It does
//! not know what trees hold.

use std::num::NonZeroU32;
use std::sync::MutexGuard;

use super::{Forest, Name};
use crate::object::Oid;
use crate::parts::Parts;

/// What one thread has handed over.
#[derive(Default)]
pub(super) struct Grown {
    pub edges: Vec<Edge>,
    pub trees: Trees,
}

/// One thread's way into the forest: nobody else adds to its part as long as it is held.
pub struct Hand<'a> {
    forest: &'a Forest,
    grown: MutexGuard<'a, Grown>,
    turns: Turns,
    part: usize,
}

/// Numbers go to the parts by turns, so that each part can give them by itself.
#[derive(Clone, Copy)]
struct Turns(u32);

impl Turns {
    fn among(parts: usize) -> Self {
        Self(parts.next_power_of_two().ilog2())
    }

    /// The number of the thing at this place of a part.
    fn number(self, part: usize, at: usize) -> u32 {
        (at << self.0 | part) as u32
    }

    /// Part and place of the thing of a number.
    fn place(self, number: u32) -> (usize, usize) {
        (number as usize & ((1 << self.0) - 1), number as usize >> self.0)
    }
}

/// The number of an edge: that a tree holds a wanted blob or a folder under a name. An edge may stand in many trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeId(NonZeroU32);

impl EdgeId {
    fn new(number: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(number))
    }

    pub(super) fn number(self) -> u32 {
        (self.0.get() & !GONE) - 1
    }

    /// The same, as one that the base of a tree has and the tree has not.
    #[must_use]
    pub fn gone(self) -> Self {
        Self(self.0 | GONE)
    }

    pub(super) fn is_gone(self) -> bool {
        self.0.get() & GONE > 0
    }
}

/// Marks an edge that is gone.
const GONE: u32 = 1 << 31;

/// What the trees hold, one behind the other: all their edges, or those in which they differ from their base.
#[derive(Default)]
pub(super) struct Trees {
    pub numbers: Vec<u32>,
    /// The record of the base, or [`NONE`].
    pub bases: Vec<u32>,
    pub ends: Vec<u32>,
    pub edges: Vec<EdgeId>,
}

/// Where a tree was put down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record(u32);

/// No tree.
pub(super) const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
pub(super) struct Edge {
    pub name: u32,
    pub to: End,
}

/// What an edge leads to.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// A blob or name, by its number among the wanted.
    Wanted(u32),
    /// A folder, by its number in the database; [`NONE`] until that is known.
    Folder(u32),
}

impl<'a> Hand<'a> {
    pub(super) fn new(forest: &'a Forest, parts: &'a Parts<Grown>, part: usize) -> Self {
        Self { forest, grown: parts.part(part), turns: Turns::among(parts.count()), part }
    }

    /// The edge of a blob with this name; none where nobody wants the blob.
    pub fn blob(&mut self, oid: &Oid, name: Name) -> Option<EdgeId> {
        let wanted = *self.forest.wanted.get(oid)?;
        Some(self.number(Edge { name: name.id, to: End::Wanted(wanted) }))
    }

    /// The edge of a folder with this name. It leads nowhere before [`Self::lead`].
    pub fn folder(&mut self, name: Name) -> EdgeId {
        self.number(Edge { name: name.id, to: End::Folder(NONE) })
    }

    /// Lets the edge of a folder, which this hand has made, lead to the tree of this number.
    pub fn lead(&mut self, edge: EdgeId, number: u32) {
        let (part, at) = self.turns.place(edge.number());
        debug_assert_eq!(part, self.part, "an edge of another's");
        self.grown.edges[at].to = End::Folder(number);
    }

    /// The edge that a wanted name makes by itself.
    pub fn mark(&mut self, name: Name) -> Option<EdgeId> {
        name.mark.map(|(name, wanted)| self.number(Edge { name, to: End::Wanted(wanted) }))
    }

    /// Nothing is lost where an edge has two numbers, and much is gained where nobody looks for the first.
    fn number(&mut self, edge: Edge) -> EdgeId {
        self.grown.edges.push(edge);
        EdgeId::new(self.turns.number(self.part, self.grown.edges.len() - 1))
    }

    /// Takes the tree of this number: its edges or, if it has a base that was taken before, the record of that and the
    /// edges in which they differ. Gives its own record, if it was kept: one without any edge is not.
    pub fn add(&mut self, number: u32, base: Option<Record>, edges: &[EdgeId]) -> Option<Record> {
        if edges.is_empty() && base.is_none() {
            return None;
        }
        let trees = &mut self.grown.trees;
        trees.edges.extend_from_slice(edges);
        trees.ends.push(trees.edges.len() as u32);
        trees.numbers.push(number);
        trees.bases.push(base.map_or(NONE, |base| base.0));
        Some(Record(self.turns.number(self.part, self.grown.trees.numbers.len() - 1)))
    }
}

/// How many come before each.
fn before(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    let sums = lengths.scan(0, |sum, length| {
        *sum += length;
        Some(*sum - length)
    });
    sums.collect()
}

/// One list of what all threads took; edges and bases by their place in it.
pub(super) fn join(parts: Parts<Grown>) -> Grown {
    let turns = Turns::among(parts.count());
    let parts: Vec<Grown> = parts.into_parts().collect();
    let edges = before(parts.iter().map(|part| part.edges.len()));
    let trees = before(parts.iter().map(|part| part.trees.numbers.len()));
    let mut all = Grown::default();
    for Grown { edges: own, trees: part } in parts {
        all.edges.extend(own);
        let before = all.trees.edges.len() as u32;
        all.trees.numbers.extend(part.numbers);
        all.trees.ends.extend(part.ends.iter().map(|end| end + before));
        all.trees.bases.extend(part.bases.iter().map(|&base| if base == NONE { NONE } else { flat(turns, &trees, base) }));
        let edge = |edge: EdgeId| {
            let same = EdgeId::new(flat(turns, &edges, edge.number()));
            if edge.is_gone() { same.gone() } else { same }
        };
        all.trees.edges.extend(part.edges.into_iter().map(edge));
    }
    all
}

/// The place in one list of what has this number by turns, where each part's list starts there.
fn flat(turns: Turns, starts: &[usize], number: u32) -> u32 {
    let (part, at) = turns.place(number);
    (starts[part] + at) as u32
}
