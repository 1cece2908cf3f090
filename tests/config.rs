//! Configuration, through the program: which files count, in which order, and what is refused. What a tree may
//! not decide is told in the receipt.
#![cfg(unix)]

mod common;

use common::plant::secret;
use common::repo::Repo;
use common::run::{Ran, finish, run, unleak};

/// A repository whose one file holds a token and a generic secret.
fn planted() -> Repo {
    let repo = Repo::new();
    repo.commit_file("a/one.txt", format!("{}\n", secret("one")));
    repo.commit_file("b/two.txt", format!("{}\n", secret("two")));
    repo
}

#[track_caller]
fn findings(ran: &Ran) -> usize {
    ran.report().findings().len()
}

fn json(repo: &Repo, more: &[&str]) -> Ran {
    run(&repo.home, &repo.path, &[&["scan", ".", "-f", "json", "--show-secrets"], more].concat())
}

#[test]
fn flags_come_before_the_environment_before_files() {
    let repo = planted();
    let user = repo.home.join(".config/unleak");
    std::fs::create_dir_all(&user).unwrap();
    let threshold = |level: &str| format!("[thresholds]\nseverity = \"{level}\"\nexit-code = 9\n");
    assert_eq!(findings(&json(&repo, &[])), 2);
    std::fs::write(user.join("config.toml"), "[paths]\nexclude = [\"a\"]\n[thresholds]\nexit-code = 7\n").unwrap();
    let ran = json(&repo, &[]);
    assert_eq!((findings(&ran), ran.code), (1, 7), "the user's own");
    repo.write(".unleak.toml", "[paths]\nexclude = [\"b\"]\n[thresholds]\nexit-code = 8\n");
    let ran = json(&repo, &[]);
    assert_eq!((findings(&ran), ran.code), (0, 0), "exclusions add up");
    repo.write(".unleak.toml", "[thresholds]\nexit-code = 8\n");
    assert_eq!(json(&repo, &[]).code, 8, "the repository's before the user's");
    let given = repo.home.join("given.toml");
    std::fs::write(&given, threshold("critical")).unwrap();
    assert_eq!(json(&repo, &["-c", given.to_str().unwrap()]).code, 9, "a named one before the repository's");
    assert_eq!(json(&repo, &["-c", given.to_str().unwrap(), "--exit-code", "5"]).code, 5);
    let mut command = unleak(&repo.home);
    command.current_dir(&repo.path).env("UNLEAK_CONFIG", &given).env("UNLEAK_EXIT_CODE", "6").args(["scan", "."]);
    assert_eq!(finish(command, b"").code, 6, "the environment before files");
    let ran = json(&repo, &["--no-config"]);
    assert_eq!((findings(&ran), ran.code), (2, 1));
}

