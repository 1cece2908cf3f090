//! What people type: the command lines of Gitleaks as they are, mistyped words, and help that shows how.
#![cfg(unix)]

mod common;

use common::plant::secret;
use common::repo::Repo;
use common::run::{Ran, run, run_with};

fn typed(repo: &Repo, line: &str) -> Ran {
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    run(&repo.home, &repo.path, &words)
}

fn planted() -> Repo {
    let repo = Repo::new();
    repo.commit_file("old.txt", secret("old"));
    repo.commit_file("old.txt", "gone\n");
    repo.commit_file("new.txt", secret("new"));
    repo
}

#[test]
fn gitleaks_lines_work_as_they_are_typed() {
    let repo = planted();
    let ran = typed(&repo, "detect --source . -v");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.text().contains("2 secrets found"), "{}", ran.text());
    let ran =
        typed(&repo, "detect -s . --no-banner --no-color --redact=100 -l debug --exit-code 7 --report-format json --report-path out.json");
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(repo.path.join("out.json")).unwrap()).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 2);
    std::fs::remove_file(repo.path.join("out.json")).unwrap();
    for (line, found) in [
        ("detect --source . --log-opts=HEAD~1..HEAD -f json", 1),
        ("detect --source . --log-opts=-1 -f json", 1),
        ("detect --log-opts=--all -f json", 2),
        ("git --log-opts=HEAD~2.. --redact -f json", 1),
        ("git . -f json", 2),
        ("detect --no-git --source . -f json", 1),
        ("dir . --redact --report-format json", 1),
        ("git . --max-target-megabytes 1 --enable-rule github-pat --ignore-gitleaks-allow -f json", 2),
    ] {
        let ran = typed(&repo, line);
        assert_eq!(ran.code, 1, "{line}: {}", ran.stderr);
        assert_eq!(ran.report().findings().len(), found, "{line}");
    }
    typed(&repo, "baseline create known.json");
    assert_eq!(typed(&repo, "detect --source . -b known.json").code, 0);
    assert_eq!(typed(&repo, "detect --source . --baseline-path known.json").code, 0);
    let piped = run_with(&repo.home, &repo.path, &["detect", "--pipe", "--report-format", "json"], secret("piped").as_bytes());
    assert_eq!((piped.code, piped.report().findings().len()), (1, 1));
}

#[test]
fn protect_looks_at_what_is_not_committed() {
    let repo = planted();
    assert_eq!(typed(&repo, "protect --staged").code, 0);
    repo.write("unstaged.txt", secret("unstaged"));
    assert_eq!(typed(&repo, "protect --staged -v").code, 0);
    assert_eq!(typed(&repo, "protect").code, 1);
    // Its newer way to say the same.
    assert_eq!(typed(&repo, "git --pre-commit --redact --staged --verbose").code, 0);
    assert_eq!(typed(&repo, "git --pre-commit --redact --verbose").code, 1);
    assert_eq!(typed(&repo, "git --pre-commit --log-opts=-1").code, 2);
    assert_eq!(typed(&repo, "dir --pre-commit").code, 2);
    repo.git(&["add", "unstaged.txt"]);
    assert_eq!(typed(&repo, "protect --staged --source .").code, 1);
    assert_eq!(typed(&repo, "git --pre-commit --redact --staged --verbose").code, 1);
    assert_eq!(typed(&repo, "directory new.txt").code, 1);
    assert_eq!(typed(&repo, "version").text(), typed(&repo, "--version").text());
}

#[test]
fn a_mistyped_format_makes_no_file_of_that_name() {
    let repo = planted();
    for (output, told) in
        [("serif:out", "did you mean sarif?"), ("md:out", "A file of that name is ./md:out"), (":out", ""), ("json:", "needs a file name")]
    {
        let ran = typed(&repo, &format!("scan . -o {output}"));
        let refused = ran.code == 2 && ran.stderr.contains(told) && !repo.path.join(output).exists();
        assert!(refused || output == ":out", "{output}: {} {}", ran.code, ran.stderr);
    }
    let ran = typed(&repo, "scan . -o ./md:out.csv -o sarif:a:b");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(repo.path.join("md:out.csv").is_file() && repo.path.join("a:b").is_file());
    assert!(typed(&repo, "git . -o x.json").stderr.contains("2 findings written to x.json"));
    assert!(typed(&repo, "git . --log-opts=-1 -o x.json").stderr.contains("1 finding written to x.json"));
}

#[test]
fn what_is_not_understood_of_gitleaks_is_refused() {
    let repo = planted();
    let refused = |line: &str, told: &str| {
        let ran = typed(&repo, line);
        assert!(ran.code == 2 && ran.stderr.contains(told), "{line}: {} {}", ran.code, ran.stderr);
    };
    refused("detect --log-opts=--no-merges", "\"--no-merges\" is not understood");
    refused("detect --source . other", "leave one out");
    refused("detect --no-git --log-opts=-1", "knows no commits");
    refused("detect --report-format template", "template");
    refused("detect --redact=200", "200");
    repo.write("theirs.toml", "title = \"x\"\n[[rules]]\nid = \"x\"\n");
    refused("detect --config theirs.toml", "looks like a configuration of Gitleaks");
    repo.write("theirs.json", "[]");
    refused("detect -b theirs.json", "as reports of Gitleaks are");
}

#[test]
fn mistyped_words_get_a_guess() {
    let repo = planted();
    for (line, guess) in [
        ("scna .", "scan"),
        ("scan . --servity high", "--severity"),
        ("scan . -f jsno", "json"),
        ("scan . --rule github-pta", "github-pat"),
        ("baseline creat x", "create"),
        ("ignore add w0123", "is no id of a finding"),
    ] {
        let ran = typed(&repo, line);
        assert!(ran.code == 2 && ran.stderr.contains(guess), "{line}: {}", ran.stderr);
    }
}

#[test]
fn help_teaches_by_example_and_has_the_exit_codes() {
    let repo = Repo::folder();
    for command in ["", "scan ", "git ", "dir ", "stdin ", "ignore ", "baseline ", "config "] {
        let text = typed(&repo, &format!("{command}--help")).text();
        assert!(text.contains("Examples:\n  ") && text.contains("Exit codes:\n  0 "), "{command}: {text}");
        assert!(text.contains(&format!("unleak {command}")), "{command}");
        assert!(!text.contains("--report-path") && !text.contains("--log-opts"), "what others type stands in no help: {text}");
    }
}

/// Each line of an example parses: options that do not exist would not.
#[test]
fn examples_of_the_help_are_command_lines() {
    let repo = planted();
    let text = ["", "scan ", "git ", "dir "].map(|command| typed(&repo, &format!("{command}--help")).text()).join("\n");
    let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  unleak ")).collect();
    assert!(lines.len() > 15);
    for line in lines {
        let line = line.split("   ").next().unwrap().replace('\'', "");
        // Hosts, homes and revisions of an example are not here: only the form is tried.
        if !line.contains("https://")
            && !line.contains('~')
            && !line.contains("main..")
            && !line.contains("known.json")
            && !line.contains("weeks")
        {
            let ran = typed(&repo, &line);
            assert!(ran.code != 2, "{line}: {}", ran.stderr);
        }
    }
}
