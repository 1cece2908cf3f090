//! `unleak ci`: finds out what the event that started the pipeline brings in, and scans that. It says what it
//! chose; a clone that is too shallow to tell is an error or, where asked for, fetched.

mod choose;
mod event;
mod github;
mod gitlab;
mod others;

use unleak::coverage::Notice;
use unleak::error::{Error, Exit, Result};
use unleak::finding::PlaceKind;
use unleak::object::{Kind, Oid};
use unleak::scan::{GitPlace, Range, Text};
use unleak::source::git::revisions::Wanted;
use unleak::source::target::Mode;

use self::choose::{Choice, Lack, Opened, REMOTE};
use self::event::{Base, Commits, Event, What};
use super::{git, scan};
use crate::cli::ReportArgs;
use crate::config::ci::{CiRun, Variables, job};
use crate::config::{self, Job};
use crate::display;

/// How far a cut-off history is deepened at first, in commits; then all of it is fetched.
const STEPS: &[&str] = &["--deepen=100", "--deepen=1000", "--unshallow"];
/// Files that steer the scan: a change to them is told.
const STEERING: &[&str] = &[".unleak.toml", ".unleakignore"];

/// Runs it.
pub fn run(ci: Result<CiRun>) -> Result<Exit> {
    let ci = ci?;
    let opened = Opened::new(&ci.place)?;
    let event = event(&ci, &opened)?;
    match &event.what {
        What::Nothing(why) => {
            display::say("ci", &format!("{}: {why}: there is nothing to scan", event.provider));
            Ok(Exit::Clean)
        }
        What::Whole(why) => {
            let head = opened.refs.head;
            whole(&ci, &event, opened)?;
            let mut job = job(ci.report, &ci.place, head.as_ref())?;
            choose(&mut job, &format!("{}: {why}: the whole history that is here", event.provider));
            job.plan.mode = Mode::Git;
            job.plan.work_tree = false;
            scan::run(Ok(job))
        }
        What::Commits(commits) => {
            let (opened, choice) = commits_here(&ci, &event, commits, opened)?;
            let count = display::count(choice.count, "commit");
            let paths = steering(&ci.report);
            let mut job = job(ci.report, &ci.place, choice.base.as_ref())?;
            choose(&mut job, &format!("{}: {}: {}: {count}", event.provider, commits.event, choice.words));
            say_changed(&mut job, &paths, &opened, &choice);
            prepare(&mut job, ci.place, commits, (&opened, &choice));
            scan::run(Ok(job))
        }
    }
}

/// Whose pipeline it is, if it is one that we know.
pub fn provider() -> Result<Option<&'static str>> {
    Ok(from_variables(&config::ci::variables()?, None)?.map(|event| event.provider))
}

/// Says what was chosen, in the log and in the report.
fn choose(job: &mut Job, words: &str) {
    if !job.quiet {
        display::say("ci", words);
    }
    job.plan.notices.push(Notice::info("range", "", words));
}

/// Puts the commits into the plan, with the message of the tag that started it.
fn prepare(job: &mut Job, place: GitPlace, commits: &Commits, (opened, choice): (&Opened, &Choice)) {
    let plan = &mut job.plan;
    let since_commit = choice.base.iter().map(|oid| oid.hex()).collect();
    plan.range = Some(Range::Commits(Wanted { branch: vec![choice.head.hex()], since_commit, ..Wanted::default() }));
    let name = place.name();
    if let Some(tag) = &commits.tag {
        let full = format!("refs/tags/{tag}");
        let object = opened.refs.find(full.as_bytes()).and_then(|oid| opened.odb.read(&oid).ok());
        if let Some((Kind::Tag, bytes)) = object {
            let begin = bstr::ByteSlice::find(bytes.as_slice(), b"\n\n").map_or(bytes.len(), |at| at + 2);
            let text =
                Text { name, kind: PlaceKind::TagMessage, path: Some(full.into()), bytes: bytes[begin..].to_vec(), before: Vec::new() };
            plan.texts.push(text);
        }
    }
    plan.place = Some(place);
}

/// The files of the repository that steer the scan, as paths in it.
fn steering(args: &ReportArgs) -> Vec<String> {
    let named = args.config.iter().chain(&args.baseline).chain(&args.ignore_file).chain(&args.rules);
    let named = named.filter_map(|path| path.to_str()).map(|path| path.trim_start_matches("./").to_owned());
    STEERING.iter().map(|path| (*path).to_owned()).chain(named).collect()
}

/// Says which of them the commits change: a request cannot switch its own scan off, but it may try to.
fn say_changed(job: &mut Job, paths: &[String], opened: &Opened, choice: &Choice) {
    let changed = paths.iter().filter(|path| {
        let of = |commit: &Oid| opened.blob(commit, path);
        choice.base.as_ref().and_then(of) != of(&choice.head)
    });
    for path in changed {
        let why = "it is changed by what is scanned; in force is what was there before";
        job.plan.notices.push(Notice::info("configuration", path.as_str(), why));
        if !job.quiet {
            display::say("warning", &format!("{path}: {why}"));
        }
    }
}

