//! A place in words and as a path, and which of a finding's places stands for it. It does not know the formats.

use std::borrow::Cow;

use super::document::{Document, FindingEntry, PlaceEntry};
use super::sanitize::sanitize;
use crate::finding::PlaceKind;

/// A place in words: a path that editors and terminals can open, where there is one.
pub(super) fn spot(document: &Document, place: &PlaceEntry) -> String {
    let mut path = String::new();
    if document.targets.len() > 1 {
        let target = document.targets.get(place.target).map_or("", String::as_str);
        path = format!("{}: ", sanitize(target));
    }
    if !place.repo.is_empty() {
        path.push_str(&sanitize(&place.repo));
        path.push('/');
    }
    path.push_str(&sanitize(place.path.as_deref().unwrap_or_default()));
    let (line, column) = (place.line, place.column);
    let commit = place.commit.as_deref().map_or("a commit".to_owned(), |id| format!("commit {}", short(id)));
    let mut spot = match place.kind {
        PlaceKind::CommitMessage => format!("message of {commit}, line {line}"),
        PlaceKind::TagMessage => format!("message of tag {path}, line {line}"),
        PlaceKind::Identity => format!("author, committer or tagger of {commit}"),
        PlaceKind::Path => format!("the name of {path}"),
        PlaceKind::Ref => format!("the name of ref {path}"),
        PlaceKind::Reflog => format!("reflog of {path}, line {line}"),
        PlaceKind::Config => format!("git config {path}:{line}:{column}"),
        PlaceKind::Hook => format!("git hook {path}:{line}:{column}"),
        PlaceKind::Stdin => format!("standard input:{line}:{column}"),
        PlaceKind::Object => format!("object {}:{line}:{column}", short(place.object.as_deref().unwrap_or_default())),
        PlaceKind::Blob if place.path.is_none() => {
            format!("blob {}:{line}:{column}", short(place.object.as_deref().unwrap_or_default()))
        }
        PlaceKind::Blob | PlaceKind::Index | PlaceKind::Worktree | PlaceKind::File => format!("{path}:{line}:{column}"),
    };
    if !place.via.is_empty() {
        spot.push_str(&format!(" (in {})", sanitize(&place.via.join(" > "))));
    }
    spot
}

/// The place that says best where it is now: in HEAD, else outside of history, else the newest.
pub(super) fn main(finding: &FindingEntry) -> Option<&PlaceEntry> {
    let places = &finding.places;
    let outside = |p: &&PlaceEntry| matches!(p.kind, PlaceKind::Worktree | PlaceKind::Index | PlaceKind::File);
    let newest = || places.iter().rev().find(|p| p.date.is_some());
    places.iter().find(|p| p.in_head == Some(true)).or_else(|| places.iter().find(outside)).or_else(newest).or_else(|| places.first())
}

/// The first digits of an object id.
pub(super) fn short(id: &str) -> Cow<'_, str> {
    sanitize(id.get(..10).unwrap_or(id))
}

/// Whether it is a file that a code host may have.
pub(super) fn is_file(kind: PlaceKind) -> bool {
    matches!(kind, PlaceKind::Blob | PlaceKind::Index | PlaceKind::Worktree | PlaceKind::File)
}

/// The places with those that a code host can show first: files, those of HEAD before others.
pub(super) fn files_first(finding: &FindingEntry) -> Vec<&PlaceEntry> {
    let mut places: Vec<&PlaceEntry> = finding.places.iter().collect();
    places.sort_by_key(|place| (!is_file(place.kind), place.in_head != Some(true), place.kind == PlaceKind::Blob));
    places
}

/// The path of a file from the target's top, with that of the repository inside it; `None` where it is no file.
pub(super) fn file_path(place: &PlaceEntry) -> Option<Vec<u8>> {
    let path = place.path_bytes().filter(|path| is_file(place.kind) && !path.is_empty())?;
    Some(if place.repo.is_empty() { path.to_vec() } else { [place.repo.as_bytes(), b"/", path.as_slice()].concat() })
}

/// The same as text, with what is not UTF-8 replaced and what could drive a terminal written out.
pub(super) fn file_name(place: &PlaceEntry) -> Option<String> {
    file_path(place).map(|path| sanitize(&String::from_utf8_lossy(&path)).into_owned())
}

/// One sentence of our own words and the redacted value: what comes from the repository stands elsewhere, where no
/// viewer takes it for a link.
pub(super) fn message(finding: &FindingEntry) -> String {
    let history = &finding.history;
    let now = if history.in_head == Some(true) {
        "still in HEAD"
    } else if history.removed_in.is_some() {
        "removed from HEAD, still in history"
    } else if history.unreachable == Some(true) {
        "no ref leads to it, but the object is still there"
    } else if history.in_head == Some(false) {
        "not in HEAD"
    } else {
        "in the files scanned"
    };
    format!("{}: {} ({} confidence; {now})", finding.name, sanitize(&finding.secret), finding.confidence.name())
}

/// What anybody does with a leaked secret, in the order in which it helps: a word, and the sentence to it.
pub(super) const STEPS: [(&str, &str); 4] = [
    ("Rotate", "issue a new value at the provider and put it where the old one is used, out of version control"),
    ("Revoke", "make the old value invalid at the provider; until then it works for everybody who has a copy"),
    ("Audit", "look for uses of it since the first commit that holds it"),
    ("Purge", "only then rewrite history, if you must: clones, forks and caches keep what was once pushed"),
];
