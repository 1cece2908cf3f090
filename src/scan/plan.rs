//! What a run shall do, as meant: targets, what of them, limits. It does not know what the user typed.

use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use bstr::{BString, ByteSlice};
use globset::GlobSet;

use crate::coverage::Notice;
use crate::finding::{Confidence, PlaceKind, Severity};
use crate::object::Oid;
use crate::secret::FingerprintKey;
use crate::source::git::as_bytes;
use crate::source::git::revisions::Wanted;
use crate::source::target::Mode;
use crate::suppress::Suppress;

/// Which commits or changes are looked at, instead of everything.
#[derive(Clone, Debug)]
pub enum Range {
    /// Commits.
    Commits(Wanted),
    /// What the index adds to HEAD.
    Staged,
    /// What the index and the working tree add to HEAD, untracked files included.
    Changes,
    /// Of each path of [`GitPlace::paths`]: what the index adds to HEAD there; where that is nothing, the whole file.
    Named,
}

/// A repository as git tells it to a hook, instead of one that is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitPlace {
    /// Its git directory.
    pub git_dir: PathBuf,
    /// The top of its working tree, where it has one.
    pub work_tree: Option<PathBuf>,
    /// Object directories in place of its own: the quarantine of a push, and what it borrows from.
    pub objects: Vec<PathBuf>,
    /// Files and folders, relative to the top, to which the scan is limited; empty for all.
    pub paths: Vec<BString>,
    /// Further parents of the commit that is about to be made, besides those that the repository itself knows.
    pub parents: Vec<Oid>,
}

impl GitPlace {
    /// What it is called in the receipt.
    pub fn name(&self) -> BString {
        as_bytes(self.work_tree.as_deref().unwrap_or(&self.git_dir))
    }
}

/// A text that another program hands over: a commit's message, the name of a ref, a file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What it is called in the receipt.
    pub name: BString,
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// Its path or name in the report.
    pub path: Option<BString>,
    /// The text.
    pub bytes: Vec<u8>,
    /// Texts that stood there before: what one of them holds is not new.
    pub before: Vec<Vec<u8>>,
}

/// A run.
#[derive(Debug)]
pub struct Plan {
    /// The targets, as given.
    pub targets: Vec<OsString>,
    /// What they must be.
    pub mode: Mode,
    /// A repository in place of the targets; it goes with a range.
    pub place: Option<GitPlace>,
    /// Texts in place of the targets, or besides that repository.
    pub texts: Vec<Text>,
    /// Whether a repository's index and working tree are scanned besides its objects.
    pub work_tree: bool,
    /// Part of the history only.
    pub range: Option<Range>,
    /// An index to read for [`Range::Staged`] and [`Range::Changes`] in place of the repository's own.
    pub index: Option<PathBuf>,
    /// With a range: values that stood there before are reported too.
    pub whole_files: bool,
    /// Paths to include; all where there is none.
    pub include: Option<GlobSet>,
    /// Paths to exclude.
    pub exclude: Option<GlobSet>,
    /// Ignored files of working trees are scanned too.
    pub include_ignored: bool,
    /// Submodules that are here are scanned too.
    pub recurse_submodules: bool,
    /// Repositories below a folder are scanned as repositories.
    pub nested: bool,
    /// The most bytes of a file or blob that is scanned.
    pub max_file_size: Option<u64>,
    /// Findings below are counted, not reported.
    pub confidence: Confidence,
    /// Those are kept apart in the outcome: a provider may know them.
    pub keep_unsure: bool,
    /// Values that only look random are reported whatever the confidence asked for.
    pub entropy: bool,
    /// Findings below are counted, not reported.
    pub severity: Severity,
    /// What may hide a finding.
    pub suppress: Suppress,
    /// What is to be said in the report besides: of configuration, mostly.
    pub notices: Vec<Notice>,
    /// What fingerprints are made with.
    pub key: FingerprintKey,
    /// Threads; as many as there are cores where it is `None`.
    pub threads: Option<usize>,
    /// How remote repositories are cloned.
    pub clone: CloneLimits,
    /// What standard input is, where `-` is a target.
    pub stdin: Input,
}

/// How remote repositories are cloned.
#[derive(Clone, Debug)]
pub struct CloneLimits {
    /// The folder for temporary clones.
    pub folder: PathBuf,
    /// How long one may take.
    pub timeout: Duration,
    /// How many bytes one may have.
    pub max_size: Option<u64>,
    /// There is a terminal with somebody to ask for a password.
    pub prompt: bool,
}

/// Standard input, or what stands in for it.
pub struct Input(pub Mutex<Box<dyn Read + Send>>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Input")
    }
}

impl Input {
    /// Reads from this.
    pub fn new(reader: impl Read + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(reader)))
    }
}

impl Default for Plan {
    /// The working directory, all of it, with the defaults of the command line.
    fn default() -> Self {
        Self {
            targets: vec![".".into()],
            mode: Mode::Auto,
            place: None,
            texts: Vec::new(),
            work_tree: true,
            range: None,
            index: None,
            whole_files: false,
            include: None,
            exclude: None,
            include_ignored: false,
            recurse_submodules: false,
            nested: true,
            max_file_size: None,
            confidence: Confidence::Medium,
            keep_unsure: false,
            entropy: false,
            severity: Severity::Low,
            suppress: Suppress::default(),
            notices: Vec::new(),
            key: FingerprintKey::default(),
            threads: None,
            clone: CloneLimits { folder: PathBuf::from("."), timeout: Duration::from_secs(30 * 60), max_size: None, prompt: false },
            stdin: Input::new(std::io::empty()),
        }
    }
}

impl Plan {
    /// Whether `--include` and `--exclude` let that path pass.
    pub fn wants(&self, path: &[u8]) -> bool {
        if self.include.is_none() && self.exclude.is_none() {
            return true;
        }
        let path = path.to_path_lossy();
        let below = |globs: &GlobSet| path.ancestors().any(|part| globs.is_match(part));
        self.include.as_ref().is_none_or(&below) && !self.exclude.as_ref().is_some_and(below)
    }
}
