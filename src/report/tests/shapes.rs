//! The formats for CI: each one's whole output for one outcome, and what the schema of its consumer demands of it,
//! stated here in our own words (the schemas themselves are not ours to keep).

use super::formats::versionless;
use super::*;

/// An outcome with everything that is awkward: places that are no files, weak values that share a fingerprint, what is
/// hidden, hostile names.
fn awkward() -> Outcome {
    let mut outcome = outcome();
    outcome.findings.push(Finding { secret: Secret::new("otherhunter2", 0), ..removed() });
    let mut odd = Finding { secret: Secret::new("third".repeat(6), 0), fingerprint: "3".repeat(32), severity: Severity::Low, ..live() };
    odd.name = "=cmd|' /C calc'!A0 <b>&\"quoted\"</b>".into();
    odd.places = vec![blob("-dir/a,b;|`c`<x>&\u{1b}]\u{202e}.env", 1, "f", true)];
    odd.places[0].author = Some(Person { name: "@everyone =1+1".into(), email: "x\r\ny".into() });
    outcome.findings.push(odd);
    outcome.hidden.push(Finding {
        hidden: vec![allowed(".unleak")],
        suppressed: true,
        secret: Secret::new("hidden".repeat(5), 0),
        ..live()
    });
    outcome
}

fn json_of(format: Format) -> Value {
    serde_json::from_str(&rendered(format, &awkward(), false)).unwrap()
}

#[track_caller]
fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is a text in {value}"))
}

#[track_caller]
fn is_moment(text: &str) {
    let digits: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(digits, "0000-00-00T00:00:00", "{text}");
}

#[test]
fn gitlab_takes_the_report() {
    let report = json_of(Format::Gitlab);
    assert!(text(&report, "version").split('.').all(|n| n.parse::<u32>().is_ok()));
    let scan = &report["scan"];
    assert_eq!(text(scan, "type"), "secret_detection");
    assert!(["success", "failure"].contains(&text(scan, "status")));
    is_moment(text(scan, "start_time"));
    is_moment(text(scan, "end_time"));
    for tool in [&scan["analyzer"], &scan["scanner"], &scan["analyzer"]["vendor"]] {
        let keys: &[&str] = if tool.get("id").is_some() { &["id", "name", "version"] } else { &["name"] };
        keys.iter().for_each(|key| assert!(!text(tool, key).is_empty(), "{key} in {tool}"));
    }
    for message in scan["messages"].as_array().unwrap() {
        assert!(["info", "warn", "fatal"].contains(&text(message, "level")) && !text(message, "value").is_empty());
    }
    let found = report["vulnerabilities"].as_array().unwrap();
    assert_eq!(found.len(), 4, "what is hidden is not reported");
    let mut ids: Vec<&str> = found.iter().map(|one| text(one, "id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), found.len(), "every id is used once");
    for one in found {
        assert!(text(one, "name").chars().count() <= 255 && text(one, "solution").len() <= 7000);
        assert!(["Low", "Medium", "High", "Critical"].contains(&text(one, "severity")));
        let identifiers = one["identifiers"].as_array().unwrap();
        assert!(!identifiers.is_empty());
        for identifier in identifiers {
            ["type", "name", "value"].iter().for_each(|key| assert!(!text(identifier, key).is_empty()));
            assert!(identifier.get("url").is_none_or(|url| url.as_str().unwrap().starts_with("https://")));
        }
        let location = &one["location"];
        assert!(!text(&location["commit"], "sha").is_empty());
        assert!(location["start_line"].is_u64() && location["end_line"].is_u64());
        assert!(location.get("file").is_none_or(Value::is_string));
        if let Some(details) = one.get("details") {
            let list = &details["places"];
            assert_eq!((text(list, "name"), text(list, "type")), ("Places", "list"));
            for item in list["items"].as_array().unwrap() {
                assert!(text(item, "type") == "file-location" && !text(item, "file_name").is_empty() && item["line_start"].is_u64());
            }
        }
    }
}

#[test]
fn gitlab_is_whole() {
    let mut small = outcome();
    small.findings.remove(0);
    small.notices.truncate(1);
    insta::assert_snapshot!(versionless(Format::Gitlab, &small));
}

#[test]
fn codequality_takes_the_report() {
    let report = json_of(Format::Codequality);
    let entries = report.as_array().unwrap();
    assert_eq!(entries.len(), 4);
    let mut fingerprints = Vec::new();
    for entry in entries {
        ["description", "check_name"].iter().for_each(|key| assert!(!text(entry, key).is_empty()));
        fingerprints.push(text(entry, "fingerprint"));
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&text(entry, "severity")));
        let path = text(&entry["location"], "path");
        assert!(!path.is_empty() && !path.starts_with("./"), "{path}");
        assert!(entry["location"]["lines"]["begin"].as_u64().unwrap() > 0);
    }
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 4);
    insta::assert_snapshot!(versionless(Format::Codequality, &outcome()));
}

/// The elements of a text of XML in order, with their attributes: enough of a reader to say whether it is well formed.
fn elements(xml: &str) -> Vec<(usize, String, BTreeMap<String, String>)> {
    let mut rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("a declaration");
    let (mut open, mut all) = (Vec::<String>::new(), Vec::new());
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains('>'), "a bare > in {}", &rest[..at]);
        let end = rest.find('>').expect("a tag ends");
        let (tag, after) = (&rest[at + 1..end], &rest[end + 1..]);
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let (body, empty) = tag.strip_suffix('/').map_or((tag, false), |body| (body, true));
        let (name, mut attributes) = body.split_once(' ').unwrap_or((body, ""));
        let mut map = BTreeMap::new();
        while let Some((key, value)) = attributes.trim().split_once("=\"") {
            let (value, more) = value.split_once('"').expect("a value ends");
            assert!(!value.contains('<'));
            assert!(map.insert(key.to_owned(), value.to_owned()).is_none(), "{key} twice");
            attributes = more;
        }
        all.push((open.len(), name.to_owned(), map));
        if !empty {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty());
    all
}

