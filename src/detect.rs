//! Detection in one object: keyword hits, each rule's match in a window around a hit, what the check and the
//! window filters make of it. Everything here is a function of bounded bytes around one hit, so it may be
//! inherited through copies; the result equals that of a search of the whole object. It knows no place.

mod inherit;
mod judge;
mod recall;
mod refute;
mod regex;
mod slow;
mod trace;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashSet;

use crate::check::{BROKEN, Subject, Verdict};
use crate::find::{Found, Sight};
use crate::finding::{Confidence, Severity};
use crate::object::Base;
use crate::prefilter::Prefilter;
use crate::rule::{Rule, RuleSet};
use crate::score::Evidence;
use crate::secret::Secret;
use crate::sign::Sign;
use recall::Recall;
use regex::{find_regex, groups, parts};
use slow::SlowLane;
use trace::Trace;
pub use trace::{Step, Try, TryHit, Word, of_filter};

/// Rules made ready to search.
pub struct Detector {
    rules: RuleSet,
    prefilter: Prefilter,
    slow: SlowLane,
    recall: Recall,
    now: i64,
    lines: bool,
    dropped: Mutex<BTreeMap<&'static str, FxHashSet<Secret>>>,
}

/// What is kept of an object for those made from it: its hits and their matches.
#[derive(Clone, Default)]
pub struct Memo {
    hits: Vec<Hit>,
    matches: Vec<Match>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    at: u32,
    keyword: u16,
    matches: u16,
}

/// A rule's match in an object.
#[derive(Clone, Debug)]
pub struct Match {
    /// Index of the rule.
    pub rule: u32,
    /// Where the whole match begins, in bytes.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// Where the secret in it begins.
    pub secret_start: u32,
    /// Where it ends.
    pub secret_end: u32,
    /// What was made of it.
    pub judged: Arc<Judged>,
}

/// What the offline check and the window filters made of a match.
#[derive(Debug)]
pub struct Judged {
    /// The canonical value.
    pub value: Secret,
    /// How severe it is.
    pub severity: Severity,
    /// How sure we are.
    pub confidence: Confidence,
    /// Whether a check proved it.
    pub proved: bool,
    /// Whether it is refuted, so that no other rule may take it up either: its checksum does not hold, or its shape is
    /// one that nothing else has and its check says no.
    pub refuted: bool,
    /// Why, in words.
    pub reasons: Vec<String>,
    /// What speaks for and against a value that is scored; empty where the shape alone decides.
    pub evidence: Evidence,
    /// What the value says of itself.
    pub facts: Vec<(&'static str, String)>,
    /// The filter or check that dropped it.
    pub dropped: Option<&'static str>,
    /// Parts of the match that the rule's requests need, see [`Rule::parts`].
    pub parts: Vec<(String, Secret)>,
}

impl Memo {
    /// Whether the object holds no keyword at all.
    pub fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    /// The object's matches: of overlapping ones of one rule the leftmost, then longest, stays. Ordered by rule and place.
    pub fn matches(&self) -> Vec<&Match> {
        let mut all: Vec<&Match> = self.matches.iter().collect();
        all.sort_by_key(|m| (m.rule, m.start, std::cmp::Reverse(m.end)));
        let mut kept: Vec<&Match> = Vec::with_capacity(all.len());
        for found in all {
            if kept.last().is_none_or(|last| last.rule != found.rule || last.end <= found.start) {
                kept.push(found);
            }
        }
        kept
    }

    /// Every match as it was found, ordered by its hit: for those that unite the memos of an object's pieces.
    pub fn raw_matches(&self) -> &[Match] {
        &self.matches
    }

    /// Whether there is any match that was not dropped.
    pub fn has_live_matches(&self) -> bool {
        self.matches.iter().any(|found| found.judged.dropped.is_none())
    }
}

impl Detector {
    /// Makes rules ready. `now`, in seconds since 1970, is what expiry dates are compared with.
    pub fn new(rules: RuleSet, now: i64) -> Self {
        let prefilter = Prefilter::new(rules.rules(), rules.entropy());
        let slow = SlowLane::new(rules.rules());
        Self { rules, prefilter, slow, recall: Recall::new(), now, lines: false, dropped: Mutex::default() }
    }

    /// The same; whether what stands around a match is kept, for an allow that looks at it.
    #[must_use]
    pub fn with_lines(mut self, lines: bool) -> Self {
        self.lines = lines;
        self
    }

    /// Whether what stands around a match is kept.
    pub fn keeps_lines(&self) -> bool {
        self.lines
    }

    /// How many distinct values each filter or check has dropped so far.
    pub fn dropped(&self) -> BTreeMap<String, u64> {
        let dropped = self.dropped.lock().expect("no panic while locked");
        dropped.iter().map(|(name, values)| ((*name).to_owned(), values.len() as u64)).collect()
    }

