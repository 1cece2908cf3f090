//! A small reader of DER. It takes nothing on trust: every length is checked, and it never looks beyond the
//! bytes it was given. It knows no key.

/// Tags that keys are made of.
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// What is left to read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next element's tag and contents.
    pub(super) fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], mut rest) = self.0.split_first_chunk::<2>()?;
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            let (digits, after) = rest.split_at_checked(usize::from(first & 0x7f)).filter(|(digits, _)| (1..=4).contains(&digits.len()))?;
            rest = after;
            digits.iter().fold(0, |n, &b| (n << 8) | usize::from(b))
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, contents))
    }

    /// The next element's contents, if it has that tag.
    pub(super) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let (found, contents) = ahead.any()?;
        (found == tag).then_some(contents).inspect(|_| *self = ahead)
    }

    /// A reader of the next sequence.
    pub(super) fn sequence(&mut self) -> Option<Reader<'a>> {
        self.read(SEQUENCE).map(Reader)
    }

    /// The bytes of the next integer without leading zeros.
    pub(super) fn integer(&mut self) -> Option<&'a [u8]> {
        let bytes = self.read(INTEGER)?;
        Some(&bytes[bytes.iter().take_while(|&&b| b == 0).count()..])
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The one sequence that the bytes are, from the first to the last.
pub(super) fn only_sequence(bytes: &[u8]) -> Option<Reader<'_>> {
    let mut reader = Reader(bytes);
    let sequence = reader.sequence()?;
    reader.is_empty().then_some(sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_checked() {
        assert_eq!(Reader(&[2, 1, 5]).integer(), Some(&[5][..]));
        assert_eq!(Reader(&[2, 2, 0, 5]).integer(), Some(&[5][..]));
        assert_eq!(Reader(&[2, 0x81, 1, 5]).integer(), Some(&[5][..]));
        for bytes in [&[2u8][..], &[2, 2, 5], &[2, 0x85, 0, 0, 0, 0, 1, 5], &[2, 0x80, 5], &[2, 0x84, 255, 255, 255, 255], &[]] {
            assert_eq!(Reader(bytes).integer(), None);
        }
        assert!(only_sequence(&[0x30, 0]).is_some_and(|s| s.is_empty()));
        assert!(only_sequence(&[0x30, 0, 0]).is_none());
    }
}
