//! Which commits a range holds: those that some starting points reach and a boundary does not, in the order
//! of `git rev-list --date-order`. It reads no more of the history than it must, and knows no trees.

mod resolve;
mod walk;

use bstr::BString;
use rustc_hash::FxHashSet;

use self::resolve::Resolver;
use self::walk::{Bits, Walk};
use super::odb::Odb;
use super::refs::Refs;
use super::repo::Repo;
use crate::coverage::Notice;
use crate::error::{Error, Result};
use crate::object::Oid;

/// What the user asked for; several conditions combine by intersection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// `--since-commit REV`: what these do not reach.
    pub since_commit: Vec<String>,
    /// `--range A..B` or `A...B`; an empty side is `HEAD`.
    pub range: Vec<String>,
    /// `--branch`: what one of these reaches, instead of `HEAD`.
    pub branch: Vec<String>,
    /// `--since`: a committer date not before it, in seconds since 1970; see [`parse_since`].
    pub since: Option<i64>,
    /// `--max-depth`: the first so many in the order of dates.
    pub max_depth: Option<usize>,
    /// `--refs all`: what any ref reaches, instead of `HEAD`.
    pub all_refs: bool,
}

/// A commit of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its id.
    pub oid: Oid,
    /// Its root tree.
    pub tree: Option<Oid>,
    /// Its parents' ids, in order, whether they can be read or not.
    pub parents: Vec<Oid>,
    /// Its committer date, in seconds since 1970.
    pub date: i64,
    /// A parent could not be read, so nobody can tell what the commit adds.
    pub cut: bool,
}

/// The commits of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The commits, in the order of `git rev-list --date-order`: children before parents, among those that may
    /// come next the youngest.
    pub commits: Vec<CommitInfo>,
    /// Commits that the request reaches and that could not be read.
    pub notices: Vec<Notice>,
}

/// The date that `--since` means, in seconds since 1970: `2024-01-31`, `2 weeks ago`, whatever git understands.
pub fn parse_since(text: &str, now: i64) -> Result<i64> {
    let now = jiff::Timestamp::from_second(now).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(jiff::tz::TimeZone::UTC);
    gix::date::parse(text.trim(), Some(now)).map(|time| time.seconds).map_err(|_| {
        Error::usage(format!("{text:?} is no date that git would understand")).hint("write it like 2024-01-31 or \"2 weeks ago\"")
    })
}

/// The commit that a revision means.
pub fn resolve(repo: &Repo, refs: &Refs, odb: &Odb, text: &str) -> Result<Oid> {
    Resolver { repo, refs, odb }.commit(text)
}

/// Finds the commits. A revision that does not resolve is an error.
pub fn select(repo: &Repo, refs: &Refs, odb: &Odb, wanted: &Wanted) -> Result<Selection> {
    let resolver = Resolver { repo, refs, odb };
    let mut walk = Walk::new(odb, wanted.max_depth.is_some());
    let mut selection = Selection::default();
    let ranges = wanted.range.iter().map(|text| Range::parse(text, &resolver)).collect::<Result<Vec<_>>>()?;
    for range in &ranges {
        range.start(&mut walk)?;
    }
    for text in &wanted.since_commit {
        walk.start(resolver.commit(text)?, Bits::EXCLUDED, &mut selection.notices);
    }
    for tip in tips(wanted, &resolver, &ranges)? {
        walk.start(tip, Bits::TIP, &mut selection.notices);
    }
    walk.run();
    let mut order = walk.order();
    order.truncate(wanted.max_depth.unwrap_or(usize::MAX));
    for number in order {
        let commit = walk.commit(number);
        if !walk.selects(number) || wanted.since.is_some_and(|since| commit.date < since) {
            continue;
        }
        if commit.cut {
            selection.notices.extend(cut(repo, odb, &commit));
        }
        selection.commits.push(commit);
    }
    selection.notices.sort();
    selection.notices.dedup();
    Ok(selection)
}

/// Where the walk starts: the branches or all refs where they were asked for, else the ends of the ranges, else `HEAD`.
fn tips(wanted: &Wanted, resolver: &Resolver<'_>, ranges: &[Range]) -> Result<Vec<Oid>> {
    let mut tips = wanted.branch.iter().map(|name| resolver.branch(name)).collect::<Result<Vec<_>>>()?;
    if wanted.all_refs {
        tips.extend(resolver.all());
    }
    if wanted.branch.is_empty() && !wanted.all_refs {
        tips.extend(ranges.iter().flat_map(Range::ends));
        if ranges.is_empty() {
            tips.extend(resolver.refs.head);
        }
    }
    let mut seen = FxHashSet::default();
    tips.retain(|tip| seen.insert(*tip));
    Ok(tips)
}

/// Why a commit of the range cannot be judged.
fn cut(repo: &Repo, odb: &Odb, commit: &CommitInfo) -> Vec<Notice> {
    if repo.shallow.contains(&commit.oid) {
        let why = "the history is shallow, so what this commit adds cannot be told; `git fetch --unshallow` brings the rest";
        return vec![Notice::incomplete("shallow history", commit.oid.hex(), why)];
    }
    let unreadable = |parent: &Oid| Some(Notice::incomplete("commit", parent.hex(), walk::read(odb, parent).err()?));
    commit.parents.iter().filter_map(unreadable).collect()
}

/// `A..B` or `A...B`, resolved.
struct Range {
    from: Oid,
    to: Oid,
    symmetric: bool,
}

impl Range {
    fn parse(text: &str, resolver: &Resolver<'_>) -> Result<Self> {
        let Some((from, to)) = text.split_once("..") else {
            return Err(Error::usage(format!("{text:?} is no range of commits"))
                .hint(format!("write A..B; for all that comes after a commit --since-commit {text}, for a branch --branch {text}")));
        };
        let (to, symmetric) = to.strip_prefix('.').map_or((to, false), |to| (to, true));
        let side = |text: &str| resolver.commit(if text.is_empty() { "HEAD" } else { text });
        Ok(Self { from: side(from)?, to: side(to)?, symmetric })
    }

    fn ends(&self) -> impl Iterator<Item = Oid> {
        self.symmetric.then_some(self.from).into_iter().chain([self.to])
    }

    fn start(&self, walk: &mut Walk<'_>) -> Result<()> {
        let mut ignored = Vec::new();
        let too_many = || Error::usage("too many ranges");
        if self.symmetric {
            let (from, to) = walk.pair().ok_or_else(too_many)?;
            walk.start(self.from, from, &mut ignored);
            walk.start(self.to, to, &mut ignored);
        } else {
            walk.start(self.from, Bits::EXCLUDED, &mut ignored);
            let to = walk.required().ok_or_else(too_many)?;
            walk.start(self.to, to, &mut ignored);
        }
        Ok(())
    }
}

/// A name for messages, whatever bytes it holds.
fn shown(name: &BString) -> String {
    format!("{name:?}")
}
