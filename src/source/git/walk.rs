//! Walks every object of a database once, in the order it is stored: each tree of deltas from its root, base
//! before children, many trees at a time on all cores. Sinks see the object and what it inherits from its
//! base. Damage costs only itself and what is made from it. It knows nothing of rules, refs or paths.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::delta;
use super::entry::Form;
use super::inflate::inflate;
use super::loose::Loose;
use super::odb::Odb;
use super::pack::{Pack, Plan};
use crate::error::describe;
use crate::object::{Base, Copied, Kind, Oid};

/// Whole blobs above this many bytes are handed over as a stream, where no delta is made from them.
pub const STREAM_ABOVE: u64 = 32 << 20;
/// So many trees of deltas make one task.
const TASK: usize = 64;

/// Takes objects. What it returns of one is handed back with each object that is made from it.
pub trait Sink: Sync {
    /// What is kept of an object for those made from it.
    type Memo: Send + Sync + Default;

    /// Takes one object. `count` is false where it was seen before, in another pack, and only its memo matters.
    fn object(&self, id: &Id<'_>, bytes: &[u8], base: Option<&Base<'_, Self::Memo>>) -> Self::Memo;

    /// With this memo of its base, so many bytes at each end of what an object has from there may be enough of it, where no
    /// other is made from it.
    fn margin(&self, _: &Self::Memo) -> Option<usize> {
        None
    }

    /// Takes an object of which no more than that is there, and anything in between; `false` where it was not enough.
    fn glance(&self, _: &Id<'_>, _: &[u8], _: &Base<'_, Self::Memo>) -> bool {
        false
    }

    /// Takes a blob too large to be held in memory.
    fn large(&self, id: &Id<'_>, reader: &mut dyn std::io::Read);

    /// An object of this kind, where it is known, could not be read, for this reason.
    fn unreadable(&self, oid: Oid, why: &str);

    /// Whether to stop.
    fn stopped(&self) -> bool;
}

/// Which object it is.
#[derive(Clone, Copy)]
pub struct Id<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its size, in bytes.
    pub size: u64,
    /// False where another pack has it too and it is counted there.
    pub count: bool,
    name: Name<'a>,
}

/// Where its id is: to look it up in an index is to wait for memory, and few objects are asked for theirs.
#[derive(Clone, Copy)]
enum Name<'a> {
    /// Here.
    Known(Oid),
    /// At this place in the index of the pack of this number.
    Packed(&'a Pack, u32, u32),
}

impl Id<'_> {
    /// Its id.
    pub fn oid(&self) -> Oid {
        match self.name {
            Name::Known(oid) => oid,
            Name::Packed(pack, _, at) => pack.index.oid(at as usize).unwrap_or_else(|| Oid::new(&[])),
        }
    }

    /// The pack that it was read from and its place in that pack's index.
    pub fn place(&self) -> Option<(u32, u32)> {
        match self.name {
            Name::Known(_) => None,
            Name::Packed(_, pack, at) => Some((pack, at)),
        }
    }
}

/// A database made ready to walk: the delta trees of its packs and the kinds of its loose objects.
pub struct Walk<'a> {
    odb: &'a Odb,
    plans: Vec<Plan>,
    loose: Vec<(Oid, PathBuf, Kind)>,
    unopened: Vec<(Oid, String)>,
}

impl<'a> Walk<'a> {
    /// Reads every header.
    pub fn new(odb: &'a Odb) -> Self {
        let plans = odb.packs.iter().map(Plan::new).collect();
        let opened: Vec<_> = odb
            .loose()
            .into_par_iter()
            .map(|(oid, path)| match Loose::open(&path) {
                Ok(loose) => Ok((oid, path, loose.kind)),
                Err(error) => Err((oid, describe(&error))),
            })
            .collect();
        let (loose, unopened): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
        let loose = loose.into_iter().filter_map(Result::ok).collect();
        Self { odb, plans, loose, unopened: unopened.into_iter().filter_map(Result::err).collect() }
    }

    /// What it has read, for whoever gives it back.
    pub fn into_plans(self) -> Vec<Plan> {
        self.plans
    }

