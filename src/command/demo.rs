//! `unleak demo`: a small throw-away repository with fake secrets, made up at run time, in the places where
//! other tools do not look; scanned with the real pipeline. The repository goes when the command ends.

use std::fs;
use std::path::Path;

use gix::objs::tree::{Entry, EntryKind};
use gix::{ObjectId, Repository};
use unleak::error::{Error, Exit, Kind, Result};
use unleak::rule::RuleSet;
use unleak::rule::example;
use unleak::scan::Plan;

use crate::cli::ReportArgs;
use crate::config;
use crate::config::around::Around;
use crate::display;

/// Where each fake secret is put, and the rule whose example it is made from.
const PLANTED: &[(&str, &str)] = &[
    ("in HEAD, in a file", "github-pat"),
    ("in a file that was deleted later", "stripe-secret-key"),
    ("in a stash", "slack-bot-token"),
    ("in the resolution of a merge", "gitlab-pat"),
    ("in a commit message", "npm-access-token"),
];

/// Makes the repository, scans it and removes it.
pub fn run(args: ReportArgs) -> Result<Exit> {
    let failed = |e: &dyn std::fmt::Display| Error::new(Kind::Output, format!("the demo repository cannot be made: {e}"));
    let folder = tempfile::Builder::new().prefix("unleak-demo-").tempdir().map_err(|e| failed(&e))?;
    let secrets = secrets()?;
    plant(folder.path(), &secrets).map_err(|e| failed(&e))?;
    if !args.quiet {
        display::say("demo", &format!("a repository with {} fake secrets:", secrets.len()));
        PLANTED.iter().for_each(|(place, _)| display::say("demo", &format!("  one {place}")));
    }
    let plan = Plan { targets: vec![folder.path().into()], ..Plan::default() };
    super::scan::run(config::job(plan, &args, &Around::nothing()))
}

/// One fake value for each place, from the examples of the rules.
fn secrets() -> Result<Vec<String>> {
    let rules = RuleSet::builtin();
    let value = |(seed, (_, id)): (usize, &(&str, &str))| {
        let rule = rules.rules().iter().find(|r| r.spec.id == *id || r.spec.aliases.iter().any(|alias| alias == id));
        let rule = rule.ok_or_else(|| Error::configuration(format!("there is no rule {id} to make an example of")))?;
        let text = rule.spec.matches.first().map_or("", |text| text.as_ref());
        example::complete(text, rule.spec.check.as_deref(), seed as u64 + 1).map_err(Error::configuration)
    };
    PLANTED.iter().enumerate().map(value).collect()
}

type Made<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn plant(folder: &Path, secrets: &[String]) -> Made<()> {
    let repo = gix::ThreadSafeRepository::init_opts(
        folder,
        gix::create::Kind::WithWorktree,
        gix::create::Options::default(),
        gix::open::Options::isolated(),
    )?
    .to_thread_local();
    let [head, deleted, stashed, merged, message] = secrets else { return Err("five secrets are needed".into()) };
    let readme = ("README.md", "# A shop\n".to_owned());
    let config = ("config.py", format!("DEBUG = False\nGITHUB_TOKEN = \"{head}\"\n"));
    let mut maker = Maker { repo: &repo, time: 1_700_000_000 };

    let first = maker.commit("Begin", &[&readme], &[])?;
    let with_key = maker.commit("Take payments", &[&readme, &("pay.env", format!("STRIPE_KEY={deleted}\n"))], &[first])?;
    let removed = maker.commit("Remove the key, nobody saw it", &[&readme], &[with_key])?;
    let branch = maker.commit("Deploy from CI", &[&readme, &("deploy.sh", "deploy\n".to_owned())], &[removed])?;
    let told = maker.commit(&format!("Publish packages\n\nUse {message} for now."), &[&readme, &config], &[removed])?;
    let resolution = ("deploy.sh", format!("deploy --token {merged}\n"));
    let merge = maker.commit("Merge branch 'ci'", &[&readme, &config, &resolution], &[told, branch])?;
    let clean = ("deploy.sh", "deploy --token \"$TOKEN\"\n".to_owned());
    let tip = maker.commit("Read the token from the environment", &[&readme, &config, &clean], &[merge])?;
    let work = ("notify.py", format!("slack(\"{stashed}\")\n"));
    let stash = maker.commit("WIP on main", &[&readme, &config, &clean, &work], &[tip])?;

    let git = repo.git_dir();
    fs::write(git.join("HEAD"), "ref: refs/heads/main\n")?;
    for (name, id) in [("heads/main", tip), ("heads/ci", branch), ("stash", stash)] {
        let path = git.join("refs").join(name);
        fs::create_dir_all(path.parent().unwrap_or(git))?;
        fs::write(path, format!("{id}\n"))?;
    }
    for (name, text) in [&readme, &config, &clean] {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// Writes commits, one minute after the other.
struct Maker<'r> {
    repo: &'r Repository,
    time: i64,
}

impl Maker<'_> {
    fn commit(&mut self, message: &str, files: &[&(&str, String)], parents: &[ObjectId]) -> Made<ObjectId> {
        let mut entries = Vec::new();
        for (name, text) in files {
            let oid = self.repo.write_blob(text)?.detach();
            entries.push(Entry { mode: EntryKind::Blob.into(), filename: (*name).into(), oid });
        }
        entries.sort();
        let tree = self.repo.write_object(&gix::objs::Tree { entries })?.detach();
        self.time += 60;
        let person = gix::actor::Signature {
            name: "Demo".into(),
            email: "demo@example.com".into(),
            time: gix::date::Time { seconds: self.time, offset: 0 },
        };
        let commit = gix::objs::Commit {
            tree,
            parents: parents.iter().copied().collect(),
            author: person.clone(),
            committer: person,
            encoding: None,
            message: message.into(),
            extra_headers: Vec::new(),
        };
        Ok(self.repo.write_object(&commit)?.detach())
    }
}
