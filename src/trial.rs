//! A rule against its own examples, through the detector as a scan uses it: what `match` shows is found wherever
//! it stands, what `skip` shows is not. The same for built-in rules and a user's own. It knows no rule by name.

use std::ops::Range;

use crate::detect::{Detector, Match};
use crate::finding::Confidence;
use crate::rule::{Rule, example};

/// What is "now" in a trial, a day in 2026: expiry dates in examples mean the same every year.
pub const NOW: i64 = 1_780_000_000;

/// So many times the made-up characters of an example are made up.
const SEEDS: u64 = 8;

/// Places in which a token on its own is found in the wild; `@` is where it stands.
const SURROUNDINGS: &[&str] = &[
    "@",
    "\n@\n",
    "API_VALUE=@\n",
    "export VALUE=\"@\"\n",
    "let value = '@';\n",
    "{\"name\": \"lake\", \"value\": \"@\", \"size\": 3}",
    "service:\n  value: @\n  size: 3\n",
    "- @\n",
    "X-Service-Value: @\r\nAccept: */*\r\n",
    "https://service.example.com/list?value=@&size=3",
    "<value>@</value>",
    "run --value @ --size 3\n",
    "{\\\"value\\\": \\\"@\\\"}",
    "`@`, (@)",
    "The service answers to @, which was made in spring.",
];

/// Places for an example that brings its own surroundings along.
const LINES: &[&str] = &["@", "# settings\n\n@\n", "first line\nsize = 3\n@\nlast line\n"];

/// What is wrong with the `match` examples of a rule, by its index; each fault names the example and says why.
pub fn matches(detector: &Detector, index: u32) -> Vec<String> {
    let rule = detector.rule(index);
    let mut faults = Vec::new();
    for shown in rule.spec.matches.iter() {
        match completions(rule, shown) {
            Ok(texts) => faults.extend(found_everywhere(detector, index, &texts).err().map(|why| format!("match {shown:?} {why}"))),
            Err(why) => faults.push(format!("match {shown:?}: {why}")),
        }
    }
    faults
}

/// What is wrong with the `skip` examples of a rule.
pub fn skips(detector: &Detector, index: u32) -> Vec<String> {
    let rule = detector.rule(index);
    let mut faults = Vec::new();
    for shown in rule.spec.skip.iter() {
        let texts = match completions(rule, shown) {
            Ok(texts) => texts,
            Err(why) => {
                faults.push(format!("skip {shown:?}: {why}"));
                continue;
            }
        };
        let quoted = texts.iter().flat_map(|text| [text.clone(), format!("value = \"{text}\"\n")]);
        let found = |text: String| own(detector, index, &text).iter().find(|m| counts(m)).map(|m| text[secret(m)].to_owned());
        faults.extend(quoted.into_iter().find_map(found).map(|value| format!("skip {shown:?} is found: {value:?}")));
    }
    faults
}

fn completions(rule: &Rule, shown: &str) -> Result<Vec<String>, String> {
    (1..=SEEDS).map(|seed| example::complete(shown, rule.spec.check.as_deref(), seed)).collect()
}

fn found_everywhere(detector: &Detector, index: u32, texts: &[String]) -> Result<(), String> {
    let made_up = made_up(texts);
    for text in texts {
        let bare = own(detector, index, text);
        let Some(first) = bare.iter().find(|m| m.judged.dropped.is_none()) else {
            let why = bare.first().map_or_else(|| nothing(detector, index, text), dropped);
            return Err(format!("is not found alone: {text:?} ({why})"));
        };
        let own_span = secret(first);
        if made_up.as_ref().is_some_and(|made_up| made_up.start < own_span.start || made_up.end > own_span.end) {
            return Err(format!("has made-up characters outside of its secret {:?}", &text[own_span]));
        }
        let alone = own_span == (0..text.len());
        for surrounding in if alone { SURROUNDINGS } else { LINES } {
            let whole = surrounding.replace('@', text);
            let right = |m: &Match| m.judged.dropped.is_none() && whole[secret(m)] == text[own_span.clone()];
            if !own(detector, index, &whole).iter().any(right) {
                return Err(format!("is not found in {whole:?}"));
            }
        }
    }
    Ok(())
}

/// Why there is no match at all.
fn nothing(detector: &Detector, index: u32, text: &str) -> String {
    let rule = detector.rule(index);
    let spelled = |text: &str| if rule.bound.caseless { text.to_ascii_lowercase() } else { text.to_owned() };
    let has = rule.spec.keywords.iter().any(|keyword| spelled(text).contains(&spelled(keyword)));
    if has || rule.spec.keywords.is_empty() { "the regex does not match".to_owned() } else { "it holds none of the keywords".to_owned() }
}

fn dropped(found: &Match) -> String {
    format!("dropped by {}: {}", found.judged.dropped.unwrap_or_default(), found.judged.reasons.join(", "))
}

/// Where the texts differ: what the example leaves to chance, if anything.
fn made_up(texts: &[String]) -> Option<Range<usize>> {
    let first = texts[0].as_bytes();
    let differs = |at: &usize| texts.iter().any(|other| other.as_bytes().get(*at) != first.get(*at));
    Some((0..first.len()).find(differs)?..(0..first.len()).rfind(differs)? + 1)
}

fn own(detector: &Detector, index: u32, text: &str) -> Vec<Match> {
    detector.scan(text.as_bytes(), None).matches().into_iter().filter(|m| m.rule == index).cloned().collect()
}

fn secret(found: &Match) -> Range<usize> {
    found.secret_start as usize..found.secret_end as usize
}

fn counts(found: &Match) -> bool {
    found.judged.dropped.is_none() && found.judged.confidence >= Confidence::Medium
}
