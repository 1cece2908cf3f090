//! What is done with blobs, commits and tags as the walk hands them over: scan them, and keep what attribution will
//! need. They do not know in which order the kinds come.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use super::context::Context;
use super::tally::Tally;
use crate::candidate::{Candidate, candidates};
use crate::coverage::{Counts, Notice};
use crate::detect::Memo;
use crate::finding::PlaceKind;
use crate::history::commit::{headers, part};
use crate::history::graph::Parsed;
use crate::object::{Base, Kind, Oid};
use crate::parts::Parts;
use crate::source::git::odb::Odb;
use crate::source::git::walk::{Id, Sink};
use crate::source::stream::{Scanned, scan_stdin};

/// Candidates of one object.
pub type Found = (Oid, Vec<Arc<Candidate>>);

pub(super) fn unreadable(context: &Context<'_>, oid: Oid, why: &str) {
    context.notice(Notice::incomplete("unreadable object", oid.hex(), why));
}

pub(super) fn inner<T>(mutex: Mutex<Vec<T>>) -> Vec<T> {
    mutex.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

pub(super) fn push<T>(list: &Mutex<Vec<T>>, value: T) {
    list.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(value);
}

/// Scans blobs.
pub struct BlobSink<'a> {
    context: &'a Context<'a>,
    tally: Tally,
    found: Mutex<Vec<Found>>,
    too_large: AtomicU64,
}

impl<'a> BlobSink<'a> {
    /// A sink without blobs.
    pub fn new(context: &'a Context<'a>) -> Self {
        Self { context, tally: Tally::default(), found: Mutex::default(), too_large: AtomicU64::new(0) }
    }

    /// The blobs that hold candidates, sorted by id.
    pub fn finish(self, counts: &mut Counts) -> Vec<Found> {
        let (blobs, bytes) = self.tally.counts();
        counts.blobs += blobs;
        counts.bytes += bytes;
        let too_large = self.too_large.into_inner();
        if too_large > 0 {
            self.context.collector.leave_out("blobs above --max-file-size", Some(too_large), "raise --max-file-size");
        }
        let mut found = inner(self.found);
        found.sort_by_key(|(oid, _)| *oid);
        found.dedup_by_key(|(oid, _)| *oid);
        found
    }

    fn keep(&self, oid: Oid, scanned: Scanned) {
        let candidates = candidates(self.context.collector.detector, scanned);
        if !candidates.is_empty() {
            push(&self.found, (oid, candidates.into_iter().map(Arc::new).collect()));
        }
    }

    fn is_too_large(&self, id: &Id<'_>) -> bool {
        let too_large = self.context.max_size.is_some_and(|most| id.size > most);
        if too_large && id.count {
            self.too_large.fetch_add(1, Ordering::Relaxed);
        }
        too_large
    }
}

impl Sink for BlobSink<'_> {
    type Memo = Memo;

    fn object(&self, id: &Id<'_>, bytes: &[u8], base: Option<&Base<'_, Memo>>) -> Memo {
        let detector = self.context.collector.detector;
        let memo = detector.scan(bytes, base);
        if self.is_too_large(id) {
            return memo;
        }
        self.tally.add(self.context.progress, id);
        if id.count && memo.has_live_matches() {
            self.keep(id.oid(), Scanned::of(detector, &memo, bytes));
        }
        memo
    }

    fn large(&self, id: &Id<'_>, reader: &mut dyn Read) {
        if self.is_too_large(id) {
            return;
        }
        self.tally.add(self.context.progress, id);
        let scanned = scan_stdin(self.context.collector.detector, self.context.progress, reader);
        if let Some(why) = &scanned.broken {
            unreadable(self.context, id.oid(), why);
        } else if scanned.bytes != id.size && !self.context.progress.stopped() {
            unreadable(self.context, id.oid(), "its stream is not as long as declared");
        }
        self.keep(id.oid(), scanned);
    }

    fn unreadable(&self, oid: Oid, why: &str) {
        unreadable(self.context, oid, why);
    }

    fn stopped(&self) -> bool {
        self.context.progress.stopped()
    }
}

/// A candidate in a commit or tag.
pub type Told = (Oid, PlaceKind, Arc<Candidate>);

/// A tag and what it points to.
pub type Tags = FxHashMap<Oid, Oid>;

