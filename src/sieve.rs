//! A search for thousands of keywords at once, for text that holds few of them. Each keyword is found by its
//! rarest bytes: of every second place in the text one bit says whether any keyword may have the four bytes
//! there, the bytes beside them are asked next, and only then the keywords themselves are compared. It ignores
//! ASCII letter case and does not know what a keyword is for.

use std::ops::Range;

use rustc_hash::FxHashMap;

/// Bits in the table, as a power of two: 128 KiB, which stay in the second cache; the first would do for a
/// smaller one, but that lets more through.
const BITS: u32 = 20;
/// Numbers of 64 bits in it.
const WORDS: usize = 1 << (BITS - 6);
/// Sets the bit that tells lower from upper case in each byte. It joins some other characters too; the
/// comparison tells them apart.
const FOLD: u32 = 0x2020_2020;
/// The same for eight bytes.
const FOLD_ALL: u64 = (FOLD as u64) << 32 | FOLD as u64;
/// How many bytes are compared together.
const WINDOW: usize = 8;
/// Buckets for the keys of one kind, as a power of two.
const BUCKETS: u32 = 12;
/// Buckets for the keys of all three kinds.
const ALL_BUCKETS: usize = 3 << BUCKETS;
/// Only every so many places are looked at: each keyword is marked once for each remainder.
const STRIDE: usize = 2;
/// How many places are looked at in one step.
const STEP: usize = 8;
/// How many bytes one step passes.
const BLOCK: usize = STEP * STRIDE;
/// How many bytes are looked at together.
const GRAM: usize = 4;
/// Shorter keywords are not taken.
pub const SHORTEST: usize = 3;
/// Spreads four bytes over the table. Of some thousand odd numbers the one under which the fewest common sequences fall on
/// the bits of the shipped rules' keywords; a test says when another one is better.
const SPREAD: u32 = 0x682d_3643;
/// Of longer keywords only so many bytes are searched, those around the rarest: where only parts of a text are new,
/// the search begins before and ends behind each by the longest that it looks for.
pub const CORE: usize = 12;

/// The four-byte sequences that are most common in source code, the most common first, letter case joined: our own
/// count over ten repositories in ten languages, each with the same weight. `_` stands for itself and for DEL.
const COMMON: &str = include_str!("sieve/common.txt");

/// A table of bits, of a size that the compiler knows, so that no look into it is checked.
type Table = Box<[u64; WORDS]>;

/// Keywords made ready.
pub struct Sieve {
    bits: Table,
    /// Where in `places` those begin whose key has a hash; behind them where all end.
    buckets: Vec<Bucket>,
    places: Vec<Place>,
    keywords: Vec<Vec<u8>>,
    /// Where in its keyword each of them stands.
    cores: Vec<Range<usize>>,
}

/// What a keyword is looked up by: four folded bytes of the text, or three where it has no more to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    All(u32),
    /// The first three of the four bytes.
    Head(u32),
    /// The last three of the four bytes.
    Tail(u32),
}

/// A keyword, and how far into it the four bytes begin; -1 where they begin before it.
#[derive(Clone, Copy)]
struct Place {
    keyword: u32,
    offset: i32,
    /// The keyword's first bytes, folded, which tell most others apart; and which of them there are.
    first: u64,
    mask: u64,
}

/// The places of one hash, and what may stand beside their four bytes.
#[derive(Clone, Copy, Default)]
struct Bucket {
    first: u32,
    /// One bit for the lower five bits of each byte that may stand before them, and behind them.
    beside: [u32; 2],
}

/// The bytes beside four of the text, by their lower five bits, which are those of both letter cases.
#[derive(Clone, Copy)]
struct Beside([u32; 2]);

impl Beside {
    /// Of those at `at`. What ends the text lets everything through.
    fn of(bytes: &[u8], at: usize) -> Self {
        let bit = |byte: Option<&u8>| byte.map_or(u32::MAX, |byte| 1 << (byte & 31));
        Self([bit(at.checked_sub(1).map(|before| &bytes[before])), bit(bytes.get(at + GRAM))])
    }

