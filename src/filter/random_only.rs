//! The filter `random-only`: for shapes so wide that only a value which looks random can be one.

use super::{Judgement, Window};
use crate::look;

/// Drops what does not look random.
pub fn judge(window: &Window<'_>) -> Judgement {
    if look::is_random(window.value()) { Judgement::Keep } else { Judgement::Drop("does not look random") }
}

#[cfg(test)]
mod tests {
    use super::super::{Judgement, sample};

    #[test]
    fn keeps_random_values_alone() {
        assert!(matches!(sample::judge(super::judge, "Bearer «authentication-scheme»"), Judgement::Drop(_)));
        let all = sample::tokens();
        let kept = all.iter().filter(|token| sample::judge(super::judge, &format!("Bearer «{token}»")) == Judgement::Keep).count();
        assert!(kept * 100 >= all.len() * 99, "{kept} of {}", all.len());
    }
}
