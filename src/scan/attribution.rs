//! Joins what was found in a repository's objects with its history: every place gets its commit, path and
//! refs, every secret its life. It reads single commits for their authors and knows nothing of rules.

use bstr::BString;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::collect::Spot;
use super::context::Context;
use super::sinks::{Found, Tags};
use super::trees::Names;
use crate::candidate::Candidate;
use crate::finding::{CommitRef, History, Place, PlaceKind, Scope};
use crate::history::commit::{date, headers, person};
use crate::history::forest::{ContentId, Contents, Forest, NOTHING};
use crate::history::graph::Graph;
use crate::history::{Answer, Life, Question, REFS, attribute};
use crate::object::Oid;
use crate::secret::Secret;
use crate::source::git::numbers::Numbers;
use crate::source::git::odb::Odb;
use crate::source::git::refs::Refs;

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
    /// The commits.
    pub graph: &'a Graph,
    /// The number of each commit's tree.
    pub roots: Vec<Option<u32>>,
    /// What annotated tags point to.
    pub tags: &'a Tags,
    /// Candidates in blobs, sorted by id.
    pub blobs: Vec<Found>,
    /// Candidates in names, by the forest's numbers.
    pub names: Names,
    /// Candidates in commits.
    pub messages: Vec<(Oid, PlaceKind, Candidate)>,
    /// Candidates in tags.
    pub tag_messages: Vec<(Oid, PlaceKind, Candidate)>,
    /// What the index holds: blobs with their paths, sorted.
    pub staged: Vec<(Oid, BString)>,
}

/// Hands every place and every life to the collector.
pub fn place(context: &Context<'_>, objects: Objects<'_>, forest: Forest) {
    if objects.blobs.is_empty() && objects.names.is_empty() && objects.messages.is_empty() && objects.tag_messages.is_empty() {
        return;
    }
    let (mut placing, contents) = rayon::join(|| Placing::new(context, &objects), || forest.finish(objects.numbers.count()));
    let answer = placing.ask(&contents);
    placing.read_commits(&answer);
    placing.blobs(&contents, &answer);
    placing.commits();
    placing.tags();
    placing.lives(answer.lives);
}

struct Placing<'a, 'o> {
    context: &'a Context<'a>,
    objects: &'a Objects<'o>,
    /// Candidates of each wanted blob and name, by number.
    wanted: Vec<&'a [Candidate]>,
    numbers: FxHashMap<Secret, u32>,
    secrets: Vec<Secret>,
    refs: Vec<(BString, Oid)>,
    commits: FxHashMap<u32, CommitRef>,
    /// Refs that hold a secret other than through a commit.
    direct: FxHashMap<u32, Vec<BString>>,
    /// Secrets that the index holds.
    staged: Vec<u32>,
}

impl<'a, 'o> Placing<'a, 'o> {
    fn new(context: &'a Context<'a>, objects: &'a Objects<'o>) -> Self {
        let mut wanted: Vec<&[Candidate]> = objects.blobs.iter().map(|(_, candidates)| candidates.as_slice()).collect();
        wanted.resize(wanted.len() + objects.names.len(), &[]);
        for (number, candidates) in &objects.names {
            wanted[*number as usize] = candidates;
        }
        let mut refs: Vec<(BString, Oid)> =
            objects.refs.by_importance().into_iter().map(|r| (r.name.clone(), peel(objects.tags, r.target))).collect();
        if objects.refs.head_branch.is_none() {
            refs.splice(0..0, objects.refs.head.map(|head| (BString::from("HEAD"), head)));
        }
        let (numbers, secrets, commits, direct) = Default::default();
        let mut placing = Self { context, objects, wanted, numbers, secrets, refs, commits, direct, staged: Vec::new() };
        let texts = objects.messages.iter().chain(&objects.tag_messages).map(|(_, _, candidate)| candidate);
        for candidate in placing.wanted.clone().into_iter().flatten().chain(texts) {
            placing.number(&candidate.judged.value);
        }
        placing
    }

    fn number(&mut self, secret: &Secret) -> u32 {
        if let Some(&number) = self.numbers.get(secret) {
            return number;
        }
        let number = self.secrets.len() as u32;
        self.numbers.insert(secret.clone(), number);
        self.secrets.push(secret.clone());
        number
    }

    fn ask(&self, contents: &Contents) -> Answer {
        let number = |candidate: &Candidate| self.numbers[&candidate.judged.value];
        let blobs: Vec<Vec<u32>> = self.wanted.iter().map(|candidates| candidates.iter().map(number).collect()).collect();
        let messages: Vec<(u32, u32)> = self
            .objects
            .messages
            .iter()
            .filter_map(|(oid, _, candidate)| Some((self.objects.graph.find(oid)?, number(candidate))))
            .collect();
        attribute(&Question {
            graph: self.objects.graph,
            contents,
            roots: self.objects.roots.iter().map(|root| root.map_or(NOTHING, |number| contents.of(number))).collect(),
            blobs: &blobs,
            messages: &messages,
            secrets: self.secrets.len(),
            refs: &self.refs,
            head: self.objects.refs.head,
        })
    }

