//! Which rules are in force: the built-in ones, those of configurations and `--rules`, less what is left out.

use unleak::coverage::Notice;
use unleak::error::{Error, Result};
use unleak::finding::Severity;
use unleak::rule::RuleSet;

use super::around::Around;
use super::layers::Said;
use super::origin::Trust;
use crate::cli::{ReportArgs, RulesChoice};

/// The rules; what had to be disabled is added to the notices.
pub fn rules(args: &ReportArgs, around: &Around, notices: &mut Vec<Notice>) -> Result<RuleSet> {
    let layers = &around.layers;
    let mut rules = if layers.without_builtin() { RuleSet::empty() } else { RuleSet::builtin() };
    for said in layers.rules() {
        rules.add(vec![said.value.clone()]).map_err(|why| said.wrong(&why))?;
    }
    let files = args.rules.iter().map(|path| RuleSet::files(path)).collect::<Result<Vec<_>>>()?;
    for path in files.iter().flatten() {
        let text = around.disk.user(path)?;
        let mut specs = RuleSet::parse(&text.name, &text.bytes)?;
        if text.trust == Trust::Tree {
            let mut disabled = 0;
            for spec in &mut specs {
                disabled += usize::from(spec.verify.take().is_some()) + usize::from(spec.revoke.take().is_some());
            }
            if disabled > 0 {
                let why = format!("{disabled} `verify` and `revoke` are disabled: the file lies in what is scanned");
                notices.push(Notice::info("configuration", text.name.clone(), why));
            }
        }
        rules.add(specs).map_err(|why| Error::configuration(format!("{}: {why}", text.name)))?;
    }
    if rules.rules().is_empty() {
        let names: Vec<String> = layers.names().iter().map(|name| name.display().to_string()).collect();
        let error = Error::configuration(format!("no rules are loaded, so nothing could be found ({})", names.join(", ")));
        return Err(error.hint("`extends` without \"builtin\" leaves the built-in rules out; add it, or rules of your own"));
    }
    adjust(&mut rules, args, around)?;
    Ok(rules)
}

/// Severities, then what is left out, by configuration and then by the command line.
fn adjust(rules: &mut RuleSet, args: &ReportArgs, around: &Around) -> Result<()> {
    let layers = &around.layers;
    for (name, level) in layers.severities() {
        known(rules, &name, &level)?;
        let severity = Severity::from_name(&level.value)
            .ok_or_else(|| level.wrong(&format!("{:?} is no severity: low, medium, high or critical", level.value)))?;
        rules.set_severity(&name, severity);
    }
    for said in layers.every(|file| &file.rules.enable).iter().chain(&layers.allowed_rules()) {
        known(rules, &said.value, said)?;
    }
    let mut disabled = layers.disabled();
    let only = layers.list(|file| file.rules.only.as_ref()).unwrap_or_default();
    for said in only.iter().chain(&disabled) {
        known(rules, &said.value, said)?;
    }
    // What the command line names is wanted, whatever a file says.
    disabled.retain(|said| !args.rule.contains(&said.value));
    let names = |said: &[Said<'_, String>]| said.iter().map(|said| said.value.clone()).collect::<Vec<_>>();
    let only = if args.rule.is_empty() { names(&only) } else { args.rule.clone() };
    rules.select(&only, &args.exclude_rule)?;
    let without: Vec<&Said<'_, String>> = disabled.iter().filter(|said| rules.knows(&said.value)).collect();
    let Some(first) = without.first() else { return Ok(()) };
    let names: Vec<String> = without.iter().map(|said| said.value.clone()).collect();
    let none = |error: Error| first.wrong(&error.message).hint("`rules.disable` leaves out all that `rules.only` or --rule leave in");
    rules.select(&[], &names).map_err(none)
}

fn known<T>(rules: &RuleSet, name: &str, said: &Said<'_, T>) -> Result<()> {
    if rules.knows(name) {
        return Ok(());
    }
    Err(said.wrong(&format!("there is no rule, alias or provider named {name:?}")).hint(rules.near(name)))
}

/// The rules that the options of the commands on rules leave in force.
pub fn chosen(choice: &RulesChoice) -> Result<RuleSet> {
    let mut rules = RuleSet::builtin();
    for path in &choice.rules {
        rules.load(path)?;
    }
    rules.select(&choice.rule, &choice.exclude_rule)?;
    Ok(rules)
}
