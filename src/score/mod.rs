//! The score of values that no shape or check can vouch for: a logistic regression over named features, whose
//! weights are data (`weights.toml`, made by `tools/score/train.py`) and whose reasons can be printed. It knows
//! what a window, an object and a path say, and no rule.

mod feature;
mod value;

use std::fmt::Write as _;
use std::sync::OnceLock;

use crate::filter;

pub use feature::Feature;
pub use value::{of_window, together};

mod weights {
    include!(concat!(env!("OUT_DIR"), "/score.rs"));
}

/// From here on a scored value is in the default report.
pub const LIKELY: f32 = weights::LIKELY;

/// The same for a value that does not look random: a password.
pub const LIKELY_WEAK: f32 = weights::LIKELY_WEAK;

/// From here on it is in the low tier; below it is dropped.
pub const POSSIBLE: f32 = weights::POSSIBLE;

/// What is no secret at all.
const NEVER: &[Feature] = &[Feature::Path, Feature::Prose, Feature::Label, Feature::BareMember, Feature::Badge];

/// What nobody should be woken for, however much speaks for it.
const VETO: &[Feature] = &[
    Feature::Dummy,
    Feature::Placeholder,
    Feature::DummyWords,
    Feature::NamesKey,
    Feature::Measure,
    Feature::ProgramName,
    Feature::Repeats,
    Feature::Crypt,
    Feature::KeyHarmless,
    Feature::LooseKey,
];

/// How many features a report names for and against.
const NAMED: usize = 4;

/// The features that hold of a candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence(u128);

impl Evidence {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// With this feature too.
    #[must_use]
    pub const fn with(self, feature: Feature) -> Self {
        Self(self.0 | 1 << feature as u8)
    }

