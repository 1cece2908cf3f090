//! Repositories made by git in temporary folders, and scans of them through the library.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bstr::BString;
use unleak::coverage::Notice;
use unleak::detect::Detector;
use unleak::finding::{Finding, PlaceKind};
use unleak::progress::Progress;
use unleak::rule::RuleSet;
use unleak::scan::collect::Collector;
use unleak::scan::join::{self, Shown};
use unleak::scan::range::{self, Context, Options, RangeResult};
use unleak::secret::FingerprintKey;
use unleak::source::git::odb::Odb;
use unleak::source::git::refs::Refs;
use unleak::source::git::repo::Repo;
use unleak::source::git::revisions::{self, Selection, Wanted};
use unleak::suppress::Suppress;

/// A token with a checksum that holds, made from a number.
pub fn token(number: u32) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut state = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
    let body: String = (0..30)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(DIGITS[(state >> 33) as usize % 62])
        })
        .collect();
    let mut crc = libdeflater::crc32(body.as_bytes());
    let mut sum = Vec::new();
    for _ in 0..6 {
        sum.push(DIGITS[crc as usize % 62]);
        crc /= 62;
    }
    sum.reverse();
    ["ghp", "_", &body, std::str::from_utf8(&sum).unwrap()].concat()
}

/// Numbers that look random and are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

pub struct TestRepo {
    _dir: Option<tempfile::TempDir>,
    pub path: PathBuf,
}

impl TestRepo {
    pub fn new() -> Self {
        Self::with(&[])
    }

    pub fn with(init: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let repo = Self { path: dir.path().join("repo"), _dir: Some(dir) };
        fs::create_dir(&repo.path).unwrap();
        repo.git(&[&["init", "-q"], init].concat());
        repo
    }

    pub fn at(path: &Path) -> Self {
        Self { _dir: None, path: path.to_owned() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.current_dir(&self.path).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", &self.path).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_AUTHOR_DATE", "1700000000 +0000");
        command.env("GIT_COMMITTER_DATE", "1700000000 +0000").stdin(Stdio::null());
        for setting in ["init.defaultBranch=main", "user.name=Tester", "user.email=tester@example.com", "protocol.file.allow=always"] {
            command.args(["-c", setting]);
        }
        command.args(["-c", "advice.detachedHead=false", "-c", "commit.gpgSign=false", "-c", "gc.reflogExpire=never"]);
        command.args(arguments);
        command
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    pub fn git_fails(&self, arguments: &[&str]) {
        assert!(!self.command(arguments).output().unwrap().status.success());
    }

    pub fn lines(&self, arguments: &[&str]) -> Vec<String> {
        self.git(arguments).lines().map(str::to_owned).collect()
    }

    pub fn import(&self, script: &str) {
        let mut child = self.command(&["fast-import", "--quiet", "--force"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes files and commits everything.
    pub fn commit(&self, files: &[(&str, &str)]) -> String {
        files.iter().for_each(|(path, text)| self.write(path, text));
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn opened(&self) -> Opened {
        let git_dir = if self.path.join(".git").is_dir() { self.path.join(".git") } else { self.path.clone() };
        let work_tree = git_dir.ends_with(".git").then_some(self.path.as_path());
        let repo = Repo::open(&git_dir, work_tree).unwrap();
        let refs = Refs::read(&repo.git_dir, &repo.common_dir);
        let odb = Odb::open(&repo.objects(), repo.hash, true);
        Opened { repo, refs, odb }
    }
}

pub struct Opened {
    pub repo: Repo,
    pub refs: Refs,
    pub odb: Odb,
}

impl Opened {
    pub fn select(&self, wanted: &Wanted) -> unleak::error::Result<Selection> {
        revisions::select(&self.repo, &self.refs, &self.odb, wanted)
    }

    /// The ids of the commits, or the error's text with its hint.
    pub fn ids(&self, wanted: &Wanted) -> Result<Vec<String>, String> {
        match self.select(wanted) {
            Ok(selection) => Ok(selection.commits.iter().map(|commit| commit.oid.hex()).collect()),
            Err(error) => Err(format!("{:?} {} ({})", error.kind, error, error.hint.clone().unwrap_or_default())),
        }
    }

    pub fn scan(&self, what: What<'_>, whole_files: bool, paths: &[&str]) -> Scan {
        let detector = Detector::new(RuleSet::builtin(), 1_700_000_000);
        let collector = Collector::new(&detector);
        let progress = Progress::new();
        let context = Context { repo: &self.repo, refs: &self.refs, odb: &self.odb, collector: &collector, progress: &progress };
        let paths: Vec<BString> = paths.iter().map(|&path| path.into()).collect();
        let here = BString::default();
        let options = Options { target: 0, repo_path: &here, whole_files, paths: &paths, wanted: &|_| true, parents: &[] };
        let result = match what {
            What::Range(wanted) => range::scan(&context, &self.select(wanted).unwrap(), &options),
            What::Stage(index) => range::scan_stage(&context, &options, index),
            What::Changes => range::scan_changes(&context, &options, None),
        };
        Scan {
            result,
            findings: join::findings(&collector, &FingerprintKey::default(), &Suppress::default(), Shown::ALL),
            notices: collector.notices(),
        }
    }
}

#[derive(Clone, Copy)]
pub enum What<'a> {
    Range(&'a Wanted),
    Stage(Option<&'a Path>),
    Changes,
}

pub struct Scan {
    pub result: RangeResult,
    pub findings: Vec<Finding>,
    pub notices: Vec<Notice>,
}

impl Scan {
    /// Commit, path and value of everything found in places of this kind.
    pub fn places(&self, kind: PlaceKind) -> BTreeSet<(String, String, String)> {
        let mut all = BTreeSet::new();
        for finding in &self.findings {
            assert_eq!(finding.more_places, 0);
            for place in finding.places.iter().filter(|place| place.kind == kind) {
                let path = place.path.clone().unwrap_or_default().to_string();
                all.insert((place.commit.clone().unwrap_or_default(), path, String::from_utf8(finding.secret.expose().to_vec()).unwrap()));
            }
        }
        all
    }

    /// Path and value, where there is no commit.
    pub fn found(&self, kind: PlaceKind) -> Vec<(String, String)> {
        self.places(kind).into_iter().map(|(_, path, value)| (path, value)).collect()
    }

    pub fn is_complete(&self) -> bool {
        !self.notices.iter().any(|notice| notice.incomplete)
    }
}

pub fn range(text: &str) -> Wanted {
    Wanted { range: vec![text.to_owned()], ..Wanted::default() }
}
