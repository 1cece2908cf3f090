//! Every built-in rule against its own examples, through the detector as a scan uses it: what `match` shows is
//! found wherever it stands, what `skip` shows is not. It knows no rule by name; all faults are listed at once.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use unleak::detect::Detector;
use unleak::rule::{Rule, RuleSet, example};
use unleak::trial;

/// The furthest that a regex may reach, keyword included: what is read again around each keyword hit.
const REACH: u32 = 4096;

#[test]
fn what_match_shows_is_found_everywhere() {
    let mut faults = Faults::default();
    each(|detector, index, rule| {
        if rule.spec.matches.is_empty() {
            faults.add(rule, "there is no `match` example");
        }
        trial::matches(detector, index).iter().for_each(|why| faults.add(rule, why));
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
        trial::skips(detector, index).iter().for_each(|why| faults.add(rule, why));
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
    let detector = Detector::new(RuleSet::builtin().with_entropy(), trial::NOW);
    for index in 0..detector.rules().rules().len() as u32 {
        test(&detector, index, detector.rule(index));
    }
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
