//! The slow lane: users' rules without a keyword or without a bound on their length. Nothing of what they find
//! is a function of bounded bytes, so nothing can be inherited: each is searched in every whole object that
//! holds one of its keywords, where it has any. It does not judge what it finds.

use std::ops::Range;

use regex_automata::Input;

use crate::find::Found;
use crate::prefilter::MultiLiteral;
use crate::rule::Rule;
use crate::score::Evidence;

/// The rules of the slow lane among those in force.
pub struct SlowLane {
    rules: Vec<Slow>,
}

struct Slow {
    rule: usize,
    keywords: Option<MultiLiteral>,
}

impl SlowLane {
    /// Picks them out.
    pub fn new(rules: &[Rule]) -> Self {
        let slow = rules.iter().enumerate().filter(|(_, rule)| rule.slow.is_some());
        let rules = slow.map(|(rule, found)| {
            let words: Vec<Vec<u8>> = found.spec.keywords.iter().map(|word| word.as_bytes().to_vec()).collect();
            Slow { rule, keywords: (!words.is_empty()).then(|| MultiLiteral::new(&words, true)) }
        });
        Self { rules: rules.collect() }
    }

    /// Calls `hit` with a rule's index and each match of it that begins in `own`: the leftmost, then those behind it.
    pub fn search(&self, rules: &[Rule], bytes: &[u8], own: Range<usize>, hit: &mut dyn FnMut(usize, Found)) {
        for slow in &self.rules {
            if slow.keywords.as_ref().is_none_or(|words| words.any(bytes)) {
                matches(&rules[slow.rule], bytes, own.clone(), &mut |found| hit(slow.rule, found));
            }
        }
    }
}

fn matches(rule: &Rule, bytes: &[u8], own: Range<usize>, hit: &mut dyn FnMut(Found)) {
    let regex = rule.regex();
    let mut captures = regex.create_captures();
    let mut from = own.start;
    while from < own.end {
        regex.search_captures(&Input::new(bytes).range(from..), &mut captures);
        let Some(whole) = captures.get_match().map(|found| found.range()).filter(|whole| whole.start < own.end) else { return };
        // An empty match is no secret.
        from = whole.end.max(whole.start + 1);
        let secret = captures.get_group_by_name("secret").map_or_else(|| whole.clone(), |span| span.range());
        if !secret.is_empty() {
            hit(Found { whole, secret, value: None, doubt: None, evidence: Evidence::NONE });
        }
    }
}
