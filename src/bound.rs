//! How far a rule's regex can reach: the length of its longest match, and how many bytes of it can stand
//! before a keyword. The window of a keyword hit is made of these. Also compiled into the build script; it
//! knows no other module.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// What of a match can surround a keyword hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Bound {
    /// The most bytes that a match can have before its keyword.
    pub lead: u32,
    /// The most bytes that a match can have from the first byte of its keyword on.
    pub trail: u32,
    /// Whether the regex takes every keyword in any letter case.
    pub caseless: bool,
}

/// Why a regex has no bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoBound {
    /// It is no regex at all.
    Wrong(String),
    /// It can only be searched in whole objects.
    Slow(&'static str),
}

impl std::fmt::Display for NoBound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Wrong(why) => f.write_str(why),
            Self::Slow(why) => f.write_str(why),
        }
    }
}

/// Computes the bound of a regex with these keywords; an error says why there is none.
pub fn bound(regex: &str, keywords: &[impl AsRef<str>]) -> Result<Bound, NoBound> {
    let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(regex);
    // The parser draws a picture; its last line says what it is.
    let hir = parsed.map_err(|e| {
        let text = e.to_string();
        let last = text.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
        NoBound::Wrong(format!("regex parse error: {last}"))
    })?;
    let Some(longest) = hir.properties().maximum_len() else {
        return Err(NoBound::Slow("the regex has no bound on its length; give each repetition an upper limit"));
    };
    if keywords.is_empty() {
        return Err(NoBound::Slow("there is no keyword; give a word that stands in every match"));
    }
    let mut bound = Bound { lead: 0, trail: longest as u32, caseless: true };
    for keyword in keywords {
        let keyword = keyword.as_ref().as_bytes();
        let lead = lead(&hir, keyword).unwrap_or(longest);
        bound.lead = bound.lead.max(lead as u32);
        bound.caseless &= regex.contains("(?i") || !keyword.iter().any(u8::is_ascii_alphabetic);
    }
    Ok(bound)
}

/// The most bytes that a match can have before a keyword, if that is the same for each of these; of a regex with that bound.
pub fn common_lead(regex: &str, keywords: &[impl AsRef<str>], bound: Bound) -> Option<u32> {
    let same = |keyword| self::bound(regex, std::slice::from_ref(keyword)).is_ok_and(|alone| alone.lead == bound.lead);
    (bound.lead == 0 || keywords.iter().all(same)).then_some(bound.lead)
}

/// The most bytes that can stand before the keyword, where the regex's structure shows its place. A place that
/// takes nothing but the keyword is trusted first, then one where the keyword is one of several possibilities.
fn lead(hir: &Hir, keyword: &[u8]) -> Option<usize> {
    let mut parts = Vec::new();
    flatten(hir, &mut parts);
    let own = parts.len();
    place(&parts, own, keyword, true).or_else(|| place(&parts, own, keyword, false))
}

/// Looks for a place that begins in one of the first `own` parts; the keyword may end in what follows them.
fn place(parts: &[&Hir], own: usize, keyword: &[u8], exact: bool) -> Option<usize> {
    let mut before = 0;
    for (at, part) in parts[..own].iter().enumerate() {
        let may_be_empty = part.properties().minimum_len() == Some(0);
        let later = may_be_empty && begins(&parts[at + 1..], keyword, exact);
        let begins = !later && begins(&parts[at..], keyword, exact);
        let inside = match part.kind() {
            HirKind::Literal(literal) if !begins => (1..literal.0.len()).find(|&n| {
                let (head, rest) = (&literal.0[n..], &parts[at + 1..]);
                let taken = head.len().min(keyword.len());
                head[..taken].eq_ignore_ascii_case(&keyword[..taken]) && self::begins(rest, &keyword[taken..], exact)
            }),
            // A branch may begin with the keyword while another has it further in.
            HirKind::Alternation(branches) => {
                let within = |branch| {
                    let mut inner = Vec::new();
                    flatten(branch, &mut inner);
                    let own = inner.len();
                    inner.extend_from_slice(&parts[at + 1..]);
                    place(&inner, own, keyword, exact)
                };
                branches.iter().filter_map(within).max()
            }
            HirKind::Repetition(repetition) => lead(&repetition.sub, keyword).and_then(|inner| {
                let times = repetition.max?.saturating_sub(1) as usize;
                Some(inner + times * repetition.sub.properties().maximum_len()?)
            }),
            _ => None,
        };
        if let Some(inside) = inside.or(begins.then_some(0)) {
            return Some(before + inside);
        }
        before += part.properties().maximum_len()?;
    }
    None
}

