//! The prefilter: finds keyword hits in bytes for all rules at once, by the sieve; and the other search for many
//! literals, an automaton, for those that are whole values. It does not know what a rule makes of a hit.

use std::ops::Range;

use aho_corasick::automaton::{Automaton, OverlappingState};
use aho_corasick::{Anchored, Input, nfa::contiguous};

use crate::filter::CONTEXT;
use crate::find::{self, entropy::RUN};
use crate::outline::{self, Run};
use crate::rule::Rule;
use crate::sieve::{CORE, Sieve};
use crate::sign::Sign;

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
    /// The part of it that is searched, and whose occurrence is the hit.
    pub core: Range<usize>,
    /// What every match takes of the bytes behind the keyword: without them it is no hit. Bytes as many as a hit may have.
    tail: Vec<Run>,
    need: Need,
}

/// What must be copied along with a hit for all that follows from it to be the same. Apart from the keyword, as it is
/// asked for each hit of each object.
#[derive(Clone, Copy)]
pub struct Need {
    /// Length of the hit, in bytes.
    pub len: usize,
    /// Whether it stands for runs of characters, whatever they are: then the byte before it decides too whether it is a hit.
    pub looks_back: bool,
    /// What decides whether any rule finds something.
    pub bare: Around,
    /// What decides what is made of it, where one does.
    pub matched: Around,
}

/// How much around a hit something depends on.
#[derive(Clone, Copy, Default)]
pub struct Around {
    /// How many bytes before it.
    pub before: usize,
    /// How many from its first byte on.
    pub after: usize,
}

impl Around {
    fn widen(&mut self, before: usize, after: usize) {
        (self.before, self.after) = (self.before.max(before), self.after.max(after));
    }
}

impl Keyword {
    fn new(text: Vec<u8>) -> Self {
        let need = Need { len: text.len(), looks_back: false, bare: Around::default(), matched: Around::default() };
        Self { core: 0..text.len(), text, rules: Vec::new(), tail: Vec::new(), need }
    }

    /// Adds a rule that has it.
    fn add(&mut self, index: usize, rule: &Rule, spelled: Option<Vec<u8>>) {
        self.rules.push((index, spelled));
        let (lead, trail) = (rule.bound.lead as usize + 1, rule.bound.trail as usize + 1);
        let context = rule.around().max(CONTEXT);
        self.need.bare.widen(lead, trail.max(self.text.len()));
        self.need.matched.widen(lead + context, trail + context);
    }

    /// Asks of a hit what all of its rules ask of the bytes behind it, as far as it may reach.
    fn look_on(&mut self, rules: &[Rule]) {
        let outlines: Vec<&[Run]> = self.rules.iter().map(|(index, _)| &*rules[*index].outline).collect();
        self.tail = outline::part(&outlines, self.core.end, CORE);
        self.need.len += self.tail.iter().map(|run| usize::from(run.len)).sum::<usize>();
    }

    /// Whether there is something that some rule can make a match of, where the core stands. The bytes end with the range.
    fn hits(&self, bytes: &[u8], core: Range<usize>) -> bool {
        let there = &bytes[core.clone()];
        if self.rules.is_empty() {
            return self.text == *there;
        }
        let spelled = |rule: &(usize, Option<Vec<u8>>)| rule.1.as_ref().is_none_or(|s| s[self.core.clone()] == *there);
        outline::fits(&self.tail, &bytes[core.end..]) && self.rules.iter().any(spelled)
    }

    /// Where the whole keyword stands whose core is at this place; `None` where there is only the core.
    pub fn around(&self, bytes: &[u8], core: usize) -> Option<Range<usize>> {
        let start = core.checked_sub(self.core.start)?;
        let there = bytes.get(start..start + self.text.len())?;
        (self.need.looks_back || there.eq_ignore_ascii_case(&self.text)).then(|| start..start + self.text.len())
    }

    /// Indexes of the rules that take the keyword as it is spelled there.
    pub fn rules_for(&self, there: &[u8]) -> impl Iterator<Item = usize> {
        self.rules.iter().filter(move |(_, spelled)| spelled.as_ref().is_none_or(|s| s == there)).map(|(index, _)| *index)
    }
}

