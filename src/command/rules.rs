//! `unleak rules`: lists, shows, tries and checks rules.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use unleak::detect::Detector;
use unleak::error::{Error, Exit, Kind, Result, describe};
use unleak::report::rules as page;
use unleak::rule::lint::lint;
use unleak::rule::{Rule, RuleSet};
use unleak::trial;

use crate::cli::{RulesCommand, RulesFiles, RulesList, RulesShow};
use crate::{config, display};

/// Runs one of the commands.
pub fn run(command: RulesCommand) -> Result<Exit> {
    match command {
        RulesCommand::List(args) => list(&args),
        RulesCommand::Show(args) => show(&args),
        RulesCommand::Test(args) => test(&args),
        RulesCommand::Check(args) => check(&args),
    }
}

/// Writes to standard output. A reader that went away is no error.
pub fn print(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match fill(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(Kind::Output, format!("standard output: {}", describe(&error))))
        }
        _ => Ok(()),
    }
}

fn list(args: &RulesList) -> Result<Exit> {
    let rules = config::chosen(&args.choice)?;
    for name in &args.provider {
        rules.named(name)?;
    }
    let words: Vec<String> = args.words.iter().map(|word| word.to_lowercase()).collect();
    let wanted = |rule: &&Rule| {
        let spec = &rule.spec;
        let own = args.provider.is_empty() || args.provider.iter().any(|name| spec.provider.eq_ignore_ascii_case(name));
        let text = [&spec.id, &spec.provider, &spec.name].into_iter().chain(spec.keywords.iter()).chain(spec.aliases.iter());
        let text = text.map(|text| text.to_lowercase()).collect::<Vec<_>>().join(" ");
        own && words.iter().all(|word| text.contains(word))
    };
    let found: Vec<&Rule> = rules.rules().iter().filter(wanted).collect();
    print(|out| if args.output.format == "json" { page::list_json(&found, out) } else { page::list(&found, out) })?;
    Ok(Exit::Clean)
}

fn show(args: &RulesShow) -> Result<Exit> {
    let rules = config::chosen(&args.choice)?;
    let mut found: Vec<&Rule> = Vec::new();
    for id in &args.ids {
        for rule in rules.named(id)? {
            if !found.iter().any(|known| known.spec.id == rule.spec.id) {
                found.push(rule);
            }
        }
    }
    print(|out| {
        if args.output.format == "json" {
            return page::show_json(&found, out);
        }
        for (number, rule) in found.iter().enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            page::show(rule, out)?;
        }
        Ok(())
    })?;
    Ok(Exit::Clean)
}

/// The rules that the files hold; the built-in ones without any.
fn of_files(files: &[PathBuf]) -> Result<RuleSet> {
    if files.is_empty() {
        // Those that only run on request have examples, too.
        return Ok(RuleSet::builtin().with_entropy());
    }
    let mut rules = RuleSet::empty();
    files.iter().try_for_each(|file| rules.load(file))?;
    Ok(rules)
}

fn test(args: &RulesFiles) -> Result<Exit> {
    let detector = Detector::new(of_files(&args.files)?, trial::NOW);
    let (mut examples, mut failed, mut without) = (0, Vec::new(), Vec::new());
    for index in 0..detector.rules().rules().len() as u32 {
        let spec = &detector.rule(index).spec;
        examples += spec.matches.len() + spec.skip.len();
        if spec.matches.is_empty() {
            without.push(spec.id.as_ref());
        }
        let faults = trial::matches(&detector, index).into_iter().chain(trial::skips(&detector, index));
        failed.extend(faults.map(|why| format!("{}: {why}", spec.id)));
    }
    print(|out| {
        failed.iter().try_for_each(|line| writeln!(out, "FAIL {line}"))?;
        without.iter().try_for_each(|id| writeln!(out, "NONE {id}: it has no `match` example"))?;
        writeln!(
            out,
            "{}, {}, {} failed",
            display::count(detector.rules().rules().len(), "rule"),
            display::count(examples, "example"),
            failed.len()
        )
    })?;
    Ok(if failed.is_empty() { Exit::Clean } else { Exit::Findings(1) })
}

fn check(args: &RulesFiles) -> Result<Exit> {
    let known = RuleSet::builtin();
    if args.files.is_empty() {
        // The build has checked them; what is left is that each regex compiles.
        known.rules().iter().for_each(|rule| _ = rule.regex().captures_len());
        print(|out| writeln!(out, "{} built-in rules, 0 errors, 0 warnings", known.rules().len()))?;
        return Ok(Exit::Clean);
    }
    let lints: Vec<_> = args.files.iter().map(|file| lint(file, &known)).collect();
    let (errors, warnings) = (lints.iter().map(|l| l.errors.len()).sum::<usize>(), lints.iter().map(|l| l.warnings.len()).sum::<usize>());
    print(|out| {
        for lint in &lints {
            lint.errors.iter().try_for_each(|fault| writeln!(out, "error: {fault}"))?;
            lint.warnings.iter().try_for_each(|fault| writeln!(out, "warning: {fault}"))?;
        }
        let rules = lints.iter().map(|l| l.rules).sum();
        writeln!(out, "{}, {}, {}", display::count(rules, "rule"), display::count(errors, "error"), display::count(warnings, "warning"))
    })?;
    Ok(if errors == 0 { Exit::Clean } else { Exit::Usage })
}
