//! Tests over all formats at once: nothing leaks, nothing drives a terminal, the shapes are what they should be.

mod formats;
mod shapes;

use std::collections::BTreeMap;

use bstr::BString;
use data_encoding::BASE64;
use serde_json::Value;

use super::*;
use crate::coverage::{Counts, Coverage, LeftOut, Notice, TargetCoverage, TargetKind};
use crate::finding::{
    CommitRef, Confidence, Finding, Hidden, HiddenBy, History, NOT_ASKED, Person, Place, PlaceKind, Scope, Severity, State, Verification,
};
use crate::outcome::Outcome;
use crate::secret::Secret;

fn token() -> String {
    ["ghp", "_", &"aB3dE6gH9".repeat(4)].concat()
}

/// A candidate that a filter dropped: in no finding, and still not to be shown.
fn dropped() -> String {
    ["dropped", "-", &"qW7".repeat(5)].concat()
}

fn person() -> Person {
    Person { name: "Ada".into(), email: "ada@example.org".into() }
}

fn commit(digit: &str, date: i64) -> CommitRef {
    CommitRef { id: digit.repeat(40), author: person(), date }
}

fn place(kind: PlaceKind, path: &str, line: usize) -> Place {
    Place {
        kind,
        target: 0,
        repo: BString::default(),
        path: Some(path.into()),
        object: None,
        commit: None,
        author: None,
        date: None,
        line,
        column: 9,
        end_line: line,
        end_column: 49,
        start: 100,
        end: 140,
        via: Vec::new(),
        in_head: None,
        refs: Vec::new(),
    }
}

fn blob(path: &str, line: usize, digit: &str, in_head: bool) -> Place {
    Place {
        object: Some("e".repeat(40)),
        commit: Some(digit.repeat(40)),
        author: Some(person()),
        date: Some(1_600_000_000),
        in_head: Some(in_head),
        ..place(PlaceKind::Blob, path, line)
    }
}

fn live() -> Finding {
    Finding {
        secret: Secret::new(token(), 4),
        fingerprint: "f".repeat(32),
        rule: "github-pat".into(),
        name: "GitHub personal access token".into(),
        provider: "github".into(),
        severity: Severity::Critical,
        confidence: Confidence::High,
        score: 0.987_654,
        reasons: vec!["proved offline (crc32-base62)".into()],
        facts: BTreeMap::from([("account".into(), "octocat".into())]),
        verification: Verification::new(State::NotChecked, NOT_ASKED),
        uses: Vec::new(),
        places: vec![place(PlaceKind::Worktree, "src/a b.rs", 3), blob("src/a b.rs", 3, "a", true), blob("old.rs", 7, "b", false)],
        history: History {
            first_seen: Some(commit("b", 1_500_000_000)),
            last_seen: Some(commit("a", 1_600_000_000)),
            in_head: Some(true),
            refs: vec!["refs/heads/main".into(), "refs/tags/v1.2".into()],
            ref_count: 5,
            commits: 9,
            ..History::empty(Scope::Full)
        },
        more_places: 12,
        pair: None,
        hidden: Vec::new(),
        suppressed: false,
    }
}

fn removed() -> Finding {
    Finding {
        secret: Secret::new("hunter2hunter2", 0),
        fingerprint: "w12345".into(),
        rule: "url-password".into(),
        name: "Password in a URL".into(),
        provider: "generic".into(),
        severity: Severity::Medium,
        confidence: Confidence::Medium,
        score: 0.5,
        reasons: vec!["beside a host name".into()],
        facts: BTreeMap::new(),
        places: vec![Place { kind: PlaceKind::CommitMessage, path: None, in_head: None, ..blob("", 2, "c", false) }],
        history: History {
            first_seen: Some(commit("c", 1_500_000_000)),
            removed_in: Some(commit("d", i64::MAX)),
            in_head: Some(false),
            ..History::empty(Scope::Full)
        },
        more_places: 0,
        ..live()
    }
}

