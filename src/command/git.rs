//! The user's own git, started only for what he asks for by name in his own repository: where hooks belong,
//! and fetching what a clone lacks. It decides nothing.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use unleak::error::{Error, Result, describe};

/// Runs git in the working directory. Returns what it printed without the last line feed; `None` where it
/// ended with an error. What it says on standard error is not shown.
pub fn ask<S: AsRef<OsStr>>(args: &[S]) -> Result<Option<String>> {
    let output = Command::new("git").args(args).stdin(Stdio::null()).stderr(Stdio::null()).output().map_err(|error| {
        Error::input(format!("git cannot be started: {}", describe(&error))).hint("install git, or put it into the PATH")
    })?;
    let text = String::from_utf8(output.stdout).map_err(|_| Error::input("git printed something that is no text"))?;
    Ok(output.status.success().then(|| text.strip_suffix('\n').unwrap_or(&text).to_owned()))
}

/// The same where an error of git's is one of ours; git says why itself.
pub fn run<S: AsRef<OsStr>>(args: &[S]) -> Result<()> {
    let status = Command::new("git").args(args).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.map_err(|error| Error::input(format!("git cannot be started: {}", describe(&error))))?;
    if status.success() {
        return Ok(());
    }
    let shown: Vec<_> = args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect();
    Err(Error::input(format!("`git {}` failed", shown.join(" "))))
}
