//! A pack's index (`.idx`, versions 1 and 2): object ids, sorted, with their offsets and checksums. Every
//! access is bounds-checked, so that a damaged file gives `None`, never a panic. It knows nothing of the pack's contents.

use std::io;
use std::path::Path;

use super::map::Map;
use crate::object::Oid;

const MAGIC: &[u8] = b"\xfftOc";
const FANOUT: usize = 256 * 4;

/// An opened index.
pub struct Index {
    map: Map,
    count: usize,
    hash: usize,
    version: u32,
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
        let mut index = Self { map, count: 0, hash, version };
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
        let first = usize::from(oid.as_bytes()[0]);
        let mut low = if first == 0 { 0 } else { self.fan(first - 1)? };
        let mut high = self.fan(first)?;
        while low < high {
            let middle = low.midpoint(high);
            match self.raw(middle)?.cmp(oid.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
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

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?).map(|b| u32::from_be_bytes(b.try_into().expect("four bytes")))
}