    /// What the tree of this id holds.
    fn content(&self, contents: &Contents, tree: &Oid) -> ContentId {
        self.objects.numbers.of(tree).map_or(NOTHING, |number| contents.of(number))
    }

    fn blobs(&mut self, contents: &Contents, answer: &Answer) {
        let mut placed = vec![false; self.wanted.len()];
        answer.places.iter().for_each(|at| placed[at.blob as usize] = true);
        let trees = self.tree_refs(contents);
        answer.places.par_iter().filter(|at| (self.context.wanted)(&at.path)).for_each(|at| {
            let spot = self.spot(at.blob).at(at.path.clone());
            for candidate in self.wanted[at.blob as usize] {
                let mut place = spot.place(candidate);
                dated(&mut place, &self.commits[&at.commit]);
                place.in_head = Some(at.in_head);
                place.refs.clone_from(&at.refs);
                self.context.collector.place(candidate.clone(), place);
            }
        });
        for number in 0..self.wanted.len() as u32 {
            self.staged(number, answer);
            if !placed[number as usize] {
                self.dangling(contents, number, trees.get(&number));
            }
        }
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
            self.staged.extend(candidates.iter().map(|candidate| self.numbers[&candidate.judged.value]));
            let committed = answer.places.partition_point(|place| place.blob < number);
            let known = answer.places[committed..].iter().take_while(|place| place.blob == number).any(|place| place.path == *path);
            if known || !(self.context.wanted)(path) {
                continue;
            }
            let spot = self.context.spot(PlaceKind::Index).of(*oid).at(path.clone());
            candidates.iter().for_each(|candidate| self.context.collector.place(candidate.clone(), spot.place(candidate)));
        }
    }

    /// What refs hold that point to trees, by the number of the blob or name: a path in such a tree, and the refs.
    fn tree_refs(&self, contents: &Contents) -> FxHashMap<u32, (BString, Vec<BString>)> {
        let mut held: FxHashMap<u32, (BString, Vec<BString>)> = FxHashMap::default();
        for (name, target) in self.refs.iter().filter(|(_, target)| self.objects.graph.find(target).is_none()) {
            for change in contents.added(NOTHING, self.content(contents, target)) {
                held.entry(change.blob).or_insert((change.path, Vec::new())).1.push(name.clone());
            }
        }
        held
    }

    /// A blob or name that no commit's tree holds: in the index only, behind a ref, or in nothing at all.
    fn dangling(&mut self, contents: &Contents, number: u32, tree: Option<&(BString, Vec<BString>)>) {
        let oid = self.objects.blobs.get(number as usize).map(|(oid, _)| *oid);
        let mut refs: Vec<BString> = self.refs.iter().filter(|(_, target)| Some(*target) == oid).map(|(name, _)| name.clone()).collect();
        refs.extend(tree.iter().flat_map(|(_, refs)| refs.iter().cloned()));
        refs.truncate(REFS);
        for candidate in self.wanted[number as usize] {
            let secret = self.numbers[&candidate.judged.value];
            self.direct.entry(secret).or_default().extend(refs.iter().cloned());
        }
        let in_index = oid.is_some_and(|oid| self.objects.staged.binary_search_by(|(staged, _)| staged.cmp(&oid)).is_ok());
        if in_index && refs.is_empty() {
            return;
        }
        let mut spot = self.spot(number);
        // A tree without a commit may still name it.
        let named = || contents.holders(number).map(|(_, name)| BString::from(name)).min();
        spot.path = tree.map(|(path, _)| path.clone()).or_else(named);
        if spot.path.as_ref().is_some_and(|path| !(self.context.wanted)(path)) {
            return;
        }
        for candidate in self.wanted[number as usize] {
            let place = Place { refs: refs.clone(), in_head: Some(false), ..spot.place(candidate) };
            self.context.collector.place(candidate.clone(), place);
        }
    }

    fn commits(&mut self) {
        for (oid, kind, candidate) in &self.objects.messages {
            let mut place = self.context.spot(*kind).of(*oid).place(candidate);
            if let Some(number) = self.objects.graph.find(oid) {
                dated(&mut place, &self.commit(number));
            }
            self.context.collector.place(candidate.clone(), place);
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
            self.direct.entry(self.numbers[&candidate.judged.value]).or_default().extend(refs);
            self.context.collector.place(candidate.clone(), place);
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
            self.context.collector.history(&self.secrets[number], history);
        }
    }

    /// Reads the commits that the answer names, all at once.
    fn read_commits(&mut self, answer: &Answer) {
        let places = answer.places.iter().map(|place| place.commit);
        let lives = answer.lives.iter().flat_map(|life| [life.first, life.last, life.removed].into_iter().flatten());
        let mut numbers: Vec<u32> = places.chain(lives).collect();
        numbers.sort_unstable();
        numbers.dedup();
        self.commits = numbers.into_par_iter().map(|number| (number, self.objects.commit(number))).collect();
    }

    fn commit(&mut self, number: u32) -> CommitRef {
        self.commits.entry(number).or_insert_with(|| self.objects.commit(number)).clone()
    }
}

impl Objects<'_> {
    fn commit(&self, number: u32) -> CommitRef {
        let commit = self.graph.commit(number);
        let bytes = self.odb.read(&commit.oid).map(|(_, bytes)| bytes);
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
