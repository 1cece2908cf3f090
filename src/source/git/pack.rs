//! One pack: its entries, and the delta tree that says in which order each can be inflated exactly once. It
//! does not know what is done with the objects.

use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::entry::{self, Form, Header};
use super::index::Index;
use super::map::Map;
use crate::object::{Kind, Oid};

/// An opened pack with its index.
pub struct Pack {
    /// Where the pack's data lies.
    pub path: PathBuf,
    /// Its index.
    pub index: Index,
    data: Map,
    hash: usize,
}

impl Pack {
    /// Opens the pack that belongs to an index file; ids have `hash` bytes.
    pub fn open(index: &Path, hash: usize) -> io::Result<Self> {
        let path = index.with_extension("pack");
        let data = Map::open(&path)?;
        let version = data.get(4..8).map(|v| u32::from_be_bytes(v.try_into().expect("four bytes")));
        if !data.starts_with(b"PACK") || !matches!(version, Some(2 | 3)) || data.len() < 12 + hash {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a git pack of version 2 or 3"));
        }
        Ok(Self { index: Index::open(index, hash)?, path, data, hash })
    }

    /// The header of the entry at an offset.
    pub fn header(&self, offset: u64) -> Option<Header> {
        entry::header(self.tail(offset)?, self.hash)
    }

    /// The compressed stream of the entry at an offset, and whatever follows it.
    pub fn stream(&self, offset: u64, header: &Header) -> Option<&[u8]> {
        self.tail(offset)?.get(header.len..)
    }

    /// The bytes of an entry that ends where the next begins; for its checksum.
    pub fn raw(&self, offset: u64, end: u64) -> Option<&[u8]> {
        self.data.get(usize::try_from(offset).ok()?..usize::try_from(end).ok()?)
    }

    /// The byte at an offset; 0 where there is none.
    pub fn first(&self, offset: u64) -> u8 {
        self.tail(offset).and_then(|tail| tail.first()).copied().unwrap_or(0)
    }

    /// Where the last entry ends.
    pub fn end(&self) -> u64 {
        (self.data.len() - self.hash) as u64
    }

    fn tail(&self, offset: u64) -> Option<&[u8]> {
        let end = self.data.len() - self.hash;
        self.data.get(usize::try_from(offset).ok()?..end)
    }
}

/// No entry.
const NONE: u32 = u32::MAX;

/// The delta tree of a pack. Entries are named by their rank: their place in the order of offsets.
pub struct Plan {
    entries: Vec<Entry>,
    /// Whether the index has checksums.
    checked: bool,
    /// Entries that stand whole, with their kind.
    pub roots: Vec<(u32, Kind)>,
    /// Entries whose base is no entry of this pack.
    pub foreign: Vec<(u32, Oid)>,
    /// Entries that cannot be read at all, with the reason.
    pub broken: Vec<(u32, &'static str)>,
    /// How many entries of each kind there are, those with a foreign base left out.
    counts: [usize; 4],
}

/// All that is known of an entry, in one place: the walk goes where the deltas lead, and each look costs a wait.
#[derive(Clone, Copy)]
struct Entry {
    offset: u64,
    /// Its place in the index.
    position: u32,
    /// The checksum of its bytes.
    crc: u32,
    first_child: u32,
    next_sibling: u32,
}

/// Small, as there is one for each entry.
enum Link {
    Root(Kind),
    Child(u32),
    Foreign(Box<Oid>),
    Broken(&'static str),
}

impl Plan {
    /// Reads every entry's header.
    pub fn new(pack: &Pack) -> Self {
        // The checksums are taken along, as it costs nothing to read them in the order of the index.
        let entry = |at| Entry {
            offset: pack.index.offset(at).unwrap_or(u64::MAX),
            position: at as u32,
            crc: pack.index.crc(at).unwrap_or(0),
            first_child: NONE,
            next_sibling: NONE,
        };
        let mut entries: Vec<Entry> = (0..pack.index.count()).into_par_iter().map(entry).collect();
        entries.par_sort_unstable_by_key(|entry| (entry.offset, entry.position));
        let ranks = Ranks::new(&entries, pack.end());
        let links: Vec<Link> = entries.par_iter().map(|entry| link(pack, &ranks, entry.offset)).collect();
        let mut plan = Self {
            entries,
            checked: pack.index.crc(0).is_some(),
            roots: Vec::new(),
            foreign: Vec::new(),
            broken: Vec::new(),
            counts: [0; 4],
        };
        let (counts, ()) = rayon::join(|| reach_back(&links), || plan.lead(&links));
        match counts {
            Some(counts) => plan.counts = counts,
            None => plan.reach_all(),
        }
        plan
    }

    /// Lets every base lead to what is made from it.
    fn lead(&mut self, links: &[Link]) {
        for (rank, link) in links.iter().enumerate().rev() {
            let rank = rank as u32;
            match link {
                &Link::Root(kind) => self.roots.push((rank, kind)),
                Link::Foreign(base) => self.foreign.push((rank, **base)),
                &Link::Broken(why) => self.broken.push((rank, why)),
                &Link::Child(base) => {
                    self.entries[rank as usize].next_sibling = self.entries[base as usize].first_child;
                    self.entries[base as usize].first_child = rank;
                }
            }
        }
        self.roots.reverse();
    }

