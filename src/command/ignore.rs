//! `unleak ignore`: entries of the ignore file are added by the id that a report shows, listed, and removed when
//! they do nothing any more.

use std::io::Write;
use std::path::{Path, PathBuf};

use bstr::BString;
use unleak::error::{Error, Exit, Kind, Result, describe, near};
use unleak::finding::Finding;
use unleak::outcome::Outcome;
use unleak::suppress::ignore_file::{Entry, is_fingerprint};
use unleak::suppress::{Day, IgnoreFile};

use crate::cli::{IgnoreAdd, IgnoreCommand, ReportArgs, ScanArgs};
use crate::config::{self, Job, origin};
use crate::display;

/// Runs the command.
pub fn run(which: IgnoreCommand) -> Result<Exit> {
    match which {
        IgnoreCommand::Add(args) => add(args),
        IgnoreCommand::List(args) => list(&args),
        IgnoreCommand::Prune(args) => prune(args),
    }
}

/// The ignore file of this run: its path, and what stands in it.
fn open(args: &ReportArgs) -> Result<(PathBuf, IgnoreFile)> {
    let path = match &args.ignore_file {
        Some(path) => path.clone(),
        None => match origin::repository(Path::new(".")) {
            Some(top) => top.join(origin::IGNORE),
            None => {
                let error = Error::usage("the working directory is in no repository, so there is no .unleakignore");
                return Err(error.hint("name a file with --ignore-file"));
            }
        },
    };
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::configuration(format!("{}: {}", path.display(), describe(&error)))),
    };
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let file = IgnoreFile::parse(&name, &text)?;
    Ok((path, file))
}

/// A scan of the whole repository, with all that the user's options say and nothing hidden where `strict`.
fn scan(mut report: ReportArgs, path: &Path, strict: bool) -> Result<(Job, Outcome)> {
    if report.ignore_file.is_none() && path.exists() {
        report.ignore_file = Some(path.to_owned());
    }
    let mut job = config::scan(ScanArgs { targets: vec![".".into()], report, ..ScanArgs::default() })?;
    job.plan.suppress.strict |= strict;
    let outcome = super::scan::outcome(&mut job)?;
    Ok((job, outcome))
}

fn add(args: IgnoreAdd) -> Result<Exit> {
    let (path, file) = open(&args.report)?;
    for fingerprint in &args.fingerprints {
        if !is_fingerprint(fingerprint) {
            let error = Error::usage(format!("{fingerprint:?} is no id of a finding: 32 hex digits, or w and five"));
            return Err(error.hint("a report shows it under `id`; a secret itself is never given on the command line"));
        }
    }
    let wrong = |day: &str| Error::usage(format!("{day:?} is no date like 2027-01-31"));
    let until = args.until.as_deref().map(|day| Day::parse(day).ok_or_else(|| wrong(day))).transpose()?;
    if let Some(day) = until.filter(|day| *day < Day::today()) {
        return Err(Error::usage(format!("--until {day} has passed, so the entry would hide nothing")));
    }
    let (job, outcome) = scan(args.report, &path, true)?;
    let mut entries: Vec<Entry> = file.entries.iter().map(|(_, entry)| entry.clone()).collect();
    for fingerprint in &args.fingerprints {
        let found: Vec<&Finding> = outcome.findings.iter().filter(|finding| finding.fingerprint == *fingerprint).collect();
        let Some(first) = found.first() else { return Err(unknown(fingerprint, &outcome)) };
        let base = Entry {
            fingerprint: fingerprint.clone(),
            rule: first.rule.clone(),
            path: args.path.as_ref().map(|path| BString::from(path.as_encoded_bytes())),
            until,
            owner: args.owner.clone(),
            reason: args.reason.clone(),
        };
        // A guessable value's fingerprint says little, so each of its paths is named.
        let weak = fingerprint.starts_with('w') && base.path.is_none();
        let fresh: Vec<Entry> = if weak { weak_entries(&base, &found) } else { vec![base] };
        if fresh.is_empty() {
            let error = Error::usage(format!("{fingerprint}: the value can be guessed and stands in no file, so no entry can hide it"));
            return Err(error.hint("an [[allow]] in .unleak.toml can"));
        }
        fresh.into_iter().for_each(|new| put(&mut entries, new));
    }
    write(&path, &job.plan.key.id(), &file, &entries)?;
    let count = if entries.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", entries.len()) };
    display::say("ignore", &format!("{} has {count}", path.display()));
    Ok(Exit::Clean)
}

