//! One repository with a secret of its own in every place that a repository has. It does not know how it is scanned.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::plant::{Class, Life, Plant, secret};
use super::repo::Repo;

/// The repository and what is in it.
pub struct Planted {
    pub repo: Repo,
    pub plants: Vec<Plant>,
    /// Found only with `--include-ignored`.
    pub ignored: String,
    /// Found only with `--recurse-submodules`.
    pub submodule: Plant,
    format: Vec<&'static str>,
}

/// A text that holds the secret of that name in its second line.
fn text(name: &str) -> String {
    format!("first line\nthe value {} ends\nlast line\n", secret(name))
}

impl Planted {
    /// Plants everything. `format` are options of `git init`.
    pub fn new(format: &[&'static str]) -> Self {
        let repo = Repo::with(format);
        let submodule = Plant::new("submodule", Class::Local, "blob").inside("sub");
        let mut planted = Self { repo, plants: Vec::new(), ignored: secret("ignored"), submodule, format: format.to_vec() };
        planted.history();
        planted.odd_files();
        planted.odd_names();
        planted.removed();
        planted.branches();
        planted.merge();
        planted.other_refs();
        planted.identities();
        planted.messages();
        planted.raw_commit();
        planted.tags();
        planted.stash();
        planted.lost();
        planted.texts();
        planted.nested();
        planted.submodule();
        planted.tree();
        planted
    }

    fn plant(&mut self, plant: Plant) {
        self.plants.push(plant);
    }

    /// Commits a file with that secret, which stays.
    fn file(&mut self, name: &'static str, path: impl Into<OsString>, content: impl AsRef<[u8]>) -> Plant {
        let path: OsString = path.into();
        let commit = self.repo.commit_file(PathBuf::from(&path), content);
        Plant::new(name, Class::Reachable, "blob").path(path.into_vec()).commit(&commit).stays()
    }

    fn history(&mut self) {
        self.repo.commit_file("README", "nothing here\n");
        self.repo.commit_file(".gitignore", "*.ignored\n");
        let head = self.file("head", "src/head.txt", text("head")).line(2);
        let object = self.repo.rev("HEAD:src/head.txt");
        self.plant(head.clone().object(&object));
        // The same file in the working tree is a place of its own.
        self.plant(Plant { class: Class::Tree, kind: "worktree", commit: None, life: None, ..head });
        let name = secret("file name");
        let commit = self.repo.commit_file(format!("dir/x-{name}.txt"), "x\n");
        self.plant(Plant::new("file name", Class::Reachable, "path").path(format!("dir/x-{name}.txt")).commit(&commit).stays());
        let name = secret("folder name");
        let commit = self.repo.commit_file(format!("dir/{name}/inner.txt"), "y\n");
        self.plant(
            Plant { kind: "path", ..Plant::new("folder name", Class::Reachable, "path") }
                .path(format!("dir/{name}"))
                .commit(&commit)
                .stays(),
        );
    }

    fn odd_files(&mut self) {
        let value = secret("no newline");
        let plant = self.file("no newline", "no-newline", format!("a\nb\n{value}"));
        self.plant(plant.line(3));
        let value = secret("crlf");
        let plant = self.file("crlf", "crlf.txt", format!("a\r\nb\r\nvalue {value}\r\nc\r\n"));
        self.plant(plant.line(3));
        let value = secret("bom");
        let plant = self.file("bom", "bom.txt", format!("\u{feff}{value}\n"));
        self.plant(plant);
        let value = secret("binary");
        let plant = self.file("binary", "binary.bin", [b"\0\x01\xff\n\0\n".as_slice(), value.as_bytes(), b"\0\0\xfe"].concat());
        self.plant(plant.line(3));
        let value = secret("executable");
        self.repo.write("run.sh", format!("#!/bin/sh\necho {value}\n"));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(self.repo.path.join("run.sh"), mode).unwrap();
        self.repo.git(&["add", "run.sh"]);
        let commit = self.repo.commit("executable");
        self.plant(Plant::new("executable", Class::Reachable, "blob").path("run.sh").commit(&commit).line(2).stays());
        std::os::unix::fs::symlink(format!("../{}/target", secret("symlink")), self.repo.path.join("link")).unwrap();
        self.repo.git(&["add", "link"]);
        let commit = self.repo.commit("symlink");
        self.plant(Plant::new("symlink", Class::Reachable, "blob").path("link").commit(&commit).stays());
    }

    fn odd_names(&mut self) {
        for (name, path) in [
            ("not utf-8", &b"odd/\xff\xfe-\xe9.txt"[..]),
            ("spaces", b"odd/with  two spaces .txt"),
            ("quotes", b"odd/'single' \"double\" `back`.txt"),
            ("line feed", b"odd/line\nfeed\ttab.txt"),
            ("escape", b"odd/\x1b[31mred\\.txt"),
            ("unicode", "odd/größe-名前.txt".as_bytes()),
        ] {
            let plant = self.file(name, OsString::from_vec(path.to_vec()), text(name));
            self.plant(plant.line(2));
        }
    }

    fn removed(&mut self) {
        let repo = &self.repo;
        let came = repo.commit_file("gone/deleted.txt", text("deleted"));
        repo.git(&["rm", "-q", "gone/deleted.txt"]);
        let left = repo.commit("remove");
        let life = Life { first: Some(came.clone()), removed: Some(Some(left)), refs: vec!["refs/heads/main".into()], ..Life::default() };
        let deleted = Plant::new("deleted", Class::Reachable, "blob").path("gone/deleted.txt").commit(&came).line(2).life(life);
        let came = repo.commit_file("edited.txt", text("edited"));
        repo.commit_file("edited.txt", text("edited") + "more\n");
        let left = repo.commit_file("edited.txt", "first line\nclean\n");
        let life = Life { first: Some(came.clone()), removed: Some(Some(left)), refs: vec!["refs/heads/main".into()], ..Life::default() };
        let edited = Plant::new("edited", Class::Reachable, "blob").path("edited.txt").commit(&came).line(2).life(life);
        let came = repo.commit_file("old-name.txt", text("renamed"));
        repo.git(&["mv", "old-name.txt", "new-name.txt"]);
        let moved = repo.commit("rename");
        let old = Plant::new("renamed", Class::Reachable, "blob").path("old-name.txt").commit(&came).line(2).stays();
        let new = Plant { life: None, ..old.clone() }.path("new-name.txt").commit(&moved);
        self.plants.extend([deleted, edited, old, new]);
    }

    /// Commits a file on a detached HEAD and goes back; says which commit it became.
    fn detached(&self, path: &str, name: &str) -> String {
        self.repo.git(&["checkout", "-q", "--detach", "main~3"]);
        let commit = self.repo.commit_file(path, text(name));
        self.repo.git(&["checkout", "-q", "main"]);
        commit
    }

    fn branches(&mut self) {
        for (name, path, full) in [
            ("other branch", "side.txt", "refs/heads/side"),
            ("tag only", "tag-only.txt", "refs/tags/tag-only"),
            ("remote-tracking", "remote.txt", "refs/remotes/origin/feature"),
            ("pull request", "pull.txt", "refs/pull/1/head"),
            ("own namespace", "own.txt", "refs/odd/name/space"),
        ] {
            let commit = self.detached(path, name);
            self.repo.git(&["update-ref", "--create-reflog", full, &commit]);
            self.plant(Plant::new(name, Class::Reachable, "blob").path(path).commit(&commit).line(2).on(full));
        }
        for (name, full) in [
            ("branch name", format!("refs/heads/b/{}", secret("branch name"))),
            ("tag name", format!("refs/tags/v1-{}", secret("tag name"))),
        ] {
            self.repo.git(&["update-ref", &full, "main~2"]);
            self.plant(Plant::new(name, Class::RefName, "ref").path(full));
        }
    }

    /// A merge that brings in what neither side has.
    fn merge(&mut self) {
        let repo = &self.repo;
        repo.git(&["checkout", "-q", "-b", "topic", "main~1"]);
        repo.commit_file("topic.txt", "clean\n");
        repo.git(&["checkout", "-q", "main"]);
        repo.git(&["merge", "-q", "--no-ff", "--no-commit", "topic"]);
        repo.add("evil.txt", text("evil merge"));
        let commit = repo.commit("merge topic");
        self.plant(Plant::new("evil merge", Class::Reachable, "blob").path("evil.txt").commit(&commit).line(2).stays());
    }

    fn other_refs(&mut self) {
        let repo = &self.repo;
        let annotated = repo.rev("main~1");
        repo.git(&["notes", "add", "-m", &format!("note {}", secret("note")), &annotated]);
        let commit = repo.rev("refs/notes/commits");
        let note = Plant::new("note", Class::Reachable, "blob").path(&annotated).commit(&commit).on("refs/notes/commits");
        // What a replace ref hides is the real thing.
        let commit = repo.commit_file("replaced.txt", text("replaced"));
        let (real, other) = (repo.rev("HEAD:replaced.txt"), repo.object("blob", b"clean\n"));
        repo.git(&["replace", &real, &other]);
        self.plant(note);
        self.plant(Plant::new("replaced", Class::Reachable, "blob").path("replaced.txt").commit(&commit).object(&real).line(2).stays());
    }

    fn identities(&mut self) {
        let repo = &self.repo;
        let (author, mail) = (secret("author name"), secret("committer mail"));
        repo.git(&["commit", "-q", "--allow-empty", "-m", "author", "--author", &format!("Ada {author} <ada@corp.io>")]);
        let by_author = repo.rev("HEAD");
        repo.git(&["-c", &format!("user.email={mail}@corp.io"), "commit", "-q", "--allow-empty", "-m", "no"]);
        let tree = repo.rev("HEAD^{tree}");
        repo.git(&["reset", "-q", "--hard", &by_author]);
        let raw = format!(
            "tree {tree}\nparent {by_author}\nauthor A <a@b.c> 1700000100 +0000\ncommitter C <{mail}@corp.io> 1700000100 +0000\n\nmail\n"
        );
        let by_mail = repo.object("commit", raw.as_bytes());
        repo.git(&["reset", "-q", "--hard", &by_mail]);
        self.plant(Plant::new("author name", Class::Reachable, "identity").commit(&by_author).object(&by_author).line(3));
        self.plant(Plant::new("committer mail", Class::Reachable, "identity").commit(&by_mail).line(4));
    }

    fn messages(&mut self) {
        let commit = self.repo.commit(&format!("subject\n\nbody has {} in it", secret("message")));
        self.plant(Plant::new("message", Class::Reachable, "commit-message").commit(&commit).object(&commit).line(3));
    }

    /// A commit with headers that no porcelain writes.
    fn raw_commit(&mut self) {
        let repo = &self.repo;
        let (tree, parent, value) = (repo.rev("HEAD^{tree}"), repo.rev("HEAD"), secret("signature"));
        let who = "A <a@b.c> 1700000200 +0000";
        let raw = format!(
            "tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\ngpgsig -----BEGIN SIGNATURE-----\n \n iQ {value} x\n -----END SIGNATURE-----\nx-build 7\n\nsigned\n"
        );
        let commit = repo.object("commit", raw.as_bytes());
        repo.git(&["reset", "-q", "--hard", &commit]);
        self.plant(Plant::new("signature", Class::Reachable, "").commit(&commit).line(7));
    }

    fn tags(&mut self) {
        let repo = &self.repo;
        repo.git(&["tag", "-a", "v1", "-m", &format!("release\n\nwith {}", secret("tag message")), "HEAD"]);
        let v1 = repo.rev("refs/tags/v1");
        let message = Plant::new("tag message", Class::Reachable, "tag-message").path("refs/tags/v1").object(&v1).line(3);
        let raw = format!(
            "object {}\ntype commit\ntag v2\ntagger T <{}@corp.io> 1700000300 +0000\n\nplain\n",
            repo.rev("HEAD"),
            secret("tagger")
        );
        let v2 = repo.object("tag", raw.as_bytes());
        repo.git(&["update-ref", "refs/tags/v2", &v2]);
        let tagger = Plant::new("tagger", Class::Reachable, "identity").path("refs/tags/v2").object(&v2).line(4);
        let light = repo.object("blob", text("tagged blob").as_bytes());
        repo.git(&["tag", "light-blob", &light]);
        let life = |name: &str| Life { refs: vec![name.to_owned()], ..Life::default() };
        let light = Plant::new("tagged blob", Class::Reachable, "blob").object(&light).line(2).life(life("refs/tags/light-blob"));
        let heavy = repo.object("blob", text("annotated blob").as_bytes());
        repo.git(&["tag", "-a", "-m", "blob", "heavy-blob", &heavy]);
        let heavy = Plant::new("annotated blob", Class::Reachable, "blob").object(&heavy).line(2).life(life("refs/tags/heavy-blob"));
        let inner = repo.object("blob", text("tagged tree").as_bytes());
        let tree = repo.git_with(&["mktree"], format!("100644 blob {inner}\tin-tree.txt\n").as_bytes());
        repo.git(&["tag", "tree-tag", &tree]);
        let tree = Plant::new("tagged tree", Class::Reachable, "blob").path("in-tree.txt").object(&inner).line(2);
        self.plants.extend([message, tagger, light, heavy, tree]);
    }

    fn stash(&mut self) {
        let repo = &self.repo;
        repo.commit_file("stashed.txt", "clean\n");
        repo.write("stashed.txt", text("older stash"));
        repo.git(&["stash", "-q"]);
        let older = repo.rev("refs/stash");
        repo.add("stashed.txt", text("stash index"));
        repo.write("stashed.txt", text("stash tree"));
        repo.write("stash-new.txt", text("stash untracked"));
        repo.git(&["stash", "-q", "-u"]);
        let [tree, index, untracked] = ["refs/stash", "refs/stash^2", "refs/stash^3"].map(|rev| repo.rev(rev));
        let plant =
            |name, path: &str, commit: &str| Plant::new(name, Class::Reachable, "blob").path(path).commit(commit).line(2).on("refs/stash");
        let older = Plant { class: Class::Lost, ..plant("older stash", "stashed.txt", &older) }.lost();
        self.plants.extend([
            older,
            plant("stash index", "stashed.txt", &index),
            plant("stash tree", "stashed.txt", &tree),
            plant("stash untracked", "stash-new.txt", &untracked),
        ]);
    }

    fn lost(&mut self) {
        let repo = &self.repo;
        let amended = repo.commit_file("amended.txt", text("amended"));
        repo.add("amended.txt", "clean\n");
        repo.git(&["commit", "-q", "--amend", "-m", "amended"]);
        let amended = Plant::new("amended", Class::Lost, "blob").path("amended.txt").commit(&amended).line(2).lost();
        let blob = repo.object("blob", text("unreachable commit").as_bytes());
        let tree = repo.git_with(&["mktree"], format!("100644 blob {blob}\tlost.txt\n").as_bytes());
        let commit = repo.git(&["commit-tree", "-m", "lost", &tree]);
        let commit = Plant::new("unreachable commit", Class::Lost, "blob").path("lost.txt").commit(&commit).line(2).lost();
        let blob = repo.object("blob", text("dangling blob").as_bytes());
        let blob = Plant::new("dangling blob", Class::Lost, "blob").object(&blob).line(2).lost();
        let inner = repo.object("blob", text("dangling tree").as_bytes());
        repo.git_with(&["mktree"], format!("100644 blob {inner}\tin-lost-tree.txt\n").as_bytes());
        let tree = Plant::new("dangling tree", Class::Lost, "blob").path("in-lost-tree.txt").object(&inner).line(2).lost();
        let raw =
            format!("object {}\ntype commit\ntag x\ntagger T <t@b.c> 1700000300 +0000\n\n{}\n", repo.rev("HEAD"), secret("dangling tag"));
        let tag = repo.object("tag", raw.as_bytes());
        let tag = Plant::new("dangling tag", Class::Lost, "tag-message").object(&tag).lost();
        self.plants.extend([amended, commit, blob, tree, tag]);
    }

    fn texts(&mut self) {
        let repo = &self.repo;
        repo.git(&["update-ref", "-m", &format!("moved by {}", secret("reflog")), "--create-reflog", "refs/heads/logged", "main~1"]);
        repo.git(&["remote", "add", "leak", &format!("https://me:{}@git.corp.io/x.git", secret("config"))]);
        let config = std::fs::read_to_string(repo.git_dir().join("config")).unwrap();
        let line = 1 + config.lines().position(|line| line.contains(&secret("config"))).unwrap();
        std::fs::write(repo.git_dir().join("hooks/pre-push"), format!("#!/bin/sh\nTOKEN={}\n", secret("hook"))).unwrap();
        let plant = |name, kind, path: &str| Plant::new(name, Class::Local, kind).path(path);
        self.plants.extend([
            plant("reflog", "reflog", "logs/refs/heads/logged"),
            plant("config", "config", "config").line(line),
            plant("hook", "hook", "hooks/pre-push").line(2),
        ]);
    }

    fn other(&self, folder: &str) -> Repo {
        let other = self.repo.beside(folder);
        std::fs::create_dir_all(&other.path).unwrap();
        other.git(&[&["init", "-q", "-b", "main"], self.format.as_slice()].concat());
        other
    }

    /// A repository in the working tree that is no submodule; its secret is in its history only.
    fn nested(&mut self) {
        let nested = self.other("repo/tools/nested");
        let commit = nested.commit_file("inner/n.txt", text("nested"));
        nested.commit_file("inner/n.txt", "clean\n");
        self.plant(Plant::new("nested", Class::Tree, "blob").inside("tools/nested").path("inner/n.txt").commit(&commit).line(2));
    }

    fn submodule(&mut self) {
        let origin = self.other("origin-of-sub");
        let commit = origin.commit_file("s.txt", text("submodule"));
        origin.commit_file("s.txt", "clean\n");
        self.repo.git(&["submodule", "--quiet", "add", "--", "../origin-of-sub", "sub"]);
        self.repo.commit("submodule");
        self.submodule = self.submodule.clone().path("s.txt").commit(&commit).line(2);
    }

    /// The index and the working tree: last, since nothing may be committed after it.
    fn tree(&mut self) {
        let repo = &self.repo;
        repo.add("forced.ignored", "clean\n");
        repo.commit_file("modified.txt", "clean\n");
        repo.add("staged.txt", text("staged"));
        let object = repo.rev(":staged.txt");
        repo.write("staged.txt", "clean\n");
        repo.write("modified.txt", text("modified"));
        repo.write("new/untracked.txt", text("untracked"));
        repo.write(".env", text("dot file"));
        repo.write("x.ignored", text("ignored"));
        repo.write("forced.ignored", text("tracked but ignored"));
        std::os::unix::fs::symlink(format!("/nowhere/{}", secret("new symlink")), repo.path.join("new-link")).unwrap();
        repo.write(format!("new/{}.txt", secret("new name")), "x\n");
        self.plants.push(Plant::new("staged", Class::Tree, "index").path("staged.txt").object(&object).line(2));
        for (name, path, line) in [
            ("modified", "modified.txt", 2),
            ("untracked", "new/untracked.txt", 2),
            ("dot file", ".env", 2),
            ("tracked but ignored", "forced.ignored", 2),
            ("new symlink", "new-link", 1),
        ] {
            self.plants.push(Plant::new(name, Class::Tree, "worktree").path(path).line(line));
        }
        let path = format!("new/{}.txt", secret("new name"));
        self.plants.push(Plant::new("new name", Class::Tree, "path").path(path));
    }
}
