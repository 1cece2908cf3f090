//! Pushes: which commits are new to the other side. Before a push that is what its remote-tracking refs do not
//! reach, on the server what no ref reaches. Names of refs and messages of tags are pushed too. It scans nothing.

use bstr::{BString, ByteSlice};
use unleak::coverage::Notice;
use unleak::error::{Error, Result};
use unleak::finding::PlaceKind;
use unleak::history::commit;
use unleak::object::{Kind, Oid};
use unleak::scan::{Plan, Range, Text};
use unleak::source::git::odb::Odb;
use unleak::source::git::refs::Refs;
use unleak::source::git::repo::Repo;
use unleak::source::git::revisions::Wanted;

/// Tags of tags are followed so far.
const DEEPEST: usize = 64;

/// A ref that is pushed.
pub struct Pushed {
    /// Its name on the other side.
    name: BString,
    /// What it will be; `None` where it is removed.
    new: Option<Oid>,
    /// What it is on the other side.
    old: Option<Oid>,
}

impl Pushed {
    /// The lines that git gives to pre-push: local ref, local id, remote ref, remote id.
    pub fn parse_push(input: &[u8]) -> Result<Vec<Self>> {
        parse(input, |line| {
            let mut words = line.rsplitn(4, |&b| b == b' ');
            let (old, name, new) = (words.next()?, words.next()?, words.next()?);
            words.next()?;
            Some((name, new, old))
        })
    }

    /// The lines that git gives to pre-receive: old id, new id, ref.
    pub fn parse_receive(input: &[u8]) -> Result<Vec<Self>> {
        parse(input, |line| {
            let mut words = line.splitn(3, |&b| b == b' ');
            let (old, new) = (words.next()?, words.next()?);
            Some((words.next()?, new, old))
        })
    }
}

type Fields<'a> = (&'a [u8], &'a [u8], &'a [u8]);

fn parse(input: &[u8], fields: impl Fn(&[u8]) -> Option<Fields<'_>>) -> Result<Vec<Pushed>> {
    let mut all = Vec::new();
    for line in input.lines().filter(|line| !line.is_empty()) {
        let read = fields(line).and_then(|(name, new, old)| Some((name, id(new)?, id(old)?)));
        let (name, new, old) = read.ok_or_else(|| Error::usage(format!("{:?} is no line that git gives to this hook", line.as_bstr())))?;
        all.push(Pushed { name: name.into(), new, old });
    }
    Ok(all)
}

/// An id; the inner `None` is git's zeros for "nothing".
fn id(hex: &[u8]) -> Option<Option<Oid>> {
    Oid::from_hex(hex).map(|oid| oid.as_bytes().iter().any(|&b| b != 0).then_some(oid))
}

/// Before a push to `remote`. Returns whether there is anything to scan.
pub fn before_push(plan: &mut Plan, pushed: &[Pushed], remote: &str) -> Result<bool> {
    let folder = format!("refs/remotes/{remote}/");
    let is_known = |name: &BString| !remote.is_empty() && name.starts_with(folder.as_bytes());
    prepare(plan, pushed, &is_known)
}

/// On the server, before refs are taken.
pub fn before_receive(plan: &mut Plan, pushed: &[Pushed]) -> Result<bool> {
    prepare(plan, pushed, &|_| true)
}

fn prepare(plan: &mut Plan, pushed: &[Pushed], is_known: &dyn Fn(&BString) -> bool) -> Result<bool> {
    if pushed.iter().all(|pushed| pushed.new.is_none()) {
        return Ok(false);
    }
    let place = plan.place.as_ref().ok_or_else(|| Error::usage("no repository"))?;
    let repo = Repo::open(&place.git_dir, None).map_err(|why| Error::input(format!("{}: {why}", place.git_dir.display())))?;
    let dirs = if place.objects.is_empty() { vec![repo.objects()] } else { place.objects.clone() };
    let odb = Odb::open_all(dirs, repo.hash, true);
    let refs = Refs::read(&repo.git_dir, &repo.common_dir);
    let known = refs.refs.iter().filter(|r| is_known(&r.name)).map(|r| r.target).chain(pushed.iter().filter_map(|pushed| pushed.old));
    let mut known: Vec<Oid> = known.collect();
    known.sort_unstable();
    known.dedup();
    // What the other side has and we have not is no boundary that could be walked from.
    let since_commit: Vec<String> = known.into_iter().filter_map(|oid| peel(&odb, oid)).map(|oid| oid.hex()).collect();
    let mut wanted = Wanted { since_commit, ..Wanted::default() };
    let name = place.name();
    for one in pushed {
        let Some(new) = one.new else { continue };
        let text = |kind, bytes| Text { name: name.clone(), kind, path: Some(one.name.clone()), bytes, before: Vec::new() };
        plan.texts.push(text(PlaceKind::Ref, one.name.to_vec()));
        match odb.read(&new) {
            Ok((Kind::Tag, bytes)) => {
                let begin = bytes.find(b"\n\n").map_or(bytes.len(), |at| at + 2);
                plan.texts.push(text(PlaceKind::TagMessage, bytes[begin..].to_vec()));
            }
            Ok((Kind::Blob, bytes)) => plan.texts.push(text(PlaceKind::Blob, bytes.to_vec())),
            _ => {}
        }
        match peel(&odb, new) {
            Some(commit) => wanted.branch.push(commit.hex()),
            None if matches!(odb.read(&new), Ok((Kind::Blob, _))) => {}
            None => {
                plan.notices.push(Notice::incomplete("pushed ref", one.name.clone(), format!("{new} is no commit that can be read here")))
            }
        }
    }
    if wanted.branch.is_empty() {
        plan.place = None;
    } else {
        plan.range = Some(Range::Commits(wanted));
    }
    Ok(true)
}

/// The commit that an object is or that a tag means, if it is there.
fn peel(odb: &Odb, mut oid: Oid) -> Option<Oid> {
    for _ in 0..DEEPEST {
        match odb.read(&oid).ok()? {
            (Kind::Commit, _) => return Some(oid),
            (Kind::Tag, bytes) => oid = commit::headers(&bytes).object?,
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_both_hooks() {
        let (a, zero) = ("a".repeat(40), "0".repeat(40));
        let push = Pushed::parse_push(format!("HEAD@{{1 day ago}} {a} refs/heads/x {zero}\n(delete) {zero} refs/heads/y {a}\n").as_bytes())
            .unwrap();
        assert_eq!((push[0].name.as_slice(), push[0].new.is_some(), push[0].old), (b"refs/heads/x".as_slice(), true, None));
        assert_eq!((push[1].name.as_slice(), push[1].new, push[1].old.is_some()), (b"refs/heads/y".as_slice(), None, true));
        let received = Pushed::parse_receive(format!("{zero} {a} refs/heads/x\n\n").as_bytes()).unwrap();
        assert_eq!((received.len(), received[0].old, received[0].new.is_some()), (1, None, true));
        assert!(Pushed::parse_receive(b"one two three").is_err() && Pushed::parse_push(b"x").is_err());
    }
}
