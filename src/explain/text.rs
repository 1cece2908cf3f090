//! An explanation for people: a block for each match, then the keywords around which nothing was found.

use std::io::{self, Write};

use super::{Account, Explanation, Reported, Verdict};
use crate::report::sanitize::sanitize;

/// Most rules that are named for one keyword, and most keywords.
const RULES: usize = 6;
const MISSES: usize = 20;

/// Writes it.
pub fn text(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let path = explanation.path.as_deref().unwrap_or("standard input");
    for account in &explanation.matches {
        block(path, account, out)?;
        writeln!(out)?;
    }
    // Where something matched and no line was asked for, what did not match is only noise.
    if explanation.line.is_some() || explanation.matches.is_empty() {
        misses(explanation, out)?;
    }
    let where_ = explanation.line.map_or_else(|| path.to_owned(), |line| format!("{path}:{line}"));
    let (matches, keywords) = (explanation.matches.len(), explanation.misses.len());
    match (matches, keywords) {
        (0, 0) => writeln!(out, "{}: no keyword of any rule stands there, so no rule looked.", sanitize(&where_)),
        (0, _) => writeln!(out, "{}: keywords stand there, but no rule matches around them.", sanitize(&where_)),
        (1, _) => writeln!(out, "{}: 1 match.", sanitize(&where_)),
        _ => writeln!(out, "{}: {matches} matches.", sanitize(&where_)),
    }
}

fn block(path: &str, account: &Account, out: &mut dyn Write) -> io::Result<()> {
    let mut line = |label: &str, text: &str| writeln!(out, "  {label:<10}{}", sanitize(text));
    let mut lines = Vec::new();
    for keyword in &account.keywords {
        if keyword.text.is_empty() {
            lines.push(("keyword", "none: the rule needs none".to_owned()));
            continue;
        }
        let at = format!("{:?} at {}:{}", keyword.text, keyword.at.line, keyword.at.column);
        lines.push(("keyword", format!("{at}, searched bytes {} to {}", keyword.window.start, keyword.window.end)));
    }
    for said in &account.steps {
        let (label, name) = said.by.split_once(' ').unwrap_or(("filter", &said.by));
        lines.push((label, format!("{name}: {}{}", said.word, said.why.map_or(String::new(), |why| format!(", {why}")))));
    }
    match &account.verdict {
        Verdict::Reported(reported) => told(reported, "reported", &mut lines),
        Verdict::LowTier(reported) => told(reported, "low tier, shown with --confidence low only", &mut lines),
        Verdict::InPair { with } => lines.push(("verdict", format!("told in the finding of {with}, whose other half it is"))),
        Verdict::Dropped { by, why } => lines.push(("verdict", format!("dropped by {by}: {why}"))),
        Verdict::Outranked { by } => lines.push(("verdict", format!("not told: {by} is surer of the same bytes"))),
        Verdict::Covered => lines.push(("verdict", "not told: another match of the same rule covers it".to_owned())),
    }
    line("rule", &format!("{} ({})", account.rule, account.name))?;
    line("value", &account.secret)?;
    line("place", &format!("{path}:{}:{}", account.at.line, account.at.column))?;
    lines.iter().try_for_each(|(label, text)| line(label, text))
}

fn told(reported: &Reported, how: &str, lines: &mut Vec<(&str, String)>) {
    if !reported.facts.is_empty() {
        let facts: Vec<String> = reported.facts.iter().map(|(key, value)| format!("{key} {value}")).collect();
        lines.push(("says", facts.join(", ")));
    }
    let reasons = if reported.reasons.is_empty() { "nothing but its shape".to_owned() } else { reported.reasons.join("; ") };
    lines.push(("score", format!("{:.2}: {reasons}", reported.score)));
    lines.push(("verdict", format!("{how}, as {}: {} severity, {} confidence", reported.rule, reported.severity, reported.confidence)));
}

fn misses(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    for miss in explanation.misses.iter().take(MISSES) {
        let mut rules = miss.rules.iter().take(RULES).cloned().collect::<Vec<_>>().join(", ");
        if miss.rules.len() > RULES {
            rules = format!("{rules} and {} more", miss.rules.len() - RULES);
        }
        let text = format!("{:?} at {}:{}: no match by {rules}", miss.keyword, miss.at.line, miss.at.column);
        writeln!(out, "  near      {}", sanitize(&text))?;
    }
    let more = explanation.misses.len().saturating_sub(MISSES);
    if more > 0 {
        writeln!(out, "  near      {more} more keywords")?;
    }
    Ok(())
}
