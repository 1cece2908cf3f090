//! The action for GitHub, the template for GitLab, the Dockerfile and the list of hooks for pre-commit: their shape,
//! and their shell steps run as the pipelines run them.
#![cfg(unix)]

mod common;

use std::path::Path;
use std::process::Output;

use common::repo::{Repo, feed, scrubbed};
use common::run::PROGRAM;
use common::token::token;
use serde_yaml_ng::Value;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn yaml(name: &str) -> Value {
    serde_yaml_ng::from_str(&read(name)).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value:?} is no text"))
}

#[track_caller]
fn keys(value: &Value, allowed: &[&str]) {
    for (key, _) in value.as_mapping().unwrap() {
        assert!(allowed.contains(&text(key)), "{key:?} is not one of {allowed:?}");
    }
}

/// A server and a clone of it, in which the last push brought secret 1 in.
fn setting() -> (Repo, String, String) {
    let work = Repo::new();
    let before = work.commit_file("a", "clean\n");
    let after = work.commit_file("b.env", format!("T={}\n", token(1)));
    let bare = work.beside("server.git");
    work.git(&["clone", "-q", "--bare", ".", bare.path.to_str().unwrap()]);
    let clone = work.beside("clone");
    std::fs::create_dir(&clone.path).unwrap();
    clone.git(&["init", "-q"]);
    clone.git(&["remote", "add", "origin", &format!("file://{}", bare.path.display())]);
    clone.git(&["fetch", "-q", "--depth=1", "origin", &after]);
    clone.git(&["checkout", "-q", "--detach", &after]);
    (clone, before, after)
}

/// A push as the runner of actions tells it, and the files into which its steps write.
struct Push {
    event: String,
    output: String,
    summary: String,
}

impl Push {
    fn new(clone: &Repo, before: &str, after: &str) -> Self {
        let file = |name: &str, content: &str| {
            let path = clone.path.with_file_name(name);
            std::fs::write(&path, content).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let event = format!("{{\"ref\":\"refs/heads/main\",\"before\":\"{before}\",\"after\":\"{after}\"}}");
        Self { event: file("event.json", &event), output: file("output", ""), summary: file("summary", "") }
    }

    /// The runner's variables, and these.
    fn variables<'v>(&'v self, more: &[(&'v str, &'v str)]) -> Vec<(&'v str, &'v str)> {
        let own = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_EVENT_PATH", self.event.as_str()),
            ("GITHUB_OUTPUT", self.output.as_str()),
            ("GITHUB_STEP_SUMMARY", self.summary.as_str()),
        ];
        own.iter().chain(more).copied().collect()
    }
}

/// Runs a shell step.
fn step(repo: &Repo, script: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = scrubbed("bash", &repo.home);
    // As the runner does it.
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(&repo.path).envs(variables.iter().copied());
    feed(command, b"")
}

#[test]
fn the_actions_shape() {
    let action = yaml("action.yml");
    keys(&action, &["name", "author", "description", "branding", "inputs", "outputs", "runs"]);
    assert!(text(&action["description"]).len() < 125);
    keys(&action["branding"], &["icon", "color"]);
    assert!(
        ["white", "black", "yellow", "blue", "green", "orange", "red", "purple", "gray-dark"].contains(&text(&action["branding"]["color"]))
    );
    for (name, input) in action["inputs"].as_mapping().unwrap() {
        keys(input, &["description", "required", "default", "deprecationMessage"]);
        assert!(!text(&input["description"]).is_empty() && input["default"].is_string(), "{name:?}");
    }
    keys(&action["runs"], &["using", "steps"]);
    assert_eq!(text(&action["runs"]["using"]), "composite");
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    for step in steps {
        keys(step, &["name", "id", "if", "shell", "env", "run"]);
        assert_eq!(text(&step["shell"]), "bash", "a step of a composite action names its shell");
        // What a request can choose never becomes part of a script.
        assert!(!text(&step["run"]).contains("${{"), "{step:?}");
    }
    for (_, output) in action["outputs"].as_mapping().unwrap() {
        keys(output, &["description", "value"]);
        let name = text(&output["value"]).trim_start_matches("${{ steps.").split('.').next().unwrap();
        assert!(steps.iter().any(|step| step["id"].as_str() == Some(name)), "{output:?}");
    }
    let given = steps.iter().filter_map(|step| step["env"].as_mapping()).flatten();
    for (_, value) in given {
        let name = text(value).trim_start_matches("${{ inputs.").trim_end_matches(" }}");
        assert!(action["inputs"].get(name).is_some(), "{name} is no input");
    }
}