fn outcome() -> Outcome {
    let counts = Counts { commits: 9, trees: 20, blobs: 1_213, refs: 5, bytes: 1_572_864, ..Counts::default() };
    Outcome {
        findings: vec![removed(), live()],
        notices: vec![
            Notice::info("symbolic link", "link", "not followed"),
            Notice::incomplete("unreadable file", "b.txt", "permission denied"),
            Notice::incomplete("unreadable file", "a.txt", "permission denied"),
        ],
        coverage: Coverage {
            targets: vec![TargetCoverage { name: ".".into(), kind: TargetKind::Repository, counts }],
            rules: 1,
            rules_digest: "0011223344556677".into(),
            key: "public".into(),
            left_out: vec![LeftOut { what: "ignored files".into(), count: Some(4), how: "--no-ignore".into() }],
            dropped: BTreeMap::from([("placeholder".into(), 2)]),
            below_threshold: 1,
            already_there: 0,
            suppressed: BTreeMap::new(),
        },
        hidden: Vec::new(),
        interrupted: None,
        unsure: Vec::new(),
        candidates: vec![Secret::new(dropped(), 0), Secret::new(token(), 4)],
    }
}

/// The same with values planted in every string that a scanned thing can influence.
fn planted() -> Outcome {
    let (token, dropped) = (token(), dropped());
    let mut outcome = outcome();
    let finding = &mut outcome.findings[1];
    let encoded: String = token.bytes().map(|b| format!("%{b:02X}")).collect();
    finding.facts.insert(format!("k{token}"), format!("u:{dropped}@host"));
    finding.reasons.push(format!("beside {dropped}"));
    finding.verification = Verification::new(State::Unknown, format!("{token} was refused"));
    finding.history.refs.insert(0, format!("refs/heads/fix-{token}").into());
    finding.history.first_seen =
        Some(CommitRef { author: Person { name: token.clone().into(), email: format!("{dropped}@x").into() }, ..commit("b", 5) });
    for path in [format!("d/{token}/{dropped}"), format!("u/{}", BASE64.encode(format!("me:{token}").as_bytes())), format!("p/{encoded}")] {
        let mut one = Place { repo: format!("sub-{dropped}").into(), via: vec![format!("zip:{token}")], ..blob(&path, 1, "a", true) };
        one.author = Some(Person { name: format!("N {token}").into(), email: dropped.clone().into() });
        one.refs = vec![format!("refs/tags/{dropped}").into()];
        finding.places.push(one);
    }
    let mut raw = b"raw\xff/".to_vec();
    raw.extend(token.bytes());
    finding.places.push(Place { path: Some(raw.into()), ..blob("", 1, "a", true) });
    for kind in [PlaceKind::Path, PlaceKind::Ref, PlaceKind::Reflog, PlaceKind::TagMessage] {
        finding.places.push(place(kind, &format!("refs/{token}"), 1));
    }
    outcome.notices.push(Notice::incomplete(format!("w {dropped}"), token.clone(), format!("because {token}")));
    let mut hidden = Finding { hidden: vec![allowed(&token)], suppressed: true, ..removed() };
    hidden.places.push(place(PlaceKind::File, &format!("hidden/{token}"), 1));
    outcome.coverage.hide(&hidden);
    outcome.hidden.push(hidden);
    outcome.coverage.targets[0].name = format!("https://host/{token}").into();
    outcome.coverage.left_out[0].what = format!("files below {dropped}");
    outcome
}

fn allowed(text: &str) -> Hidden {
    Hidden {
        by: HiddenBy::Allow,
        source: format!("{text}.toml:3"),
        reason: Some(format!("as {text}")),
        until: Some("2030-01-01".into()),
        places: 2,
    }
}

fn rendered(format: Format, outcome: &Outcome, show_secrets: bool) -> String {
    let mut out = Vec::new();
    write(format, &Document::new(outcome, &Options { show_secrets, show_suppressed: true }), &TextOptions::default(), &mut out)
        .expect("memory takes it");
    String::from_utf8(out).expect("reports are UTF-8")
}

