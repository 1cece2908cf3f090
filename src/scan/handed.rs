//! What another program hands over in place of targets: a repository as git tells it to a hook, and texts. It
//! does not know which hook it was.

use std::sync::atomic::Ordering;

use bstr::BString;

use super::collect::Spot;
use super::{Run, Text};
use crate::candidate::candidates;
use crate::coverage::{Counts, TargetCoverage, TargetKind};
use crate::error::Result;
use crate::secret::Secret;
use crate::source::stream::scan_text;
use crate::source::target::Repository;

/// The number of the target of that name.
fn target(targets: &mut Vec<TargetCoverage>, name: BString, kind: TargetKind) -> usize {
    targets.iter().position(|known| known.name == name).unwrap_or_else(|| {
        targets.push(TargetCoverage { name, kind, counts: Counts::default() });
        targets.len() - 1
    })
}

impl Run<'_> {
    /// Scans the texts, then the range of the repository.
    pub(super) fn handed(&self) -> Result<Vec<TargetCoverage>> {
        let mut targets: Vec<TargetCoverage> = Vec::new();
        for text in &self.plan.texts {
            let number = target(&mut targets, text.name.clone(), TargetKind::Stdin);
            let counts = self.text(number, text);
            targets[number].counts.add(&counts);
        }
        if let Some(place) = &self.plan.place {
            let found = Repository {
                given: place.git_dir.clone(),
                git_dir: place.git_dir.clone(),
                common_dir: place.git_dir.clone(),
                work_tree: place.work_tree.clone(),
            };
            let number = target(&mut targets, place.name(), TargetKind::Repository);
            targets[number].kind = TargetKind::Repository;
            let counts = self.ranged(number, &found, &place.paths, false)?;
            targets[number].counts.add(&counts);
        }
        Ok(targets)
    }

    /// Scans a text; what stood in one of those before is counted, not reported.
    fn text(&self, number: usize, text: &Text) -> Counts {
        let mut scanned = scan_text(self.detector, &text.bytes);
        let counts = Counts { bytes: text.bytes.len() as u64, ..Counts::default() };
        let found = scanned.matches.len();
        if found > 0 && !text.before.is_empty() {
            let old: Vec<Secret> = text
                .before
                .iter()
                .flat_map(|old| candidates(self.detector, scan_text(self.detector, old)))
                .map(|old| old.judged.value.clone())
                .collect();
            scanned.matches.retain(|found| !old.contains(&found.judged.value));
            self.already_there.fetch_add((found - scanned.matches.len()) as u64, Ordering::Relaxed);
        }
        let spot = Spot { path: text.path.clone(), ..Spot::new(text.kind, number) };
        self.collector.scanned(&spot, scanned);
        counts
    }
}
