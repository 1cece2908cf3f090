//! Attribution: for each secret its first commit, every place, when it left, which refs hold it. Done last and
//! only for what was found: one pass over the trees (`forest`), one over the commits. It knows blobs and
//! secrets by number and reads nothing itself.

pub mod commit;
pub mod forest;
pub mod graph;
mod sets;

use bstr::BString;
use rustc_hash::FxHashMap;

use crate::object::Oid;
use forest::{ContentId, Contents, NOTHING};
use graph::Graph;
use sets::{EMPTY, Pool, SetId};

/// How many refs a history or a place names.
pub const REFS: usize = 20;
/// How many different tips are looked into for the refs of single places.
const TIPS: usize = 200;

/// What is to be attributed.
pub struct Question<'a> {
    /// The commits.
    pub graph: &'a Graph,
    /// What their trees hold of the wanted blobs.
    pub contents: &'a Contents,
    /// The content of each commit's tree.
    pub roots: Vec<ContentId>,
    /// The secrets in each wanted blob.
    pub blobs: &'a [Vec<u32>],
    /// Secrets in commit objects themselves.
    pub messages: &'a [(u32, u32)],
    /// Number of secrets.
    pub secrets: usize,
    /// The refs, those to be named first in front: name and the object they point to, tags peeled.
    pub refs: &'a [(BString, Oid)],
    /// The commit that HEAD points to.
    pub head: Option<Oid>,
}

/// A wanted blob at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobPlace {
    /// The blob's number.
    pub blob: u32,
    /// The path from the root.
    pub path: BString,
    /// The first commit that has it there.
    pub commit: u32,
    /// Whether HEAD has it there.
    pub in_head: bool,
    /// Refs whose tip has it there.
    pub refs: Vec<BString>,
}

/// The life of one secret. Commits by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// The first commit that holds it.
    pub first: Option<u32>,
    /// The last commit that holds it.
    pub last: Option<u32>,
    /// The last commit that removed it from all that its parents hold; none while HEAD has it.
    pub removed: Option<u32>,
    /// Whether HEAD's tree holds it.
    pub in_head: bool,
    /// Refs that reach a commit that holds it.
    pub refs: Vec<BString>,
    /// How many there are.
    pub ref_count: usize,
    /// Number of commits that hold it.
    pub commits: usize,
}

/// The answer.
#[derive(Debug, Default)]
pub struct Answer {
    /// Where the wanted blobs stand; ordered by blob, then commit and path.
    pub places: Vec<BlobPlace>,
    /// The life of each secret.
    pub lives: Vec<Life>,
}

/// Answers.
pub fn attribute(question: &Question<'_>) -> Answer {
    let (lives, places) = rayon::join(|| lives(question), || places(question, &question.roots));
    Answer { places, lives }
}

fn lives(question: &Question<'_>) -> Vec<Life> {
    let mut pool = Pool::default();
    let held = held(question, &question.roots, &mut pool);
    let mut lives = vec![Life::default(); question.secrets];
    spans(&held, &pool, &mut lives);
    removals(question, &held, &pool, &mut lives);
    references(question, &held, &mut pool, &mut lives);
    lives
}

/// The secrets that each commit holds: in its tree, or in its own text.
fn held(question: &Question<'_>, contents: &[ContentId], pool: &mut Pool) -> Vec<SetId> {
    let mut of_content = Vec::with_capacity(question.contents.count());
    for id in 0..question.contents.count() as ContentId {
        let direct = question.contents.blobs(id).flat_map(|blob| question.blobs[blob as usize].iter().copied()).collect();
        let mut set = pool.intern(direct);
        for folder in question.contents.folders(id) {
            set = pool.union(set, of_content[folder as usize]);
        }
        of_content.push(set);
    }
    let mut held: Vec<SetId> = contents.iter().map(|&content| of_content[content as usize]).collect();
    for &(commit, secret) in question.messages {
        let alone = pool.intern(vec![secret]);
        held[commit as usize] = pool.union(held[commit as usize], alone);
    }
    held
}

/// First and last commit, and how many there are.
fn spans(held: &[SetId], pool: &Pool, lives: &mut [Life]) {
    let mut sets: FxHashMap<SetId, (u32, u32, usize)> = FxHashMap::default();
    for (commit, &set) in held.iter().enumerate() {
        let commit = commit as u32;
        let span = sets.entry(set).or_insert((commit, commit, 0));
        (span.1, span.2) = (commit, span.2 + 1);
    }
    for (set, (first, last, count)) in sets {
        for &secret in pool.members(set) {
            let life = &mut lives[secret as usize];
            life.first = Some(life.first.map_or(first, |f| f.min(first)));
            life.last = life.last.max(Some(last));
            life.commits += count;
        }
    }
}

