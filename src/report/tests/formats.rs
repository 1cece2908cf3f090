//! Each format's whole output for one outcome, and the rules of SARIF that a consumer relies on.

use super::*;

/// A report without the program's version, so that a release changes no snapshot.
pub(in crate::report) fn versionless(format: Format, outcome: &Outcome) -> String {
    rendered(format, outcome, false).replace(&format!("\"{}\"", env!("CARGO_PKG_VERSION")), "\"[version]\"")
}

#[test]
fn text_is_for_people() {
    insta::assert_snapshot!(versionless(Format::Text, &outcome()), @r#"
    CRITICAL  GitHub personal access token  ghp_… (40 characters)
      sure      proved offline
      says      account octocat
      since     bbbbbbbbbb on 2017-07-14 by Ada <ada@example.org>
      now       HEAD and working tree: src/a b.rs:3:9
      also      old.rs:7:9 (bbbbbbbbbb) and 12 more places
      refs      main, v1.2 and 3 more
      id        ffffffffffffffffffffffffffffffff  github-pat

    MEDIUM  Password in a URL  … (14 characters)
      sure      medium confidence; beside a host name
      since     cccccccccc on 2017-07-14 by Ada <ada@example.org>
      now       removed in dddddddddd on @9223372036854775807 by Ada <ada@example.org>; history keeps it: message of commit cccccccccc, line 2
      id        w12345  url-password

      scanned   9 commits, 1,242 objects, 5 refs, 1.5 MiB; 1 rule
      hidden    1 secret below the threshold; 2 candidates dropped as false (placeholder 2)
      left out  4 ignored files (--no-ignore)
      missing   unreadable file (permission denied): a.txt, b.txt
      note      symbolic link (not followed): link

    2 secrets found: 1 critical, 1 medium.
    INCOMPLETE: 2 things that were asked for could not be scanned, see above.
    "#);
}

#[test]
fn jsonl_has_one_object_a_line() {
    insta::assert_snapshot!(versionless(Format::Jsonl, &outcome()), @r#"
    {"type":"finding","fingerprint":"ffffffffffffffffffffffffffffffff","rule":"github-pat","name":"GitHub personal access token","provider":"github","severity":"critical","confidence":"high","score":0.99,"reasons":["proved offline (crc32-base62)"],"secret":"ghp_… (40 characters)","path":"old.rs","line":7,"commit":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","facts":{"account":"octocat"},"verification":{"state":"not-checked","reason":"verification was not asked for"},"places":[{"kind":"blob","target":0,"repo":"","path":"old.rs","object":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee","commit":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","author":{"name":"Ada","email":"ada@example.org"},"date":"2020-09-13T12:26:40Z","line":7,"column":9,"end_line":7,"end_column":49,"start":100,"end":140,"via":[],"in_head":false,"refs":[]},{"kind":"blob","target":0,"repo":"","path":"src/a b.rs","object":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee","commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","author":{"name":"Ada","email":"ada@example.org"},"date":"2020-09-13T12:26:40Z","line":3,"column":9,"end_line":3,"end_column":49,"start":100,"end":140,"via":[],"in_head":true,"refs":[]},{"kind":"worktree","target":0,"repo":"","path":"src/a b.rs","object":null,"commit":null,"author":null,"date":null,"line":3,"column":9,"end_line":3,"end_column":49,"start":100,"end":140,"via":[],"in_head":null,"refs":[]}],"more_places":12,"history":{"scope":"full","first_seen":{"commit":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","author":{"name":"Ada","email":"ada@example.org"},"date":"2017-07-14T02:40:00Z"},"last_seen":{"commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","author":{"name":"Ada","email":"ada@example.org"},"date":"2020-09-13T12:26:40Z"},"removed_in":null,"in_head":true,"refs":["refs/heads/main","refs/tags/v1.2"],"ref_count":5,"unreachable":false,"commits":9},"pair":null,"suppressed":null}
    {"type":"finding","fingerprint":"w12345","rule":"url-password","name":"Password in a URL","provider":"generic","severity":"medium","confidence":"medium","score":0.5,"reasons":["beside a host name"],"secret":"… (14 characters)","path":null,"line":2,"commit":"cccccccccccccccccccccccccccccccccccccccc","facts":{},"verification":{"state":"not-checked","reason":"verification was not asked for"},"places":[{"kind":"commit-message","target":0,"repo":"","path":null,"object":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee","commit":"cccccccccccccccccccccccccccccccccccccccc","author":{"name":"Ada","email":"ada@example.org"},"date":"2020-09-13T12:26:40Z","line":2,"column":9,"end_line":2,"end_column":49,"start":100,"end":140,"via":[],"in_head":null,"refs":[]}],"more_places":0,"history":{"scope":"full","first_seen":{"commit":"cccccccccccccccccccccccccccccccccccccccc","author":{"name":"Ada","email":"ada@example.org"},"date":"2017-07-14T02:40:00Z"},"last_seen":null,"removed_in":{"commit":"dddddddddddddddddddddddddddddddddddddddd","author":{"name":"Ada","email":"ada@example.org"},"date":"@9223372036854775807"},"in_head":false,"refs":[],"ref_count":0,"unreachable":false,"commits":0},"pair":null,"suppressed":null}
    {"type":"notice","what":"unreadable file","where":"a.txt","why":"permission denied","incomplete":true}
    {"type":"notice","what":"unreadable file","where":"b.txt","why":"permission denied","incomplete":true}
    {"type":"notice","what":"symbolic link","where":"link","why":"not followed","incomplete":false}
    {"type":"summary","schema":"unleak/report/1","complete":false,"interrupted":null,"findings":2,"tool":{"name":"unleak","version":"[version]","rules_digest":"0011223344556677"},"targets":["."],"coverage":{"targets":[{"name":".","kind":"repository","commits":9,"trees":20,"blobs":1213,"tags":0,"refs":5,"reflog_entries":0,"index_entries":0,"files":0,"bytes":1572864}],"totals":{"commits":9,"trees":20,"blobs":1213,"tags":0,"refs":5,"reflog_entries":0,"index_entries":0,"files":0,"bytes":1572864},"rules":1,"rules_digest":"0011223344556677","key":"public","left_out":[{"what":"ignored files","count":4,"how":"--no-ignore"}],"dropped":{"placeholder":2},"below_threshold":1,"already_there":0,"suppressed":[]}}
    "#);
}

#[test]
#[allow(clippy::too_many_lines)] // the snapshot is long, the function is not
fn sarif_is_whole() {
    let mut small = outcome();
    small.findings.truncate(1);
    small.findings[0].places.push(Place { via: vec!["base64".into()], ..blob("src/a b.rs", 3, "a", true) });
    small.notices.truncate(2);
    insta::assert_snapshot!(versionless(Format::Sarif, &small), @r#"
    {
      "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
      "runs": [
        {
          "invocations": [
            {
              "executionSuccessful": false,
              "toolExecutionNotifications": [
                {
                  "level": "error",
                  "message": {
                    "text": "unreadable file: b.txt: permission denied"
                  },
                  "properties": {
                    "incomplete": true,
                    "what": "unreadable file",
                    "where": "b.txt",
                    "why": "permission denied"
                  }
                },
                {
                  "level": "note",
                  "message": {
                    "text": "symbolic link: link: not followed"
                  },
                  "properties": {
                    "incomplete": false,
                    "what": "symbolic link",
                    "where": "link",
                    "why": "not followed"
                  }
                }
              ]
            }
          ],
          "properties": {
            "complete": false,
            "coverage": {
              "already_there": 0,
              "below_threshold": 1,
              "dropped": {
                "placeholder": 2
              },
              "key": "public",
              "left_out": [
                {
                  "count": 4,
                  "how": "--no-ignore",
                  "what": "ignored files"
                }
              ],
              "rules": 1,
              "rules_digest": "0011223344556677",
              "suppressed": [],
              "targets": [
                {
                  "blobs": 1213,
                  "bytes": 1572864,
                  "commits": 9,
                  "files": 0,
                  "index_entries": 0,
                  "kind": "repository",
                  "name": ".",
                  "reflog_entries": 0,
                  "refs": 5,
                  "tags": 0,
                  "trees": 20
                }
              ],
              "totals": {
                "blobs": 1213,
                "bytes": 1572864,
                "commits": 9,
                "files": 0,
                "index_entries": 0,
                "reflog_entries": 0,
                "refs": 5,
                "tags": 0,
                "trees": 20
              }
            },
            "rules_digest": "0011223344556677",
            "schema": "unleak/report/1",
            "targets": [
              "."
            ]
          },
          "results": [
            {
              "level": "warning",
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "src/a%20b.rs"
                    },
                    "region": {
                      "endLine": 3,
                      "startLine": 3
                    }
                  },
                  "properties": {
                    "byte_column": 9,
                    "commit": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                    "date": "2020-09-13T12:26:40Z",
                    "end_byte": 140,
                    "end_byte_column": 49,
                    "in_head": true,
                    "kind": "blob",
                    "object": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
                    "start_byte": 100,
                    "via": [
                      "base64"
                    ]
                  }
                },
                {
                  "logicalLocations": [
                    {
                      "fullyQualifiedName": "commit-message:cccccccccccccccccccccccccccccccccccccccc",
                      "kind": "commit-message",
                      "name": "cccccccccccccccccccccccccccccccccccccccc"
                    }
                  ],
                  "properties": {
                    "byte_column": 9,
                    "commit": "cccccccccccccccccccccccccccccccccccccccc",
                    "date": "2020-09-13T12:26:40Z",
                    "end_byte": 140,
                    "end_byte_column": 49,
                    "in_head": null,
                    "kind": "commit-message",
                    "line": 2,
                    "object": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
                    "repo": "",
                    "start_byte": 100,
                    "target": 0,
                    "via": []
                  }
                }
              ],
              "message": {
                "text": "Password in a URL: … (14 characters) (medium confidence; removed from HEAD, still in history)"
              },
              "partialFingerprints": {
                "unleak/v1": "w12345"
              },
              "properties": {
                "commits": 0,
                "confidence": "medium",
                "facts": {},
                "first_seen": {
                  "commit": "cccccccccccccccccccccccccccccccccccccccc",
                  "date": "2017-07-14T02:40:00Z"
                },
                "in_head": false,
                "last_seen": null,
                "places_left_out": 0,
                "provider": "generic",
                "reasons": [
                  "beside a host name"
                ],
                "refs": [],
                "removed_in": {
                  "commit": "dddddddddddddddddddddddddddddddddddddddd",
                  "date": "@9223372036854775807"
                },
                "scope": "full",
                "score": 0.5,
                "secret": "… (14 characters)",
                "severity": "medium",
                "unreachable": false,
                "verification": {
                  "reason": "verification was not asked for",
                  "state": "not-checked"
                }
              },
              "rank": 50.0,
              "ruleId": "url-password",
              "ruleIndex": 0
            }
          ],
          "tool": {
            "driver": {
              "name": "unleak",
              "rules": [
                {
                  "defaultConfiguration": {
                    "level": "warning"
                  },
                  "fullDescription": {
                    "text": "Password in a URL: stands where everybody who has the repository can read it."
                  },
                  "help": {
                    "markdown": "Whoever can read the repository can use this secret. Deleting the line does not help: history keeps it.\n\n1. **Rotate**: issue a new value at the provider and put it where the old one is used, out of version control.\n2. **Revoke**: make the old value invalid at the provider; until then it works for everybody who has a copy.\n3. **Audit**: look for uses of it since the first commit that holds it.\n4. **Purge**: only then rewrite history, if you must: clones, forks and caches keep what was once pushed.",
                    "text": "Whoever can read the repository can use this secret. Deleting the line does not help: history keeps it.\n1. Rotate: issue a new value at the provider and put it where the old one is used, out of version control.\n2. Revoke: make the old value invalid at the provider; until then it works for everybody who has a copy.\n3. Audit: look for uses of it since the first commit that holds it.\n4. Purge: only then rewrite history, if you must: clones, forks and caches keep what was once pushed."
                  },
                  "id": "url-password",
                  "name": "Password in a URL",
                  "properties": {
                    "precision": "medium",
                    "provider": "generic",
                    "security-severity": "5.5",
                    "tags": [
                      "security",
                      "secret",
                      "external/cwe/cwe-798"
                    ]
                  },
                  "shortDescription": {
                    "text": "Password in a URL"
                  }
                }
              ],
              "semanticVersion": "[version]",
              "version": "[version]"
            }
          }
        }
      ],
      "version": "2.1.0"
    }
    "#);
}

#[test]
fn json_is_the_same_as_jsonl_in_one_document() {
    let json: Value = serde_json::from_str(&rendered(Format::Json, &planted(), false)).expect("JSON");
    let lines = rendered(Format::Jsonl, &planted(), false);
    let mut lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let summary = lines.pop().expect("there is a summary");
    for field in ["schema", "tool", "complete", "targets", "coverage"] {
        assert_eq!(summary[field], json[field], "{field}");
    }
    let entries = json["findings"].as_array().into_iter().chain(json["notices"].as_array()).flatten();
    for (entry, line) in entries.zip(&mut lines) {
        line.as_object_mut().expect("an object").remove("type");
        assert_eq!(entry, line);
    }
}

#[test]
fn sarif_keeps_the_rules_of_its_standard() {
    let mut many = planted();
    let more: Vec<Place> = (1..200).map(|line| blob("many.txt", line, "b", false)).collect();
    many.findings[1].places.extend(more);
    many.coverage.targets.push(TargetCoverage { name: "other".into(), kind: TargetKind::File, counts: Counts::default() });
    many.findings[0].places[0].target = 1;
    for outcome in [outcome(), many, Outcome::default()] {
        let log: Value = serde_json::from_str(&rendered(Format::Sarif, &outcome, false)).expect("JSON");
        validate(&log);
    }
}

/// What the standard asks of a log, as far as this program writes one.
fn validate(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().is_some_and(|uri| uri.starts_with("https://")));
    let runs = list(&log["runs"]);
    assert_eq!(runs.len(), 1);
    for run in runs {
        assert!(text(&run["tool"]["driver"]["name"]));
        let rules = list(&run["tool"]["driver"]["rules"]);
        for (index, rule) in rules.iter().enumerate() {
            assert!(text(&rule["id"]) && text(&rule["shortDescription"]["text"]) && text(&rule["help"]["text"]));
            assert!(rules[..index].iter().all(|other| other["id"] != rule["id"]), "a rule stands there once");
            level(&rule["defaultConfiguration"]["level"]);
            let number: f64 = rule["properties"]["security-severity"].as_str().and_then(|s| s.parse().ok()).expect("a number in a string");
            assert!((0.0..=10.0).contains(&number));
        }
        for invocation in list(&run["invocations"]) {
            assert!(invocation["executionSuccessful"].is_boolean());
            for notice in list(&invocation["toolExecutionNotifications"]) {
                level(&notice["level"]);
                assert!(text(&notice["message"]["text"]));
            }
        }
        for result in list(&run["results"]) {
            validate_result(run, rules, result);
        }
    }
}

fn validate_result(run: &Value, rules: &[Value], result: &Value) {
    let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
    assert_eq!(rules[index]["id"], result["ruleId"]);
    level(&result["level"]);
    assert!(text(&result["message"]["text"]) && text(&result["partialFingerprints"]["unleak/v1"]));
    assert!(result["rank"].as_f64().is_some_and(|rank| (0.0..=100.0).contains(&rank)));
    assert!(!list(&result["locations"]).is_empty());
    let related = result.get("relatedLocations").map(list).unwrap_or_default();
    assert!(list(&result["locations"]).len() <= 10 && related.len() <= 90);
    for location in list(&result["locations"]).iter().chain(related) {
        let physical = &location["physicalLocation"];
        if physical.is_null() {
            assert!(list(&location["logicalLocations"]).iter().all(|one| text(&one["name"]) && text(&one["kind"])));
            continue;
        }
        let uri = physical["artifactLocation"]["uri"].as_str().expect("a URI");
        assert!(
            !uri.is_empty() && !uri.starts_with('/') && uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)),
            "{uri}"
        );
        assert!(uri.split('%').skip(1).all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit())), "{uri}");
        if let Some(base) = physical["artifactLocation"].get("uriBaseId") {
            assert!(run["originalUriBaseIds"][base.as_str().expect("text")].is_object());
        }
        let region = &physical["region"];
        let line = |name: &str| region[name].as_u64().expect("a line");
        assert!(line("startLine") >= 1 && line("endLine") >= line("startLine"));
        assert!(["startColumn", "endColumn", "byteOffset", "charOffset"].iter().all(|name| region.get(name).is_none()), "lines only");
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

fn text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

fn level(value: &Value) {
    assert!(["none", "note", "warning", "error"].contains(&value.as_str().expect("a level")));
}
