//! The Marvin hash, with which Microsoft watermarks its keys. It knows no key.

/// A seed from the eight characters of its name.
pub(super) const fn seed(name: &[u8; 8]) -> u64 {
    u64::from_be_bytes(*name)
}

/// The 32-bit form: both halves of the state folded together.
pub(super) fn hash32(bytes: &[u8], seed: u64) -> u32 {
    let state = hash(bytes, seed);
    state as u32 ^ (state >> 32) as u32
}

fn hash(bytes: &[u8], seed: u64) -> u64 {
    let (mut low, mut high) = (seed as u32, (seed >> 32) as u32);
    let words = bytes.chunks_exact(4);
    let mut last = [0; 4];
    let rest = words.remainder();
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    for word in words {
        low = low.wrapping_add(u32::from_le_bytes(word.try_into().expect("four bytes")));
        mix(&mut low, &mut high);
    }
    low = low.wrapping_add(u32::from_le_bytes(last));
    mix(&mut low, &mut high);
    mix(&mut low, &mut high);
    u64::from(high) << 32 | u64::from(low)
}

fn mix(low: &mut u32, high: &mut u32) {
    *high ^= *low;
    *low = low.rotate_left(20).wrapping_add(*high);
    *high = high.rotate_left(9) ^ *low;
    *low = low.rotate_left(27).wrapping_add(*high);
    *high = high.rotate_left(19);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_published_vectors() {
        assert_eq!(hash(b"abc", 0xd53c_d9ce_cd08_93b7), 0x22c7_4339_4927_69bf);
        assert_eq!(hash(b"abcdefghijklmnopqrstuvwxyz", 0x0ddd_deee_efff_f000), 0xa128_eb7e_7260_aca2);
        assert_eq!(seed(b"Default0"), 0x4465_6661_756c_7430);
    }
}
