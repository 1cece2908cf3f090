//! How many objects and bytes went through, counted by each thread for itself: threads that write to the same
//! counter wait for each other's cache. What a progress display reads is brought up to date now and then. It does
//! not know what the objects are.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::progress::Progress;
use crate::source::git::walk::Id;

/// Threads count apart in so many parts.
const PARTS: usize = 16;
/// The display is told of so many objects together.
const TOLD: u64 = 64;

/// A count of objects and their bytes.
#[derive(Default)]
pub struct Tally {
    parts: [Part; PARTS],
}

/// What some threads have counted; alone in what caches hold together.
#[derive(Default)]
#[repr(align(128))]
struct Part {
    objects: AtomicU64,
    bytes: AtomicU64,
    seen: AtomicU64,
    told: AtomicU64,
}

impl Tally {
    /// Counts an object, and tells the display.
    pub fn add(&self, progress: &Progress, id: &Id<'_>) {
        let part = &self.parts[rayon::current_thread_index().unwrap_or(0) % PARTS];
        if id.count {
            part.objects.fetch_add(1, Ordering::Relaxed);
            part.bytes.fetch_add(id.size, Ordering::Relaxed);
        }
        if part.seen.fetch_add(1, Ordering::Relaxed) % TOLD == TOLD - 1 {
            let bytes = part.bytes.load(Ordering::Relaxed);
            progress.objects.fetch_add(TOLD, Ordering::Relaxed);
            progress.bytes.fetch_add(bytes.saturating_sub(part.told.swap(bytes, Ordering::Relaxed)), Ordering::Relaxed);
        }
    }

    /// How many objects, and their bytes.
    pub fn counts(self) -> (u64, u64) {
        let parts = self.parts.into_iter().map(|part| (part.objects.into_inner(), part.bytes.into_inner()));
        parts.fold((0, 0), |(objects, bytes), part| (objects + part.0, bytes + part.1))
    }
}