    fn fits(self, bucket: &Bucket) -> bool {
        self.0[0] & bucket.beside[0] != 0 && self.0[1] & bucket.beside[1] != 0
    }
}

impl Bucket {
    /// Takes in a keyword, of which four bytes at the offset are looked at.
    fn add(&mut self, keyword: &[u8], offset: i32) {
        let bit = |at: i32| usize::try_from(at).ok().and_then(|at| keyword.get(at)).map_or(u32::MAX, |byte| 1 << (byte & 31));
        self.beside[0] |= bit(offset - 1);
        self.beside[1] |= bit(offset + GRAM as i32);
    }
}

impl Place {
    fn new(index: usize, keyword: &[u8], offset: i32) -> Self {
        let (mut first, mut mask) = ([0; WINDOW], [0; WINDOW]);
        for (at, byte) in keyword.iter().take(WINDOW).enumerate() {
            (first[at], mask[at]) = (*byte, 0xff);
        }
        let mask = u64::from_le_bytes(mask);
        Self { keyword: index as u32, offset, first: (u64::from_le_bytes(first) | FOLD_ALL) & mask, mask }
    }

    /// Where the keyword may begin, if its four bytes begin at `at`.
    fn start(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let start = at.checked_add_signed(-self.offset as isize)?;
        let Some(window) = bytes.get(start..start + WINDOW) else { return Some(start) };
        let folded = u64::from_le_bytes(window.try_into().expect("as long as asked")) | FOLD_ALL;
        (folded & self.mask == self.first).then_some(start)
    }
}

impl Sieve {
    /// Makes keywords ready; each has at least [`SHORTEST`] bytes.
    pub fn new<'k>(texts: impl Iterator<Item = &'k [u8]>) -> Self {
        let frequency = Frequency::new();
        let (mut keywords, mut cores): (Vec<Vec<u8>>, Vec<_>) = Default::default();
        let mut marks: Vec<(Key, Place)> = Vec::new();
        for (index, text) in texts.enumerate() {
            debug_assert!(text.len() >= SHORTEST);
            let core = frequency.core(text);
            let keyword = &text[core.clone()];
            let keys = frequency.keys(keyword);
            marks.extend(keys.map(|(key, offset)| (key, Place::new(index, keyword, offset))));
            keywords.push(keyword.to_vec());
            cores.push(core);
        }
        marks.sort_unstable_by_key(|(key, place)| (key.bucket(), place.keyword));
        let (places, buckets) = (Vec::with_capacity(marks.len()), vec![Bucket::default(); ALL_BUCKETS + 1]);
        let mut sieve = Self { bits: table(), buckets, places, keywords, cores };
        let mut marks = marks.into_iter().peekable();
        for (number, bucket) in sieve.buckets.iter_mut().enumerate() {
            bucket.first = sieve.places.len() as u32;
            while let Some((key, place)) = marks.next_if(|(key, _)| key.bucket() == number) {
                bucket.add(&sieve.keywords[place.keyword as usize], place.offset);
                sieve.places.push(place);
                grams(key).for_each(|gram| set(&mut sieve.bits, hash(gram)));
            }
        }
        sieve
    }

    /// Which part of a keyword is searched.
    pub fn core(&self, keyword: usize) -> Range<usize> {
        self.cores[keyword].clone()
    }

    /// Calls `hit(keyword, start, end)` for each occurrence of a keyword's core that lies wholly in the range, in no order.
    #[inline]
    pub fn search(&self, bytes: &[u8], range: Range<usize>, mut hit: impl FnMut(usize, usize, usize)) {
        let end = range.end.min(bytes.len());
        let mut at = range.start;
        // The last block may reach beyond the range, where there are bytes: most ranges are shorter than a few blocks.
        while at < end
            && let Some(block) = bytes.get(at..at + BLOCK + GRAM - STRIDE)
        {
            let mut marks = self.marks(block.try_into().expect("as long as asked"));
            if end - at < BLOCK {
                marks &= (1 << (end - at).div_ceil(STRIDE)) - 1;
            }
            while marks != 0 {
                let place = at + STRIDE * marks.trailing_zeros() as usize;
                marks &= marks - 1;
                self.check(bytes, place, range.start..end, &mut hit);
            }
            at += BLOCK;
        }
        for place in (at..end).step_by(STRIDE) {
            if get(&self.bits, hash(gram(bytes, place))) != 0 {
                self.check(bytes, place, range.start..end, &mut hit);
            }
        }
    }

    /// One bit for each place of a block where a keyword may be.
    #[inline(always)]
    fn marks(&self, block: &[u8; BLOCK + GRAM - STRIDE]) -> u32 {
        let mut marks = 0;
        for place in 0..STEP {
            let gram = load([block[2 * place], block[2 * place + 1], block[2 * place + 2], block[2 * place + 3]]);
            marks |= get(&self.bits, hash(gram)) << place;
        }
        marks
    }

    /// Compares the keywords that may have the four bytes at this place.
    #[inline]
    fn check(&self, bytes: &[u8], at: usize, range: Range<usize>, hit: &mut impl FnMut(usize, usize, usize)) {
        let gram = gram(bytes, at);
        let beside = Beside::of(bytes, at);
        for key in [Key::All(gram), Key::Head(gram & 0x00ff_ffff), Key::Tail(gram >> 8)] {
            if beside.fits(&self.buckets[key.bucket()]) {
                self.compare(key, (bytes, at), &range, hit);
            }
        }
    }

    #[inline(never)]
    fn compare(&self, key: Key, (bytes, at): (&[u8], usize), range: &Range<usize>, hit: &mut impl FnMut(usize, usize, usize)) {
        let bucket = key.bucket();
        for place in &self.places[self.buckets[bucket].first as usize..self.buckets[bucket + 1].first as usize] {
            let Some(start) = place.start(bytes, at).filter(|&start| start >= range.start) else { continue };
            let keyword = &self.keywords[place.keyword as usize];
            let end = start + keyword.len();
            if end <= range.end && bytes[start..end].eq_ignore_ascii_case(keyword) {
                hit(place.keyword as usize, start, end);
            }
        }
    }
}