#[test]
fn junit_readers_take_the_report() {
    for (outcome, tests, failures, errors) in [(awkward(), 6, 4, 2), (Outcome::default(), 1, 0, 0)] {
        let xml = rendered(Format::Junit, &outcome, false);
        let all = elements(&xml);
        let count = |name: &str| all.iter().filter(|(_, other, _)| other == name).count();
        assert_eq!(
            (count("testsuites"), count("testsuite"), count("testcase"), count("failure"), count("error")),
            (1, 1, tests, failures, errors)
        );
        for (depth, name, attributes) in &all {
            let (level, needed, allowed): (usize, &[&str], &[&str]) = match name.as_str() {
                "testsuites" => (0, &[], &["name", "time", "tests", "failures", "disabled", "errors"]),
                "testsuite" => {
                    (1, &["name", "tests"], &["name", "tests", "failures", "errors", "time", "disabled", "skipped", "timestamp", "id"])
                }
                "testcase" => (2, &["name", "classname"], &["name", "classname", "assertions", "time", "status"]),
                "failure" | "error" => (3, &[], &["type", "message"]),
                other => panic!("{other} is no element"),
            };
            assert_eq!(*depth, level, "{name}");
            assert!(needed.iter().all(|key| attributes.contains_key(*key)), "{name} {attributes:?}");
            assert!(attributes.keys().all(|key| allowed.contains(&key.as_str())), "{name} {attributes:?}");
            if name.starts_with("testsuite") {
                let number = |key: &str| attributes[key].parse::<usize>().unwrap();
                assert_eq!((number("tests"), number("failures"), number("errors")), (tests, failures, errors));
            }
        }
    }
    insta::assert_snapshot!(versionless(Format::Junit, &outcome()));
}

/// The cells of a row, as RFC 4180 reads it.
fn cells(row: &str) -> Vec<String> {
    let (mut all, mut rest) = (Vec::new(), row);
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut end = 0;
                while !quoted[end..].starts_with('"') || quoted[end..].starts_with("\"\"") {
                    end += if quoted[end..].starts_with('"') { 2 } else { quoted[end..].chars().next().unwrap().len_utf8() };
                }
                (quoted[..end].replace("\"\"", "\""), &quoted[end + 1..])
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        all.push(cell);
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None => {
                assert!(after.is_empty(), "{after}");
                return all;
            }
        }
    }
}

#[test]
fn csv_is_a_table_without_formulas() {
    let text = rendered(Format::Csv, &awkward(), false);
    let rows: Vec<Vec<String>> = text.strip_suffix('\n').unwrap().split('\n').map(cells).collect();
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    for cell in rows.iter().flatten() {
        assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        assert!(!cell.contains('\n'));
    }
    assert!(rows.iter().any(|row| row.iter().any(|cell| cell.starts_with("'=cmd"))));
    insta::assert_snapshot!(rendered(Format::Csv, &outcome(), false));
}

#[test]
fn markdown_and_annotations_hold_no_markup_of_a_repository() {
    let text = rendered(Format::Markdown, &awkward(), false);
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let table: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(table.len(), 2 + 4);
    assert!(table.iter().all(|line| bars(line) == 6), "{table:#?}");
    assert!(!text.contains("<b>") && !text.contains("@everyone") && !text.contains("<x>"), "{text}");
    let annotations = rendered(Format::Github, &awkward(), false);
    assert_eq!(annotations.lines().count(), 4 + 2 + 1);
    for line in annotations.lines() {
        let command = line.strip_prefix("::").unwrap().split([' ', ':']).next().unwrap();
        assert!(["error", "warning", "notice"].contains(&command), "{line}");
        let properties = line[2..].split("::").next().unwrap().split_once(' ').unwrap().1;
        let keys: Vec<&str> = properties.split(',').map(|pair| pair.split_once('=').unwrap().0).collect();
        assert!(keys.iter().all(|key| ["file", "line", "endLine", "title"].contains(key)), "{line}");
    }
    insta::assert_snapshot!("markdown", versionless(Format::Markdown, &outcome()));
    insta::assert_snapshot!("github", versionless(Format::Github, &outcome()));
}

#[test]
fn nothing_found_and_all_scanned_is_said_by_each() {
    let mut clean = outcome();
    clean.findings.clear();
    clean.notices.clear();
    assert_eq!(rendered(Format::Codequality, &clean, false), "[]\n");
    assert_eq!(serde_json::from_str::<Value>(&rendered(Format::Gitlab, &clean, false)).unwrap()["scan"]["status"], "success");
    assert!(rendered(Format::Junit, &clean, false).contains("no secrets found"));
    assert!(rendered(Format::Markdown, &clean, false).starts_with("## unleak: No secrets found."));
    assert_eq!(rendered(Format::Github, &clean, false), "::notice title=unleak::No secrets found.\n");
    clean.coverage.targets[0].counts = Counts::default();
    for format in [Format::Markdown, Format::Github] {
        assert!(rendered(format, &clean, false).contains("NOTHING WAS SCANNED"));
    }
    assert!(rendered(Format::Junit, &clean, false).contains("nothing was scanned"));
}
