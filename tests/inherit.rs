//! Inheriting through copies changes nothing: for random texts and random deltas between them, what the detector
//! makes of an object with a base equals what it makes of the same bytes alone. So does a scan in pieces.

mod common;

use std::sync::LazyLock;

use common::token::{Random, token};
use proptest::prelude::*;
use unleak::detect::{Detector, Judged, Match, Memo};
use unleak::object::{Base, Copied};
use unleak::progress::Progress;
use unleak::rule::{RuleSet, example};
use unleak::source::stream::{Cut, LocatedMatch, Scanned, Stream};

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(RuleSet::builtin().with_entropy(), 0));
static KEYWORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let words = |rule: &unleak::rule::Rule| rule.spec.keywords.iter().map(|word| word.to_string()).collect::<Vec<_>>();
    DETECTOR.rules().rules().iter().flat_map(words).collect()
});

/// What stands around secrets.
const GLUE: &[&str] = &[
    "\n",
    " ",
    "=",
    ": ",
    " = \"",
    "\"\n",
    "'",
    "\"",
    "\": \"",
    "\", ",
    "\n\n",
    "\t",
    "_",
    "-",
    ".",
    "/",
    "://",
    ":",
    "@",
    "db.corp.io",
    "\napp_id: 1a2b3c4d\n",
    "https://lakeshore.freshdesk.com ",
    "user",
    "admin:",
    "<",
    "</",
    ">",
    "\\n",
    "\\\"",
    "${",
    "}",
    "{{",
    "%",
    "é",
    "\0",
    "\r\n",
    "example",
    "xxxxxxxx",
    "test",
    "true",
    "(",
    ");",
    "name=",
    " value=",
    "==",
    "!=",
    "Authorization: ",
    "http",
    "https://",
    "&",
    "?",
    "#",
    "changeme",
    "null",
    "$",
    "`",
    "[",
    "]",
];

/// One part of a random text.
#[derive(Clone, Debug)]
enum Part {
    Glue(usize),
    Keyword(usize, bool),
    Token(u64),
    /// A token without some of its first and last characters.
    Cut(u64, usize, usize),
    Value(u64, usize),
    /// Enough bytes that nothing before them matters to anything after.
    Far(u64),
}

impl Part {
    fn push(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Glue(n) => out.extend_from_slice(GLUE[n % GLUE.len()].as_bytes()),
            Self::Keyword(n, upper) => {
                let word = &KEYWORDS[n % KEYWORDS.len()];
                out.extend_from_slice(if upper { word.to_ascii_uppercase() } else { word.clone() }.as_bytes());
            }
            Self::Token(seed) => out.extend_from_slice(token(seed).as_bytes()),
            Self::Cut(seed, first, last) => out.extend_from_slice(&token(seed).as_bytes()[first % 20..40 - last % 20]),
            Self::Value(seed, len) => out.extend_from_slice(Random::new(seed).alphanumeric(1 + len % 72).as_bytes()),
            Self::Far(seed) => {
                let mut random = Random::new(seed);
                (0..2 + random.below(80)).for_each(|_| out.extend_from_slice((random.alphanumeric(11) + "\n").as_bytes()));
            }
        }
    }
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        6 => (0..GLUE.len()).prop_map(Part::Glue),
        4 => (0..1000usize, any::<bool>()).prop_map(|(n, upper)| Part::Keyword(n, upper)),
        2 => (0..50u64).prop_map(Part::Token),
        1 => (0..50u64, 0..20usize, 0..20usize).prop_map(|(seed, first, last)| Part::Cut(seed, first, last)),
        2 => (0..1000u64, 0..72usize).prop_map(|(seed, len)| Part::Value(seed, len)),
        1 => (0..1000u64).prop_map(Part::Far),
    ]
}

fn text(parts: &[Part]) -> Vec<u8> {
    let mut out = Vec::new();
    parts.iter().for_each(|part| part.push(&mut out));
    out
}

/// One instruction of a delta.
#[derive(Clone, Debug)]
enum Step {
    /// Copies from there, so many bytes, as parts of 65536.
    Copy(u16, u16),
    /// Goes on where the last copy ended, some bytes further or back, for so many bytes.
    Onward(i8, u16),
    Insert(Vec<Part>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (any::<u16>(), any::<u16>()).prop_map(|(from, len)| Step::Copy(from, len)),
        1 => (0..200u16, any::<u16>()).prop_map(|(from, len)| Step::Copy(from, len)),
        4 => (-3..4i8, any::<u16>()).prop_map(|(skip, len)| Step::Onward(skip, len)),
        2 => (-30..30i8, 0..900u16).prop_map(|(skip, len)| Step::Onward(skip, len)),
        2 => prop::collection::vec(part(), 0..4).prop_map(Step::Insert),
    ]
}

