//! What markers in texts did: which names of rules in them nobody goes by, and which of those that stand in files
//! hid nothing. It does not know what else hides a secret.

use std::sync::{Arc, Mutex};

use bstr::BString;
use rustc_hash::FxHashSet;

use crate::coverage::Notice;
use crate::rule::{Rule, RuleSet};
use crate::suppress::{Marker, Markers, Suppress};

/// The markers of files, and those that needed no word more: they hid something, or it was said why they do not.
#[derive(Default)]
pub struct Hiding {
    seen: Mutex<Vec<Seen>>,
    settled: Mutex<FxHashSet<usize>>,
}

struct Seen {
    path: BString,
    line: usize,
    /// It is kept, so that no other marker gets its address.
    marker: Arc<Marker>,
}

impl Hiding {
    /// Takes the markers of a file that was scanned whole.
    pub fn see(&self, path: &BString, markers: &Markers) {
        let seen = markers.own().map(|(marker, line)| Seen { path: path.clone(), line, marker: Arc::clone(marker) });
        lock(&self.seen).extend(seen);
    }

    /// Why a marker over a secret of that rule hides nothing though somebody meant it to.
    pub fn fault(rules: &RuleSet, suppress: &Suppress, marker: &Marker, rule: &Rule) -> Option<String> {
        let unknown = marker.rules.iter().find(|name| !rules.has_been_told_of(name));
        let unknown = unknown.filter(|_| suppress.inline && !suppress.strict);
        suppress.fault(marker, rule).or_else(|| unknown.map(|name| format!("there is no rule {name}")))
    }

    /// Nothing more is to be said of the marker.
    pub fn settle(&self, marker: &Arc<Marker>) {
        lock(&self.settled).insert(address(marker));
    }

    /// The markers of files that hid nothing, each with its file and line.
    pub fn unused(&self) -> Vec<Notice> {
        let settled = lock(&self.settled);
        let seen = std::mem::take(&mut *lock(&self.seen));
        let unused = seen.into_iter().filter(|seen| !settled.contains(&address(&seen.marker)));
        unused
            .map(|Seen { path, line, marker }| {
                let why = marker.fault.as_ref().map_or_else(String::new, |fault| format!(": {fault}"));
                let place = [path.as_slice(), format!(":{line}").as_bytes()].concat();
                Notice::info("unused marker", place, format!("{} hides nothing{why}", marker.word))
            })
            .collect()
    }
}

fn address(marker: &Arc<Marker>) -> usize {
    Arc::as_ptr(marker).addr()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
