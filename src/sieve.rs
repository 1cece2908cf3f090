//! A search for thousands of keywords at once, for text that holds few of them. Each keyword is found by its
//! rarest four bytes: one bit for each four bytes of the text says whether any keyword may have them, a second
//! bit under another hash asks again, and only then the keywords themselves are compared. It ignores ASCII letter case and does not know what a keyword is for.

use std::ops::Range;

use rustc_hash::FxHashMap;

/// Bits in the table, as a power of two: 32 KiB, which stay in the first cache.
const BITS: u32 = 18;
/// Bits in the second table, as a power of two.
const AGAIN: u32 = 16;
/// Sets the bit that tells lower from upper case in each byte. It joins some other characters too; the
/// comparison tells them apart.
const FOLD: u32 = 0x2020_2020;
/// How many places are looked at in one step.
const STEP: usize = 8;
/// Shorter keywords are not taken.
pub const SHORTEST: usize = 3;

/// Characters by how common they are in source code and prose, the most common first: our own count over some
/// large repositories. What is not here is rare.
const COMMON: &[u8] = b" etroasnildcpumfhg_byv.,()-\"=/:';w*k0x>1{}<2#j[]q$z3\n!4@+5&6789?|%~\\`^";

/// Keywords made ready.
pub struct Sieve {
    bits: Box<[u64]>,
    again: Box<[u64]>,
    /// Keywords by four folded bytes of theirs, and by three for those that have no more.
    grams: FxHashMap<u32, Vec<Place>>,
    short: FxHashMap<u32, Vec<Place>>,
    keywords: Vec<Vec<u8>>,
    longest: usize,
}

/// A keyword, and where in it its gram begins.
#[derive(Clone, Copy)]
struct Place {
    keyword: u32,
    offset: u32,
}

impl Sieve {
    /// Makes keywords ready; each has at least [`SHORTEST`] bytes.
    pub fn new(keywords: Vec<Vec<u8>>) -> Self {
        let longest = keywords.iter().map(Vec::len).max().unwrap_or(0);
        let bits = vec![0; 1 << (BITS - 6)].into_boxed_slice();
        let again = vec![0; 1 << (AGAIN - 6)].into_boxed_slice();
        let mut sieve = Self { bits, again, grams: FxHashMap::default(), short: FxHashMap::default(), keywords, longest };
        for index in 0..sieve.keywords.len() {
            sieve.add(index);
        }
        sieve
    }

    /// Length of the longest keyword, in bytes.
    pub fn longest(&self) -> usize {
        self.longest
    }

    fn mark(&mut self, gram: u32) {
        let (first, second) = (bit(gram), bit_again(gram));
        self.bits[first >> 6] |= 1 << (first & 63);
        self.again[second >> 6] |= 1 << (second & 63);
    }

    fn add(&mut self, index: usize) {
        let keyword = &self.keywords[index];
        debug_assert!(keyword.len() >= SHORTEST);
        if keyword.len() < 4 {
            let gram = load([keyword[0], keyword[1], keyword[2], 0]) & 0x00ff_ffff;
            // Whatever byte follows.
            (0..=255u8).for_each(|last| self.mark(gram | u32::from(last | 0x20) << 24));
            self.short.entry(gram).or_default().push(Place { keyword: index as u32, offset: 0 });
            return;
        }
        let rarity = |&offset: &usize| keyword[offset..offset + 4].iter().map(|b| rank(*b)).sum::<usize>();
        let offset = (0..=keyword.len() - 4).max_by_key(rarity).unwrap_or(0);
        let gram = load(keyword[offset..offset + 4].try_into().expect("four bytes"));
        self.mark(gram);
        self.grams.entry(gram).or_default().push(Place { keyword: index as u32, offset: offset as u32 });
    }

    /// Calls `hit(keyword, start, end)` for each occurrence that lies wholly in the range, in no order.
    pub fn search(&self, bytes: &[u8], range: Range<usize>, mut hit: impl FnMut(usize, usize, usize)) {
        let end = range.end.min(bytes.len());
        let mut at = range.start;
        while at + STEP <= end
            && let Some(block) = bytes.get(at..at + STEP + 3)
        {
            let block: &[u8; STEP + 3] = block.try_into().expect("as long as asked");
            let mut marks = 0u32;
            for place in 0..STEP {
                let bit = bit(load([block[place], block[place + 1], block[place + 2], block[place + 3]]));
                marks |= ((self.bits[bit >> 6] >> (bit & 63)) as u32 & 1) << place;
            }
            while marks != 0 {
                let place = marks.trailing_zeros() as usize;
                marks &= marks - 1;
                let bit = bit_again(load([block[place], block[place + 1], block[place + 2], block[place + 3]]));
                if self.again[bit >> 6] >> (bit & 63) & 1 != 0 {
                    self.check(bytes, at + place, range.start..end, &mut hit);
                }
            }
            at += STEP;
        }
        for place in at..end {
            self.check(bytes, place, range.start..end, &mut hit);
        }
    }

    /// Compares the keywords whose gram may begin at this place.
    fn check(&self, bytes: &[u8], at: usize, range: Range<usize>, hit: &mut impl FnMut(usize, usize, usize)) {
        let mut window = [0; 4];
        let there = &bytes[at..bytes.len().min(at + 4)];
        window[..there.len()].copy_from_slice(there);
        let gram = load(window);
        let places = self.grams.get(&gram).into_iter().chain(self.short.get(&(gram & 0x00ff_ffff))).flatten();
        for place in places {
            let keyword = &self.keywords[place.keyword as usize];
            let Some(start) = at.checked_sub(place.offset as usize).filter(|&start| start >= range.start) else { continue };
            let end = start + keyword.len();
            if end <= range.end && bytes[start..end].eq_ignore_ascii_case(keyword) {
                hit(place.keyword as usize, start, end);
            }
        }
    }
}

fn load(bytes: [u8; 4]) -> u32 {
    u32::from_le_bytes(bytes) | FOLD
}

fn bit(gram: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

fn bit_again(gram: u32) -> usize {
    (gram.wrapping_mul(0x85eb_ca6b) >> (32 - AGAIN)) as usize
}

fn rank(byte: u8) -> usize {
    COMMON.iter().position(|&b| b == byte.to_ascii_lowercase()).unwrap_or(COMMON.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            Sieve::new(keywords.clone()).search(bytes, range.clone(), |k, s, e| found.push((k, s, e)));
            found.sort_unstable();
            prop_assert_eq!(found, naive(&keywords, bytes, range));
        }
    }

    #[test]
    fn short_keywords_are_found_before_any_byte_and_at_the_end() {
        let sieve = Sieve::new(vec![b"pwd".to_vec()]);
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
