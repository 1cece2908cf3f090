//! Which bytes can stand at the first places of a regex's match: a test that costs next to nothing, so that most
//! hits of a common keyword need no regex, which need not even be compiled. Also compiled into the build script;
//! it knows no other module.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// A set of bytes, one bit for each.
pub type Set = [u64; 4];

/// So many bytes behind each other are of this set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// How many.
    pub len: u8,
    /// Of which set.
    pub set: Set,
}

/// How many places are looked at, at the most: one bit for each in a number of 32.
const PLACES: usize = 32;
/// What says nothing.
const ANY: Set = [u64::MAX; 4];

/// What the first places take of every match of a rule from its keyword on, as runs; nothing where that says nothing.
/// A match can have `lead` bytes before its keyword, whichever of its keywords that is; `None` where they differ in that.
/// Where these are more than an opening that may be empty, nobody knows here where the keyword stands.
pub fn of_rule(regex: Option<&str>, lead: Option<u32>) -> Vec<Run> {
    let (Some(regex), Some(lead)) = (regex, lead) else { return Vec::new() };
    let Ok(hir) = ParserBuilder::new().unicode(false).utf8(false).build().parse(regex) else { return Vec::new() };
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(&hir),
    };
    let opens = |part: &Hir| part.properties().minimum_len() == Some(0) && part.properties().maximum_len() == Some(lead as usize);
    match parts.split_first() {
        _ if lead == 0 => outline(parts),
        Some((first, rest)) if opens(first) => outline(rest),
        _ => Vec::new(),
    }
}

/// What the first places of every match of these parts take. Longer matches go on after it.
fn outline(parts: &[Hir]) -> Vec<Run> {
    let mut sets = [[0; 4]; PLACES];
    parts.iter().fold(1, |from, part| walk(part, from, &mut sets));
    let certain = parts.iter().map(|part| part.properties().minimum_len().unwrap_or(0)).sum::<usize>().min(PLACES);
    runs(sets[..certain].iter().copied())
}

/// The sets of places behind each other, as runs. Places at the end that say nothing are left out.
fn runs(sets: impl Iterator<Item = Set>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for set in sets {
        match runs.last_mut() {
            Some(run) if run.set == set => run.len += 1,
            _ => runs.push(Run { len: 1, set }),
        }
    }
    while runs.pop_if(|run| run.set == ANY).is_some() {}
    runs
}

/// Shorter runs stand in most texts.
const SHORTEST: u32 = 8;

/// A run of bytes of one set that stands in every match of a regex, wherever in it: of several the one that is least often met.
pub fn within(regex: Option<&str>) -> Option<Run> {
    let hir = ParserBuilder::new().unicode(false).utf8(false).build().parse(regex?).ok()?;
    let mut all = Vec::new();
    gather(&hir, &mut all);
    let size = |run: &Run| run.set.iter().map(|part| part.count_ones()).sum::<u32>();
    // Each place of a run takes one byte in so many.
    all.into_iter().filter(|run| (1..128).contains(&size(run))).max_by_key(|run| u32::from(run.len) * (8 - size(run).ilog2()))
}

fn gather(hir: &Hir, all: &mut Vec<Run>) {
    match hir.kind() {
        HirKind::Capture(capture) => gather(&capture.sub, all),
        HirKind::Concat(parts) => parts.iter().for_each(|part| gather(part, all)),
        HirKind::Repetition(repetition) if repetition.min > 0 => match repetition.sub.kind() {
            HirKind::Class(Class::Bytes(class)) if repetition.min >= SHORTEST => {
                let mut set = [0; 4];
                class.iter().for_each(|range| add(&mut set, range.start(), range.end()));
                all.push(Run { len: repetition.min.min(255) as u8, set });
            }
            _ => gather(&repetition.sub, all),
        },
        _ => {}
    }
}

/// Whether the bytes hold such a run.
pub fn holds(run: &Run, bytes: &[u8]) -> bool {
    let len = usize::from(run.len);
    let mut at = 0;
    while let Some(here) = bytes.get(at..at + len) {
        // What stands before a byte that is not of the set begins no run.
        match here.iter().rposition(|&byte| !has(&run.set, byte)) {
            Some(stop) => at += stop + 1,
            None => return true,
        }
    }
    false
}

fn has(set: &Set, byte: u8) -> bool {
    set[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
}

/// What the places from `skip` to `end` take of any match of any of these outlines.
pub fn part(outlines: &[&[Run]], skip: usize, end: usize) -> Vec<Run> {
    let Some((first, others)) = outlines.split_first() else { return Vec::new() };
    let places = |runs: &[Run]| -> Vec<Set> {
        let places = runs.iter().flat_map(|run| std::iter::repeat_n(run.set, run.len.into()));
        places.skip(skip).take(end.saturating_sub(skip)).collect()
    };
    let join = |all: Vec<Set>, runs: &&[Run]| all.into_iter().zip(places(runs)).map(|(one, other)| either(one, other)).collect();
    runs(others.iter().fold(places(first), join).into_iter())
}

fn either(one: Set, other: Set) -> Set {
    [one[0] | other[0], one[1] | other[1], one[2] | other[2], one[3] | other[3]]
}

/// Whether a match can begin where these bytes do.
pub fn fits(runs: &[Run], bytes: &[u8]) -> bool {
    let mut rest = bytes;
    runs.iter().all(|run| {
        let Some((here, behind)) = rest.split_at_checked(run.len.into()) else { return false };
        rest = behind;
        here.iter().all(|&byte| has(&run.set, byte))
    })
}

/// Notes what a part takes that begins at any of these places (a bit for each), and says where it can end.
fn walk(hir: &Hir, from: u32, sets: &mut [Set; PLACES]) -> u32 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => from,
        HirKind::Literal(literal) => literal.0.iter().fold(from, |from, &byte| note(from, sets, |set| add(set, byte, byte))),
        HirKind::Class(Class::Bytes(class)) => note(from, sets, |set| class.iter().for_each(|range| add(set, range.start(), range.end()))),
        HirKind::Class(Class::Unicode(_)) => {
            // As many bytes as nobody knows here.
            let first = from.trailing_zeros() as usize;
            sets[first.min(PLACES)..].fill(ANY);
            0
        }
        HirKind::Capture(capture) => walk(&capture.sub, from, sets),
        HirKind::Concat(parts) => parts.iter().fold(from, |from, part| walk(part, from, sets)),
        HirKind::Alternation(branches) => branches.iter().fold(0, |ends, branch| ends | walk(branch, from, sets)),
        HirKind::Repetition(repetition) => {
            let mut ends = if repetition.min == 0 { from } else { 0 };
            let mut here = from;
            // More rounds than places reach no further.
            let rounds = repetition.max.unwrap_or(u32::MAX).min(PLACES as u32 + 1);
            for round in 1..=rounds {
                here = walk(&repetition.sub, here, sets);
                if round >= repetition.min || round == rounds {
                    ends |= here;
                }
            }
            ends
        }
    }
}

