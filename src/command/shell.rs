//! `unleak completions` and `unleak man`: prints what the shell and the manual want.

use std::fs;
use std::io::{self, Write};

use unleak::error::{Error, Exit, Kind, Result, describe};

use crate::cli::{self, CompletionsArgs, ManArgs};
use crate::display;

/// `unleak completions`.
pub fn completions(args: &CompletionsArgs) -> Result<Exit> {
    print(&cli::completions(args.shell))
}

/// `unleak man`.
pub fn man(args: &ManArgs) -> Result<Exit> {
    let Some(folder) = &args.all else {
        let page =
            cli::man(&args.command).ok_or_else(|| Error::usage(format!("there is no command `unleak {}`", args.command.join(" "))))?;
        return print(&page);
    };
    let failed = |error: &io::Error| Error::new(Kind::Output, format!("{}: {}", folder.display(), describe(error)));
    fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let pages = cli::all_pages();
    for (name, page) in &pages {
        fs::write(folder.join(name), page).map_err(|error| failed(&error))?;
    }
    display::say("man", &format!("{} pages written to {}", pages.len(), folder.display()));
    Ok(Exit::Clean)
}

fn print(bytes: &[u8]) -> Result<Exit> {
    match io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(Kind::Output, format!("standard output: {}", describe(&error))))
        }
        _ => Ok(Exit::Clean),
    }
}
