//! The secrets that a command is about: what the rules find in standard input, or what a report tells of, read again
//! from where it stands. Values never come from the command line.

use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use unleak::asking::Wish;
use unleak::coverage::Notice;
use unleak::detect::Detector;
use unleak::error::{Error, Result};
use unleak::finding::Finding;
use unleak::outcome::Outcome;
use unleak::progress::Progress;
use unleak::report::parse::{Told, ToldFinding, parse};
use unleak::rule::RuleSet;
use unleak::scan::reread::reread;
use unleak::scan::{self, Input, Plan};
use unleak::source::target::Mode;

use super::scan::{Waiting, watch};
use crate::cli::SecretArgs;
use crate::config::around::Around;
use crate::config::{self, Job, now};
use crate::display;

/// The secrets, and what the user wants to be done with them.
pub struct Gathered {
    /// What was typed, resolved.
    pub job: Job,
    /// How providers are asked.
    pub wish: Wish,
    /// The rules in force.
    pub detector: Detector,
    /// The secrets, and what was not to be had.
    pub outcome: Outcome,
    /// Can stop what follows.
    pub progress: Arc<Progress>,
}

/// Gathers them. An error where there is none.
pub fn gather(args: &SecretArgs) -> Result<Gathered> {
    let told = args.report_file.as_ref().map(|path| parse(&std::fs::read(path).map_err(|e| Error::at(path, &e))?)).transpose()?;
    let targets = match &told {
        None => vec!["-".into()],
        Some(told) if args.targets.is_empty() => told.targets.iter().map(OsString::from).collect(),
        Some(_) => args.targets.clone(),
    };
    let around = Around::new(&targets, Mode::Auto, &args.report)?;
    let wish = config::verify::always(&args.report.verify, &around.layers)?;
    let mut job = config::job(Plan { targets, ..Plan::default() }, &args.report, &around)?;
    let progress = Arc::new(Progress::new());
    watch(&progress, job.timeout)?;
    let rules = std::mem::replace(&mut job.rules, RuleSet::empty());
    let detector = Detector::new(rules, now()).with_lines(job.plan.suppress.needs_lines());
    let mut outcome = match told {
        None => typed(&mut job, &detector, &progress)?,
        Some(told) => again(&job, &detector, &told)?,
    };
    let only = &args.fingerprint;
    outcome.findings.retain(|finding| only.is_empty() || only.contains(&finding.fingerprint));
    outcome.sort();
    if outcome.findings.is_empty() && outcome.complete() {
        let hint = "give it as it stands in a file: API_KEY=..., --confidence low finds more, --fingerprint must be one of the report";
        return Err(Error::input("there is no secret in what was given").hint(hint));
    }
    Ok(Gathered { job, wish, detector, outcome, progress })
}

/// What the rules find in standard input.
fn typed(job: &mut Job, detector: &Detector, progress: &Arc<Progress>) -> Result<Outcome> {
    if std::io::IsTerminal::is_terminal(&io::stdin()) {
        display::say("input", "type or paste what holds the secret, then end with Ctrl-D");
    }
    job.plan.stdin = Input::new(Waiting::new(io::stdin(), Arc::clone(progress)));
    scan::run(&job.plan, detector, progress)
}

/// What a report tells of, read again.
fn again(job: &Job, detector: &Detector, told: &Told) -> Result<Outcome> {
    let key = job.plan.key.id();
    if told.key != key {
        return Err(Error::configuration(format!("the report's fingerprints were made with the key {}, not with {key}", told.key))
            .hint("give the same key by UNLEAK_KEY or --key-file"));
    }
    let mut outcome = Outcome { notices: job.plan.notices.clone(), ..Outcome::default() };
    for finding in &told.findings {
        match one(job, detector, finding) {
            Ok(found) => outcome.findings.push(found),
            Err(why) => {
                let place = finding.places.first().and_then(|place| place.path.clone()).unwrap_or_default();
                outcome.notices.push(Notice::incomplete("secret", place, format!("{}: {why}", finding.fingerprint)));
            }
        }
    }
    outcome.coverage.rules = detector.rules().rules().len();
    outcome.coverage.rules_digest = detector.rules().digest();
    outcome.coverage.key = key;
    outcome.candidates = detector.dropped_values();
    Ok(outcome)
}

/// One secret, from the first of its places that still has it.
fn one(job: &Job, detector: &Detector, finding: &ToldFinding) -> Result<Finding, String> {
    let mut why = "the report names no place of it".to_owned();
    for place in &finding.places {
        let Some(target) = job.plan.targets.get(place.target) else {
            why = "its target was not given".to_owned();
            continue;
        };
        match reread(detector, &job.plan.key, (target, place), &finding.fingerprint) {
            Ok(found) => return Ok(found),
            Err(reason) => why = reason,
        }
    }
    Err(why)
}