fn note(from: u32, sets: &mut [Set; PLACES], add: impl Fn(&mut Set)) -> u32 {
    sets.iter_mut().enumerate().filter(|(place, _)| from >> place & 1 == 1).for_each(|(_, set)| add(set));
    from << 1
}

fn add(set: &mut Set, first: u8, last: u8) {
    (first..=last).for_each(|byte| set[usize::from(byte >> 6)] |= 1 << (byte & 63));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_automata::meta::Regex;
    use regex_automata::util::syntax;
    use regex_automata::{Anchored, Input};

    use super::*;

    #[test]
    fn refuses_what_cannot_match() {
        let outline = |regex| of_rule(Some(regex), Some(0));
        let runs = outline(r"pat[0-9A-Za-z]{14}\.[0-9a-f]{64}\b");
        let yes = format!("pat{}.{}", "a1".repeat(7), "0f".repeat(32));
        assert!(fits(&runs, yes.as_bytes()));
        for no in ["path/to/something/that/is/long", "patch", "pat", &yes.replace('.', "x")] {
            assert!(!fits(&runs, no.as_bytes()), "{no}");
        }
        assert!(outline("(?s)..{5}").is_empty() && outline("a?").is_empty() && outline("(").is_empty());
    }

    #[test]
    fn a_run_that_every_match_has_is_known() {
        let run = within(Some(r"(?i:travis)[\w .:=]{0,40}?[ '](?P<secret>[0-9A-Za-z]{22})\b")).unwrap();
        assert_eq!(run.len, 22);
        assert!(holds(&run, b"travis: 'a1b2c3d4e5f6g7h8i9j0k1'") && !holds(&run, b"travis: the continuous integration of it all"));
        for nothing in ["a{0,9}(?:[0-9]{20}|x)[a-z]{7}", r"a[^\x00-\xff]{9}", ".{20}"] {
            assert!(within(Some(nothing)).is_none(), "{nothing}");
        }
    }

    #[test]
    fn an_opening_is_passed_over() {
        let runs = of_rule(Some(r"(?:\b|\\[nrt])(?P<secret>re_[0-9a-z]{8})"), Some(2));
        assert!(fits(&runs, b"re_abcd1234") && !fits(&runs, b"re_abcd_234"));
        assert!(of_rule(Some("(?:key_)?re_[0-9]{8}"), None).is_empty(), "one keyword may stand before the other");
        assert!(of_rule(Some("[a-z]{0,9}re_[0-9]{8}"), Some(8)).is_empty(), "the keyword may stand anywhere in these");
    }

    #[test]
    fn a_part_lets_through_what_any_of_the_outlines_does() {
        let [digits, small] = ["re_[0-9]{4}", "re_[a-z]{3}"].map(|regex| of_rule(Some(regex), Some(0)));
        let both = part(&[&digits, &small], 3, 12);
        assert!(fits(&both, b"12a") && fits(&both, b"abc") && !fits(&both, b"ab_") && !fits(&both, b"ab"));
        assert!(part(&[&digits, &[]], 3, 12).is_empty());
    }

    proptest! {
        #[test]
        fn lets_every_match_through(
            parts in prop::collection::vec(
                prop::sample::select(vec!["ab", "[0-9]", "(?:a|bcd)", "[a-c]{2,4}", "x?", "(?i:k)", ".{0,3}", "(?:q[0-9]?){2}", r"\b", "[a-d]{8,9}", "(?:[0-9a]{9})?", "(?:a?){40}b"]), 1..7),
            text in "(?:[a-dkKqx0-9 \n]{0,9}|[a-d0-9]{7,10}){0,6}",
        ) {
            let pattern = parts.concat();
            let regex = Regex::builder().syntax(syntax::Config::new().unicode(false).utf8(false))
                .configure(Regex::config().utf8_empty(false)).build(&pattern).unwrap();
            let (runs, within) = (of_rule(Some(&pattern), Some(0)), within(Some(&pattern)));
            for start in 0..=text.len() {
                let input = Input::new(text.as_bytes()).range(start..text.len()).anchored(Anchored::Yes);
                if let Some(found) = regex.search(&input) {
                    prop_assert!(within.is_none_or(|run| holds(&run, &text.as_bytes()[found.range()])), "{pattern} in {text:?}");
                    prop_assert!(fits(&runs, &text.as_bytes()[start..]), "{pattern} at {start} of {text:?}");
                }
            }
        }
    }
}
