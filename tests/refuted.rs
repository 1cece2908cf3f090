//! A token whose check refutes it is in no default report, whatever stands around it: for every rule with a check that
//! can refute, its own examples with one character changed, through the program. No whole token stands here.
#![cfg(unix)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;

use common::run::{Report, run};
use data_encoding::BASE64;
use unleak::detect::{Detector, Match};
use unleak::finding::Confidence;
use unleak::rule::{Rule, RuleSet, example};
use unleak::trial::NOW;

/// Places in which other rules would take the value up; `§` is where it stands, `¤` its base64, `¶` that of a pair
/// with a user, `%P` the provider's word.
const SURROUNDINGS: &[&str] = &[
    "§",
    "password = \"§\"",
    "API_TOKEN=§",
    "secret_key: §",
    "{\"access_token\": \"§\", \"size\": 3}",
    "%P_API_KEY=§",
    "%P.secret = '§'",
    "const %PToken = \"§\";",
    "Authorization: Bearer §",
    "Authorization: token §",
    "Authorization: Basic ¶",
    "\"auth\": \"¶\"",
    "apiToken: ¤",
    "https://deploy:§@git.corp.io/team/app.git",
    "https://§:x-oauth-basic@git.corp.io/team/app.git",
    "postgres://app:§@db.corp.io:5432/shop",
    "curl -u deploy:§ https://api.corp.io/",
    "https://api.corp.io/list?access_token=§&size=3",
    "machine git.corp.io login joe password §",
    "//registry.corp.io/:_authToken=§",
    "tool --token § --size 3",
    "<password>§</password>",
    "client.withApiKey('§')",
    "ENV SERVICE_TOKEN §",
    "- name: SERVICE_TOKEN\n  value: §",
    "user: joe / password: § (vpn)",
];

/// One token that is refuted, with the text it stands in.
struct Case {
    rule: String,
    provider: String,
    text: String,
    token: String,
    anywhere: bool,
}

#[test]
fn no_refuted_token_is_in_the_default_report() {
    let detector = Detector::new(RuleSet::builtin(), NOW);
    let (mut cases, mut unrefuted) = (Vec::new(), BTreeSet::new());
    for (index, rule) in detector.rules().rules().iter().enumerate().filter(|(_, rule)| rule.check.is_some()) {
        let refuted = refuted(&detector, index as u32, rule);
        if refuted.is_empty() {
            unrefuted.insert(rule.spec.id.to_string());
        }
        cases.extend(refuted);
    }
    let folder = tempfile::tempdir().unwrap();
    for (number, case) in cases.iter().enumerate() {
        fs::write(folder.path().join(format!("settings-{number}.txt")), surrounded(case)).unwrap();
    }
    let report = run(folder.path(), folder.path(), &["dir", ".", "-f", "json", "--show-secrets"]).report();
    let mut faults: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (number, line, rule) in places(&report) {
        let case = &cases[number];
        let line = surrounded(case).lines().nth(line - 1).unwrap_or_default().replace(&case.token, "§");
        faults.entry(format!("{} as {rule}", case.rule)).or_default().push(line.chars().take(90).collect());
    }
    let rules: BTreeSet<&str> = cases.iter().map(|case| &case.rule[..]).collect();
    let count: usize = cases.iter().map(|case| if case.anywhere { SURROUNDINGS.len() + 1 } else { 1 }).sum();
    println!("{} tokens of {} rules in {count} places", cases.len(), rules.len());
    println!("rules whose check refutes nothing of this kind: {unrefuted:?}");
    let listed = faults.iter().map(|(what, lines)| format!("{what} {} times: {:?}", lines.len(), &lines[..lines.len().min(3)]));
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), listed.collect::<Vec<_>>().join("\n"));
    assert!(rules.len() >= 55, "{}", rules.len());
    // None is lost: whoever asks for the low tier sees each.
    let low = run(folder.path(), folder.path(), &["dir", ".", "-f", "json", "--show-secrets", "--confidence", "low"]).report();
    let seen: BTreeSet<usize> = places(&low).map(|(number, ..)| number).collect();
    let lost: Vec<&str> = (0..cases.len()).filter(|number| !seen.contains(number)).map(|number| &cases[number].text[..]).collect();
    assert!(lost.is_empty(), "{lost:#?}");
}

/// Every place: the number of its case, its line, and the finding's rule.
fn places(report: &Report) -> impl Iterator<Item = (usize, usize, &str)> {
    report.findings().iter().flat_map(|finding| {
        finding["places"].as_array().unwrap().iter().map(move |place| {
            let path = place["path"].as_str().unwrap();
            let number = path["settings-".len()..path.len() - ".txt".len()].parse().unwrap();
            (number, place["line"].as_u64().unwrap() as usize, finding["rule"].as_str().unwrap())
        })
    })
}

fn surrounded(case: &Case) -> String {
    let mut text = format!("{}\n\n", case.text);
    if case.anywhere {
        let pair = BASE64.encode(format!("deploy:{}", case.token).as_bytes());
        for surrounding in SURROUNDINGS {
            let line = surrounding.replace("%P", &case.provider).replace('¶', &pair).replace('¤', &BASE64.encode(case.token.as_bytes()));
            text += &(line.replace('§', &case.token) + "\n\n");
        }
    }
    text
}

/// The rule's examples, each with characters changed so that its check says no.
fn refuted(detector: &Detector, index: u32, rule: &Rule) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shown, seed) in rule.spec.matches.iter().take(4).flat_map(|shown| (1..=2).map(move |seed| (shown, seed))) {
        let text = example::complete(shown, rule.spec.check.as_deref(), seed).unwrap();
        let Some(secret) = own(detector, index, &text).filter(|own| !own.judged.refuted).map(|own| span(&own)) else { continue };
        let len = secret.len();
        for part in [len / 3..len, len * 2 / 3..len, len.saturating_sub(5)..len] {
            let Some(altered) = altered(detector, index, &text, &secret, part) else { continue };
            let token = altered[secret.clone()].to_owned();
            // A shape that others have, too, is only known beside its provider's word: it stands where its example has it.
            // What is longer than any value of an assignment is a file of its own.
            let anywhere = rule.confidence == Confidence::High && token.len() <= 300 && !token.contains(['\n', ' ']);
            let (rule, provider) = (rule.spec.id.to_string(), rule.spec.provider.to_string());
            cases.push(Case { rule, provider, text: altered, token, anywhere });
        }
    }
    cases
}

/// The text with one character of the secret changed to another of its kind, the first in that part with which it keeps
/// its shape and the check refutes it.
fn altered(detector: &Detector, index: u32, text: &str, secret: &Range<usize>, part: Range<usize>) -> Option<String> {
    part.take(16).find_map(|at| {
        let mut bytes = text.as_bytes().to_vec();
        let place = &mut bytes[secret.start + at];
        *place = match *place {
            b'9' | b'z' | b'Z' => *place - 1,
            b'f' => b'a',
            b'F' => b'A',
            byte if byte.is_ascii_alphanumeric() => byte + 1,
            _ => return None,
        };
        let altered = String::from_utf8(bytes).unwrap();
        own(detector, index, &altered).filter(|own| own.judged.refuted && span(own) == *secret).map(|_| altered)
    })
}

fn own(detector: &Detector, index: u32, text: &str) -> Option<Match> {
    let memo = detector.scan(text.as_bytes(), None);
    memo.matches().into_iter().find(|m| m.rule == index && m.judged.dropped.is_none()).cloned()
}

fn span(found: &Match) -> Range<usize> {
    found.secret_start as usize..found.secret_end as usize
}
