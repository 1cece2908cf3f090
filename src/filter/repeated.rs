//! The filter `repeated`: too few different characters, or runs and steps, for a value of this length.

use super::{Judgement, Window};
use crate::look;

/// Drops values that repeat themselves.
pub fn judge(window: &Window<'_>) -> Judgement {
    if look::is_regular(window.value()) { Judgement::Drop("repeats few characters") } else { Judgement::Keep }
}

#[cfg(test)]
mod tests {
    use super::super::sample::both_sides;

    #[test]
    fn drops_repetitions_alone() {
        both_sides(
            super::judge,
            &["k=«aaaaaaaaaaaa»", "k=«abababababab»", "k=«0001000100010001»", "k=«xyzxyzxyzxyz»", "k=«1234567890»"],
            &["k=«hunter22»", "k=«P4ssw0rd!x»"],
        );
    }
}
