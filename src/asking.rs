//! From findings to questions and back: what can be asked about each secret, its verdict, and what of it the user
//! wants to see. It knows findings and the engine; it does not know how a provider is asked.

#[cfg(feature = "verify")]
use std::collections::BTreeMap;
#[cfg(feature = "verify")]
use std::sync::Arc;

use crate::coverage::{LeftOut, Notice};
use crate::error::Result;
#[cfg(feature = "verify")]
use crate::finding::Pair;
use crate::finding::{Finding, State, Verification};
use crate::outcome::Outcome;
use crate::progress::Progress;
#[cfg(feature = "verify")]
use crate::rule::Rule;
use crate::rule::RuleSet;
#[cfg(feature = "verify")]
use crate::secret::Secret;
#[cfg(feature = "verify")]
use crate::verify::question::Question;
use crate::verify::settings::Settings;

/// What the user wants of verification.
#[derive(Clone, Debug)]
pub struct Wish {
    /// How providers are asked.
    pub settings: Settings,
    /// The verdicts that are shown; all where it is empty.
    pub results: Vec<State>,
    /// Only live secrets count: what could not be found out makes the run incomplete.
    pub only_verified: bool,
}

/// Asks about every finding, puts the verdicts in, and takes out what the user does not want to see. What somebody
/// let pass is asked about too: if it is live it is reported all the same.
#[cfg(feature = "verify")]
pub fn verify(outcome: &mut Outcome, rules: &RuleSet, wish: &Wish, progress: &Progress) -> Result<()> {
    use crate::progress::Phase;
    use crate::verify::run;

    progress.set_phase(Phase::Verifying);
    let shown = outcome.findings.len();
    let unsure = unsure(outcome, rules);
    let sure = shown + unsure.len();
    let hidden = std::mem::take(&mut outcome.hidden);
    outcome.findings.extend(unsure.into_iter().chain(hidden));
    let (mut questions, mut owners) = (Vec::new(), Vec::new());
    for (index, finding) in outcome.findings.iter_mut().enumerate() {
        match about(finding, rules) {
            Err(why) => finding.verification = Verification::new(State::NotChecked, why),
            Ok(asked) => {
                owners.extend(std::iter::repeat_n(index, asked.len()));
                questions.extend(asked);
            }
        }
    }
    let verdicts = run::run(&questions, &wish.settings, progress)?;
    let mut answers: BTreeMap<usize, Vec<Verification>> = BTreeMap::new();
    for (owner, verdict) in owners.into_iter().zip(verdicts) {
        answers.entry(owner).or_default().push(verdict);
    }
    for (index, verdicts) in answers {
        outcome.findings[index].verification = merge(verdicts);
    }
    outcome.hidden = outcome.findings.split_off(sure);
    keep_live(outcome, shown);
    outcome.reveal();
    if let Some(signal) = progress.stop_signal().filter(|&signal| signal > 0) {
        outcome.interrupted = Some(i32::from(signal));
    }
    choose(outcome, wish);
    outcome.sort();
    Ok(())
}

/// The findings that are not sure enough to be shown, and whose rule expects no more of them: a provider may know them.
/// What was lowered for a reason, such as a checksum that fails, is not worth a question.
#[cfg(feature = "verify")]
fn unsure(outcome: &mut Outcome, rules: &RuleSet) -> Vec<Finding> {
    let low = |finding: &Finding| {
        rules.by_id(&finding.rule).is_some_and(|rule| rule.spec.verify.is_some() && rule.confidence == finding.confidence)
    };
    std::mem::take(&mut outcome.unsure).into_iter().filter(low).collect()
}

/// Of the findings behind the first `shown` only those that are live.
#[cfg(feature = "verify")]
fn keep_live(outcome: &mut Outcome, shown: usize) {
    for mut finding in outcome.findings.split_off(shown) {
        if finding.verification.state == State::Live {
            finding.reasons.push("its provider takes it".to_owned());
            finding.suppressed = false;
            outcome.coverage.below_threshold = outcome.coverage.below_threshold.saturating_sub(1);
            outcome.findings.push(finding);
        }
    }
}

/// This build cannot ask.
#[cfg(not(feature = "verify"))]
pub fn verify(_: &mut Outcome, _: &RuleSet, _: &Wish, _: &Progress) -> Result<()> {
    Err(missing())
}

/// What is wrong with a build that cannot ask.
#[cfg(not(feature = "verify"))]
pub fn missing() -> crate::error::Error {
    crate::error::Error::usage("this build cannot ask providers: it was made without the feature `verify`")
        .hint("`cargo install --path .` without --no-default-features makes one that can")
}

/// The distinct questions about a finding; an error says why there is none.
#[cfg(feature = "verify")]
pub fn about(finding: &Finding, rules: &RuleSet) -> Result<Vec<Question>, String> {
    let rule = rules.by_id(&finding.rule).ok_or("its rule is not in force")?;
    if rule.spec.verify.is_none() {
        return Err("its rule does not say how to ask".to_owned());
    }
    questions(finding, rule)
}

