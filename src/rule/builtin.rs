//! The rules that are compiled in: constants that the build script made from `rules/*.toml`.

use std::borrow::Cow;

#[allow(unused_imports)] // which of them the constants name depends on the rules
use super::spec::{Beside, Call, Pair, Row, Spec};
use super::{Rule, Stamp};
use crate::bound::Bound;
use crate::outline::Run;

/// A row with what the build script made of its regex: how far it reaches, and what its matches take.
type Builtin = (Spec, Bound, Stamp, &'static [Run], Option<Run>);

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// All built-in rules, in the order of their files' names.
pub(super) fn rules() -> Vec<Rule> {
    BUILTIN
        .iter()
        .map(|(spec, bound, stamp, outline, within)| {
            let rule = Rule::resolved(Row::Builtin(spec), *stamp, *bound, (Cow::Borrowed(outline), *within));
            rule.unwrap_or_else(|fault| panic!("built-in rules are tested: {fault}"))
        })
        .collect()
}
