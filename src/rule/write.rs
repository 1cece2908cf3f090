//! A rule as TOML, the way its author could have written it; what it leaves out is what says nothing.

use super::spec::{File, Spec};

/// The rule as a `[[rule]]` of a rule file.
pub fn toml(spec: &Spec) -> String {
    toml::to_string_pretty(&File { rule: vec![spec.clone()] }).unwrap_or_else(|error| format!("# {error}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleSet;

    #[test]
    fn what_is_written_reads_the_same() {
        for rule in RuleSet::builtin().rules() {
            let text = toml(&rule.spec);
            let back: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", rule.spec.id));
            assert_eq!(format!("{:?}", back.rule[0]), format!("{:?}", rule.spec), "{text}");
        }
    }
}
