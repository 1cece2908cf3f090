//! `unleak hook`: puts hooks in place, takes them away, says what is there, and runs them.

mod agent;
mod install;
mod push;
mod run;
mod script;
mod site;
mod status;

use unleak::error::{Exit, Result};

use crate::cli::{HookArgs, HookCommand};
use crate::config;

/// What `unleak hook status` says of the working directory's repository, a line for each hook.
pub fn lines() -> Result<Vec<String>> {
    status::lines(false)
}

/// Does what was asked for.
pub fn run(args: HookArgs) -> Result<Exit> {
    match args.what {
        HookCommand::Install(args) => install::install(&args),
        HookCommand::Uninstall(args) => install::uninstall(&args),
        HookCommand::Status(args) => status::status(args.global),
        HookCommand::Run(args) => {
            let (agent, open) = (args.name == crate::cli::RunName::Agent, args.policy.fail_open);
            run::run(config::hook::hook(*args)).or_else(|error| run::refused(error, agent, open))
        }
    }
}
