//! A secret that was planted, where it must be found, and the comparison of that with a report. It does not know
//! how secrets are planted.

use data_encoding::BASE64;
use serde_json::Value;

use super::run::Report;
use super::token::token;

/// What has to be there for a secret to be found: not every copy of a repository has everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Objects that a ref reaches: what a clone of all refs brings.
    Reachable,
    /// Objects that no ref reaches.
    Lost,
    /// The name of a ref.
    RefName,
    /// Configuration, hooks, reflogs.
    Local,
    /// The index and the working tree.
    Tree,
}

/// A secret's life, as the report's `history` must tell it.
#[derive(Clone, Debug, Default)]
pub struct Life {
    pub first: Option<String>,
    /// `None` where it is not asked.
    pub removed: Option<Option<String>>,
    pub in_head: bool,
    /// Some of the refs.
    pub refs: Vec<String>,
    pub unreachable: bool,
}

/// A planted secret and one place where it must be found.
#[derive(Clone, Debug)]
pub struct Plant {
    pub name: &'static str,
    pub secret: String,
    pub class: Class,
    /// Empty where it is not asked.
    pub kind: &'static str,
    pub repo: &'static str,
    pub path: Option<Vec<u8>>,
    pub commit: Option<String>,
    pub object: Option<String>,
    pub line: usize,
    pub life: Option<Life>,
}

/// The secret of that name: each name has its own.
pub fn secret(name: &str) -> String {
    token(name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)))
}

impl Plant {
    pub fn new(name: &'static str, class: Class, kind: &'static str) -> Self {
        let (secret, repo) = (secret(name), "");
        Self { name, secret, class, kind, repo, path: None, commit: None, object: None, line: 1, life: None }
    }

    pub fn path(mut self, path: impl AsRef<[u8]>) -> Self {
        self.path = Some(path.as_ref().to_vec());
        self
    }

    pub fn commit(mut self, commit: &str) -> Self {
        self.commit = Some(commit.to_owned());
        self
    }

    pub fn object(mut self, object: &str) -> Self {
        self.object = Some(object.to_owned());
        self
    }

    pub fn line(mut self, line: usize) -> Self {
        self.line = line;
        self
    }

    pub fn inside(mut self, repo: &'static str) -> Self {
        self.repo = repo;
        self
    }

    pub fn life(mut self, life: Life) -> Self {
        self.life = Some(life);
        self
    }

    /// It came with the commit of its place and is still in HEAD.
    pub fn stays(self) -> Self {
        let life = Life {
            first: self.commit.clone(),
            removed: Some(None),
            in_head: true,
            refs: vec!["refs/heads/main".into()],
            unreachable: false,
        };
        self.life(life)
    }

    /// It came with the commit of its place; that ref still reaches it.
    pub fn on(self, name: &str) -> Self {
        let life = Life { first: self.commit.clone(), refs: vec![name.to_owned()], ..Life::default() };
        self.life(life)
    }

    /// It came with the commit of its place, which no ref reaches.
    pub fn lost(self) -> Self {
        let life = Life { first: self.commit.clone(), unreachable: true, ..Life::default() };
        self.life(life)
    }

    /// What is wrong with what the report says of it. `attributed` is false where only finding it counts.
    pub fn faults(&self, report: &Report, attributed: bool) -> Vec<String> {
        let Some(finding) = report.finding(&self.secret) else { return vec![format!("{}: not found", self.name)] };
        if !attributed {
            return Vec::new();
        }
        let mut faults = Vec::new();
        let places = finding["places"].as_array().unwrap();
        if !places.iter().any(|place| self.is(place)) {
            faults.push(format!("{}: {self:?} is not among its places {}", self.name, finding["places"]));
        }
        if let Some(life) = &self.life {
            life.compare(&finding["history"], |what| faults.push(format!("{}: {what} in {}", self.name, finding["history"])));
        }
        faults
    }

    fn is(&self, place: &Value) -> bool {
        let text = |name: &str| place[name].as_str();
        (self.kind.is_empty() || text("kind") == Some(self.kind))
            && text("repo") == Some(self.repo)
            && place_path(place) == self.path
            && text("commit") == self.commit.as_deref()
            && (self.object.is_none() || text("object") == self.object.as_deref())
            && place["line"] == self.line
    }
}

impl Life {
    fn compare(&self, history: &Value, mut fault: impl FnMut(&str)) {
        let commit = |name: &str| history[name]["commit"].as_str().map(str::to_owned);
        if commit("first_seen") != self.first {
            fault(&format!("first_seen is not {:?}", self.first));
        }
        if self.removed.as_ref().is_some_and(|removed| commit("removed_in") != *removed) {
            fault(&format!("removed_in is not {:?}", self.removed));
        }
        if history["in_head"] != self.in_head {
            fault(&format!("in_head is not {}", self.in_head));
        }
        if history["unreachable"] != self.unreachable {
            fault(&format!("unreachable is not {}", self.unreachable));
        }
        let refs: Vec<&str> = history["refs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if let Some(missing) = self.refs.iter().find(|name| !refs.contains(&name.as_str())) {
            fault(&format!("{missing} is not among refs"));
        }
    }
}

/// The raw path of a place.
pub fn place_path(place: &Value) -> Option<Vec<u8>> {
    match place["path_b64"].as_str() {
        Some(encoded) => Some(BASE64.decode(encoded.as_bytes()).unwrap()),
        None => place["path"].as_str().map(|path| path.as_bytes().to_vec()),
    }
}