/// Applies a delta, as `source::git::delta` hands it on: copied stretches ascending, neighbours joined.
fn apply(base: &[u8], steps: &[Step]) -> (Vec<u8>, Vec<Copied>) {
    let (mut out, mut copied): (Vec<u8>, Vec<Copied>) = (Vec::new(), Vec::new());
    let mut next = 0usize;
    for step in steps {
        let (from, len) = match step {
            Step::Insert(parts) => {
                parts.iter().for_each(|part| part.push(&mut out));
                continue;
            }
            Step::Copy(from, len) => (scaled(*from, base.len()), scaled(*len, base.len())),
            Step::Onward(skip, len) => ((next as i64 + i64::from(*skip)).clamp(0, base.len() as i64) as usize, scaled(*len, base.len())),
        };
        let len = len.min(base.len() - from);
        next = from + len;
        if len == 0 || out.len() > 20_000 {
            continue;
        }
        match copied.last_mut() {
            Some(last) if last.at + last.len == out.len() && last.from + last.len == from => last.len += len,
            _ => copied.push(Copied { at: out.len(), from, len }),
        }
        out.extend_from_slice(&base[from..from + len]);
    }
    (out, copied)
}

fn scaled(part: u16, whole: usize) -> usize {
    (usize::from(part) * (whole + 1)) >> 16
}

/// All that is said of a match, in words.
fn said(found: &Match) -> String {
    let judged = &found.judged;
    let id = &DETECTOR.rule(found.rule).spec.id;
    let value = String::from_utf8_lossy(judged.value.expose()).into_owned();
    format!(
        "{id} {}..{} secret {}..{} {value:?} {:?} {:?} {} {:?} {:?} {:?} {:?}",
        found.start,
        found.end,
        found.secret_start,
        found.secret_end,
        judged.severity,
        judged.confidence,
        judged.proved,
        judged.reasons,
        judged.facts,
        judged.dropped,
        parts(judged)
    )
}

/// What stands in the match and beside it.
fn parts(judged: &Judged) -> Vec<(&str, String)> {
    judged.parts.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.expose()).into_owned())).collect()
}

fn matches(memo: &Memo) -> (Vec<String>, Vec<String>) {
    (memo.matches().into_iter().map(said).collect(), memo.raw_matches().iter().map(said).collect())
}