#[test]
fn the_actions_steps_run() {
    let action = yaml("action.yml");
    let script = text(&action["runs"]["steps"][1]["run"]).to_owned();
    let (clone, before, after) = setting();
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    for (from, arguments, code) in [(&before, "", 1), (&after, "", 0), (&before, "--exit-code\n5\n\n--severity\ncritical", 5)] {
        let push = Push::new(&clone, from, &after);
        let variables = push.variables(&[
            ("RUNNER_TEMP", "/nowhere"),
            ("INPUT_ARGS", arguments),
            ("INPUT_DEEPEN", "true"),
            ("INPUT_SARIF", "out.sarif"),
            ("INPUT_PROGRAM", PROGRAM),
        ]);
        let ran = step(&clone, &script, &variables);
        let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert_eq!(ran.status.code(), Some(code), "{said}");
        assert!(read(&push.output).contains(&format!("exit-code={code}\nsarif=out.sarif\n")), "{}", read(&push.output));
        let sarif = std::fs::read_to_string(clone.path.join("out.sarif")).unwrap();
        assert!(sarif.contains("\"2.1.0\"") && !sarif.contains(&token(1)));
        assert_eq!(said.contains("::error"), code != 0, "{said}");
        assert!(!read(&push.summary).is_empty() && !read(&push.summary).contains(&token(1)), "{}", read(&push.summary));
    }
}

/// A program of that name which does what the shell says, in a folder that goes first in the PATH.
fn stub(repo: &Repo, name: &str, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let folder = repo.home.join("stubs");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// The build step asks cargo for what the next step then runs; cargo itself is not run, it would build for minutes.
#[test]
fn the_actions_build_step_puts_the_program_where_the_scan_takes_it_from() {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    let (build, scan) = (text(&steps[0]["run"]), text(&steps[1]["run"]));
    assert_eq!(text(&steps[0]["if"]), "inputs.program == ''");
    let (clone, before, after) = setting();
    let temp = clone.home.join("a temp");
    let here = env!("CARGO_MANIFEST_DIR");
    let cargo = format!(
        "printf '%s\\n' \"$@\" > \"$HOME/asked\"\n\
         while [ \"$#\" -gt 0 ]; do\n  case $1 in --path) path=$2 ;; --root) root=$2 ;; esac\n  shift\ndone\n\
         grep -q '^name = \"unleak\"' \"$path/Cargo.toml\" && test -f \"$path/Cargo.lock\" || exit 101\n\
         mkdir -p \"$root/bin\" && cp '{PROGRAM}' \"$root/bin/unleak\""
    );
    let path = stub(&clone, "cargo", &cargo);
    let temp_text = temp.to_str().unwrap();
    let built = step(&clone, build, &[("PATH", &path), ("GITHUB_ACTION_PATH", here), ("RUNNER_TEMP", temp_text)]);
    assert_eq!(built.status.code(), Some(0), "{}", String::from_utf8_lossy(&built.stderr));
    let asked = std::fs::read_to_string(clone.home.join("asked")).unwrap();
    assert_eq!(asked.lines().next(), Some("install"));
    assert!(asked.lines().any(|word| word == "--locked"), "what is built is what was tested: {asked}");
    assert!(temp.join("unleak/bin/unleak").is_file());
    let push = Push::new(&clone, &before, &after);
    let variables = push.variables(&[
        ("RUNNER_TEMP", temp_text),
        ("INPUT_ARGS", ""),
        ("INPUT_DEEPEN", "true"),
        ("INPUT_SARIF", "a b.sarif"),
        ("INPUT_PROGRAM", ""),
    ]);
    let ran = step(&clone, scan, &variables);
    assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(clone.path.join("a b.sarif").is_file());
    let failed = step(&clone, build, &[("PATH", &path), ("GITHUB_ACTION_PATH", temp_text), ("RUNNER_TEMP", temp_text)]);
    assert_eq!(failed.status.code(), Some(101), "a build that fails ends the action");
}

#[test]
fn the_action_says_what_a_shallow_clone_lacks() {
    let action = yaml("action.yml");
    let script = text(&action["runs"]["steps"][1]["run"]).to_owned();
    let (clone, before, after) = setting();
    let push = Push::new(&clone, &before, &after);
    let variables =
        push.variables(&[("INPUT_ARGS", ""), ("INPUT_DEEPEN", "false"), ("INPUT_SARIF", "out.sarif"), ("INPUT_PROGRAM", PROGRAM)]);
    let ran = step(&clone, &script, &variables);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(3), "{said}");
    assert!(said.contains("fetch-depth: 0"), "{said}");
    assert!(std::fs::read_to_string(&push.output).unwrap().contains("exit-code=3"));
}

