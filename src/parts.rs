//! A part of something for each thread, so that threads which add to it neither wait for each other nor write to what
//! another's cache holds. It does not know what they add.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// One part for each thread of the pool.
pub struct Parts<T>(Vec<Part<T>>);

/// Alone in what caches hold together.
#[derive(Default)]
#[repr(align(128))]
struct Part<T>(Mutex<T>);

impl<T: Default> Parts<T> {
    /// As many parts as the pool has threads in which this is called.
    pub fn new() -> Self {
        Self((0..rayon::current_num_threads().max(1)).map(|_| Part::default()).collect())
    }
}

impl<T: Default> Default for Parts<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Parts<T> {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The number of this thread's part.
    pub fn own(&self) -> usize {
        rayon::current_thread_index().unwrap_or(0) % self.count()
    }

    /// This thread's part. It must not be asked for again before it is given back.
    pub fn mine(&self) -> MutexGuard<'_, T> {
        self.part(self.own())
    }

    /// The part of this number.
    pub fn part(&self, number: usize) -> MutexGuard<'_, T> {
        self.0[number].0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All parts, in order.
    pub fn into_parts(self) -> impl Iterator<Item = T> {
        self.0.into_iter().map(|part| part.0.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}
