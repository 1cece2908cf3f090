//! Puts hooks in place and takes them away. A hook that was there is moved aside whole, with its bytes, mode and
//! times, and comes back so; a script that people share gets some lines and loses them again.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use unleak::error::{Error, Exit, Kind, Result};

use super::script::{self, BEFORE, Options};
use super::site::{self, How, Site};
use crate::cli::{HookName, InstallArgs, WhichArgs};
use crate::command::git;
use crate::config::hook::program;
use crate::display::{answer, say};

/// How long a push may wait for the scan on the server, where nothing else is said.
const RECEIVE: Duration = Duration::from_secs(30);

/// `unleak hook install`.
pub fn install(args: &InstallArgs) -> Result<Exit> {
    let site = if args.which.global { site::global() } else { site::here() }?;
    let names: &[HookName] = if args.which.hooks.is_empty() { &[HookName::PreCommit] } else { &args.which.hooks };
    let program = program()?;
    if let Some(template) = &site.template {
        fs::create_dir_all(template).map_err(|error| at(template, &error))?;
        git::run(&["config".as_ref(), "--global".as_ref(), "init.templateDir".as_ref(), template.as_os_str()])?;
        say("hook", &format!("init.templateDir of your git configuration is now {}", template.display()));
    }
    for &name in names {
        let timeout = args.timeout.or((name == HookName::PreReceive).then_some(RECEIVE));
        let options = Options { fail_open: args.policy.fail_open, timeout };
        let told = match site.how {
            How::File => put_file(&site.folder, name, &script::file(name, &program, &options))?,
            How::Lines => put_lines(&site.folder, name, &options)?,
        };
        answer(&format!("{}: {told}", name.file()));
    }
    site.notes.iter().for_each(|note| say("hook", note));
    Ok(Exit::Clean)
}

/// `unleak hook uninstall`.
pub fn uninstall(args: &WhichArgs) -> Result<Exit> {
    let site = if args.global { site::global() } else { site::here() }?;
    let names: &[HookName] = if args.hooks.is_empty() { HookName::ALL } else { &args.hooks };
    let mut any = false;
    for &name in names {
        let told = match site.how {
            How::File => take_file(&site.folder, name)?,
            How::Lines => take_lines(&site.folder, name)?,
        };
        // A hook that was put into .git/hooks before core.hooksPath was set is ours too.
        let told = match (told, site.how) {
            (None, How::Lines) => take_file(&own_folder()?, name)?,
            (told, _) => told,
        };
        any |= told.is_some();
        if told.is_some() || !args.hooks.is_empty() {
            answer(&format!("{}: {}", name.file(), told.as_deref().unwrap_or("not installed")));
        }
    }
    if args.global {
        forget_template(&site)?;
    }
    if !any && args.hooks.is_empty() {
        answer("no hook is installed");
    }
    Ok(Exit::Clean)
}

fn own_folder() -> Result<PathBuf> {
    let common =
        git::ask(&["rev-parse", "--git-common-dir"])?.ok_or_else(|| Error::input("the working directory is in no git repository"))?;
    Ok(Path::new(&common).join("hooks"))
}

/// Where a hook of ours may lie: under its name, or under that to which the pre-commit framework moves it.
pub fn places(folder: &Path, name: HookName) -> [PathBuf; 2] {
    [folder.join(name.file()), folder.join(format!("{}.legacy", name.file()))]
}

/// Whether a hook of ours lies there.
pub fn is_ours(path: &Path) -> bool {
    fs::read(path).is_ok_and(|content| script::is_ours(&content))
}

fn put_file(folder: &Path, name: HookName, text: &str) -> Result<String> {
    let path = folder.join(name.file());
    if let Some(known) = places(folder, name).into_iter().find(|path| is_ours(path)) {
        write(&known, text)?;
        return Ok(format!("installed in {} (it was there already)", known.display()));
    }
    fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    if fs::symlink_metadata(&path).is_err() {
        write(&path, text)?;
        return Ok(format!("installed in {}", path.display()));
    }
    let kept = folder.join(BEFORE).join(name.file());
    if fs::symlink_metadata(&kept).is_ok() {
        let message = format!("{}: a hook of an earlier installation lies there", kept.display());
        return Err(Error::configuration(message).hint("move it away, if it is not needed any more"));
    }
    fs::create_dir_all(folder.join(BEFORE)).map_err(|error| at(&folder.join(BEFORE), &error))?;
    carry(&path, &kept, Direction::Aside)?;
    if let Err(error) = write(&path, text) {
        carry(&kept, &path, Direction::Back)?;
        return Err(error);
    }
    Ok(format!("installed in {}; it first runs the hook that was there, now {}", path.display(), kept.display()))
}

