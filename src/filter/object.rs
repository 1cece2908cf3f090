//! The filters of scope `object`: `encrypted` and `generated` lower what stands in such a file. They do not
//! decide what is such a file.

use super::{Facts, Judgement};

/// What stands in an encrypted file is ciphertext.
pub fn encrypted(facts: &Facts, _secret: &[u8]) -> Judgement {
    if facts.encrypted { Judgement::Lower("the file is encrypted") } else { Judgement::Keep }
}

/// Generated and minified files are full of values that only look like secrets.
pub fn generated(facts: &Facts, _secret: &[u8]) -> Judgement {
    if facts.minified { Judgement::Lower("in a minified or generated file") } else { Judgement::Keep }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_only_what_the_facts_say() {
        let plain = Facts::default();
        assert_eq!((encrypted(&plain, b"x"), generated(&plain, b"x")), (Judgement::Keep, Judgement::Keep));
        assert!(matches!(encrypted(&Facts { encrypted: true, ..plain }, b"x"), Judgement::Lower(_)));
        assert!(matches!(generated(&Facts { minified: true, ..plain }, b"x"), Judgement::Lower(_)));
    }
}
