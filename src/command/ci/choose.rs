//! From an event to commits that are here: where they end, what is known already, and what the clone lacks to
//! tell. It fetches nothing.

use bstr::ByteSlice;
use unleak::error::{Error, Result};
use unleak::object::Oid;
use unleak::scan::GitPlace;
use unleak::source::git::odb::Odb;
use unleak::source::git::refs::Refs;
use unleak::source::git::repo::Repo;
use unleak::source::git::revisions::{self, Wanted};

use super::event::{Base, Commits, some_id};

/// The remote of a clone that a pipeline makes.
pub const REMOTE: &str = "origin";

/// What was chosen.
pub struct Choice {
    /// Where the commits end.
    pub head: Oid,
    /// What is known already.
    pub base: Option<Oid>,
    /// In words.
    pub words: String,
    /// How many commits.
    pub count: usize,
}

/// What the clone lacks.
pub struct Lack {
    /// In words.
    pub why: String,
    /// The arguments of the `git fetch` that mends it, after the remote.
    pub fetch: Vec<String>,
    /// What has to be asked for besides, where the history is cut off.
    pub shallow: bool,
}

/// The repository, opened.
pub struct Opened {
    /// The repository.
    pub repo: Repo,
    /// Its refs.
    pub refs: Refs,
    /// Its objects.
    pub odb: Odb,
}

impl Opened {
    /// Opens it anew.
    pub fn new(place: &GitPlace) -> Result<Self> {
        let repo = Repo::open(&place.git_dir, None).map_err(|why| Error::input(format!("{}: {why}", place.git_dir.display())))?;
        let (odb, refs) = (Odb::open(&repo.objects(), repo.hash, true), Refs::read(&repo.git_dir, &repo.common_dir));
        Ok(Self { repo, refs, odb })
    }

    /// The remote's default branch, where the clone knows it.
    pub fn default_branch(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.repo.common_dir.join(format!("refs/remotes/{REMOTE}/HEAD"))).ok()?;
        Some(text.trim().strip_prefix("ref:")?.trim().strip_prefix(&format!("refs/remotes/{REMOTE}/"))?.to_owned())
    }

    /// The commit that a revision means, if it is here.
    pub fn commit(&self, revision: &str) -> Option<Oid> {
        revisions::resolve(&self.repo, &self.refs, &self.odb, revision).ok()
    }

    fn base(&self, base: &Base) -> Option<Oid> {
        match base {
            Base::Commit(id) => self.commit(id),
            Base::Branch(name) => self.refs.find(format!("refs/remotes/{REMOTE}/{name}").as_bytes()),
        }
    }

    /// Whether the history is cut off at all.
    pub fn is_shallow(&self) -> bool {
        !self.repo.shallow.is_empty()
    }

    /// Chooses. The inner error is what the clone lacks. `given_up` are commits that could not be fetched.
    pub fn choose(&self, commits: &Commits, given_up: &[String]) -> Result<std::result::Result<Choice, Lack>> {
        let Some(head) = commits.head.iter().find_map(|revision| self.commit(revision)) else {
            return Ok(Err(self.no_head(commits)));
        };
        let known = commits.base.iter().find_map(|base| Some((base, self.base(base)?)));
        // A commit that the event names comes before a branch: it may only have been left out of the clone.
        let absent = commits.base.iter().take_while(|base| self.base(base).is_none()).find_map(|base| match base {
            // An abbreviated id cannot be asked for: it may stand where a shallow clone is cut off, or is nowhere.
            Base::Commit(id) if !given_up.contains(id) && (!is_part(id) || self.is_shallow()) => Some(id),
            _ => None,
        });
        if let Some(id) = absent {
            let why = format!("the commit {} that was there before is not in this clone", short(id));
            let fetch = if is_part(id) { asked_for(commits, head) } else { id.clone() };
            return Ok(Err(Lack { why, fetch: vec![fetch], shallow: is_part(id) }));
        }
        if known.is_none() && !commits.all_is_new {
            return Ok(Err(no_base(commits)));
        }
        let base = known.map(|(_, oid)| oid);
        let wanted = Wanted { branch: vec![head.hex()], since_commit: base.iter().map(|oid| oid.hex()).collect(), ..Wanted::default() };
        let selection = revisions::select(&self.repo, &self.refs, &self.odb, &wanted)?;
        if selection.commits.iter().any(|commit| commit.cut && self.repo.shallow.contains(&commit.oid)) {
            let why = "the history of this clone is cut off within the commits to be scanned".to_owned();
            return Ok(Err(Lack { why, fetch: vec![asked_for(commits, head)], shallow: true }));
        }
        let end = head.hex();
        let end = short(&end);
        let words = match known {
            Some((Base::Commit(id), _)) => format!("the commits up to {end} that {} does not reach", short(id)),
            Some((Base::Branch(name), oid)) => {
                format!("the commits up to {end} that {REMOTE}/{name} ({}) does not reach", short(&oid.hex()))
            }
            None => format!("all commits up to {end}"),
        };
        Ok(Ok(Choice { head, base, words, count: selection.commits.len() }))
    }

    fn no_head(&self, commits: &Commits) -> Lack {
        let id = commits.head.first().map_or("HEAD", String::as_str);
        let fetch = commits.head_ref.clone().unwrap_or_else(|| id.to_owned());
        Lack {
            why: format!("the commit {} that started this pipeline is not in this clone", short(id)),
            fetch: vec![fetch],
            shallow: false,
        }
    }

    /// Files of a commit, by their paths: the blob's id, where there is one.
    pub fn blob(&self, commit: &Oid, path: &str) -> Option<Oid> {
        let (_, bytes) = self.odb.read(commit).ok()?;
        let tree = unleak::history::commit::headers(&bytes).tree?;
        unleak::source::git::tree::Trees::new(&self.odb).lookup(tree, path.as_bytes()).map(|(_, oid)| oid)
    }
}

/// The commit that is asked for where the history is cut off.
fn asked_for(commits: &Commits, head: Oid) -> String {
    commits.head.first().filter(|id| some_id(Some(id)).is_some() && *id != "HEAD").cloned().unwrap_or_else(|| head.hex())
}

/// Whether it is a part of an id: a server gives no commit by that.
fn is_part(id: &str) -> bool {
    (7..40).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit())
}

fn no_base(commits: &Commits) -> Lack {
    let branch = commits.base.iter().find_map(|base| match base {
        Base::Branch(name) => Some(name.as_str()),
        Base::Commit(_) => None,
    });
    let Some(name) = branch else {
        let known = |base: &Base| if let Base::Commit(id) = base { Some(id.clone()) } else { None };
        let id = commits.base.iter().find_map(known).unwrap_or_else(|| "HEAD".to_owned());
        return Lack { why: format!("{id} is not in this clone"), fetch: vec![id], shallow: false };
    };
    let why = format!("the branch {name} of {REMOTE} is not in this clone, so nobody can tell what is new");
    Lack { why, fetch: vec![format!("+refs/heads/{name}:refs/remotes/{REMOTE}/{name}")], shallow: false }
}

/// The first digits of an id; other revisions as they are.
pub fn short(id: &str) -> &str {
    if id.len() >= 40 && id.as_bytes().to_str().is_ok() { &id[..10] } else { id }
}
