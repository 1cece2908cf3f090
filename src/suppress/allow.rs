//! An `[[allow]]` of a configuration: values, paths or commits that are let pass, with a reason and a last day.
//! It does not know where it was written.

use bstr::ByteSlice;
use globset::{Glob, GlobSet, GlobSetBuilder};
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use super::{Around, Case, Day};

/// What a regex of an allow is tried on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The value.
    #[default]
    Secret,
    /// All that the rule matched.
    Match,
    /// The line of that, or its lines.
    Line,
}

impl Target {
    /// The target of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [("secret", Self::Secret), ("match", Self::Match), ("line", Self::Line)].into_iter().find(|(n, _)| *n == name).map(|(_, t)| t)
    }
}

/// What is allowed, ready to be asked.
#[derive(Clone, Debug)]
pub struct Allow {
    /// Where it stands: file and line.
    pub source: String,
    /// It stands in a file that serves many repositories, so it need not hide something in each.
    pub shared: bool,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it counts.
    pub until: Option<Day>,
    /// Only of these rules (id, alias or provider); of all where there is none.
    pub rules: Vec<String>,
    /// One of the conditions is enough; else all that are there must hold.
    pub any: bool,
    /// The path is like this.
    pub paths: Option<GlobSet>,
    /// The value, or what the target says, is like one of these.
    pub regexes: Vec<Regex>,
    /// What these are tried on; more than the value is there only where the detector keeps lines.
    pub target: Target,
    /// The value holds one of these; lower case.
    pub stopwords: Vec<String>,
    /// The commit that brought it in begins like this; lower-case hex.
    pub commits: Vec<String>,
}

/// A regex on the bytes of a value.
pub fn regex(text: &str) -> Result<Regex, String> {
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(Regex::config().utf8_empty(false).nfa_size_limit(Some(4 << 20)))
        .build(text)
        .map_err(|e| format!("{text:?} is no regular expression: {}", cause(&e)))
}

/// The innermost reason, on one line.
fn cause(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(inner) = last.source() {
        last = inner;
    }
    let text = last.to_string();
    text.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned()
}

/// Globs as `--exclude` reads them: without a slash a name in any folder; a folder stands for all below it.
pub fn globs<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|e| e.to_string())?);
        if !pattern.contains('/') {
            set.add(Glob::new(&format!("**/{pattern}")).map_err(|e| e.to_string())?);
        }
    }
    set.build().map_err(|e| e.to_string())
}

impl Allow {
    /// Whether it lets the case pass.
    pub(super) fn takes(&self, case: &Case<'_>) -> bool {
        if !self.rules.is_empty() && !self.rules.iter().any(|rule| case.rule.goes_by(rule)) {
            return false;
        }
        let path = case.path.map(|path| path.to_path_lossy());
        let value = case.secret.expose();
        let tried = match self.target {
            Target::Secret => Some(value),
            Target::Match => case.around.map(Around::whole),
            Target::Line => case.around.map(Around::line),
        };
        let conditions = [
            self.paths.as_ref().map(|globs| path.is_some_and(|path| path.ancestors().any(|part| globs.is_match(part)))),
            (!self.regexes.is_empty()).then(|| tried.is_some_and(|text| self.regexes.iter().any(|regex| regex.is_match(text)))),
            (!self.stopwords.is_empty()).then(|| {
                let lower = value.to_ascii_lowercase();
                self.stopwords.iter().any(|word| lower.contains_str(word))
            }),
            (!self.commits.is_empty())
                .then(|| case.commit.is_some_and(|commit| self.commits.iter().any(|start| commit.starts_with(start)))),
        ];
        let mut stated = conditions.into_iter().flatten();
        if self.any { stated.any(|holds| holds) } else { stated.all(|holds| holds) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_in_one_line() {
        let fault = regex("a(b").unwrap_err();
        assert!(fault.starts_with("\"a(b\" is no regular expression: ") && !fault.contains('\n'), "{fault}");
        assert!(regex("x{1000}{1000}{1000}").is_err());
        assert!(globs(["a["]).is_err());
    }

    #[test]
    fn a_glob_without_a_slash_is_a_name_anywhere() {
        let set = globs(["*.env", "docs/**"]).unwrap();
        assert!(set.is_match("a/b.env") && set.is_match("docs/x") && !set.is_match("src/docs/x"));
    }
}
