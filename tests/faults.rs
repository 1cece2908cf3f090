//! Bad input, bad arguments, bad moments: each has its exit code and says in one line what is wrong.
#![cfg(unix)]

mod common;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::plant::secret;
use common::repo::Repo;
use common::run::{Ran, bounded, finish, run, run_with, signal, unleak};
use common::token::{Random, token};
use rustix::process::Signal;

fn in_folder(repo: &Repo, args: &[&str]) -> Ran {
    run(&repo.home, &repo.path, args)
}

/// The run ended with that code, its JSON report is incomplete, and one notice, one line, says all the words.
#[track_caller]
fn incomplete(ran: &Ran, code: i32, words: &[&str]) {
    let report = ran.report();
    let notices = report.notices();
    let told = notices.iter().any(|n| n.starts_with('!') && !n.contains('\n') && words.iter().all(|word| n.contains(word)));
    assert!(told, "no notice says {words:?}: {notices:#?}");
    assert!(!report.complete());
    assert_eq!(ran.code, code, "{}", ran.text());
}

#[test]
fn a_missing_path() {
    let repo = Repo::folder();
    repo.write("there.txt", secret("there"));
    incomplete(&in_folder(&repo, &["scan", "gone/away", "-f", "json"]), 3, &["gone/away", "no such file"]);
    // What is there is scanned all the same.
    let ran = in_folder(&repo, &["scan", "gone/away", "there.txt", "-f", "json", "--show-secrets"]);
    incomplete(&ran, 1, &["gone/away"]);
    assert!(ran.report().finding(&secret("there")).is_some());
    assert_eq!(in_folder(&repo, &["scan", "gone", "--allow-incomplete", "-q"]).code, 0);
    let text = in_folder(&repo, &["scan", "gone/away"]);
    assert!(text.text().contains("gone/away") && text.text().contains("INCOMPLETE"), "{}", text.text());
}

#[test]
fn no_repository_where_one_is_asked_for() {
    let repo = Repo::folder();
    repo.write("a.txt", "x");
    incomplete(&in_folder(&repo, &["git", ".", "-f", "json"]), 3, &["no git repository"]);
    incomplete(&in_folder(&repo, &["git", "a.txt", "-f", "json"]), 3, &["a.txt"]);
}

