//! `unleak analyze`: who each given secret is and what it may do, as far as its provider tells by requests that only
//! read.

use std::io::{self, Write};

use unleak::error::{Error, Exit, Result};

use super::secrets::{Gathered, gather};
use crate::cli::SecretArgs;

/// Looks and says.
pub fn run(args: &SecretArgs) -> Result<Exit> {
    let report = &args.report;
    if report.format.is_some() || report.json || !report.output.is_empty() {
        return Err(Error::usage("`unleak analyze` writes no report").hint("`unleak verify` does"));
    }
    let gathered = gather(args)?;
    let mut lines = Vec::new();
    let good = each(&gathered, &gathered.wish.settings, &mut lines)?;
    for notice in &gathered.outcome.notices {
        lines.push(format!("not found: {}: {}", notice.place, notice.why));
    }
    // What providers say may repeat the values.
    let values = gathered.outcome.findings.iter().map(|finding| &finding.secret);
    let masker = unleak::report::mask::Masker::new(values.chain(&gathered.outcome.candidates));
    let mut out = io::stdout().lock();
    for line in lines {
        let _ = writeln!(out, "{}", unleak::report::sanitize::sanitize(&masker.text(line.as_bytes())));
    }
    Ok(if good && gathered.outcome.complete() { Exit::Clean } else { Exit::Incomplete })
}

/// What is seen of each secret; whether each could be looked into.
#[cfg(feature = "verify")]
fn each(gathered: &Gathered, settings: &unleak::verify::settings::Settings, lines: &mut Vec<String>) -> Result<bool> {
    use unleak::{asking, verify::analyze};

    let mut good = true;
    for finding in &gathered.outcome.findings {
        lines.push(format!("{}  {}  {}", finding.name, finding.secret.redacted(), finding.fingerprint));
        let questions = if analyze::knows(&finding.provider) {
            asking::about(finding, gathered.detector.rules())
        } else {
            Err(format!("unleak does not know how to look into secrets of {}", finding.provider))
        };
        match questions {
            Err(why) => {
                lines.push(format!("  not asked: {why}"));
                good = false;
            }
            Ok(questions) => {
                for question in &questions {
                    let seen = analyze::analyze(question, settings)?;
                    lines.extend(seen.into_iter().map(|seen| format!("  {:<15}{}", seen.what, seen.said)));
                }
            }
        }
    }
    Ok(good)
}

/// This build cannot ask.
#[cfg(not(feature = "verify"))]
fn each(_: &Gathered, _: &unleak::verify::settings::Settings, _: &mut Vec<String>) -> Result<bool> {
    Err(unleak::asking::missing())
}
