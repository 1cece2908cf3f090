//! Reads a report of ours back, JSON or JSON lines: which secrets it tells of, and where they stand. A report holds
//! no value; `scan::reread` gets it from the place. It does not know the other formats.

use bstr::BString;
use data_encoding::BASE64;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::finding::PlaceKind;

/// A report, as far as it is needed to find its secrets again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Id of the key that the fingerprints were made with.
    pub key: String,
    /// The targets as the user named them.
    pub targets: Vec<String>,
    /// The findings.
    pub findings: Vec<ToldFinding>,
}

/// A finding of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldFinding {
    /// Identity of the value.
    pub fingerprint: String,
    /// Id of the rule.
    pub rule: String,
    /// Where it stands.
    pub places: Vec<ToldPlace>,
}

/// A place of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldPlace {
    /// What it stands in.
    pub kind: PlaceKind,
    /// Index into the targets.
    pub target: usize,
    /// Path of the repository inside the target.
    pub repo: String,
    /// Path in the repository, else in the target.
    pub path: Option<BString>,
    /// Object id in hex.
    pub object: Option<String>,
    /// Offset of the first byte.
    pub start: usize,
}

/// Reads a report; an error says why it is none.
pub fn parse(bytes: &[u8]) -> Result<Told> {
    let none = || Error::input("this is no report of unleak in JSON or JSON lines").hint("`unleak scan . -o report.json` writes one");
    if let Ok(document) = serde_json::from_slice::<Value>(bytes)
        && document["findings"].is_array()
    {
        return told(&document, document["findings"].as_array().map_or(&[], Vec::as_slice)).ok_or_else(none);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| none())?;
    let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>().map_err(|_| none())?;
    let (findings, others): (Vec<Value>, Vec<Value>) = lines.into_iter().partition(|line| line["type"] == "finding");
    let summary = others.iter().find(|line| line["type"] == "summary").ok_or_else(none)?;
    told(summary, &findings).ok_or_else(none)
}

fn told(about: &Value, findings: &[Value]) -> Option<Told> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Told {
        key: text(&about["coverage"]["key"])?,
        targets: about["targets"].as_array()?.iter().filter_map(text).collect(),
        findings: findings
            .iter()
            .map(|finding| {
                let places = finding["places"].as_array()?.iter().filter_map(place).collect();
                Some(ToldFinding { fingerprint: text(&finding["fingerprint"])?, rule: text(&finding["rule"])?, places })
            })
            .collect::<Option<_>>()?,
    })
}

fn place(place: &Value) -> Option<ToldPlace> {
    let raw = place["path_b64"].as_str().and_then(|text| BASE64.decode(text.as_bytes()).ok()).map(BString::from);
    Some(ToldPlace {
        kind: PlaceKind::from_name(place["kind"].as_str()?)?,
        target: usize::try_from(place["target"].as_u64()?).ok()?,
        repo: place["repo"].as_str().unwrap_or_default().to_owned(),
        path: raw.or_else(|| place["path"].as_str().map(BString::from)),
        object: place["object"].as_str().map(str::to_owned),
        start: usize::try_from(place["start"].as_u64()?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINDING: &str =
        r#""fingerprint":"ab","rule":"r","places":[{"kind":"blob","target":0,"repo":"","path":"a","object":"00","start":7}]"#;

    #[test]
    fn both_forms_say_the_same() {
        let json = format!(r#"{{"targets":["."],"coverage":{{"key":"public"}},"findings":[{{{FINDING}}}]}}"#);
        let lines = format!(
            "{{\"type\":\"finding\",{FINDING}}}\n{{\"type\":\"summary\",\"targets\":[\".\"],\"coverage\":{{\"key\":\"public\"}}}}\n"
        );
        let told = parse(json.as_bytes()).unwrap();
        assert_eq!(told, parse(lines.as_bytes()).unwrap());
        assert_eq!((told.findings[0].places[0].start, told.targets.len()), (7, 1));
        for wrong in ["", "{}", "[1]", "no", "{\"findings\":[{}],\"targets\":[],\"coverage\":{\"key\":\"x\"}}"] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