/// What the pipeline says.
fn event(ci: &CiRun, opened: &Opened) -> Result<Event> {
    let variables = &ci.variables;
    let known = opened.default_branch();
    let mut event = from_variables(variables, known.as_deref())?;
    let Some(base) = &ci.base else {
        return event.ok_or_else(|| {
            Error::usage("no variables of a pipeline that we know are set here")
                .hint("`unleak ci --base REV` scans what comes after REV; `unleak scan` takes ranges and targets of every kind")
        });
    };
    // A branch of the remote can be fetched by its name there.
    let branch = base.strip_prefix(&format!("{REMOTE}/")).filter(|name| !name.contains(['~', '^', '@', ':']));
    let base = vec![branch.map_or_else(|| Base::Commit(base.clone()), |name| Base::Branch(name.to_owned()))];
    let found = event.take().unwrap_or(Event { provider: "here", what: What::Whole("by hand".to_owned()), clone: "" });
    let commits = match found.what {
        What::Commits(commits) => Commits { base, all_is_new: false, ..commits },
        What::Whole(words) | What::Nothing(words) => {
            Commits { event: words, head: vec!["HEAD".to_owned()], head_ref: None, base, all_is_new: false, tag: None }
        }
    };
    Ok(Event { what: What::Commits(commits), ..found })
}

/// Each pipeline has a variable that says that it is one; the pages that document them stand beside the functions called
/// here. Jenkins sets `JENKINS_URL` only where its administrator told it, `BUILD_TAG` always:
/// <https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables>.
fn from_variables(variables: &Variables, known: Option<&str>) -> Result<Option<Event>> {
    let is = |name: &str| variables.get(name).is_some_and(|value| !value.eq_ignore_ascii_case("false"));
    let found = |provider, what, clone| Ok(Some(Event { provider, what, clone }));
    if is("GITHUB_ACTIONS") {
        return found("GitHub Actions", github::what(variables)?, "`fetch-depth: 0` of actions/checkout");
    }
    if is("GITLAB_CI") {
        return found("GitLab CI", gitlab::what(variables), "the variable `GIT_DEPTH: 0` of the job");
    }
    if is("BITBUCKET_BUILD_NUMBER") {
        return found("Bitbucket Pipelines", others::bitbucket(variables, known), "`clone: depth: full` of the pipeline");
    }
    if is("TF_BUILD") {
        return found("Azure Pipelines", others::azure(variables, known), "`fetchDepth: 0` of the checkout step");
    }
    if is("CIRCLECI") {
        return found("CircleCI", others::circle(variables, known), "`method: full` of the checkout step");
    }
    if is("TRAVIS") {
        return found("Travis CI", others::travis(variables, known), "`git: depth: false`");
    }
    if is("BUILDKITE") {
        return found("Buildkite", others::buildkite(variables, known), "a clone without `--depth` in BUILDKITE_GIT_CLONE_FLAGS");
    }
    if is("DRONE") {
        return found("Drone", others::drone(variables, known), "no `depth` in `clone`");
    }
    if is("JENKINS_URL") || variables.get("BUILD_TAG").is_some_and(|tag| tag.starts_with("jenkins-")) {
        return found("Jenkins", others::jenkins(variables, known), "a checkout without \"shallow clone\"");
    }
    Ok(None)
}

/// Chooses the commits, and fetches what is lacking where that was asked for.
fn commits_here(ci: &CiRun, event: &Event, commits: &Commits, mut opened: Opened) -> Result<(Opened, Choice)> {
    let mut steps = STEPS.iter();
    let mut given_up: Vec<String> = Vec::new();
    let mut asked: Vec<Vec<String>> = Vec::new();
    loop {
        let lack = match opened.choose(commits, &given_up)? {
            Ok(choice) => return Ok((opened, choice)),
            Err(lack) => lack,
        };
        let step = if lack.shallow { steps.next().copied() } else { None };
        // A branch that was pushed over is mostly gone from the server, too. In a shallow clone it may only not be here.
        let named = commits.base.contains(&Base::Commit(lack.fetch[0].clone()));
        let optional = named && !given_up.contains(&lack.fetch[0]) && (commits.all_is_new || commits.base.len() > 1);
        if optional && if ci.deepen { asked.contains(&lack.fetch) } else { !opened.is_shallow() } {
            given_up.push(lack.fetch[0].clone());
            continue;
        }
        if !ci.deepen || (lack.shallow && step.is_none()) || (!lack.shallow && asked.contains(&lack.fetch)) {
            return Err(too_shallow(event, &lack));
        }
        display::say("ci", &format!("{}; fetching it", lack.why));
        match git::run(&fetch(step, &lack.fetch)) {
            Err(error) if !optional => return Err(error),
            _ => asked.push(lack.fetch),
        }
        opened = Opened::new(&ci.place)?;
    }
}

/// Makes sure that the whole history is here.
fn whole(ci: &CiRun, event: &Event, opened: Opened) -> Result<()> {
    if !opened.is_shallow() {
        return Ok(());
    }
    let head = opened.refs.head.map_or("HEAD".to_owned(), |head| head.hex());
    let lack = Lack { why: "the history of this clone is cut off".to_owned(), fetch: vec![head], shallow: true };
    if !ci.deepen {
        return Err(too_shallow(event, &lack));
    }
    display::say("ci", &format!("{}; fetching the rest", lack.why));
    git::run(&fetch(Some("--unshallow"), &lack.fetch))
}

fn fetch(step: Option<&str>, what: &[String]) -> Vec<String> {
    // What a pipeline's variable says is never an option.
    let words = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"].into_iter().chain(step).chain(["--", REMOTE]);
    words.map(str::to_owned).chain(what.iter().cloned()).collect()
}

fn too_shallow(event: &Event, lack: &Lack) -> Error {
    let step = lack.shallow.then_some("--unshallow");
    let command: Vec<String> = fetch(step, &lack.fetch)
        .into_iter()
        .filter(|word| !["--quiet", "--no-recurse-submodules", "--"].contains(&word.as_str()))
        .collect();
    let setting = if event.clone.is_empty() { String::new() } else { format!("; so does {}", event.clone) };
    Error::input(format!("{}: {}", event.provider, lack.why))
        .hint(format!("`git {}` mends it{setting}; `unleak ci --deepen` does it by itself", command.join(" ")))
}
