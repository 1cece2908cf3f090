//! What steers the scan is read from before what is scanned: a request cannot switch its own scan off.

use super::support::*;

const OFF: &str = "[[allow]]\npath = \"**\"\nreason = \"nothing to see\"\n";

/// A server whose main has one more commit, with these files, and a topic that adds secret 4 on top.
struct Setting {
    server: Server,
    base: String,
    head: String,
}

impl Setting {
    fn new(base: &[(&str, String)], topic: &[(&str, String)]) -> Self {
        let server = Server::new();
        let work = &server.work;
        work.git(&["switch", "-q", "main"]);
        base.iter().for_each(|(name, text)| work.add(name, text));
        let base = work.commit("base");
        work.git(&["switch", "-qc", "request"]);
        leak(work, "leak", 4);
        topic.iter().for_each(|(name, text)| work.add(name, text));
        let head = work.commit("topic");
        work.git(&["push", "-q", "origin", "main", "request"]);
        Self { server, base, head }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let clone = self.server.clone_at(&format!("clone{}", arguments.len()), &self.head);
        let variables = [
            ("GITLAB_CI", "true"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", self.base.as_str()),
            ("CI_COMMIT_SHA", self.head.as_str()),
        ];
        ci(&clone, &variables, arguments)
    }
}

/// The ignore file that hides secret 4.
fn ignoring(setting: &Setting) -> String {
    let finding = setting.run(&[]).report().0["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    format!("{finding} github-pat # reason=a test\n")
}

#[test]
fn a_request_cannot_switch_its_own_scan_off() {
    let setting = Setting::new(&[], &[(".unleak.toml", OFF.to_owned())]);
    let ran = setting.run(&[]);
    finds(&ran, &[4], "merge request 7");
    assert!(ran.stderr.contains(".unleak.toml: it is changed by what is scanned"), "{}", ran.stderr);
    assert!(ran.report().notices().iter().any(|notice| notice.contains(".unleak.toml")), "{:?}", ran.report().notices());
    // Nor by a file that the pipeline names.
    let setting = Setting::new(&[], &[("ci/unleak.toml", OFF.to_owned())]);
    let ran = setting.run(&["-c", "ci/unleak.toml"]);
    finds(&ran, &[4], "merge request 7");
    assert!(ran.report().notices().iter().any(|notice| notice.contains("not in force")), "{:?}", ran.report().notices());
    // Nor by a broken one.
    let setting = Setting::new(&[], &[(".unleak.toml", "nonsense".to_owned())]);
    finds(&setting.run(&[]), &[4], "merge request 7");
    // Nor by an inherited one that it changes.
    let named = "extends = [\"builtin\", \"ci/more.toml\"]\n".to_owned();
    let setting = Setting::new(&[(".unleak.toml", named), ("ci/more.toml", String::new())], &[("ci/more.toml", OFF.to_owned())]);
    finds(&setting.run(&[]), &[4], "merge request 7");
}

#[test]
fn what_was_there_before_is_in_force() {
    let setting = Setting::new(&[(".unleak.toml", OFF.to_owned())], &[(".unleak.toml", String::new())]);
    let ran = setting.run(&[]);
    finds(&ran, &[], "merge request 7");
    assert!(ran.stderr.contains(".unleak.toml: it is changed by what is scanned"), "{}", ran.stderr);
    finds(&setting.run(&["--strict"]), &[4], "merge request 7");
    finds(&setting.run(&["--no-config", "--no-progress"]), &[4], "merge request 7");
    // By the name that the pipeline gives.
    let setting = Setting::new(&[("ci/unleak.toml", OFF.to_owned())], &[("ci/unleak.toml", String::new())]);
    let ran = setting.run(&["-c", "./ci/unleak.toml"]);
    finds(&ran, &[], "merge request 7");
    assert!(ran.stderr.contains("ci/unleak.toml: it is changed"), "{}", ran.stderr);
}

#[test]
fn ignore_files() {
    let text = ignoring(&Setting::new(&[], &[]));
    let setting = Setting::new(&[], &[(".unleakignore", text.clone())]);
    finds(&setting.run(&[]), &[4], "merge request 7");
    let setting = Setting::new(&[(".unleakignore", text)], &[]);
    finds(&setting.run(&[]), &[], "merge request 7");
}

#[test]
fn the_server_is_steered_by_its_own_head() {
    let setting = Setting::new(&[], &[(".unleak.toml", OFF.to_owned())]);
    let bare = &setting.server.bare;
    let hook = crate::common::run::run(&bare.home, &bare.path, &["hook", "install", "pre-receive"]);
    assert_eq!(hook.code, 0, "{}", hook.stderr);
    let work = &setting.server.work;
    leak(work, "more", 5);
    let push = work.try_git(&["push", "-q", "origin", "HEAD:refs/heads/again"], b"");
    assert!(!push.status.success());
    // Once main has it, it is in force.
    bare.git(&["update-ref", "refs/heads/main", &setting.head]);
    work.git(&["push", "-q", "origin", "HEAD:refs/heads/again"]);
}