impl Key {
    #[inline(always)]
    fn number(self) -> u64 {
        let (kind, bytes) = match self {
            Key::All(gram) => (1, gram),
            Key::Head(three) => (2, three),
            Key::Tail(three) => (3, three),
        };
        kind << 32 | u64::from(bytes)
    }

    /// Its bucket. Those of one kind are no other's, so that a place answers to its own key alone.
    fn bucket(self) -> usize {
        ((self.number() >> 32) as usize - 1) << BUCKETS | (self.number().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - BUCKETS)) as usize
    }
}

fn table() -> Table {
    vec![0; WORDS].into_boxed_slice().try_into().expect("as long as made")
}

/// The folded four bytes that a key stands for: whatever byte stands where it says nothing.
fn grams(key: Key) -> impl Iterator<Item = u32> {
    let (bytes, free) = match key {
        Key::All(gram) => (gram, None),
        Key::Head(three) => (three, Some(24)),
        Key::Tail(three) => (three << 8, Some(0)),
    };
    // The bytes with the bit that is set in every folded one.
    let folded = |number: u32| (number & 0x60) << 1 | 0x20 | (number & 0x1f);
    (0..if free.is_some() { 128 } else { 1 }).map(move |number| bytes | free.map_or(0, |place| folded(number) << place))
}

fn set(table: &mut [u64; WORDS], bit: usize) {
    table[(bit >> 6) & (WORDS - 1)] |= 1 << (bit & 63);
}

#[inline(always)]
fn get(table: &[u64; WORDS], bit: usize) -> u32 {
    (table[(bit >> 6) & (WORDS - 1)] >> (bit & 63)) as u32 & 1
}

