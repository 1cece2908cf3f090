//! The full scan of one repository: every object of its database, then its names and texts, then who brought
//! what in and where it still is. It knows the order of these; each is done elsewhere.

use std::fs::File;
use std::sync::atomic::Ordering;

use bstr::{BString, ByteSlice};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::attribution::{self, Objects, Past, Spent};
use super::context::Context;
use super::sinks::{BlobSink, Tags, TextSink, Texts};
use super::trees::TreeSink;
use crate::coverage::{Counts, Notice};
use crate::error::describe;
use crate::finding::PlaceKind;
use crate::history::forest::Forest;
use crate::history::graph::Graph;
use crate::object::{Kind, Oid};
use crate::progress::Phase;
use crate::source::git::numbers::Numbers;
use crate::source::git::odb::Odb;
use crate::source::git::refs::Refs;
use crate::source::git::repo::Repo;
use crate::source::git::stage::Stage;
use crate::source::git::walk::Walk;
use crate::source::stream::{scan_stdin, scan_text};

/// Scans every object, ref name and text. Of a clone of `ours` the texts are our own and alternates are not followed.
pub fn scan(context: &Context<'_>, repo: &Repo, stage: &Stage, ours: bool) -> Counts {
    let odb = Odb::open(&repo.objects(), repo.hash, !ours);
    let texts = || {
        let refs = Refs::read(&repo.git_dir, &repo.common_dir);
        repo.notices.iter().chain(&odb.notices).chain(&refs.notices).for_each(|notice| context.notice(notice.clone()));
        let mut counts = Counts { index_entries: stage.entries.len() as u64, ..Counts::default() };
        scan_refs(context, &refs, &mut counts);
        if !ours {
            scan_texts(context, repo, &mut counts);
        }
        // Where ids stand is asked much later, but then everybody would wait for it.
        odb.prepare();
        (refs, counts)
    };
    let (walk, (refs, mut counts)) = rayon::join(|| Walk::new(&odb), texts);
    let parts = Parts { repo, stage, odb: &odb, refs: &refs };
    let spent = scan_objects(context, &parts, &walk, &mut counts);
    let plans = walk.into_plans();
    // Let it be given back beside what comes next, by a thread for which nobody waits.
    rayon::spawn(move || drop((odb, plans, spent)));
    counts
}

/// The opened parts of a repository.
struct Parts<'a> {
    repo: &'a Repo,
    stage: &'a Stage,
    odb: &'a Odb,
    refs: &'a Refs,
}

fn scan_objects(context: &Context<'_>, parts: &Parts<'_>, walk: &Walk<'_>, counts: &mut Counts) -> Spent {
    let &Parts { repo, stage, odb, refs } = parts;
    for (oid, why) in walk.unreadable() {
        context.notice(Notice::incomplete("unreadable object", oid.hex(), why));
    }
    let begin = |phase, kind| {
        context.progress.set_phase(phase);
        context.progress.objects_total.store(walk.count(kind) as u64, Ordering::Relaxed);
    };
    begin(Phase::Commits, Kind::Commit);
    let texts = TextSink::new(context);
    walk.each(Kind::Commit, &texts);
    walk.each(Kind::Tag, &texts);
    let Texts { commits, tags, messages, tag_messages } = texts.finish(counts);
    begin(Phase::Blobs, Kind::Blob);
    let blobs = BlobSink::new(context);
    walk.each(Kind::Blob, &blobs);
    let blobs = blobs.finish(counts);
    begin(Phase::Trees, Kind::Tree);
    let numbers = Numbers::new(odb, walk.loose_ids());
    let wanted = Forest::new(blobs.iter().map(|(oid, _)| *oid));
    let trees = TreeSink::new(context, &numbers, odb.hash, wanted);
    walk.each(Kind::Tree, &trees);
    let (forest, names, missing) = trees.finish(counts);
    if context.progress.stopped() {
        context.notice(Notice::incomplete("interrupted", BString::default(), "the scan was stopped before its end"));
    }
    context.progress.set_phase(Phase::History);
    let mut staged: Vec<(Oid, BString)> = stage.entries.iter().filter(|e| e.is_blob()).map(|e| (e.oid, e.path.clone())).collect();
    staged.sort_unstable();
    let trouble = || {
        say_missing(context, repo, missing);
        say_dangling(context, odb, refs);
        say_hollow(context, &numbers, &tags);
        say_unstaged(context, odb, stage);
    };
    let past = || {
        let graph = Graph::new(&commits.named(odb));
        Past { roots: roots(context, repo, &numbers, &graph), graph }
    };
    let objects = Objects { odb, numbers: &numbers, refs, tags: &tags, blobs, names, messages, tag_messages, staged };
    rayon::join(trouble, || attribution::place(context, &objects, forest, past)).1
}

fn scan_refs(context: &Context<'_>, refs: &Refs, counts: &mut Counts) {
    counts.refs += refs.refs.len() as u64;
    counts.bytes += refs.refs.iter().map(|r| r.name.len() as u64).sum::<u64>();
    refs.refs.par_iter().for_each(|r| {
        let scanned = scan_text(context.collector.detector, &r.name);
        if !scanned.matches.is_empty() {
            context.collector.scanned(&context.spot(PlaceKind::Ref).at(r.name.clone()), scanned);
        }
    });
    let unborn = refs.head_branch.as_ref().filter(|name| refs.find(name).is_none());
    if let Some(name) = unborn {
        let spot = context.spot(PlaceKind::Ref).at(name.clone());
        context.collector.scanned(&spot, scan_text(context.collector.detector, name));
    }
}

