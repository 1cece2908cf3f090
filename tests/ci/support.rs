//! A server with a history, the clones that pipelines make of it, and runs of `unleak ci` in them.

use std::path::Path;

pub use crate::common::repo::Repo;
pub use crate::common::run::{Ran, finish, unleak};
pub use crate::common::token::token;

/// The server's history. Each secret is named by the seed of its token.
pub struct Server {
    /// The bare repository.
    pub bare: Repo,
    /// Where its commits are made.
    pub work: Repo,
    /// The first commit of main; it holds secret 1.
    pub first: String,
    /// main: secret 2 came in the second commit and went in the third.
    pub main: String,
    /// topic, from the first commit on: secret 3 came and went.
    pub topic: String,
}

impl Server {
    pub fn new() -> Self {
        let work = Repo::new();
        let bare = work.beside("server.git");
        std::fs::create_dir(&bare.path).unwrap();
        bare.git(&["init", "-q", "--bare", "-b", "main"]);
        work.git(&["remote", "add", "origin", &url(&bare)]);
        let first = leak(&work, "old", 1);
        work.git(&["push", "-q", "origin", "main"]);
        leak(&work, "a", 2);
        let main = work.commit_file("a", "gone\n");
        work.git(&["push", "-q", "origin", "main"]);
        work.git(&["switch", "-qc", "topic", &first]);
        leak(&work, "b", 3);
        let topic = work.commit_file("b", "gone\n");
        Self { bare, work, first, main, topic }
    }

    /// Pushes the topic as a branch.
    pub fn with_branch(self) -> Self {
        self.work.git(&["push", "-q", "origin", "topic"]);
        self
    }

    /// The topic as a request from a fork: no branch of the server, but a ref of its own and one of the merged result.
    pub fn with_request(self) -> (Self, String) {
        self.work.git(&["switch", "-q", "--detach", "main"]);
        self.work.git(&["merge", "-q", "--no-edit", "topic"]);
        let merge = self.work.rev("HEAD");
        self.work.git(&["push", "-q", "origin", "topic:refs/pull/7/head", "topic:refs/merge-requests/7/head", "HEAD:refs/pull/7/merge"]);
        (self, merge)
    }

    /// A clone with all branches, at that commit, as `actions/checkout` makes it with `fetch-depth: 0`.
    pub fn clone_at(&self, name: &str, commit: &str) -> Repo {
        self.fetch(name, commit, &["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"])
    }

    /// A clone of what is named.
    pub fn fetch(&self, name: &str, commit: &str, what: &[&str]) -> Repo {
        let clone = self.bare.beside(name);
        std::fs::create_dir(&clone.path).unwrap();
        clone.git(&["init", "-q", "-b", "main"]);
        clone.git(&["remote", "add", "origin", &url(&self.bare)]);
        clone.git(&[&["fetch", "-q", "origin"], what, &[commit]].concat());
        clone.git(&["checkout", "-qf", "--detach", commit]);
        clone
    }

    /// A clone that is cut off.
    pub fn shallow(&self, name: &str, commit: &str, depth: &str) -> Repo {
        self.fetch(name, commit, &[&format!("--depth={depth}")])
    }
}

/// The URL of a repository here. As a path it would be copied, whatever depth is asked for.
pub fn url(repo: &Repo) -> String {
    format!("file://{}", repo.path.display())
}

/// Commits a file with that secret.
pub fn leak(repo: &Repo, name: &str, seed: u64) -> String {
    repo.commit_file(name, format!("T={}\n", token(seed)))
}

pub const ZERO: &str = "0000000000000000000000000000000000000000";

/// Runs `unleak ci` with these variables.
pub fn ci(repo: &Repo, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = unleak(&repo.home);
    command.current_dir(&repo.path).args(["ci", "--show-secrets", "-f", "json"]).args(arguments);
    // What a pipeline sets besides; none of it may lead astray.
    command.env("CI", "true").envs(variables.iter().copied());
    finish(command, b"")
}

/// A run must find these secrets and nothing else, and say these words of what it chose.
#[track_caller]
pub fn finds(ran: &Ran, seeds: &[u64], words: &str) {
    let mut expected: Vec<String> = seeds.iter().map(|&seed| token(seed)).collect();
    expected.sort();
    assert!(ran.stderr.contains(words), "{words:?} is not said: {}", ran.stderr);
    let report = ran.report();
    assert_eq!(report.secrets(), expected, "{}", ran.stderr);
    assert!(report.complete(), "{:?}", report.notices());
    assert!(report.notices().iter().any(|notice| notice.contains(words)), "{:?}", report.notices());
    assert_eq!(ran.code, i32::from(!seeds.is_empty()), "{}", ran.stderr);
}

/// A run must end with exit code 3 and a command that mends the clone; that command is run, and the next run is handed back.
#[track_caller]
pub fn mended(repo: &Repo, variables: &[(&str, &str)]) -> Ran {
    for _ in 0..5 {
        let ran = ci(repo, variables, &[]);
        if !ran.stdout.is_empty() {
            return ran;
        }
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        let command = ran.stderr.split('`').find(|part| part.starts_with("git fetch")).unwrap_or_else(|| panic!("{}", ran.stderr));
        repo.git(&command.split(' ').skip(1).collect::<Vec<_>>());
    }
    panic!("the commands do not mend it")
}

/// Writes a file of a pipeline beside the clone.
pub fn beside(repo: &Repo, name: &str, text: &str) -> String {
    let path = repo.path.with_file_name(name);
    std::fs::write(&path, text).unwrap();
    path_text(&path)
}

pub fn path_text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
