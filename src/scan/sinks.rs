//! What is done with each kind of object as the walk hands it over: scan it, and keep what attribution will
//! need. They do not know in which order the kinds come.

use std::io::Read;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bstr::BString;
use rustc_hash::{FxHashMap, FxHashSet};

use super::context::Context;
use crate::candidate::{Candidate, candidates};
use crate::coverage::{Counts, Notice};
use crate::detect::Memo;
use crate::finding::PlaceKind;
use crate::history::commit::{headers, part};
use crate::history::forest::{EdgeId, Entry, Forest, Name, entries};
use crate::history::graph::Commit;
use crate::object::{Base, Kind, Oid};
use crate::source::git::odb::Odb;
use crate::source::git::walk::{Id, Sink};
use crate::source::stream::{Scanned, scan_stdin, scan_text};

/// Candidates of one object.
pub type Found = (Oid, Vec<Candidate>);

/// How many objects and bytes went through.
#[derive(Default)]
struct Tally {
    objects: AtomicU64,
    bytes: AtomicU64,
}

impl Tally {
    fn add(&self, context: &Context<'_>, id: &Id) {
        context.progress.objects.fetch_add(1, Ordering::Relaxed);
        if id.count {
            self.objects.fetch_add(1, Ordering::Relaxed);
            self.bytes.fetch_add(id.size, Ordering::Relaxed);
            context.progress.bytes.fetch_add(id.size, Ordering::Relaxed);
        }
    }

    fn counts(self) -> (u64, u64) {
        (self.objects.into_inner(), self.bytes.into_inner())
    }
}

fn unreadable(context: &Context<'_>, oid: Oid, why: &str) {
    context.notice(Notice::incomplete("unreadable object", oid.hex(), why));
}

fn inner<T>(mutex: Mutex<Vec<T>>) -> Vec<T> {
    mutex.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn push<T>(list: &Mutex<Vec<T>>, value: T) {
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
            push(&self.found, (oid, candidates));
        }
    }

    fn is_too_large(&self, id: &Id) -> bool {
        let too_large = self.context.max_size.is_some_and(|most| id.size > most);
        if too_large && id.count {
            self.too_large.fetch_add(1, Ordering::Relaxed);
        }
        too_large
    }
}

impl Sink for BlobSink<'_> {
    type Memo = Memo;

    fn object(&self, id: &Id, bytes: &[u8], base: Option<&Base<'_, Memo>>) -> Memo {
        let detector = self.context.collector.detector;
        let memo = detector.scan(bytes, base);
        if self.is_too_large(id) {
            return memo;
        }
        self.tally.add(self.context, id);
        if id.count && memo.has_matches() {
            self.keep(id.oid, Scanned::of(detector, &memo, bytes));
        }
        memo
    }

    fn large(&self, id: &Id, reader: &mut dyn Read) {
        if self.is_too_large(id) {
            return;
        }
        self.tally.add(self.context, id);
        let scanned = scan_stdin(self.context.collector.detector, self.context.progress, reader);
        if let Some(why) = &scanned.broken {
            unreadable(self.context, id.oid, why);
        } else if scanned.bytes != id.size && !self.context.progress.stopped() {
            unreadable(self.context, id.oid, "its stream is not as long as declared");
        }
        self.keep(id.oid, scanned);
    }

    fn unreadable(&self, oid: Oid, why: &str) {
        unreadable(self.context, oid, why);
    }

    fn stopped(&self) -> bool {
        self.context.progress.stopped()
    }
}

/// A candidate in a commit or tag.
pub type Told = (Oid, PlaceKind, Candidate);

/// A tag and what it points to.
pub type Tags = FxHashMap<Oid, Oid>;

/// Reads commits and annotated tags: what they point to, and what their texts hold.
pub struct TextSink<'a> {
    context: &'a Context<'a>,
    commits: Mutex<Vec<Commit>>,
    tags: Mutex<Vec<(Oid, Oid)>>,
    bytes: AtomicU64,
    found: Mutex<Vec<Told>>,
}

/// What a [`TextSink`] has read.
pub struct Texts {
    /// The commits, unordered.
    pub commits: Vec<Commit>,
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
        let (commits, tags, bytes, found) = Default::default();
        Self { context, commits, tags, bytes, found }
    }

    /// What was read.
    pub fn finish(self, counts: &mut Counts) -> Texts {
        let (commits, tags) = (inner(self.commits), inner(self.tags));
        counts.commits += commits.len() as u64;
        counts.tags += tags.len() as u64;
        counts.bytes += self.bytes.into_inner();
        let tags: Tags = tags.into_iter().collect();
        let (tag_messages, messages) = inner(self.found).into_iter().partition(|(oid, _, _)| tags.contains_key(oid));
        Texts { commits, tags, messages, tag_messages }
    }
}

impl Sink for TextSink<'_> {
    type Memo = Memo;

    fn object(&self, id: &Id, bytes: &[u8], base: Option<&Base<'_, Memo>>) -> Memo {
        self.context.progress.objects.fetch_add(1, Ordering::Relaxed);
        self.context.progress.bytes.fetch_add(id.size, Ordering::Relaxed);
        let memo = self.context.collector.detector.scan(bytes, base);
        if !id.count {
            return memo;
        }
        self.bytes.fetch_add(id.size, Ordering::Relaxed);
        let headers = headers(bytes);
        let message = if id.kind == Kind::Tag {
            // A tag without a target is still a tag, and points to nothing that anybody has.
            push(&self.tags, (id.oid, headers.object.unwrap_or(id.oid)));
            PlaceKind::TagMessage
        } else {
            push(&self.commits, Commit::new(id.oid, &headers));
            PlaceKind::CommitMessage
        };
        for (kind, candidate) in texts(self.context, &memo, bytes, message) {
            push(&self.found, (id.oid, kind, candidate));
        }
        memo
    }

    fn large(&self, _: &Id, _: &mut dyn Read) {}

    fn unreadable(&self, oid: Oid, why: &str) {
        unreadable(self.context, oid, why);
    }

    fn stopped(&self) -> bool {
        self.context.progress.stopped()
    }
}

