//! The graph of commits: parents, dates, and an order in which parents come before children. It does not know
//! what the commits hold.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::commit::Headers;
use crate::object::Oid;

/// What matters of a commit.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    /// Its id.
    pub oid: Oid,
    /// Its root tree.
    pub tree: Option<Oid>,
    /// Its committer date, in seconds since 1970.
    pub date: i64,
}

/// A commit as it was read.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The commit.
    pub commit: Commit,
    /// Its parents' ids; a [`Graph`] has their numbers.
    pub parents: Vec<Oid>,
}

impl Parsed {
    /// Takes what matters from a commit's headers.
    pub fn new(oid: Oid, headers: Headers<'_>) -> Self {
        let commit = Commit { oid, tree: headers.tree, date: super::commit::date(headers.committer) };
        Self { commit, parents: headers.parents }
    }
}

/// All commits that were read, in an order that depends on nothing but them: parents before children, older
/// before younger, then by id.
pub struct Graph {
    commits: Vec<Commit>,
    parents: Lists,
    ids: FxHashMap<Oid, u32>,
    /// Commits with the parents that were not read.
    cut: Vec<(u32, Oid)>,
}

impl Graph {
    /// Orders the commits.
    pub fn new(parsed: &[Parsed]) -> Self {
        let aged = by_age(parsed);
        let mut ids: FxHashMap<Oid, u32> = FxHashMap::with_capacity_and_hasher(aged.len(), FxBuildHasher);
        ids.extend(aged.iter().zip(0..).map(|(&at, number)| (parsed[at as usize].commit.oid, number)));
        let mut cut = Vec::new();
        let mut parents = Lists::default();
        for (&at, number) in aged.iter().zip(0..) {
            for parent in &parsed[at as usize].parents {
                match ids.get(parent) {
                    Some(&parent) => parents.all.push(parent),
                    None => cut.push((number, *parent)),
                }
            }
            parents.ends.push(parents.all.len() as u32);
        }
        let order = topological(&parents);
        let mut ranks = vec![0; order.len()];
        for (&number, rank) in order.iter().zip(0u32..) {
            ranks[number as usize] = rank;
        }
        ids.values_mut().chain(cut.iter_mut().map(|(number, _)| number)).for_each(|number| *number = ranks[*number as usize]);
        cut.sort_by_key(|(number, _)| *number);
        let commits = order.iter().map(|&number| parsed[aged[number as usize] as usize].commit).collect();
        let mut ordered = Lists { all: Vec::with_capacity(parents.all.len()), ends: Vec::with_capacity(order.len()) };
        for number in order {
            ordered.all.extend(parents.of(number).iter().map(|&parent| ranks[parent as usize]));
            ordered.ends.push(ordered.all.len() as u32);
        }
        Self { commits, parents: ordered, ids, cut }
    }

    /// Number of commits.
    pub fn len(&self) -> usize {
        self.commits.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.commits.is_empty()
    }

    /// A commit by its number in the order.
    pub fn commit(&self, number: u32) -> &Commit {
        &self.commits[number as usize]
    }

    /// All commits, in order.
    pub fn commits(&self) -> &[Commit] {
        &self.commits
    }

    /// The parents that were read.
    pub fn parents(&self, number: u32) -> &[u32] {
        self.parents.of(number)
    }

    /// The number of a commit.
    pub fn find(&self, oid: &Oid) -> Option<u32> {
        self.ids.get(oid).copied()
    }

    /// Which commits can be reached from these.
    pub fn reachable(&self, tips: impl IntoIterator<Item = u32>) -> Vec<bool> {
        let mut seen = vec![false; self.len()];
        for tip in tips {
            seen[tip as usize] = true;
        }
        for number in (0..self.len()).rev() {
            if seen[number] {
                self.parents(number as u32).iter().for_each(|&p| seen[p as usize] = true);
            }
        }
        seen
    }

