//! Joins what was found in a repository's objects with its history: every place gets its commit, path and
//! refs, every secret its life. It reads single commits for their authors and knows nothing of rules.

mod sought;

use std::sync::Arc;

use bstr::BString;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::collect::{Placed, Spot};
use super::context::Context;
use super::sinks::{Found, Tags, Told};
use super::trees::Names;
use crate::candidate::Candidate;
use crate::finding::{CommitRef, History, Place, PlaceKind, Scope};
use crate::history::commit::{date, headers, person};
use crate::history::forest::{ContentId, Contents, Forest, NOTHING};
use crate::history::graph::Graph;
use crate::history::{Answer, BlobPlace, Life, Question, REFS, attribute};
use crate::object::Oid;
use crate::source::git::numbers::Numbers;
use crate::source::git::odb::Odb;
use crate::source::git::refs::Refs;
use sought::Sought;

/// A tag that points to a tag is followed so far.
const DEEPEST: usize = 32;

/// What was found in the objects of a repository.
pub struct Objects<'a> {
    /// The database.
    pub odb: &'a Odb,
    /// The numbers of its objects.
    pub numbers: &'a Numbers<'a>,
    /// The refs.
    pub refs: &'a Refs,
    /// What annotated tags point to.
    pub tags: &'a Tags,
    /// Candidates in blobs, sorted by id.
    pub blobs: Vec<Found>,
    /// Candidates in names, by the forest's numbers.
    pub names: Names,
    /// Candidates in commits.
    pub messages: Vec<Told>,
    /// Candidates in tags.
    pub tag_messages: Vec<Told>,
    /// What the index holds: blobs with their paths, sorted.
    pub staged: Vec<(Oid, BString)>,
}

/// The commits of a repository.
pub struct Past {
    /// The commits.
    pub graph: Graph,
    /// The number of each commit's tree.
    pub roots: Vec<Option<u32>>,
}

/// What nobody needs any more. To give back so much memory takes a while.
pub type Spent = Box<dyn Send>;

/// Hands every place and every life to the collector. What tells the past is called once, whatever was found.
pub fn place(context: &Context<'_>, objects: &Objects<'_>, forest: Forest, past: impl FnOnce() -> Past + Send) -> Spent {
    if objects.blobs.is_empty() && objects.names.is_empty() && objects.messages.is_empty() && objects.tag_messages.is_empty() {
        return Box::new((past(), forest));
    }
    // Contents are numbered one after the other, which leaves the other threads free for all else that is asked about.
    let numbering = || forest.finish(objects.numbers.count());
    let (contents, (past, sought)) = rayon::join(numbering, || rayon::join(past, || Sought::new(objects)));
    let (commits, direct) = Default::default();
    let mut placing = Placing { context, objects, past: &past, contents: &contents, sought, commits, direct, staged: Vec::new() };
    let answer = placing.ask();
    placing.read_commits(&answer);
    placing.blobs(&answer);
    placing.commits();
    placing.tags();
    placing.lives(answer.lives);
    let commits = std::mem::take(&mut placing.commits);
    Box::new((past, contents, commits, answer.places))
}

struct Placing<'a, 'o> {
    context: &'a Context<'a>,
    objects: &'a Objects<'o>,
    past: &'a Past,
    contents: &'a Contents,
    sought: Sought<'a>,
    commits: FxHashMap<u32, CommitRef>,
    /// Refs that hold a secret other than through a commit.
    direct: FxHashMap<u32, Vec<BString>>,
    /// Secrets that the index holds.
    staged: Vec<u32>,
}

impl Placing<'_, '_> {
    fn ask(&self) -> Answer {
        let (sought, graph) = (&self.sought, &self.past.graph);
        let number = |candidate: &Arc<Candidate>| sought.number(candidate);
        let blobs: Vec<Vec<u32>> = sought.wanted.iter().map(|candidates| candidates.iter().map(number).collect()).collect();
        let messages = self.objects.messages.iter();
        let messages: Vec<(u32, u32)> = messages.filter_map(|(oid, _, one)| Some((graph.find(oid)?, number(one)))).collect();
        attribute(&Question {
            graph,
            contents: self.contents,
            roots: self.past.roots.iter().map(|root| root.map_or(NOTHING, |number| self.contents.of(number))).collect(),
            blobs: &blobs,
            messages: &messages,
            secrets: sought.secrets.len(),
            refs: &sought.refs,
            head: self.objects.refs.head,
        })
    }