/// Whether a match of the sequence can begin with the keyword.
fn begins(parts: &[&Hir], keyword: &[u8], exact: bool) -> bool {
    let (Some((&byte, rest)), Some((first, parts))) = (keyword.split_first(), parts.split_first()) else { return keyword.is_empty() };
    match first.kind() {
        HirKind::Empty | HirKind::Look(_) => begins(parts, keyword, exact),
        HirKind::Literal(literal) => {
            let taken = literal.0.len().min(keyword.len());
            literal.0[..taken].eq_ignore_ascii_case(&keyword[..taken]) && begins(parts, &keyword[taken..], exact)
        }
        HirKind::Class(Class::Bytes(class)) => {
            let has = |b: u8| class.iter().any(|r| (r.start()..=r.end()).contains(&b));
            let (lower, upper) = (has(byte.to_ascii_lowercase()), has(byte.to_ascii_uppercase()));
            let size: usize = class.iter().map(|r| usize::from(r.end() - r.start()) + 1).sum();
            (lower || upper) && (!exact || size == 1 || (size == 2 && lower && upper)) && begins(parts, rest, exact)
        }
        HirKind::Class(Class::Unicode(_)) => false,
        HirKind::Capture(capture) => begins(&joined(&capture.sub, parts), keyword, exact),
        HirKind::Concat(inner) => begins(&inner.iter().chain(parts.iter().copied()).collect::<Vec<_>>(), keyword, exact),
        HirKind::Alternation(branches) => branches.iter().any(|branch| begins(&joined(branch, parts), keyword, exact)),
        HirKind::Repetition(repetition) => {
            let once = vec![&*repetition.sub; repetition.min.clamp(1, 64) as usize];
            let times = once.into_iter().chain(parts.iter().copied()).collect::<Vec<_>>();
            (repetition.min == 0 && begins(parts, keyword, exact)) || begins(&times, keyword, exact)
        }
    }
}

fn joined<'a>(first: &'a Hir, parts: &[&'a Hir]) -> Vec<&'a Hir> {
    std::iter::once(first).chain(parts.iter().copied()).collect()
}

fn flatten<'a>(hir: &'a Hir, parts: &mut Vec<&'a Hir>) {
    match hir.kind() {
        HirKind::Capture(capture) => flatten(&capture.sub, parts),
        HirKind::Concat(inner) => inner.iter().for_each(|part| flatten(part, parts)),
        _ => parts.push(hir),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_where_the_keyword_stands() {
        for (regex, keywords, lead, trail) in [
            (r"\bghp_[0-9a-z]{36}\b", &["ghp_"][..], 0, 40),
            (r"\bgh[pous]_[0-9a-z]{36}\b", &["ghp_", "gho_"], 0, 40),
            (r"[a-z]{0,8}secret[:=]x", &["secret"], 8, 16),
            (r"[a-z]{6}secret[:=]x", &["secret"], 6, 14),
            (r"(?i)\b(?:heroku|hk)[ :=]{1,3}([0-9a-f]{4})", &["heroku"], 0, 13),
            (r"[0-9]{2}(?:xx|abc)", &["abc"], 2, 5),
            (r"[0-9]{2}(?:[0-9]{3}abc|z)", &["abc"], 5, 8),
            (r"(?:SECURE_AUTH|AUTH)_KEY", &["AUTH_KEY"], 7, 15),
        ] {
            let found = bound(regex, keywords).unwrap();
            assert_eq!((found.lead, found.trail), (lead, trail), "{regex}");
        }
    }

    #[test]
    fn keywords_may_differ_in_what_stands_before_them() {
        let common = |regex, keywords: &[&str]| common_lead(regex, keywords, bound(regex, keywords).unwrap());
        assert_eq!(common(r"(?:\b|\\n)gh[po]_[0-9a-z]{9}", &["ghp_", "gho_"]), Some(2));
        assert_eq!(common("(?:key_)?tok_[0-9]{9}", &["key_", "tok_"]), None);
        assert_eq!(common("(?:ghp|gho)_[0-9]{9}", &["ghp_", "gho_"]), Some(0));
    }

    #[test]
    fn refuses_what_has_no_bound() {
        assert!(matches!(bound("ghp_[a-z]+", &["ghp_"]), Err(NoBound::Slow(_))));
        assert!(matches!(bound("ghp_", &[] as &[&str]), Err(NoBound::Slow(_))));
        assert!(matches!(bound("(", &["ghp_"]), Err(NoBound::Wrong(_))));
    }

    #[test]
    fn knows_whether_letter_case_matters() {
        assert!(!bound("ghp_[a-z]{3}", &["ghp_"]).unwrap().caseless);
        assert!(bound("(?i)ghp_[a-z]{3}", &["ghp_"]).unwrap().caseless);
        assert!(bound("1//0[a-z]{3}", &["1//0"]).unwrap().caseless);
    }
}