    /// Number of objects of a kind, an object in several packs counted in each.
    pub fn count(&self, kind: Kind) -> usize {
        let loose = self.loose.iter().filter(|(_, _, k)| *k == kind).count();
        self.plans.iter().map(|plan| plan.count_of(kind)).sum::<usize>() + loose
    }

    /// The ids of the loose objects that are in no pack.
    pub fn loose_ids(&self) -> impl Iterator<Item = Oid> {
        self.loose.iter().map(|(oid, _, _)| *oid)
    }

    /// Objects that nobody can read: entries and loose objects whose header is damaged, with all that is made from them.
    pub fn unreadable(&self) -> Vec<(Oid, String)> {
        let mut all = self.unopened.clone();
        for (plan, pack) in self.plans.iter().zip(&self.odb.packs) {
            for &(rank, why) in &plan.broken {
                all.extend(
                    members(plan, pack, rank)
                        .map(|(at, oid)| (oid, if at == rank { why.to_owned() } else { "its base cannot be read".to_owned() })),
                );
            }
        }
        all.retain(|(oid, _)| self.odb.read(oid).is_err());
        all.sort();
        all.dedup_by_key(|(oid, _)| *oid);
        all
    }

    /// Hands every object of a kind to the sink.
    pub fn each<S: Sink>(&self, kind: Kind, sink: &S) {
        for (number, plan) in self.plans.iter().enumerate() {
            let walker = PackWalk { odb: self.odb, pack: &self.odb.packs[number], number, plan, kind, sink, failed: Mutex::default() };
            walker.run();
        }
        self.loose.par_iter().filter(|(_, _, k)| *k == kind).for_each(|(oid, path, _)| {
            if !sink.stopped()
                && let Err(why) = read_loose(sink, *oid, path)
            {
                sink.unreadable(*oid, &why);
            }
        });
    }
}

fn read_loose<S: Sink>(sink: &S, oid: Oid, path: &std::path::Path) -> Result<(), String> {
    let mut loose = Loose::open(path).map_err(|e| describe(&e))?;
    let id = Id { kind: loose.kind, size: loose.size, count: true, name: Name::Known(oid) };
    if id.kind == Kind::Blob && id.size > STREAM_ABOVE {
        sink.large(&id, &mut loose);
    } else {
        sink.object(&id, &loose.read().map_err(|e| describe(&e))?, None);
    }
    Ok(())
}

fn members<'p>(plan: &'p Plan, pack: &'p Pack, rank: u32) -> impl Iterator<Item = (u32, Oid)> + 'p {
    plan.family(rank).into_iter().filter_map(|rank| Some((rank, pack.index.oid(plan.position(rank))?)))
}

struct PackWalk<'a, S: Sink> {
    odb: &'a Odb,
    pack: &'a Pack,
    number: usize,
    plan: &'a Plan,
    kind: Kind,
    sink: &'a S,
    failed: Mutex<Vec<(u32, &'static str)>>,
}

/// An object from which others are made.
struct Parent<M> {
    bytes: Vec<u8>,
    memo: M,
}

#[derive(Default)]
struct Scratch {
    instructions: Vec<u8>,
    bytes: Vec<u8>,
    sketch: Vec<u8>,
    copied: Vec<Copied>,
}

thread_local! {
    static SCRATCH: std::cell::Cell<Scratch> = std::cell::Cell::default();
}

