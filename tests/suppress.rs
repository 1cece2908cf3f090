//! What hides a finding, through the program: markers, ignore file, baseline, `[[allow]]`; that each is counted,
//! that nothing hides by position, that history is judged place by place, and that `--strict` sees everything.
#![cfg(unix)]

mod common;

use common::plant::secret;
use common::repo::Repo;
use common::run::{Ran, run};
use serde_json::Value;

#[track_caller]
fn scan(repo: &Repo, more: &[&str]) -> Ran {
    let ran = run(&repo.home, &repo.path, &[&["scan", ".", "-f", "json", "--show-secrets"], more].concat());
    assert!(ran.code < 2, "{}", ran.stderr);
    ran
}

/// The receipt's lines on what was hidden: `by source findings/places`.
fn hidden(ran: &Ran) -> Vec<String> {
    let all = ran.report().0["coverage"]["suppressed"].as_array().unwrap().clone();
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    all.iter().map(|s| format!("{} {} {}/{}", text(&s["by"]), text(&s["source"]), s["findings"], s["places"])).collect()
}

fn fingerprint(repo: &Repo, value: &str) -> String {
    let ran = scan(repo, &["--strict", "--confidence", "low"]);
    ran.report().finding(value).unwrap_or_else(|| panic!("{value} is found"))["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn markers_hide_and_are_counted() {
    let repo = Repo::new();
    let names = ["line", "next", "block", "gitleaks", "pragma", "rule", "expired", "plain", "typo"];
    let [line, next, block, gitleaks, pragma, rule, expired, plain, typo] = names.map(secret);
    repo.commit_file(
        "a.py",
        format!(
            "a = '{line}'  # unleak:allow reason=\"test key\" until=2999-01-01\n\
             # unleak:allow\nb = '{next}'\n\
             # unleak:allow-begin\n\nc = '{block}'\n# unleak:allow-end\n\
             d = '{gitleaks}'  # gitleaks:allow\n\
             # pragma: allowlist nextline secret\ne = '{pragma}'\n\
             f = '{rule}'  # unleak:allow github-pat\n\
             g = '{expired}'  # unleak:allow until=2020-01-01\n\n\
             h = '{plain}'\n\
             i = '{typo}'  # unleak:allow githup-pat\n"
        ),
    );
    let mut shown = [expired.clone(), plain.clone(), typo.clone()];
    shown.sort();
    let ran = scan(&repo, &[]);
    assert_eq!(ran.report().secrets(), shown);
    // Each stands in a commit and in the working tree.
    let expected = [
        "marker gitleaks:allow 1/2",
        "marker pragma: allowlist nextline secret 1/2",
        "marker unleak:allow 3/6",
        concat!("marker unleak:", "allow-begin 1/2"),
    ];
    assert_eq!(hidden(&ran), expected);
    let notices = ran.report().notices();
    assert!(notices.iter().any(|n| n.contains("unleak:allow hides nothing | a.py | it expired on 2020-01-01")), "{notices:?}");
    assert!(notices.iter().any(|n| n.contains("there is no rule githup-pat")), "{notices:?}");
    assert_eq!(scan(&repo, &["--no-peer-markers"]).report().secrets().len(), 5);
    assert_eq!(scan(&repo, &["--no-inline-ignores"]).report().secrets().len(), 9);
    let strict = scan(&repo, &["--strict"]);
    assert_eq!(strict.report().secrets().len(), 9);
    assert!(hidden(&strict).is_empty());
    let all = scan(&repo, &["--show-suppressed"]);
    let listed = all.report();
    let by = &listed.finding(&line).unwrap()["suppressed"];
    assert_eq!((by["by"].as_str(), by["reason"].as_str(), by["until"].as_str()), (Some("marker"), Some("test key"), Some("2999-01-01")));
    assert!(listed.finding(&plain).unwrap()["suppressed"].is_null());
    let text = run(&repo.home, &repo.path, &["scan", "."]).text();
    assert!(text.contains("6 secrets in 12 places by markers in the text: gitleaks:allow"), "{text}");
}

#[test]
fn markers_that_hide_nothing_are_told() {
    let repo = Repo::new();
    let [used, both, other, moved, quoted] = ["used", "both", "other", "moved", "quoted"].map(secret);
    let mark = ["unleak", "allow"].join(":");
    let lines = [
        format!("a = '{used}'  # {mark}"),
        format!("b = 1  # {mark}"),
        format!("c = '{both}'  # {mark} github-pat"),
        format!("# {mark}-begin"),
        format!("d = '{other}'  # {mark} gitlab"),
        format!("# {mark}-end"),
        format!("# `{mark}` is how we say it"),
        "e = 2  # gitleaks:allow".to_owned(),
        format!("# {mark}-begin 1/2"),
        format!("# {mark}-end"),
        format!("f = '{moved}'  # {mark} github-pat 1/2"),
        // A quoted one counts as any other, and nobody is told that it does nothing.
        format!("g = \"# {mark}\""),
        format!("h = \"{quoted} # {mark}\""),
        format!("# ```\n# i = 3  # {mark}\n# ```"),
    ];
    repo.commit_file("old.py", format!("# {mark}\n"));
    repo.git(&["rm", "-q", "old.py"]);
    repo.commit_file("a.py", lines.join("\n"));
    let notices = scan(&repo, &[]).report().notices();
    let unused: Vec<&String> = notices.iter().filter(|notice| notice.starts_with("unused marker")).collect();
    // Line 5 speaks of another rule, and the block around it does the work. What history holds nobody can mend.
    let expected = [
        format!("unused marker | a.py:2 | {mark} hides nothing"),
        format!("unused marker | a.py:5 | {mark} hides nothing"),
        format!("unused marker | a.py:9 | {mark}-begin hides nothing: \"1/2\" is no rule, reason= or until="),
    ];
    assert_eq!(unused, expected.iter().collect::<Vec<_>>());
    assert!(notices.iter().any(|n| n.contains("hides nothing | a.py | \"1/2\" is no rule")), "{notices:?}");
    assert_eq!(scan(&repo, &[]).report().secrets(), [moved.as_str()]);
    for more in [&["--rule", "aws"][..], &["--exclude-rule", "github"], &["--strict"], &["--no-inline-ignores"]] {
        let notices = scan(&repo, more).report().notices();
        let told = |notice: &String| notice.starts_with("unused marker") || notice.contains("there is no rule");
        assert!(!notices.iter().any(told), "{more:?}: {notices:?}");
    }
    let ran = run(&repo.home, &repo.path, &["dir", "a.py", "-f", "json"]);
    assert!(ran.report().notices().iter().any(|notice| notice.contains("| a.py:5 |")));
    let staged = run(&repo.home, &repo.path, &["scan", "--changes", "-f", "json"]).report().notices();
    assert!(!staged.iter().any(|notice| notice.starts_with("unused marker")), "{staged:?}");
}

#[test]
fn a_regex_is_tried_on_what_its_target_says() {
    let repo = Repo::new();
    let [note, plain] = ["note", "plain"].map(secret);
    // The generic rule's match begins at the key, and its line goes on behind it.
    let value = "q8Zt3vKx9LmW2pRb7YcD";
    repo.commit_file("a.py", format!("a = '{note}'  # of the sandbox\nb = '{plain}'\nfixture_api_key = \"{value}\"\n"));
    let left = |target: &str, regex: &str| {
        repo.write(".unleak.toml", format!("[[allow]]\nregex = '{regex}'\n{target}"));
        scan(&repo, &[]).report().secrets()
    };
    let all = left("", "nowhere");
    assert_eq!(all.len(), 3, "{all:?}");
    for (target, regex, gone) in [
        ("line", "of the sandbox$", Some(note.as_str())),
        ("line", "^b = ", Some(&plain)),
        ("match", "of the sandbox", None),
        ("secret", "^b = ", None),
        ("match", "api_key = ", Some(value)),
        ("match", &value[2..9], Some(value)),
        ("secret", "api_key", None),
        ("secret", &value[2..9], Some(value)),
    ] {
        let expected: Vec<&String> = all.iter().filter(|secret| Some(secret.as_str()) != gone).collect();
        assert_eq!(left(&format!("target = \"{target}\"\n"), regex).iter().collect::<Vec<_>>(), expected, "{target} {regex}");
    }
    // What is read in pieces is judged the same, at whatever side of a cut it stands.
    let filler = "0123456789 words of a long file\n".repeat(300_000);
    repo.write(".unleak.toml", "[[allow]]\nregex = 'of the sandbox'\ntarget = \"line\"\n");
    repo.write("huge.txt", format!("{filler}{plain}\n{filler}{note} # of the sandbox\n"));
    let ran = run(&repo.home, &repo.path, &["dir", "huge.txt", "-f", "json", "--show-secrets"]);
    assert_eq!(ran.report().secrets(), [plain]);
}

#[test]
fn history_is_judged_place_by_place() {
    let repo = Repo::new();
    let (marked, always) = (secret("marked later"), secret("always"));
    repo.commit_file("a.txt", format!("{marked}\n{always} gitleaks:allow\n"));
    repo.commit_file("a.txt", format!("{marked} gitleaks:allow\n{always} gitleaks:allow\n"));
    let ran = scan(&repo, &[]);
    let report = ran.report();
    assert_eq!(report.secrets(), [marked.as_str()]);
    let places = report.finding(&marked).unwrap()["places"].as_array().unwrap().clone();
    assert_eq!(places.len(), 1, "only where no marker stood: {places:?}");
    assert_eq!(hidden(&ran), ["marker gitleaks:allow 1/5"]);
}

#[test]
fn packed_and_large_contents_are_judged_the_same() {
    let repo = Repo::new();
    let mut values = Vec::new();
    for n in 0..6 {
        let value = secret(&format!("v{n}"));
        let filler: String = (0..200).map(|line| format!("line {line} of text\n")).collect();
        repo.commit_file("big.txt", format!("{filler}{value}{}\n{filler}", if n % 2 == 0 { " # unleak:allow" } else { "" }));
        values.push(value);
    }
    let loose = scan(&repo, &[]);
    repo.git(&["repack", "-adq"]);
    let packed = scan(&repo, &[]);
    assert_eq!(loose.report().secrets(), packed.report().secrets());
    assert_eq!(hidden(&loose), hidden(&packed));
    assert_eq!(hidden(&packed), ["marker unleak:allow 3/3"]);
    // Longer than what is read at once: the marker's piece is not the first.
    let filler = "0123456789 words of a long file\n".repeat(300_000);
    let mark = ["unleak", "allow"].join(":");
    repo.write("huge.txt", format!("{filler}# {mark}-begin\n{}\n{filler}# {mark}-end\n{}\n", secret("inside"), secret("after")));
    let ran = run(&repo.home, &repo.path, &["dir", "huge.txt", "-f", "json", "--show-secrets"]);
    assert_eq!(ran.report().secrets(), [secret("after")]);
    assert_eq!(hidden(&ran), [concat!("marker unleak:", "allow-begin 1/1")]);
}

#[test]
fn an_entry_follows_its_value_and_nothing_else() {
    let repo = Repo::new();
    let (known, other) = (secret("known"), secret("other"));
    repo.commit_file("a.txt", format!("x\n{known}\n"));
    let id = fingerprint(&repo, &known);
    let added = run(&repo.home, &repo.path, &["ignore", "add", &id, "--reason", "of the test server"]);
    assert!(added.stderr.contains("has 1 entry\n"), "{}", added.stderr);
    let past = run(&repo.home, &repo.path, &["ignore", "add", &id, "--until", "2020-01-01"]);
    assert!(past.code == 2 && past.stderr.contains("has passed"), "{}", past.stderr);
    // Said again with more: what is not said anew stays.
    let added = run(&repo.home, &repo.path, &["ignore", "add", &id, "--owner", "ada"]);
    assert_eq!(added.code, 0, "{}", added.stderr);
    let text = std::fs::read_to_string(repo.path.join(".unleakignore")).unwrap();
    assert_eq!(text, format!("# unleak ignore file; key: public\n{id} github-pat # owner=ada; reason=of the test server\n"));
    assert_eq!(hidden(&scan(&repo, &[])), ["ignore-file .unleakignore:2 1/2"]);
    repo.git(&["mv", "a.txt", "b.txt"]);
    repo.commit_file("b.txt", format!("moved down\n\n\nand in {known} here\n"));
    assert!(scan(&repo, &[]).report().secrets().is_empty(), "a moved secret stays ignored");
    repo.commit_file("b.txt", format!("moved down\n\n\nand in {other} here\n"));
    assert_eq!(scan(&repo, &[]).report().secrets(), [other.as_str()], "another one in its place does not");
    assert_eq!(scan(&repo, &["--strict"]).report().secrets().len(), 2);
    assert_eq!(run(&repo.home, &repo.path, &["scan", "--staged"]).code, 0);
    let listed = run(&repo.home, &repo.path, &["ignore", "list"]).text();
    assert!(listed.starts_with(&id) && listed.contains("owner=ada"), "{listed}");
}

#[test]
fn a_guessable_value_is_ignored_at_its_path_only() {
    let repo = Repo::new();
    let line = format!("password = \"{}\"\n", ["hun", "ter2", "x9q"].concat());
    let value = ["hun", "ter2", "x9q"].concat();
    repo.commit_file("a.ini", &line);
    let id = fingerprint(&repo, &value);
    assert!(id.starts_with('w'), "{id}");
    let low = ["--confidence", "low"];
    run(&repo.home, &repo.path, &["ignore", "add", &id, "--confidence", "low"]);
    let text = std::fs::read_to_string(repo.path.join(".unleakignore")).unwrap();
    assert!(text.lines().nth(1).unwrap().ends_with(" a.ini"), "{text}");
    assert!(scan(&repo, &low).report().secrets().is_empty());
    repo.git(&["mv", "a.ini", "b.ini"]);
    repo.commit("move it");
    assert_eq!(scan(&repo, &low).report().secrets(), [value], "it asks again");
}

#[test]
fn entries_that_do_nothing_are_told_and_pruned() {
    let repo = Repo::new();
    let value = secret("value");
    repo.commit_file("a.txt", &value);
    let id = fingerprint(&repo, &value);
    let (gone, old) = ("0".repeat(32), "1".repeat(32));
    repo.write(
        ".unleakignore",
        format!("# unleak ignore file; key: public\n# why we have this\n{gone} github-pat\n{old} github-pat # until=2020-01-01\n{id} github-pat\n"),
    );
    repo.write(".unleak.toml", "[[allow]]\npath = \"nowhere\"\n");
    let notices = scan(&repo, &[]).report().notices();
    for told in [".unleakignore:3 | it hides nothing", ".unleakignore:4 | it expired on 2020-01-01", ".unleak.toml:1 | it hides nothing"] {
        assert!(notices.iter().any(|notice| notice.contains(told)), "{told}: {notices:?}");
    }
    for part in [&["scan", ".", "--exclude", "b"][..], &["git", "."], &["dir", "."], &["scan", ".", "--since", "1 day ago"]] {
        let part = run(&repo.home, &repo.path, &[part, &["-f", "json"]].concat()).report().notices();
        assert!(!part.iter().any(|notice| notice.contains("hides nothing")), "a part of the repository says nothing: {part:?}");
        assert!(part.iter().any(|notice| notice.contains("expired")), "{part:?}");
    }
    let pruned = run(&repo.home, &repo.path, &["ignore", "prune"]);
    assert_eq!(pruned.code, 0, "{}", pruned.stderr);
    let text = std::fs::read_to_string(repo.path.join(".unleakignore")).unwrap();
    assert_eq!(text, format!("# unleak ignore file; key: public\n# why we have this\n{id} github-pat\n"));
}

#[test]
fn a_baseline_hides_what_was_known() {
    let repo = Repo::new();
    let (old, new) = (secret("old"), secret("new"));
    repo.commit_file("a.txt", format!("{old}\npassword = \"{}\"\n", ["sum", "mer2"].concat()));
    let cmd = |args: &[&str]| run(&repo.home, &repo.path, args);
    let made = cmd(&["baseline", "create", "base.json", "--confidence", "low"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(cmd(&["baseline", "create", "base.json"]).code, 2, "it is there already");
    let text = std::fs::read_to_string(repo.path.join("base.json")).unwrap();
    assert!(!text.contains(&old) && text.contains("\"path\":\"a.txt\""), "{text}");
    assert_eq!(cmd(&["scan", ".", "--baseline", "base.json", "--confidence", "low"]).code, 0);
    repo.commit_file("b.txt", format!("{new}\n"));
    let ran = scan(&repo, &["--baseline", "base.json"]);
    assert_eq!(ran.report().secrets(), [new.as_str()]);
    assert_eq!(hidden(&ran), ["baseline base.json 1/2"]);
    let diff = cmd(&["baseline", "diff", "base.json", "-f", "json", "--show-secrets", "--confidence", "low"]);
    assert_eq!((diff.code, diff.report().secrets()), (1, vec![new.clone()]));
    assert!(diff.stderr.contains("1 new, 0 gone, 2 known"), "{}", diff.stderr);
    let updated = cmd(&["baseline", "update", "base.json"]);
    assert!(updated.code == 0 && updated.stderr.contains("1 added, 1 removed, 2 known"), "{}", updated.stderr);
    assert_eq!(cmd(&["scan", ".", "-b", "base.json"]).code, 0);
    cmd(&["scan", ".", "-o", "report.json"]);
    assert_eq!(cmd(&["scan", ".", "-b", "report.json", "--exclude", "report.json"]).code, 0, "a report is a baseline too");
    repo.write("key", "0123456789abcdef0123456789abcdef");
    let other = cmd(&["scan", ".", "-b", "base.json", "--key-file", "key"]);
    assert!(other.code == 2 && other.stderr.contains("made with the key public"), "{}", other.stderr);
}

#[test]
fn allows_take_paths_values_and_commits() {
    let repo = Repo::new();
    let [one, two, three] = ["one", "two", "three"].map(secret);
    repo.commit_file("docs/one.txt", &one);
    let commit = repo.commit_file("two.txt", &two);
    repo.commit_file("three.txt", &three);
    let shown = |config: &str| {
        repo.write(".unleak.toml", config);
        scan(&repo, &[]).report().secrets()
    };
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    assert_eq!(shown("[[allow]]\npath = \"docs\"\nreason = \"examples\"\n"), sorted(vec![two.clone(), three.clone()]));
    assert_eq!(shown(&format!("[[allow]]\nstopword = \"{}\"\n", three[8..20].to_uppercase())), sorted(vec![one.clone(), two.clone()]));
    assert_eq!(shown(&format!("[[allow]]\nregex = ['^ghp_{}']\n", &two[4..9])), sorted(vec![one.clone(), three.clone()]));
    // The working tree's copy has no commit.
    assert_eq!(shown(&format!("[[allow]]\ncommit = \"{}\"\n", &commit[..12])).len(), 3);
    let both = format!("path = \"docs\"\nregex = '{}'\n", &two[4..12]);
    assert_eq!(shown(&format!("[[allow]]\n{both}")).len(), 3, "both must hold");
    assert_eq!(shown(&format!("[[allow]]\n{both}condition = \"or\"\n")), [three.as_str()]);
    assert_eq!(shown("[[allow]]\npath = \"*\"\nrule = \"gitlab\"\n").len(), 3, "another rule's");
    assert_eq!(shown("[[allow]]\npath = \"*\"\nuntil = \"2020-01-01\"\n").len(), 3, "expired");
    assert!(shown("[[allow]]\npath = \"*\"\nrule = \"github-pat\"\n").is_empty());
    let ran = scan(&repo, &[]);
    assert_eq!(hidden(&ran), ["allow .unleak.toml:1 3/6"]);
    let bare = repo.beside("bare.git");
    repo.git(&["clone", "-q", "--bare", ".", bare.path.to_str().unwrap()]);
    repo.write(".unleak.toml", format!("[[allow]]\ncommit = \"{}\"\n", &commit[..12]));
    let ran = run(&repo.home, &repo.path, &["git", bare.path.to_str().unwrap(), "-f", "json", "--show-secrets"]);
    assert_eq!(ran.report().secrets(), sorted(vec![one, three]));
}
