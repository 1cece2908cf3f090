//! What an object has from its base, and what is new in it: the base's hits that were copied along, those of them that
//! have lost some of what their matches depend on, and the hits in new bytes. It does not judge a hit.

use std::ops::Range;

use super::{Detector, Hit, Memo, in_order};
use crate::object::{Base, Copied};

/// A hit of the base that was copied along.
struct Handed {
    /// Its number among the base's.
    number: usize,
    /// The hit, at its new place.
    hit: Hit,
    /// How far it moved.
    shift: i64,
    /// Whether all that its matches depend on was copied, too.
    whole: bool,
}

impl Detector {
    /// The hits and matches of an object with that base.
    pub(super) fn scan_new(&self, bytes: &[u8], base: &Base<'_, Memo>) -> Memo {
        let fresh = self.fresh(bytes, base.copied);
        let mut memo = Memo { hits: Vec::with_capacity(base.memo.hits.len() + fresh.len()), matches: Vec::new() };
        let mut fresh = fresh.into_iter().peekable();
        let Memo { hits, matches } = base.memo;
        let firsts = if matches.is_empty() { Vec::new() } else { firsts(hits) };
        self.inherit(bytes.len(), base, |Handed { number, hit, shift, whole }| {
            while let Some(new) = fresh.next_if(|new| (new.at, new.keyword) < (hit.at, hit.keyword)) {
                self.add(bytes, new, &mut memo);
            }
            fresh.next_if(|new| (new.at, new.keyword) == (hit.at, hit.keyword));
            if whole {
                let of_hit = firsts.get(number).map_or(&[][..], |&first| &matches[first..first + usize::from(hit.matches)]);
                memo.matches.extend(of_hit.iter().map(|m| m.shifted(shift)));
                memo.hits.push(hit);
            } else {
                self.add(bytes, hit, &mut memo);
            }
        });
        fresh.for_each(|new| self.add(bytes, new, &mut memo));
        memo
    }

    /// The hits that do not lie wholly in one of the copied stretches, and some that do.
    fn fresh(&self, bytes: &[u8], copied: &[Copied]) -> Vec<Hit> {
        let mut hits = Vec::new();
        let reach = (self.prefilter.longest(), self.prefilter.looks_back());
        fresh_regions(bytes.len(), copied, reach, |region| self.search(bytes, region, &mut hits));
        in_order(hits)
    }

    fn add(&self, bytes: &[u8], mut hit: Hit, memo: &mut Memo) {
        self.evaluate_hit(bytes, &mut hit, &mut memo.matches);
        memo.hits.push(hit);
    }

    /// Hands over the base's hits that lie in copied stretches, in the order of their new places.
    fn inherit(&self, len: usize, base: &Base<'_, Memo>, mut take: impl FnMut(Handed)) {
        let hits = &base.memo.hits;
        if hits.is_empty() {
            return;
        }
        let ((before, after), longest) = (self.prefilter.reach(), self.prefilter.longest());
        let (before, after) = (before.max(longest), after.max(longest));
        let mut next = 0;
        for copied in base.copied {
            let stretch = Stretch::new(copied, base.len, len);
            // Most stretches follow each other as they do in the base.
            if next > 0 && hits[next - 1].at as usize >= stretch.from {
                next = 0;
            }
            if let Some(hit) = hits.get(next)
                && (hit.at as usize) < stretch.from
            {
                next += hits[next..].partition_point(|hit| (hit.at as usize) < stretch.from);
            }
            while let Some(&hit) = hits.get(next).filter(|hit| (hit.at as usize) < stretch.end) {
                // Far from both ends nothing is missing, whatever it is.
                let at = hit.at as usize;
                let inside = at >= stretch.from + before && at + after <= stretch.end;
                if let Some(whole) = if inside { Some(true) } else { self.keeps(&stretch, &hit) } {
                    take(Handed { number: next, hit: hit.shifted(stretch.shift), shift: stretch.shift, whole });
                }
                next += 1;
            }
        }
    }

    /// Whether all that a hit and its matches depend on was copied along; `None` where the hit itself was not.
    fn keeps(&self, stretch: &Stretch, hit: &Hit) -> Option<bool> {
        let (at, need) = (hit.at as usize, self.prefilter.need(usize::from(hit.keyword)));
        if at + need.len > stretch.end || (need.looks_back && at == stretch.from && !stretch.begins) {
            return None;
        }
        let around = if hit.matches == 0 { need.bare } else { need.matched };
        let left = stretch.begins || at >= stretch.from + around.before;
        Some(left && (stretch.ends || at + around.after <= stretch.end))
    }
}

/// A copied stretch, by its place in the base.
#[derive(Clone, Copy)]
struct Stretch {
    from: usize,
    end: usize,
    /// How far it moved.
    shift: i64,
    /// Whether both objects begin with it.
    begins: bool,
    /// Whether both end with it.
    ends: bool,
}

impl Stretch {
    /// Of objects of these lengths.
    fn new(copied: &Copied, base: usize, len: usize) -> Self {
        let end = copied.from + copied.len;
        Self {
            from: copied.from,
            end,
            shift: copied.at as i64 - copied.from as i64,
            begins: copied.from == 0 && copied.at == 0,
            ends: end == base && copied.at + copied.len == len,
        }
    }
}

impl Hit {
    fn shifted(self, by: i64) -> Self {
        Self { at: (i64::from(self.at) + by) as u32, ..self }
    }
}

/// The number of each hit's first match.
fn firsts(hits: &[Hit]) -> Vec<usize> {
    let sum = |sum: &mut usize, hit: &Hit| Some(std::mem::replace(sum, *sum + usize::from(hit.matches)));
    hits.iter().scan(0, sum).collect()
}

/// Hands over the stretches in which a hit, of at most so many bytes, can begin or end outside of any single copied
/// stretch, ascending and joined.
fn fresh_regions(len: usize, copied: &[Copied], (longest, looks_back): (usize, bool), mut take: impl FnMut(Range<usize>)) {
    let reach = longest.saturating_sub(1);
    let mut waiting: Option<Range<usize>> = None;
    let mut add = |start: usize, end: usize| {
        let region = start.saturating_sub(reach)..(end + reach).min(len);
        match &mut waiting {
            Some(last) if region.start <= last.end => last.end = last.end.max(region.end),
            _ => waiting.replace(region).into_iter().for_each(&mut take),
        }
    };
    let mut done = 0;
    for stretch in copied {
        if stretch.at > 0 || (looks_back && stretch.from > 0) {
            add(done, stretch.at);
        }
        done = stretch.at + stretch.len;
    }
    if done < len {
        add(done, len);
    }
    waiting.into_iter().for_each(take);
}
