//! `unleak verify`: asks providers about given secrets. Its exit code says what they are: 1 where one is live, 3 where
//! none is and something could not be found out, 0 where all are dead.

use std::time::Instant;

use unleak::asking;
use unleak::error::{Exit, Result};
use unleak::finding::State;

use super::scan::report_all;
use super::secrets::{Gathered, gather};
use crate::cli::SecretArgs;
use crate::display::Bar;

/// Asks and reports.
pub fn run(args: &SecretArgs) -> Result<Exit> {
    let begin = Instant::now();
    let Gathered { job, wish, detector, mut outcome, progress } = gather(args)?;
    let bar = job.progress.then(|| Bar::start(std::sync::Arc::clone(&progress)));
    let asked = asking::verify(&mut outcome, detector.rules(), &wish, &progress);
    drop(bar);
    asked?;
    let written = report_all(&job, &outcome, begin);
    let any = |state: State| outcome.findings.iter().any(|finding| finding.verification.state == state);
    Ok(if let Some(signal) = outcome.interrupted {
        Exit::Interrupted(signal as u8)
    } else if any(State::Live) {
        Exit::Findings(job.exit_code)
    } else if !written || ((any(State::Unknown) || any(State::NotChecked) || !outcome.complete()) && !job.allow_incomplete) {
        Exit::Incomplete
    } else {
        Exit::Clean
    })
}
