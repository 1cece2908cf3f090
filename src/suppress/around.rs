//! What stands around a value in its text: all that its rule matched, and the line. It is kept only where an
//! `[[allow]]` asks for it, and wiped afterwards, since it holds the value.

use std::ops::Range;

use zeroize::Zeroizing;

/// So many bytes before and behind the match are looked at: a line may be a whole minified file.
pub const REACH: usize = 256;

/// A match with the rest of its line.
#[derive(Debug)]
pub struct Around {
    line: Zeroizing<Vec<u8>>,
    whole: Range<usize>,
}

impl Around {
    /// What stands around the match in the bytes.
    pub fn new(bytes: &[u8], whole: Range<usize>) -> Self {
        let before = &bytes[whole.start.saturating_sub(REACH)..whole.start];
        let behind = &bytes[whole.end..(whole.end + REACH).min(bytes.len())];
        let before = before.rsplit(|&b| b == b'\n').next().unwrap_or_default();
        let behind = behind.split(|&b| b == b'\n').next().unwrap_or_default();
        let (start, end) = (whole.start - before.len(), whole.end + behind.len());
        Self { line: Zeroizing::new(bytes[start..end].to_vec()), whole: before.len()..before.len() + whole.len() }
    }

    /// All that the rule matched.
    pub fn whole(&self) -> &[u8] {
        &self.line[self.whole.clone()]
    }

    /// The line, or the lines, of the match.
    pub fn line(&self) -> &[u8] {
        &self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_it_ends_or_at_the_reach() {
        let around = Around::new(b"one\nkey = value # x\ntwo", 10..15);
        assert_eq!((around.whole(), around.line()), (&b"value"[..], &b"key = value # x"[..]));
        let many = Around::new(b"a (\nb\n) c\nd", 2..7);
        assert_eq!((many.whole(), many.line()), (&b"(\nb\n)"[..], &b"a (\nb\n) c"[..]));
        let long = vec![b'x'; 2000];
        assert_eq!(Around::new(&long, 1000..1010).line().len(), 10 + 2 * REACH);
        assert_eq!(Around::new(b"v", 0..1).line(), b"v");
    }
}
