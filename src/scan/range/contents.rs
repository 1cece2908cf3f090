//! The blobs of a range scan, each read and scanned once, whoever asks. It does not know paths or commits.

use std::sync::{Arc, Mutex};

use rustc_hash::{FxHashMap, FxHashSet};

use super::Context;
use crate::candidate::{Candidate, candidates};
use crate::coverage::{Counts, Notice};
use crate::object::{Kind, Oid};
use crate::secret::Secret;
use crate::source::stream::{Scanned, Stream, scan_text};

/// Longer blobs are scanned in pieces.
const WHOLE: usize = 8 << 20;

/// What stands in a blob.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The candidates, ordered by place.
    pub(super) candidates: Vec<Candidate>,
    /// Their values.
    pub(super) values: FxHashSet<Secret>,
}

impl Held {
    pub(super) fn new(candidates: Vec<Candidate>) -> Self {
        let values = candidates.iter().map(|candidate| candidate.judged.value.clone()).collect();
        Self { candidates, values }
    }
}

/// Blobs that were scanned.
pub(super) struct Contents<'a> {
    context: &'a Context<'a>,
    /// What holds nothing is the same for all.
    nothing: Arc<Held>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    blobs: FxHashMap<Oid, Arc<Held>>,
    bytes: u64,
}

impl<'a> Contents<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self { context, nothing: Arc::default(), known: Mutex::default() }
    }

    /// What a blob holds; nothing where it cannot be read, which is said.
    pub(super) fn get(&self, oid: &Oid) -> Arc<Held> {
        if let Some(held) = self.known.lock().expect("no panic while locked").blobs.get(oid) {
            return Arc::clone(held);
        }
        // Two threads may scan the same blob at once; it is counted for the first alone.
        let (held, bytes) = match self.context.odb.read(oid) {
            Ok((Kind::Blob, bytes)) => (self.scan(&bytes), bytes.len() as u64),
            Ok(_) => (self.unreadable(oid, "it is no blob"), 0),
            Err(error) => (self.unreadable(oid, &error.to_string()), 0),
        };
        let mut known = self.known.lock().expect("no panic while locked");
        if let Some(first) = known.blobs.get(oid) {
            return Arc::clone(first);
        }
        known.bytes += bytes;
        known.blobs.insert(*oid, Arc::clone(&held));
        held
    }

    fn scan(&self, bytes: &[u8]) -> Arc<Held> {
        let detector = self.context.collector.detector;
        let scanned: Scanned = if bytes.len() <= WHOLE {
            self.context.progress.bytes.fetch_add(bytes.len() as u64, std::sync::atomic::Ordering::Relaxed);
            scan_text(detector, bytes)
        } else {
            Stream::new(detector, self.context.progress).content(&mut &*bytes)
        };
        if scanned.matches.is_empty() {
            return Arc::clone(&self.nothing);
        }
        let found = candidates(detector, scanned);
        if found.is_empty() { Arc::clone(&self.nothing) } else { Arc::new(Held::new(found)) }
    }

    fn unreadable(&self, oid: &Oid, why: &str) -> Arc<Held> {
        self.context.collector.notice(Notice::incomplete("blob", oid.hex(), why));
        Arc::clone(&self.nothing)
    }

    /// Adds what was scanned.
    pub(super) fn count(self, counts: &mut Counts) {
        let known = self.known.into_inner().expect("no panic while locked");
        counts.blobs += known.blobs.len() as u64;
        counts.bytes += known.bytes;
    }
}
