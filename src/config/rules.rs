//! Which rules the commands on rules work with.

use unleak::error::Result;
use unleak::rule::RuleSet;

use crate::cli::RulesChoice;

/// The rules that the options leave in force.
pub fn rules(choice: &RulesChoice) -> Result<RuleSet> {
    let mut rules = RuleSet::builtin();
    for path in &choice.rules {
        rules.load(path)?;
    }
    rules.select(&choice.rule, &choice.exclude_rule)?;
    Ok(rules)
}
