//! The graph of commits: parents, dates, and an order in which parents come before children. It does not know
//! what the commits hold.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::commit::Headers;
use crate::object::Oid;

/// A commit as it was read.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its id.
    pub oid: Oid,
    /// Its root tree.
    pub tree: Option<Oid>,
    /// Its parents' ids; in a [`Graph`] there are none, as it has their numbers.
    pub parents: Vec<Oid>,
    /// Its committer date, in seconds since 1970.
    pub date: i64,
}

impl Commit {
    /// Takes what matters from a commit's headers.
    pub fn new(oid: Oid, headers: &Headers<'_>) -> Self {
        Self { oid, tree: headers.tree, parents: headers.parents.clone(), date: super::commit::date(headers.committer) }
    }
}

/// All commits that were read, in an order that depends on nothing but them: parents before children, older
/// before younger, then by id.
pub struct Graph {
    commits: Vec<Commit>,
    /// The parents' numbers, one commit's behind another's, and where those of each end.
    parents: Vec<u32>,
    ends: Vec<u32>,
    ids: FxHashMap<Oid, u32>,
    /// Commits with the parents that were not read.
    cut: Vec<(u32, Oid)>,
}

impl Graph {
    /// Orders the commits.
    pub fn new(mut commits: Vec<Commit>) -> Self {
        commits.sort_unstable_by_key(|c| (c.date, c.oid));
        commits.dedup_by_key(|c| c.oid);
        let mut ids: FxHashMap<Oid, u32> = commits.iter().zip(0..).map(|(c, n)| (c.oid, n)).collect();
        let known = |commit: &Commit| commit.parents.iter().filter_map(|p| ids.get(p).copied()).collect();
        let mut parents: Vec<Vec<u32>> = commits.iter().map(known).collect();
        let order = topological(&parents);
        let mut ranks = vec![0; order.len()];
        for (&number, rank) in order.iter().zip(0u32..) {
            ranks[number as usize] = rank;
        }
        ids.values_mut().chain(parents.iter_mut().flatten()).for_each(|number| *number = ranks[*number as usize]);
        let mut commits = arrange(commits, &order);
        let mut cut = Vec::new();
        for (commit, number) in commits.iter_mut().zip(0..) {
            // Those that were read have their numbers: the ids of all would be much to keep.
            let parents = std::mem::take(&mut commit.parents);
            cut.extend(parents.into_iter().filter(|parent| !ids.contains_key(parent)).map(|parent| (number, parent)));
        }
        let (mut flat, mut ends) = (Vec::with_capacity(commits.len()), Vec::with_capacity(commits.len()));
        for number in order {
            flat.extend_from_slice(&parents[number as usize]);
            ends.push(flat.len() as u32);
        }
        Self { commits, parents: flat, ends, ids, cut }
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
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        &self.parents[start as usize..self.ends[number as usize] as usize]
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

/// The values in this order of their places.
fn arrange<T>(values: Vec<T>, order: &[u32]) -> Vec<T> {
    let mut slots: Vec<Option<T>> = values.into_iter().map(Some).collect();
    order.iter().filter_map(|&place| slots[place as usize].take()).collect()
}

/// Parents first, among the ready ones the oldest; commits in a cycle (which only a forged database has) last.
fn topological(parents: &[Vec<u32>]) -> Vec<u32> {
    let mut waits = vec![0u32; parents.len()];
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); parents.len()];
    for (number, parents) in parents.iter().enumerate() {
        for &parent in parents {
            waits[number] += 1;
            children[parent as usize].push(number as u32);
        }
    }
    // The commits are sorted by date and id already, so the number itself is the key.
    let mut ready: BinaryHeap<Reverse<u32>> = (0..parents.len() as u32).filter(|&n| waits[n as usize] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(parents.len());
    while let Some(Reverse(number)) = ready.pop() {
        order.push(number);
        for &child in &children[number as usize] {
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

    fn commit(id: u8, date: i64, parents: &[u8]) -> Commit {
        Commit { oid: Oid::new(&[id; 20]), tree: None, parents: parents.iter().map(|&p| Oid::new(&[p; 20])).collect(), date }
    }

    #[test]
    fn parents_come_first_whatever_their_dates() {
        let graph = Graph::new(vec![commit(3, 5, &[2]), commit(2, 90, &[1]), commit(1, 50, &[]), commit(4, 7, &[])]);
        let order: Vec<u8> = (0..4).map(|n| graph.commit(n).oid.as_bytes()[0]).collect();
        assert_eq!(order, [4, 1, 2, 3]);
        let tip = graph.find(&Oid::new(&[2; 20])).unwrap();
        assert_eq!(graph.reachable([tip]), [false, true, true, false]);
        assert_eq!(graph.missing_parents().count(), 0);
    }

    #[test]
    fn a_missing_parent_is_named_and_a_cycle_ends() {
        let graph = Graph::new(vec![commit(1, 1, &[9]), commit(2, 1, &[3]), commit(3, 1, &[2])]);
        assert_eq!(graph.len(), 3);
        let (_, missing) = graph.missing_parents().next().unwrap();
        assert_eq!(missing.as_bytes()[0], 9);
    }
}
