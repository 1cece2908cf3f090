//! `unleak baseline`: scans, and writes down what is known, or reports what is new beside it.

use std::path::Path;

use unleak::error::{Error, Exit, Result, describe};
use unleak::outcome::Outcome;
use unleak::suppress::Baseline;

use crate::cli::{BaselineArgs, BaselineCommand};
use crate::config::{self, Job};
use crate::display;

/// Runs the command.
pub fn run(which: BaselineCommand) -> Result<Exit> {
    match which {
        BaselineCommand::Create(args) => create(args),
        BaselineCommand::Update(args) => update(args),
        BaselineCommand::Diff(args) => diff(args),
    }
}

/// A scan without any baseline: what it finds, and whether all was read.
fn scan(args: BaselineArgs) -> Result<(Job, Outcome)> {
    let mut job = config::scan(args.scan)?;
    job.plan.suppress.baselines.clear();
    let outcome = super::scan::outcome(&mut job)?;
    outcome.notices.iter().filter(|n| n.incomplete).for_each(|n| display::say("missing", &format!("{} {}: {}", n.what, n.place, n.why)));
    Ok((job, outcome))
}

fn done(job: &Job, outcome: &Outcome) -> Exit {
    match outcome.interrupted {
        Some(signal) => Exit::Interrupted(signal as u8),
        None if outcome.complete() || job.allow_incomplete => Exit::Clean,
        None => Exit::Incomplete,
    }
}

fn create(args: BaselineArgs) -> Result<Exit> {
    let path = args.file.clone();
    if path.exists() {
        let error = Error::usage(format!("{}: it is there already", path.display()));
        return Err(error.hint("`unleak baseline update` brings it up to date"));
    }
    let (job, outcome) = scan(args)?;
    let baseline = of(&path, &job, &outcome);
    super::replace(&path, &baseline.write())?;
    display::say("baseline", &format!("{} knows {} secrets", path.display(), outcome.findings.len()));
    Ok(done(&job, &outcome))
}

fn of(path: &Path, job: &Job, outcome: &Outcome) -> Baseline {
    let named: Vec<_> =
        outcome.findings.iter().filter(|f| !f.fingerprint.starts_with('w') || f.places.iter().any(|p| p.path.is_some())).collect();
    let nameless = outcome.findings.len() - named.len();
    if nameless > 0 {
        display::say("note", &format!("{nameless} guessable values stand in no file and cannot be in a baseline"));
    }
    Baseline::of(&path.display().to_string(), &job.plan.key.id(), named)
}

fn read(path: &Path) -> Result<Baseline> {
    let text = std::fs::read(path).map_err(|e| Error::configuration(format!("{}: {}", path.display(), describe(&e))))?;
    Baseline::parse(&path.display().to_string(), &text)
}

fn update(args: BaselineArgs) -> Result<Exit> {
    let path = args.file.clone();
    let old = read(&path)?;
    let (job, outcome) = scan(args)?;
    let mut new = of(&path, &job, &outcome);
    if old.key != new.key {
        return Err(Error::configuration(format!("{}: it is made with the key {}, this run's is {}", path.display(), old.key, new.key)));
    }
    if !outcome.complete() {
        // What could not be read may still hold it.
        new.known.extend(old.known.iter().cloned());
    }
    super::replace(&path, &new.write())?;
    let (added, gone) = (new.known.difference(&old.known).count(), old.known.difference(&new.known).count());
    display::say("baseline", &format!("{}: {added} added, {gone} removed, {} known", path.display(), new.known.len()));
    Ok(done(&job, &outcome))
}

/// The usual reports of what is new, and on standard error what is gone.
fn diff(mut args: BaselineArgs) -> Result<Exit> {
    let baseline = read(&args.file)?;
    args.scan.report.baseline = vec![args.file.clone()];
    let quiet = args.scan.report.quiet;
    let begin = std::time::Instant::now();
    let mut job = config::scan(args.scan)?;
    let outcome = super::scan::outcome(&mut job)?;
    let found = Baseline::of("", &baseline.key, outcome.findings.iter().chain(&outcome.hidden));
    let gone: Vec<_> = baseline.known.difference(&found.known).collect();
    if !quiet {
        let shown = |one: &&unleak::suppress::baseline::Known| format!("{} {}", one.fingerprint, one.rule);
        gone.iter().for_each(|one| display::say("gone", &shown(one)));
        display::say("baseline", &format!("{} new, {} gone, {} known", outcome.findings.len(), gone.len(), baseline.known.len()));
    }
    super::scan::report(&job, &outcome, begin)
}
