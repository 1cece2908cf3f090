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
        let links: Vec<Link> = (0..entries.len()).into_par_iter().map(|rank| link(pack, &entries, rank)).collect();
        let mut plan = Self {
            entries,
            checked: pack.index.crc(0).is_some(),
            roots: Vec::new(),
            foreign: Vec::new(),
            broken: Vec::new(),
            counts: [0; 4],
        };
        for (rank, link) in links.iter().enumerate().rev() {
            let rank = rank as u32;
            match link {
                &Link::Root(kind) => plan.roots.push((rank, kind)),
                Link::Foreign(base) => plan.foreign.push((rank, **base)),
                &Link::Broken(why) => plan.broken.push((rank, why)),
                &Link::Child(base) => {
                    plan.entries[rank as usize].next_sibling = plan.entries[base as usize].first_child;
                    plan.entries[base as usize].first_child = rank;
                }
            }
        }
        plan.roots.reverse();
        plan.reach_all(&links);
        plan
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
    fn reach_all(&mut self, links: &[Link]) {
        if self.reach_back(links) {
            return;
        }
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

    /// The same in one go, where every base stands before what is made from it; else nothing is done, and it says so.
    fn reach_back(&mut self, links: &[Link]) -> bool {
        let mut kinds: Vec<Option<Kind>> = Vec::with_capacity(links.len());
        let mut counts = [0; 4];
        for link in links {
            let kind = match link {
                Link::Root(kind) => Some(*kind),
                Link::Child(base) => match kinds.get(*base as usize) {
                    Some(kind) => *kind,
                    None => return false,
                },
                Link::Foreign(_) | Link::Broken(_) => None,
            };
            kind.iter().for_each(|&kind| counts[kind as usize] += 1);
            kinds.push(kind);
        }
        self.counts = counts;
        true
    }
}

fn link(pack: &Pack, entries: &[Entry], rank: usize) -> Link {
    let offset = entries[rank].offset;
    let Some(header) = pack.header(offset) else { return Link::Broken("its header is damaged") };
    match header.form {
        Form::Whole(kind) => Link::Root(kind),
        Form::Back(back) => match offset.checked_sub(back).and_then(|base| back_to(&entries[..rank], base)) {
            Some(base) => Link::Child(base as u32),
            _ => Link::Broken("its base lies at no entry of the pack"),
        },
        Form::Ref(base) => match pack.index.find(&base) {
            Some(at) => match pack.index.offset(at).map(|base| entries.binary_search_by_key(&base, |entry| entry.offset)) {
                Some(Ok(base)) => Link::Child(base as u32),
                _ => Link::Broken("its base lies at no entry of the pack"),
            },
            None => Link::Foreign(Box::new(base)),
        },
    }
}

/// The rank of the entry at this offset, which is sought from the last one backwards: most bases stand near.
fn back_to(entries: &[Entry], base: u64) -> Option<usize> {
    let (mut end, mut step) = (entries.len(), 1);
    while let Some(start) = end.checked_sub(step).filter(|&start| entries[start].offset > base) {
        (end, step) = (start, step * 2);
    }
    let start = end.saturating_sub(step);
    let found = entries[start..end].binary_search_by_key(&base, |entry| entry.offset).ok()?;
    Some(start + found)
}