/// The same for what is to be revoked.
#[cfg(feature = "verify")]
pub fn to_revoke(finding: &Finding, rules: &RuleSet) -> Result<Vec<Question>, String> {
    let rule = rules.by_id(&finding.rule).ok_or("its rule is not in force")?;
    if rule.spec.revoke.is_none() {
        return Err("its provider has no way for that, or wants somebody signed in".to_owned());
    }
    questions(finding, rule)
}

#[cfg(feature = "verify")]
fn questions(finding: &Finding, rule: &Rule) -> Result<Vec<Question>, String> {
    if finding.facts.contains_key("canary") {
        return Err("a canary token: using it alarms its owner, so it is never sent".to_owned());
    }
    if let Some(rival) = finding.uses.iter().find_map(|one| one.rivals.first()) {
        return Err(format!("it could be a secret of {rival} as well, so it is sent to neither"));
    }
    let spec = Arc::new(rule.spec.clone().into_owned());
    let question = |parts| Question { rule: Arc::clone(&spec), secret: finding.secret.clone(), parts, control: false };
    let mut parts: Vec<_> = finding.uses.iter().map(|one| halves(finding, rule, &one.parts)).collect();
    parts.sort();
    parts.dedup();
    if parts.is_empty() {
        parts.push(BTreeMap::new());
    }
    Ok(parts.into_iter().map(question).collect())
}

/// The values around a secret in one place: the parts of its match, and the other half of the credential; where none
/// stands there, the one that stands in another place. Where the rule names several that it could be, a request names
/// one of them and gets the half that is there; a third part goes by its own name alone.
#[cfg(feature = "verify")]
fn halves(finding: &Finding, rule: &Rule, parts: &BTreeMap<String, Secret>) -> BTreeMap<String, Secret> {
    let named = |pair: &Pair| (pair.rule.clone(), pair.secret.clone());
    let half = finding.pair.iter().flat_map(|pair| rule.halves(&named(pair), pair.third.as_deref().map(named)));
    let own = |name: &str| parts.contains_key(name);
    let half = if rule.spec.pair.iter().any(|other| !other.third && own(&other.rule)) { None } else { Some(half) };
    half.into_iter().flatten().chain(parts.clone()).collect()
}

/// One verdict of several: live before unknown before dead; what was not checked speaks only alone.
pub fn merge(mut verdicts: Vec<Verification>) -> Verification {
    let rank = |state: State| match state {
        State::Live => 0,
        State::Unknown => 1,
        State::Dead => 2,
        State::NotChecked => 3,
    };
    verdicts.sort_by_key(|verdict| rank(verdict.state));
    let Some(best) = verdicts.first().cloned() else { return Verification::new(State::NotChecked, "there was nothing to ask") };
    if verdicts.len() == 1 { best } else { Verification { answers: verdicts, ..best } }
}

/// Leaves the findings that the user wants to see, and says what was left out.
#[cfg_attr(not(feature = "verify"), allow(dead_code))]
fn choose(outcome: &mut Outcome, wish: &Wish) {
    if wish.only_verified {
        for finding in outcome.findings.iter().filter(|finding| finding.verification.state == State::Unknown) {
            let place = finding.places.first().and_then(|place| place.path.clone()).unwrap_or_default();
            let why = format!("{}: {}", finding.rule, finding.verification.reason);
            outcome.notices.push(Notice::incomplete("not verified", place, why));
        }
    }
    if wish.results.is_empty() {
        return;
    }
    for (state, name) in State::ALL {
        let of = outcome.findings.iter().filter(|finding| finding.verification.state == *state).count() as u64;
        if of > 0 && !wish.results.contains(state) {
            let what = format!("findings that are {}", name.replace('-', " "));
            outcome.coverage.left_out.push(LeftOut { what, count: Some(of), how: format!("--results {name}") });
        }
    }
    // No report shows their values by accident either.
    let (shown, hidden): (Vec<Finding>, Vec<Finding>) =
        std::mem::take(&mut outcome.findings).into_iter().partition(|finding| wish.results.contains(&finding.verification.state));
    outcome.findings = shown;
    outcome.candidates.extend(hidden.into_iter().map(|finding| finding.secret).filter(|value| !value.is_weak()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_verdict_speaks_and_all_are_shown() {
        let of = |states: &[State]| merge(states.iter().map(|&state| Verification::new(state, "x")).collect());
        assert_eq!(of(&[State::Dead, State::Live, State::Unknown]).state, State::Live);
        assert_eq!(of(&[State::Dead, State::Unknown]).state, State::Unknown);
        assert_eq!(of(&[State::NotChecked, State::Dead]).state, State::Dead);
        assert_eq!(of(&[State::Dead, State::Live]).answers.len(), 2);
        assert!(of(&[State::Dead]).answers.is_empty());
        assert_eq!(of(&[]).state, State::NotChecked);
    }
}
