//! Runs the program as a user does, in a clean environment, and reads its JSON report. It knows the report's
//! shape, not what should stand in it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::repo::{feed, scrubbed};

/// The program's own path.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_unleak");

/// What a run left behind.
pub struct Ran {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

/// A command that runs the program with that home.
pub fn unleak(home: &Path) -> Command {
    scrubbed(PROGRAM, home)
}

impl Ran {
    fn from(output: Output) -> Self {
        let code = output.status.code().unwrap_or_else(|| panic!("ended by a signal: {output:?}"));
        Self { code, stdout: output.stdout, stderr: String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard output as a JSON report.
    #[track_caller]
    pub fn report(&self) -> Report {
        let parsed = serde_json::from_slice(&self.stdout);
        Report(parsed.unwrap_or_else(|error| panic!("{error}; exit {}\n{}\n{}", self.code, self.text(), self.stderr)))
    }
}

/// Runs the program in a folder.
pub fn run<S: AsRef<OsStr>>(home: &Path, folder: &Path, args: &[S]) -> Ran {
    run_with(home, folder, args, b"")
}

/// The same with something on standard input.
pub fn run_with<S: AsRef<OsStr>>(home: &Path, folder: &Path, args: &[S], input: &[u8]) -> Ran {
    let mut command = unleak(home);
    command.current_dir(folder).args(args);
    Ran::from(feed(command, input))
}

/// Runs a prepared command.
pub fn finish(command: Command, input: &[u8]) -> Ran {
    Ran::from(feed(command, input))
}

/// A JSON report.
pub struct Report(pub Value);

impl Report {
    pub fn complete(&self) -> bool {
        self.0["complete"].as_bool().unwrap()
    }

    pub fn findings(&self) -> &[Value] {
        self.0["findings"].as_array().unwrap()
    }

    /// The finding of that value; the run must have shown secrets.
    pub fn finding(&self, secret: &str) -> Option<&Value> {
        self.findings().iter().find(|finding| finding["secret"] == secret)
    }

    /// All whole values, sorted.
    pub fn secrets(&self) -> Vec<String> {
        let mut all: Vec<String> = self.findings().iter().map(|f| f["secret"].as_str().unwrap().to_owned()).collect();
        all.sort();
        all
    }

    /// Every notice as `what | where | why`, with `!` before those that make the scan incomplete.
    pub fn notices(&self) -> Vec<String> {
        let all = self.0["notices"].as_array().unwrap().iter();
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        let mark = |v: &Value| if v["incomplete"].as_bool().unwrap() { "!" } else { "" };
        all.map(|n| format!("{}{} | {} | {}", mark(n), text(&n["what"]), text(&n["where"]), text(&n["why"]))).collect()
    }

    /// What defaults left out.
    pub fn left_out(&self) -> Vec<String> {
        let all = self.0["coverage"]["left_out"].as_array().unwrap().iter();
        all.map(|l| format!("{} | {}", l["what"].as_str().unwrap(), l["how"].as_str().unwrap())).collect()
    }
}

/// Runs the program for at most so many seconds; one that blocks is ended, and that is a failure.
#[track_caller]
pub fn bounded<S: AsRef<OsStr>>(home: &Path, folder: &Path, args: &[S], seconds: u64) -> Ran {
    let mut command = unleak(home);
    command.current_dir(folder).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let id = child.id();
    let (sender, done) = std::sync::mpsc::channel();
    let waiter = std::thread::spawn(move || sender.send(child.wait_with_output().unwrap()));
    let output = done.recv_timeout(Duration::from_secs(seconds));
    if output.is_err() {
        signal(id, rustix::process::Signal::KILL);
    }
    waiter.join().unwrap().ok();
    Ran::from(output.unwrap_or_else(|_| panic!("still running after {seconds} s")))
}

/// Sends a signal to a process that a test started.
pub fn signal(process: u32, signal: rustix::process::Signal) {
    let process = rustix::process::Pid::from_raw(process as i32).unwrap();
    rustix::process::kill_process(process, signal).unwrap();
}