fn take_file(folder: &Path, name: HookName) -> Result<Option<String>> {
    let Some(path) = places(folder, name).into_iter().find(|path| is_ours(path)) else { return Ok(None) };
    let kept = folder.join(BEFORE).join(name.file());
    if fs::symlink_metadata(&kept).is_err() {
        fs::remove_file(&path).map_err(|error| at(&path, &error))?;
        return Ok(Some(format!("removed from {}", path.display())));
    }
    carry(&kept, &path, Direction::Back)?;
    // It goes only when it is empty.
    let _ = fs::remove_dir(folder.join(BEFORE));
    Ok(Some(format!("removed from {}; the hook that was there is back", path.display())))
}

/// Which way a hook is moved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Aside,
    Back,
}

/// Moves a hook as it is. A relative symbolic link still has to lead where it led.
fn carry(from: &Path, to: &Path, direction: Direction) -> Result<()> {
    let link = fs::read_link(from).ok().filter(|target| target.is_relative());
    let Some(target) = link else { return fs::rename(from, to).map_err(|error| at(from, &error)) };
    let target = match direction {
        Direction::Aside => Path::new("..").join(target),
        Direction::Back => target.strip_prefix("..").map(Path::to_owned).unwrap_or(target),
    };
    let next = to.with_extension("unleak-new");
    link_to(&target, &next).and_then(|()| fs::rename(&next, to)).map_err(|error| at(to, &error))?;
    fs::remove_file(from).map_err(|error| at(from, &error))
}

#[cfg(unix)]
fn link_to(target: &Path, path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn link_to(target: &Path, path: &Path) -> std::io::Result<()> {
    fs::copy(path.parent().unwrap_or(path).join(target), path).map(drop)
}

fn put_lines(folder: &Path, name: HookName, options: &Options) -> Result<String> {
    let path = folder.join(name.file());
    let old = read_script(&path)?;
    if old.as_deref().is_some_and(script::has_lines) {
        return Ok(format!("installed in {} (it was there already)", path.display()));
    }
    let new = script::with_lines(old.as_deref(), name, options).ok_or_else(|| {
        let hint = format!("let it call `unleak hook run {}` with its own arguments", name.file());
        Error::configuration(format!("{}: it is no shell script, so no lines can be added", path.display())).hint(hint)
    })?;
    fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    match old {
        Some(_) => rewrite(&path, &new)?,
        None => write(&path, &new)?,
    }
    Ok(format!("installed in {}", path.display()))
}

fn take_lines(folder: &Path, name: HookName) -> Result<Option<String>> {
    let path = folder.join(name.file());
    let Some(old) = read_script(&path)?.filter(|old| script::has_lines(old)) else { return Ok(None) };
    match script::without_lines(&old) {
        Some(new) => rewrite(&path, &new)?,
        None => fs::remove_file(&path).map_err(|error| at(&path, &error))?,
    }
    Ok(Some(format!("removed from {}", path.display())))
}

/// A script of others, if there is one.
fn read_script(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| Error::configuration(format!("{}: it is no text", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path, &error)),
    }
}

/// Removes the template that we made, if nothing of others is in it.
fn forget_template(site: &Site) -> Result<()> {
    let ours = crate::config::hook::user_folder()?.join("git-template");
    if site.folder != ours.join("hooks") || fs::read_dir(&site.folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Ok(());
    }
    let _ = fs::remove_dir(&site.folder);
    if site.template.is_none() && fs::remove_dir(&ours).is_ok() {
        git::run(&["config", "--global", "--unset", "init.templateDir"])?;
        say("hook", "init.templateDir is taken out of your git configuration; repositories that have the hook keep it");
    }
    Ok(())
}

/// Writes a hook that git can run, whole or not at all.
fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let make = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        #[cfg(unix)]
        file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        file.persist(path).map(drop).map_err(|failed| failed.error)
    };
    make().map_err(|error| at(path, &error))
}

/// Writes a script of others in place, so that its mode and owner stay.
fn rewrite(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| at(path, &error))
}

fn at(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Output, Error::at(path, error).message)
}
