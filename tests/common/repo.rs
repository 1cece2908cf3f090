//! Repositories made by the installed git in a folder of their own, with nothing of the surroundings in them:
//! fixed names and dates, so that every id is the same on every machine. It knows nothing of secrets.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The date of the first commit; each further one is a minute later.
const BEGIN: u64 = 1_700_000_000;

/// A repository in a temporary folder, with a home of its own beside it.
pub struct Repo {
    pub home: PathBuf,
    pub path: PathBuf,
    /// The folder of both, removed with the last of those that share it.
    temp: std::rc::Rc<TempDir>,
    clock: std::cell::Cell<u64>,
}

impl Repo {
    /// An empty repository with a working tree.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// The same with further options of `git init`.
    pub fn with(options: &[&str]) -> Self {
        let repo = Self::folder();
        let mut all = vec!["init", "-q", "-b", "main"];
        all.extend(options);
        repo.git(&all);
        repo
    }

    /// A folder without a repository.
    pub fn folder() -> Self {
        let temp = std::rc::Rc::new(tempfile::Builder::new().prefix("unleak-e2e-").tempdir().unwrap());
        let root = temp.path().canonicalize().unwrap();
        let (home, path) = (root.join("home"), root.join("repo"));
        std::fs::create_dir(&home).unwrap();
        std::fs::create_dir(&path).unwrap();
        std::fs::write(home.join(".gitconfig"), "[protocol \"file\"]\n\tallow = always\n[core]\n\tlongpaths = true\n").unwrap();
        Self { home, path, temp, clock: std::cell::Cell::new(0) }
    }

    /// Another folder beside this one, sharing its home; not made yet.
    pub fn beside(&self, name: &str) -> Self {
        Self {
            home: self.home.clone(),
            path: self.temp.path().canonicalize().unwrap().join(name),
            temp: self.temp.clone(),
            clock: self.clock.clone(),
        }
    }

    /// A copy of everything in the folder.
    pub fn copy(&self, name: &str) -> Self {
        let other = self.beside(name);
        let status = Command::new("cp").arg("-a").arg(&self.path).arg(&other.path).status().unwrap();
        assert!(status.success());
        other
    }

    /// Runs git and hands back what it printed, without the last line feed. Panics where git fails.
    #[track_caller]
    pub fn git<S: AsRef<OsStr>>(&self, args: &[S]) -> String {
        self.git_with(args, b"")
    }

    /// The same with something on standard input.
    #[track_caller]
    pub fn git_with<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> String {
        let output = self.try_git(args, input);
        let shown: Vec<_> = args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect();
        assert!(output.status.success(), "git {shown:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
    }

    /// Runs git; it may fail.
    pub fn try_git<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> Output {
        let now = BEGIN + 60 * self.clock.replace(self.clock.get() + 1);
        let mut command = scrubbed("git", &self.home);
        for (name, who) in [("AUTHOR", "Ada Author"), ("COMMITTER", "Carl Committer")] {
            command.env(format!("GIT_{name}_NAME"), who);
            command.env(format!("GIT_{name}_EMAIL"), format!("{}@corp.io", who[..4].trim().to_lowercase()));
            command.env(format!("GIT_{name}_DATE"), format!("{now} +0000"));
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1").args(args).current_dir(&self.path);
        feed(command, input)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Writes and stages a file.
    #[track_caller]
    pub fn add(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        self.write(&name, content);
        self.git(&[OsStr::new("add"), OsStr::new("-f"), OsStr::new("--"), name.as_ref().as_os_str()]);
    }

    /// Commits what is staged, and says which commit it became.
    #[track_caller]
    pub fn commit(&self, message: &str) -> String {
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.rev("HEAD")
    }

    /// Stages and commits one file.
    #[track_caller]
    pub fn commit_file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> String {
        let message = format!("write {}", name.as_ref().to_string_lossy().escape_debug());
        self.add(name, content);
        self.commit(&message)
    }

    /// The id that a revision stands for.
    #[track_caller]
    pub fn rev(&self, revision: &str) -> String {
        self.git(&["rev-parse", "--verify", "-q", revision])
    }

    /// Puts an object of any kind into the database.
    #[track_caller]
    pub fn object(&self, kind: &str, content: &[u8]) -> String {
        self.git_with(&["hash-object", "-w", "--stdin", "--literally", "-t", kind], content)
    }

    /// Reads a `git fast-import` stream.
    #[track_caller]
    pub fn fast_import(&self, stream: &[u8]) {
        self.git_with(&["fast-import", "--quiet", "--force"], stream);
    }

    /// Where a loose object lies.
    pub fn loose(&self, id: &str) -> PathBuf {
        self.git_dir().join("objects").join(&id[..2]).join(&id[2..])
    }

    /// The git directory that holds the objects.
    pub fn git_dir(&self) -> PathBuf {
        let common = self.git(&["rev-parse", "--git-common-dir"]);
        self.path.join(common)
    }

    /// The files of all packs with that extension.
    pub fn packs(&self, extension: &str) -> Vec<PathBuf> {
        let Ok(folder) = std::fs::read_dir(self.git_dir().join("objects/pack")) else { return Vec::new() };
        let mut all: Vec<PathBuf> =
            folder.map(|entry| entry.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == extension)).collect();
        all.sort();
        all
    }
}

/// A command with an environment that says nothing but where programs are and where home is.
pub fn scrubbed(program: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    let keep: Vec<(OsString, OsString)> = ["PATH", "SYSTEMROOT", "TMPDIR", "LLVM_PROFILE_FILE"]
        .into_iter()
        .filter_map(|name| Some((name.into(), std::env::var_os(name)?)))
        .collect();
    command.env_clear().envs(keep).env("HOME", home).env("LC_ALL", "C").env("TZ", "UTC");
    command
}

/// Runs a command with that standard input to its end.
pub fn feed(mut command: Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A child that does not want all of it closes the pipe.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    })
}

/// A file's content for `git fast-import`.
pub fn data(content: &[u8]) -> Vec<u8> {
    [format!("data {}\n", content.len()).as_bytes(), content, b"\n"].concat()
}