/// The four bytes from a place on; NUL where the text has ended.
fn gram(bytes: &[u8], at: usize) -> u32 {
    if let Some(four) = bytes.get(at..at + GRAM) {
        return load(four.try_into().expect("as long as asked"));
    }
    let mut window = [0; GRAM];
    let there = &bytes[at..bytes.len().min(at + GRAM)];
    window[..there.len()].copy_from_slice(there);
    load(window)
}

#[inline(always)]
fn load(bytes: [u8; GRAM]) -> u32 {
    u32::from_le_bytes(bytes) | FOLD
}

#[inline(always)]
fn hash(gram: u32) -> usize {
    (gram.wrapping_mul(SPREAD) >> (32 - BITS)) as usize
}

/// How common sequences of four and of three bytes are: a weight, the higher the more common.
struct Frequency {
    four: FxHashMap<u32, u32>,
    head: FxHashMap<u32, u32>,
    tail: FxHashMap<u32, u32>,
}

impl Frequency {
    /// The n-th most common sequence occurs about once for `n` times that the first does.
    fn new() -> Self {
        let (mut four, mut head, mut tail) = (FxHashMap::default(), FxHashMap::default(), FxHashMap::default());
        let grams = COMMON.lines().flat_map(|line| line.as_bytes().chunks_exact(GRAM));
        for (rank, gram) in grams.enumerate() {
            let (gram, weight) = (load(gram.try_into().expect("four bytes")), 1_000_000 / (rank as u32 + 20));
            four.insert(gram, weight);
            *head.entry(gram & 0x00ff_ffff).or_default() += weight;
            *tail.entry(gram >> 8).or_default() += weight;
        }
        Self { four, head, tail }
    }

    fn of(&self, key: Key) -> u32 {
        let (table, bytes) = match key {
            Key::All(gram) => (&self.four, gram),
            Key::Head(three) => (&self.head, three),
            Key::Tail(three) => (&self.tail, three),
        };
        table.get(&bytes).copied().unwrap_or(0)
    }

    /// The part of a keyword that holds its rarest bytes and is not too long.
    fn core(&self, keyword: &[u8]) -> Range<usize> {
        if keyword.len() <= CORE {
            return 0..keyword.len();
        }
        let around = (CORE - GRAM) / 2;
        let start = self.rarest(keyword).saturating_sub(around).min(keyword.len() - CORE);
        start..start + CORE
    }

    /// Where in a keyword two sequences beside each other begin that are seldom both; 0 in a short one.
    fn rarest(&self, keyword: &[u8]) -> usize {
        let four = |at: usize| Key::All(load([keyword[at], keyword[at + 1], keyword[at + 2], keyword[at + 3]]));
        (0..keyword.len().saturating_sub(GRAM)).min_by_key(|&at| self.of(four(at)) + self.of(four(at + 1))).unwrap_or(0)
    }

