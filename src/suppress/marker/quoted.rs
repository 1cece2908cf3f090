//! Whether a marker is only quoted: in backticks, in a string of a program or in a fenced block of a manual. Such a one
//! counts like any other, but nobody expects that it hides something. It looks at one line, and at fences.

use super::{Piece, line_before};

/// Whether it stands in backticks, or in a string that begins and ends in its line or has an escaped line break.
pub(super) fn is_quoted(piece: &Piece<'_>, start: usize, end: usize) -> bool {
    let rest = &piece.bytes[end..];
    let rest = rest.split(|&b| b == b'\n').next().unwrap_or_default();
    if start.checked_sub(1).is_some_and(|n| piece.bytes[n] == b'`') {
        return true;
    }
    let Some(before) = line_before(piece, start) else { return false };
    memchr::memmem::find(rest, br"\n").is_some() || open_quote(before).is_some_and(|quote| rest.contains(&quote))
}

/// The quotation mark that is open at the end of a part of a line. A single one opens nothing behind a letter: `it's`.
fn open_quote(line: &[u8]) -> Option<u8> {
    let (mut open, mut last, mut escaped) = (None, b' ', false);
    for &byte in line {
        match open {
            _ if escaped => escaped = false,
            _ if byte == b'\\' => escaped = true,
            Some(quote) if byte == quote => open = None,
            None if b"\"`".contains(&byte) || (byte == b'\'' && !last.is_ascii_alphanumeric()) => open = Some(byte),
            _ => {}
        }
        last = byte;
    }
    open
}

/// Where fences begin in the own bytes: lines that start with three backticks, behind signs of a comment at most.
pub(super) fn fences(piece: &Piece<'_>) -> Vec<usize> {
    let own = &piece.bytes[piece.own.clone()];
    let hits = memchr::memmem::find_iter(own, b"```").map(|at| piece.own.start + at);
    let starts_line = |at: &usize| line_before(piece, *at).is_some_and(|before| before.iter().all(|b| b" \t/!*#>".contains(b)));
    hits.filter(starts_line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Markers;
    use super::*;
    use crate::sign::Sign;

    /// The lines of our own markers of which it is told that they hide nothing, read in two pieces.
    fn told(text: &str) -> Vec<usize> {
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        let lines = |cut: usize| {
            let mut markers = Markers::default();
            for own in [0..cut, cut..text.len()] {
                markers.add(&Piece { bytes: text.as_bytes(), at: 0, own, signs: &Sign::all_in(text.as_bytes()) }, &mut |at| line(at));
            }
            markers.own().map(|(_, line)| line).collect::<Vec<_>>()
        };
        let whole = lines(text.len());
        for (cut, _) in text.match_indices('\n') {
            assert_eq!(lines(cut), whole, "in two pieces, cut at {cut}");
        }
        whole
    }

    #[test]
    fn what_stands_in_a_comment_is_no_quote() {
        for text in [
            "# unleak:allow\n",
            "x = 'y' # unleak:allow\n",
            "x = \"y\" // unleak:allow reason=\"z\"\n",
            "<!-- unleak:allow -->\n",
            "# it's theirs, unleak:allow\n",
            "x = 'it\\'s' # unleak:allow\n",
            "# say \"no unleak:allow\n",
            "`x` is y # unleak:allow\n",
            "fn f<'a>(x: &str) {} // unleak:allow\n",
        ] {
            assert_eq!(told(text), [1], "{text}");
        }
    }

    #[test]
    fn strings_of_programs_quote() {
        for text in [
            "see `unleak:allow`\n",
            "see `# unleak:allow github-pat`\n",
            "find(\"unleak:allow\")\n",
            "find('# unleak:allow a-b', x)\n",
            "text = \"x = SECRET # unleak:allow\\n\"\n",
            "# unleak:allow\\nx = SECRET\\n\\\n",
            "over(\"{\\\"note\\\": \\\"unleak:allow a-b\\\"}\")\n",
        ] {
            assert!(told(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn fenced_blocks_of_manuals_quote() {
        assert_eq!(told("```python\nk = 1 # unleak:allow\n```\n# unleak:allow\n```\n```\n<!-- unleak:allow -->\n"), [4, 7]);
        assert_eq!(told("/// ```\n/// # unleak:allow\n/// ```\n// unleak:allow\n"), [4]);
        assert_eq!(told("x = \"```\"\n# unleak:allow\n"), [2]);
    }
}