    /// What the tree of this id holds.
    fn content(&self, tree: &Oid) -> ContentId {
        self.objects.numbers.of(tree).map_or(NOTHING, |number| self.contents.of(number))
    }

    fn blobs(&mut self, answer: &Answer) {
        let mut placed = vec![false; self.sought.wanted.len()];
        answer.places.iter().for_each(|at| placed[at.blob as usize] = true);
        let trees = self.tree_refs();
        let wanted = answer.places.par_iter().filter(|at| (self.context.wanted)(&at.path));
        self.context.collector.place_all(wanted.flat_map_iter(|at| self.committed(at)).collect());
        for number in 0..self.sought.wanted.len() as u32 {
            self.staged(number, answer);
            if !placed[number as usize] {
                self.dangling(number, trees.get(&number));
            }
        }
    }

    /// The candidates of a blob at a path that a commit has.
    fn committed(&self, at: &BlobPlace) -> impl Iterator<Item = Placed> {
        let spot = self.spot(at.blob).at(at.path.clone());
        self.sought.wanted[at.blob as usize].iter().map(move |candidate| {
            let mut place = spot.place(candidate);
            dated(&mut place, &self.commits[&at.commit]);
            place.in_head = Some(at.in_head);
            place.refs.clone_from(&at.refs);
            Placed { candidate: Arc::clone(candidate), place: Box::new(place) }
        })
    }

    fn spot(&self, number: u32) -> Spot {
        match self.objects.blobs.get(number as usize) {
            Some((oid, _)) => self.context.spot(PlaceKind::Blob).of(*oid),
            None => self.context.spot(PlaceKind::Path),
        }
    }

    /// What the index holds and no commit holds at that path.
    fn staged(&mut self, number: u32, answer: &Answer) {
        let Some((oid, candidates)) = self.objects.blobs.get(number as usize) else { return };
        let first = self.objects.staged.partition_point(|(staged, _)| staged < oid);
        for (_, path) in self.objects.staged[first..].iter().take_while(|(staged, _)| staged == oid) {
            self.staged.extend(candidates.iter().map(|candidate| self.sought.number(candidate)));
            let committed = answer.places.partition_point(|place| place.blob < number);
            let known = answer.places[committed..].iter().take_while(|place| place.blob == number).any(|place| place.path == *path);
            if known || !(self.context.wanted)(path) {
                continue;
            }
            let spot = self.context.spot(PlaceKind::Index).of(*oid).at(path.clone());
            candidates.iter().for_each(|candidate| self.context.collector.place(Arc::clone(candidate), spot.place(candidate)));
        }
    }

    /// What refs hold that point to trees, by the number of the blob or name: a path in such a tree, and the refs.
    fn tree_refs(&self) -> FxHashMap<u32, (BString, Vec<BString>)> {
        let mut held: FxHashMap<u32, (BString, Vec<BString>)> = FxHashMap::default();
        for (name, target) in self.sought.refs.iter().filter(|(_, target)| self.past.graph.find(target).is_none()) {
            for change in self.contents.added(NOTHING, self.content(target)) {
                held.entry(change.blob).or_insert((change.path, Vec::new())).1.push(name.clone());
            }
        }
        held
    }

    /// A blob or name that no commit's tree holds: in the index only, behind a ref, or in nothing at all.
    fn dangling(&mut self, number: u32, tree: Option<&(BString, Vec<BString>)>) {
        let oid = self.objects.blobs.get(number as usize).map(|(oid, _)| *oid);
        let mut refs: Vec<BString> =
            self.sought.refs.iter().filter(|(_, target)| Some(*target) == oid).map(|(name, _)| name.clone()).collect();
        refs.extend(tree.iter().flat_map(|(_, refs)| refs.iter().cloned()));
        refs.truncate(REFS);
        for candidate in self.sought.wanted[number as usize] {
            self.direct.entry(self.sought.number(candidate)).or_default().extend(refs.iter().cloned());
        }
        let in_index = oid.is_some_and(|oid| self.objects.staged.binary_search_by(|(staged, _)| staged.cmp(&oid)).is_ok());
        if in_index && refs.is_empty() {
            return;
        }
        let mut spot = self.spot(number);
        // A tree without a commit may still name it.
        let named = || self.contents.holders(number).map(|(_, name)| BString::from(name)).min();
        spot.path = tree.map(|(path, _)| path.clone()).or_else(named);
        if spot.path.as_ref().is_some_and(|path| !(self.context.wanted)(path)) {
            return;
        }
        for candidate in self.sought.wanted[number as usize] {
            let place = Place { refs: refs.clone(), in_head: Some(false), ..spot.place(candidate) };
            self.context.collector.place(Arc::clone(candidate), place);
        }
    }