/// The text itself, and what its percent-encoded and base64 parts hold.
fn views(text: &str) -> Vec<String> {
    let mut views = vec![text.to_owned()];
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |at: usize| rest.get(at).and_then(|&b| char::from(b).to_digit(16));
        match (first, hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &rest[3..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    views.push(String::from_utf8_lossy(&bytes).into_owned());
    for run in text.split(|c: char| !(c.is_ascii_alphanumeric() || "+=".contains(c))).filter(|run| run.len() >= 8) {
        for shift in 0..4 {
            let mut run = run.trim_end_matches('=').get(shift..).unwrap_or_default().to_owned();
            run.push_str(&"A".repeat(run.len().next_multiple_of(4) - run.len()));
            views.push(String::from_utf8_lossy(&BASE64.decode(run.as_bytes()).unwrap_or_default()).into_owned());
        }
    }
    views
}

#[test]
fn what_is_live_is_reported_though_it_is_hidden() {
    let mut outcome = outcome();
    let hidden = Finding { hidden: vec![allowed("x")], suppressed: true, ..live() };
    let verified = Verification::new(State::Live, "it said so");
    outcome.findings = vec![removed()];
    outcome.hidden = vec![Finding { verification: verified, ..hidden.clone() }, Finding { secret: Secret::new("other", 0), ..hidden }];
    outcome.hidden.clone().iter().for_each(|finding| outcome.coverage.hide(finding));
    outcome.reveal();
    assert_eq!((outcome.findings.len(), outcome.hidden.len()), (2, 1));
    assert!(outcome.findings.iter().all(|finding| !finding.suppressed));
    let left: Vec<_> = outcome.coverage.suppressed.values().map(|by| (by.findings, by.places)).collect();
    assert_eq!(left, [(1, 2)]);
}

#[test]
fn no_format_shows_a_value_unless_asked() {
    let outcome = planted();
    for (format, name) in Format::ALL {
        let hidden = views(&rendered(*format, &outcome, false));
        for value in [token(), dropped(), "hunter2hunter2".to_owned()] {
            // Eight bytes of a value are as forbidden as all of it.
            for piece in [&value[4..12], &value[value.len() - 8..]] {
                let seen = hidden.iter().find(|view| view.contains(piece));
                assert_eq!(seen, None, "{name} shows part of a value");
            }
        }
        let shown = views(&rendered(*format, &outcome, true));
        for value in [token(), "hunter2hunter2".to_owned()] {
            assert!(shown[0].contains(&value), "{name} hides what the user asked for");
        }
        assert!(shown[0].contains(&dropped()), "{name} masks though asked not to");
    }
}

#[test]
fn the_check_for_shown_values_sees_encoded_ones() {
    let encoded = BASE64.encode(format!("me:{}", token()).as_bytes());
    assert!(views(&format!("u/{encoded}")).iter().any(|view| view.contains(&token())));
}

#[test]
fn nothing_drives_a_terminal() {
    let mut outcome = outcome();
    let evil = "a\u{1b}[2J\r\n\u{202e}b\u{9b}c\u{7f}\u{2066}";
    let finding = &mut outcome.findings[1];
    finding.places[1].path = Some(evil.into());
    finding.places[1].author = Some(Person { name: evil.into(), email: evil.into() });
    finding.history.first_seen.as_mut().expect("set above").author.name = evil.into();
    finding.history.refs[0] = evil.into();
    finding.facts.insert(evil.into(), evil.into());
    finding.name = evil.into();
    outcome.notices.push(Notice::info(evil, evil, evil));
    outcome.coverage.targets.push(TargetCoverage { name: evil.into(), kind: TargetKind::File, counts: Counts::default() });
    for (format, name) in Format::ALL {
        let out = rendered(*format, &outcome, false);
        let raw = out.chars().find(|&c| c != '\n' && super::sanitize::is_hostile(c));
        assert_eq!(raw, None, "{name}");
        assert!(!out.contains("[2J\r") && out.contains("[2J"), "{name}");
        if *format != Format::Text {
            assert!(out.lines().all(|line| *format != Format::Jsonl || serde_json::from_str::<Value>(line).is_ok()), "{name}");
        }
    }
    let json: Value = serde_json::from_str(&rendered(Format::Json, &outcome, false)).expect("still JSON");
    assert_eq!(json["targets"][1], evil);
}

#[test]
fn same_outcome_in_any_order_gives_the_same_bytes() {
    let outcome = planted();
    let mut turned = outcome.clone();
    turned.findings.reverse();
    turned.notices.reverse();
    turned.candidates.reverse();
    turned.findings.iter_mut().for_each(|finding| finding.places.reverse());
    for (format, _) in Format::ALL {
        assert_eq!(rendered(*format, &outcome, false), rendered(*format, &turned, false));
    }
}

#[test]
fn colour_only_when_asked() {
    let document = Document::new(&outcome(), &Options::default());
    let mut out = Vec::new();
    write(Format::Text, &document, &TextOptions { color: true, ..TextOptions::default() }, &mut out).expect("memory takes it");
    let out = String::from_utf8(out).expect("UTF-8");
    assert!(out.contains("\u{1b}[") && !rendered(Format::Text, &outcome(), false).contains('\u{1b}'));
    let plain = String::from_utf8(out.into_bytes()).expect("UTF-8");
    assert!(plain.contains("CRITICAL"));
}

#[test]
fn formats_by_name_and_extension() {
    for (format, name) in Format::ALL {
        assert_eq!(Format::from_name(name), Some(*format));
    }
    let of = |path: &str| Format::from_extension(Path::new(path));
    assert_eq!([of("a.json"), of("a.JSONL"), of("x/a.sarif")], [Some(Format::Json), Some(Format::Jsonl), Some(Format::Sarif)]);
    assert_eq!([of("a.sarif.json"), of("a.txt"), of("json")], [Some(Format::Sarif), Some(Format::Text), None]);
}

#[test]
fn a_report_never_looks_clean_where_it_is_not() {
    let last = |outcome: &Outcome| rendered(Format::Text, outcome, false).lines().last().unwrap_or_default().to_owned();
    let mut outcome = outcome();
    assert!(last(&outcome).starts_with("INCOMPLETE: 2 things"));
    outcome.findings.clear();
    assert!(last(&outcome).contains("says nothing"));
    outcome.interrupted = Some(15);
    assert!(last(&outcome).starts_with("INTERRUPTED by signal 15"));
    (outcome.interrupted, outcome.notices) = (None, Vec::new());
    assert_eq!(last(&outcome), "No secrets found.");
    outcome.coverage.targets[0].counts = Counts::default();
    assert!(last(&outcome).starts_with("NOTHING WAS SCANNED"));
}

#[test]
fn a_range_answers_only_what_it_knows() {
    let mut outcome = outcome();
    outcome.findings[1].history.scope = Scope::Range;
    let json: Value = serde_json::from_str(&rendered(Format::Json, &outcome, false)).expect("JSON");
    let history = &json["findings"][0]["history"];
    assert_eq!((&history["scope"], &history["in_head"]), (&Value::from("range"), &Value::from(true)));
    for field in ["first_seen", "last_seen", "removed_in", "refs", "ref_count", "unreachable", "commits"] {
        assert!(history[field].is_null(), "{field}");
    }
}

#[test]
fn values_that_are_not_utf8_are_shown_exactly() {
    let mut outcome = outcome();
    outcome.findings[1].secret = Secret::new(b"\xff\xfe12345678".to_vec(), 0);
    let json: Value = serde_json::from_str(&rendered(Format::Json, &outcome, true)).expect("JSON");
    assert_eq!(json["findings"][0]["secret_b64"], BASE64.encode(b"\xff\xfe12345678"));
    assert_eq!(json["findings"][1].get("secret_b64"), None);
}
