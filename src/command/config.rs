//! `unleak config`: shows the configuration in force, checks files of it. It scans nothing.

use std::io::{self, Write};
use std::path::PathBuf;

use unleak::error::{Error, Exit, Kind, Result, describe};
use unleak::scan::Plan;
use unleak::source::target::Mode;

use crate::cli::{ConfigCommand, ReportArgs};
use crate::config::around::Around;
use crate::config::{self, show};

/// Runs the command.
pub fn run(which: ConfigCommand) -> Result<Exit> {
    match which {
        ConfigCommand::Show(args) => {
            let (around, job) = load(&args)?;
            print(&show::show(&around, &job))
        }
        ConfigCommand::Check { files, report } => check(&files, report),
    }
}

fn load(args: &ReportArgs) -> Result<(Around, config::Job)> {
    let targets = [".".into()];
    let around = Around::new(&targets, Mode::Auto, args)?;
    let job = config::job(Plan::default(), args, &around)?;
    Ok((around, job))
}

/// Checks each file as if it were the only one, or those in force together.
fn check(files: &[PathBuf], mut report: ReportArgs) -> Result<Exit> {
    if files.is_empty() {
        let (around, job) = load(&report)?;
        let names = around.layers.names();
        let read = if names.is_empty() {
            "no files".to_owned()
        } else {
            names.iter().map(|name| name.display().to_string()).collect::<Vec<_>>().join(", ")
        };
        return print(&[format!("{read}: fine, {} rules in force", job.rules.rules().len())]);
    }
    report.no_config = true;
    for file in files {
        report.config = vec![file.clone()];
        let (_, job) = load(&report)?;
        print(&[format!("{}: fine, {} rules in force", file.display(), job.rules.rules().len())])?;
    }
    Ok(Exit::Clean)
}

fn print(lines: &[String]) -> Result<Exit> {
    let mut out = io::stdout().lock();
    for line in lines {
        match writeln!(out, "{}", unleak::report::sanitize::sanitize(line)) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Clean),
            Err(error) => return Err(Error::new(Kind::Output, format!("standard output: {}", describe(&error)))),
            Ok(()) => {}
        }
    }
    Ok(Exit::Clean)
}
