//! Embeds the scanner in a program of one's own: some bytes, then a folder or repository given as an argument.
//!
//! `cargo run --example embed -- PATH`

use unleak::finding::Finding;
use unleak::progress::Progress;
use unleak::rule::RuleSet;
use unleak::scan::Plan;
use unleak::scanner::Scanner;

fn main() -> unleak::error::Result<()> {
    let scanner = Scanner::new(RuleSet::builtin());
    let print = |finding: &Finding| {
        let place = &finding.places[0];
        println!("{} {} at line {}, column {}", finding.rule, finding.secret, place.line, place.column);
    };

    // Assembled here, so that no scanner takes this file for a leak.
    let text = format!("# settings\nAWS_ACCESS_KEY_ID={}{}\n", "AKIA", "Z3MSJV5WKLQGFB7H");
    scanner.scan_bytes(text.as_bytes(), &mut print.clone());

    if let Some(path) = std::env::args_os().nth(1) {
        let plan = Plan { targets: vec![path], ..Plan::default() };
        let outcome = scanner.scan(&plan, &Progress::new(), &mut print.clone())?;
        println!("{} findings, complete: {}", outcome.findings.len(), outcome.complete());
    }
    Ok(())
}
