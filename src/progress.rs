//! How far a scan is, as counters that somebody else draws, and the flag that stops it. It does not know who
//! counts, who draws, nor which signal handler stops.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

/// Counters of a running scan, and its stop flag. Everyone who works on the scan shares one by reference.
#[derive(Debug, Default)]
pub struct Progress {
    /// Git objects done in this phase.
    pub objects: AtomicU64,
    /// Git objects to do in this phase; 0 where that is not known.
    pub objects_total: AtomicU64,
    /// Bytes scanned so far.
    pub bytes: AtomicU64,
    /// Files scanned so far.
    pub files: AtomicU64,
    phase: AtomicU8,
    /// 0 while the scan may run, else one more than the signal that stopped it.
    stop: AtomicU32,
}

macro_rules! phases {
    ($($(#[$doc:meta])* $variant:ident => $name:literal),+ $(,)?) => {
        /// What a scan is doing.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum Phase {
            #[default]
            $($(#[$doc])* $variant),+
        }

        impl Phase {
            /// Every phase in the order of a scan, with its name for people.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $name)),+];
        }
    };
}

phases! {
    /// Looking at the target.
    Opening => "opening",
    /// Waiting for `git clone`.
    Cloning => "cloning",
    /// Reading commits and tags.
    Commits => "commits",
    /// Scanning blobs.
    Blobs => "blobs",
    /// Reading trees.
    Trees => "trees",
    /// Scanning files.
    Files => "files",
    /// Finding out which commits hold what was found.
    History => "history",
    /// Asking providers.
    Verifying => "verifying",
}

impl Phase {
    /// The name for people.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

impl Progress {
    /// Counters at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the scan shall end as soon as it can. To be asked between files and pieces of objects.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) != 0
    }

    /// Asks the scan to end: by a signal of that number, or by a time limit, which is 0. The first one counts.
    pub fn stop(&self, signal: u8) {
        let _ = self.stop.compare_exchange(0, u32::from(signal) + 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// What stopped the scan: the number of a signal, 0 for a time limit, `None` where nothing did.
    pub fn stop_signal(&self) -> Option<u8> {
        self.stop.load(Ordering::Relaxed).checked_sub(1).map(|signal| signal as u8)
    }

    /// Begins a phase: the counters of objects start anew.
    pub fn set_phase(&self, phase: Phase) {
        self.objects.store(0, Ordering::Relaxed);
        self.objects_total.store(0, Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// The phase that runs.
    pub fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Ordering::Relaxed))].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stop_counts() {
        let progress = Progress::new();
        assert!(!progress.stopped() && progress.stop_signal().is_none());
        progress.stop(2);
        progress.stop(15);
        assert!(progress.stopped());
        assert_eq!(progress.stop_signal(), Some(2));
        let limit = Progress::new();
        limit.stop(0);
        assert!(limit.stopped());
        assert_eq!(limit.stop_signal(), Some(0));
    }

    #[test]
    fn a_phase_starts_its_counters_anew() {
        let progress = Progress::new();
        assert_eq!(progress.phase(), Phase::Opening);
        progress.objects.store(7, Ordering::Relaxed);
        progress.set_phase(Phase::Trees);
        assert_eq!((progress.phase().name(), progress.objects.load(Ordering::Relaxed)), ("trees", 0));
        assert!(Phase::ALL.iter().enumerate().all(|(at, (phase, _))| *phase as usize == at));
    }
}