fn located(scanned: &Scanned) -> Vec<String> {
    let all = scanned.matches.iter();
    let place = |m: &LocatedMatch| format!("{:?} {:?} {}:{} {}:{}", m.whole, m.secret, m.line, m.column, m.end_line, m.end_column);
    all.map(|m| format!("{} {} {:?}", m.rule, place(m), parts(&m.judged))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_chain_of_deltas_inherits_what_a_scan_of_the_whole_finds(
        base in prop::collection::vec(part(), 0..40),
        deltas in prop::collection::vec(prop::collection::vec(step(), 0..12), 1..5),
    ) {
        let mut bytes = text(&base);
        let mut memo = DETECTOR.scan(&bytes, None);
        for delta in &deltas {
            let (made, copied) = apply(&bytes, delta);
            let inherited = DETECTOR.scan(&made, Some(&Base { memo: &memo, len: bytes.len(), copied: &copied }));
            let whole = DETECTOR.scan(&made, None);
            prop_assert_eq!(matches(&inherited), matches(&whole), "{:?} {:?} from {:?}", made.escape_ascii(), copied, bytes.escape_ascii());
            prop_assert_eq!(inherited.is_empty(), whole.is_empty());
            (bytes, memo) = (made, inherited);
        }
    }

    #[test]
    fn pieces_find_what_a_scan_of_the_whole_finds(parts in prop::collection::vec(part(), 0..60), whole in 0..3000usize, piece in 0..700usize) {
        let bytes = text(&parts);
        let all = located(&Scanned::of(&DETECTOR, &DETECTOR.scan(&bytes, None), &bytes));
        let progress = Progress::default();
        let cut = Stream::with_cut(&DETECTOR, &progress, Cut { whole, piece }).content(&mut bytes.as_slice());
        prop_assert_eq!(located(&cut), all);
    }
}

/// Git writes one edit of one line as copy, insert, copy: each byte of a token in turn is the border.
#[test]
fn every_border_in_and_around_a_token() {
    let (first, second) = (token(1), token(2));
    let base = format!("a = 1\npassword = \"{first}\"\nurl = postgres://me:{second}@db.corp.io/x\nend\n").into_bytes();
    assert!(DETECTOR.scan(&base, None).matches().len() >= 2);
    every_border(&base);
}

/// The account beside a key counts with the key, however the delta cuts the bytes between them.
#[test]
fn every_border_around_what_stands_beside_a_secret() {
    let shown = |text: &str, seed| example::complete(text, None, seed).unwrap();
    let rule = DETECTOR.rules().by_id("adzuna-api-key").unwrap();
    let (key, id) = (shown(&rule.spec.matches[0], 1), &rule.spec.beside[0].example);
    let lines = |n: usize| "# a line of nothing\n".repeat(n);
    for (above, below) in [(2, 4), (19, 1), (20, 20)] {
        let base = [&*shown(id, 5), "\n", &lines(above), &key, "\n", &lines(below), &shown(id, 6), "\n"].concat().into_bytes();
        every_border(&base);
    }
}

/// A keyword that matches nothing, as its value is not closed, too long or cut off, is looked at again wherever that may change.
#[test]
fn every_border_of_what_matches_nothing() {
    for len in [40, 508, 514] {
        let above = "x".repeat(80);
        let base = format!("{above}\npassword = \"{}\nend\n", Random::new(1).alphanumeric(len)).into_bytes();
        assert!(DETECTOR.scan(&base, None).matches().iter().all(|found| found.start as usize > above.len() + 1));
        every_border(&base);
    }
}

/// Cuts a text in two at each byte, puts a little in or takes some away.
fn every_border(base: &[u8]) {
    let memo = DETECTOR.scan(base, None);
    for border in 0..=base.len() {
        for (insert, skip) in [("", 0), ("", 1), ("x", 0), ("x", 1), ("\n", 0), ("\"", 0), (" password=\"", 0), ("ghp", 2), ("", 40)] {
            let on = (border + skip).min(base.len());
            let made = [&base[..border], insert.as_bytes(), &base[on..]].concat();
            let mut copied =
                vec![Copied { at: 0, from: 0, len: border }, Copied { at: border + insert.len(), from: on, len: base.len() - on }];
            copied.retain(|stretch| stretch.len > 0);
            if insert.is_empty() && skip == 0 {
                copied = vec![Copied { at: 0, from: 0, len: base.len() }];
            }
            let inherited = DETECTOR.scan(&made, Some(&Base { memo: &memo, len: base.len(), copied: &copied }));
            assert_eq!(matches(&inherited), matches(&DETECTOR.scan(&made, None)), "at {border} {insert:?} skip {skip}");
        }
    }
}

/// A keyword put together from two stretches, or with one new byte in it, is new wherever the border lies: in it, or in the
/// bytes behind it that its rules ask for.
#[test]
fn a_border_in_a_keyword_hides_none() {
    const BEHIND: &[&[u8]] = &[b"", b"a1b2c3d4e5f6", b"0123456789012", b"EYAB23CDEF45", b"-1-1-1-1-1-1"];
    let mut known = 0;
    for word in KEYWORDS.iter().map(|word| word.as_bytes()) {
        let mut hit = false;
        for text in BEHIND.iter().map(|behind| [word, behind].concat()) {
            let whole = !DETECTOR.scan(&text, None).is_empty();
            hit |= whole;
            for at in 1..text.len() {
                for made in joined_and_mended(&text, at) {
                    assert_eq!(!made.is_empty(), whole, "{} {at}", text.escape_ascii());
                }
            }
        }
        known += usize::from(hit);
    }
    assert!(known * 20 > KEYWORDS.len() * 19, "{known} of {} are a hit with any of these behind them", KEYWORDS.len());
}

/// The text made from a base that has something between its halves, and from one that has another byte before the border.
fn joined_and_mended(text: &[u8], at: usize) -> [Memo; 2] {
    let base = [&text[..at], b"\n\n", &text[at..]].concat();
    let (head, tail) = (Copied { at: 0, from: 0, len: at }, Copied { at, from: at + 2, len: text.len() - at });
    let joined = DETECTOR.scan(text, Some(&Base { memo: &DETECTOR.scan(&base, None), len: base.len(), copied: &[head, tail] }));
    let other = [&text[..at - 1], b"\n", &text[at..]].concat();
    let (head, tail) = (Copied { len: at - 1, ..head }, Copied { from: at, ..tail });
    let copied: Vec<Copied> = [head, tail].into_iter().filter(|stretch| stretch.len > 0).collect();
    [joined, DETECTOR.scan(text, Some(&Base { memo: &DETECTOR.scan(&other, None), len: other.len(), copied: &copied }))]
}