    fn commits(&mut self) {
        for (oid, kind, candidate) in &self.objects.messages {
            let mut place = self.context.spot(*kind).of(*oid).place(candidate);
            if let Some(number) = self.past.graph.find(oid) {
                dated(&mut place, &self.commit(number));
            }
            self.context.collector.place(Arc::clone(candidate), place);
        }
    }

    fn tags(&mut self) {
        for (oid, kind, candidate) in &self.objects.tag_messages {
            let mut spot = self.context.spot(*kind).of(*oid);
            let refs: Vec<BString> = self
                .objects
                .refs
                .refs
                .iter()
                .filter(|r| leads_to(self.objects.tags, r.target, oid))
                .map(|r| r.name.clone())
                .take(REFS)
                .collect();
            spot.path = refs.first().cloned();
            let mut place = spot.place(candidate);
            if let Ok((_, bytes)) = self.objects.odb.read(oid) {
                let tag = headers(&bytes);
                (place.author, place.date) = (Some(person(tag.author)), Some(date(tag.author)));
            }
            place.refs.clone_from(&refs);
            self.direct.entry(self.sought.number(candidate)).or_default().extend(refs);
            self.context.collector.place(Arc::clone(candidate), place);
        }
    }

    fn lives(&mut self, lives: Vec<Life>) {
        for (number, life) in lives.into_iter().enumerate() {
            let direct = self.direct.remove(&(number as u32)).unwrap_or_default();
            let mut refs = life.refs;
            let more: Vec<BString> = direct.into_iter().filter(|name| !refs.contains(name)).collect();
            let ref_count = life.ref_count + more.len();
            refs.extend(more);
            refs.truncate(REFS);
            let history = History {
                scope: Scope::Full,
                first_seen: life.first.map(|n| self.commit(n)),
                last_seen: life.last.map(|n| self.commit(n)),
                removed_in: life.removed.map(|n| self.commit(n)),
                in_head: Some(life.in_head),
                refs,
                ref_count,
                unreachable: ref_count == 0 && !self.staged.contains(&(number as u32)),
                commits: life.commits,
            };
            self.context.collector.history(&self.sought.secrets[number], history);
        }
    }

    /// Reads the commits that the answer names, all at once.
    fn read_commits(&mut self, answer: &Answer) {
        let places = answer.places.iter().map(|place| place.commit);
        let lives = answer.lives.iter().flat_map(|life| [life.first, life.last, life.removed].into_iter().flatten());
        let mut numbers: Vec<u32> = places.chain(lives).collect();
        numbers.sort_unstable();
        numbers.dedup();
        self.commits = numbers.into_par_iter().map(|number| (number, self.read_commit(number))).collect();
    }

    fn commit(&mut self, number: u32) -> CommitRef {
        if let Some(known) = self.commits.get(&number) {
            return known.clone();
        }
        let commit = self.read_commit(number);
        self.commits.insert(number, commit.clone());
        commit
    }

    fn read_commit(&self, number: u32) -> CommitRef {
        let commit = self.past.graph.commit(number);
        let bytes = self.objects.odb.read(&commit.oid).map(|(_, bytes)| bytes);
        let author = person(bytes.as_ref().map_or(&b""[..], |bytes| headers(bytes).author));
        CommitRef { id: commit.oid.hex(), author, date: commit.date }
    }
}

fn dated(place: &mut Place, commit: &CommitRef) {
    place.commit = Some(commit.id.clone());
    place.author = Some(commit.author.clone());
    place.date = Some(commit.date);
}

fn peel(tags: &Tags, mut oid: Oid) -> Oid {
    for _ in 0..DEEPEST {
        match tags.get(&oid) {
            Some(target) => oid = *target,
            None => break,
        }
    }
    oid
}

fn leads_to(tags: &Tags, mut from: Oid, to: &Oid) -> bool {
    for _ in 0..DEEPEST {
        if from == *to {
            return true;
        }
        match tags.get(&from) {
            Some(target) => from = *target,
            None => return false,
        }
    }
    false
}