/// Reads commits and annotated tags: what they point to, and what their texts hold.
pub struct TextSink<'a> {
    context: &'a Context<'a>,
    commits: Parts<Vec<Unnamed>>,
    tags: Mutex<Vec<(Oid, Oid)>>,
    tally: Tally,
    found: Mutex<Vec<Told>>,
}

/// A packed commit, without its id, and where that is: in the order of the walk each look into an index is a wait.
type Unnamed = (Option<(u32, u32)>, Parsed);

/// The commits as each thread has read them.
pub struct Commits(Vec<Vec<Unnamed>>);

impl Commits {
    fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// The commits with their ids, unordered.
    pub fn named(self, odb: &Odb) -> Vec<Parsed> {
        let mut places: Vec<((u32, u32), usize)> = Vec::with_capacity(self.len());
        let mut commits: Vec<Parsed> = Vec::with_capacity(self.len());
        for (place, parsed) in self.0.into_iter().flatten() {
            places.extend(place.map(|place| (place, commits.len())));
            commits.push(parsed);
        }
        places.sort_unstable();
        for ((pack, place), at) in places {
            commits[at].commit.oid = odb.packs[pack as usize].index.oid(place as usize).unwrap_or_else(|| Oid::new(&[]));
        }
        commits
    }
}

/// What a [`TextSink`] has read.
pub struct Texts {
    /// The commits.
    pub commits: Commits,
    /// What each tag points to.
    pub tags: Tags,
    /// Candidates in commits.
    pub messages: Vec<Told>,
    /// Candidates in tags.
    pub tag_messages: Vec<Told>,
}

impl<'a> TextSink<'a> {
    /// A sink that has read nothing.
    pub fn new(context: &'a Context<'a>) -> Self {
        let (commits, tags, tally, found) = Default::default();
        Self { context, commits, tags, tally, found }
    }

    /// What was read.
    pub fn finish(self, counts: &mut Counts) -> Texts {
        let commits = Commits(self.commits.into_parts().collect());
        let tags = inner(self.tags);
        counts.commits += commits.len() as u64;
        counts.tags += tags.len() as u64;
        counts.bytes += self.tally.counts().1;
        let tags: Tags = tags.into_iter().collect();
        let (tag_messages, messages) = inner(self.found).into_iter().partition(|(oid, _, _)| tags.contains_key(oid));
        Texts { commits, tags, messages, tag_messages }
    }
}

impl Sink for TextSink<'_> {
    type Memo = Memo;

    fn object(&self, id: &Id<'_>, bytes: &[u8], base: Option<&Base<'_, Memo>>) -> Memo {
        self.tally.add(self.context.progress, id);
        let memo = self.context.collector.detector.scan(bytes, base);
        if !id.count {
            return memo;
        }
        let headers = headers(bytes);
        let message = if id.kind == Kind::Tag {
            // A tag without a target is still a tag, and points to nothing that anybody has.
            push(&self.tags, (id.oid(), headers.object.unwrap_or(id.oid())));
            PlaceKind::TagMessage
        } else {
            let place = id.place();
            let oid = if place.is_some() { Oid::new(&[]) } else { id.oid() };
            self.commits.mine().push((place, Parsed::new(oid, headers)));
            PlaceKind::CommitMessage
        };
        for (kind, candidate) in texts(self.context, &memo, bytes, message) {
            push(&self.found, (id.oid(), kind, Arc::new(candidate)));
        }
        memo
    }

    fn large(&self, _: &Id<'_>, _: &mut dyn Read) {}

    fn unreadable(&self, oid: Oid, why: &str) {
        unreadable(self.context, oid, why);
    }

    fn stopped(&self) -> bool {
        self.context.progress.stopped()
    }
}

/// The candidates in a commit's or tag's bytes, in its message or a field, with lines that count from there.
fn texts(context: &Context<'_>, memo: &Memo, bytes: &[u8], message: PlaceKind) -> Vec<(PlaceKind, Candidate)> {
    if !memo.has_live_matches() {
        return Vec::new();
    }
    let detector = context.collector.detector;
    let all = candidates(detector, Scanned::of(detector, memo, bytes));
    let placed = all.into_iter().map(|mut candidate| {
        let (identity, above) = part(bytes, candidate.span.start as usize);
        candidate.count_from(above);
        (if identity { PlaceKind::Identity } else { message }, candidate)
    });
    placed.collect()
}
