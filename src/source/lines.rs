//! Lines and columns of byte offsets. It counts newlines and knows nothing else.

/// A place in a text for people: both count from 1, columns in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Counts lines along a text that comes piece by piece; it only goes forward.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    at: u64,
    line: usize,
    line_start: u64,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { at: 0, line: 1, line_start: 0 }
    }
}

impl Cursor {
    /// The offset it has come to.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Goes over the bytes that follow.
    pub fn advance(&mut self, bytes: &[u8]) {
        // Counting alone is many times as fast as looking at each.
        self.line += memchr::memchr_iter(b'\n', bytes).count();
        if let Some(newline) = memchr::memrchr(b'\n', bytes) {
            self.line_start = self.at + newline as u64 + 1;
        }
        self.at += bytes.len() as u64;
    }

    /// The place it has come to.
    pub fn position(&self) -> Position {
        Position { line: self.line, column: (self.at - self.line_start) as usize + 1 }
    }
}

/// The positions of offsets in `bytes`, in the order asked, in one pass. `from` stands at the first of the
/// bytes; an offset beyond the end counts as the end.
pub fn locate(from: Cursor, bytes: &[u8], offsets: &[usize]) -> Vec<Position> {
    let mut order: Vec<usize> = (0..offsets.len()).collect();
    order.sort_unstable_by_key(|&index| offsets[index]);
    let mut found = vec![from.position(); offsets.len()];
    let (mut cursor, mut done) = (from, 0);
    for index in order {
        let to = offsets[index].min(bytes.len());
        cursor.advance(&bytes[done..to]);
        done = to;
        found[index] = cursor.position();
    }
    found
}

/// Where a stretch begins, and where its last byte ends: the line of the last byte and the column after it.
pub type Span = (Position, Position);

/// The spans of stretches in `bytes`, in the order asked. `from` stands at the first of the bytes.
pub fn spans(from: Cursor, bytes: &[u8], stretches: &[std::ops::Range<usize>]) -> Vec<Span> {
    let offsets: Vec<usize> = stretches.iter().flat_map(|s| [s.start, s.end.saturating_sub(1).max(s.start)]).collect();
    let positions = locate(from, bytes, &offsets);
    let after_last = |stretch: &std::ops::Range<usize>, last: Position| Position {
        column: last.column + usize::from(stretch.end > stretch.start),
        ..last
    };
    stretches.iter().zip(positions.chunks_exact(2)).map(|(stretch, pair)| (pair[0], after_last(stretch, pair[1]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize) -> Position {
        Position { line, column }
    }

    #[test]
    fn counts_from_one_in_any_order() {
        let text = b"ab\n\ncd\n";
        assert_eq!(locate(Cursor::default(), text, &[5, 0, 2, 3, 7, 99]), [at(3, 2), at(1, 1), at(1, 3), at(2, 1), at(4, 1), at(4, 1)]);
    }

    #[test]
    fn pieces_count_on() {
        let text = b"one\ntwo\nthree\nfour";
        let whole = locate(Cursor::default(), text, &(0..text.len()).collect::<Vec<_>>());
        for cut in 0..text.len() {
            let mut cursor = Cursor::default();
            cursor.advance(&text[..cut]);
            assert_eq!(locate(cursor, &text[cut..], &[0])[0], whole[cut]);
            assert_eq!(cursor.at(), cut as u64);
        }
    }

    #[test]
    fn a_span_ends_after_its_last_byte_and_on_its_line() {
        let text = b"ab\ncd\n";
        assert_eq!(spans(Cursor::default(), text, &[0..3, 1..5, 2..2]), [(at(1, 1), at(1, 4)), (at(1, 2), at(2, 3)), (at(1, 3), at(1, 3))]);
    }
}
