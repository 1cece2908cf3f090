//! Doctor, completions, man pages, help and colours.

mod common;

use std::fs::{self, File};
use std::io::Read;
use std::process::Stdio;

use common::repo::Repo;
use common::run::{Ran, run, unleak};

fn doctor(repo: &Repo, arguments: &[&str]) -> Ran {
    run(&repo.home, &repo.path, &[&["doctor"], arguments].concat())
}

#[test]
fn the_doctor_finds_all_well() {
    let repo = Repo::new();
    repo.commit_file("a", "clean\n");
    let ran = doctor(&repo, &[]);
    let text = ran.text();
    assert_eq!(ran.code, 0, "{text}{}", ran.stderr);
    for words in
        ["canary: 8 fake secrets were planted and found", "configuration: none", "git version", "no hook is installed", "all is well"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    run(&repo.home, &repo.path, &["hook", "install"]);
    repo.write(".unleak.toml", "[thresholds]\nseverity = \"medium\"\n");
    let text = doctor(&repo, &[]).text();
    assert!(text.contains("pre-commit: installed in") && text.contains("configuration: .unleak.toml"), "{text}");
    // Outside of any repository, too.
    let nowhere = Repo::folder();
    let ran = doctor(&nowhere, &[]);
    assert!(ran.code == 0 && ran.text().contains("in no git repository"), "{}", ran.text());
    let mut command = unleak(&repo.home);
    command.current_dir(&repo.path).arg("doctor").env("GITLAB_CI", "true");
    assert!(common::run::finish(command, b"").text().contains("pipeline: GitLab CI"));
}

#[test]
fn a_canary_that_does_not_sing() {
    for (config, words) in [
        ("[[allow]]\npath = \"**\"\nreason = \"x\"\n", "planted and not reported"),
        ("[paths]\nexclude = [\"src\"]\n", "would not be scanned"),
        ("[rules]\ndisable = [\"github-pat\"]\n", "all is well"),
        ("[thresholds]\nnonsense = 1\n", "nonsense"),
    ] {
        let repo = Repo::new();
        repo.write(".unleak.toml", config);
        let ran = doctor(&repo, &[]);
        assert!(ran.text().contains(words), "{config}: {}", ran.text());
        assert_eq!(ran.code, if words == "all is well" { 0 } else { 3 }, "{config}");
    }
    let repo = Repo::new();
    run(&repo.home, &repo.path, &["hook", "install"]);
    let hook = repo.path.join(".git/hooks/pre-commit");
    let script = fs::read_to_string(&hook).unwrap();
    fs::write(&hook, script.replace(common::run::PROGRAM, "/nowhere/unleak")).unwrap();
    let ran = doctor(&repo, &[]);
    assert!(ran.code == 3 && ran.text().contains("/nowhere/unleak is gone"), "{}", ran.text());
}

#[test]
fn completions_are_scripts_of_their_shells() {
    let home = Repo::folder();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&home.home, &home.path, &["completions", shell]);
        assert_eq!(ran.code, 0, "{shell}: {}", ran.stderr);
        for word in ["pre-receive", "since-commit", "uninstall"] {
            assert!(ran.text().contains(word), "{shell}: {word}");
        }
        if shell == "bash" {
            let mut bash = common::repo::scrubbed("bash", &home.home);
            bash.arg("-n");
            let output = common::repo::feed(bash, &ran.stdout);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
    assert_eq!(run(&home.home, &home.path, &["completions", "cmd"]).code, 2);
}

#[test]
fn man_pages() {
    let repo = Repo::folder();
    let page = |arguments: &[&str]| run(&repo.home, &repo.path, &[&["man"], arguments].concat());
    let whole = page(&[]).text();
    assert!(whole.contains(".TH unleak 1") && whole.contains("Exit codes"), "{whole}");
    assert!(page(&["hook", "install"]).text().contains(".TH unleak-hook-install 1"), "{}", page(&["hook", "install"]).text());
    assert_eq!(page(&["nosuch"]).code, 2);
    assert_eq!(page(&["--all", "pages"]).code, 0);
    let names: Vec<String> =
        fs::read_dir(repo.path.join("pages")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    for name in ["unleak.1", "unleak-scan.1", "unleak-hook-run.1", "unleak-ci.1"] {
        assert!(names.iter().any(|other| other == name), "{name}: {names:?}");
    }
}

#[test]
fn the_help_has_the_table_of_exit_codes() {
    let repo = Repo::folder();
    for command in ["scan", "git", "dir", "stdin", "ci", ""] {
        let arguments: Vec<&str> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let text = run(&repo.home, &repo.path, &arguments).text();
        assert!(text.contains("Exit codes:") && text.contains("130  interrupted"), "{command}: {text}");
    }
    let ran = run(&repo.home, &repo.path, &["hok", "install"]);
    assert!(ran.code == 2 && ran.stderr.contains("'hook'"), "{}", ran.stderr);
}

/// What the program prints on a terminal.
fn on_terminal(repo: &Repo, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let slave = ptsname(&master, Vec::new()).unwrap();
    let open = || File::options().read(true).write(true).open(slave.to_str().unwrap()).unwrap();
    let mut command = unleak(&repo.home);
    command.current_dir(&repo.path).args(arguments).env("TERM", "xterm").envs(variables.iter().copied());
    let mut child = command.stdin(Stdio::null()).stdout(open()).stderr(open()).spawn().unwrap();
    drop(command);
    let mut text = Vec::new();
    // Reading ends with an error when the other side is closed.
    let _ = File::from(master).read_to_end(&mut text);
    child.wait().unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn colours_respect_no_color() {
    let repo = Repo::folder();
    repo.write("a", common::token::token(1));
    for arguments in [["dir", "a"], ["scan", "nosuch://x"]] {
        assert!(on_terminal(&repo, &arguments, &[]).contains("\x1b[1m"), "{arguments:?}");
        for plain in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            let text = on_terminal(&repo, &arguments, &[plain]);
            assert!(!text.contains('\x1b') && !text.is_empty(), "{arguments:?} {plain:?}: {text}");
        }
        assert!(on_terminal(&repo, &arguments, &[("NO_COLOR", "")]).contains("\x1b[1m"), "{arguments:?}: an empty value means nothing");
    }
}
