//! What hides a secret: markers beside it, the ignore file, a baseline, the `[[allow]]` of a configuration. Each
//! place is judged by itself, by the value and where it stands, never by its position in a file. It does not know
//! how the files were found, nor what a report makes of it.

pub mod allow;
pub mod around;
pub mod baseline;
mod day;
pub mod ignore_file;
pub mod marker;

use std::sync::Arc;

pub use allow::Allow;
pub use around::Around;
pub use baseline::Baseline;
pub use day::Day;
pub use ignore_file::IgnoreFile;
pub use marker::{Marker, Markers};

use crate::error::{Error, Result};
use crate::finding::HiddenBy;
use crate::rule::Rule;
use crate::secret::Secret;

/// What is in force. The default takes markers, ours and peers', and has no files.
#[derive(Clone, Debug)]
pub struct Suppress {
    /// Nothing hides anything.
    pub strict: bool,
    /// Markers in texts count.
    pub inline: bool,
    /// Those of other scanners too.
    pub peers: bool,
    /// The run looks at all that the files speak of, so that an entry that hides nothing is not needed any more.
    pub whole: bool,
    /// No rule is left out for this run alone, so that a marker that hides nothing is not needed any more.
    pub every_rule: bool,
    /// The day on which it is judged what has expired.
    pub today: Day,
    /// The `[[allow]]` of configurations.
    pub allows: Vec<Allow>,
    /// Ignore files.
    pub ignores: Vec<IgnoreFile>,
    /// Baselines.
    pub baselines: Vec<Baseline>,
}

impl Default for Suppress {
    fn default() -> Self {
        Self {
            strict: false,
            inline: true,
            peers: true,
            whole: false,
            every_rule: false,
            today: Day::today(),
            allows: Vec::new(),
            ignores: Vec::new(),
            baselines: Vec::new(),
        }
    }
}

/// One place of a secret.
pub struct Case<'a> {
    /// The value.
    pub secret: &'a Secret,
    /// Its fingerprint.
    pub fingerprint: &'a str,
    /// The rule that speaks for it there.
    pub rule: &'a Rule,
    /// The path.
    pub path: Option<&'a [u8]>,
    /// The commit that brought it there, hex.
    pub commit: Option<&'a str>,
    /// The markers over it.
    pub markers: &'a [Arc<Marker>],
    /// What stands around it, where [`Suppress::needs_lines`].
    pub around: Option<&'a Around>,
}

/// What hides a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct By {
    /// What kind of thing.
    pub kind: HiddenBy,
    /// Which: a marker's words, a file, a file and line.
    pub source: String,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it counts.
    pub until: Option<String>,
}

/// An entry that does nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// Where it stands: file and line.
    pub source: String,
    /// Its last day, where that has passed.
    pub expired: Option<Day>,
}

impl Suppress {
    /// Lets nothing be hidden.
    pub fn nothing() -> Self {
        Self { strict: true, inline: false, peers: false, ..Self::default() }
    }

    /// Whether an allow looks at more than the value, so that what stands around it has to be kept.
    pub fn needs_lines(&self) -> bool {
        !self.strict && self.allows.iter().any(|allow| allow.target != allow::Target::Secret)
    }

    /// Whether fingerprints made with that key can be looked up in the files; another key is an error.
    pub fn check_key(&self, key: &str) -> Result<()> {
        let ignores = self.ignores.iter().filter(|file| !file.entries.is_empty()).map(|file| (&file.name, file.key.as_deref()));
        let baselines = self.baselines.iter().map(|file| (&file.name, Some(file.key.as_str())));
        for (name, other) in ignores.chain(baselines) {
            let other = other.unwrap_or("public");
            if other != key {
                let message = format!("{name}: its fingerprints are made with the key {other}, this run's with {key}");
                return Err(Error::configuration(message).hint("give the same key by UNLEAK_KEY or --key-file, or make the file anew"));
            }
        }
        Ok(())
    }

