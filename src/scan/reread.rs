//! Reads a secret again that an earlier report tells of: the object or file that a place names is scanned once more,
//! and what has the report's fingerprint is the secret. So no report has to hold a value. It does not know why.

use std::ffi::OsStr;
use std::path::Path;

use super::collect::{Collector, Spot};
use super::join::{self, Shown};
use crate::detect::Detector;
use crate::finding::Finding;
use crate::object::Oid;
use crate::report::parse::ToldPlace;
use crate::secret::FingerprintKey;
use crate::source::git::odb::Odb;
use crate::source::git::repo::Repo;
use crate::source::stream::scan_text;
use crate::source::target::{self, Mode, Repository, Target};
use crate::suppress::Suppress;

/// The most bytes of a file or object that is read again.
const MOST: u64 = 256 << 20;

/// The secret of that fingerprint at that place of a target; an error says why it is not there.
pub fn reread(detector: &Detector, key: &FingerprintKey, at: (&OsStr, &ToldPlace), fingerprint: &str) -> Result<Finding, String> {
    let (target, place) = at;
    let bytes = bytes(target, place)?;
    let collector = Collector::new(detector);
    let mut spot = Spot::new(place.kind, 0);
    spot.path.clone_from(&place.path);
    spot.object = place.object.as_ref().and_then(|hex| Oid::from_hex(hex.as_bytes()));
    spot.repo = place.repo.clone().into();
    collector.scanned(&spot, scan_text(detector, &bytes));
    let mut found: Vec<Finding> = join::findings(&collector, key, &Suppress::nothing(), Shown::ALL)
        .into_iter()
        .filter(|finding| finding.fingerprint == fingerprint)
        .collect();
    // Weak secrets may share a fingerprint: the place decides.
    found.sort_by_key(|finding| !finding.places.iter().any(|one| one.start == place.start));
    found.into_iter().next().ok_or_else(|| "the value that stands there now is another".to_owned())
}

fn bytes(target: &OsStr, place: &ToldPlace) -> Result<Vec<u8>, String> {
    let mode = if place.repo.is_empty() { Mode::Auto } else { Mode::Git };
    let outer = target::look(target, Mode::Auto).map_err(|error| error.message)?;
    let found = match outer {
        Target::Repository(found) if place.repo.is_empty() => Target::Repository(found),
        Target::Repository(Repository { work_tree: Some(top), .. }) | Target::Directory { path: top, .. } if !place.repo.is_empty() => {
            target::look(top.join(&place.repo).as_os_str(), mode).map_err(|error| error.message)?
        }
        other => other,
    };
    match found {
        Target::Repository(found) => match &place.object {
            Some(hex) => object(&found, hex),
            None => file(found.work_tree.as_deref().unwrap_or(&found.git_dir), place),
        },
        Target::Directory { path, .. } => file(&path, place),
        Target::File(path) => read(&path),
        Target::Stdin => Err("standard input cannot be read again".to_owned()),
        Target::Remote(_) => Err("a URL is not cloned again: name a clone of it as target".to_owned()),
        Target::Unreadable(error) => Err(error.message),
    }
}

fn object(found: &Repository, hex: &str) -> Result<Vec<u8>, String> {
    let oid = Oid::from_hex(hex.as_bytes()).ok_or_else(|| "its object id is none".to_owned())?;
    let repo = Repo::open(&found.git_dir, found.work_tree.as_deref())?;
    let (_, bytes) = Odb::open(&repo.objects(), repo.hash, true).read(&oid).map_err(|error| error.to_string())?;
    Ok(bytes.to_vec())
}

/// A file below the folder; nothing above it, and no link out of it.
fn file(folder: &Path, place: &ToldPlace) -> Result<Vec<u8>, String> {
    let path = place.path.as_ref().ok_or_else(|| "the report names no path".to_owned())?;
    let path = bstr::ByteSlice::to_path(path.as_slice()).map_err(|_| "its path is no path here".to_owned())?;
    if path.components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
        return Err("its path leads out of the target".to_owned());
    }
    read(&folder.join(path))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| format!("{}: {}", path.display(), crate::error::describe(&error));
    let about = std::fs::symlink_metadata(path).map_err(told)?;
    if !about.is_file() || about.len() > MOST {
        return Err(format!("{}: no plain file of a size to be read again", path.display()));
    }
    std::fs::read(path).map_err(told)
}
