//! Reads users' rule files, and says all that is wrong with them with file and line. It does not decide which
//! files are read.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Rule, spec};
use crate::bound::{self, Bound, NoBound};
use crate::error::{Error, Result, describe};

/// A rule file, with the place of each rule in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<toml::Spanned<spec::Spec>>,
}

/// A rule with its place.
pub(super) struct Loaded {
    /// The rule.
    pub rule: Rule,
    /// Its file.
    pub path: PathBuf,
    /// The line that it begins at.
    pub line: usize,
}

/// Something wrong in a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub path: PathBuf,
    /// The line, where one is to blame; from 1.
    pub line: Option<usize>,
    /// The id of the rule, where one is.
    pub rule: Option<String>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match self.rule.as_ref().filter(|id| !id.is_empty()) {
            Some(id) => write!(f, ": rule {id}: {}", self.what),
            None => write!(f, ": {}", self.what),
        }
    }
}

/// The rules of a file, or of all files `*.toml` of a folder; an error names the file, the line and the fault.
pub(super) fn file(path: &Path) -> Result<Vec<spec::Spec>> {
    right(path, read(path))
}

/// The same of a text by that name.
pub(super) fn text(name: &str, text: &[u8]) -> Result<Vec<spec::Spec>> {
    let (mut loaded, mut faults) = (Vec::new(), Vec::new());
    read_text(Path::new(name), text, &mut loaded, &mut faults);
    faults.extend(duplicates(&loaded));
    right(Path::new(name), (loaded, faults))
}

fn right(path: &Path, (loaded, faults): (Vec<Loaded>, Vec<Fault>)) -> Result<Vec<spec::Spec>> {
    if let Some(fault) = faults.first() {
        let error = Error::configuration(fault.to_string());
        return Err(if faults.len() > 1 { error.hint(format!("`unleak rules check {}` lists all faults", path.display())) } else { error });
    }
    Ok(loaded.into_iter().map(|loaded| loaded.rule.spec.into_owned()).collect())
}

/// One row, resolved; an error names the rule.
pub(super) fn rule(spec: spec::Spec) -> Result<Rule, String> {
    let id = spec.id.clone();
    resolve(spec).map_err(|(_, what)| if what.contains(&*id) { what } else { format!("rule {id}: {what}") })
}

/// What can be read of a file or folder, and all that is wrong with it.
pub(super) fn read(path: &Path) -> (Vec<Loaded>, Vec<Fault>) {
    let (mut loaded, mut faults) = (Vec::new(), Vec::new());
    match files(path) {
        Ok(files) => files.iter().for_each(|file| read_file(file, &mut loaded, &mut faults)),
        Err(what) => faults.push(Fault { path: path.to_owned(), line: None, rule: None, what }),
    }
    faults.extend(duplicates(&loaded));
    (loaded, faults)
}

pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|e| describe(&e))?;
    let mut files: Vec<PathBuf> =
        entries.collect::<Result<Vec<_>, _>>().map_err(|e| describe(&e))?.iter().map(fs::DirEntry::path).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml") && file.is_file());
    files.sort();
    if files.is_empty() { Err("there is no file *.toml in this folder".to_owned()) } else { Ok(files) }
}

fn read_file(path: &Path, loaded: &mut Vec<Loaded>, faults: &mut Vec<Fault>) {
    match fs::read(path) {
        Ok(text) => read_text(path, &text, loaded, faults),
        Err(error) => faults.push(Fault { path: path.to_owned(), line: None, rule: None, what: describe(&error) }),
    }
}

fn read_text(path: &Path, text: &[u8], loaded: &mut Vec<Loaded>, faults: &mut Vec<Fault>) {
    let fault = |line, rule, what| Fault { path: path.to_owned(), line, rule, what };
    let Ok(text) = std::str::from_utf8(text) else {
        return faults.push(fault(None, None, "the file is not UTF-8".to_owned()));
    };
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let line = error.span().map(|span| line_at(text, span.start));
            return faults.push(fault(line, None, error.message().trim_end().to_owned()));
        }
    };
    if file.rule.is_empty() {
        return faults.push(fault(None, None, "there is no [[rule]] in it".to_owned()));
    }
    for spanned in file.rule {
        let line = line_at(text, spanned.span().start);
        let spec = spanned.into_inner();
        let id = spec.id.to_string();
        match resolve(spec) {
            Ok(rule) => loaded.push(Loaded { rule, path: path.to_owned(), line }),
            Err((key, what)) => {
                let what = what.strip_prefix(&format!("rule {id}: ")).map_or_else(|| what.clone(), str::to_owned);
                faults.push(fault(Some(line_of_key(text, line, key)), Some(id), what));
            }
        }
    }
}

