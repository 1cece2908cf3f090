//! Reads a user's rule file. It does not decide which files are read.

use std::fs;
use std::path::Path;

use super::{Rule, spec};
use crate::bound::{self, Bound, NoBound};
use crate::error::{Error, Result};

/// The rules of one file; an error names the file, the line and the fault.
pub(super) fn file(path: &Path) -> Result<Vec<Rule>> {
    let wrong = |why: String| Error::configuration(format!("{}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|e| wrong(crate::error::describe(&e)))?;
    let file: spec::File = toml::from_str(&text).map_err(|e| wrong(e.to_string().trim_end().to_owned()))?;
    if file.rule.is_empty() {
        return Err(wrong("there is no [[rule]] in it".to_owned()));
    }
    file.rule.into_iter().map(|spec| rule(spec).map_err(wrong)).collect()
}

fn rule(mut spec: spec::Spec) -> Result<Rule, String> {
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
