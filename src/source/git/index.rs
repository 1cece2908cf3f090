//! A pack's index (`.idx`, versions 1 and 2): object ids, sorted, with their offsets and checksums. Every
//! access is bounds-checked, so that a damaged file gives `None`, never a panic. It knows nothing of the pack's contents.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use super::map::Map;
use crate::object::Oid;

const MAGIC: &[u8] = b"\xfftOc";
const FANOUT: usize = 256 * 4;
/// So many ids are looked at one by one.
const FEW: usize = 24;

/// An opened index.
pub struct Index {
    map: Map,
    count: usize,
    hash: usize,
    version: u32,
    directory: OnceLock<Directory>,
}

/// Where the ids of each beginning stand: the file's own table knows the first byte only.
struct Directory {
    /// How many bits make a beginning.
    bits: u32,
    /// How many ids have a smaller one.
    below: Vec<u32>,
}

impl Index {
    /// Opens an index of a repository whose ids have `hash` bytes (20 or 32).
    pub fn open(path: &Path, hash: usize) -> io::Result<Self> {
        let map = Map::open(path)?;
        let bad = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
        let version = if map.starts_with(MAGIC) { be32(&map, 4).unwrap_or(0) } else { 1 };
        if version > 2 {
            return Err(bad("an index of an unknown version"));
        }
        let mut index = Self { map, count: 0, hash, version, directory: OnceLock::new() };
        let mut last = 0;
        for byte in 0..256 {
            let next = index.fan(byte).ok_or_else(|| bad("an index that is cut short"))?;
            if next < last {
                return Err(bad("an index whose fan-out table goes backwards"));
            }
            last = next;
        }
        index.count = last;
        if index.names().checked_add(index.entries_len(last)).is_none_or(|end| end > index.map.len()) {
            return Err(bad("an index that is cut short"));
        }
        Ok(index)
    }

    /// Number of objects.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The id at a position.
    pub fn oid(&self, at: usize) -> Option<Oid> {
        self.raw(at).map(Oid::new)
    }

    /// The offset in the pack of the object at a position.
    pub fn offset(&self, at: usize) -> Option<u64> {
        if self.version == 1 {
            return be32(&self.map, self.names() + at * (4 + self.hash)).map(u64::from);
        }
        let small = be32(&self.map, self.names() + self.count * (self.hash + 4) + at * 4)?;
        if small & 0x8000_0000 == 0 {
            return Some(u64::from(small));
        }
        let large = self.names() + self.count * (self.hash + 8) + (small & 0x7fff_ffff) as usize * 8;
        Some(u64::from(be32(&self.map, large)?) << 32 | u64::from(be32(&self.map, large + 4)?))
    }

    /// The CRC-32 of the entry's bytes in the pack; version 1 has none.
    pub fn crc(&self, at: usize) -> Option<u32> {
        (self.version == 2).then(|| be32(&self.map, self.names() + self.count * self.hash + at * 4)).flatten()
    }

