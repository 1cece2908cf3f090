//! The action for GitHub, the template for GitLab, the Dockerfile and the list of hooks for pre-commit: their shape,
//! and their shell steps run as the pipelines run them.

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
    let file = |name: &str, content: &str| {
        let path = clone.path.with_file_name(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    for (from, arguments, code) in [(&before, "", 1), (&after, "", 0), (&before, "--exit-code\n5\n\n--severity\ncritical", 5)] {
        let event = file("event.json", &format!("{{\"ref\":\"refs/heads/main\",\"before\":\"{from}\",\"after\":\"{after}\"}}"));
        let (output, summary) = (file("output", ""), file("summary", ""));
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_EVENT_PATH", event.as_str()),
            ("GITHUB_OUTPUT", &output),
            ("GITHUB_STEP_SUMMARY", &summary),
            ("RUNNER_TEMP", "/nowhere"),
            ("INPUT_ARGS", arguments),
            ("INPUT_DEEPEN", "true"),
            ("INPUT_SARIF", "out.sarif"),
            ("INPUT_PROGRAM", PROGRAM),
        ];
        let ran = step(&clone, &script, &variables);
        let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert_eq!(ran.status.code(), Some(code), "{said}");
        assert!(read(&output).contains(&format!("exit-code={code}\nsarif=out.sarif\n")), "{}", read(&output));
        let sarif = std::fs::read_to_string(clone.path.join("out.sarif")).unwrap();
        assert!(sarif.contains("\"2.1.0\"") && !sarif.contains(&token(1)));
        assert_eq!(said.contains("::error"), code != 0, "{said}");
        assert!(!read(&summary).is_empty() && !read(&summary).contains(&token(1)), "{}", read(&summary));
    }
}

#[test]
fn the_action_says_what_a_shallow_clone_lacks() {
    let action = yaml("action.yml");
    let script = text(&action["runs"]["steps"][1]["run"]).to_owned();
    let (clone, before, after) = setting();
    let file = |name: &str, content: &str| {
        let path = clone.path.with_file_name(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let event = file("event.json", &format!("{{\"ref\":\"refs/heads/main\",\"before\":\"{before}\",\"after\":\"{after}\"}}"));
    let (output, summary) = (file("output", ""), file("summary", ""));
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_EVENT_PATH", event.as_str()),
        ("GITHUB_OUTPUT", &output),
        ("GITHUB_STEP_SUMMARY", &summary),
        ("INPUT_ARGS", ""),
        ("INPUT_DEEPEN", "false"),
        ("INPUT_SARIF", "out.sarif"),
        ("INPUT_PROGRAM", PROGRAM),
    ];
    let ran = step(&clone, &script, &variables);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(3), "{said}");
    assert!(said.contains("fetch-depth: 0"), "{said}");
    assert!(std::fs::read_to_string(&output).unwrap().contains("exit-code=3"));
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
    let ran = step(&clone, &script.join("\n"), &variables);
    assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stderr));
    for path in job["artifacts"]["paths"].as_sequence().unwrap() {
        let report = std::fs::read_to_string(clone.path.join(text(path))).unwrap();
        assert!(report.contains("b.env") && !report.contains(&token(1)), "{report}");
    }
    for (_, path) in job["artifacts"]["reports"].as_mapping().unwrap() {
        assert!(job["artifacts"]["paths"].as_sequence().unwrap().contains(path));
    }
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
