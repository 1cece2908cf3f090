//! The coverage receipt: what was scanned, what was not and why, and what defaults leave out. Every report
//! carries it, so that a scan that scanned nothing never looks clean. It does not know how to show itself.

use std::collections::BTreeMap;

use bstr::BString;
use serde::Serialize;

use crate::finding::{Finding, HiddenBy};

/// Trouble as data: what happened, where, why, and whether something that was asked for is now missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// What kind of thing it is about, a few words: `unreadable file`, `corrupt object`, `shallow history`.
    pub what: String,
    /// Where: a path, an object id, a revision. Raw bytes.
    pub place: BString,
    /// Why, one line.
    pub why: String,
    /// Whether something that was asked for could not be scanned.
    pub incomplete: bool,
}

impl Notice {
    /// A notice that makes the scan incomplete.
    pub fn incomplete(what: impl Into<String>, place: impl Into<BString>, why: impl Into<String>) -> Self {
        Self { what: what.into(), place: place.into(), why: why.into(), incomplete: true }
    }

    /// A notice that only informs.
    pub fn info(what: impl Into<String>, place: impl Into<BString>, why: impl Into<String>) -> Self {
        Self { incomplete: false, ..Self::incomplete(what, place, why) }
    }
}

/// What kind of thing a target turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// A git repository.
    Repository,
    /// A directory that is no repository.
    Directory,
    /// One file.
    File,
    /// Standard input.
    Stdin,
    /// A repository cloned from a URL.
    Remote,
    /// Could not be looked at.
    Unreadable,
}

/// How much of one target was scanned. Counts are of distinct things; bytes are of contents, inflated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Commits read.
    pub commits: u64,
    /// Trees read.
    pub trees: u64,
    /// Blobs scanned.
    pub blobs: u64,
    /// Annotated tags read.
    pub tags: u64,
    /// Refs whose names were scanned.
    pub refs: u64,
    /// Reflog entries scanned.
    pub reflog_entries: u64,
    /// Index entries looked at.
    pub index_entries: u64,
    /// Files scanned.
    pub files: u64,
    /// Bytes of all that was scanned.
    pub bytes: u64,
}

impl Counts {
    /// Adds what another source scanned.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.commits, other.commits),
            (&mut self.trees, other.trees),
            (&mut self.blobs, other.blobs),
            (&mut self.tags, other.tags),
            (&mut self.refs, other.refs),
            (&mut self.reflog_entries, other.reflog_entries),
            (&mut self.index_entries, other.index_entries),
            (&mut self.files, other.files),
            (&mut self.bytes, other.bytes),
        ] {
            *mine += theirs;
        }
    }

    /// Number of git objects.
    pub fn objects(&self) -> u64 {
        self.commits + self.trees + self.blobs + self.tags
    }

    /// Whether nothing at all was scanned.
    pub fn is_empty(&self) -> bool {
        self.objects() + self.refs + self.files + self.bytes + self.index_entries == 0
    }
}

/// One target of the run and what was scanned of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetCoverage {
    /// The target as the user named it (a password in a URL removed).
    pub name: BString,
    /// What it turned out to be.
    pub kind: TargetKind,
    /// How much was scanned.
    pub counts: Counts,
}

/// Something that the defaults leave out by design.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftOut {
    /// What it is: `ignored files`, `submodules` ...
    pub what: String,
    /// How many, where it is known.
    pub count: Option<u64>,
    /// How to include it.
    pub how: String,
}

/// How much one marker, entry, baseline or `[[allow]]` hid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Suppressed {
    /// Secrets that are not reported because of it (and of others, where it hides not every place).
    pub findings: u64,
    /// Places.
    pub places: u64,
}

/// The receipt of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Every target in the order given.
    pub targets: Vec<TargetCoverage>,
    /// Number of rules in force.
    pub rules: usize,
    /// Digest of the rules in force, hex.
    pub rules_digest: String,
    /// Id of the key that fingerprints are made with.
    pub key: String,
    /// What defaults leave out.
    pub left_out: Vec<LeftOut>,
    /// Candidates that were dropped, by the filter's or check's name.
    pub dropped: BTreeMap<String, u64>,
    /// Findings below the asked confidence or severity.
    pub below_threshold: u64,
    /// Values of a range that stood there before it.
    pub already_there: u64,
    /// What hid something, and how much.
    pub suppressed: BTreeMap<(HiddenBy, String), Suppressed>,
}

impl Coverage {
    /// Counts what hides a finding, or places of it.
    pub fn hide(&mut self, finding: &Finding) {
        for (number, hidden) in finding.hidden.iter().enumerate() {
            let by = self.suppressed.entry((hidden.by, hidden.source.clone())).or_default();
            by.places += hidden.places as u64;
            // A secret counts once, for what hides it first.
            by.findings += u64::from(finding.suppressed && number == 0);
        }
    }

    /// Takes back what [`Coverage::hide`] counted.
    pub fn unhide(&mut self, finding: &Finding) {
        for (number, hidden) in finding.hidden.iter().enumerate() {
            let Some(by) = self.suppressed.get_mut(&(hidden.by, hidden.source.clone())) else { continue };
            by.places -= hidden.places as u64;
            by.findings -= u64::from(finding.suppressed && number == 0);
        }
        self.suppressed.retain(|_, by| by.places > 0);
    }

    /// The sum over all targets.
    pub fn total(&self) -> Counts {
        let mut sum = Counts::default();
        for target in &self.targets {
            sum.add(&target.counts);
        }
        sum
    }
}
