//! The walk over commits: each starting point paints what it reaches, the youngest commits first, and the
//! walk ends when no commit that is left could matter. It does not know what the colours mean to the user.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::CommitInfo;
use crate::coverage::Notice;
use crate::history::commit;
use crate::object::{Kind, Oid};
use crate::source::git::odb::{Odb, ReadError};

/// So many commits beyond the boundary are read on, for histories whose dates run backwards.
const SLACK: usize = 256;

/// Colours of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bits(u64);

impl Bits {
    /// A starting point reaches it.
    pub(super) const TIP: Self = Self(1);
    /// A boundary reaches it.
    pub(super) const EXCLUDED: Self = Self(2);
}

struct Node {
    oid: Oid,
    tree: Option<Oid>,
    parent_ids: Vec<Oid>,
    /// The parents that could be read, once the commit has been walked.
    parents: Vec<u32>,
    date: i64,
    bits: u64,
    cut: bool,
    queued: bool,
}

/// A walk.
pub(super) struct Walk<'a> {
    odb: &'a Odb,
    /// Everything that the starting points reach is wanted, since it shall be counted.
    whole: bool,
    nodes: Vec<Node>,
    ids: FxHashMap<Oid, Option<u32>>,
    queue: BinaryHeap<(i64, Reverse<usize>, u32)>,
    inserted: usize,
    /// How many commits in the queue are alive.
    alive: usize,
    walked: Vec<u32>,
    required: u64,
    pairs: Vec<(u64, u64)>,
    bits: u32,
}

