//! `unleak doctor`: does it work here? A fake secret is planted and must be found through the configuration in
//! force; then git, the repository, the hooks and the pipeline are looked at. Nothing is changed.

use unleak::error::{Error, Exit, Result};
use unleak::finding::PlaceKind;
use unleak::outcome::Outcome;
use unleak::report::sanitize::sanitize;
use unleak::rule::{RuleSet, example};
use unleak::scan::Text;
use unleak::source::target::Mode;

use super::{ci, git, hook, scan};
use crate::cli::ReportArgs;
use crate::config::around::Around;
use crate::config::{self, Job};
use crate::display::answer;

/// Where the fake secrets are planted.
const CANARY: &str = "src/canary.env";
/// So many rules are tried.
const CANARIES: usize = 8;

/// Looks at everything.
pub fn run(args: &ReportArgs) -> Result<Exit> {
    let mut doctor = Doctor { ill: false };
    doctor.program(args)?;
    doctor.git()?;
    doctor.hooks()?;
    doctor.pipeline();
    answer(if doctor.ill { "something is wrong here" } else { "all is well" });
    Ok(if doctor.ill { Exit::Incomplete } else { Exit::Clean })
}

struct Doctor {
    ill: bool,
}

impl Doctor {
    fn fine(&self, text: &str) {
        answer(&format!("ok       {}", sanitize(text)));
    }

    fn note(&self, text: &str) {
        answer(&format!("note     {}", sanitize(text)));
    }

    fn wrong(&mut self, text: &str, hint: Option<&str>) {
        self.ill = true;
        answer(&format!("problem  {}", sanitize(text)));
        if let Some(hint) = hint {
            answer(&format!("         {}", sanitize(hint)));
        }
    }

    fn error(&mut self, error: &Error) {
        self.wrong(&error.message, error.hint.as_deref());
    }

