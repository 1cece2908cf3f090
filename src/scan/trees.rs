//! What is done with each tree as the walk hands it over: its names are scanned, its edges kept for attribution,
//! entries that the database has not are noted. What was copied from another tree is not looked at again.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use bstr::BString;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::context::Context;
use super::sinks::{inner, push, unreadable};
use super::tally::Tally;
use crate::candidate::{Candidate, candidates};
use crate::coverage::Counts;
use crate::history::forest::{EdgeId, Entry, Forest, Hand, Name, Record, entry};
use crate::object::{Base, Copied, Oid};
use crate::parts::Parts;
use crate::source::git::numbers::Numbers;
use crate::source::git::walk::{Id, Sink};
use crate::source::stream::scan_text;

/// Candidates in names of files and folders, with the number under which the forest knows the name.
pub type Names = Vec<(u32, Vec<Arc<Candidate>>)>;

/// How many entries a thread remembers.
const SLOTS: usize = 1 << 12;
/// Longer entries are not remembered.
const LONGEST: usize = 55;
/// Length of a short entry, in bytes.
const ENTRY: usize = 32;

/// So many bytes of a tree at each end of what it has from its base: room for all but the longest names.
const MARGIN: usize = 128;

/// Whether a sketch shows these bytes as far as they lie in a copied stretch.
fn shows(stretch: &Copied, bytes: Range<usize>) -> bool {
    let end = stretch.at + stretch.len;
    stretch.len <= 2 * MARGIN || bytes.end <= stretch.at + MARGIN || bytes.start + MARGIN >= end
}

/// The edges of an entry, and of its name.
type Edges = (Option<EdgeId>, Option<EdgeId>);

/// Entries seen lately: in the trees of a history most stand many times, and it costs much to look up an id.
struct Known {
    slots: Vec<Slot>,
    /// Entries whose objects are to be looked up.
    waiting: Vec<(Oid, Waiting)>,
    /// All names that the thread has met, so that it need not ask where others ask, too.
    names: FxHashMap<Box<[u8]>, Name>,
    /// In what the tree that is looked at differs from its base.
    changes: Changes,
}

/// What hangs on whether the database has an object.
struct Waiting {
    /// The edge that leads to it, where it is a folder.
    edge: Option<EdgeId>,
    name: Name,
}

/// So many objects are looked up together.
const TOGETHER: usize = 1 << 15;

#[derive(Clone, Copy)]
struct Slot {
    len: u8,
    entry: [u8; LONGEST],
    edges: Edges,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            slots: vec![Slot { len: 0, entry: [0; LONGEST], edges: (None, None) }; SLOTS],
            waiting: Vec::new(),
            names: FxHashMap::default(),
            changes: Changes::default(),
        }
    }
}

impl Known {
    /// The edges of a raw entry with this id, made where it is not remembered.
    fn edges(&mut self, raw: &[u8], id: &[u8], make: impl FnOnce(&mut Self) -> Edges) -> Edges {
        if raw.len() > LONGEST {
            return make(self);
        }
        let at = usize::from(u16::from_le_bytes([id[0], id[1]])) % SLOTS;
        let slot = &self.slots[at];
        if slot.entry[..usize::from(slot.len)] == *raw {
            return slot.edges;
        }
        let edges = make(self);
        let slot = &mut self.slots[at];
        (slot.edges, slot.len) = (edges, raw.len() as u8);
        slot.entry[..raw.len()].copy_from_slice(raw);
        edges
    }
}

/// Reads trees: names, entries that are missing, and where the wanted blobs stand.
pub struct TreeSink<'a> {
    context: &'a Context<'a>,
    numbers: &'a Numbers<'a>,
    /// Length of an id, in bytes.
    hash: usize,
    tally: Tally,
    forest: Forest,
    /// Of each thread.
    known: Parts<Known>,
    names: Mutex<Names>,
    missing: Mutex<Vec<(Oid, BString)>>,
}

/// What a thread has before it as long as it looks at a tree.
struct Desk<'a> {
    known: MutexGuard<'a, Known>,
    hand: Hand<'a>,
}

/// What is kept of a tree for those made from it.
#[derive(Default)]
pub struct Branches {
    /// Where each entry begins, in bytes; behind them where the last ends.
    starts: Vec<u32>,
    /// The edge of each entry.
    edges: Vec<Option<EdgeId>>,
    /// Edges of names that are wanted themselves, by the place of their entry.
    marks: Vec<(u32, EdgeId)>,
    /// Where the forest has put it, if it has.
    record: Option<Record>,
}

/// In which edges a tree differs from its base.
#[derive(Default)]
struct Changes {
    /// So many of the base's entries are dealt with.
    done: usize,
    edges: Vec<EdgeId>,
    /// Entries of the base came twice, or not in their order, or a sketch does not show one.
    unsure: bool,
}