/// The candidates in a commit's or tag's bytes, in its message or a field, with lines that count from there.
fn texts(context: &Context<'_>, memo: &Memo, bytes: &[u8], message: PlaceKind) -> Vec<(PlaceKind, Candidate)> {
    if !memo.has_matches() {
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

/// Candidates in names of files and folders, with the number under which the forest knows the name.
pub type Names = Vec<(u32, Vec<Candidate>)>;

/// Reads trees: names, entries that are missing, and where the wanted blobs stand.
pub struct TreeSink<'a> {
    context: &'a Context<'a>,
    odb: &'a Odb,
    loose: &'a FxHashSet<Oid>,
    tally: Tally,
    forest: Forest,
    names: Mutex<Names>,
    missing: Mutex<Vec<(Oid, BString)>>,
}

/// What is kept of a tree for those made from it.
#[derive(Default)]
pub struct Branches {
    /// Of each entry: where its name begins, in bytes, and its edge.
    entries: Vec<(u32, Option<EdgeId>)>,
    /// Edges of names that are wanted themselves, by the place of their entry.
    marks: Vec<(u32, EdgeId)>,
}

impl Branches {
    /// The place of the entry whose name begins there.
    fn find(&self, at: usize) -> Option<usize> {
        self.entries.binary_search_by_key(&at, |(start, _)| *start as usize).ok()
    }

    fn mark(&self, place: usize) -> Option<EdgeId> {
        self.marks.binary_search_by_key(&place, |(entry, _)| *entry as usize).ok().map(|at| self.marks[at].1)
    }

    fn push(&mut self, at: usize, edge: Option<EdgeId>, mark: Option<EdgeId>) {
        self.marks.extend(mark.map(|mark| (self.entries.len() as u32, mark)));
        self.entries.push((at as u32, edge));
    }
}

impl<'a> TreeSink<'a> {
    /// A sink that hands trees on to the forest. `loose` are the ids of all loose objects.
    pub fn new(context: &'a Context<'a>, odb: &'a Odb, loose: &'a FxHashSet<Oid>, forest: Forest) -> Self {
        let (names, missing) = (Mutex::default(), Mutex::default());
        Self { context, odb, loose, tally: Tally::default(), forest, names, missing }
    }

    /// The forest, candidates in names, and the ids that trees name and the database has not, with their names; sorted.
    pub fn finish(self, counts: &mut Counts) -> (Forest, Names, Vec<(Oid, BString)>) {
        let (trees, bytes) = self.tally.counts();
        counts.trees += trees;
        counts.bytes += bytes;
        let mut missing = inner(self.missing);
        missing.sort();
        missing.dedup_by_key(|(oid, _)| *oid);
        (self.forest, inner(self.names), missing)
    }

    /// Looks at the entries that are not copied whole from the base.
    fn look(&self, bytes: &[u8], base: Option<&Base<'_, Branches>>) -> Branches {
        let mut branches = Branches::default();
        let mut stretches = base.map_or(&[][..], |base| base.copied).iter().peekable();
        for entry in entries(bytes, self.odb.hash) {
            let end = entry.at + entry.name.len() + 1 + entry.id.len();
            while stretches.next_if(|c| c.at + c.len < end).is_some() {}
            let known = stretches.peek().filter(|c| c.at <= entry.at).zip(base).and_then(|(c, base)| {
                // Copied bytes are an entry of the base only if one begins there.
                base.memo.find(c.from + entry.at - c.at).map(|place| (base.memo, place))
            });
            if let Some((memo, place)) = known {
                branches.push(entry.at, memo.entries[place].1, memo.mark(place));
                continue;
            }
            self.miss(&entry);
            let name = self.name(entry.name);
            branches.push(entry.at, self.forest.edge(&entry, name), self.forest.mark(name));
        }
        branches
    }

    /// Notes an id that the database has not.
    fn miss(&self, entry: &Entry<'_>) {
        let oid = Oid::new(entry.id);
        if entry.mode != 0o160_000 && !self.odb.in_earlier_pack(&oid, self.odb.packs.len()) && !self.loose.contains(&oid) {
            push(&self.missing, (oid, BString::from(entry.name)));
        }
    }

    fn name(&self, name: &[u8]) -> Name {
        if let Some(known) = self.forest.name(name) {
            return known;
        }
        let detector = self.context.collector.detector;
        let found = candidates(detector, scan_text(detector, name));
        let (known, number) = self.forest.add_name(name, !found.is_empty());
        if let Some(number) = number {
            push(&self.names, (number, found));
        }
        known
    }
}

impl Sink for TreeSink<'_> {
    type Memo = Branches;

    fn object(&self, id: &Id, bytes: &[u8], base: Option<&Base<'_, Branches>>) -> Branches {
        self.tally.add(self.context, id);
        let branches = self.look(bytes, base);
        if id.count {
            let marks = branches.marks.iter().map(|(_, edge)| *edge);
            self.forest.add(&id.oid, branches.entries.iter().filter_map(|(_, edge)| *edge).chain(marks));
        }
        branches
    }

    fn large(&self, _: &Id, _: &mut dyn Read) {}

    fn unreadable(&self, oid: Oid, why: &str) {
        unreadable(self.context, oid, why);
    }

    fn stopped(&self) -> bool {
        self.context.progress.stopped()
    }
}
