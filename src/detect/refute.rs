//! A token that its own check refutes stays refuted where a rule without proof takes it up in an encoding: Basic
//! authorization, base64 in a manifest, escapes. What stands bare in the text needs no second look: there the token's
//! own rule outranks the other. It looks at the value alone, so rules that want a provider's word around it say nothing.

use std::borrow::Cow;

use super::{Detector, find, groups};
use crate::check::{Subject, Verdict};
use crate::finding::Confidence;

impl Detector {
    /// Why the value is none after all: most of what is encoded in it is a token whose check says no.
    pub(super) fn refuted(&self, raw: &[u8], value: &[u8]) -> Option<&'static str> {
        let value = (value != raw).then_some(Cow::Borrowed(value));
        let decoded = value.is_none().then(|| decoded(raw)).flatten().map(Cow::Owned);
        value.into_iter().chain(decoded).find_map(|text| self.refutes(&text))
    }

    /// The word of the checks on a text that is hardly more than one token; none where one of them lets it pass.
    fn refutes(&self, text: &[u8]) -> Option<&'static str> {
        let mut word = None;
        for hit in self.hits(text) {
            let keyword = self.prefilter.keyword(usize::from(hit.keyword));
            let Some(at) = keyword.around(text, hit.at as usize) else { continue };
            for index in keyword.rules_for(&text[at.clone()]) {
                let rule = &self.rules.rules()[index];
                let Some(check) = rule.check.filter(|_| rule.confidence == Confidence::High) else { continue };
                let Some(found) = find(rule, text, &at).filter(|found| found.secret.len() * 2 > text.len()) else { continue };
                let groups = groups(rule, text, &found);
                let subject =
                    Subject { secret: &text[found.secret.clone()], whole: &text[found.whole.clone()], groups: &groups, now: self.now };
                match check(&subject).verdict {
                    Verdict::Proved | Verdict::Plausible => return None,
                    Verdict::Failed(why) => word = Some(why),
                    Verdict::NotSecret(_) => {}
                }
            }
        }
        word
    }
}

/// What a value is the base64 of, in either alphabet; nothing where that is no text.
fn decoded(raw: &[u8]) -> Option<Vec<u8>> {
    let digits = raw.trim_ascii_end().strip_suffix(b"==").or_else(|| raw.strip_suffix(b"=")).unwrap_or(raw);
    let plain: Vec<u8> = digits
        .iter()
        .map(|b| match b {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    let text = data_encoding::BASE64_NOPAD.decode(&plain).ok()?;
    text.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()).then_some(text)
}