    /// The position of an id.
    pub fn find(&self, oid: &Oid) -> Option<usize> {
        let (bits, mut low, mut high) = match self.directory.get() {
            Some(directory) => directory.stretch(oid),
            None => self.stretch(oid)?,
        };
        if high - low <= FEW {
            return self.among(low..high, oid);
        }
        // Ids are spread evenly, so a few guesses by the next bytes come close; then it is halved, so that a
        // forged index does not make it slow.
        let mut floor = oid.head() >> (64 - bits) << (64 - bits);
        let mut ceiling = floor | u64::MAX >> bits;
        let mut guesses = 4;
        while low < high {
            let middle = if guesses > 0 && (floor..ceiling).contains(&oid.head()) {
                guesses -= 1;
                let part = (oid.head() - floor) as f64 / (ceiling - floor) as f64;
                (low + (part * (high - low) as f64) as usize).min(high - 1)
            } else {
                low.midpoint(high)
            };
            let raw = self.raw(middle)?;
            let head = head(raw);
            if head < oid.head() {
                (low, floor) = (middle + 1, head);
                continue;
            }
            if head > oid.head() {
                (high, ceiling) = (middle, head);
                continue;
            }
            match raw.cmp(oid.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    /// Reads where [`Self::find`] will look for an id, and gives what nobody needs: many such reads wait for memory together,
    /// while a search goes on only when it knows what it has read.
    pub fn reach_for(&self, oid: &Oid) -> u64 {
        let Some((_, low, high)) = self.directory.get().map(|directory| directory.stretch(oid)) else { return 0 };
        let read = |at: usize| self.raw(at).map_or(0, head);
        read(low) ^ read(high.saturating_sub(1))
    }

    /// The position of an id among a few: all are looked at, as a guess that is wrong costs more.
    fn among(&self, few: Range<usize>, oid: &Oid) -> Option<usize> {
        let before = |at: usize| self.raw(at).is_some_and(|raw| head(raw) < oid.head());
        let first = few.start + few.clone().map(|at| usize::from(before(at))).sum::<usize>();
        (first..few.end).find(|&at| self.raw(at) == Some(oid.as_bytes()))
    }

    /// Gets ready for very many searches. Of an index whose ids are not in order nothing is kept.
    pub fn prepare(&self) {
        if let Some(directory) = Directory::new(self) {
            self.directory.get_or_init(|| directory);
        }
    }

    /// The beginning's length in bits, and where the ids stand that have that of this one.
    fn stretch(&self, oid: &Oid) -> Option<(u32, usize, usize)> {
        let first = usize::from(oid.as_bytes()[0]);
        Some((8, if first == 0 { 0 } else { self.fan(first - 1)? }, self.fan(first)?))
    }

    fn fan(&self, byte: usize) -> Option<usize> {
        be32(&self.map, self.header() + byte * 4).map(|n| n as usize)
    }

    fn raw(&self, at: usize) -> Option<&[u8]> {
        let start = match self.version {
            1 => self.names() + at * (4 + self.hash) + 4,
            _ => self.names() + at * self.hash,
        };
        (at < self.count).then(|| self.map.get(start..start + self.hash)).flatten()
    }

    fn header(&self) -> usize {
        if self.version == 1 { 0 } else { 8 }
    }

    fn names(&self) -> usize {
        self.header() + FANOUT
    }

    fn entries_len(&self, count: usize) -> usize {
        count.saturating_mul(if self.version == 1 { 4 + self.hash } else { self.hash + 8 })
    }
}

impl Directory {
    /// A few ids for each beginning: more would not be looked at together, fewer would not be worth the room.
    fn new(index: &Index) -> Option<Self> {
        let bits = (index.count / 4).checked_ilog2()?.clamp(1, 24);
        let mut below = Vec::with_capacity((1 << bits) + 1);
        for at in 0..index.count {
            let beginning = (head(index.raw(at)?) >> (64 - bits)) as usize;
            if beginning + 1 < below.len() {
                return None;
            }
            below.resize(beginning + 1, at as u32);
        }
        below.resize((1 << bits) + 1, index.count as u32);
        Some(Self { bits, below })
    }

    fn stretch(&self, oid: &Oid) -> (u32, usize, usize) {
        let beginning = (oid.head() >> (64 - self.bits)) as usize;
        (self.bits, self.below[beginning] as usize, self.below[beginning + 1] as usize)
    }
}

/// The first eight bytes of a raw id.
fn head(raw: &[u8]) -> u64 {
    u64::from_be_bytes(raw[..8].try_into().expect("an id is longer"))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?).map(|b| u32::from_be_bytes(b.try_into().expect("four bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index of version 2 with these ids, each at ten times its place.
    fn index(ids: &[Oid]) -> Index {
        let mut bytes = [MAGIC, &[0, 0, 0, 2]].concat();
        for byte in 0..=255u8 {
            bytes.extend((ids.iter().filter(|id| id.as_bytes()[0] <= byte).count() as u32).to_be_bytes());
        }
        ids.iter().for_each(|id| bytes.extend(id.as_bytes()));
        bytes.extend(vec![0; ids.len() * 4]);
        (0..ids.len() as u32).for_each(|at| bytes.extend((at * 10).to_be_bytes()));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Index::open(file.path(), 20).unwrap()
    }

    #[test]
    fn finds_every_id_and_no_other() {
        let spread = |n: u64| Oid::new(&[n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes().as_slice(), &[7; 12]].concat());
        let crowded = |n: u64| Oid::new(&[[5; 12].as_slice(), &n.to_be_bytes()].concat());
        for make in [spread as fn(u64) -> Oid, crowded] {
            let mut ids: Vec<Oid> = (0..3000).map(make).collect();
            ids.sort_unstable();
            let index = index(&ids);
            for (at, id) in ids.iter().enumerate() {
                assert_eq!(index.find(id), Some(at));
                assert_eq!(index.offset(at), Some(at as u64 * 10));
            }
            assert!((3000..6000).all(|n| index.find(&make(n)).is_none()));
            index.prepare();
            assert!(index.directory.get().is_some());
            assert!(ids.iter().enumerate().all(|(at, id)| index.find(id) == Some(at)));
            assert!((3000..6000).all(|n| index.find(&make(n)).is_none()));
        }
    }
}
