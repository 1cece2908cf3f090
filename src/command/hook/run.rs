//! A hook that runs: what it is to scan, and what its result means for whoever started it. A clean and complete
//! scan prints nothing.

use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use bstr::{BString, ByteSlice};
use unleak::error::{Error, Exit, Result};
use unleak::finding::PlaceKind;
use unleak::outcome::Outcome;
use unleak::report::{self, Document, Format, TextOptions};
use unleak::scan::{Range, Text};
use unleak::source::git::as_bytes;
use unleak::source::git::revisions::Wanted;

use super::{agent, push};
use crate::cli::RunName;
use crate::command::scan;
use crate::config::Job;
use crate::config::hook::HookRun;
use crate::display;

/// What a coding agent takes for "no", with the reason on standard error.
const AGENT_NO: u8 = 2;
/// A scan that is out of time and has not ended by itself after this time is left.
const GRACE: Duration = Duration::from_secs(2);
/// Git cuts an edited message off at a line that ends so.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";

/// Runs a hook.
pub fn run(hook: Result<HookRun>) -> Result<Exit> {
    let mut hook = hook?;
    let agent = hook.name == RunName::Agent;
    limit(&hook);
    if !prepare(&mut hook)? {
        return Ok(Exit::Clean);
    }
    let begin = Instant::now();
    let outcome = scan::outcome(&mut hook.job)?;
    let found = scan::found(&hook.job, &outcome);
    let incomplete = !outcome.complete() && !hook.job.allow_incomplete;
    let exit = if agent {
        if found || incomplete {
            speak(&outcome, &hook.job);
        }
        if found { Exit::Findings(AGENT_NO) } else { Exit::Clean }
    } else if hook.terse && outcome.findings.is_empty() && !incomplete {
        Exit::Clean
    } else {
        scan::report(&hook.job, &outcome, begin)?
    };
    if let Exit::Interrupted(_) = exit {
        return Ok(exit);
    }
    if found && exit.code() != 0 {
        say_blocked(hook.name);
    } else if incomplete {
        return Ok(trouble(agent, hook.fail_open));
    }
    Ok(exit)
}

/// An error before anything was scanned.
pub fn refused(error: Error, agent: bool, open: bool) -> Result<Exit> {
    if !open && !agent {
        return Err(error);
    }
    display::error(&error);
    Ok(trouble(agent, open))
}

/// What could not be scanned passes or not, as it was declared.
fn trouble(agent: bool, open: bool) -> Exit {
    if open {
        display::say("warning", "not everything could be scanned; it passes, since the hook runs with --fail-open");
        return Exit::Clean;
    }
    display::say("hook", "blocked: not everything could be scanned (--fail-open would let it pass)");
    if agent { Exit::Findings(AGENT_NO) } else { Exit::Incomplete }
}

/// Ends a scan that does not end by itself when its time is over.
fn limit(hook: &HookRun) {
    let Some(timeout) = hook.job.timeout else { return };
    let (agent, open) = (hook.name == RunName::Agent, hook.fail_open);
    std::thread::spawn(move || {
        std::thread::sleep(timeout + GRACE);
        display::say("error", "the scan was out of time");
        std::process::exit(i32::from(trouble(agent, open).code()));
    });
}

/// Puts into the plan what is to be scanned. Returns whether there is anything.
fn prepare(hook: &mut HookRun) -> Result<bool> {
    let plan = &mut hook.job.plan;
    match hook.name {
        RunName::PreCommit | RunName::PreMergeCommit => plan.range = Some(Range::Staged),
        RunName::CommitMsg => {
            let file = hook.args.first().ok_or_else(|| Error::usage("commit-msg needs the file that holds the message"))?;
            let bytes = std::fs::read(file).map_err(|error| Error::at(Path::new(file), &error))?;
            plan.texts.push(Text {
                name: "commit message".into(),
                kind: PlaceKind::CommitMessage,
                path: None,
                bytes: message(&bytes).to_vec(),
                before: Vec::new(),
            });
            plan.place = None;
        }
        RunName::PrePush => {
            let remote = hook.args.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let pushed = push::Pushed::parse_push(&input()?)?;
            return push::before_push(plan, &pushed, &remote);
        }
        RunName::PreReceive => return push::before_receive(plan, &push::Pushed::parse_receive(&input()?)?),
        RunName::Files => return files(hook),
        RunName::Agent => {
            plan.texts = agent::texts(&input()?)?;
            return Ok(!plan.texts.is_empty());
        }
    }
    Ok(true)
}

/// File names of the pre-commit framework: of the range that it gives, else of the stage, else whole.
fn files(hook: &mut HookRun) -> Result<bool> {
    let names: Vec<BString> = hook.args.iter().map(|name| as_bytes(Path::new(name))).collect();
    let plan = &mut hook.job.plan;
    if names.is_empty() {
        return Ok(false);
    }
    let place = plan.place.as_mut().ok_or_else(|| Error::usage("no repository"))?;
    place.paths = names;
    plan.range = Some(match hook.refs.take() {
        Some((from, to)) => Range::Commits(Wanted { branch: vec![to], since_commit: vec![from], ..Wanted::default() }),
        None => Range::Named,
    });
    Ok(true)
}

/// The message without what `git commit --verbose` shows below it.
fn message(text: &[u8]) -> &[u8] {
    let mut end = 0;
    for line in text.lines_with_terminator() {
        if line.trim_end().ends_with(SCISSORS) && line.trim_end().len() <= SCISSORS.len() + 4 {
            break;
        }
        end += line.len();
    }
    &text[..end]
}

fn input() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(|error| Error::at(Path::new("standard input"), &error))?;
    Ok(bytes)
}

/// Tells a coding agent what was found: on standard error, where it looks.
fn speak(outcome: &Outcome, job: &Job) {
    let options = report::Options { show_secrets: job.show_secrets, show_suppressed: job.show_suppressed };
    let document = Document::new(outcome, &options);
    let mut text = Vec::new();
    if report::write(Format::Text, &document, &TextOptions::default(), &mut text).is_ok() {
        let _ = std::io::stderr().write_all(&text);
    }
}

fn say_blocked(name: RunName) {
    let (what, skip) = match name {
        RunName::PreCommit | RunName::PreMergeCommit | RunName::CommitMsg => ("the commit", "; `git commit --no-verify` goes past it once"),
        RunName::PrePush => ("the push", "; `git push --no-verify` goes past it once"),
        RunName::PreReceive => ("the push", ""),
        RunName::Files => ("this hook fails", "; `SKIP=unleak git commit` goes past it once"),
        RunName::Agent => ("the tool call", ". Do not write the value: read it from the environment or a store for secrets"),
    };
    let verb = if name == RunName::Files { "" } else { " is blocked" };
    display::say("hook", &format!("{what}{verb}: it holds a secret{skip}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_at_the_scissors() {
        let cut = [b"Subject\n# comment\n# ".as_slice(), SCISSORS.trim_start(), b"\n# Do not\ndiff --git"].concat();
        assert_eq!(message(&cut).as_bstr(), "Subject\n# comment\n");
        assert_eq!(message(b"one\ntwo").as_bstr(), "one\ntwo");
        let prose = [b"a line that ends with".as_slice(), SCISSORS, b"\nrest"].concat();
        assert_eq!(message(&prose).len(), prose.len());
    }
}