fn removals(question: &Question<'_>, held: &[SetId], pool: &Pool, lives: &mut [Life]) {
    let head = question.head.and_then(|oid| question.graph.find(&oid));
    let on_head = question.graph.reachable(head);
    if let Some(head) = head {
        pool.members(held[head as usize]).iter().for_each(|&secret| lives[secret as usize].in_head = true);
    }
    let mut elsewhere: Vec<Option<u32>> = vec![None; lives.len()];
    for commit in 0..question.graph.len() as u32 {
        let parents = question.graph.parents(commit);
        let here = held[commit as usize];
        let Some((&first, others)) = parents.split_first() else { continue };
        for secret in pool.minus(held[first as usize], here) {
            if others.iter().all(|&parent| pool.contains(held[parent as usize], secret)) {
                let slot = if on_head[commit as usize] { &mut lives[secret as usize].removed } else { &mut elsewhere[secret as usize] };
                *slot = Some(commit);
            }
        }
    }
    for (life, elsewhere) in lives.iter_mut().zip(elsewhere) {
        life.removed = if life.in_head { None } else { life.removed.or(elsewhere) };
    }
}

/// Which refs reach a commit that holds it.
fn references(question: &Question<'_>, held: &[SetId], pool: &mut Pool, lives: &mut [Life]) {
    let mut reached: Vec<SetId> = Vec::with_capacity(held.len());
    for commit in 0..question.graph.len() as u32 {
        let mut set = held[commit as usize];
        for &parent in question.graph.parents(commit) {
            // A parent that comes later is part of a forged cycle.
            set = pool.union(set, reached.get(parent as usize).copied().unwrap_or(EMPTY));
        }
        reached.push(set);
    }
    for (name, target) in question.refs {
        let Some(commit) = question.graph.find(target) else { continue };
        for &secret in pool.members(reached[commit as usize]) {
            let life = &mut lives[secret as usize];
            life.ref_count += 1;
            if life.refs.len() < REFS {
                life.refs.push(name.clone());
            }
        }
    }
}

/// Every path that ever had a wanted blob, with its first commit.
fn places(question: &Question<'_>, contents: &[ContentId]) -> Vec<BlobPlace> {
    let mut first: FxHashMap<(u32, BString), u32> = FxHashMap::default();
    for commit in 0..question.graph.len() as u32 {
        let here = contents[commit as usize];
        let before = question.graph.parents(commit).first().map_or(NOTHING, |&parent| contents[parent as usize]);
        for change in question.contents.added(before, here) {
            first.entry((change.blob, change.path)).or_insert(commit);
        }
    }
    let mut places: FxHashMap<(u32, BString), BlobPlace> = first
        .into_iter()
        .map(|((blob, path), commit)| ((blob, path.clone()), BlobPlace { blob, path, commit, in_head: false, refs: Vec::new() }))
        .collect();
    mark_tips(question, contents, &mut places);
    let mut places: Vec<BlobPlace> = places.into_values().collect();
    places.sort_unstable_by(|a, b| (a.blob, a.commit, &a.path).cmp(&(b.blob, b.commit, &b.path)));
    places
}

/// Which of the places HEAD and the tips of refs have.
fn mark_tips(question: &Question<'_>, contents: &[ContentId], places: &mut FxHashMap<(u32, BString), BlobPlace>) {
    let content = |oid: &Oid| question.graph.find(oid).map(|commit| contents[commit as usize]);
    if let Some(head) = question.head.as_ref().and_then(content) {
        for change in question.contents.added(NOTHING, head) {
            if let Some(place) = places.get_mut(&(change.blob, change.path)) {
                place.in_head = true;
            }
        }
    }
    let mut tips: Vec<(ContentId, Vec<&BString>)> = Vec::new();
    let mut numbers: FxHashMap<ContentId, usize> = FxHashMap::default();
    for (name, target) in question.refs {
        let Some(content) = content(target).filter(|&c| c != NOTHING) else { continue };
        let number = *numbers.entry(content).or_insert_with(|| {
            tips.push((content, Vec::new()));
            tips.len() - 1
        });
        if tips[number].1.len() < REFS {
            tips[number].1.push(name);
        }
    }
    for (content, names) in tips.into_iter().take(TIPS) {
        for change in question.contents.added(NOTHING, content) {
            if let Some(place) = places.get_mut(&(change.blob, change.path)) {
                let room = REFS - place.refs.len();
                place.refs.extend(names.iter().take(room).map(|name| (*name).clone()));
            }
        }
    }
}
