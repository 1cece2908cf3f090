//! `unleak hook status`: which hooks are there, where, what was declared for them, and whether git runs them.

use std::fs;
use std::path::Path;

use unleak::error::{Exit, Result};

use super::install;
use super::script::{self, BEFORE};
use super::site::{self, How, Site};
use crate::cli::HookName;
use crate::command::git;
use crate::display::{answer, say};

/// Says of each hook whether it is installed.
pub fn status(global: bool) -> Result<Exit> {
    for line in lines(global)? {
        answer(&line);
    }
    Ok(Exit::Clean)
}

/// One line for each hook.
pub fn lines(global: bool) -> Result<Vec<String>> {
    let site = if global { site::global() } else { site::here() };
    let site = match site {
        Ok(site) => site,
        Err(error) if !global && error.kind == unleak::error::Kind::Configuration => {
            say("hook", &error.message);
            site::global()?
        }
        Err(error) => return Err(error),
    };
    site.notes.iter().filter(|_| site.how == How::Lines).for_each(|note| say("hook", note));
    HookName::ALL.iter().map(|&name| Ok(format!("{}: {}", name.file(), of(&site, name, global)?))).collect()
}

fn of(site: &Site, name: HookName, global: bool) -> Result<String> {
    match site.how {
        How::File => {
            let found = install::places(&site.folder, name).into_iter().find(|path| install::is_ours(path));
            Ok(found.map_or_else(|| "not installed".to_owned(), |path| file(&path, &site.folder, name)))
        }
        How::Lines => {
            let path = site.folder.join(name.file());
            let content = fs::read_to_string(&path).unwrap_or_default();
            if script::has_lines(&content) {
                return Ok(format!("installed in {}{}", path.display(), declared(&content, name)));
            }
            Ok(match shadowed(name, global)? {
                Some(path) => format!("installed in {path}, but git runs the hooks of core.hooksPath instead"),
                None => "not installed".to_owned(),
            })
        }
    }
}

fn file(path: &Path, folder: &Path, name: HookName) -> String {
    let content = fs::read_to_string(path).unwrap_or_default();
    let mut told = format!("installed in {}{}", path.display(), declared(&content, name));
    if path.extension().is_some_and(|extension| extension == "legacy") {
        told.push_str(", called by the pre-commit framework's hook");
    }
    if fs::symlink_metadata(folder.join(BEFORE).join(name.file())).is_ok() {
        told.push_str(", after the hook that was there before");
    }
    match script::program_of(&content) {
        Some(program) if !Path::new(&program).exists() => told.push_str(&format!("; its program {program} is gone")),
        _ => {}
    }
    told
}

fn declared(content: &str, name: HookName) -> String {
    script::arguments_of(content, name).map_or_else(String::new, |arguments| format!(" ({arguments})"))
}

/// A file of ours in `.git/hooks` that git does not run.
fn shadowed(name: HookName, global: bool) -> Result<Option<String>> {
    if global {
        return Ok(None);
    }
    let Some(common) = git::ask(&["rev-parse", "--git-common-dir"])? else { return Ok(None) };
    let found = install::places(&Path::new(&common).join("hooks"), name).into_iter().find(|path| install::is_ours(path));
    Ok(found.map(|path| path.display().to_string()))
}
