//! The filter `weak-value`: a value that can be guessed goes to the low tier.

use super::{Judgement, Window};
use crate::secret::Secret;

/// Lowers guessable values.
pub fn judge(window: &Window<'_>) -> Judgement {
    if Secret::new(window.value(), 0).is_weak() { Judgement::Lower("a value that can be guessed") } else { Judgement::Keep }
}

#[cfg(test)]
mod tests {
    use super::super::{Judgement, sample};

    #[test]
    fn lowers_what_can_be_guessed() {
        assert!(matches!(sample::judge(super::judge, "k=«hunter22»"), Judgement::Lower(_)));
        for token in sample::tokens() {
            assert_eq!(sample::judge(super::judge, &format!("k=«{token}»")), Judgement::Keep);
        }
    }
}
