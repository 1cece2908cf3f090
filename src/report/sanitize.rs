//! Makes text from a repository harmless for a terminal: what could move the cursor, change its state or turn
//! the direction of writing is written out as `\u{..}`. It does not know what the text is about.

use std::borrow::Cow;

/// Whether a character may not reach a terminal as it is.
pub(super) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
        || matches!(c, '\u{E0000}'..='\u{E007F}')
}

/// The text with every hostile character written out, line breaks too.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hostile(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_are_written_out() {
        assert_eq!(sanitize("a\u{1b}[2Jb\r\nc\u{202e}d\u{9b}e"), r"a\u{1b}[2Jb\u{d}\u{a}c\u{202e}d\u{9b}e");
        assert_eq!(sanitize("naïve/路径 … ok"), "naïve/路径 … ok");
    }
}
