//! A repository's configuration, ignore file and baselines as they are in a commit, for runs that must not be
//! steered by what they scan: pipelines and the server's hook. It chooses no commit.

use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use unleak::coverage::Notice;
use unleak::error::{Error, Result};
use unleak::object::{Kind, Oid};
use unleak::scan::GitPlace;
use unleak::source::git::as_bytes;
use unleak::source::git::odb::Odb;
use unleak::source::git::repo::Repo;
use unleak::source::git::tree::Trees;

use super::around::{Around, nothing};
use super::origin::{Disk, Past, Tree};
use crate::cli::ReportArgs;

/// A commit's files; of no commit, none.
struct Commit {
    odb: Odb,
    tree: Option<Oid>,
    id: String,
}

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Commit({})", self.id)
    }
}

impl Past for Commit {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        let Some(tree) = self.tree else { return Ok(None) };
        let wrong = |why: &str| Error::configuration(format!("{} of commit {}: {why}", path.display(), &self.id[..10]));
        let mut trees = Trees::new(&self.odb);
        let found = trees.lookup(tree, &as_bytes(path));
        if let Some(notice) = trees.into_notices().first() {
            return Err(wrong(&notice.why));
        }
        match found {
            None => Ok(None),
            Some((mode, oid)) if mode >> 12 == 0o10 => match self.odb.read(&oid) {
                Ok((Kind::Blob, bytes)) => Ok(Some(bytes.to_vec())),
                Ok(_) => Err(wrong("it is no file")),
                Err(error) => Err(wrong(&error.to_string())),
            },
            Some(_) => Err(wrong("it is no regular file")),
        }
    }
}

/// What stands around the command line, with the repository's files as they are in the commit. Files that the
/// command line names and that lie in the repository are read there, too; those that are not there yet are left
/// out, and that is said.
pub fn around(args: &mut ReportArgs, place: &GitPlace, commit: Option<&Oid>) -> Result<(Around, Vec<Notice>)> {
    let repo = Repo::open(&place.git_dir, None).map_err(|why| Error::input(format!("{}: {why}", place.git_dir.display())))?;
    let odb = Odb::open(&repo.objects(), repo.hash, true);
    let tree = match commit {
        Some(oid) => Some(root(&odb, oid)?),
        None => None,
    };
    let top = place.work_tree.as_deref().unwrap_or(&place.git_dir);
    let here = top.canonicalize().map_err(|error| Error::at(top, &error))?;
    let past = Commit { odb, tree, id: commit.map_or_else(|| "0".repeat(40), |oid| oid.hex()) };
    let disk = Disk { targets: vec![here.clone()], here: Some(here), past: Some(Rc::new(past)) };
    let mut notices = Vec::new();
    for list in [&mut args.config, &mut args.baseline, &mut args.rules] {
        without_new(list, &disk, &mut notices)?;
    }
    let mut ignore: Vec<PathBuf> = args.ignore_file.take().into_iter().collect();
    without_new(&mut ignore, &disk, &mut notices)?;
    args.ignore_file = ignore.pop();
    let tree = if args.no_config { nothing(&disk) } else { Tree::on_disk(&disk)? };
    Ok((Around::with_tree(disk, tree, args)?, notices))
}

/// Takes files away that are not there yet.
fn without_new(list: &mut Vec<PathBuf>, disk: &Disk, notices: &mut Vec<Notice>) -> Result<()> {
    let all = std::mem::take(list);
    for path in all {
        if disk.is_new(&path)? {
            notices.push(Notice::info("configuration", as_bytes(&path), "it was not there before what is scanned, so it is not in force"));
        } else {
            list.push(path);
        }
    }
    Ok(())
}

fn root(odb: &Odb, commit: &Oid) -> Result<Oid> {
    let wrong = |why: String| Error::input(format!("commit {}: {why}", commit.hex()));
    let (_, bytes) = odb.read(commit).map_err(|error| wrong(error.to_string()))?;
    unleak::history::commit::headers(&bytes).tree.ok_or_else(|| wrong("it names no tree".to_owned()))
}