/// Adds an entry. One that is there already keeps what is not said anew.
fn put(entries: &mut Vec<Entry>, new: Entry) {
    let same = |old: &&mut Entry| (&new.fingerprint, &new.path) == (&old.fingerprint, &old.path);
    match entries.iter_mut().find(same) {
        Some(old) => {
            let until = new.until.or(old.until);
            let (owner, reason) = (new.owner.clone().or_else(|| old.owner.take()), new.reason.clone().or_else(|| old.reason.take()));
            *old = Entry { until, owner, reason, ..new };
        }
        None => entries.push(new),
    }
}

fn weak_entries(base: &Entry, found: &[&Finding]) -> Vec<Entry> {
    let paths = found.iter().flat_map(|finding| finding.places.iter().map(|place| (&finding.rule, place.path.clone())));
    let mut all: Vec<Entry> =
        paths.filter_map(|(rule, path)| path.map(|path| Entry { rule: rule.clone(), path: Some(path), ..base.clone() })).collect();
    all.sort();
    all.dedup();
    all
}

fn unknown(fingerprint: &str, outcome: &Outcome) -> Error {
    let error = Error::usage(format!("{fingerprint}: this repository has no finding with that id"));
    match near(fingerprint, outcome.findings.iter().map(|finding| finding.fingerprint.as_str())) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("ids depend on the key (UNLEAK_KEY, --key-file); one of low confidence needs --confidence low"),
    }
}

fn list(args: &ReportArgs) -> Result<Exit> {
    let (path, file) = open(args)?;
    let mut out = std::io::stdout().lock();
    let today = Day::today();
    for (_, entry) in &file.entries {
        let expired = if entry.until.is_some_and(|day| day < today) { "  (expired)" } else { "" };
        let line = format!("{}{expired}", entry.line());
        if let Err(error) = writeln!(out, "{}", unleak::report::sanitize::sanitize(&line)) {
            let closed = error.kind() == std::io::ErrorKind::BrokenPipe;
            return if closed { Ok(Exit::Clean) } else { Err(Error::new(Kind::Output, describe(&error))) };
        }
    }
    if file.entries.is_empty() && !args.quiet {
        display::say("ignore", &format!("{} has no entries", path.display()));
    }
    Ok(Exit::Clean)
}

fn prune(args: ReportArgs) -> Result<Exit> {
    let (path, file) = open(&args)?;
    let quiet = args.quiet;
    let (job, outcome) = scan(args, &path, false)?;
    if !outcome.complete() {
        let error = Error::input("the scan is incomplete, so nothing was removed: an entry may hide what could not be read");
        return Err(error.hint("`unleak scan .` says what is missing"));
    }
    let name = job.plan.suppress.ignores.first().map_or_else(String::new, |file| file.name.clone());
    let hidden = outcome.hidden.iter().chain(&outcome.findings).flat_map(|finding| &finding.hidden);
    let used: Vec<&str> = hidden.map(|hidden| hidden.source.as_str()).collect();
    let today = Day::today();
    let keeps =
        |line: usize, entry: &Entry| entry.until.is_none_or(|day| today <= day) && used.contains(&format!("{name}:{line}").as_str());
    let kept: Vec<Entry> = file.entries.iter().filter(|(line, entry)| keeps(*line, entry)).map(|(_, entry)| entry.clone()).collect();
    let removed: Vec<&Entry> = file.entries.iter().filter(|(line, entry)| !keeps(*line, entry)).map(|(_, entry)| entry).collect();
    if !removed.is_empty() {
        write(&path, &job.plan.key.id(), &file, &kept)?;
    }
    if !quiet {
        removed.iter().for_each(|entry| display::say("removed", &entry.line()));
        display::say("ignore", &format!("{} of {} entries removed", removed.len(), file.entries.len()));
    }
    Ok(Exit::Clean)
}

fn write(path: &Path, key: &str, file: &IgnoreFile, entries: &[Entry]) -> Result<()> {
    let other = file.key.as_deref().unwrap_or("public");
    if other != key && !file.entries.is_empty() {
        return Err(Error::configuration(format!("{}: its fingerprints are made with the key {other}, this run's with {key}", file.name)));
    }
    super::replace(path, &IgnoreFile::write(key, &file.comments, entries))
}