/// Keyword hits of a rule set.
pub struct Prefilter {
    keywords: Vec<Keyword>,
    needs: Vec<Need>,
    sieve: Sieve,
    /// The number of the first sign's keyword.
    signs: usize,
    /// The number of the keyword that stands for the beginnings of runs, where a rule has no other.
    runs: Option<usize>,
    /// Length of the longest hit of a word, in bytes.
    longest: usize,
    reach: (usize, usize),
}

impl Prefilter {
    /// Builds the prefilter of these rules; those without a keyword hit where a run of characters begins, if
    /// `entropy` asks for them.
    pub fn new(rules: &[Rule], entropy: bool) -> Self {
        let mut words: Vec<(Vec<u8>, usize, &str)> = Vec::new();
        for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.slow.is_none()) {
            words.extend(rule.spec.keywords.iter().map(|word| (word.as_bytes().to_ascii_lowercase(), index, word.as_ref())));
        }
        words.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        let mut keywords: Vec<Keyword> = Vec::with_capacity(words.len());
        for (text, index, word) in words {
            if keywords.last().is_none_or(|last| last.text != text) {
                keywords.push(Keyword::new(text));
            }
            let (rule, at) = (&rules[index], keywords.len() - 1);
            keywords[at].add(index, rule, (!rule.bound.caseless).then(|| word.as_bytes().to_vec()));
        }
        let signs = keywords.len();
        keywords.extend(Sign::ALL.map(|sign| Keyword::new(sign.text().into())));
        let sieve = Sieve::new(keywords.iter().map(|k| k.text.as_slice()));
        for (number, keyword) in keywords.iter_mut().enumerate() {
            keyword.core = sieve.core(number);
            keyword.need.len = keyword.core.len();
            keyword.need.bare.before += keyword.core.start;
            keyword.need.matched.before += keyword.core.start;
            if keyword.core.len() == keyword.text.len() && !keyword.rules.is_empty() {
                keyword.look_on(rules);
            }
        }
        let longest = keywords.iter().map(|keyword| keyword.need.len).max().unwrap_or(0);
        let mut runs = None;
        for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| entropy && rule.on_request()) {
            let at = *runs.get_or_insert(keywords.len());
            if at == keywords.len() {
                keywords.push(Keyword::new(vec![b'0'; RUN]));
                keywords[at].need.looks_back = true;
            }
            keywords[at].add(index, rule, None);
        }
        let needs: Vec<Need> = keywords.iter().map(|keyword| keyword.need).collect();
        let reach = needs.iter().fold((0, 0), |(before, after), need| (before.max(need.matched.before), after.max(need.matched.after)));
        Self { sieve, keywords, needs, signs, runs, longest, reach }
    }

    /// The keyword of that number.
    pub fn keyword(&self, index: usize) -> &Keyword {
        &self.keywords[index]
    }

    /// What a hit of the keyword of that number needs.
    pub fn need(&self, index: usize) -> Need {
        self.needs[index]
    }

    /// The sign that the keyword of that number is, if it is one.
    pub fn sign(&self, index: usize) -> Option<Sign> {
        Sign::ALL.get(index.checked_sub(self.signs)?).copied()
    }

    /// Length of the longest hit, in bytes.
    pub fn longest(&self) -> usize {
        // One more than a run, for the byte before it.
        self.longest.max(if self.runs.is_some() { RUN + 1 } else { 0 })
    }

    /// Whether the byte before a hit can decide whether it is one.
    pub fn looks_back(&self) -> bool {
        self.runs.is_some()
    }

    /// How many bytes around any hit matter at the most: before it, and from its first byte on.
    pub fn reach(&self) -> (usize, usize) {
        self.reach
    }

    /// Calls `hit(keyword, start)` for the core of each keyword that some rule can make something of, where all of the
    /// hit lies in the range.
    pub fn search(&self, bytes: &[u8], range: Range<usize>, mut hit: impl FnMut(usize, usize)) {
        let here = &bytes[..range.end];
        self.words(bytes, range, |index, core| {
            let start = core.start;
            if self.keywords[index].hits(here, core) {
                hit(index, start);
            }
        });
    }

    /// The same for the core of each keyword, whatever stands behind it.
    pub fn words(&self, bytes: &[u8], range: Range<usize>, mut hit: impl FnMut(usize, Range<usize>)) {
        if let Some(runs) = self.runs {
            find::entropy::starts(bytes, range.clone(), |start| hit(runs, start..start));
        }
        self.sieve.search(bytes, range, |index, start, end| hit(index, start..end));
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
