//! A baseline: the secrets that are known today, so that only new ones are reported. One entry a line, sorted, so
//! that it merges. A report of ours in JSON serves as well. It does not know where the file lies.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;
use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::finding::Finding;

/// Name and version of the file's shape.
pub const SCHEMA: &str = "unleak/baseline/1";

/// A known secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// Its fingerprint.
    pub fingerprint: String,
    /// The rule that found it.
    pub rule: String,
    /// Of a guessable value: the path.
    pub path: Option<BString>,
}

/// A baseline.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    /// Its name, for reports.
    pub name: String,
    /// Id of the key that its fingerprints are made with.
    pub key: String,
    /// What is known.
    pub known: BTreeSet<Known>,
    paths: BTreeMap<String, BTreeSet<Option<BString>>>,
}

impl Baseline {
    /// A baseline of what was found.
    pub fn of<'f>(name: &str, key: &str, findings: impl IntoIterator<Item = &'f Finding>) -> Self {
        let known = findings.into_iter().flat_map(|finding| {
            let weak = finding.fingerprint.starts_with('w');
            let entry = |path| Known { fingerprint: finding.fingerprint.clone(), rule: finding.rule.clone(), path };
            let paths: Vec<Known> = finding.places.iter().filter_map(|place| place.path.clone()).map(|path| entry(Some(path))).collect();
            if weak { paths } else { vec![entry(None)] }
        });
        Self::new(name, key, known.collect())
    }

    fn new(name: &str, key: &str, known: BTreeSet<Known>) -> Self {
        let mut paths: BTreeMap<String, BTreeSet<Option<BString>>> = BTreeMap::new();
        for one in &known {
            paths.entry(one.fingerprint.clone()).or_default().insert(one.path.clone());
        }
        Self { name: name.to_owned(), key: key.to_owned(), known, paths }
    }

    /// Reads a baseline, or a JSON report.
    pub fn parse(name: &str, text: &[u8]) -> Result<Self> {
        let wrong = |why: String| Error::configuration(format!("{name}: {why}")).hint("`unleak baseline create` writes one");
        let value: Value = serde_json::from_slice(text).map_err(|e| wrong(format!("it is no baseline: {e}")))?;
        if value.is_array() {
            return Err(wrong("it is a list, as reports of Gitleaks are, and no baseline of ours".to_owned()));
        }
        let schema = value["schema"].as_str().unwrap_or_default();
        let (key, list) = match schema {
            SCHEMA => (&value["key"], &value["known"]),
            _ if schema.starts_with("unleak/report/1") => (&value["coverage"]["key"], &value["findings"]),
            _ => return Err(wrong(format!("its schema is {schema:?}, not {SCHEMA:?}"))),
        };
        let key = key.as_str().ok_or_else(|| wrong("it does not name its key".to_owned()))?;
        let list = list.as_array().ok_or_else(|| wrong("it has no list of what is known".to_owned()))?;
        let mut known = BTreeSet::new();
        for (number, one) in list.iter().enumerate() {
            let found = entries(one).filter(|all| all.iter().all(|k| super::ignore_file::is_fingerprint(&k.fingerprint)));
            known.extend(
                found.ok_or_else(|| wrong(format!("entry {} has no fingerprint, or no path though it can be guessed", number + 1)))?,
            );
        }
        Ok(Self::new(name, key, known))
    }

    /// The file as it is written.
    pub fn write(&self) -> String {
        let line = |one: &Known| {
            let mut entry = json!({ "fingerprint": one.fingerprint, "rule": one.rule });
            if let Some(path) = &one.path {
                match std::str::from_utf8(path) {
                    Ok(text) => entry["path"] = text.into(),
                    Err(_) => entry["path_b64"] = BASE64.encode(path).into(),
                }
            }
            format!("  {entry}")
        };
        let lines: Vec<String> = self.known.iter().map(line).collect();
        format!("{{\"schema\": {}, \"key\": {}, \"known\": [\n{}\n]}}\n", json!(SCHEMA), json!(self.key), lines.join(",\n"))
    }

    /// Whether a secret is known, at that path if it can be guessed.
    pub(super) fn knows(&self, fingerprint: &str, path: Option<&[u8]>) -> bool {
        let Some(paths) = self.paths.get(fingerprint) else { return false };
        !fingerprint.starts_with('w') || path.is_some_and(|path| paths.contains(&Some(path.into())))
    }
}

/// The entries of a baseline's row or a report's finding.
fn entries(one: &Value) -> Option<Vec<Known>> {
    let fingerprint = one["fingerprint"].as_str()?.to_owned();
    let rule = one["rule"].as_str().unwrap_or("-").to_owned();
    if !fingerprint.starts_with('w') {
        return Some(vec![Known { fingerprint, rule, path: None }]);
    }
    let path = |place: &Value| -> Option<BString> {
        match place["path_b64"].as_str() {
            Some(encoded) => BASE64.decode(encoded.as_bytes()).ok().map(BString::from),
            None => place["path"].as_str().map(BString::from),
        }
    };
    let paths: Vec<BString> = match one["places"].as_array() {
        Some(places) => places.iter().filter_map(path).collect(),
        None => vec![path(one)?],
    };
    Some(paths.into_iter().map(|path| Known { fingerprint: fingerprint.clone(), rule: rule.clone(), path: Some(path) }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(fingerprint: &str, path: Option<&[u8]>) -> Known {
        Known { fingerprint: fingerprint.into(), rule: "r".into(), path: path.map(BString::from) }
    }

    #[test]
    fn what_is_written_is_read() {
        let strong = "a".repeat(32);
        let all = BTreeSet::from([known(&strong, None), known("w01234", Some(b"a/b")), known("w01234", Some(b"\xff"))]);
        let text = Baseline::new("x", "public", all.clone()).write();
        assert_eq!(text.lines().count(), 5);
        let read = Baseline::parse("x", text.as_bytes()).unwrap();
        assert_eq!((read.known.clone(), read.key.as_str()), (all, "public"));
        assert!(read.knows(&strong, None) && read.knows("w01234", Some(b"a/b")) && read.knows("w01234", Some(b"\xff")));
        assert!(!read.knows("w01234", None) && !read.knows("w01234", Some(b"c")) && !read.knows(&"b".repeat(32), None));
    }

    #[test]
    fn what_is_no_baseline_is_refused() {
        for text in
            ["", "[]", "{}", "{\"schema\":\"unleak/baseline/9\"}", "{\"schema\":\"unleak/baseline/1\",\"key\":\"k\",\"known\":[{}]}"]
        {
            assert!(Baseline::parse("x", text.as_bytes()).is_err(), "{text}");
        }
    }
}