impl Changes {
    fn clear(&mut self) {
        (self.done, self.unsure) = (0, false);
        self.edges.clear();
    }

    /// The base's entries up to the first of these are gone, these are not.
    fn take(&mut self, taken: Range<usize>, base: &Branches) {
        match base.edges.get(self.done..taken.start) {
            Some(gone) => self.edges.extend(gone.iter().flatten().map(|edge| edge.gone())),
            None => self.unsure = true,
        }
        self.done = taken.end;
    }
}

impl Branches {
    fn with_room(entries: usize) -> Self {
        Self { starts: Vec::with_capacity(entries + 1), edges: Vec::with_capacity(entries), ..Self::default() }
    }

    fn push(&mut self, start: usize, edge: Option<EdgeId>) {
        self.starts.push(start as u32);
        self.edges.push(edge);
    }

    /// Where the forest has it, if what differs from it is enough of a tree made from it: marks are told anew.
    fn like(&self) -> Option<Record> {
        self.record.filter(|_| self.marks.is_empty())
    }

    /// Every edge.
    fn all(&self) -> Vec<EdgeId> {
        self.edges.iter().flatten().copied().chain(self.marks.iter().map(|(_, edge)| *edge)).collect()
    }

    /// Which of its entries lie in a stretch that was copied from it, of which the copy is looked at from this place on,
    /// and where the first of them begins. Copied bytes are an entry only if one begins there.
    fn copied(&self, at: usize, stretch: &Copied) -> Option<(Range<usize>, usize)> {
        let from = stretch.from + at - stretch.at;
        let first = self.starts.binary_search(&(from as u32)).ok()?;
        let last = self.starts.partition_point(|&start| start as usize <= stretch.from + stretch.len) - 1;
        Some((first..last, from))
    }

    /// Takes over these entries of the base, of which the first begins there in the base and here in the tree.
    fn take(&mut self, base: &Self, taken: Range<usize>, (from, at): (usize, usize)) {
        let marks = base.marks.partition_point(|(entry, _)| (*entry as usize) < taken.start);
        let marks = base.marks[marks..].iter().take_while(|(entry, _)| (*entry as usize) < taken.end);
        self.marks.extend(marks.map(|(entry, edge)| (entry - taken.start as u32 + self.edges.len() as u32, *edge)));
        self.edges.extend_from_slice(&base.edges[taken.clone()]);
        self.starts.extend(base.starts[taken].iter().map(|&start| (start as usize - from + at) as u32));
    }
}

impl<'a> TreeSink<'a> {
    /// A sink that hands trees on to the forest. Ids have `hash` bytes.
    pub fn new(context: &'a Context<'a>, numbers: &'a Numbers<'a>, hash: usize, forest: Forest) -> Self {
        let (names, missing) = (Mutex::default(), Mutex::default());
        Self { context, numbers, hash, tally: Tally::default(), forest, known: Parts::new(), names, missing }
    }

    /// The forest, candidates in names, and the ids that trees name and the database has not, with their names; sorted.
    pub fn finish(self, counts: &mut Counts) -> (Forest, Names, Vec<(Oid, BString)>) {
        let threads = (0..self.known.count()).into_par_iter();
        threads.for_each(|thread| self.look_up(&mut self.known.part(thread).waiting, &mut self.forest.hand_of(thread)));
        let (trees, bytes) = self.tally.counts();
        counts.trees += trees;
        counts.bytes += bytes;
        let mut missing = inner(self.missing);
        missing.sort();
        missing.dedup_by_key(|(oid, _)| *oid);
        (self.forest, inner(self.names), missing)
    }