#[test]
fn the_gitlab_template() {
    let template = yaml("templates/gitlab.yml");
    keys(&template, &["unleak"]);
    let job = &template["unleak"];
    keys(job, &["stage", "image", "variables", "script", "artifacts", "rules"]);
    keys(&job["image"], &["name", "entrypoint"]);
    assert_eq!(text(&job["variables"]["GIT_DEPTH"]), "0", "variables are texts");
    keys(&job["artifacts"], &["when", "paths", "reports"]);
    assert_eq!(text(&job["artifacts"]["when"]), "always", "a job that fails has to upload its report");
    keys(&job["artifacts"]["reports"], &["secret_detection", "codequality"]);
    for rule in job["rules"].as_sequence().unwrap() {
        keys(rule, &["if", "when"]);
        assert!(text(&rule["if"]).starts_with("$CI_"));
    }
    let (clone, before, after) = setting();
    let script: Vec<&str> = job["script"].as_sequence().unwrap().iter().map(text).collect();
    let path = format!("{}:{}", Path::new(PROGRAM).parent().unwrap().display(), std::env::var("PATH").unwrap());
    let variables = [
        ("PATH", path.as_str()),
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "push"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_BRANCH", "main"),
        ("CI_COMMIT_SHA", &after),
        ("CI_COMMIT_BEFORE_SHA", &before),
    ];
    // The runner's shell is bash where the image has one, else sh.
    for shell in [&["bash", "-eo", "pipefail"][..], &["sh", "-e"]] {
        let mut command = scrubbed(shell[0], &clone.home);
        command.args(&shell[1..]).args(["-c", &script.join("\n")]).current_dir(&clone.path).envs(variables);
        let ran = feed(command, b"");
        assert_eq!(ran.status.code(), Some(1), "{shell:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }
    for path in job["artifacts"]["paths"].as_sequence().unwrap() {
        let report = std::fs::read_to_string(clone.path.join(text(path))).unwrap();
        assert!(report.contains("b.env") && !report.contains(&token(1)), "{report}");
    }
    for (_, path) in job["artifacts"]["reports"].as_mapping().unwrap() {
        assert!(job["artifacts"]["paths"].as_sequence().unwrap().contains(path));
    }
    let mut request = variables.to_vec();
    request.retain(|(name, _)| !["CI_PIPELINE_SOURCE", "CI_COMMIT_BRANCH", "CI_COMMIT_BEFORE_SHA"].contains(name));
    request.extend([
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &after),
    ]);
    let clean = step(&clone, &script.join("\n"), &request);
    assert_eq!(clean.status.code(), Some(0), "{}", String::from_utf8_lossy(&clean.stderr));
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(clone.path.join("gl-secret-detection-report.json")).unwrap()).unwrap();
    assert_eq!((report["scan"]["status"].as_str(), report["vulnerabilities"].as_array().map(Vec::len)), (Some("success"), Some(0)));
}