#[test]
fn wrong_command_lines() {
    let repo = Repo::new();
    repo.commit_file("a.txt", secret("a"));
    for args in [
        &["scan", "--no-such-flag"][..],
        &["scan", "--confidence", "certain"],
        &["scan", "--severity", "dire"],
        &["scan", "-f", "yaml"],
        &["scan", "-j", "0"],
        &["scan", "-j", "many"],
        &["scan", "--max-file-size", "huge"],
        &["scan", "--timeout", "soon"],
        &["scan", "--exclude", "[z-a"],
        &["scan", "--rule", "no-such-rule"],
        &["scan", "--exclude-rule", "no-such-rule"],
        &["scan", "--rules", "no-such-file.toml"],
        &["scan", "--key-file", "no-such-file"],
        &["scan", "--whole-files"],
        &["scan", "--staged", "--max-depth", "3"],
        &["scan", "--exit-code", "999"],
        &["scan", "ftp://host/x"],
        &["scan", "s3://bucket/x"],
        &["scan", "ext::sh -c true"],
        &["scan", "nonsense://"],
        &["git", "-"],
        &["dir", "--staged"],
        &["scna"],
    ] {
        let ran = in_folder(&repo, args);
        assert_eq!(ran.code, 2, "{args:?}: {}{}", ran.text(), ran.stderr);
        assert!(ran.stdout.is_empty(), "{args:?}: {}", ran.text());
        assert!(ran.stderr.lines().count() <= 12 && ran.stderr.lines().count() > 0, "{args:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains("os error"), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_revision_that_does_not_resolve() {
    let repo = Repo::new();
    repo.commit_file("a.txt", "x");
    for args in [&["git", ".", "--since-commit", "no-such"][..], &["git", ".", "--range", "no..such"], &["git", ".", "--branch", "no-such"]]
    {
        let ran = in_folder(&repo, args);
        assert_eq!(ran.code, 3, "{args:?}: {}{}", ran.text(), ran.stderr);
        let said = ran.text() + &ran.stderr;
        assert!(said.contains("no"), "{said}");
    }
}

#[test]
fn empty_things_are_clean_and_say_so() {
    for (repo, args) in [
        (Repo::new(), &["scan", "."][..]),
        (Repo::new(), &["git", "."]),
        (Repo::folder(), &["scan", "."]),
        (Repo::folder(), &["dir", "."]),
        (Repo::folder(), &["stdin"]),
        (Repo::folder(), &["scan", "-"]),
    ] {
        let ran = in_folder(&repo, &[args, &["-f", "json"]].concat());
        let report = ran.report();
        assert_eq!(ran.code, 0, "{args:?} {}", ran.text());
        assert!(report.complete() && !report.notices().is_empty(), "{args:?} says nothing: {}", ran.text());
        let text = in_folder(&repo, args).text();
        assert!(["empty", "no commits", "no files", "nothing"].iter().any(|word| text.contains(word)), "{args:?}: {text}");
    }
}

#[test]
fn an_empty_stage_or_range_is_clean_and_says_so() {
    let repo = Repo::new();
    repo.commit_file("a.txt", secret("committed"));
    for args in [&["git", ".", "--since-commit", "HEAD"][..], &["scan", ".", "--staged"], &["scan", ".", "--changes"]] {
        let ran = in_folder(&repo, &[args, &["-f", "json"]].concat());
        let report = ran.report();
        assert!(ran.code == 0 && report.complete(), "{args:?} {}", ran.text());
        assert!(!report.notices().is_empty(), "{args:?} says nothing: {}", ran.text());
    }
}

#[test]
fn a_pipe_in_a_folder_is_not_opened() {
    let repo = Repo::new();
    repo.commit_file("a.txt", "x\n");
    repo.write("b.txt", secret("beside a pipe"));
    assert!(std::process::Command::new("mkfifo").arg(repo.path.join("pipe")).status().unwrap().success());
    for args in [&["scan", ".", "-f", "json", "--show-secrets"], &["dir", ".", "-f", "json", "--show-secrets"]] {
        let report = bounded(&repo.home, &repo.path, args, 30).report();
        assert!(report.finding(&secret("beside a pipe")).is_some());
        assert!(report.left_out().iter().any(|left| left.contains("pipe")), "{:?}", report.left_out());
    }
}

#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let repo = Repo::folder();
    repo.write("closed.txt", "x");
    repo.write("open.txt", secret("open"));
    fs::set_permissions(repo.path.join("closed.txt"), fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(repo.path.join("closed.txt")).is_ok() {
        return; // A superuser reads everything.
    }
    let ran = in_folder(&repo, &["scan", ".", "-f", "json", "--show-secrets"]);
    incomplete(&ran, 1, &["closed.txt", "permission denied"]);
    assert!(ran.report().finding(&secret("open")).is_some());
    incomplete(&in_folder(&repo, &["scan", "closed.txt", "-f", "json"]), 3, &["closed.txt"]);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let repo = Repo::folder();
    let many: String = (0..4000).map(|n| token(n) + "\n").collect();
    repo.write("many.txt", many);
    for format in ["text", "json", "jsonl", "sarif"] {
        let mut command = unleak(&repo.home);
        command
            .current_dir(&repo.path)
            .args(["scan", ".", "-f", format])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = [0; 1];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut first).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(1), ""), "{format}");
    }
}

#[test]
fn a_report_that_cannot_be_written() {
    let repo = Repo::folder();
    repo.write("a.txt", "nothing\n");
    for args in [
        &["scan", ".", "--output", "json:/dev/full"][..],
        &["scan", ".", "-o", "sarif:/dev/full"],
        &["scan", ".", "-o", "no/such/folder.json"],
    ] {
        let ran = in_folder(&repo, args);
        assert_eq!(ran.code, 3, "{args:?} {}", ran.stderr);
        assert!(ran.stderr.contains("could not be written") && ran.stderr.lines().count() <= 2, "{args:?}: {}", ran.stderr);
    }
    let mut command = unleak(&repo.home);
    command
        .current_dir(&repo.path)
        .args(["scan", "."])
        .stdin(Stdio::null())
        .stdout(File::create("/dev/full").unwrap())
        .stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("could not be written"));
    repo.write("b.txt", secret("unwritten"));
    assert_eq!(in_folder(&repo, &["scan", ".", "-o", "json:/dev/full", "--exit-zero"]).code, 3);
    assert_eq!(in_folder(&repo, &["scan", ".", "-o", "json:/dev/full"]).code, 1);
}

/// Starts a scan of standard input and gives it something, without an end.
fn waiting(repo: &Repo) -> (Child, std::process::ChildStdin) {
    let mut command = unleak(&repo.home);
    command.args(["stdin", "-f", "json", "--show-secrets"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(format!("first {} line\n", secret("before the signal")).as_bytes()).unwrap();
    stdin.flush().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    (child, stdin)
}

#[test]
fn a_signal_ends_a_scan_with_a_partial_report() {
    let repo = Repo::folder();
    for (sent, code, number) in [(Signal::INT, 130, 2), (Signal::TERM, 143, 15)] {
        let (child, stdin) = waiting(&repo);
        signal(child.id(), sent);
        let begin = Instant::now();
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(begin.elapsed() < Duration::from_secs(8));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&report["interrupted"], &report["complete"]), (&number.into(), &false.into()));
        assert_eq!(report["findings"][0]["secret"], secret("before the signal"));
    }
}