    /// The values dropped so far that are not weak: for masking, where a common word would only garble.
    pub fn dropped_values(&self) -> Vec<Secret> {
        let dropped = self.dropped.lock().expect("no panic while locked");
        dropped.values().flatten().filter(|value| !value.is_weak()).cloned().collect()
    }

    /// The rules in force.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// What is now, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// A rule by its index.
    pub fn rule(&self, index: u32) -> &Rule {
        &self.rules.rules()[index as usize]
    }

    /// The most bytes around a hit that matter: before it, and from its first byte on.
    pub fn reach(&self) -> (usize, usize) {
        self.prefilter.reach()
    }

    /// Scans an object of at most 4 GiB; of one with a base only what is new.
    pub fn scan(&self, bytes: &[u8], base: Option<&Base<'_, Memo>>) -> Memo {
        let mut memo = match base {
            None => self.evaluate(bytes, self.hits(bytes)),
            Some(base) => self.scan_new(bytes, base),
        };
        self.scan_slow(bytes, 0..bytes.len(), &mut memo);
        memo
    }

    /// The signs in the object of that memo, or in the whole piece, with their places.
    pub fn signs(&self, memo: &Memo) -> Vec<(Sign, usize)> {
        let sign = |hit: &Hit| Some((self.prefilter.sign(hit.keyword.into())?, hit.at as usize));
        memo.hits.iter().filter_map(sign).collect()
    }

    /// Scans one piece of a longer object: only hits that begin in `own` count. The piece must hold
    /// [`Self::reach`] bytes around `own`, or end where the object ends.
    pub fn scan_piece(&self, piece: &[u8], own: Range<usize>) -> Memo {
        let mut hits = self.hits(piece);
        hits.retain(|hit| own.contains(&(hit.at as usize)) || self.prefilter.sign(hit.keyword.into()).is_some());
        let mut memo = self.evaluate(piece, hits);
        self.scan_slow(piece, own, &mut memo);
        memo
    }

    /// Adds what the slow lane finds behind the matches of all hits, so that no hit counts it and nothing inherits it.
    fn scan_slow(&self, bytes: &[u8], own: Range<usize>, memo: &mut Memo) {
        self.slow.search(self.rules.rules(), bytes, own, &mut |rule, found| self.keep(rule, bytes, &found, &mut memo.matches));
    }

    /// All hits.
    fn hits(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        self.search(bytes, 0..bytes.len(), &mut hits);
        in_order(hits)
    }

    /// Adds the hits that lie wholly in a region, some of them twice.
    fn search(&self, bytes: &[u8], region: Range<usize>, hits: &mut Vec<Hit>) {
        let hit = |keyword, start| hits.push(Hit { at: start as u32, keyword: keyword as u16, matches: 0 });
        self.prefilter.search(bytes, region, hit);
    }

    fn evaluate(&self, bytes: &[u8], mut hits: Vec<Hit>) -> Memo {
        let mut matches = Vec::new();
        for hit in &mut hits {
            self.evaluate_hit(bytes, hit, &mut matches);
        }
        Memo { hits, matches }
    }

    fn evaluate_hit(&self, bytes: &[u8], hit: &mut Hit, matches: &mut Vec<Match>) {
        let before = matches.len();
        let keyword = self.prefilter.keyword(usize::from(hit.keyword));
        hit.matches = 0;
        let Some(at) = keyword.around(bytes, hit.at as usize) else { return };
        let mut last: Option<View<'_>> = None;
        for index in keyword.rules_for(&bytes[at.clone()]) {
            let rule = &self.rules.rules()[index];
            let stretch = window(rule, &at, bytes.len());
            let view = match &mut last {
                Some(view) if view.stretch == stretch => view,
                _ => match View::new(bytes, stretch, &at) {
                    Some(view) => last.insert(view),
                    None => continue,
                },
            };
            if let Some(found) = view.find(rule) {
                self.keep(index, bytes, &found, matches);
            }
        }
        hit.matches = (matches.len() - before) as u16;
    }

    /// Judges what a rule found, and adds it to the matches.
    fn keep(&self, rule: usize, bytes: &[u8], found: &Found, matches: &mut Vec<Match>) {
        let number = rule;
        let rule = &self.rules.rules()[rule];
        let judged = self.recall.judged((number, rule), bytes, found, || {
            let judged = self.judge(rule, bytes, found, &mut |_| {});
            if let Some(filter) = judged.dropped {
                let mut dropped = self.dropped.lock().expect("no panic while locked");
                dropped.entry(filter).or_default().insert(judged.value.clone());
            }
            judged
        });
        matches.push(Match {
            rule: number as u32,
            start: found.whole.start as u32,
            end: found.whole.end as u32,
            secret_start: found.secret.start as u32,
            secret_end: found.secret.end as u32,
            judged,
        });
    }

