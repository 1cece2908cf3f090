//! A thousand findings of forty providers, each with a tenth of a second of latency: time, memory, and no request
//! beyond what a host is meant to get.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use unleak::rule::{RuleSet, example};
use unleak::scanner::Scanner;

use super::common::repo::Repo;
use super::common::run::{PROGRAM, finish, unleak};
use super::provider::{Manner, Provider, answer};

const PROVIDERS: usize = 40;
const EACH: u64 = 25;

/// Rules of distinct providers whose token is found alone, with that many tokens.
fn tokens() -> Vec<(String, Vec<String>)> {
    let rules = RuleSet::builtin();
    let scanner = Scanner::new(RuleSet::builtin());
    let mut seen = std::collections::BTreeSet::new();
    let mut all = Vec::new();
    for rule in rules.rules() {
        let spec = &rule.spec;
        let alone = spec.matches.iter().find(|shown| !shown.contains(['=', ':', '/', '"', '\'', '\n']));
        let asks = spec.verify.as_ref().is_some_and(|call| call.named.is_none() && call.placeholders().all(|name| name == "secret"));
        let status = spec.verify.as_ref().is_some_and(|call| call.dead.contains(&401) && call.dead_json.is_empty());
        let (Some(shown), true, "high") = (alone, asks && status, spec.confidence.as_ref()) else { continue };
        if seen.contains(&spec.provider) {
            continue;
        }
        let values: Vec<String> = (1..=EACH).filter_map(|seed| example::complete(shown, spec.check.as_deref(), seed * 7919).ok()).collect();
        if values.iter().any(|value| value.contains(' ')) {
            continue;
        }
        let mut found = 0;
        scanner.scan_bytes(values.join("\n").as_bytes(), &mut |f: &unleak::finding::Finding| {
            found += u64::from(f.rule == spec.id && f.uses.iter().all(|one| one.rivals.is_empty()));
        });
        if found == EACH {
            seen.insert(spec.provider.clone());
            all.push((spec.provider.to_string(), values));
        }
        if all.len() == PROVIDERS {
            break;
        }
    }
    all
}

#[test]
fn a_thousand_findings_of_forty_providers() {
    let tokens = tokens();
    assert_eq!(tokens.len(), PROVIDERS);
    let manner: Manner = Arc::new(|_| answer(401, "{}").after(Duration::from_millis(100)));
    let providers: Vec<Provider> = tokens.iter().map(|_| Provider::shared(Arc::clone(&manner))).collect();
    let repo = Repo::folder();
    let mut command = unleak(&repo.home);
    command.current_dir(&repo.path).args(["stdin", "--verify", "-f", "json"]);
    for ((name, _), provider) in tokens.iter().zip(&providers) {
        command.arg("--endpoint").arg(format!("{name}={}", provider.url()));
    }
    let input: String = tokens.iter().flat_map(|(_, values)| values).map(|value| format!("{value}\n")).collect();
    let (over, most) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let watch = {
        let (over, most) = (Arc::clone(&over), Arc::clone(&most));
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                most.fetch_max(children(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(50));
            }
        })
    };
    let begin = Instant::now();
    let ran = finish(command, input.as_bytes());
    let took = begin.elapsed();
    over.store(true, Ordering::Relaxed);
    watch.join().unwrap();
    let report = ran.report();
    let dead = report.findings().iter().filter(|finding| finding["verification"]["state"] == "dead").count();
    let memory = most.load(Ordering::Relaxed);
    println!("{dead} verdicts in {took:?}, {memory} KiB");
    assert_eq!(dead, PROVIDERS * EACH as usize);
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(memory > 0 && memory < 200 << 10, "{memory} KiB");
    for provider in &providers {
        assert_eq!(provider.heard().len(), EACH as usize);
    }
}

/// The peak of memory of our own running program, in KiB.
fn children() -> u64 {
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let status = processes.filter_map(|entry| std::fs::read_to_string(entry.path().join("status")).ok());
    let field = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next().map(str::to_owned)
    };
    let name = std::path::Path::new(PROGRAM).file_name().unwrap().to_string_lossy().into_owned();
    status
        .filter(|text| field(text, "PPid").as_deref() == Some(&own) && field(text, "Name").as_deref() == Some(&name))
        .filter_map(|text| field(&text, "VmHWM")?.parse().ok())
        .max()
        .unwrap_or(0)
}
