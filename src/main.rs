//! The program: arguments, command, exit code.

mod cli;
mod command;
mod config;
mod display;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Command};
use unleak::error::Exit;

fn main() -> ExitCode {
    let cli = Cli::parse_from(cli::with_command(std::env::args_os()));
    let done = match cli.command {
        Command::Scan(args) => command::scan::run(config::scan(args)),
        Command::Git(args) => command::scan::run(config::git(args)),
        Command::Dir(args) => command::scan::run(config::dir(args)),
        Command::Stdin(args) => command::scan::run(config::stdin(args)),
        Command::Demo(args) => command::demo::run(args),
        Command::Rules(args) => command::rules::run(args),
        Command::Explain(args) => command::explain::run(&args),
    };
    let exit = done.unwrap_or_else(|error| {
        display::error(&error);
        error.exit()
    });
    if let Exit::Interrupted(_) = exit {
        // A reader of standard input may still wait for its next byte.
        std::process::exit(i32::from(exit.code()));
    }
    ExitCode::from(exit.code())
}
