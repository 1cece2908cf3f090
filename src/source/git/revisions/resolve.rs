//! Revisions as people write them: `HEAD~3`, `v1.0^2`, `1a2b3c4`, a branch. Names are looked up among the refs
//! that were read; only for reflogs and upstream branches gix is asked. It walks no further than asked.

use std::fs;

use bstr::{BString, ByteSlice};

use super::shown;
use crate::error::{Error, Result};
use crate::history::commit;
use crate::object::{Kind, Oid};
use crate::source::git::odb::Odb;
use crate::source::git::refs::Refs;
use crate::source::git::repo::Repo;

/// Tags of tags are followed so far.
const DEEPEST: usize = 64;
/// Symbolic refs are followed so far, as git does.
const SYMBOLIC: usize = 5;
/// Shorter abbreviations of ids are names.
const SHORTEST: usize = 4;

/// Resolves revisions of one repository.
pub(super) struct Resolver<'a> {
    pub(super) repo: &'a Repo,
    pub(super) refs: &'a Refs,
    pub(super) odb: &'a Odb,
}

impl Resolver<'_> {
    /// The commit that a revision means.
    pub(super) fn commit(&self, text: &str) -> Result<Oid> {
        self.resolve(text).map_err(|why| self.bad("revision", text, &why))
    }

    /// The commit at the tip of a branch, local or remote; any revision will do.
    pub(super) fn branch(&self, name: &str) -> Result<Oid> {
        let full = ["refs/heads/", "refs/remotes/"].iter().find_map(|folder| self.refs.find([folder, name].concat().as_bytes()));
        let tip = full.map_or_else(|| self.resolve(name), |oid| self.peel(oid));
        tip.map_err(|why| self.bad("branch", name, &why))
    }

    /// The commits that any ref points to, and `HEAD`.
    pub(super) fn all(&self) -> Vec<Oid> {
        let targets = self.refs.refs.iter().map(|r| r.target).chain(self.refs.head);
        // What is missing is kept, to be told; what is no commit has no history.
        targets.filter_map(|oid| self.peel(oid).ok().or_else(|| (!self.odb.contains(&oid)).then_some(oid))).collect()
    }

    fn bad(&self, what: &str, text: &str, why: &str) -> Error {
        let error = Error::input(format!("bad {what} {}: {why}", shown(&BString::from(text))));
        if self.repo.shallow.is_empty() {
            return error;
        }
        error.hint("the history here is shallow; `git fetch --unshallow` brings the rest")
    }

    fn resolve(&self, text: &str) -> Result<Oid, String> {
        if text.contains("@{") || text.contains(":/") || text.contains("^{/") {
            return self.by_gix(text);
        }
        let end = text.find(['^', '~']).unwrap_or(text.len());
        let (name, mut steps) = text.split_at(end);
        let mut at = self.peel(self.name(name)?)?;
        while let Some(step) = steps.chars().next() {
            steps = &steps[1..];
            if let Some(rest) = steps.strip_prefix('{').filter(|_| step == '^') {
                let (kind, rest) = rest.split_once('}').ok_or("a brace is not closed")?;
                if !matches!(kind, "" | "commit") {
                    return Err(format!("it would be a {kind}, not a commit"));
                }
                steps = rest;
                continue;
            }
            let digits = steps.len() - steps.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let count = if digits == 0 { 1 } else { steps[..digits].parse().map_err(|_| "its number is too large")? };
            steps = &steps[digits..];
            at = match step {
                '~' => self.ancestor(at, count)?,
                '^' if count == 0 => at,
                '^' => *self.parents(&at)?.get(count - 1).ok_or_else(|| format!("{at} has no parent number {count}"))?,
                other => return Err(format!("{other:?} means nothing there")),
            };
        }
        Ok(at)
    }

    /// The first parent of the first parent, and so on.
    fn ancestor(&self, from: Oid, count: usize) -> Result<Oid, String> {
        let mut at = from;
        for done in 0..count {
            at = *self.parents(&at)?.first().ok_or_else(|| format!("the history goes back only {} there", commits(done)))?;
            if !self.odb.contains(&at) {
                return Err(format!("the history that is here goes back only {} there", commits(done)));
            }
        }
        Ok(at)
    }

    fn parents(&self, oid: &Oid) -> Result<Vec<Oid>, String> {
        super::walk::read(self.odb, oid).map(|(_, parents, _)| parents).map_err(|why| format!("{oid}: {why}"))
    }

    /// The commit that a tag means.
    fn peel(&self, mut oid: Oid) -> Result<Oid, String> {
        for _ in 0..DEEPEST {
            match self.odb.read(&oid).map_err(|why| format!("{oid}: {why}"))? {
                (Kind::Commit, _) => return Ok(oid),
                (Kind::Tag, bytes) => oid = commit::headers(&bytes).object.ok_or_else(|| format!("the tag {oid} is damaged"))?,
                _ => break,
            }
        }
        Err("it is not a commit".to_owned())
    }

    /// What a name without any step means: an id, a ref, the beginning of an id.
    fn name(&self, name: &str) -> Result<Oid, String> {
        if let Some(oid) = Oid::from_hex(name.as_bytes()).filter(|oid| oid.as_bytes().len() == self.odb.hash) {
            return Ok(oid);
        }
        if matches!(name, "HEAD" | "@") {
            return self.refs.head.ok_or_else(|| "there is no commit yet".to_owned());
        }
        if let Some(oid) = self.pseudo(name) {
            return Ok(oid);
        }
        let full = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"].map(|folder| [folder, name].concat());
        let head = format!("refs/remotes/{name}/HEAD");
        if let Some(oid) = full.iter().chain([&head]).find_map(|name| self.by_ref(name)) {
            return Ok(oid);
        }
        // As `git describe` writes it: a tag, a number and the beginning of an id.
        let hex = name.rsplit_once("-g").map_or(name, |(_, hex)| hex);
        self.abbreviated(hex).unwrap_or_else(|| Err("there is no such commit, branch or tag".to_owned()))
    }

    /// What a ref of that full name points to, be it by way of others.
    fn by_ref(&self, name: &str) -> Option<Oid> {
        let mut name = name.to_owned();
        for _ in 0..SYMBOLIC {
            if let Some(oid) = self.refs.find(name.as_bytes()) {
                return Some(oid);
            }
            if !name.starts_with("refs/") || name.contains("..") {
                return None;
            }
            let text = fs::read_to_string(self.repo.common_dir.join(&name)).ok()?;
            name = text.strip_prefix("ref:")?.trim().to_owned();
        }
        None
    }

    /// `MERGE_HEAD`, `ORIG_HEAD` and the like: files of the git directory that hold an id.
    fn pseudo(&self, name: &str) -> Option<Oid> {
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
            return None;
        }
        let text = fs::read(self.repo.git_dir.join(name)).ok()?;
        Oid::from_hex(text.fields().next()?)
    }

    /// The object whose id begins so: of several the only one that is a commit.
    fn abbreviated(&self, hex: &str) -> Option<Result<Oid, String>> {
        let digits = hex.bytes().all(|b| b.is_ascii_hexdigit());
        if !digits || hex.len() < SHORTEST || hex.len() >= self.odb.hash * 2 {
            return None;
        }
        let hex = hex.to_ascii_lowercase();
        let mut found = self.with_prefix(&hex);
        found.sort_unstable();
        found.dedup();
        if found.len() > 1 {
            found.retain(|oid| self.peel(*oid).is_ok());
        }
        match found.as_slice() {
            [] => None,
            [only] => Some(Ok(*only)),
            more => Some(Err(format!("{} objects have ids that begin so", more.len()))),
        }
    }

    fn with_prefix(&self, hex: &str) -> Vec<Oid> {
        let least = Oid::from_hex(format!("{hex:0<width$}", width = self.odb.hash * 2).as_bytes());
        let mut found = Vec::new();
        for (pack, least) in self.odb.packs.iter().zip(std::iter::repeat(least)) {
            let (mut low, mut high) = (0, pack.index.count());
            while low < high {
                let middle = low.midpoint(high);
                if pack.index.oid(middle) < least { low = middle + 1 } else { high = middle }
            }
            found.extend((low..pack.index.count()).map_while(|at| pack.index.oid(at).filter(|oid| oid.hex().starts_with(hex))));
        }
        let (folder, rest) = hex.split_at(2);
        for dir in &self.odb.dirs {
            let Ok(names) = fs::read_dir(dir.join(folder)) else { continue };
            let names = names.flatten().filter_map(|name| name.file_name().into_string().ok());
            found.extend(names.filter(|name| name.starts_with(rest)).filter_map(|name| Oid::from_hex([folder, &name].concat().as_bytes())));
        }
        found
    }

    fn by_gix(&self, text: &str) -> Result<Oid, String> {
        let unknown = || "it cannot be resolved here".to_owned();
        let options = gix::open::Options::isolated().open_path_as_is(true);
        let repo = gix::open_opts(&self.repo.git_dir, options).map_err(|_| unknown())?;
        let id = repo.rev_parse_single(text.as_bytes().as_bstr()).map_err(|_| unknown())?;
        self.peel(Oid::new(id.as_bytes()))
    }
}

/// So many commits, in words.
fn commits(count: usize) -> String {
    format!("{count} commit{}", if count == 1 { "" } else { "s" })
}
