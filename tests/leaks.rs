//! Without `--show-secrets` no planted value stands in anything that the program writes: not in any report, not in
//! an error, not in progress lines; neither as it is nor encoded.
#![cfg(unix)]

mod common;

use std::fs;
use std::process::Command;

use common::plant::secret;
use common::planted::Planted;
use common::repo::Repo;
use common::run::{PROGRAM, Ran, run, run_with};
use data_encoding::{BASE64, HEXLOWER};

/// Every format that a report can have.
const FORMATS: [&str; 10] = ["text", "json", "jsonl", "sarif", "gitlab", "codequality", "junit", "csv", "markdown", "github"];

/// Which of the values stand in the text, plain or encoded.
fn leaked<'v>(text: &[u8], values: &'v [String]) -> Vec<&'v str> {
    let plain = String::from_utf8_lossy(text).into_owned();
    let lower = plain.to_lowercase();
    let is_in = |value: &&String| {
        // Nothing of the body either: no stretch of a dozen characters.
        let stretches = (4..=value.len() - 12).step_by(4).any(|at| plain.contains(&value[at..at + 12]));
        let encoded = (0..3).any(|before| {
            let encoded = BASE64.encode(format!("{}{value}", &"abc"[..before]).as_bytes());
            plain.contains(&encoded[8..encoded.len() - 8])
        });
        stretches || encoded || lower.contains(&HEXLOWER.encode(value.as_bytes()))
    };
    values.iter().filter(is_in).map(String::as_str).collect()
}

#[track_caller]
fn silent(ran: &Ran, values: &[String], what: &str) {
    for (stream, bytes) in [("stdout", ran.stdout.as_slice()), ("stderr", ran.stderr.as_bytes())] {
        let leaks = leaked(bytes, values);
        let lines: Vec<String> = leaks.iter().map(|value| around(bytes, value)).collect();
        assert!(leaks.is_empty(), "{what} {stream} shows {leaks:?}:\n{}", lines.join("\n"));
    }
}

/// The lines that show the value.
fn around(text: &[u8], value: &str) -> String {
    let text = String::from_utf8_lossy(text).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains(&value[8..20])).take(3).collect();
    lines.join("\n")
}

#[test]
fn no_report_shows_a_planted_value() {
    let planted = Planted::new(&[]);
    let repo = &planted.repo;
    let mut values: Vec<String> = planted.plants.iter().map(|plant| plant.secret.clone()).collect();
    values.extend([planted.ignored.clone(), planted.submodule.secret.clone()]);
    for format in FORMATS {
        let options = ["scan", ".", "-f", format, "-v", "--include-ignored", "--recurse-submodules", "--confidence", "low"];
        let ran = run(&repo.home, &repo.path, &options);
        assert_eq!(ran.code, 1);
        assert!(ran.text().replace('\\', "").contains("ghp_"), "the redacted form shows the prefix");
        silent(&ran, &values, format);
        let written = repo.home.join(format!("report.{format}"));
        let output = format!("{format}:{}", written.display());
        silent(&run(&repo.home, &repo.path, &["scan", ".", "-v", "-o", &output]), &values, "said while writing");
        let leaks: Vec<String> = leaked(&fs::read(&written).unwrap(), &values).into_iter().map(str::to_owned).collect();
        assert!(leaks.is_empty(), "{format} file: {leaks:?}");
        let coloured = run(&repo.home, &repo.path, &["scan", ".", "-f", format, "--color", "always"]);
        silent(&coloured, &values, "coloured");
    }
    let shown = run(&repo.home, &repo.path, &["scan", ".", "--show-secrets"]);
    assert!(!leaked(&shown.stdout, &values).is_empty(), "the user may insist");
}

/// Hidden ones too: below the asked confidence, dropped by a filter, of another rule, or outside of the range.
#[test]
fn values_that_are_not_reported_are_not_shown_either() {
    let repo = Repo::new();
    let (hidden, shown) = (secret("hidden"), secret("shown"));
    repo.add(format!("dir-{hidden}/{shown}.txt"), format!("{shown} {hidden}\npassword = \"{hidden}\" # {shown}\n"));
    repo.commit(&format!("about {hidden} and {shown}"));
    repo.commit_file("later.txt", secret("later"));
    let values = [hidden, shown, secret("later")];
    for options in [
        &["scan", "."][..],
        &["scan", ".", "--rule", "generic-secret"],
        &["scan", ".", "--exclude-rule", "github-pat"],
        &["scan", ".", "--severity", "critical", "--confidence", "high"],
        &["scan", ".", "--exclude", "*.txt"],
        &["git", ".", "--since-commit", "HEAD~1"],
        &["git", ".", "--max-depth", "1", "--whole-files"],
        &["dir", "."],
    ] {
        for format in FORMATS {
            let ran = run(&repo.home, &repo.path, &[options, &["-f", format, "-v"]].concat());
            // What no rule in force knows cannot be masked.
            let asked = match options {
                _ if options.contains(&"github-pat") => &values[..0],
                _ if options.contains(&"generic-secret") => &values[..1],
                _ => &values[..],
            };
            silent(&ran, asked, &format!("{options:?} {format}"));
        }
    }
}