    /// With this feature too, if that is so.
    #[must_use]
    pub const fn with_if(self, feature: Feature, so: bool) -> Self {
        if so { self.with(feature) } else { self }
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the feature holds.
    pub const fn has(self, feature: Feature) -> bool {
        self.0 & 1 << feature as u8 != 0
    }

    /// Whether no feature holds: nothing that is scored.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The features that hold.
    pub fn features(self) -> impl Iterator<Item = Feature> {
        Feature::ALL.iter().copied().filter(move |&feature| self.has(feature))
    }

    /// The chance that this is a secret, 0 to 1, to two digits.
    pub fn probability(self) -> f32 {
        let sum: f32 = weights::BIAS + self.features().map(weight).sum::<f32>();
        let probability = 1.0 / (1.0 + (-sum).exp());
        (probability * 100.0).floor() / 100.0
    }

    /// Whether the low tier may show it.
    pub fn is_possible(self) -> bool {
        let none = |doubts: &[Feature]| !doubts.iter().any(|&doubt| self.has(doubt));
        // Letters and digits in quotes under a password's name, and nothing against the value itself.
        let sound =
            || self.has(Feature::PasswordMixed) && self.has(Feature::Quoted) && none(VETO) && none(&[Feature::Words, Feature::Path]);
        none(NEVER) && (self.probability() >= POSSIBLE || (sound() && !self.has(Feature::Digits)))
    }

    /// Whether the default report may show it: likely, and without one of the doubts that no weight outweighs.
    pub fn is_likely(self) -> bool {
        let bar = if self.has(Feature::Random) { LIKELY } else { LIKELY_WEAK };
        let solid = self.has(Feature::Random) || self.has(Feature::Solid);
        let named = self.has(Feature::HoldsSecret) && !self.has(Feature::Random);
        self.probability() >= bar && solid && !named && !self.is_doubted()
    }

    /// Whether it has one of the doubts that no weight outweighs.
    pub fn is_doubted(self) -> bool {
        VETO.iter().any(|&doubt| self.has(doubt))
    }

    /// What weighed most, for a report.
    pub fn reasons(self) -> Vec<String> {
        let mut all: Vec<(f32, Feature)> = self.features().map(|feature| (weight(feature), feature)).collect();
        all.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        let list = |sign: f32| {
            let some = all.iter().filter(|(weight, _)| weight * sign > 0.05).take(NAMED);
            some.map(|(weight, feature)| format!("{} ({weight:+.1})", feature.words())).collect::<Vec<_>>().join(", ")
        };
        let mut text = format!("score {:.2}", self.probability());
        for (title, sign) in [("for", 1.0), ("against", -1.0)] {
            let list = list(sign);
            if !list.is_empty() {
                let _ = write!(text, "; {title}: {list}");
            }
        }
        if self.probability() >= LIKELY_WEAK
            && let Some(doubt) = VETO.iter().find(|&&doubt| self.has(doubt))
        {
            let _ = write!(text, "; not in the default report: {}", doubt.words());
        }
        vec![text]
    }
}

fn weight(feature: Feature) -> f32 {
    static WEIGHTS: OnceLock<Vec<f32>> = OnceLock::new();
    let by_name = |feature: &Feature| weights::WEIGHTS.iter().find(|(name, _)| *name == feature.name()).map_or(0.0, |(_, w)| *w);
    WEIGHTS.get_or_init(|| Feature::ALL.iter().map(by_name).collect())[feature as usize]
}

/// Folders of other people's code.
const VENDOR: &[&str] = &["node_modules", "vendor", "third_party", "third-party", "bower_components", "dist", "deps", "external"];
/// Folders of translations.
const LOCALE: &[&str] = &["locale", "locales", "i18n", "l10n", "lang", "langs", "translations", "languages"];

/// What a path says.
pub fn of_path(path: &[u8]) -> Evidence {
    let name = path.rsplit(|b| *b == b'/').next().unwrap_or_default().to_ascii_lowercase();
    let ending = name.iter().rposition(|b| *b == b'.').map_or(&b""[..], |at| &name[at + 1..]);
    let among = |list: &str| list.split(' ').any(|end| !ending.is_empty() && end.as_bytes() == ending);
    let within = |list: &[&str]| path.split(|b| *b == b'/').any(|part| list.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(part)));
    Evidence::NONE
        .with_if(Feature::InTest, filter::is_test(path))
        .with_if(Feature::InDocument, among("md markdown rst txt adoc asciidoc html htm tex org textile mdx rdoc pod"))
        .with_if(
            Feature::InConfig,
            among("yml yaml json properties ini conf cfg cnf env toml xml config tfvars plist tmpl template j2 list"),
        )
        .with_if(Feature::InScript, among("sh bash zsh ps1 psm1 bat cmd fish bats sql"))
        .with_if(
            Feature::InCode,
            among("c h cc cpp hpp cs java kt scala go rs rb py js ts tsx jsx mjs php swift m pl lua ex exs erl clj r groovy dart vue"),
        )
        .with_if(Feature::InLocale, within(LOCALE) || among("po pot xlf resx arb strings"))
        .with_if(Feature::InVendor, within(VENDOR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_has_a_weight_and_every_weight_a_feature() {
        assert!(Feature::ALL.len() <= 128);
        let names: Vec<&str> = Feature::ALL.iter().map(|feature| feature.name()).collect();
        let weighed: Vec<&str> = weights::WEIGHTS.iter().map(|(name, _)| *name).collect();
        let missing: Vec<_> = names.iter().filter(|name| !weighed.contains(name)).collect();
        let unknown: Vec<_> = weighed.iter().filter(|name| !names.contains(name)).collect();
        assert!(missing.is_empty() && unknown.is_empty(), "without a weight: {missing:?}; without a feature: {unknown:?}");
    }

    #[test]
    fn features_add_up_and_are_told() {
        let weak = Evidence::NONE.with(Feature::Placeholder);
        let strong = Evidence::NONE.with(Feature::Random).with(Feature::KeySecret);
        assert!(strong.probability() > weak.probability());
        let told = strong.reasons().join("\n");
        assert!(told.starts_with("score 0.") && told.contains("looks random (+"), "{told}");
    }

    #[test]
    fn a_path_says_what_kind_of_file_it_is() {
        assert_eq!(of_path(b"config/app.yml"), Evidence::NONE.with(Feature::InConfig));
        assert_eq!(of_path(b"test/a.rb"), Evidence::NONE.with(Feature::InTest).with(Feature::InCode));
        assert!(of_path(b"web/node_modules/x/y.js").has(Feature::InVendor));
        assert!(of_path(b"config/locales/de.yml").has(Feature::InLocale));
    }
}