    /// Parents that a commit names and that were not read, with the commit.
    pub fn missing_parents(&self) -> impl Iterator<Item = (&Commit, &Oid)> {
        self.cut.iter().map(|(number, parent)| (self.commit(*number), parent))
    }
}

/// The numbers of several commits for each commit, one list behind another, and where each ends.
#[derive(Default)]
struct Lists {
    all: Vec<u32>,
    ends: Vec<u32>,
}

impl Lists {
    fn of(&self, number: u32) -> &[u32] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        &self.all[start as usize..self.ends[number as usize] as usize]
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    /// In which lists each commit stands, ascending.
    fn turned(&self) -> Self {
        let mut ends = vec![0u32; self.len()];
        self.all.iter().for_each(|&inner| ends[inner as usize] += 1);
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            // First where the list begins, and moved on as it fills.
            *end = sum - *end;
        }
        let mut all = vec![0; self.all.len()];
        for number in 0..self.len() as u32 {
            for &inner in self.of(number) {
                let end = &mut ends[inner as usize];
                all[*end as usize] = number;
                *end += 1;
            }
        }
        Self { all, ends }
    }
}

/// The places of the commits, each commit once, older before younger, then by id.
fn by_age(parsed: &[Parsed]) -> Vec<u32> {
    let oid = |at: u32| &parsed[at as usize].commit.oid;
    // Sorted apart from the commits, which are long.
    let mut keys: Vec<(i64, u64, u32)> =
        parsed.iter().zip(0..).map(|(parsed, at)| (parsed.commit.date, parsed.commit.oid.head(), at)).collect();
    keys.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| oid(a.2).cmp(oid(b.2))));
    let mut aged: Vec<u32> = keys.into_iter().map(|(_, _, at)| at).collect();
    aged.dedup_by_key(|at| *oid(*at));
    aged
}

/// Parents first, among the ready ones the oldest; commits in a cycle (which only a forged database has) last.
fn topological(parents: &Lists) -> Vec<u32> {
    let children = parents.turned();
    let mut waits: Vec<u32> = (0..parents.len() as u32).map(|number| parents.of(number).len() as u32).collect();
    // The commits are sorted by date and id already, so the number itself is the key.
    let mut ready: BinaryHeap<Reverse<u32>> = (0..parents.len() as u32).filter(|&n| waits[n as usize] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(parents.len());
    while let Some(Reverse(number)) = ready.pop() {
        order.push(number);
        for &child in children.of(number) {
            waits[child as usize] -= 1;
            if waits[child as usize] == 0 {
                ready.push(Reverse(child));
            }
        }
    }
    if order.len() < parents.len() {
        order.extend((0..parents.len() as u32).filter(|&n| waits[n as usize] > 0));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(id: u8, date: i64, parents: &[u8]) -> Parsed {
        let commit = Commit { oid: Oid::new(&[id; 20]), tree: None, date };
        Parsed { commit, parents: parents.iter().map(|&p| Oid::new(&[p; 20])).collect() }
    }

    #[test]
    fn parents_come_first_whatever_their_dates() {
        let graph = Graph::new(&[commit(3, 5, &[2]), commit(2, 90, &[1]), commit(1, 50, &[]), commit(4, 7, &[])]);
        let order: Vec<u8> = (0..4).map(|n| graph.commit(n).oid.as_bytes()[0]).collect();
        assert_eq!(order, [4, 1, 2, 3]);
        let tip = graph.find(&Oid::new(&[2; 20])).unwrap();
        assert_eq!(graph.reachable([tip]), [false, true, true, false]);
        assert_eq!(graph.missing_parents().count(), 0);
    }

    #[test]
    fn a_missing_parent_is_named_and_a_cycle_ends() {
        let graph = Graph::new(&[commit(1, 1, &[9]), commit(2, 1, &[3]), commit(3, 1, &[2])]);
        assert_eq!(graph.len(), 3);
        let (_, missing) = graph.missing_parents().next().unwrap();
        assert_eq!(missing.as_bytes()[0], 9);
    }
}
