//! From the places of one secret to its finding: which of them count, how sure they make us, what is told of them. It does
//! not know where the places come from.

use std::cmp::Ordering;
use std::sync::Arc;

use bstr::{BString, ByteSlice};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::collect::{Collector, Placed};
use super::hiding::Hiding;
use super::pairs::{pair, without_ids};
use super::uses::uses;
use crate::candidate::Candidate;
use crate::coverage::Notice;
use crate::detect::Detector;
use crate::filter::{Filter, Judgement};
use crate::finding::{Confidence, Finding, Hidden, History, NOT_ASKED, Place, Scope, Severity, State, Verification};
use crate::rule::{HIGH_ENTROPY, Rule};
use crate::score::{self, Evidence};
use crate::secret::{FingerprintKey, Secret};
use crate::suppress::{By, Case, Suppress};

/// A finding keeps so many places; the rest are counted.
const PLACES: usize = 1000;

/// Which findings will be shown.
#[derive(Clone, Copy)]
pub struct Shown {
    /// Those of this tier and above. Of a guessable value, which is many people's, no place below it stands in one of them.
    pub least: Confidence,
    /// Values that only look random, whatever their tier.
    pub entropy: bool,
    /// All others are told of, too. Else they are only counted, and have no places.
    pub others: bool,
}

impl Shown {
    /// Every finding, with all that is known of it.
    pub const ALL: Self = Self { least: Confidence::Low, entropy: true, others: true };

    /// Whether one of this rule and tier is shown.
    pub fn takes(&self, rule: &str, confidence: Confidence) -> bool {
        confidence >= self.least || (self.entropy && rule == HIGH_ENTROPY)
    }
}

/// Joins what was collected: one finding for each secret, unordered; what is hidden says so.
pub fn findings(collector: &Collector<'_>, key: &FingerprintKey, suppress: &Suppress, shown: Shown) -> Vec<Finding> {
    let (placed, mut histories) = collector.take();
    let secrets: Vec<Vec<Placed>> = by_secret(placed);
    collector.mask(secrets.iter().map(|placed| placed[0].candidate.judged.value.clone()));
    let secrets = secrets.into_iter().map(|placed| (histories.remove(&placed[0].candidate.judged.value), placed));
    let secrets: Vec<(Option<History>, Vec<Placed>)> = secrets.collect();
    // Few secrets have most places, and those stand together.
    let findings = secrets.into_par_iter().with_max_len(8).filter_map(|(history, placed)| {
        let fingerprint = key.fingerprint(&placed.first()?.candidate.judged.value);
        let history = history.unwrap_or_else(|| History::empty(Scope::None));
        finding(collector, Identity { fingerprint, history, suppress, shown }, placed)
    });
    without_ids(findings.collect())
}

/// The places of each secret. Most candidates have several places, and to compare the candidate itself is quick.
fn by_secret(placed: Vec<Placed>) -> Vec<Vec<Placed>> {
    let mut secrets: FxHashMap<Secret, usize> = FxHashMap::default();
    let mut candidates: FxHashMap<*const Candidate, usize> = FxHashMap::default();
    let mut all: Vec<Vec<Placed>> = Vec::new();
    for one in placed {
        let number = *candidates.entry(Arc::as_ptr(&one.candidate)).or_insert_with(|| {
            let value = &one.candidate.judged.value;
            secrets.get(value).copied().unwrap_or_else(|| {
                all.push(Vec::new());
                secrets.insert(value.clone(), all.len() - 1);
                all.len() - 1
            })
        });
        all[number].push(one);
    }
    all
}

/// What a finding is, but for its places.
struct Identity<'a> {
    fingerprint: String,
    history: History,
    suppress: &'a Suppress,
    shown: Shown,
}

/// One place after the filters of scope `place`.
struct Standing {
    placed: Placed,
    hidden: Option<By>,
    severity: Severity,
    confidence: Confidence,
    score: f64,
    evidence: Evidence,
    why: Option<&'static str>,
}

