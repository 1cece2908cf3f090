//! Applying a delta: the new object, and which stretches of it were copied from its base. It does not know
//! what kind of object it is.

use crate::object::Copied;

/// The largest object that is put together from a delta, in bytes.
const LARGEST: u64 = 1 << 30;
/// The largest that is sketched, in bytes: what is declared may be a lie, and a sketch fills its room.
const LARGEST_SKETCH: usize = 1 << 20;

/// Applies the instructions of `delta` to `base`: fills `out` with the object and `copied` with its copied
/// stretches, ascending, neighbours joined. An error is a phrase that says what is wrong.
pub fn apply(base: &[u8], delta: &[u8], out: &mut Vec<u8>, copied: &mut Vec<Copied>) -> Result<(), &'static str> {
    out.clear();
    let (size, instructions) = sizes(base, delta)?;
    out.try_reserve_exact(size).map_err(|_| "not enough memory for its size")?;
    follow(base, instructions, size, copied, |_, part| out.extend_from_slice(part.bytes()))
}

/// The same, but of what is copied only so many bytes at each end of an instruction's are put into `out`, whose other bytes
/// are left as they are: most of an object need not be there for who knows its base. Gives the object's size; none where that
/// is too large for a sketch.
pub fn sketch(
    base: &[u8],
    delta: &[u8],
    margin: usize,
    out: &mut Vec<u8>,
    copied: &mut Vec<Copied>,
) -> Result<Option<usize>, &'static str> {
    let (size, instructions) = sizes(base, delta)?;
    if size > LARGEST_SKETCH {
        return Ok(None);
    }
    if out.len() < size {
        out.resize(size, 0);
    }
    follow(base, instructions, size, copied, |at, part| match part {
        Part::Copied(bytes) if bytes.len() > 2 * margin => {
            let end = at + bytes.len();
            out[at..at + margin].copy_from_slice(&bytes[..margin]);
            out[end - margin..end].copy_from_slice(&bytes[bytes.len() - margin..]);
        }
        part => out[at..at + part.bytes().len()].copy_from_slice(part.bytes()),
    })?;
    Ok(Some(size))
}

/// What one instruction gives.
enum Part<'a> {
    Copied(&'a [u8]),
    New(&'a [u8]),
}

impl<'a> Part<'a> {
    fn bytes(&self) -> &'a [u8] {
        let (Self::Copied(bytes) | Self::New(bytes)) = self;
        bytes
    }
}

/// The size of the object, and the instructions that make it.
fn sizes<'d>(base: &[u8], delta: &'d [u8]) -> Result<(usize, &'d [u8]), &'static str> {
    let mut at = 0;
    let declared = varint(delta, &mut at).ok_or("its delta is cut short")?;
    if declared != base.len() as u64 {
        return Err("its delta was made for another base");
    }
    let size = varint(delta, &mut at).ok_or("its delta is cut short")?;
    if size > LARGEST {
        return Err("its delta declares more than 1 GiB");
    }
    Ok((size as usize, &delta[at..]))
}

/// Hands over what the instructions give, with its place in the object.
fn follow<'a>(
    base: &'a [u8],
    delta: &'a [u8],
    size: usize,
    copied: &mut Vec<Copied>,
    mut put: impl FnMut(usize, Part<'a>),
) -> Result<(), &'static str> {
    copied.clear();
    let (mut at, mut done) = (0, 0);
    while at < delta.len() {
        let op = delta[at];
        at += 1;
        let part = if op & 0x80 != 0 {
            let (from, len) = copy(op, delta, &mut at).ok_or("its delta is cut short")?;
            let bytes = base.get(from..from.saturating_add(len)).ok_or("its delta copies from beyond its base")?;
            push(copied, Copied { at: done, from, len });
            Part::Copied(bytes)
        } else if op == 0 {
            return Err("its delta has an unknown instruction");
        } else {
            let bytes = delta.get(at..at + usize::from(op)).ok_or("its delta is cut short")?;
            at += usize::from(op);
            Part::New(bytes)
        };
        let len = part.bytes().len();
        if done + len > size {
            return Err("its delta makes more than it declares");
        }
        put(done, part);
        done += len;
    }
    if done == size { Ok(()) } else { Err("its delta makes less than it declares") }
}

fn push(copied: &mut Vec<Copied>, stretch: Copied) {
    match copied.last_mut() {
        Some(last) if last.at + last.len == stretch.at && last.from + last.len == stretch.from => last.len += stretch.len,
        _ => copied.push(stretch),
    }
}

fn copy(op: u8, delta: &[u8], at: &mut usize) -> Option<(usize, usize)> {
    let (mut from, mut len) = (0usize, 0usize);
    for bit in 0..7 {
        if op & (1 << bit) != 0 {
            let byte = usize::from(*delta.get(*at)?);
            *at += 1;
            if bit < 4 {
                from |= byte << (8 * bit);
            } else {
                len |= byte << (8 * (bit - 4));
            }
        }
    }
    Some((from, if len == 0 { 0x10000 } else { len }))
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let (mut value, mut shift) = (0u64, 0);
    loop {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if shift > 57 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(base: &[u8], delta: &[u8]) -> Result<(Vec<u8>, Vec<Copied>), &'static str> {
        let (mut out, mut copied) = (Vec::new(), Vec::new());
        apply(base, delta, &mut out, &mut copied).map(|()| (out, copied))
    }

    #[test]
    fn copies_inserts_and_joins_neighbours() {
        let delta = [10, 12, 0x91, 0, 3, 0x91, 3, 3, 2, b'X', b'Y', 0x91, 0, 4];
        let (out, copied) = run(b"0123456789", &delta).unwrap();
        assert_eq!(out, b"012345XY0123");
        assert_eq!(copied, [Copied { at: 0, from: 0, len: 6 }, Copied { at: 8, from: 0, len: 4 }]);
    }

    #[test]
    fn a_sketch_has_the_ends_of_what_is_copied() {
        let delta = [10, 12, 0x91, 0, 7, 0x91, 7, 3, 2, b'X', b'Y'];
        let (mut out, mut copied) = (vec![b'.'; 14], Vec::new());
        assert_eq!(sketch(b"0123456789", &delta, 2, &mut out, &mut copied), Ok(Some(12)));
        assert_eq!(out, b"01...56789XY..");
        assert_eq!(copied, [Copied { at: 0, from: 0, len: 10 }]);
        assert!(sketch(b"0123456789", &delta[..7], 2, &mut out, &mut copied).is_err());
        let lie = [&[10, 0x80, 0x80, 0x80, 0x80, 3][..], &delta[2..]].concat();
        assert_eq!(sketch(b"0123456789", &lie, 2, &mut out, &mut copied), Ok(None));
        assert_eq!(out.len(), 14);
    }

    #[test]
    fn damage_is_an_error() {
        for delta in [&[][..], &[9, 1], &[10], &[10, 3, 0x91, 9, 3], &[10, 1, 0], &[10, 5, 2, 1], &[10, 1, 2, 1, 2], &[10, 9, 1, 1]] {
            assert!(run(b"0123456789", delta).is_err(), "{delta:?}");
        }
        assert!(run(b"", &[0, 0xff, 0xff, 0xff, 0xff, 0x7f]).is_err());
    }
}
