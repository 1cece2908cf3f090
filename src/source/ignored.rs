//! The ignore rules of one git working tree: its `.gitignore` files and `info/exclude`, never the user's
//! global ones, so that the same tree is read the same on every machine. It does not know what is tracked.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bstr::ByteSlice;
use gix::discover::path::{from_gitdir_file, from_plain_file_relative_to_file};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// A file of ignore rules longer than this is not obeyed: what it hides is read instead.
const LONGEST: u64 = 1 << 20;

/// The rules in force in one folder: its own, then those of the folders above, then `info/exclude`.
pub(super) struct Rules {
    own: Gitignore,
    above: Option<Arc<Rules>>,
}

impl Rules {
    /// The rules from outside of the folder: `info/exclude` of its repository, and the `.gitignore` files
    /// between the repository's top and the folder, without the folder's own.
    pub(super) fn above(root: &Path) -> Option<Arc<Self>> {
        let top = root.ancestors().find(|folder| folder.join(".git").exists())?;
        let mut rules = common_dir(&top.join(".git")).and_then(|dir| Self::read(top, &dir.join("info/exclude"), None));
        let between: Vec<&Path> = root.ancestors().skip(1).take_while(|folder| folder.starts_with(top)).collect();
        for folder in between.into_iter().rev() {
            rules = Self::below(rules, folder);
        }
        rules
    }

    /// The rules in force in a folder that has a `.gitignore`, below those of its parent.
    pub(super) fn below(parent: Option<Arc<Self>>, folder: &Path) -> Option<Arc<Self>> {
        Self::read(folder, &folder.join(".gitignore"), parent.clone()).or(parent)
    }

    fn read(folder: &Path, file: &Path, above: Option<Arc<Self>>) -> Option<Arc<Self>> {
        let metadata = fs::symlink_metadata(file).ok()?;
        // A link or a pipe in its place is no file of rules: git reads neither.
        if !metadata.is_file() || metadata.len() > LONGEST {
            return None;
        }
        let mut text = Vec::new();
        fs::File::open(file).ok()?.take(LONGEST).read_to_end(&mut text).ok()?;
        let mut builder = GitignoreBuilder::new(folder);
        for line in text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text).lines() {
            // A line that is no pattern hides nothing.
            let _ = builder.add_line(None, &line.to_str_lossy());
        }
        let own = builder.build().ok().filter(|own| !own.is_empty())?;
        Some(Arc::new(Self { own, above }))
    }

    /// Whether the rules ignore the path, which must be given as the folders were.
    pub(super) fn ignores(&self, path: &Path, is_dir: bool) -> bool {
        match self.own.matched(path, is_dir) {
            Match::Ignore(_) => true,
            Match::Whitelist(_) => false,
            Match::None => self.above.as_ref().is_some_and(|above| above.ignores(path, is_dir)),
        }
    }
}

/// The folder that holds what all working trees of a repository share, from its `.git` folder or file.
fn common_dir(dot_git: &Path) -> Option<PathBuf> {
    let own = if dot_git.is_file() { from_gitdir_file(dot_git).ok()? } else { dot_git.to_owned() };
    let pointer = own.join("commondir");
    let shared = if pointer.is_file() { from_plain_file_relative_to_file(&pointer).and_then(Result::ok) } else { None };
    Some(shared.unwrap_or(own))
}