#[test]
fn a_time_limit_makes_the_scan_incomplete() {
    let repo = Repo::folder();
    let mut command = unleak(&repo.home);
    command.args(["stdin", "-f", "json", "--timeout", "1"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let stdin = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["interrupted"], &report["complete"]), (&serde_json::Value::Null, &false.into()));
}

#[test]
fn exit_codes_can_be_chosen() {
    let repo = Repo::folder();
    repo.write("a.txt", secret("chosen"));
    for (args, code) in [
        (&["scan", "."][..], 1),
        (&["scan", ".", "--exit-code", "7"], 7),
        (&["scan", ".", "--exit-zero"], 0),
        (&["scan", ".", "--fail-on", "critical"], 1),
        (&["scan", ".", "--rule", "postgres-url"], 0),
        (&["scan", ".", "gone", "--exit-zero"], 0),
    ] {
        assert_eq!(in_folder(&repo, args).code, code, "{args:?}");
    }
    assert_eq!(run_with(&repo.home, &repo.path, &["stdin"], secret("piped").as_bytes()).code, 1);
}

#[test]
fn all_files_excluded_is_no_clean_scan() {
    let repo = Repo::folder();
    repo.write("a.txt", secret("excluded"));
    incomplete(&in_folder(&repo, &["scan", ".", "--exclude", "*", "-f", "json"]), 3, &["every file is left out"]);
    incomplete(&in_folder(&repo, &["dir", ".", "--include", "*.md", "-f", "json"]), 3, &["every file is left out"]);
}

/// The most memory that a scan of that file needed, in KiB, and its findings.
fn peak(repo: &Repo, args: &[&str], input: Option<&Path>) -> (u64, Ran) {
    let mut command = unleak(&repo.home);
    command.current_dir(&repo.path).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(input.map_or_else(Stdio::null, |path| File::open(path).unwrap().into()));
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
        peak = peak.max(line.trim().trim_end_matches(" kB").parse().unwrap_or(0));
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.code().is_some());
    (peak, Ran { code: output.status.code().unwrap(), stdout: output.stdout, stderr: String::from_utf8_lossy(&output.stderr).into_owned() })
}

#[cfg(target_os = "linux")]
fn large(megabytes: usize) {
    let repo = Repo::folder();
    let mut random = Random::new(7);
    let block: String = (0..1 << 14).map(|_| random.alphanumeric(63) + "\n").collect();
    let path = repo.path.join("large.log");
    let mut file = File::create(&path).unwrap();
    for megabyte in 0..megabytes {
        if megabyte == megabytes / 2 {
            writeln!(file, "here {}", secret("in the middle")).unwrap();
        }
        file.write_all(block.as_bytes()).unwrap();
    }
    write!(file, "end {}", secret("at the end")).unwrap();
    drop(file);
    for (args, input) in
        [(&["dir", ".", "-f", "json", "--show-secrets"], None), (&["scan", "-", "-f", "json", "--show-secrets"], Some(path.as_path()))]
    {
        let (peak, ran) = peak(&repo, args, input);
        let report = ran.report();
        let lines = ["in the middle", "at the end"].map(|name| report.finding(&secret(name)).unwrap()["line"].as_u64().unwrap());
        assert_eq!(lines, [(megabytes as u64 / 2) << 14 | 1, ((megabytes as u64) << 14) + 2]);
        assert!(peak > 1000 && peak < 150 << 10, "{args:?}: {peak} KiB");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_large_file_needs_little_memory() {
    large(300);
}

#[test]
fn variables_of_git_do_not_steer() {
    let (repo, other) = (Repo::new(), Repo::new());
    repo.commit_file("mine.txt", secret("mine"));
    other.commit_file("other.txt", secret("other"));
    let plain = in_folder(&repo, &["scan", ".", "-f", "json", "--show-secrets"]);
    let mut command = unleak(&repo.home);
    command.current_dir(&repo.path).args(["scan", ".", "-f", "json", "--show-secrets"]);
    let git_dir = other.path.join(".git");
    for (name, value) in [
        ("GIT_DIR", git_dir.clone()),
        ("GIT_COMMON_DIR", git_dir.clone()),
        ("GIT_WORK_TREE", other.path.clone()),
        ("GIT_INDEX_FILE", git_dir.join("index")),
        ("GIT_OBJECT_DIRECTORY", git_dir.join("objects")),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", git_dir.join("objects")),
        ("GIT_CEILING_DIRECTORIES", "/".into()),
        ("GIT_NAMESPACE", "x".into()),
        ("GIT_SHALLOW_FILE", "/dev/null".into()),
        ("GIT_CONFIG_GLOBAL", git_dir.join("config")),
        ("GIT_CONFIG_PARAMETERS", "'core.bare=true'".into()),
    ] {
        command.env(name, value);
    }
    let steered = finish(command, b"");
    assert_eq!((steered.code, steered.text()), (plain.code, plain.text()));
    assert_eq!(plain.report().secrets(), [secret("mine")]);
}