#[test]
fn every_option_has_its_variable() {
    let repo = planted();
    let with = |vars: &[(&str, &str)], args: &[&str]| {
        let mut command = unleak(&repo.home);
        command.current_dir(&repo.path).envs(vars.iter().copied()).args(args);
        finish(command, b"")
    };
    assert_eq!(with(&[("UNLEAK_FORMAT", "json"), ("UNLEAK_EXCLUDE", "a"), ("UNLEAK_EXIT_ZERO", "1")], &["scan", "."]).code, 0);
    let ran = with(&[("UNLEAK_FORMAT", "json"), ("UNLEAK_EXCLUDE", "a")], &["scan", "."]);
    assert_eq!(findings(&ran), 1);
    let wrong = with(&[("UNLEAK_SEVERITY", "dreadful")], &["scan", "."]);
    assert!(wrong.code == 2 && wrong.stderr.contains("UNLEAK_SEVERITY"), "{}", wrong.stderr);
    // A mistyped one is told; what is nothing like ours may be somebody else's.
    let ran = with(&[("UNLEAK_SEVERTY", "high"), ("UNLEAK_LAKE", "1")], &["scan", "."]);
    assert!(ran.stderr.contains("the variable UNLEAK_SEVERTY means nothing; did you mean UNLEAK_SEVERITY?"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("UNLEAK_LAKE"), "{}", ran.stderr);
    let shown = with(&[("UNLEAK_SEVERTY", "high"), ("UNLEAK_KEY", "0123456789abcdef0123")], &["config", "show"]).text();
    assert!(shown.contains("did you mean UNLEAK_SEVERITY?") && shown.contains("UNLEAK_KEY=(not shown)"), "{shown}");
}

#[test]
fn variables_hold_flags_values_and_lists() {
    let repo = planted();
    repo.commit_file("c,d/three.txt", format!("{}\n", secret("three")));
    let with = |vars: &[(&str, &str)], args: &[&str]| {
        let mut command = unleak(&repo.home);
        command.current_dir(&repo.path).env("UNLEAK_JSON", "yes").envs(vars.iter().copied()).args(args);
        finish(command, b"")
    };
    let found = |vars: &[(&str, &str)], args: &[&str]| {
        let ran = with(vars, args);
        assert!(ran.code < 2, "{}", ran.stderr);
        ran.text().lines().filter(|line| line.contains("\"type\":\"finding\"")).count()
    };
    let scan = &["scan", "."][..];
    // Lists: by commas or line breaks; commas in braces and behind a backslash are the value's.
    assert_eq!(found(&[], scan), 3);
    assert_eq!(found(&[("UNLEAK_EXCLUDE", "a/*")], scan), 2);
    assert_eq!(found(&[("UNLEAK_EXCLUDE", "a/*, b/*")], scan), 1);
    assert_eq!(found(&[("UNLEAK_EXCLUDE", "a/*\nb/*\n")], scan), 1);
    assert_eq!(found(&[("UNLEAK_EXCLUDE", "{a,b}/*")], scan), 1);
    assert_eq!(found(&[("UNLEAK_EXCLUDE", r"c\,d")], scan), 2);
    assert_eq!(found(&[("UNLEAK_EXCLUDE", "a/*,b/*")], &["scan", ".", "--exclude", "c,d"]), 2, "what is typed replaces the list");
    assert_eq!(found(&[("UNLEAK_RULE", "aws,npm")], scan), 0);
    assert_eq!(found(&[("UNLEAK_RULE", "aws,github")], scan), 3);
    assert_eq!(found(&[("UNLEAK_SINCE_COMMIT", "HEAD~1")], &["git", "."]), 1);
    // Files: configurations, of which the last decides, and reports.
    std::fs::write(repo.home.join("one.toml"), "[thresholds]\nexit-code = 7\n").unwrap();
    std::fs::write(repo.home.join("two.toml"), "[thresholds]\nexit-code = 8\n").unwrap();
    let both = format!("{0}/one.toml,{0}/two.toml", repo.home.display());
    assert_eq!(with(&[("UNLEAK_CONFIG", &both)], scan).code, 8);
    with(&[("UNLEAK_OUTPUT", "one.sarif,junit:two.xml")], scan);
    assert!(repo.path.join("one.sarif").exists() && repo.path.join("two.xml").exists());
    // Flags: on, off, empty, and nonsense.
    assert_eq!(
        [("1", 0), ("TRUE", 0), ("0", 1), ("off", 1), ("", 1), ("perhaps", 2)]
            .map(|(value, code)| { (with(&[("UNLEAK_EXIT_ZERO", value)], scan).code, code) }),
        [(0, 0), (0, 0), (1, 1), (1, 1), (1, 1), (2, 2)]
    );
    // Values: text, number, time, size; one that may stand alone; and hooks of a command below a command.
    assert_eq!(
        with(&[("UNLEAK_EXIT_CODE", "9"), ("UNLEAK_THREADS", "1"), ("UNLEAK_TIMEOUT", "5m"), ("UNLEAK_MAX_FILE_SIZE", "1M")], scan).code,
        9
    );
    assert_eq!(with(&[("UNLEAK_MAX_FILE_SIZE", "5")], &["dir", "."]).code, 3, "every file is larger");
    assert_eq!(with(&[("UNLEAK_REDACT", "100"), ("UNLEAK_COLOR", "never"), ("UNLEAK_VERIFY_CACHE", "1h")], scan).code, 1);
    assert_eq!(with(&[("UNLEAK_SEVERITY", "")], scan).code, 1, "set to nothing is not set");
    let id = json(&repo, &[]).report().findings()[0]["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(with(&[("UNLEAK_REASON", "known"), ("UNLEAK_OWNER", "ada")], &["ignore", "add", &id]).code, 0);
    assert!(std::fs::read_to_string(repo.path.join(".unleakignore")).unwrap().contains("owner=ada; reason=known"));
    // What is typed decides where both cannot be; of two variables that cannot be, neither does.
    assert_eq!(with(&[("UNLEAK_EXIT_ZERO", "1")], &["scan", ".", "--exit-code", "4"]).code, 4);
    assert!(!with(&[], &["scan", ".", "-f", "csv"]).text().starts_with('{'));
    let ran = with(&[("UNLEAK_FORMAT", "csv")], scan);
    assert!(ran.code == 2 && ran.stderr.contains("UNLEAK_FORMAT, UNLEAK_JSON"), "{}", ran.stderr);
}

#[test]
fn what_is_wrong_is_named_with_file_and_line() {
    let repo = planted();
    for (text, expected) in [
        ("[rules]\n\ndisabel = []\n", ".unleak.toml:3: unknown field `disabel`"),
        ("\n[rules]\ndisable = [\"github-pta\"]\n", ".unleak.toml:3: there is no rule, alias or provider named \"github-pta\""),
        ("[rules.severity]\ngithub-pat = \"dire\"\n", ".unleak.toml:2: \"dire\" is no severity"),
        ("[[allow]]\nreason = \"x\"\n", ".unleak.toml:1: [[allow]]: it needs one of"),
        ("\n[[allow]]\nregex = \"a(\"\n", ".unleak.toml:2: [[allow]]: \"a(\" is no regular expression"),
        (
            "[[allow]]\nregex = \"a\"\ntarget = \"lines\"\n",
            ".unleak.toml:3: [[allow]]: `target` is \"secret\", \"match\" or \"line\", not \"lines\"",
        ),
        ("[[allow]]\npath = \"a\"\ntarget = \"line\"\n", ".unleak.toml:3: [[allow]]: `target` says what a `regex` is tried on"),
        ("[[allow]]\npath = \"a[\"\n", ".unleak.toml:1: [[allow]]: "),
        ("[[allow]]\npath = \"a\"\nuntil = \"soon\"\n", ".unleak.toml:3: \"soon\" is no date"),
        ("[paths]\nexclude = \"vendor\"\n", ".unleak.toml:2: here stands the text \"vendor\", where a list in brackets belongs"),
        ("extends = [\"https://host.example/x.toml\"]\n", ".unleak.toml:1: `extends` takes files that are here"),
        ("[paths]\nexclude = [\n \"a[\"]\n", ".unleak.toml:3: "),
        ("[limits]\ntimeout = \"long\"\n", ".unleak.toml:2: \"long\" is no time"),
        ("[reports]\nformat = \"jsn\"\n", ".unleak.toml:2: \"jsn\" is no report format"),
        ("\n[[rule]]\nid = \"x\"\n", ".unleak.toml:2: "),
        ("extends = []\n", "no rules are loaded"),
        ("[rules]\nonly = [\"github\"]\ndisable = [\"github\"]\n", ".unleak.toml:3: no rules are left"),
        ("[rules.severity]\ngithub-pat = \"hi\"\n", ".unleak.toml:2: \"hi\" is no severity: low, medium, high or critical"),
        ("extends = [\"gone.toml\"]\n", ".unleak.toml:1: "),
        ("extends = [\".unleak.toml\"]\n", ".unleak.toml:1: it extends itself"),
        ("[suppress]\nbaseline = [\"gone\"]\n", ".unleak.toml:2: "),
    ] {
        repo.write(".unleak.toml", text);
        for args in [&["scan", "."][..], &["config", "check"], &["stdin"]] {
            let ran = run(&repo.home, &repo.path, args);
            assert_eq!(ran.code, 2, "{text}: {}", ran.text());
            assert!(ran.stderr.contains(expected), "{text}: {}", ran.stderr);
        }
    }
    let own = repo.home.join("own.toml");
    std::fs::write(&own, "[reports]\noutput = [\"json:a\", \"serif:b\"]\n").unwrap();
    let ran = run(&repo.home, &repo.path, &["config", "check", own.to_str().unwrap()]);
    assert!(ran.code == 2 && ran.stderr.contains("own.toml:2: \"serif\" is no report format"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean sarif?"), "{}", ran.stderr);
    let hint = run(&repo.home, &repo.path, &["scan", ".", "--no-config", "--rule", "github-pta"]).stderr;
    assert!(hint.contains("did you mean github-pat?"), "{hint}");
}

const RULE: &str = r#"
[[rule]]
id = "lake-token"
name = "Lake access token"
severity = "high"
confidence = "high"
keywords = ["lake_"]
regex = 'lake_[0-9a-z]{8,40}\b'
verify = { get = "https://lake.example/me", auth = "bearer", live = [200] }
"#;

#[test]
fn rules_are_added_disabled_and_judged_anew() {
    let repo = planted();
    repo.write("c.txt", format!("lake_{}\n", "z8y7x6w5v4u3"));
    repo.write(".unleak.toml", format!("[rules]\ndisable = [\"github\"]\n[rules.severity]\nlake-token = \"critical\"\n{RULE}"));
    let ran = json(&repo, &[]);
    let report = ran.report();
    assert_eq!(report.findings()[0]["rule"], "lake-token");
    assert_eq!(report.findings()[0]["severity"], "critical");
    assert!(report.findings().iter().all(|finding| finding["provider"] != "github"));
    assert_eq!(findings(&json(&repo, &["--rule", "lake-token"])), 1, "the command line says which");
    assert_eq!(findings(&json(&repo, &["--rule", "github"])), 2, "what it names is wanted, whatever a file says");
    repo.write(".unleak.toml", format!("extends = []\n{RULE}"));
    assert_eq!(findings(&json(&repo, &[])), 1, "the built-in rules are left out");
    repo.write("team.toml", format!("[rules]\ndisable = [\"github\"]\n{RULE}"));
    repo.write(".unleak.toml", "extends = [\"builtin\", \"team.toml\"]\n[rules]\nenable = [\"github\"]\n");
    assert_eq!(findings(&json(&repo, &[])), 3, "what extends a file says the last word");
}

#[test]
fn a_tree_decides_neither_where_secrets_go_nor_what_is_written() {
    let repo = planted();
    repo.write("inner/team.toml", RULE);
    repo.write(".unleak.toml", "extends = [\"builtin\", \"inner/team.toml\"]\n[reports]\noutput = [\"json:written.json\"]\n");
    let ran = json(&repo, &[]);
    let notices = ran.report().notices();
    let told = |what: &str| notices.iter().any(|notice| notice.starts_with("configuration") && notice.contains(what));
    assert!(told("`verify` of rule lake-token is disabled") && told("`reports.output` is disabled"), "{notices:?}");
    run(&repo.home, &repo.path, &["scan", "."]);
    assert!(!repo.path.join("written.json").exists());
    let given = repo.path.join("inner/team.toml");
    let named = json(&repo, &["--no-config", "-c", given.to_str().unwrap()]).report().notices();
    assert!(named.iter().any(|notice| notice.contains("`verify` of rule lake-token is disabled")), "{named:?}");
    std::os::unix::fs::symlink(repo.home.join("own.toml"), repo.path.join("inner/link.toml")).unwrap();
    std::fs::write(repo.home.join("own.toml"), RULE).unwrap();
    let linked = repo.path.join("inner/link.toml");
    let named = json(&repo, &["--no-config", "-c", linked.to_str().unwrap()]).report().notices();
    assert!(named.iter().any(|notice| notice.contains("`verify` of rule lake-token is disabled")), "a link in a tree: {named:?}");
    let rules = json(&repo, &["--no-config", "--rules", given.to_str().unwrap()]).report().notices();
    assert!(rules.iter().any(|notice| notice.contains("are disabled")), "{rules:?}");
    let outside = repo.home.join("own.toml");
    std::fs::write(&outside, RULE).unwrap();
    let own = json(&repo, &["--no-config", "-c", outside.to_str().unwrap()]).report().notices();
    assert!(!own.iter().any(|notice| notice.contains("disabled")), "{own:?}");
    repo.write(".unleak.toml", format!("extends = [\"builtin\", {:?}]\n", outside.to_str().unwrap()));
    let ran = run(&repo.home, &repo.path, &["scan", "."]);
    assert!(ran.code == 2 && ran.stderr.contains("of that repository only"), "{}", ran.stderr);
    repo.write(".unleak.toml", "extends = [\"builtin\", \"../home/own.toml\"]\n");
    let ran = run(&repo.home, &repo.path, &["scan", "."]);
    assert!(ran.code == 2 && ran.stderr.contains("outside of its repository"), "{}", ran.stderr);
    std::fs::remove_file(repo.path.join(".unleak.toml")).unwrap();
    std::os::unix::fs::symlink(&outside, repo.path.join(".unleak.toml")).unwrap();
    assert_eq!(run(&repo.home, &repo.path, &["scan", "."]).code, 2, "a link out of the tree");
}

#[test]
fn another_repository_is_not_asked_how_to_scan_it() {
    let repo = planted();
    repo.write(".unleak.toml", "[paths]\nexclude = [\"*\"]\n");
    repo.write(".unleakignore", "garbage\n");
    let elsewhere = repo.beside("elsewhere");
    std::fs::create_dir(&elsewhere.path).unwrap();
    let scan = |more: &[&str]| run(&repo.home, &elsewhere.path, &[&["scan", repo.path.to_str().unwrap(), "-f", "json"], more].concat());
    let ran = scan(&[]);
    assert_eq!((findings(&ran), ran.code), (2, 1));
    let trusted = scan(&["--trust-target-config"]);
    assert!(trusted.code == 2 && trusted.stderr.contains(".unleakignore:1: "), "both files are read then: {}", trusted.stderr);
    std::fs::remove_file(repo.path.join(".unleakignore")).unwrap();
    assert_eq!(findings(&scan(&["--trust-target-config"])), 0, "unless somebody trusts it");
}

#[test]
fn what_is_in_force_is_shown() {
    let repo = planted();
    repo.write(".unleak.toml", "[rules]\ndisable = [\"github\"]\n[thresholds]\nseverity = \"high\"\n[[allow]]\npath = \"docs\"\n");
    let ran = run(&repo.home, &repo.path, &["config", "show"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = ran.text();
    for line in
        ["rules.disable = [\"github\"]  # .unleak.toml", "thresholds.severity = \"high\"  # .unleak.toml", "# [[allow]] in force: 1"]
    {
        assert!(text.lines().any(|l| l == line), "{line}:\n{text}");
    }
    let check = run(&repo.home, &repo.path, &["config", "check", ".unleak.toml"]);
    assert!(check.code == 0 && check.text().starts_with(".unleak.toml: fine, "), "{} {}", check.text(), check.stderr);
}

/// What `docs/configuration.md` and `docs/suppression.md` show is right, to the last key.
#[test]
fn the_documented_file_is_right() {
    let repo = planted();
    let folder = repo.home.join("documented");
    std::fs::create_dir_all(folder.join("shared")).unwrap();
    std::fs::write(folder.join("shared/team.toml"), "[rules]\ndisable = [\"slack\"]\n").unwrap();
    std::fs::write(folder.join(".unleakignore"), "").unwrap();
    std::fs::write(folder.join("known.json"), "{\"schema\": \"unleak/baseline/1\", \"key\": \"public\", \"known\": []}").unwrap();
    for (page, block) in [("configuration", 0), ("suppression", 0)] {
        let text = std::fs::read_to_string(format!("{}/docs/{page}.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let toml = text.split("```toml\n").nth(block + 1).unwrap().split("```").next().unwrap();
        let file = folder.join(format!("{page}.toml"));
        std::fs::write(&file, toml).unwrap();
        let ran = run(&repo.home, &repo.path, &["config", "check", file.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{page}: {}", ran.stderr);
        if page == "configuration" {
            let shown = run(&repo.home, &repo.path, &["config", "show", "-c", file.to_str().unwrap()]).text();
            assert!(shown.contains("limits.timeout = \"10m\"") && shown.contains("# baseline: "), "{shown}");
        }
    }
}