/// Reads a commit's tree, parents and date.
pub(super) fn read(odb: &Odb, oid: &Oid) -> Result<(Option<Oid>, Vec<Oid>, i64), String> {
    match odb.read(oid) {
        Ok((Kind::Commit, bytes)) => {
            let headers = commit::headers(&bytes);
            let date = commit::date(headers.committer);
            Ok((headers.tree, headers.parents, date))
        }
        Ok(_) => Err("it is no commit".to_owned()),
        Err(error @ (ReadError::Missing | ReadError::Damaged(_))) => Err(error.to_string()),
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(odb: &'a Odb, whole: bool) -> Self {
        Self {
            odb,
            whole,
            nodes: Vec::new(),
            ids: FxHashMap::default(),
            queue: BinaryHeap::new(),
            inserted: 0,
            alive: 0,
            walked: Vec::new(),
            required: Bits::TIP.0,
            pairs: Vec::new(),
            bits: 2,
        }
    }

    /// A new colour that a selected commit must have; `None` where there are too many.
    pub(super) fn required(&mut self) -> Option<Bits> {
        let bit = self.colour()?;
        self.required |= bit;
        Some(Bits(bit))
    }

    /// Two new colours of which a selected commit must have exactly one.
    pub(super) fn pair(&mut self) -> Option<(Bits, Bits)> {
        let pair = (self.colour()?, self.colour()?);
        self.pairs.push(pair);
        Some((Bits(pair.0), Bits(pair.1)))
    }

    fn colour(&mut self) -> Option<u64> {
        let bit = 1u64.checked_shl(self.bits)?;
        self.bits += 1;
        Some(bit)
    }

    /// Starts at a commit with a colour.
    pub(super) fn start(&mut self, oid: Oid, bits: Bits, notices: &mut Vec<Notice>) {
        match self.node(oid) {
            Some(number) => self.paint(number, bits.0),
            None => notices.extend(read(self.odb, &oid).err().map(|why| Notice::incomplete("commit", oid.hex(), why))),
        }
    }

    /// The number of a commit, which is read and queued where it is new.
    fn node(&mut self, oid: Oid) -> Option<u32> {
        if let Some(&known) = self.ids.get(&oid) {
            return known;
        }
        let number = read(self.odb, &oid).ok().map(|(tree, parent_ids, date)| {
            let number = self.nodes.len() as u32;
            self.queue.push((date, Reverse(self.inserted), number));
            self.inserted += 1;
            self.alive += usize::from(self.is_alive(0));
            self.nodes.push(Node { oid, tree, parent_ids, parents: Vec::new(), date, bits: 0, cut: false, queued: true });
            number
        });
        self.ids.insert(oid, number);
        number
    }

    /// Gives a commit colours, and all of its ancestors that were walked already.
    fn paint(&mut self, number: u32, bits: u64) {
        let mut stack = vec![number];
        while let Some(number) = stack.pop() {
            let node = &self.nodes[number as usize];
            let (old, new, queued) = (node.bits, node.bits | bits, node.queued);
            if old == new {
                continue;
            }
            if queued {
                self.alive -= usize::from(self.is_alive(old));
                self.alive += usize::from(self.is_alive(new));
            }
            self.nodes[number as usize].bits = new;
            stack.extend_from_slice(&self.nodes[number as usize].parents);
        }
    }

    /// Whether a commit of these colours, or one that it reaches, may be wanted.
    fn is_alive(&self, bits: u64) -> bool {
        if self.whole { bits & Bits::TIP.0 != 0 } else { !self.is_dead(bits) }
    }

    fn is_dead(&self, bits: u64) -> bool {
        bits & Bits::EXCLUDED.0 != 0 || self.pairs.iter().any(|(a, b)| bits & a != 0 && bits & b != 0)
    }

    /// Whether the commit is selected.
    pub(super) fn selects(&self, number: u32) -> bool {
        let bits = self.nodes[number as usize].bits;
        bits & self.required == self.required && !self.is_dead(bits) && self.pairs.iter().all(|(a, b)| (bits & a != 0) != (bits & b != 0))
    }

    /// Walks until nothing is left that could matter.
    pub(super) fn run(&mut self) {
        let (mut last, mut slack) = (i64::MAX, SLACK);
        while let Some((date, _, number)) = self.queue.pop() {
            let bits = self.nodes[number as usize].bits;
            self.nodes[number as usize].queued = false;
            let alive = self.is_alive(bits);
            self.alive -= usize::from(alive);
            let parents = self.nodes[number as usize].parent_ids.clone();
            let known: Vec<Option<u32>> = parents.into_iter().map(|parent| self.node(parent)).collect();
            let node = &mut self.nodes[number as usize];
            node.cut = known.iter().any(Option::is_none);
            node.parents = known.into_iter().flatten().collect();
            for parent in self.nodes[number as usize].parents.clone() {
                self.paint(parent, bits);
            }
            self.walked.push(number);
            if alive {
                last = date;
                continue;
            }
            // All that is left is beyond the boundary; but where dates run backwards one of these may yet
            // reach a commit that was taken.
            let Some((next, ..)) = self.queue.peek() else { return };
            slack = if *next >= last || self.alive > 0 { SLACK } else { slack - 1 };
            if slack == 0 {
                return;
            }
        }
    }

    /// The wanted commits: children before parents, of those that may come next the youngest.
    pub(super) fn order(&self) -> Vec<u32> {
        let wanted = |number: u32| if self.whole { self.is_alive(self.nodes[number as usize].bits) } else { self.selects(number) };
        let mut waits: Vec<u32> = vec![0; self.nodes.len()];
        let walked: Vec<u32> = self.walked.iter().copied().filter(|&number| wanted(number)).collect();
        let parents = |number: u32| self.nodes[number as usize].parents.iter().copied().filter(|&parent| wanted(parent));
        walked.iter().for_each(|&number| parents(number).for_each(|parent| waits[parent as usize] += 1));
        let mut inserted = 0;
        let mut ready = BinaryHeap::new();
        let mut put = |ready: &mut BinaryHeap<_>, number: u32| {
            ready.push((self.nodes[number as usize].date, Reverse(inserted), number));
            inserted += 1;
        };
        walked.iter().filter(|&&number| waits[number as usize] == 0).for_each(|&number| put(&mut ready, number));
        let mut order = Vec::with_capacity(walked.len());
        while let Some((_, _, number)) = ready.pop() {
            order.push(number);
            for parent in parents(number) {
                waits[parent as usize] -= 1;
                if waits[parent as usize] == 0 {
                    put(&mut ready, parent);
                }
            }
        }
        order
    }

    /// A commit by its number.
    pub(super) fn commit(&self, number: u32) -> CommitInfo {
        let node = &self.nodes[number as usize];
        CommitInfo { oid: node.oid, tree: node.tree, parents: node.parent_ids.clone(), date: node.date, cut: node.cut }
    }
}