    /// What hides a place, if anything does.
    pub fn judge(&self, case: &Case<'_>) -> Option<By> {
        if self.strict {
            return None;
        }
        self.by_marker(case).or_else(|| self.by_allow(case)).or_else(|| self.by_entry(case)).or_else(|| self.by_baseline(case))
    }

    fn by_marker(&self, case: &Case<'_>) -> Option<By> {
        let marker = case.markers.iter().find(|marker| self.fault(marker, case.rule).is_none() && self.counts(marker, case.rule))?;
        let Marker { word, reason, until, .. } = marker.as_ref();
        Some(By { kind: HiddenBy::Marker, source: (*word).to_owned(), reason: reason.clone(), until: until.clone() })
    }

    /// Whether a marker is listened to and speaks of the rule.
    pub fn counts(&self, marker: &Marker, rule: &Rule) -> bool {
        self.inline && (self.peers || !marker.peer) && (marker.rules.is_empty() || marker.rules.iter().any(|name| rule.goes_by(name)))
    }

    /// Why a marker over a secret of that rule hides nothing though somebody meant it to.
    pub fn fault(&self, marker: &Marker, rule: &Rule) -> Option<String> {
        if self.strict || !self.inline {
            return None;
        }
        let expired = marker.until.as_deref().and_then(Day::parse).filter(|until| *until < self.today);
        let expired = expired.filter(|_| self.counts(marker, rule)).map(|day| format!("it expired on {day}"));
        marker.fault.clone().or(expired)
    }

    fn by_allow(&self, case: &Case<'_>) -> Option<By> {
        let allow = self.allows.iter().find(|allow| self.is_in_time(allow.until) && allow.takes(case))?;
        let until = allow.until.map(|day| day.to_string());
        Some(By { kind: HiddenBy::Allow, source: allow.source.clone(), reason: allow.reason.clone(), until })
    }

    fn by_entry(&self, case: &Case<'_>) -> Option<By> {
        let weak = case.fingerprint.starts_with('w');
        self.ignores.iter().find_map(|file| {
            let (line, entry) = file.of(case.fingerprint).find(|(_, entry)| {
                let path = entry.path.as_ref().is_none_or(|path| case.path.is_some_and(|other| other == path.as_slice()));
                let rule = !weak || entry.rule == "-" || case.rule.goes_by(&entry.rule);
                path && rule && self.is_in_time(entry.until)
            })?;
            let until = entry.until.map(|day| day.to_string());
            Some(By { kind: HiddenBy::IgnoreFile, source: format!("{}:{line}", file.name), reason: entry.reason.clone(), until })
        })
    }

    fn by_baseline(&self, case: &Case<'_>) -> Option<By> {
        let baseline = self.baselines.iter().find(|baseline| baseline.knows(case.fingerprint, case.path))?;
        Some(By { kind: HiddenBy::Baseline, source: baseline.name.clone(), reason: None, until: None })
    }

    fn is_in_time(&self, until: Option<Day>) -> bool {
        until.is_none_or(|until| self.today <= until)
    }

    /// The entries of ignore files and `[[allow]]`s that have expired, and those for which `used` is not true.
    pub fn stale(&self, used: &dyn Fn(&str) -> bool) -> Vec<Stale> {
        let allows = self.allows.iter().map(|allow| (allow.source.clone(), allow.until, allow.shared));
        let entries = self
            .ignores
            .iter()
            .flat_map(|file| file.entries.iter().map(|(line, entry)| (format!("{}:{line}", file.name), entry.until, false)));
        let judged = allows.chain(entries).map(|(source, until, shared)| (source, until.filter(|day| *day < self.today), shared));
        let stale = judged.filter(|(source, expired, shared)| expired.is_some() || (!shared && !used(source)));
        stale.map(|(source, expired, _)| Stale { source, expired }).collect()
    }
}
