//! The hook for coding agents: tool calls as JSON on standard input.

use serde_json::{Value, json};

use super::support::*;

/// Runs the hook; the answer is its exit code and what it said.
fn call(repo: &Repo, call: &Value) -> (i32, String) {
    let ran = run_with(&repo.home, &repo.path, &["hook", "run", "agent"], call.to_string().as_bytes());
    assert_eq!(ran.text(), "", "standard output is left alone");
    (ran.code, ran.stderr)
}

#[track_caller]
fn no(repo: &Repo, value: &Value, place: &str) {
    let (code, said) = call(repo, value);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains(place) && said.contains("blocked"), "{said}");
    (0..50).for_each(|seed| assert!(!said.contains(&token(seed)), "{said}"));
}

#[track_caller]
fn yes(repo: &Repo, value: &Value) {
    assert_eq!(call(repo, value), (0, String::new()));
}

#[test]
fn files_to_be_written() {
    let repo = Repo::folder();
    let secret = format!("first\nTOKEN={}\n", token(1));
    no(
        &repo,
        &json!({"hook_event_name": "PreToolUse", "tool_name": "Write", "tool_input": {"file_path": "/src/a.py", "content": secret}}),
        "/src/a.py:2:7",
    );
    no(&repo, &json!({"tool_name": "write_file", "tool_input": {"path": "a.py", "content": secret}}), "a.py:2:7");
    no(&repo, &json!({"toolName": "create", "toolArgs": json!({"path": "a.py", "content": secret}).to_string()}), "a.py:2:7");
    no(&repo, &json!({"tool_info": {"file_path": "a.py", "edits": [{"old_string": "x", "new_string": secret}]}}), "a.py:2:7");
    no(&repo, &json!({"tool_input": {"notebook_path": "a.ipynb", "new_source": secret}}), "a.ipynb:2:7");
    yes(&repo, &json!({"tool_name": "Write", "tool_input": {"file_path": "a.py", "content": "TOKEN = os.environ['TOKEN']\n"}}));
    yes(&repo, &json!({"tool_name": "Read", "tool_input": {"file_path": "a.py"}}));
}

#[test]
fn commands_prompts_and_unknown_shapes() {
    let repo = Repo::folder();
    no(
        &repo,
        &json!({"tool_name": "Bash", "tool_input": {"command": format!("curl -H 'Authorization: token {}'", token(2))}}),
        "standard input",
    );
    no(&repo, &json!({"hook_event_name": "UserPromptSubmit", "session_id": "x", "prompt": format!("use {}", token(3))}), "ghp_…");
    no(&repo, &json!({"something": {"new": [{"deep": token(4)}]}}), "ghp_…");
    no(&repo, &json!({"tool_input": {token(5): "as a key"}}), "ghp_…");
    // What a tool has answered is not about to be written.
    yes(&repo, &json!({"hook_event_name": "PostToolUse", "tool_input": {"file_path": "a"}, "tool_response": token(6)}));
    yes(&repo, &json!({}));
}

#[test]
fn what_stood_there_before_does_not_block() {
    let repo = Repo::folder();
    let line = format!("TOKEN={}\n", token(7));
    yes(&repo, &json!({"tool_input": {"file_path": "a", "old_string": line, "new_string": format!("# why\n{line}")}}));
    repo.write("b.env", &line);
    let cwd = repo.path.to_str().unwrap();
    yes(&repo, &json!({"cwd": cwd, "tool_input": {"file_path": "b.env", "content": format!("{line}A=1\n")}}));
    no(&repo, &json!({"cwd": cwd, "tool_input": {"file_path": "b.env", "content": format!("{line}B={}\n", token(8))}}), "b.env:2:3");
}

#[test]
fn what_is_no_call_is_refused() {
    let repo = Repo::folder();
    for input in ["", "no JSON", "[1]", "{\"tool_input\": "] {
        let ran = run_with(&repo.home, &repo.path, &["hook", "run", "agent"], input.as_bytes());
        assert_eq!(ran.code, 2, "{input}: {}", ran.stderr);
        assert!(ran.stderr.contains("no tool call"), "{}", ran.stderr);
        let open = run_with(&repo.home, &repo.path, &["hook", "run", "agent", "--fail-open"], input.as_bytes());
        assert_eq!(open.code, 0, "{input}: {}", open.stderr);
    }
}