    /// The configuration in force, and a fake secret through it.
    fn program(&mut self, args: &ReportArgs) -> Result<()> {
        let loaded = Around::new(&[".".into()], Mode::Auto, args).and_then(|around| {
            let plan = config::plan(&around)?;
            config::job(plan, args, &around).map(|job| (around, job))
        });
        let (around, mut job) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                self.error(&error);
                return Ok(());
            }
        };
        let names: Vec<String> = around.layers.names().iter().map(|name| name.display().to_string()).collect();
        let names = if names.is_empty() { "none; the defaults are in force".to_owned() } else { names.join(", ") };
        self.fine(&format!("unleak {}, {} rules", env!("CARGO_PKG_VERSION"), job.rules.rules().len()));
        self.fine(&format!("configuration: {names}"));
        for notice in job.plan.notices.clone() {
            self.note(&format!("{}: {}", notice.place, notice.why));
        }
        self.canary(&mut job)
    }

    fn canary(&mut self, job: &mut Job) -> Result<()> {
        if !job.plan.wants(CANARY.as_bytes()) {
            self.wrong(&format!("a file like {CANARY} would not be scanned"), Some("paths.include and paths.exclude leave it out"));
            return Ok(());
        }
        let planted = planted(&job.rules);
        if planted.is_empty() {
            self.note("no rule in force has an example that could be planted");
            return Ok(());
        }
        let text = |(_, line): &(String, String)| Text {
            name: CANARY.into(),
            kind: PlaceKind::File,
            path: Some(CANARY.into()),
            bytes: line.clone().into_bytes(),
            before: Vec::new(),
        };
        job.plan.texts = planted.iter().map(text).collect();
        let outcome = scan::outcome(job)?;
        let counts = scan::found(job, &outcome);
        let missed: Vec<&str> = planted.iter().map(|(rule, _)| rule.as_str()).filter(|rule| !names(&outcome, rule)).collect();
        match missed.as_slice() {
            [] if counts => self.fine(&format!("canary: {} fake secrets were planted and found", planted.len())),
            [] => self
                .wrong("canary: fake secrets were found, but none is severe enough to fail a run", Some("thresholds.fail_on is too high")),
            missed => {
                let hidden: u64 = outcome.hidden.len() as u64 + outcome.coverage.below_threshold;
                let why = if hidden > 0 {
                    "what the configuration hides or leaves out may be too much"
                } else {
                    "the rule may be replaced or broken"
                };
                self.wrong(&format!("canary: planted and not reported: {}", missed.join(", ")), Some(why));
            }
        }
        Ok(())
    }

    /// Git, and the repository of the working directory.
    fn git(&mut self) -> Result<()> {
        match git::ask(&["--version"]) {
            Ok(Some(version)) => self.fine(&version),
            Ok(None) => self.wrong("git is there but does not tell its version", None),
            Err(error) => {
                self.note(&format!("{}: only cloning a URL, `hook install` and `ci --deepen` need it", error.message));
                return Ok(());
            }
        }
        let Some(top) = git::ask(&["rev-parse", "--absolute-git-dir"])? else {
            self.note("the working directory is in no git repository, or in one of somebody else that git refuses");
            return Ok(());
        };
        let is = |answer: Option<String>| answer.as_deref() == Some("true");
        self.fine(&format!("repository: {top}"));
        if is(git::ask(&["rev-parse", "--is-shallow-repository"])?) {
            self.note("the clone is shallow: a full scan is incomplete; `git fetch --unshallow` brings the rest");
        }
        if git::ask(&["config", "--get", "extensions.partialClone"])?.is_some() {
            self.note("the clone is partial: what was left out is not scanned; `git fetch --refetch --no-filter` brings it");
        }
        if git::ask(&["rev-parse", "--show-ref-format"])?.as_deref() == Some("reftable") {
            self.wrong(
                "refs are kept in the reftable format, which is not read",
                Some("objects are scanned; ranges of commits are not to be had"),
            );
        }
        Ok(())
    }

    fn hooks(&mut self) -> Result<()> {
        let lines = match hook::lines() {
            Ok(lines) => lines,
            Err(_) => return Ok(()),
        };
        let installed: Vec<&String> = lines.iter().filter(|line| line.contains(": installed in")).collect();
        if installed.is_empty() {
            self.note("no hook is installed here; `unleak hook install` looks at each commit");
        }
        for line in installed {
            if line.contains(" is gone") || line.contains("but git runs") {
                self.wrong(line, Some("`unleak hook install` puts it right"));
            } else {
                self.fine(line);
            }
        }
        Ok(())
    }

    fn pipeline(&mut self) {
        match ci::provider() {
            Ok(Some(name)) => self.fine(&format!("pipeline: {name}; `unleak ci` knows its variables")),
            Ok(None) => {}
            Err(error) => self.error(&error),
        }
    }
}

/// Fake secrets of some rules, with the rules' names: of those that prove theirs, else of any.
fn planted(rules: &RuleSet) -> Vec<(String, String)> {
    let example = |(seed, rule): (usize, &unleak::rule::Rule)| {
        let text = rule.spec.matches.first()?;
        let line = example::complete(text, rule.spec.check.as_deref(), seed as u64 + 1).ok()?;
        Some((rule.spec.id.to_string(), line))
    };
    let fit = |rule: &&unleak::rule::Rule| rule.spec.paths.is_empty() && rule.spec.confidence == "high" && rule.spec.pair.is_empty();
    let proving = rules.rules().iter().filter(fit).filter(|rule| rule.spec.matches.first().is_some_and(|text| text.contains("<checksum>")));
    let mut all: Vec<(String, String)> = proving.enumerate().filter_map(example).take(CANARIES).collect();
    if all.is_empty() {
        all = rules.rules().iter().filter(fit).enumerate().filter_map(example).take(1).collect();
    }
    all
}

/// Whether the outcome has a finding of that rule.
fn names(outcome: &Outcome, rule: &str) -> bool {
    let also = format!("also matched by {rule}");
    outcome.findings.iter().any(|finding| finding.rule == rule || finding.reasons.contains(&also))
}
