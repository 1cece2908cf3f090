//! Every built-in rule against its own examples, through the detector as a scan uses it: what `match` shows is
//! found wherever it stands, what `skip` shows is not. It knows no rule by name; all faults are listed at once.

use std::collections::BTreeSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use unleak::detect::{Detector, Match};
use unleak::finding::Confidence;
use unleak::rule::{Rule, RuleSet, example};

/// A date in 2026, so that the expiry dates in examples mean the same every year.
const NOW: i64 = 1_780_000_000;
const SEEDS: u64 = 8;
/// The furthest that a regex may reach, keyword included: what is read again around each keyword hit.
const REACH: u32 = 4096;

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

#[test]
fn what_match_shows_is_found_everywhere() {
    let mut faults = Faults::default();
    each(|detector, index, rule| {
        if rule.spec.matches.is_empty() {
            faults.add(rule, "there is no `match` example");
        }
        for shown in rule.spec.matches.iter() {
            match completions(rule, shown) {
                Ok(texts) => found_everywhere(detector, index, &texts, |why| faults.add(rule, format!("{shown:?} {why}"))),
                Err(why) => faults.add(rule, format!("{shown:?}: {why}")),
            }
        }
    });
    faults.report();
}

#[test]
fn what_skip_shows_is_not_found() {
    let mut faults = Faults::default();
    each(|detector, index, rule| {
        if rule.spec.skip.is_empty() {
            faults.add(rule, "there is no `skip` example");
        }
        for shown in rule.spec.skip.iter() {
            match completions(rule, shown) {
                Ok(texts) => {
                    for text in texts.iter().flat_map(|text| [text.clone(), format!("value = \"{text}\"\n")]) {
                        if let Some(found) = matches(detector, index, &text).iter().find(|m| counts(m)) {
                            let span = &text[secret(found)];
                            faults.add(rule, format!("{shown:?} is found: {span:?}"));
                            break;
                        }
                    }
                }
                Err(why) => faults.add(rule, format!("{shown:?}: {why}")),
            }
        }
    });
    faults.report();
}

#[test]
fn rules_are_well_formed() {
    let mut faults = Faults::default();
    let mut names = BTreeSet::new();
    each(|_, _, rule| {
        let spec = &rule.spec;
        for id in std::iter::once(&spec.id).chain(spec.aliases.iter()) {
            if !names.insert(id.to_string()) {
                faults.add(rule, format!("{id:?} names two rules"));
            }
        }
        let shape = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !spec.id.chars().all(shape) || spec.id.starts_with('-') || spec.id.ends_with('-') || spec.id.contains("--") {
            faults.add(rule, "the id is not made of lower-case words joined by dashes");
        }
        if let Some(regex) = &spec.regex {
            if catch_unwind(AssertUnwindSafe(|| rule.regex().captures_len())).is_err() {
                faults.add(rule, "the regex does not compile");
            }
            if rule.bound.lead + rule.bound.trail > REACH {
                faults.add(rule, format!("reaches {} and {} bytes around its keyword", rule.bound.lead, rule.bound.trail));
            }
            if ["^", "$", r"\A", r"\z"].iter().any(|anchor| anchors(regex, anchor)) {
                faults.add(rule, "holds an anchor, which depends on where the window ends");
            }
        }
    });
    faults.report();
}

#[test]
fn pairs_and_keywords_hold() {
    let rules = RuleSet::builtin();
    let ids: BTreeSet<&str> = rules.rules().iter().map(|rule| rule.spec.id.as_ref()).collect();
    let mut faults = Faults::default();
    for rule in rules.rules() {
        for pair in rule.spec.pair.iter().filter(|pair| !ids.contains(pair.rule.as_ref())) {
            faults.add(rule, format!("is paired with {:?}, which is no rule", pair.rule));
        }
        let spelled = |text: &str| if rule.bound.caseless { text.to_ascii_lowercase() } else { text.to_owned() };
        let complete = |text: &str| example::complete(text, rule.spec.check.as_deref(), 1);
        let shown: Vec<String> = rule.spec.matches.iter().filter_map(|text| complete(text).ok()).map(|text| spelled(&text)).collect();
        for word in rule.spec.keywords.iter().filter(|word| !shown.iter().any(|text| text.contains(&spelled(word)))) {
            faults.add(rule, format!("no `match` example shows the keyword {word:?}"));
        }
    }
    faults.report();
}

/// Each rule, with the detector of all and its index there.
fn each(mut test: impl FnMut(&Detector, u32, &Rule)) {
    let detector = Detector::new(RuleSet::builtin().with_entropy(), NOW);
    for index in 0..detector.rules().rules().len() as u32 {
        test(&detector, index, detector.rule(index));
    }
}

fn completions(rule: &Rule, shown: &str) -> Result<Vec<String>, String> {
    (1..=SEEDS).map(|seed| example::complete(shown, rule.spec.check.as_deref(), seed)).collect()
}

fn found_everywhere(detector: &Detector, index: u32, texts: &[String], mut fault: impl FnMut(String)) {
    let made_up = made_up(texts);
    for text in texts {
        let bare = matches(detector, index, text);
        let Some(first) = bare.iter().find(|m| m.judged.dropped.is_none()) else {
            let why = bare.first().map_or("nothing matches".to_owned(), |m| m.judged.reasons.join(", "));
            return fault(format!("is not found alone: {text:?} ({why})"));
        };
        let own = secret(first);
        if made_up.as_ref().is_some_and(|made_up| made_up.start < own.start || made_up.end > own.end) {
            return fault(format!("has made-up characters outside of its secret {:?}", &text[own]));
        }
        let alone = own == (0..text.len());
        for surrounding in if alone { SURROUNDINGS } else { LINES } {
            let whole = surrounding.replace('@', text);
            let right = |m: &Match| m.judged.dropped.is_none() && whole[secret(m)] == text[own.clone()];
            if !matches(detector, index, &whole).iter().any(right) {
                return fault(format!("is not found in {whole:?}"));
            }
        }
    }
}

/// Where the texts differ: what the example leaves to chance, if anything.
fn made_up(texts: &[String]) -> Option<Range<usize>> {
    let first = texts[0].as_bytes();
    let differs = |at: &usize| texts.iter().any(|other| other.as_bytes().get(*at) != first.get(*at));
    Some((0..first.len()).find(differs)?..(0..first.len()).rfind(differs)? + 1)
}

fn matches(detector: &Detector, index: u32, text: &str) -> Vec<Match> {
    detector.scan(text.as_bytes(), None).matches().into_iter().filter(|m| m.rule == index).cloned().collect()
}

fn secret(found: &Match) -> Range<usize> {
    found.secret_start as usize..found.secret_end as usize
}

fn counts(found: &Match) -> bool {
    found.judged.dropped.is_none() && found.judged.confidence >= Confidence::Medium
}

/// Whether the regex holds the anchor outside of a class and not escaped.
fn anchors(regex: &str, anchor: &str) -> bool {
    let mut class = false;
    let mut at = 0;
    while at < regex.len() {
        let rest = &regex[at..];
        if !class && rest.starts_with(anchor) {
            return true;
        }
        match rest.as_bytes()[0] {
            b'\\' => at += 1,
            b'[' => class = true,
            b']' => class = false,
            _ => {}
        }
        at += 1;
    }
    false
}

/// All that is wrong, to be read at once.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, rule: &Rule, why: impl AsRef<str>) {
        self.0.push(format!("{}: {}", rule.spec.id, why.as_ref()));
    }

    fn report(self) {
        assert!(self.0.is_empty(), "{} faults\n{}", self.0.len(), self.0.join("\n"));
    }
}
