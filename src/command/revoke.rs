//! `unleak revoke`: says what it would send to end each given secret, and sends it on `--yes`; then it looks whether
//! the old value is dead. Without `--yes` nothing is sent at all.

use std::io::{self, Write};

use unleak::error::{Error, Exit, Result};

use super::secrets::{Gathered, gather};
use crate::cli::RevokeArgs;

/// Says or does it.
pub fn run(args: &RevokeArgs) -> Result<Exit> {
    let report = &args.secrets.report;
    if report.format.is_some() || report.json || !report.output.is_empty() {
        return Err(Error::usage("`unleak revoke` writes no report").hint("`unleak verify` does"));
    }
    let gathered = gather(&args.secrets)?;
    let mut lines = Vec::new();
    let good = each(&gathered, &gathered.wish.settings, args.yes, &mut lines)?;
    for notice in &gathered.outcome.notices {
        lines.push(format!("not found: {}: {}", notice.place, notice.why));
    }
    if !args.yes {
        lines.push("Nothing was sent. What is revoked stays so: `--yes` does it.".to_owned());
    }
    let mut out = io::stdout().lock();
    for line in &lines {
        // A reader that went away has seen enough; what was done is done.
        let _ = writeln!(out, "{}", unleak::report::sanitize::sanitize(line));
    }
    Ok(if good && gathered.outcome.complete() { Exit::Clean } else { Exit::Incomplete })
}

/// What was, or would be done about each secret; whether all of it is good.
#[cfg(feature = "verify")]
fn each(gathered: &Gathered, settings: &unleak::verify::settings::Settings, yes: bool, lines: &mut Vec<String>) -> Result<bool> {
    use unleak::finding::State;
    use unleak::{asking, verify::revoke};

    let mut good = true;
    for finding in &gathered.outcome.findings {
        let head = format!("{}  {}  {}", finding.name, finding.secret.redacted(), finding.fingerprint);
        let questions = match asking::to_revoke(finding, gathered.detector.rules()) {
            Ok(questions) => questions,
            Err(why) => {
                lines.push(format!("{head}\n  cannot be revoked from here: {why}"));
                good = false;
                continue;
            }
        };
        lines.push(head);
        // Of several ids beside it one is its own: with the others it cannot be revoked.
        let mut one = false;
        for question in questions {
            match revoke::describe(&question, settings)? {
                Err(why) => lines.push(format!("  cannot be revoked from here: {why}")),
                Ok(what) if !yes => {
                    lines.push(format!("  would send {what}"));
                    one = true;
                }
                Ok(what) => {
                    let done = revoke::revoke(&question, settings)?;
                    let after = format!("{}: {}", done.after.state.name().replace('-', " "), done.after.reason);
                    lines.push(format!("  sent {what}: {}", done.why));
                    lines.push(format!("  the old value is now {after}"));
                    one |= done.done && done.after.state != State::Live;
                }
            }
        }
        good &= one;
    }
    Ok(good)
}

/// This build cannot send anything.
#[cfg(not(feature = "verify"))]
fn each(_: &Gathered, _: &unleak::verify::settings::Settings, _: bool, _: &mut Vec<String>) -> Result<bool> {
    Err(unleak::asking::missing())
}