impl<S: Sink> PackWalk<'_, S> {
    fn run(&self) {
        let roots: Vec<u32> = self.plan.roots.iter().filter(|r| r.1 == self.kind).map(|r| r.0).collect();
        rayon::scope(|scope| {
            for task in roots.chunks(TASK) {
                scope.spawn(move |scope| {
                    self.reach_for(task.iter().copied());
                    task.iter().for_each(|&rank| self.visit(scope, rank, None));
                });
            }
            for (rank, base) in &self.plan.foreign {
                scope.spawn(move |scope| self.visit_foreign(scope, *rank, base));
            }
        });
        let mut failed = std::mem::take(&mut *self.failed.lock().expect("no panic while locked"));
        failed.sort_unstable();
        for (rank, why) in failed {
            for (at, oid) in members(self.plan, self.pack, rank) {
                self.recover(oid, if at == rank { why } else { "its base cannot be read" });
            }
        }
    }

    /// Another copy of an object may be whole.
    fn recover(&self, oid: Oid, why: &str) {
        match self.odb.read(&oid) {
            Ok((kind, bytes)) => {
                let count = !self.odb.in_earlier_pack(&oid, self.number);
                self.sink.object(&Id { kind, size: bytes.len() as u64, count, name: Name::Known(oid) }, &bytes, None);
            }
            Err(_) => self.sink.unreadable(oid, why),
        }
    }

    fn visit_foreign<'s>(&'s self, scope: &rayon::Scope<'s>, rank: u32, base: &Oid) {
        match self.odb.read(base) {
            Ok((kind, bytes)) if kind == self.kind => {
                // The base is another pack's or a loose object: nothing is inherited, so it has no memo to give.
                let parent = Parent { bytes: bytes.to_vec(), memo: None };
                self.visit(scope, rank, Some(Arc::new(parent)));
            }
            Ok(_) => {}
            // Of which kind it is nobody knows: said once, with the blobs.
            Err(_) if self.kind == Kind::Blob => self.fail(rank, "its base is missing"),
            Err(_) => {}
        }
    }

    fn visit<'s>(&'s self, scope: &rayon::Scope<'s>, rank: u32, base: Option<Arc<Parent<Option<S::Memo>>>>) {
        let mut current = Some((rank, base));
        while let Some((rank, base)) = current.take() {
            if self.sink.stopped() {
                return;
            }
            if self.plan.is_leaf(rank) {
                self.leaf(rank, base.as_deref());
                return;
            }
            let mut scratch = SCRATCH.take();
            // What others are made from keeps its room as long as they need it, and that of the others is kept for the next.
            let bytes = std::mem::take(&mut scratch.bytes);
            let memo = self.decode(rank, base.as_deref(), &mut scratch).map(|size| self.give(rank, size, base.as_deref(), &scratch));
            let bytes = std::mem::replace(&mut scratch.bytes, bytes);
            SCRATCH.set(scratch);
            let parent = memo.map(|memo| Parent { bytes, memo: Some(memo) });
            let parent = match parent {
                Ok(parent) => Arc::new(parent),
                Err(why) => return self.fail(rank, why),
            };
            self.reach_for(self.plan.children(rank));
            for kid in self.plan.children(rank) {
                if self.plan.is_leaf(kid) {
                    self.leaf(kid, Some(&parent));
                } else if current.is_none() {
                    current = Some((kid, Some(Arc::clone(&parent))));
                } else {
                    let parent = Arc::clone(&parent);
                    scope.spawn(move |scope| self.visit(scope, kid, Some(parent)));
                }
            }
        }
    }

    /// Reads where entries begin, so that they are waited for together.
    fn reach_for(&self, ranks: impl Iterator<Item = u32>) {
        let read = ranks.map(|rank| self.pack.first(self.plan.offset(rank)));
        std::hint::black_box(read.fold(0, std::ops::BitXor::bitxor));
    }

    fn leaf(&self, rank: u32, base: Option<&Parent<Option<S::Memo>>>) {
        if self.number > 0 && self.oid(rank).is_some_and(|oid| self.odb.in_earlier_pack(&oid, self.number)) {
            return;
        }
        let mut scratch = SCRATCH.take();
        let sketched = base.and_then(|parent| Some((parent, self.sink.margin(parent.memo.as_ref()?)?)));
        let done = match sketched {
            Some((parent, margin)) => self.glance(rank, parent, margin, &mut scratch),
            None if self.stream(rank).is_some() => Ok(()),
            None => self.decode(rank, base, &mut scratch).map(|size| drop(self.give(rank, size, base, &scratch))),
        };
        if let Err(why) = done {
            self.fail(rank, why);
        }
        scratch.bytes.shrink_to(1 << 20);
        SCRATCH.set(scratch);
    }

    /// Hands over an object of which a part may be enough.
    fn glance(&self, rank: u32, parent: &Parent<Option<S::Memo>>, margin: usize, scratch: &mut Scratch) -> Result<(), &'static str> {
        let (stream, size) = self.stream_of(rank)?;
        inflate(stream, size, &mut scratch.instructions)?;
        let Scratch { instructions, bytes, sketch, copied } = scratch;
        if let Some(size) = delta::sketch(&parent.bytes, instructions, margin, sketch, copied)?
            && let Some(base) = self.inherited(Some(parent), copied)
            && self.sink.glance(&self.id(rank, size as u64), &sketch[..size], &base)
        {
            return Ok(());
        }
        delta::apply(&parent.bytes, instructions, bytes, copied)?;
        self.give(rank, bytes.len() as u64, Some(parent), scratch);
        Ok(())
    }

    /// Hands a whole blob that is too large to hold to the sink as a stream; `None` where it is not one.
    fn stream(&self, rank: u32) -> Option<()> {
        let offset = self.plan.offset(rank);
        let header = self.pack.header(offset)?;
        if self.kind != Kind::Blob || header.size <= STREAM_ABOVE || !matches!(header.form, Form::Whole(_)) {
            return None;
        }
        let mut reader = flate2::bufread::ZlibDecoder::new(self.pack.stream(offset, &header)?);
        self.sink.large(&Id { kind: Kind::Blob, size: header.size, count: true, name: self.name(rank) }, &mut reader);
        Some(())
    }

    /// Hands a decoded object to the sink.
    fn give(&self, rank: u32, size: u64, base: Option<&Parent<Option<S::Memo>>>, scratch: &Scratch) -> S::Memo {
        self.sink.object(&self.id(rank, size), &scratch.bytes, self.inherited(base, &scratch.copied).as_ref())
    }

    fn inherited<'b>(&self, base: Option<&'b Parent<Option<S::Memo>>>, copied: &'b [Copied]) -> Option<Base<'b, S::Memo>> {
        base.and_then(|parent| Some(Base { memo: parent.memo.as_ref()?, len: parent.bytes.len(), copied }))
    }

    fn id(&self, rank: u32, size: u64) -> Id<'_> {
        let again = || self.oid(rank).is_some_and(|oid| self.odb.in_earlier_pack(&oid, self.number));
        let count = self.number == 0 || !again();
        Id { kind: self.kind, size, count, name: self.name(rank) }
    }

    fn name(&self, rank: u32) -> Name<'_> {
        Name::Packed(self.pack, self.number as u32, self.plan.position(rank) as u32)
    }

    fn decode<M>(&self, rank: u32, base: Option<&Parent<M>>, scratch: &mut Scratch) -> Result<u64, &'static str> {
        let (stream, size) = self.stream_of(rank)?;
        match base {
            None => inflate(stream, size, &mut scratch.bytes)?,
            Some(parent) => {
                inflate(stream, size, &mut scratch.instructions)?;
                delta::apply(&parent.bytes, &scratch.instructions, &mut scratch.bytes, &mut scratch.copied)?;
            }
        }
        Ok(scratch.bytes.len() as u64)
    }

    /// The compressed bytes of an entry, and the size of what they hold: an object, or a delta.
    fn stream_of(&self, rank: u32) -> Result<(&[u8], u64), &'static str> {
        let (offset, end) = (self.plan.offset(rank), self.plan.end(rank, self.pack));
        let header = self.pack.header(offset).ok_or("its header is damaged")?;
        if let Some(crc) = self.plan.crc(rank) {
            let raw = self.pack.raw(offset, end).ok_or("it reaches beyond the pack")?;
            if libdeflater::crc32(raw) != crc {
                return Err("its checksum in the pack's index does not hold");
            }
        }
        Ok((self.pack.stream(offset, &header).ok_or("it reaches beyond the pack")?, header.size))
    }

    fn oid(&self, rank: u32) -> Option<Oid> {
        self.pack.index.oid(self.plan.position(rank))
    }

    fn fail(&self, rank: u32, why: &'static str) {
        self.failed.lock().expect("no panic while locked").push((rank, why));
    }
}
