//! What a shell and its manual want of the command line: completions and man pages, made from the same
//! description as the help. It writes nowhere.

use clap::{Args, ValueEnum};
use clap_complete::Shell;

use super::command;

/// `unleak completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  unleak completions bash > ~/.local/share/bash-completion/completions/unleak
  unleak completions zsh > \"${fpath[1]}/_unleak\"
  unleak completions fish > ~/.config/fish/completions/unleak.fish")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: ShellName,
}

/// The shells that there are completions for.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "lower")]
#[allow(missing_docs)]
pub enum ShellName {
    Bash,
    Elvish,
    Fish,
    PowerShell,
    Zsh,
}

/// `unleak man`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  unleak man hook install | man -l -")]
pub struct ManArgs {
    /// The command that the page is about; without one, the program
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    pub all: Option<std::path::PathBuf>,
}

/// The completions for a shell.
pub fn completions(shell: ShellName) -> Vec<u8> {
    let shell = match shell {
        ShellName::Bash => Shell::Bash,
        ShellName::Elvish => Shell::Elvish,
        ShellName::Fish => Shell::Fish,
        ShellName::PowerShell => Shell::PowerShell,
        ShellName::Zsh => Shell::Zsh,
    };
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut command(), "unleak", &mut out);
    out
}

/// The man page of a command; `None` where there is no such command.
pub fn man(path: &[String]) -> Option<Vec<u8>> {
    let mut command = command();
    command.build();
    let mut found = &command;
    for name in path {
        found = found.find_subcommand(name)?;
    }
    page(found)
}

/// All man pages with the names of their files.
pub fn all_pages() -> Vec<(String, Vec<u8>)> {
    fn collect(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) {
        pages.extend(page(command).map(|page| (format!("{}.1", name(command)), page)));
        let inner = command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help");
        inner.for_each(|inner| collect(inner, pages));
    }
    let mut command = command();
    command.build();
    let mut pages = Vec::new();
    collect(&command, &mut pages);
    pages
}

fn name(command: &clap::Command) -> String {
    command.get_bin_name().unwrap_or(command.get_name()).replace(' ', "-")
}

fn page(command: &clap::Command) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name(command)).render(&mut out).ok()?;
    Some(out)
}
