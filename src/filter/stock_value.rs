//! The filter `stock-value`: like `placeholder`, but what is made of the words of manuals goes to the low tier
//! instead, for rules whose shape alone says that it is used as a password.

use super::{Judgement, Window, placeholder};

/// Drops what is filled in, and lowers the words of manuals.
pub fn judge(window: &Window<'_>) -> Judgement {
    match placeholder::judge(window) {
        Judgement::Drop(why) if why == placeholder::MADE_OF_WORDS || !is_marked(window.value()) => Judgement::Lower(why),
        other => other,
    }
}

/// Whether the value itself says that it must be replaced: runs of one sign, `your-...`, `<...>`.
fn is_marked(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let has = |word: &str| memchr::memmem::find(&lower, word.as_bytes()).is_some();
    ["***", "...", "xxxx", "your", "replace", "insert", "redacted", "changeme", "\u{2022}", "\u{2026}"].iter().any(|word| has(word))
}

#[cfg(test)]
mod tests {
    use super::super::{Judgement, sample};

    #[test]
    fn lowers_words_and_drops_what_is_to_be_replaced() {
        for text in ["x://a:«password»@h", "x://a:«mysecretpassword»@h", "x://a:«123456»@h"] {
            assert!(matches!(sample::judge(super::judge, text), Judgement::Lower(_)), "{text}");
        }
        for text in ["x://a:«xxxxxxxx»@h", "x://a:«your-password»@h", "x://a:«********»@h"] {
            assert!(matches!(sample::judge(super::judge, text), Judgement::Drop(_)), "{text}");
        }
        for token in sample::tokens() {
            assert_eq!(sample::judge(super::judge, &format!("k=«{token}»")), Judgement::Keep);
        }
    }
}