fn scan_texts(context: &Context<'_>, repo: &Repo, counts: &mut Counts) {
    for text in repo.texts() {
        let scanned = match File::open(&text.path) {
            Ok(mut file) => scan_stdin(context.collector.detector, context.progress, &mut file),
            Err(error) => {
                context.notice(Notice::incomplete("unreadable file", text.name.clone(), describe(&error)));
                continue;
            }
        };
        if let Some(why) = &scanned.broken {
            context.notice(Notice::incomplete("unreadable file", text.name.clone(), why.clone()));
        }
        counts.bytes += scanned.bytes;
        if text.kind == PlaceKind::Reflog {
            counts.reflog_entries += std::fs::read(&text.path).map_or(0, |bytes| bytes.lines().count() as u64);
        }
        context.collector.scanned(&context.spot(text.kind).at(text.name), scanned);
    }
}

/// Objects that trees name and the database has not.
fn say_missing(context: &Context<'_>, repo: &Repo, missing: Vec<(Oid, BString)>) {
    let Some((oid, name)) = missing.first() else { return };
    if repo.partial {
        let why = format!("{} objects were left out by a partial clone; `git fetch --refetch --no-filter` brings them", missing.len());
        return context.notice(Notice::incomplete("missing objects", oid.hex(), why));
    }
    if missing.len() > 10 {
        let why = format!("{} objects are named by trees and are not in the database; {name} is the first", missing.len());
        return context.notice(Notice::incomplete("missing objects", oid.hex(), why));
    }
    for (oid, name) in &missing {
        context.notice(Notice::incomplete("missing object", oid.hex(), format!("{name} is named by a tree and is not in the database")));
    }
}

/// Commits whose parents are not there: a shallow clone, or damage.
fn say_cut(context: &Context<'_>, repo: &Repo, graph: &Graph) {
    let mut shallow = 0;
    for (commit, parent) in graph.missing_parents() {
        if repo.shallow.contains(&commit.oid) {
            shallow += 1;
        } else {
            let why = format!("commit {} names it as a parent and it cannot be read", &commit.oid.hex()[..12]);
            context.notice(Notice::incomplete("missing commit", parent.hex(), why));
        }
    }
    if shallow > 0 {
        let why = format!("the clone is cut off below {shallow} commits; `git fetch --unshallow` brings the rest");
        context.notice(Notice::incomplete("shallow history", BString::default(), why));
    }
}

/// Blobs that the index names and the database has not.
fn say_unstaged(context: &Context<'_>, odb: &Odb, stage: &Stage) {
    for entry in stage.entries.iter().filter(|entry| entry.is_blob() && !odb.contains(&entry.oid)) {
        let why = format!("{} is staged and its blob is not in the database", entry.path);
        context.notice(Notice::incomplete("missing object", entry.oid.hex(), why));
    }
}

/// The number of each commit's tree; says what the commits name and the database has not.
fn roots(context: &Context<'_>, repo: &Repo, numbers: &Numbers<'_>, graph: &Graph) -> Vec<Option<u32>> {
    say_cut(context, repo, graph);
    let mut roots = vec![None; graph.len()];
    let mut trees: Vec<(Oid, usize)> = graph.commits().iter().zip(0..).filter_map(|(commit, at)| Some((commit.tree?, at))).collect();
    numbers.each(&mut trees, |_, at, number| roots[*at] = number);
    let hollow = graph.commits().iter().zip(&roots).filter(|(_, root): &(_, &Option<u32>)| root.is_none());
    say_named(context, hollow.filter_map(|(commit, _)| Some((commit.tree?, commit.oid))).collect(), "commit");
    roots
}

/// Tags without what they point to.
fn say_hollow(context: &Context<'_>, numbers: &Numbers<'_>, tags: &Tags) {
    let hollow = tags.iter().filter(|(_, target)| numbers.of(target).is_none());
    say_named(context, hollow.map(|(tag, target)| (*target, *tag)).collect(), "tag");
}

/// Objects that are not there, each once, with one that names it.
fn say_named(context: &Context<'_>, mut missing: Vec<(Oid, Oid)>, kind: &str) {
    missing.sort_unstable();
    missing.dedup_by_key(|(oid, _)| *oid);
    for (oid, from) in missing {
        let why = format!("{kind} {} points to it and it is not in the database", &from.hex()[..12]);
        context.notice(Notice::incomplete("missing object", oid.hex(), why));
    }
}

/// Refs that point to nothing.
fn say_dangling(context: &Context<'_>, odb: &Odb, refs: &Refs) {
    if let Some(head) = refs.head.filter(|head| !odb.contains(head)) {
        context.notice(Notice::incomplete("ref", "HEAD", format!("it points to {head}, which is missing")));
    }
    let mut seen: FxHashMap<Oid, bool> = FxHashMap::default();
    for r in &refs.refs {
        if !*seen.entry(r.target).or_insert_with(|| odb.contains(&r.target)) {
            context.notice(Notice::incomplete("ref", r.name.clone(), format!("it points to {}, which is missing", r.target)));
        }
    }
}
