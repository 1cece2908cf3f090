//! One rule's regex: its match in a window around a keyword, and the named groups that its check and the requests
//! of its rule need besides the secret. It does not know what becomes of them.

use std::ops::Range;

use regex_automata::{Anchored, Input};

use crate::find::Found;
use crate::outline::{fits, holds};
use crate::rule::{Rule, WHOLE};
use crate::score::Evidence;
use crate::secret::Secret;

/// The match that holds the keyword hit, if there is one.
pub(super) fn find_regex(rule: &Rule, window: &[u8], hit: &Range<usize>) -> Option<Found> {
    let (anchored, mut from) = if rule.bound.lead == 0 { (Anchored::Yes, hit.start) } else { (Anchored::No, 0) };
    if !fits(&rule.outline, &window[hit.start..]) || rule.within.is_some_and(|run| !holds(&run, &window[from..])) {
        return None;
    }
    let regex = rule.regex();
    let whole = loop {
        let found = regex.search(&Input::new(window).range(from..window.len()).anchored(anchored))?;
        if found.start() > hit.start {
            return None;
        }
        if found.end() >= hit.end {
            break found.range();
        }
        from = found.start() + 1;
    };
    if regex.captures_len() == 1 {
        return Some(Found { secret: whole.clone(), whole, value: None, doubt: None, evidence: Evidence::NONE });
    }
    let mut captures = regex.create_captures();
    regex.search_captures(&Input::new(window).range(whole.start..window.len()).anchored(Anchored::Yes), &mut captures);
    let secret = captures.get_group_by_name("secret").map_or_else(|| whole.clone(), |span| span.start..span.end);
    Some(Found { whole, secret, value: None, doubt: None, evidence: Evidence::NONE })
}

/// The named groups of a regex match, for its check.
pub(super) fn groups<'r, 'b>(rule: &'r Rule, bytes: &'b [u8], found: &Found) -> Vec<(&'r str, &'b [u8])> {
    if rule.finder.is_some() || rule.regex().captures_len() == 1 {
        return Vec::new();
    }
    let regex = rule.regex();
    let mut captures = regex.create_captures();
    let high = (found.whole.end + 1).min(bytes.len());
    let low = found.whole.start.saturating_sub(1);
    let window = &bytes[low..high];
    regex.search_captures(&Input::new(window).range(found.whole.start - low..window.len()).anchored(Anchored::Yes), &mut captures);
    let names = regex.group_info().pattern_names(regex_automata::PatternID::ZERO);
    names
        .enumerate()
        .filter_map(|(index, name)| {
            let span = captures.get_group(index)?;
            Some((name?, &window[span.start..span.end]))
        })
        .collect()
}

/// What the rule's requests need of a match besides the secret.
pub(super) fn parts(rule: &Rule, bytes: &[u8], found: &Found) -> Vec<(String, Secret)> {
    if rule.parts().is_empty() {
        return beside(rule, bytes, found);
    }
    let mut all = groups(rule, bytes, found);
    all.push((WHOLE, &bytes[found.whole.clone()]));
    all.retain(|(name, _)| rule.parts().iter().any(|part| part == name));
    all.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value, 0))).chain(beside(rule, bytes, found)).collect()
}

/// The nearest value of each kind that the rule's requests need besides the match: within a bounded stretch, so that
/// it is inherited with the match. What is cut by the ends of the stretch is none.
fn beside(rule: &Rule, bytes: &[u8], found: &Found) -> Vec<(String, Secret)> {
    let low = found.whole.start.saturating_sub(rule.around());
    let high = (found.whole.end + rule.around()).min(bytes.len());
    let sides = [low..found.secret.start, found.secret.end..high];
    let cut = |at: &Range<usize>| (at.start == low && low > 0) || (at.end == high && high < bytes.len());
    let mut all = Vec::new();
    for (name, regex) in rule.beside() {
        let near = sides.iter().flat_map(|side| regex.find_iter(Input::new(bytes).range(side.clone())));
        let near = near.map(|near| near.range()).filter(|near| !cut(near));
        let nearest = near.min_by_key(|near| (found.whole.start.saturating_sub(near.end)).max(near.start.saturating_sub(found.whole.end)));
        let Some(nearest) = nearest else { continue };
        let mut captures = regex.create_captures();
        regex.search_captures(&Input::new(bytes).range(nearest).anchored(Anchored::Yes), &mut captures);
        all.extend(captures.get_group_by_name("value").map(|span| (name.to_owned(), Secret::new(&bytes[span.start..span.end], 0))));
    }
    all
}
