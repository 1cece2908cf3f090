//! Gives each object of a database a number, so that whoever keeps much about objects needs neither their ids nor a
//! hash of them: the packed ones by their pack and place in its index, the loose ones behind them. It does not know
//! what the objects are.

use rustc_hash::FxHashMap;

use super::odb::Odb;
use crate::object::Oid;

/// So many ids are reached for together.
const FEW: usize = 16;

/// The numbers of a database's objects.
pub struct Numbers<'a> {
    odb: &'a Odb,
    /// The number of each pack's first object.
    starts: Vec<u32>,
    loose: FxHashMap<Oid, u32>,
    count: usize,
}

impl<'a> Numbers<'a> {
    /// Numbers the objects of all packs, and these, which are in no pack.
    pub fn new(odb: &'a Odb, loose: impl Iterator<Item = Oid>) -> Self {
        let mut count = 0;
        let mut starts = Vec::with_capacity(odb.packs.len());
        for pack in &odb.packs {
            starts.push(count as u32);
            count += pack.index.count();
        }
        let loose: FxHashMap<Oid, u32> = loose.zip(count as u32..).collect();
        Self { odb, starts, count: count + loose.len(), loose }
    }

    /// One more than the largest number.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The number of an object, of several copies that of the first pack's; `None` where the database has it not.
    pub fn of(&self, oid: &Oid) -> Option<u32> {
        let packed = self.odb.packs.iter().zip(&self.starts).find_map(|(pack, start)| Some(start + pack.index.find(oid)? as u32));
        packed.or_else(|| self.loose.get(oid).copied())
    }

    /// The numbers of many objects, in the order of their ids: a search in order finds most of its way in the caches.
    pub fn each<T>(&self, ids: &mut [(Oid, T)], mut say: impl FnMut(&Oid, &T, Option<u32>)) {
        ids.sort_unstable_by_key(|(oid, _)| oid.head());
        for few in ids.chunks(FEW) {
            let read = few.iter().flat_map(|(oid, _)| self.odb.packs.iter().map(|pack| pack.index.reach_for(oid)));
            std::hint::black_box(read.fold(0, std::ops::BitXor::bitxor));
            few.iter().for_each(|(oid, what)| say(oid, what, self.of(oid)));
        }
    }

    /// The number of the object at a place in a pack's index, if no earlier pack has it.
    pub fn packed(&self, pack: u32, at: u32) -> u32 {
        self.starts[pack as usize] + at
    }
}