/// The finding of one secret; none where every place was dropped. Hidden places do not count, unless all are hidden.
fn finding(collector: &Collector<'_>, identity: Identity<'_>, placed: Vec<Placed>) -> Option<Finding> {
    let detector = collector.detector;
    let mut paths = Paths::default();
    let mut standing: Vec<Standing> = placed.into_iter().filter_map(|placed| stand(detector, placed, &mut paths)).collect();
    standing.iter_mut().for_each(|one| one.hidden = hides(collector, &identity, &one.placed));
    only_shown(&mut standing, identity.shown.least);
    standing.sort_by(surer);
    let hidden = hidden(&standing);
    let suppressed = standing.iter().all(|one| one.hidden.is_some());
    standing.retain(|one| suppressed || one.hidden.is_none());
    let best = standing.first()?;
    let (candidate, confidence, score) = (best.placed.candidate.clone(), best.confidence, best.score);
    let rule = detector.rule(candidate.rule);
    let told = identity.shown.others || identity.shown.takes(&rule.spec.id, confidence);
    let mut reasons = if told { reasons(detector, &standing, best) } else { Vec::new() };
    let mut severity = standing.iter().map(|s| s.severity).max()?;
    let paired = standing.iter().find_map(|s| Some(pair(detector, s.placed.candidate.pair.as_ref()?, &s.placed.place)));
    reasons.extend(paired.iter().map(|pair| format!("beside {}", pair.rule)));
    if let Some(hours) = ended(detector, &standing, &identity.history) {
        severity = Severity::Low;
        reasons.push(format!("it has ended: its kind lives {hours} hours at most"));
    }
    let uses = uses(detector, &candidate, standing.iter().map(|s| &*s.placed.candidate));
    let mut places: Vec<Box<Place>> = if told { standing.into_iter().map(|s| s.placed.place).collect() } else { Vec::new() };
    places.sort_by(|a, b| crate::outcome::compare_places(a, b));
    places.dedup();
    let more_places = places.len().saturating_sub(PLACES);
    let places = places.into_iter().take(PLACES).map(|place| *place).collect();
    Some(Finding {
        score,
        secret: candidate.judged.value.clone(),
        fingerprint: identity.fingerprint,
        rule: rule.spec.id.to_string(),
        name: rule.spec.name.to_string(),
        provider: rule.spec.provider.to_string(),
        severity,
        confidence,
        reasons,
        facts: candidate.facts.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
        verification: Verification::new(State::NotChecked, NOT_ASKED),
        uses,
        places,
        history: identity.history,
        more_places,
        hidden,
        suppressed,
        pair: paired,
    })
}

/// The surest place first; where several are as sure, the first.
fn surer(a: &Standing, b: &Standing) -> Ordering {
    let key = |s: &Standing| (std::cmp::Reverse(s.confidence), !s.placed.candidate.judged.proved);
    let rule = |s: &Standing| s.placed.candidate.rule;
    let surer = key(a).cmp(&key(b)).then_with(|| b.score.total_cmp(&a.score));
    surer.then_with(|| rule(a).cmp(&rule(b))).then_with(|| crate::outcome::compare_places(&a.placed.place, &b.placed.place))
}

/// Leaves out places below the tier that is shown, of a guessable value that is shown: the same word elsewhere is often
/// another's. In a file where it is shown it is the same secret, unless the place itself speaks against that.
fn only_shown(standing: &mut Vec<Standing>, least: Confidence) {
    if !standing.first().is_some_and(|s| s.placed.candidate.judged.value.is_weak()) {
        return;
    }
    let file = |s: &Standing| (s.placed.place.target, s.placed.place.repo.clone(), s.placed.place.path.clone());
    let shown: FxHashSet<_> = standing.iter().filter(|s| s.confidence >= least).map(file).collect();
    let beside = |s: &Standing| {
        let sound = !s.evidence.is_empty() && !s.evidence.is_doubted();
        sound && s.placed.place.path.is_some() && shown.contains(&file(s))
    };
    if !shown.is_empty() {
        standing.retain(|s| s.confidence >= least || beside(s));
    }
}

/// The hours that such a secret lives at the most, where it was there longer ago than that.
fn ended(detector: &Detector, standing: &[Standing], history: &History) -> Option<i64> {
    let hours = lifetime(detector, standing)?;
    (seen(standing, history)?.saturating_add(hours * 3600) < detector.now()).then_some(hours)
}

/// How many hours a secret of this kind lives at the most: by its own rule, else by that of its other half.
fn lifetime(detector: &Detector, standing: &[Standing]) -> Option<i64> {
    let candidate = &standing.first()?.placed.candidate;
    let half = standing.iter().find_map(|s| s.placed.candidate.pair.as_ref()).map(|half| half.rule);
    let rules = std::iter::once(candidate.rule).chain(half);
    rules.map(|rule| i64::from(detector.rule(rule).spec.lifetime)).find(|hours| *hours > 0)
}

/// When the secret was there already: the earliest date that a commit gives. Dates before 1970 say nothing.
fn seen(standing: &[Standing], history: &History) -> Option<i64> {
    let first = history.first_seen.as_ref().map(|commit| commit.date);
    standing.iter().filter_map(|s| s.placed.place.date).chain(first).filter(|date| *date > 0).min()
}

/// Why the best place makes us sure, and which other rules match.
fn reasons(detector: &Detector, standing: &[Standing], best: &Standing) -> Vec<String> {
    let candidate = &best.placed.candidate;
    let mut others: Vec<u32> =
        standing.iter().flat_map(|s| s.placed.candidate.others.iter().copied().chain([s.placed.candidate.rule])).collect();
    others.sort_unstable();
    others.dedup();
    let mut reasons = candidate.judged.reasons.clone();
    if !best.evidence.is_empty() {
        reasons.extend(best.evidence.reasons());
    }
    reasons.extend(candidate.reasons.iter().chain(&best.why).map(|&why| why.to_owned()));
    let also = others.into_iter().filter(|&other| other != candidate.rule);
    reasons.extend(also.map(|other| format!("also matched by {}", detector.rule(other).spec.id)));
    reasons
}

