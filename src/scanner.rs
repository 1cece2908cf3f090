//! The library's front door: rules made ready once, then bytes or whole plans scanned with them. It prints
//! nothing, reads no environment and exits nowhere.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::coverage::Notice;
use crate::detect::Detector;
use crate::error::Result;
use crate::finding::{Finding, PlaceKind};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::rule::RuleSet;
use crate::scan::collect::{Collector, Spot};
use crate::scan::join::{self, Shown};
use crate::scan::{self, Plan};
use crate::secret::FingerprintKey;
use crate::source::stream::scan_text;
use crate::suppress::Suppress;

/// Takes what a scan finds.
pub trait Sink {
    /// A finding.
    fn finding(&mut self, finding: &Finding);

    /// Trouble; ignored where it is of no interest.
    fn notice(&mut self, _notice: &Notice) {}
}

impl<F: FnMut(&Finding)> Sink for F {
    fn finding(&mut self, finding: &Finding) {
        self(finding);
    }
}

/// Rules made ready. Building one takes milliseconds; it can be shared between threads.
///
/// ```
/// use unleak::finding::Finding;
/// use unleak::rule::RuleSet;
/// use unleak::scanner::Scanner;
///
/// let scanner = Scanner::new(RuleSet::builtin());
/// let text = format!("aws_access_key_id = {}{}", "AKIA", "Z3MSJV5WKLQGFB7H");
/// let mut rules = Vec::new();
/// scanner.scan_bytes(text.as_bytes(), &mut |finding: &Finding| rules.push(finding.rule.clone()));
/// assert_eq!(rules, ["aws-access-key-id"]);
/// ```
pub struct Scanner {
    detector: Detector,
    key: FingerprintKey,
}

impl Scanner {
    /// Makes rules ready. What has expired is judged by the system's clock.
    pub fn new(rules: RuleSet) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        Self { detector: Detector::new(rules, now), key: FingerprintKey::default() }
    }

    /// The same with fingerprints made by a key of the user's own in [`Self::scan_bytes`]; a [`Plan`] brings its own.
    #[must_use]
    pub fn with_key(mut self, key: FingerprintKey) -> Self {
        self.key = key;
        self
    }

    /// Scans bytes in memory and hands each secret in them to the sink, in the order of reports, those of low
    /// confidence too, and those that a marker allows.
    pub fn scan_bytes(&self, bytes: &[u8], sink: &mut dyn Sink) {
        let collector = Collector::new(&self.detector);
        collector.scanned(&Spot::new(PlaceKind::Stdin, 0), scan_text(&self.detector, bytes));
        let mut outcome =
            Outcome { findings: join::findings(&collector, &self.key, &Suppress::nothing(), Shown::ALL), ..Outcome::default() };
        outcome.sort();
        outcome.findings.iter().for_each(|finding| sink.finding(finding));
    }

    /// Runs a plan and hands everything to the sink; the outcome has it all again, with the receipt of what was
    /// covered. `progress` counts and can stop the run.
    ///
    /// # Errors
    ///
    /// Where nothing could be scanned at all: a wrong target, a revision that does not resolve. What costs only
    /// itself is a notice.
    pub fn scan(&self, plan: &Plan, progress: &Progress, sink: &mut dyn Sink) -> Result<Outcome> {
        let outcome = scan::run(plan, &self.detector, progress)?;
        outcome.findings.iter().for_each(|finding| sink.finding(finding));
        outcome.notices.iter().for_each(|notice| sink.notice(notice));
        Ok(outcome)
    }
}
