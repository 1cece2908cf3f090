//! Inflating zlib streams whose size is known, with one decompressor for each thread. It does not know what
//! the bytes are.

use std::cell::RefCell;

use libdeflater::{DecompressionError, Decompressor};

/// A zlib stream cannot hold more than this many bytes for each of its own.
const MOST: u64 = 1032;
/// Room behind the bytes: libdeflate's quick loop runs only while so much is left (a match of 258 bytes and a few words), and
/// most objects are smaller than that. With it inflating takes a tenth less time, small trees near half.
const ROOM: usize = 320;

thread_local! {
    /// One for streams that begin with the fixed code and one for all others: a decompressor keeps the tables of the
    /// fixed code until it meets another, and most small objects are written in it.
    static DECOMPRESSORS: RefCell<[Decompressor; 2]> = RefCell::new([Decompressor::new(), Decompressor::new()]);
}

/// Whether the first block of a zlib stream is written in the fixed code: two bits behind a header of two bytes and one bit.
fn is_fixed(input: &[u8]) -> bool {
    input.get(2).is_some_and(|first| first >> 1 & 3 == 1)
}

/// Inflates exactly `size` bytes from the start of `input` into `out`, in place of what it held. An error is a
/// phrase that says what is wrong with the stream.
pub fn inflate(input: &[u8], size: u64, out: &mut Vec<u8>) -> Result<(), &'static str> {
    if size / MOST > input.len() as u64 {
        return Err("it declares a size that its bytes cannot hold");
    }
    let size = usize::try_from(size).map_err(|_| "too large for this machine")?;
    let room = size.checked_add(ROOM).ok_or("too large for this machine")?;
    out.truncate(room);
    out.try_reserve_exact(room - out.len()).map_err(|_| "not enough memory for its size")?;
    out.resize(room, 0);
    let done = DECOMPRESSORS.with_borrow_mut(|both| both[usize::from(is_fixed(input))].zlib_decompress(input, out));
    out.truncate(size);
    match done {
        Ok(written) if written == size => Ok(()),
        Ok(written) if written < size => Err("its stream is shorter than declared"),
        Ok(_) | Err(DecompressionError::InsufficientSpace) => Err("its stream is longer than declared"),
        Err(DecompressionError::BadData) => Err("its compressed stream is damaged"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn inflates_with_bytes_behind_the_stream() {
        let mut input = deflate(b"hello hello hello");
        input.extend_from_slice(b"the next entry");
        let mut out = Vec::new();
        assert_eq!(inflate(&input, 17, &mut out), Ok(()));
        assert_eq!(out, b"hello hello hello");
    }

    #[test]
    fn refuses_wrong_sizes_and_damage() {
        let input = deflate(b"hello hello hello");
        let mut out = Vec::new();
        for declared in [0, 16, 17 + ROOM as u64] {
            let why = if declared < 17 { "its stream is longer than declared" } else { "its stream is shorter than declared" };
            assert_eq!(inflate(&input, declared, &mut out), Err(why));
        }
        assert_eq!(inflate(&input, 18, &mut out), Err("its stream is shorter than declared"));
        let long = deflate(&[7; 4 * ROOM]);
        for size in [0, 3 * ROOM - 1, 3 * ROOM, 4 * ROOM - 1] {
            assert_eq!(inflate(&long, size as u64, &mut out), Err("its stream is longer than declared"));
        }
        assert!(inflate(&input, u64::MAX, &mut out).is_err());
        let mut damaged = input.clone();
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        assert!(inflate(&damaged, 17, &mut out).is_err());
    }
}
