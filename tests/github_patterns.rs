//! The page on GitHub's patterns, held to the list of these and to the rules: every pattern has its row, every row
//! names rules that exist or says why there is none.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use unleak::rule::RuleSet;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The table's rows: provider, pattern, rules or reason.
fn rows(page: &str) -> Vec<[String; 3]> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| provider |"));
    rows.map(|line| {
        let cells: Vec<String> = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
        cells.try_into().unwrap_or_else(|cells| panic!("{line}: {cells:?}"))
    })
    .collect()
}

#[test]
fn the_page_has_each_pattern_once_and_no_other() {
    let listed: Vec<String> = read("tests/data/github-patterns.txt").lines().map(str::to_owned).collect();
    let shown: Vec<String> =
        rows(&read("docs/github-patterns.md")).iter().map(|[provider, pattern, _]| format!("{provider}: {pattern}")).collect();
    assert!(listed.len() > 450, "{}", listed.len());
    assert_eq!(shown, listed);
    assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), shown.len());
}

#[test]
fn each_row_names_rules_that_exist_or_a_reason() {
    let rules = RuleSet::builtin();
    let ids: BTreeSet<&str> = rules.rules().iter().map(|rule| rule.spec.id.as_ref()).collect();
    let mut faults = Vec::new();
    let mut found = 0;
    for [_, pattern, cell] in rows(&read("docs/github-patterns.md")) {
        let named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        faults.extend(named.iter().filter(|id| !ids.contains(*id)).map(|id| format!("{pattern}: {id} is no rule")));
        let reason = cell.strip_prefix("none: ").is_some_and(|why| why.len() > 10);
        if named.is_empty() != reason {
            faults.push(format!("{pattern}: {cell:?} names no rule and gives no reason"));
        }
        found += usize::from(!named.is_empty());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(found >= 390, "{found} patterns have a rule");
}
