//! The outcome of a run: what was found, what went wrong, what was scanned, and the one order in which all of
//! it is told. It does not know how it came about, nor how it will be shown.

use std::cmp::{Ordering, Reverse};

use crate::coverage::{Coverage, Notice};
use crate::finding::{Finding, Place, State};
use crate::secret::Secret;

/// All that a run has to say.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The findings to be shown.
    pub findings: Vec<Finding>,
    /// The findings that are hidden in every place, see [`Outcome::reveal`].
    pub hidden: Vec<Finding>,
    /// Trouble on the way.
    pub notices: Vec<Notice>,
    /// The receipt.
    pub coverage: Coverage,
    /// The number of the signal that ended the run early.
    pub interrupted: Option<i32>,
    /// Every candidate value, dropped and hidden ones too: no report may show any of them by accident.
    pub candidates: Vec<Secret>,
}

impl Outcome {
    /// Whether all that was asked for was scanned.
    pub fn complete(&self) -> bool {
        self.interrupted.is_none() && !self.notices.iter().any(|notice| notice.incomplete)
    }

    /// Moves what is proved live from the hidden findings to those that are shown, and takes it out of what the
    /// receipt says is hidden. To be called when verdicts are there.
    pub fn reveal(&mut self) {
        let (live, hidden): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.hidden).into_iter().partition(|finding| finding.verification.state == State::Live);
        self.hidden = hidden;
        for mut finding in live {
            self.coverage.unhide(&finding);
            finding.suppressed = false;
            finding.reasons.push("reported though it is suppressed, because it is live".to_owned());
            self.findings.push(finding);
        }
        self.sort();
    }

    /// Puts findings, their places and the notices into the order of reports.
    pub fn sort(&mut self) {
        for findings in [&mut self.findings, &mut self.hidden] {
            findings.iter_mut().for_each(|finding| finding.places.sort_by(compare_places));
            findings.sort_by(compare_findings);
        }
        self.notices.sort_by(compare_notices);
    }
}

/// The order of findings: the worst first, then the surest, then by rule and fingerprint. The value itself
/// decides between two weak secrets that share a fingerprint.
pub fn compare_findings(a: &Finding, b: &Finding) -> Ordering {
    let key = |f: &Finding| (Reverse(f.severity), Reverse(f.confidence));
    key(a)
        .cmp(&key(b))
        .then_with(|| a.rule.cmp(&b.rule))
        .then_with(|| a.fingerprint.cmp(&b.fingerprint))
        .then_with(|| a.secret.cmp(&b.secret))
}

/// The order of places: by date, those without one last, then by path and position; what remains only makes it total.
pub fn compare_places(a: &Place, b: &Place) -> Ordering {
    let date = |p: &Place| (p.date.is_none(), p.date);
    date(a)
        .cmp(&date(b))
        .then_with(|| a.path.cmp(&b.path))
        .then_with(|| (a.line, a.column, a.start, a.end).cmp(&(b.line, b.column, b.start, b.end)))
        .then_with(|| (a.target, &a.repo, a.kind).cmp(&(b.target, &b.repo, b.kind)))
        .then_with(|| (&a.commit, &a.object, &a.via).cmp(&(&b.commit, &b.object, &b.via)))
}

/// The order of notices: those that make the scan incomplete first.
pub fn compare_notices(a: &Notice, b: &Notice) -> Ordering {
    (!a.incomplete, a).cmp(&(!b.incomplete, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::PlaceKind;

    fn place(date: Option<i64>, path: &str, line: usize) -> Place {
        Place {
            kind: PlaceKind::Blob,
            target: 0,
            repo: Default::default(),
            path: Some(path.into()),
            object: None,
            commit: None,
            author: None,
            date,
            line,
            column: 1,
            end_line: line,
            end_column: 2,
            start: 0,
            end: 1,
            via: Vec::new(),
            in_head: None,
            refs: Vec::new(),
        }
    }

    #[test]
    fn places_without_a_date_come_last() {
        let mut places = [place(None, "a", 1), place(Some(9), "b", 2), place(Some(9), "b", 1), place(Some(-3), "z", 1)];
        places.sort_by(compare_places);
        let order: Vec<_> = places.iter().map(|p| (p.date, p.line)).collect();
        assert_eq!(order, [(Some(-3), 1), (Some(9), 1), (Some(9), 2), (None, 1)]);
    }

    #[test]
    fn a_run_is_complete_without_incomplete_notice_and_signal() {
        let mut outcome = Outcome::default();
        outcome.notices.push(Notice::info("symbolic link", "a", "not followed"));
        assert!(outcome.complete());
        outcome.notices.push(Notice::incomplete("unreadable file", "b", "permission denied"));
        assert!(!outcome.complete());
        outcome.sort();
        assert!(outcome.notices[0].incomplete);
        assert!(!Outcome { interrupted: Some(2), ..Outcome::default() }.complete());
    }
}