    fn judge(&self, rule: &Rule, bytes: &[u8], found: &Found, trace: Trace<'_>) -> Judged {
        let raw = &bytes[found.secret.clone()];
        let value = found.value.clone().unwrap_or_else(|| raw.to_vec());
        let prefix = rule.spec.keywords.iter().filter(|k| value.starts_with(k.as_bytes())).map(|k| k.len()).max();
        let mut judged = Judged {
            value: Secret::new(value, prefix.unwrap_or(0)),
            severity: rule.severity,
            confidence: rule.confidence,
            proved: false,
            refuted: false,
            reasons: Vec::new(),
            evidence: Evidence::NONE,
            facts: Vec::new(),
            dropped: None,
            parts: parts(rule, bytes, found),
        };
        if let Some(doubt) = found.doubt {
            judged.confidence = Confidence::Low;
            judged.reasons.push(doubt.to_owned());
        }
        if let Some(check) = rule.check {
            let name = rule.spec.check.as_deref().unwrap_or_default();
            let groups = groups(rule, bytes, found);
            let proof = check(&Subject { secret: raw, whole: &bytes[found.whole.clone()], groups: &groups, now: self.now });
            trace::of_check(name, &proof, trace);
            judged.facts = proof.facts;
            if let Some((most, why)) = proof.at_most {
                judged.severity = judged.severity.min(most);
                judged.reasons.push(why.to_owned());
            }
            match proof.verdict {
                Verdict::Proved => {
                    judged.proved = true;
                    judged.confidence = Confidence::High;
                    judged.reasons.push(format!("proved offline ({name})"));
                    return judged;
                }
                Verdict::Plausible => {}
                Verdict::Failed(why) => {
                    judged.refute(why);
                    judged.refuted = proof.verdict == BROKEN || rule.confidence == Confidence::High;
                }
                Verdict::NotSecret(why) => {
                    judged.reasons.push(why.to_owned());
                    judged.dropped = Some("check");
                    return judged;
                }
            }
        }
        judge::filter(rule, bytes, found, &mut judged, trace);
        if judged.dropped.is_none()
            && rule.confidence < Confidence::High
            && let Some(why) = self.refuted(raw, judged.value.expose())
        {
            trace(Step { by: "the token in it".to_owned(), word: Word::Lowered(why) });
            judged.refute(why);
        }
        judged
    }
}

impl Judged {
    /// Takes a check's no: to the low tier, from where no place and no score brings it back.
    fn refute(&mut self, why: &str) {
        self.refuted = true;
        self.confidence = Confidence::Low;
        self.reasons.push(why.to_owned());
    }
}

impl Match {
    fn shifted(&self, by: i64) -> Self {
        let moved = |at: u32| (i64::from(at) + by) as u32;
        Self {
            rule: self.rule,
            start: moved(self.start),
            end: moved(self.end),
            secret_start: moved(self.secret_start),
            secret_end: moved(self.secret_end),
            judged: Arc::clone(&self.judged),
        }
    }
}

/// Hits by their places, each once.
fn in_order(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_unstable();
    hits.dedup();
    hits
}

/// The bytes around a keyword hit that the rule's match and one byte of context on each side can take.
fn window(rule: &Rule, at: &Range<usize>, len: usize) -> Range<usize> {
    at.start.saturating_sub(rule.bound.lead as usize + 1)..(at.start + rule.bound.trail as usize + 1).min(len)
}

/// The rule's match that holds the keyword hit, if there is one.
fn find(rule: &Rule, bytes: &[u8], at: &Range<usize>) -> Option<Found> {
    View::new(bytes, window(rule, at, bytes.len()), at)?.find(rule)
}

/// A window around a keyword hit, for all rules whose window is the same.
struct View<'a> {
    stretch: Range<usize>,
    sight: Sight<'a>,
}

impl<'a> View<'a> {
    /// That stretch of the bytes; `None` where it cuts the keyword.
    fn new(bytes: &'a [u8], stretch: Range<usize>, at: &Range<usize>) -> Option<Self> {
        let hit = at.start - stretch.start..at.end - stretch.start;
        (at.end <= stretch.end).then(|| Self { sight: Sight::new(&bytes[stretch.clone()], hit), stretch })
    }

    fn find(&self, rule: &Rule) -> Option<Found> {
        let found = match &rule.finder {
            Some(finder) => (finder.find)(&self.sight),
            None => find_regex(rule, self.sight.bytes, &self.sight.hit),
        }?;
        let back = |range: Range<usize>| range.start + self.stretch.start..range.end + self.stretch.start;
        Some(Found { whole: back(found.whole), secret: back(found.secret), ..found })
    }
}