    /// Number of entries.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// The entry's position in the index.
    pub fn position(&self, rank: u32) -> usize {
        self.entries[rank as usize].position as usize
    }

    /// The entry's offset in the pack.
    pub fn offset(&self, rank: u32) -> u64 {
        self.entries[rank as usize].offset
    }

    /// The CRC-32 of the entry's bytes in the pack, where the index has it.
    pub fn crc(&self, rank: u32) -> Option<u32> {
        self.checked.then(|| self.entries[rank as usize].crc)
    }

    /// Where the entry ends.
    pub fn end(&self, rank: u32, pack: &Pack) -> u64 {
        self.entries.get(rank as usize + 1).map_or(u64::MAX, |next| next.offset).min(pack.end())
    }

    /// Whether no entry is made from this one.
    pub fn is_leaf(&self, rank: u32) -> bool {
        self.entries[rank as usize].first_child == NONE
    }

    /// The entries made from this one.
    pub fn children(&self, rank: u32) -> impl Iterator<Item = u32> {
        let some = |rank: u32| (rank != NONE).then_some(rank);
        std::iter::successors(some(self.entries[rank as usize].first_child), move |&kid| some(self.entries[kid as usize].next_sibling))
    }

    /// This entry and all that is made from it, directly or not.
    pub fn family(&self, rank: u32) -> Vec<u32> {
        let mut all = vec![rank];
        let mut done = 0;
        while done < all.len() {
            all.extend(self.children(all[done]));
            done += 1;
        }
        all
    }

    /// Number of entries of a kind.
    pub fn count_of(&self, kind: Kind) -> usize {
        self.counts[kind as usize]
    }

    /// Counts what can be reached from the roots. Deltas that lead back to themselves cannot: they are broken.
    fn reach_all(&mut self) {
        let mut seen = vec![false; self.count()];
        let mut stack = Vec::new();
        for &(root, kind) in &self.roots {
            stack.push(root);
            while let Some(rank) = stack.pop() {
                seen[rank as usize] = true;
                self.counts[kind as usize] += 1;
                stack.extend(self.children(rank));
            }
        }
        stack.extend(self.foreign.iter().map(|f| f.0).chain(self.broken.iter().map(|b| b.0)));
        while let Some(rank) = stack.pop() {
            seen[rank as usize] = true;
            stack.extend(self.children(rank));
        }
        for rank in (0..self.count()).filter(|&rank| !seen[rank]) {
            self.broken.push((rank as u32, "its chain of deltas leads back to itself"));
        }
    }
}

/// How many entries of each kind can be reached, in one go; nothing where a base stands behind what is made from it.
fn reach_back(links: &[Link]) -> Option<[usize; 4]> {
    let mut kinds: Vec<Option<Kind>> = Vec::with_capacity(links.len());
    let mut counts = [0; 4];
    for link in links {
        let kind = match link {
            Link::Root(kind) => Some(*kind),
            Link::Child(base) => *kinds.get(*base as usize)?,
            Link::Foreign(_) | Link::Broken(_) => None,
        };
        kind.iter().for_each(|&kind| counts[kind as usize] += 1);
        kinds.push(kind);
    }
    Some(counts)
}

fn link(pack: &Pack, ranks: &Ranks<'_>, offset: u64) -> Link {
    let Some(header) = pack.header(offset) else { return Link::Broken("its header is damaged") };
    match header.form {
        Form::Whole(kind) => Link::Root(kind),
        Form::Back(back) => match offset.checked_sub(back).filter(|base| *base < offset).and_then(|base| ranks.of(base)) {
            Some(base) => Link::Child(base),
            _ => Link::Broken("its base lies at no entry of the pack"),
        },
        Form::Ref(base) => match pack.index.find(&base) {
            Some(at) => match pack.index.offset(at).and_then(|base| ranks.of(base)) {
                Some(base) => Link::Child(base),
                _ => Link::Broken("its base lies at no entry of the pack"),
            },
            None => Link::Foreign(Box::new(base)),
        },
    }
}

/// Which entry begins at an offset: a few lie in each stretch of the pack, so that no search goes far.
struct Ranks<'a> {
    entries: &'a [Entry],
    /// Length of a stretch, as a power of two.
    stretch: u32,
    /// How many entries begin before each stretch.
    before: Vec<u32>,
}

impl<'a> Ranks<'a> {
    /// Of entries in the order of their offsets, in a pack of so many bytes.
    fn new(entries: &'a [Entry], end: u64) -> Self {
        // About as many stretches as entries, however large the file claims to be.
        let stretch = (end / (entries.len() as u64).max(1)).max(1).ilog2();
        let mut before = Vec::new();
        for (rank, entry) in entries.iter().enumerate().take_while(|(_, entry)| entry.offset < end) {
            while before.len() as u64 <= entry.offset >> stretch {
                before.push(rank as u32);
            }
        }
        before.push(entries.partition_point(|entry| entry.offset < end) as u32);
        Self { entries, stretch, before }
    }

    fn of(&self, offset: u64) -> Option<u32> {
        let stretch = usize::try_from(offset >> self.stretch).ok()?;
        let (start, end) = (*self.before.get(stretch)? as usize, *self.before.get(stretch + 1)? as usize);
        let found = self.entries[start..end].binary_search_by_key(&offset, |entry| entry.offset).ok()?;
        Some((start + found) as u32)
    }
}