/// One rule; an error comes with the key to blame.
fn resolve(mut spec: spec::Spec) -> Result<Rule, (&'static str, String)> {
    if spec.provider.is_empty() {
        spec.provider = "custom".into();
    }
    if let Some(what) = spec.fault() {
        return Err((blamed(&what), what));
    }
    for one in spec.beside.iter() {
        beside(one).map_err(|why| ("beside", format!("beside {}: {why}", one.name)))?;
    }
    let Some(regex) = &spec.regex else {
        if spec.keywords.is_empty() {
            return Err(("id", "`keywords` is missing: give words that the finder looks around".to_owned()));
        }
        return Rule::new(spec, Bound::default()).map_err(|what| (blamed(&what), what));
    };
    let resolved = match bound::bound(regex, &spec.keywords) {
        Ok(bound) => Rule::new(spec, bound),
        Err(NoBound::Wrong(why)) => return Err(("regex", why)),
        Err(NoBound::Slow(why)) => Rule::new(spec, Bound::default()).and_then(|rule| rule.slow(why.to_owned())),
    };
    resolved.map_err(|what| (blamed(&what), what))
}

/// Whether what stands beside the secret can be searched. Its author's expressions are judged one by one, for the
/// whole has more in it than was written.
fn beside(one: &spec::Beside) -> Result<(), String> {
    for regex in std::iter::once(&one.value).chain(&one.after) {
        if let Err(NoBound::Wrong(why)) = bound::bound(regex, &[""; 0]) {
            return Err(why);
        }
    }
    super::compile(&one.regex(), super::LARGEST_SLOW).map(|_| ())
}

/// The key that a message names first.
fn blamed(what: &str) -> &'static str {
    const KEYS: &[(&str, &str)] = &[
        ("`id`", "id"),
        ("`severity`", "severity"),
        ("`confidence`", "confidence"),
        ("`keywords`", "keywords"),
        ("`beside`", "beside"),
        ("`verify`", "verify"),
        ("`revoke`", "revoke"),
        ("`regex`", "regex"),
        ("no filter", "filters"),
        ("no check", "check"),
        ("no finder", "find"),
        ("its regex", "regex"),
        ("glob", "paths"),
    ];
    KEYS.iter().filter_map(|(word, key)| Some((what.find(word)?, *key))).min().map_or("id", |(_, key)| key)
}

/// Rules that go by the same name.
fn duplicates(loaded: &[Loaded]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, later) in loaded.iter().enumerate() {
        let names = |rule: &Rule| std::iter::once(rule.spec.id.clone()).chain(rule.spec.aliases.iter().cloned()).collect::<Vec<_>>();
        for name in names(&later.rule) {
            if let Some(first) = loaded[..at].iter().find(|earlier| names(&earlier.rule).contains(&name)) {
                faults.push(Fault {
                    path: later.path.clone(),
                    line: Some(later.line),
                    rule: Some(later.rule.spec.id.to_string()),
                    what: format!("{name:?} names a rule of {}:{} too", first.path.display(), first.line),
                });
            }
        }
    }
    faults
}

fn line_at(text: &str, at: usize) -> usize {
    1 + text[..at.min(text.len())].matches('\n').count()
}

/// The line of a key of the rule that begins at a line; the rule's own where the key is not there.
fn line_of_key(text: &str, rule: usize, key: &str) -> usize {
    let own = text.lines().enumerate().skip(rule).take_while(|(_, line)| !line.trim_start().starts_with("[[rule]]"));
    let is_key = |line: &str| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
    };
    own.into_iter().find(|(_, line)| is_key(line)).map_or(rule, |(number, _)| number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("own.toml"), text).unwrap();
        let (_, faults) = read(folder.path());
        faults.iter().map(|fault| fault.to_string().split_once("own.toml").unwrap().1.to_owned()).collect()
    }

    const GOOD: &str = "[[rule]]\nid = \"lake\"\nname = \"Lake\"\nseverity = \"low\"\nconfidence = \"high\"\nkeywords = [\"lake_\"]\nregex = 'lake_[a-z]{9}'\n";

    #[test]
    fn each_fault_has_its_line() {
        assert_eq!(faults(GOOD), [""; 0]);
        let two = format!("# mine\n{GOOD}\n{}", GOOD.replace("'lake_[a-z]{9}'", "'lake_[a-z'").replace("\"lake\"", "\"pond\""));
        assert!(faults(&two)[0].starts_with(":16: rule pond: regex parse error"), "{:?}", faults(&two));
        let twice = format!("{GOOD}{GOOD}");
        assert!(faults(&twice)[0].starts_with(":8: rule lake: \"lake\" names a rule of"), "{:?}", faults(&twice));
        assert!(faults(&GOOD.replace("name =", "nmae ="))[0].starts_with(":3: unknown field `nmae`"));
        assert!(faults(&(GOOD.to_owned() + "filters = [\"plaecholder\"]"))[0].starts_with(":8: rule lake: there is no filter"));
        let beside = GOOD.to_owned() + "beside = [{ name = \"who\", after = 'user', value = '[a-z' }]";
        assert!(faults(&beside)[0].starts_with(":8: rule lake: beside who: regex parse error"), "{:?}", faults(&beside));
        assert!(faults(&beside.replace("who", "Who"))[0].contains("each of `beside` needs a `name`"));
        assert!(faults(&GOOD.replace("\"low\"", "\"mild\""))[0].starts_with(":4: rule lake: `severity` must be"));
        assert_eq!(faults("x = 1").len(), 1);
        assert_eq!(faults(""), [": there is no [[rule]] in it"]);
    }
}
