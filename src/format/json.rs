//! Reads JSON for the places of its texts: each with the names on the way to it. It takes nothing on trust, stops at the
//! first thing that is no JSON, and does not undo escapes, for names with escapes are of no interest here.

use std::ops::Range;

/// Deeper ones are nobody's settings.
const DEEPEST: usize = 64;
/// Stands in a path for an entry of a list.
pub(super) const ENTRY: &str = "#";

/// What is called for a text.
type See<'s, 'a> = &'s mut dyn FnMut(&[&'a str], Range<usize>, &'a str);

/// Calls back for every text with its path, its place without the quotes, and what it says.
pub(super) fn texts<'a>(bytes: &'a [u8], see: See<'_, 'a>) {
    let mut reader = Reader { bytes, at: 0, path: Vec::new() };
    let _ = reader.value(see);
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    path: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    /// Reads one value; nothing where it is none.
    fn value(&mut self, see: See<'_, 'a>) -> Option<()> {
        match self.next()? {
            b'{' => self.members(see),
            b'[' => self.entries(see),
            b'"' => {
                let span = self.text()?;
                let text = std::str::from_utf8(&self.bytes[span.clone()]).ok()?;
                see(&self.path, span, text);
                Some(())
            }
            _ => {
                let plain = |b: &u8| b.is_ascii_alphanumeric() || b"+-.".contains(b);
                let len = self.bytes[self.at..].iter().take_while(|b| plain(b)).count();
                self.at += len;
                (len > 0).then_some(())
            }
        }
    }

    fn members(&mut self, see: See<'_, 'a>) -> Option<()> {
        self.at += 1;
        if self.next()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            if self.next()? != b'"' || self.path.len() == DEEPEST {
                return None;
            }
            let name = self.text()?;
            self.path.push(std::str::from_utf8(&self.bytes[name]).ok()?);
            if self.next()? != b':' {
                return None;
            }
            self.at += 1;
            self.value(see)?;
            self.path.pop();
            if self.ends(b'}')? {
                return Some(());
            }
        }
    }

    fn entries(&mut self, see: See<'_, 'a>) -> Option<()> {
        self.at += 1;
        if self.next()? == b']' {
            self.at += 1;
            return Some(());
        }
        if self.path.len() == DEEPEST {
            return None;
        }
        self.path.push(ENTRY);
        loop {
            self.value(see)?;
            if self.ends(b']')? {
                self.path.pop();
                return Some(());
            }
        }
    }

    /// Passes over a comma or the end of a list; says whether it was the end.
    fn ends(&mut self, end: u8) -> Option<bool> {
        let found = self.next()?;
        self.at += 1;
        (found == end || found == b',').then_some(found == end)
    }

    /// The place of a text's inside; the reader stands on its first quote, and then behind its last.
    fn text(&mut self) -> Option<Range<usize>> {
        let start = self.at + 1;
        let mut end = start;
        while *self.bytes.get(end)? != b'"' {
            end += if self.bytes[end] == b'\\' { 2 } else { 1 };
        }
        self.at = end + 1;
        Some(start..end)
    }

    /// The next byte that is no blank; the reader stands on it.
    fn next(&mut self) -> Option<u8> {
        self.at += self.bytes.get(self.at..)?.iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.bytes.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let mut seen = Vec::new();
        texts(text.as_bytes(), &mut |path, span, what| {
            assert_eq!(&text[span], what);
            seen.push(format!("{}={what}", path.join(".")));
        });
        seen
    }

    #[test]
    fn every_text_has_its_path() {
        let text = r#" {"a": "x", "b": [1, {"c": "y\"z"}, "w"], "d": {}, "e": [], "f": -1.5e3, "g": null, "h": "v"} "#;
        assert_eq!(all(text), ["a=x", "b.#.c=y\\\"z", "b.#=w", "h=v"]);
        assert_eq!(all("\"x\""), ["=x"]);
    }

    #[test]
    fn what_is_no_json_ends_it() {
        for text in ["", "{", "{\"a\"", "{\"a\":", "{\"a\": \"x", "{\"a\": \"x\\", "[", "[,]", "{a: 1}", "{\"a\" 1}"] {
            assert_eq!(all(text), [] as [String; 0], "{text}");
        }
        assert_eq!(all("{\"a\": \"x\"; }"), ["a=x"]);
        assert_eq!(all(&"[".repeat(1000)), [] as [String; 0]);
    }
}
