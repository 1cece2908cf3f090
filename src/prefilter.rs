//! The prefilter: finds keyword hits in bytes for all rules at once, by the sieve; and the other search for many
//! literals, an automaton, for those that are whole values. It does not know what a rule makes of a hit.

use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::automaton::{Automaton, OverlappingState};
use aho_corasick::{Anchored, Input, nfa::contiguous};

use crate::filter::CONTEXT;
use crate::rule::Rule;
use crate::sieve::Sieve;

/// Many literals searched at once, overlapping, ASCII letter case ignored where asked.
pub struct MultiLiteral {
    automaton: contiguous::NFA,
    longest: usize,
}

impl MultiLiteral {
    /// Builds an automaton over the literals.
    ///
    /// # Panics
    ///
    /// With more than 2³¹ states, which no list of literals that fits in memory reaches.
    pub fn new(literals: &[Vec<u8>], caseless: bool) -> Self {
        let longest = literals.iter().map(Vec::len).max().unwrap_or(0);
        let builder = contiguous::NFA::builder().ascii_case_insensitive(caseless).prefilter(false).build(literals);
        Self { automaton: builder.expect("few enough states"), longest }
    }

    /// Length of the longest literal, in bytes.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Whether any of them stands in the bytes.
    pub fn any(&self, bytes: &[u8]) -> bool {
        let mut state = OverlappingState::start();
        self.automaton.try_find_overlapping(&Input::new(bytes), &mut state).expect("built for overlapping, unanchored searches");
        state.get_match().is_some()
    }

    /// Calls `hit(literal, start, end)` for each occurrence that lies wholly in the range, by ascending end.
    pub fn search(&self, bytes: &[u8], range: Range<usize>, mut hit: impl FnMut(usize, usize, usize)) {
        let input = Input::new(bytes).range(range).anchored(Anchored::No);
        let mut state = OverlappingState::start();
        loop {
            self.automaton.try_find_overlapping(&input, &mut state).expect("built for overlapping, unanchored searches");
            match state.get_match() {
                Some(found) => hit(found.pattern().as_usize(), found.start(), found.end()),
                None => return,
            }
        }
    }
}

/// A keyword with the rules that have it.
pub struct Keyword {
    /// Lower case.
    pub text: Vec<u8>,
    /// Index of each rule, and the keyword as the rule spells it where letter case matters.
    pub rules: Vec<(usize, Option<Vec<u8>>)>,
    /// How many bytes before the hit anything that follows from it depends on.
    pub before: usize,
    /// The same, from the first byte of the hit on.
    pub after: usize,
}

/// Keyword hits of a rule set.
pub struct Prefilter {
    keywords: Vec<Keyword>,
    sieve: Sieve,
}

impl Prefilter {
    /// Builds the prefilter of these rules.
    pub fn new(rules: &[Rule]) -> Self {
        let mut keywords: BTreeMap<Vec<u8>, Keyword> = BTreeMap::new();
        for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.slow.is_none()) {
            for word in rule.spec.keywords.iter() {
                let text = word.as_bytes().to_ascii_lowercase();
                let keyword = keywords.entry(text.clone()).or_insert_with(|| Keyword { text, rules: Vec::new(), before: 0, after: 0 });
                keyword.rules.push((index, (!rule.bound.caseless).then(|| word.as_bytes().to_vec())));
                keyword.before = keyword.before.max(rule.bound.lead as usize + CONTEXT + 1);
                keyword.after = keyword.after.max(rule.bound.trail as usize + CONTEXT + 1);
            }
        }
        let keywords: Vec<Keyword> = keywords.into_values().collect();
        let texts = keywords.iter().map(|k| k.text.clone()).collect();
        Self { sieve: Sieve::new(texts), keywords }
    }

    /// The keyword of that number.
    pub fn keyword(&self, index: usize) -> &Keyword {
        &self.keywords[index]
    }

    /// Length of the longest keyword, in bytes.
    pub fn longest(&self) -> usize {
        self.sieve.longest()
    }

    /// How many bytes around any hit matter at the most: before it, and from its first byte on.
    pub fn reach(&self) -> (usize, usize) {
        self.keywords.iter().fold((0, 0), |(before, after), k| (before.max(k.before), after.max(k.after)))
    }

    /// Calls `hit(keyword, start)` for each keyword that some rule can make something of and that lies wholly
    /// in the range.
    pub fn search(&self, bytes: &[u8], range: Range<usize>, mut hit: impl FnMut(usize, usize)) {
        self.sieve.search(bytes, range, |index, start, end| {
            if self.keywords[index].rules.iter().any(|(_, spelled)| spelled.as_ref().is_none_or(|s| s == &bytes[start..end])) {
                hit(index, start);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_hits_are_all_found() {
        let literals = [b"key".to_vec(), b"api_key".to_vec(), b"ey".to_vec()];
        let mut hits = Vec::new();
        MultiLiteral::new(&literals, true).search(b"my API_KEY=key", 0..14, |l, s, e| hits.push((l, s, e)));
        assert_eq!(hits.len(), 5);
    }

    #[test]
    fn a_hit_lies_wholly_in_the_range() {
        let mut hits = Vec::new();
        MultiLiteral::new(&[b"abc".to_vec()], false).search(b"abcabcabc", 1..8, |_, s, _| hits.push(s));
        assert_eq!(hits, [3]);
    }
}