    /// The keys of a keyword, one for each remainder of its place, and how far into it their four bytes begin.
    fn keys(&self, keyword: &[u8]) -> [(Key, i32); STRIDE] {
        let three = |at: usize| load([keyword[at], keyword[at + 1], keyword[at + 2], 0]) & 0x00ff_ffff;
        let four = |at: usize| Key::All(load([keyword[at], keyword[at + 1], keyword[at + 2], keyword[at + 3]]));
        let either = [Key::Tail(three(0)), Key::Head(three(keyword.len() - 3))];
        match keyword.len() {
            0..=3 => [(either[1], 0), (either[0], -1)],
            4 if self.of(either[0]) < self.of(either[1]) => [(four(0), 0), (either[0], -1)],
            4 => [(four(0), 0), (either[1], 1)],
            _ => {
                let at = self.rarest(keyword);
                [(four(at), at as i32), (four(at + 1), at as i32 + 1)]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustc_hash::FxHashSet;

    use super::*;

    fn naive(keywords: &[Vec<u8>], bytes: &[u8], range: Range<usize>) -> Vec<(usize, usize, usize)> {
        let mut all = Vec::new();
        for (index, keyword) in keywords.iter().enumerate() {
            for start in range.start..range.end.saturating_sub(keyword.len() - 1) {
                if bytes[start..start + keyword.len()].eq_ignore_ascii_case(keyword) {
                    all.push((index, start, start + keyword.len()));
                }
            }
        }
        all.sort_unstable();
        all
    }

    proptest! {
        #[test]
        fn equals_a_naive_search(
            keywords in prop::collection::vec("[a-cA_@0]{3,7}", 1..12),
            text in "[a-cA-C_@` 0\n]{0,90}",
            from in 0usize..20,
            to in 0usize..20,
        ) {
            let mut keywords: Vec<Vec<u8>> = keywords.into_iter().map(|k| k.to_ascii_lowercase().into_bytes()).collect();
            keywords.sort();
            keywords.dedup();
            let bytes = text.as_bytes();
            let range = from.min(bytes.len())..bytes.len().saturating_sub(to).max(from.min(bytes.len()));
            let mut found = Vec::new();
            Sieve::new(keywords.iter().map(Vec::as_slice)).search(bytes, range.clone(), |k, s, e| found.push((k, s, e)));
            found.sort_unstable();
            prop_assert_eq!(found, naive(&keywords, bytes, range));
        }
    }

    #[test]
    fn common_text_seldom_falls_on_the_bits_of_the_shipped_keywords() {
        let rules = crate::rule::RuleSet::builtin();
        let frequency = Frequency::new();
        let words = rules.rules().iter().flat_map(|rule| rule.spec.keywords.iter()).map(|word| word.to_ascii_lowercase().into_bytes());
        let keys = words.flat_map(|word| frequency.keys(&word[frequency.core(&word)]));
        let marked: FxHashSet<u32> = keys.flat_map(|(key, _)| grams(key).collect::<Vec<_>>()).collect();
        let common: Vec<(u32, u32)> = frequency.four.iter().map(|(gram, weight)| (*gram, *weight)).collect();
        let all: u32 = common.iter().map(|(_, weight)| weight).sum();
        let share = |spread: u32| {
            let bits: FxHashSet<u32> = marked.iter().map(|gram| gram.wrapping_mul(spread) >> (32 - BITS)).collect();
            let fallen =
                common.iter().filter(|(gram, _)| !marked.contains(gram) && bits.contains(&(gram.wrapping_mul(spread) >> (32 - BITS))));
            f64::from(fallen.map(|(_, weight)| weight).sum::<u32>()) / f64::from(all)
        };
        if share(SPREAD) >= 0.015 {
            let tried = (1..500u32).map(|n| n.wrapping_mul(0x9e37_79b1).rotate_left(n) | 1);
            let best = tried.min_by(|a, b| share(*a).total_cmp(&share(*b))).unwrap();
            panic!("{:.3} of common text falls on a bit; with {best:#x} as the number it is {:.3}", share(SPREAD), share(best));
        }
    }

    #[test]
    fn of_a_long_keyword_a_part_is_searched() {
        let keyword = b"the_organization_zqx_of_everything";
        let sieve = Sieve::new([keyword.as_slice()].into_iter());
        let core = sieve.core(0);
        assert_eq!(core.len(), CORE);
        let mut found = Vec::new();
        let text = [b"...".as_slice(), keyword, b"..."].concat();
        sieve.search(&text, 0..text.len(), |_, start, end| found.push((start, end)));
        assert_eq!(found, [(core.start + 3, core.end + 3)]);
    }

    #[test]
    fn short_keywords_are_found_before_any_byte_and_at_the_end() {
        let sieve = Sieve::new([b"pwd".as_slice()].into_iter());
        for byte in 0..=255u8 {
            let text = [b"........PwD".as_slice(), &[byte; 9]].concat();
            let mut count = 0;
            sieve.search(&text, 0..text.len(), |_, start, _| count += usize::from(start == 8));
            assert_eq!(count, 1, "{byte}");
        }
        let mut ends = 0;
        sieve.search(b"........pwd", 0..11, |_, _, _| ends += 1);
        assert_eq!(ends, 1);
    }
}
