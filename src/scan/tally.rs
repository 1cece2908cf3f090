//! How many objects and bytes went through, counted by each thread for itself. What a progress display reads is
//! brought up to date now and then. It does not know what the objects are.

use std::sync::atomic::Ordering;

use crate::parts::Parts;
use crate::progress::Progress;
use crate::source::git::walk::Id;

/// The display is told of so many objects together.
const TOLD: u64 = 64;

/// A count of objects and their bytes.
#[derive(Default)]
pub struct Tally {
    parts: Parts<Part>,
}

/// What a thread has counted.
#[derive(Default)]
struct Part {
    objects: u64,
    bytes: u64,
    seen: u64,
    told: u64,
}

impl Tally {
    /// Counts an object, and tells the display.
    pub fn add(&self, progress: &Progress, id: &Id<'_>) {
        let mut part = self.parts.mine();
        if id.count {
            part.objects += 1;
            part.bytes += id.size;
        }
        part.seen += 1;
        if part.seen.is_multiple_of(TOLD) {
            progress.objects.fetch_add(TOLD, Ordering::Relaxed);
            progress.bytes.fetch_add(part.bytes - part.told, Ordering::Relaxed);
            part.told = part.bytes;
        }
    }

    /// How many objects, and their bytes.
    pub fn counts(self) -> (u64, u64) {
        self.parts.into_parts().fold((0, 0), |(objects, bytes), part| (objects + part.objects, bytes + part.bytes))
    }
}
