//! Reads a user's rule file. It does not decide which files are read.

use std::fs;
use std::path::Path;

use super::{Rule, spec};
use crate::bound::{self, Bound, NoBound};
use crate::error::{Error, Result};

/// The rules of one file; an error names the file, the line and the fault.
pub(super) fn file(path: &Path) -> Result<Vec<spec::Spec>> {
    let text = fs::read(path).map_err(|e| Error::configuration(format!("{}: {}", path.display(), crate::error::describe(&e))))?;
    self::text(&path.display().to_string(), &text)
}

/// The same of a text by that name.
pub(super) fn text(name: &str, text: &[u8]) -> Result<Vec<spec::Spec>> {
    let wrong = |line: usize, why: &str| Error::configuration(format!("{name}:{line}: {why}"));
    let text = std::str::from_utf8(text).map_err(|_| wrong(1, "the file is not UTF-8"))?;
    let file: spec::File = toml::from_str(text).map_err(|e| {
        let line = e.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        wrong(line, e.message().lines().next().unwrap_or_default())
    })?;
    if file.rule.is_empty() {
        return Err(wrong(1, "there is no [[rule]] in it"));
    }
    Ok(file.rule)
}

pub(super) fn rule(mut spec: spec::Spec) -> Result<Rule, String> {
    if spec.provider.is_empty() {
        spec.provider = "custom".into();
    }
    if let Some(fault) = spec.fault() {
        return Err(fault);
    }
    let Some(regex) = &spec.regex else {
        if spec.keywords.is_empty() {
            return Err(format!("rule {}: `keywords` is missing: give words that the finder looks around", spec.id));
        }
        return Rule::new(spec, Bound::default());
    };
    match bound::bound(regex, &spec.keywords) {
        Ok(bound) => Rule::new(spec, bound),
        Err(NoBound::Wrong(why)) => Err(format!("rule {}: {why}", spec.id)),
        Err(NoBound::Slow(why)) => Rule::new(spec, Bound::default())?.slow(why.to_owned()),
    }
}
