//! The header of one entry in a pack. It does not inflate anything.

use crate::object::{Kind, Oid};

/// What an entry is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// It stands whole.
    Whole(Kind),
    /// A delta against the entry that many bytes before this one.
    Back(u64),
    /// A delta against an object by its id.
    Ref(Oid),
}

/// A parsed header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is made from.
    pub form: Form,
    /// Inflated size of the entry: the object's, or the delta's own.
    pub size: u64,
    /// Length of the header, in bytes.
    pub len: usize,
}

/// Parses the header at the start of `bytes`; `None` where it is damaged. `hash` is the length of an id.
pub fn header(bytes: &[u8], hash: usize) -> Option<Header> {
    let first = *bytes.first()?;
    let mut size = u64::from(first & 0x0f);
    let (mut len, mut shift, mut byte) = (1, 4, first);
    while byte & 0x80 != 0 {
        byte = *bytes.get(len)?;
        if shift > 57 {
            return None;
        }
        size |= u64::from(byte & 0x7f) << shift;
        (len, shift) = (len + 1, shift + 7);
    }
    let form = match (first >> 4) & 7 {
        1 => Form::Whole(Kind::Commit),
        2 => Form::Whole(Kind::Tree),
        3 => Form::Whole(Kind::Blob),
        4 => Form::Whole(Kind::Tag),
        6 => {
            let mut byte = *bytes.get(len)?;
            len += 1;
            let mut back = u64::from(byte & 0x7f);
            while byte & 0x80 != 0 {
                byte = *bytes.get(len)?;
                len += 1;
                back = back.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
            }
            Form::Back(back)
        }
        7 => {
            let raw = bytes.get(len..len + hash)?;
            len += hash;
            Form::Ref(Oid::new(raw))
        }
        _ => return None,
    };
    Some(Header { form, size, len })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_sizes_offsets_and_ids() {
        assert_eq!(header(&[0x35], 20), Some(Header { form: Form::Whole(Kind::Blob), size: 5, len: 1 }));
        assert_eq!(header(&[0xb5, 0x02], 20), Some(Header { form: Form::Whole(Kind::Blob), size: 37, len: 2 }));
        assert_eq!(header(&[0x61, 0x80, 0x01], 20), Some(Header { form: Form::Back(129), size: 1, len: 3 }));
        let id = [7; 20];
        let found = header(&[&[0x71], id.as_slice()].concat(), 20);
        assert_eq!(found, Some(Header { form: Form::Ref(Oid::new(&id)), size: 1, len: 21 }));
    }

    #[test]
    fn damage_gives_none() {
        for bytes in [&[][..], &[0x00], &[0x50], &[0xb5], &[0x61], &[0x61, 0x80], &[0x71, 1, 2], &[0xbf; 30]] {
            assert_eq!(header(bytes, 20), None, "{bytes:?}");
        }
        let endless: Vec<u8> = std::iter::once(0x61).chain(std::iter::repeat_n(0xff, 40)).collect();
        assert_eq!(header(&endless, 20), None);
    }
}
