//! Sets of small numbers, each distinct set kept once and named by a number. Histories share almost all of
//! their sets, so unions are remembered. It does not know what the numbers stand for.

use rustc_hash::FxHashMap;

/// The name of a set in its [`Pool`]; equal names mean equal sets.
pub type SetId = u32;

/// The empty set.
pub const EMPTY: SetId = 0;

/// Distinct sets.
pub struct Pool {
    sets: Vec<Box<[u32]>>,
    ids: FxHashMap<Box<[u32]>, SetId>,
    unions: FxHashMap<(SetId, SetId), SetId>,
}

impl Default for Pool {
    fn default() -> Self {
        let mut pool = Self { sets: Vec::new(), ids: FxHashMap::default(), unions: FxHashMap::default() };
        pool.intern(Vec::new());
        pool
    }
}

impl Pool {
    /// The name of the set with these members, in any order.
    pub fn intern(&mut self, mut members: Vec<u32>) -> SetId {
        members.sort_unstable();
        members.dedup();
        let members = members.into_boxed_slice();
        if let Some(&id) = self.ids.get(&members) {
            return id;
        }
        let id = self.sets.len() as SetId;
        self.sets.push(members.clone());
        self.ids.insert(members, id);
        id
    }

    /// The members, ascending.
    pub fn members(&self, id: SetId) -> &[u32] {
        &self.sets[id as usize]
    }

    /// Whether the set has that member.
    pub fn contains(&self, id: SetId, member: u32) -> bool {
        self.members(id).binary_search(&member).is_ok()
    }

    /// The union of two sets.
    pub fn union(&mut self, a: SetId, b: SetId) -> SetId {
        let (a, b) = (a.min(b), a.max(b));
        if a == EMPTY || a == b {
            return b;
        }
        if let Some(&id) = self.unions.get(&(a, b)) {
            return id;
        }
        let id = self.intern([self.members(a), self.members(b)].concat());
        self.unions.insert((a, b), id);
        id
    }

    /// The members of `a` that are not in `b`.
    pub fn minus(&self, a: SetId, b: SetId) -> Vec<u32> {
        if a == b {
            return Vec::new();
        }
        self.members(a).iter().copied().filter(|&m| !self.contains(b, m)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sets_have_one_name() {
        let mut pool = Pool::default();
        let a = pool.intern(vec![3, 1, 1]);
        let b = pool.intern(vec![2]);
        let both = pool.union(a, b);
        assert_eq!(pool.intern(vec![1, 3]), a);
        assert_eq!(pool.members(both), [1, 2, 3]);
        assert_eq!(pool.union(b, a), both);
        assert_eq!(pool.union(both, EMPTY), both);
        assert_eq!(pool.minus(both, a), [2]);
        assert!(pool.contains(both, 2) && !pool.contains(a, 2));
    }
}