/// What hides the places, each source once, in the order of its first place.
fn hidden(standing: &[Standing]) -> Vec<Hidden> {
    let mut all: Vec<Hidden> = Vec::new();
    for by in standing.iter().filter_map(|one| one.hidden.as_ref()) {
        match all.iter_mut().find(|known| (known.by, &known.source) == (by.kind, &by.source)) {
            Some(known) => known.places += 1,
            None => {
                let By { kind, source, reason, until } = by.clone();
                all.push(Hidden { by: kind, source, reason, until, places: 1 });
            }
        }
    }
    all
}

/// What hides a place; a marker that should and cannot is told.
fn hides(collector: &Collector<'_>, identity: &Identity<'_>, placed: &Placed) -> Option<By> {
    let (candidate, place, suppress) = (&placed.candidate, &placed.place, identity.suppress);
    let rule = collector.detector.rule(candidate.rule);
    let faults = candidate.markers.iter().map(|marker| Hiding::fault(collector.detector.rules(), suppress, marker, rule));
    let faults: Vec<Option<String>> = faults.collect();
    let markers = || candidate.markers.iter().zip(&faults);
    let sound: Vec<_> = markers().filter(|(_, fault)| fault.is_none()).map(|(marker, _)| Arc::clone(marker)).collect();
    let by = suppress.judge(&Case {
        secret: &candidate.judged.value,
        fingerprint: &identity.fingerprint,
        rule,
        path: place.path.as_ref().map(|path| path.as_slice()),
        commit: place.commit.as_deref(),
        markers: &sound,
        around: candidate.around.as_deref(),
    });
    for (marker, fault) in markers() {
        if let Some(why) = fault.as_ref().filter(|_| marker.is_meant()) {
            let at = place.path.clone().unwrap_or_default();
            collector.notice(Notice::info(format!("{} hides nothing", marker.word), at, why.clone()));
        }
        if fault.is_some() || suppress.counts(marker, rule) {
            collector.hiding.settle(marker);
        }
    }
    by
}

/// What paths say, by path: a secret stands at few of them, many times each.
type Paths = FxHashMap<BString, Evidence>;

fn stand(detector: &Detector, placed: Placed, paths: &mut Paths) -> Option<Standing> {
    let rule = detector.rule(placed.candidate.rule);
    let path = placed.place.path.as_ref().map_or(&b""[..], |path| path.as_slice());
    if !wanted(rule, path) {
        return None;
    }
    let (mut severity, mut confidence, mut why) = (placed.candidate.severity, placed.candidate.confidence, None);
    for (_, filter) in rule.filters.iter().filter(|_| !placed.candidate.judged.proved) {
        let Filter::Place(filter) = filter else { continue };
        match filter(path) {
            Judgement::Keep => {}
            Judgement::Drop(_) => return None,
            Judgement::Lower(reason) => (confidence, why) = (Confidence::Low, Some(reason)),
            Judgement::Mild(reason) => (severity, why) = (Severity::Low, Some(reason)),
        }
    }
    let score = if rule.on_request() { 0.1 } else { tier_score(&placed.candidate, confidence) };
    let standing = Standing { severity, confidence, score, evidence: Evidence::NONE, why, hidden: None, placed };
    if standing.placed.candidate.judged.evidence.is_empty() { Some(standing) } else { weigh(standing, paths) }
}

/// A scored value with what its path adds; `None` where that makes it too unlikely.
fn weigh(mut standing: Standing, paths: &mut Paths) -> Option<Standing> {
    let window = standing.placed.candidate.judged.evidence;
    let of_path = standing.placed.place.path.as_ref().filter(|path| !path.is_empty()).map(|path| match paths.get(path) {
        Some(known) => *known,
        None => *paths.entry(path.clone()).or_insert(score::of_path(path)),
    });
    standing.evidence = of_path.map_or(window, |of_path| window.and(of_path));
    let chance = standing.evidence.probability();
    let Candidate { reasons, judged, .. } = &*standing.placed.candidate;
    // Where the window alone made it likely and it is low all the same, a filter has lowered it.
    let lowered = judged.refuted || !reasons.is_empty() || (standing.confidence == Confidence::Low && window.is_likely());
    standing.confidence = if lowered || !standing.evidence.is_likely() { Confidence::Low } else { Confidence::Medium };
    standing.score = f64::from(chance);
    standing.evidence.is_possible().then_some(standing)
}

/// Whether a rule's `paths` and `not_paths` let it speak at that path. A place without a path is always wanted.
pub fn wanted(rule: &Rule, path: &[u8]) -> bool {
    if path.is_empty() {
        return true;
    }
    rule.speaks_at(&path.to_path_lossy())
}

/// 0 to 1, from the tier and the proof.
fn tier_score(candidate: &Candidate, confidence: Confidence) -> f64 {
    match confidence {
        _ if candidate.judged.proved => 0.99,
        Confidence::High => 0.9,
        Confidence::Medium => 0.7,
        Confidence::Low => 0.3,
    }
}