/// What is hidden by somebody's will: in the report's counts, in its list, in the files that hide it.
#[test]
fn suppressed_values_are_not_shown_either() {
    let repo = Repo::new();
    let values = [secret("marked"), secret("allowed"), secret("listed"), secret("known")];
    let [marked, allowed, listed, known] = &values;
    repo.commit_file("known.txt", known);
    run(&repo.home, &repo.path, &["baseline", "create", "known.json"]);
    repo.commit_file(format!("{allowed}/a.txt"), format!("{allowed}\n{marked} # unleak:allow reason=was {marked}\n{listed}\n"));
    repo.write(".unleak.toml", format!("[[allow]]\npath = \"{allowed}\"\nregex = \"{}.*\"\nreason = \"{allowed}\"\n", &allowed[..12]));
    let report = run(&repo.home, &repo.path, &["scan", ".", "-f", "json", "--show-secrets"]).report();
    let id = report.finding(listed).unwrap()["fingerprint"].as_str().unwrap().to_owned();
    silent(&run(&repo.home, &repo.path, &["ignore", "add", &id, "--reason", "none"]), &values, "ignore add");
    for format in FORMATS {
        for more in [&["-v"][..], &["--show-suppressed"]] {
            let ran = run(&repo.home, &repo.path, &[&["scan", ".", "-f", format, "-b", "known.json"], more].concat());
            assert!(ran.code < 2, "{}", ran.stderr);
            silent(&ran, &values, &format!("{format} {more:?}"));
        }
    }
    silent(&run(&repo.home, &repo.path, &["ignore", "list"]), &values, "ignore list");
    silent(&run(&repo.home, &repo.path, &["baseline", "diff", "known.json"]), &values, "baseline diff");
    for file in [".unleakignore", "known.json"] {
        assert!(leaked(&fs::read(repo.path.join(file)).unwrap(), &values).is_empty(), "{file}");
    }
}

/// Trouble is told with names, and names may be secrets.
#[test]
fn notices_and_errors_show_none() {
    let repo = Repo::new();
    let names = ["file", "folder", "ref", "pipe", "gone", "nested"].map(|name| secret(&format!("trouble {name}")));
    let [file, folder, name, pipe, gone, nested] = &names;
    repo.commit_file(format!("{folder}/{file}.txt"), format!("content {file}\n"));
    fs::remove_file(repo.loose(&repo.rev(&format!("HEAD:{folder}/{file}.txt")))).unwrap();
    fs::write(repo.path.join(format!(".git/refs/heads/{name}")), "1234567890123456789012345678901234567890\n").unwrap();
    assert!(Command::new("mkfifo").arg(repo.path.join(pipe)).status().unwrap().success());
    repo.write(format!("{nested}/.git/HEAD"), "garbage");
    fs::create_dir_all(repo.path.join(format!("{nested}/.git/objects"))).unwrap();
    fs::create_dir_all(repo.path.join(format!("{nested}/.git/refs"))).unwrap();
    repo.write(format!("{nested}/.git/config"), "[extensions]\n\tobjectformat = odd\n");
    std::os::unix::fs::symlink(format!("/nowhere/{gone}"), repo.path.join("link")).unwrap();
    for format in FORMATS {
        for options in [&["scan", "."][..], &["git", "."], &["dir", "."], &["scan", ".", "--changes"]] {
            silent(&run(&repo.home, &repo.path, &[options, &["-f", format, "-v"]].concat()), &names, &format!("{options:?} {format}"));
        }
    }
}

#[test]
fn passwords_in_addresses_are_not_shown() {
    let repo = Repo::folder();
    let password = [secret("address")];
    for address in ["https://me:§@127.0.0.1:1/x.git", "http://§@127.0.0.1:1/x.git", "ftp://me:§@127.0.0.1/x", "ssh://me:§@127.0.0.1:1/x"]
    {
        for format in FORMATS {
            let address = address.replace('§', &password[0]);
            let ran = run(&repo.home, &repo.path, &["scan", &address, "-f", format, "-v", "--clone-timeout", "5"]);
            assert!(ran.code == 2 || ran.code == 3, "{} {}", ran.code, ran.text());
            silent(&ran, &password, &address.replace(&password[0], "§"));
        }
    }
}

#[test]
fn encoded_values_are_not_shown() {
    let repo = Repo::new();
    let value = secret("encoded");
    let encoded = BASE64.encode(format!("me:{value}").as_bytes());
    repo.commit_file(format!("x/{encoded}.txt"), format!("{value}\nAuthorization: Basic {encoded}\n"));
    repo.git(&[
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        &format!("Authorization: Basic {encoded}"),
        "--author",
        &format!("{encoded} <a@b.c>"),
    ]);
    for format in FORMATS {
        let ran = run(&repo.home, &repo.path, &["scan", ".", "-f", format, "--confidence", "low"]);
        assert_eq!(ran.code, 1);
        silent(&ran, std::slice::from_ref(&value), format);
    }
    let piped = run_with(&repo.home, &repo.path, &["stdin", "-f", "json"], encoded.as_bytes());
    silent(&piped, &[value], "stdin");
}

/// The bar is drawn to a terminal only: `script` lends one.
#[test]
fn progress_lines_show_none() {
    let planted = Planted::new(&[]);
    let values: Vec<String> = planted.plants.iter().map(|plant| plant.secret.clone()).collect();
    let typed = format!("yes x | head -c 60000000 | {PROGRAM} scan -v . -");
    let mut command = common::repo::scrubbed("script", &planted.repo.home);
    command.args(["-qec", &typed, "/dev/null"]).env("TERM", "xterm").current_dir(&planted.repo.path);
    let Ok(output) = command.output() else { return };
    let leaks = leaked(&output.stdout, &values);
    assert!(leaks.is_empty(), "{leaks:?}");
    assert!(!output.stdout.is_empty());
}
