//! Makes secrets up at run time: valid tokens from a seed, so that no whole one stands in any file. It does not
//! know where they are planted.

/// Digits of base 62, by value.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Small and fast pseudo-random numbers; the same seed gives the same.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(0x9e37_79b9_7f4a_7c15))
    }

    /// SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `most`.
    pub fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }

    /// Whether something happens that does so once in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    pub fn alphanumeric(&mut self, len: usize) -> String {
        (0..len).map(|_| char::from(DIGITS[self.below(62)])).collect()
    }
}

/// A token that its checksum proves: the prefix, 30 characters from the seed, and their CRC-32 in six digits.
pub fn token(seed: u64) -> String {
    let body = Random::new(seed).alphanumeric(30);
    let mut crc = u64::from(libdeflater::crc32(body.as_bytes()));
    let mut checksum = [b'0'; 6];
    for digit in checksum.iter_mut().rev() {
        *digit = DIGITS[(crc % 62) as usize];
        crc /= 62;
    }
    ["ghp", "_", &body, &String::from_utf8_lossy(&checksum)].concat()
}
