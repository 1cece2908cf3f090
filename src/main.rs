//! The program: arguments, command, exit code.

mod cli;
mod command;
mod config;
mod display;

use std::process::ExitCode;

use cli::Command;
use unleak::error::Exit;

fn main() -> ExitCode {
    display::plain(config::plain());
    let cli = cli::parse(std::env::args_os(), &|name| std::env::var_os(name));
    for (name, meant) in cli::mistyped(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())) {
        display::say("warning", &format!("the variable {name} means nothing; did you mean {meant}?"));
    }
    let done = match cli.command {
        Command::Scan(args) => command::scan::run(config::scan(args)),
        Command::Git(args) => command::scan::run(config::git(args)),
        Command::Dir(args) => command::scan::run(config::dir(args)),
        Command::Stdin(args) => command::scan::run(config::stdin(args)),
        Command::Detect(args) => command::scan::run(config::gitleaks(args, false)),
        Command::Protect(args) => command::scan::run(config::gitleaks(args, true)),
        Command::Hook(args) => command::hook::run(args),
        Command::Ci(args) => command::ci::run(config::ci::ci(*args)),
        Command::Doctor(args) => command::doctor::run(&args),
        Command::Completions(args) => command::shell::completions(&args),
        Command::Man(args) => command::shell::man(&args),
        Command::Verify(args) => command::verify::run(&args),
        Command::Analyze(args) => command::analyze::run(&args),
        Command::Revoke(args) => command::revoke::run(&args),
        Command::Demo(args) => command::demo::run(args),
        Command::Ignore(which) => command::ignore::run(which),
        Command::Baseline(which) => command::baseline::run(which),
        Command::Config(which) => command::config::run(which),
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