    /// What this thread works with.
    fn desk(&self) -> Desk<'_> {
        Desk { known: self.known.mine(), hand: self.forest.hand() }
    }

    /// Looks at the entries that are not copied whole from the base, and leaves the changes on the desk. Of a `sketch` the
    /// branches are its marks alone.
    fn look(&self, desk: &mut Desk<'_>, bytes: &[u8], base: Option<&Base<'_, Branches>>, sketch: bool) -> Branches {
        let mut branches = match base {
            _ if sketch => Branches::default(),
            Some(base) => Branches::with_room(base.memo.edges.len() + 1),
            None => Branches::with_room(bytes.len() / ENTRY),
        };
        let mut stretches = base.map_or(&[][..], |base| base.copied).iter().peekable();
        let (known, hand) = (&mut *desk.known, &mut desk.hand);
        known.changes.clear();
        let mut at = 0;
        loop {
            while stretches.next_if(|stretch| stretch.at + stretch.len <= at).is_some() {}
            if let (Some(stretch), Some(base)) = (stretches.peek().filter(|stretch| stretch.at <= at), base)
                && let Some((taken, from)) = base.memo.copied(at, stretch)
            {
                known.changes.take(taken.clone(), base.memo);
                let end = base.memo.starts[taken.end] as usize - from + at;
                if !sketch {
                    branches.take(base.memo, taken, (from, at));
                }
                at = end;
            }
            let Some((entry, end)) = entry(bytes, at, self.hash) else { break };
            if sketch && !stretches.clone().take_while(|stretch| stretch.at < end).all(|stretch| shows(stretch, at..end)) {
                break;
            }
            let (edge, mark) = known.edges(&bytes[at..end], entry.id, |known| self.edges(&entry, known, hand));
            branches.marks.extend(mark.map(|mark| (branches.edges.len() as u32, mark)));
            if !sketch {
                branches.push(at, edge);
            }
            known.changes.edges.extend(edge);
            at = end;
        }
        known.changes.unsure |= sketch && at < bytes.len();
        if let Some(base) = base {
            known.changes.take(base.memo.edges.len()..base.memo.edges.len(), base.memo);
        }
        if !sketch {
            branches.starts.push(at as u32);
        }
        if known.waiting.len() >= TOGETHER {
            self.look_up(&mut known.waiting, hand);
        }
        branches
    }

    fn number(&self, id: &Id<'_>) -> Option<u32> {
        id.place().map_or_else(|| self.numbers.of(&id.oid()), |(pack, at)| Some(self.numbers.packed(pack, at)))
    }

    /// The edges that an entry and its name make.
    fn edges(&self, entry: &Entry<'_>, known: &mut Known, hand: &mut Hand<'_>) -> Edges {
        let name = known.names.get(entry.name).copied().unwrap_or_else(|| {
            let name = self.name(entry.name);
            known.names.insert(entry.name.into(), name);
            name
        });
        let oid = Oid::new(entry.id);
        let edge = match entry.is_tree() {
            true => Some(hand.folder(name)),
            false => hand.blob(&oid, name),
        };
        if entry.is_tree() || (edge.is_none() && !entry.is_submodule()) {
            known.waiting.push((oid, Waiting { edge, name }));
        }
        (edge, hand.mark(name))
    }

    /// Lets the edges of folders lead to them, and notes what the database has not.
    fn look_up(&self, waiting: &mut Vec<(Oid, Waiting)>, hand: &mut Hand<'_>) {
        self.numbers.each(waiting, |oid, waiting, number| match (number, waiting.edge) {
            (Some(number), Some(edge)) => hand.lead(edge, number),
            (Some(_), None) => {}
            (None, _) => push(&self.missing, (*oid, self.forest.spell(waiting.name))),
        });
        waiting.clear();
    }

    fn name(&self, name: &[u8]) -> Name {
        if let Some(known) = self.forest.name(name) {
            return known;
        }
        let detector = self.context.collector.detector;
        let found = candidates(detector, scan_text(detector, name));
        let (known, number) = self.forest.add_name(name, !found.is_empty());
        if let Some(number) = number {
            push(&self.names, (number, found.into_iter().map(Arc::new).collect()));
        }
        known
    }
}

impl Sink for TreeSink<'_> {
    type Memo = Branches;

    fn object(&self, id: &Id<'_>, bytes: &[u8], base: Option<&Base<'_, Branches>>) -> Branches {
        self.tally.add(self.context.progress, id);
        let like = base.and_then(|base| base.memo.like());
        let mut desk = self.desk();
        let mut branches = self.look(&mut desk, bytes, base, false);
        if let Some(number) = self.number(id).filter(|_| id.count) {
            let Desk { known, hand } = &mut desk;
            branches.record = match like.filter(|_| !known.changes.unsure && branches.marks.is_empty()) {
                Some(base) => hand.add(number, Some(base), &known.changes.edges),
                None => hand.add(number, None, &branches.all()),
            };
        }
        branches
    }

    fn margin(&self, base: &Branches) -> Option<usize> {
        base.like().map(|_| MARGIN)
    }

    /// In what a tree differs from its base is enough of it, but for what is seldom.
    fn glance(&self, id: &Id<'_>, bytes: &[u8], base: &Base<'_, Branches>) -> bool {
        let mut desk = self.desk();
        let branches = self.look(&mut desk, bytes, Some(base), true);
        let Desk { known, hand } = &mut desk;
        if known.changes.unsure || !branches.marks.is_empty() {
            return false;
        }
        self.tally.add(self.context.progress, id);
        if let Some(number) = self.number(id).filter(|_| id.count) {
            hand.add(number, base.memo.like(), &known.changes.edges);
        }
        true
    }

    fn large(&self, _: &Id<'_>, _: &mut dyn std::io::Read) {}

    fn unreadable(&self, oid: Oid, why: &str) {
        unreadable(self.context, oid, why);
    }

    fn stopped(&self) -> bool {
        self.context.progress.stopped()
    }
}