#[test]
fn the_image_is_static_and_runs_as_nobody_in_particular() {
    let file = read("Dockerfile");
    let stages: Vec<&str> = file.split("\nFROM ").skip(1).collect();
    assert_eq!(stages.len(), 2, "what builds is not what is shipped");
    assert!(stages[0].contains("-alpine AS build") && stages[0].contains("readelf --dynamic") && stages[0].contains("--locked"));
    let user = stages[1].lines().rfind(|line| line.starts_with("USER ")).unwrap();
    assert!(!user.contains("root") && !user.starts_with("USER 0"), "{user}");
    let version = read("Cargo.toml").lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"').to_owned();
    assert!(stages[0].contains(&format!("rust:{version}-")), "the image builds with the Rust that we promise");
    assert!(read(".dockerignore").lines().any(|line| line == "target"));
}

/// The commands of the Dockerfile's `RUN`s, in order.
fn runs() -> Vec<String> {
    let file = read("Dockerfile").replace("\\\n", " ");
    file.lines().filter_map(|line| line.strip_prefix("RUN ")).map(str::to_owned).collect()
}

/// The commands of the image as docker hands them to its shell, with stand-ins for what only Alpine has, and for cargo.
#[test]
fn the_images_commands_run() {
    let runs = runs();
    assert_eq!(runs.len(), 3);
    let sh = |repo: &Repo, script: &str, path: &str| {
        let mut command = scrubbed("sh", &repo.home);
        let system = repo.home.join("system.gitconfig");
        command.args(["-c", script]).current_dir(&repo.path).env("PATH", path).env("GIT_CONFIG_SYSTEM", system);
        command.env_remove("GIT_CONFIG_NOSYSTEM");
        feed(command, b"")
    };
    let repo = Repo::folder();
    stub(&repo, "apk", "test \"$1 $2\" = 'add --no-cache'");
    stub(&repo, "adduser", "test \"$*\" = '-D -H -u 65532 unleak'");
    stub(
        &repo,
        "cargo",
        &format!("test \"$*\" = 'build --release --locked' && mkdir -p target/release && cp '{PROGRAM}' target/release/unleak"),
    );
    for (dynamic, code) in [("echo 'There is no dynamic section in this file.'", 0), ("echo ' (NEEDED) libc.so.6'", 1), ("exit 127", 127)] {
        let path = stub(&repo, "readelf", dynamic);
        let ran = sh(&repo, &runs[1], &path);
        assert_eq!(ran.status.code(), Some(code), "{dynamic}: {}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(String::from_utf8_lossy(&ran.stdout).starts_with("unleak "), code == 0);
    }
    let path = stub(&repo, "true", "exit 0");
    assert!(sh(&repo, &runs[0], &path).status.success());
    let ran = sh(&repo, &runs[2], &path);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let written = std::fs::read_to_string(repo.home.join("system.gitconfig")).unwrap();
    assert!(written.contains("directory = *"), "{written}");
}

#[test]
fn the_hooks_for_pre_commit() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    for hook in hooks.as_sequence().unwrap() {
        keys(hook, &["id", "name", "description", "entry", "args", "language", "types", "require_serial", "stages"]);
        assert_eq!(hook["require_serial"].as_bool(), Some(true));
        assert!(text(&hook["entry"]).starts_with("unleak hook run "));
        assert_eq!(hook["args"].as_sequence().unwrap().last().map(text), Some("--"), "a file may be called -x");
        if !text(&hook["id"]).contains("commit-msg") {
            assert_eq!(hook["types"].as_sequence().unwrap().iter().map(text).collect::<Vec<_>>(), ["file"]);
        }
    }
}
