//! What a scan says: findings, each one secret with all its places and its history. Plain data; it does not
//! know how it was found, nor how it will be shown (`report` masks it and writes it).

use std::collections::BTreeMap;

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// What an attacker can do with the secret, from the rule, lowered where the value proves less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Of little use to anybody.
    Low,
    /// Limited rights, or only together with something else.
    Medium,
    /// Rights over a service or its data.
    High,
    /// Rights over an account, an infrastructure or its source.
    Critical,
}

/// How sure we are that it is a real secret. The three tiers of the default report's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Possible: shown only when asked for.
    Low,
    /// Likely: a distinctive shape, or a value beside its provider's name, that survives the filters.
    Medium,
    /// Proved offline, or a shape that nothing else has.
    High,
}

/// What kind of thing hides a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HiddenBy {
    /// A marker in the text beside it.
    Marker,
    /// An `[[allow]]` of a configuration.
    Allow,
    /// An entry of an ignore file.
    IgnoreFile,
    /// A baseline.
    Baseline,
}

/// What hides places of a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hidden {
    /// What kind of thing.
    pub by: HiddenBy,
    /// Which: a marker's words, a file, a file and line.
    pub source: String,
    /// Why, as somebody wrote.
    pub reason: Option<String>,
    /// The last day on which it counts.
    pub until: Option<String>,
    /// How many places it hides.
    pub places: usize,
}

macro_rules! names {
    ($type:ty, $($variant:ident => $name:literal),+) => {
        impl $type {
            /// Every value with its name, in ascending order.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $name)),+];

            /// The name as it stands in rules, options and reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The value of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().find(|(_, n)| *n == name).map(|(v, _)| *v)
            }
        }
    };
}

names!(Severity, Low => "low", Medium => "medium", High => "high", Critical => "critical");
names!(Confidence, Low => "low", Medium => "medium", High => "high");
names!(HiddenBy, Marker => "marker", Allow => "allow", IgnoreFile => "ignore-file", Baseline => "baseline");
names!(State, Live => "live", Unknown => "unknown", Dead => "dead", NotChecked => "not-checked");
names!(PlaceKind,
    Blob => "blob", Index => "index", Worktree => "worktree", File => "file", Stdin => "stdin",
    CommitMessage => "commit-message", TagMessage => "tag-message", Identity => "identity", Path => "path",
    Ref => "ref", Reflog => "reflog", Config => "config", Hook => "hook", Object => "object");

/// What kind of thing a secret stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceKind {
    /// A blob of the object database.
    Blob,
    /// A blob that the index (the stage) names and no commit holds.
    Index,
    /// A file of a working tree.
    Worktree,
    /// A file of a plain directory, or given by its path.
    File,
    /// Standard input, or bytes given to the library.
    Stdin,
    /// A commit's message or extra headers.
    CommitMessage,
    /// An annotated tag's message.
    TagMessage,
    /// An author, committer or tagger field.
    Identity,
    /// The name of a file or folder.
    Path,
    /// The name of a ref.
    Ref,
    /// A message in a reflog.
    Reflog,
    /// The repository's own configuration.
    Config,
    /// A hook script of the repository.
    Hook,
    /// An object that is none of these.
    Object,
}

/// A name and e-mail address, as an author or committer field has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    /// The name, raw.
    pub name: BString,
    /// The address, raw, without its angle brackets.
    pub email: BString,
}

/// One place where a secret stands. Byte offsets count in the outer object; lines and columns from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it stands in.
    pub kind: PlaceKind,
    /// Index into the targets of the run.
    pub target: usize,
    /// Path of the submodule or nested repository inside the target; empty for the target itself.
    pub repo: BString,
    /// Path relative to the repository, else to the target; a ref's, hook's or reflog's name for those.
    pub path: Option<BString>,
    /// Object id in hex.
    pub object: Option<String>,
    /// The first commit that put this object at this path, in hex; the commit itself for messages.
    pub commit: Option<String>,
    /// That commit's author.
    pub author: Option<Person>,
    /// That commit's committer date: seconds since 1970.
    pub date: Option<i64>,
    /// Line of the first byte.
    pub line: usize,
    /// Column of the first byte, in bytes.
    pub column: usize,
    /// Line of the last byte.
    pub end_line: usize,
    /// Column after the last byte, in bytes.
    pub end_column: usize,
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
    /// Decoders and containers gone through, leading inward.
    pub via: Vec<String>,
    /// Whether HEAD's tree holds it here; `None` where that means nothing.
    pub in_head: Option<bool>,
    /// Refs whose own tip holds it here; the most telling first, a bounded number.
    pub refs: Vec<BString>,
}

/// A commit as a history mentions it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRef {
    /// Object id in hex.
    pub id: String,
    /// Author of the commit.
    pub author: Person,
    /// Committer date: seconds since 1970.
    pub date: i64,
}

/// What a history was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// No history: plain files, standard input.
    None,
    /// The commits of a range: besides the scope only `in_head` is answered.
    Range,
    /// Every object of a repository.
    Full,
}

/// A secret's life in the repositories of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// What was looked at.
    pub scope: Scope,
    /// The first commit that held it.
    pub first_seen: Option<CommitRef>,
    /// The newest commit that holds it.
    pub last_seen: Option<CommitRef>,
    /// Where it left for good: the last commit that removed it. `None` while HEAD holds it.
    pub removed_in: Option<CommitRef>,
    /// Whether HEAD's tree holds it at any path.
    pub in_head: Option<bool>,
    /// Refs from which a commit that holds it can be reached: branches and tags first, a bounded number.
    pub refs: Vec<BString>,
    /// How many such refs there are.
    pub ref_count: usize,
    /// No ref reaches any commit that holds it.
    pub unreachable: bool,
    /// Number of commits whose tree, message or identity holds it.
    pub commits: usize,
}

impl History {
    /// A history that says nothing but its scope.
    pub fn empty(scope: Scope) -> Self {
        Self {
            scope,
            first_seen: None,
            last_seen: None,
            removed_in: None,
            in_head: None,
            refs: Vec::new(),
            ref_count: 0,
            unreachable: false,
            commits: 0,
        }
    }
}

/// What asking the provider said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The provider takes it.
    Live,
    /// The provider refuses it.
    Dead,
    /// Asked, without an answer that says either.
    Unknown,
    /// Not asked.
    NotChecked,
}

/// The reason of a verdict that nobody wanted.
pub const NOT_ASKED: &str = "verification was not asked for";

/// A verdict with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The verdict; of several questions the best: live, unknown, dead.
    pub state: State,
    /// Why it is so.
    pub reason: String,
    /// What the provider answered: status, host, whose it is.
    pub evidence: BTreeMap<String, String>,
    /// When it answered: seconds since 1970.
    pub time: Option<i64>,
    /// Each question's verdict, where the places of the secret gave several.
    pub answers: Vec<Verification>,
}

impl Verification {
    /// A verdict without evidence.
    pub fn new(state: State, reason: impl Into<String>) -> Self {
        Self { state, reason: reason.into(), evidence: BTreeMap::new(), time: None, answers: Vec::new() }
    }

    /// The same with something that the provider said.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.evidence.insert(name.to_owned(), value.into());
        self
    }
}

/// What a place says of a secret besides its value: all that a question to the provider can need.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// Id of the rule that matched.
    pub rule: String,
    /// Further parts of the match by the names of their groups; `whole` is all of it.
    pub parts: BTreeMap<String, Secret>,
    /// Providers that it could belong to as well, by rules that are as sure of the same bytes.
    pub rivals: Vec<String>,
}

/// The other half of a credential: an id that stands near its secret.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Id of its rule.
    pub rule: String,
    /// The rule's name for people.
    pub name: String,
    /// Its value.
    pub secret: Secret,
    /// Whether it only names what the secret opens; then it is no finding of its own.
    pub identifier: bool,
    /// Where it stands.
    pub place: Place,
    /// A further part that the secret is of no use without: the session token of a temporary key.
    pub third: Option<Box<Pair>>,
}

impl Pair {
    /// The half, and the third part where there is one.
    pub fn parts(&self) -> impl Iterator<Item = &Pair> {
        std::iter::once(self).chain(self.third.as_deref())
    }
}

/// One secret: its value, the rule that speaks for it, and every place it stands in.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The canonical value.
    pub secret: Secret,
    /// Its identity, see [`crate::secret::FingerprintKey::fingerprint`].
    pub fingerprint: String,
    /// Id of the most specific rule that matched.
    pub rule: String,
    /// The rule's name for people.
    pub name: String,
    /// Who issued it.
    pub provider: String,
    /// The worst over its places.
    pub severity: Severity,
    /// The best over its places.
    pub confidence: Confidence,
    /// 0 to 1: how likely it is a real secret.
    pub score: f64,
    /// Why the score is what it is, in words.
    pub reasons: Vec<String>,
    /// What the value says of itself offline: account, owner, expiry ...
    pub facts: BTreeMap<String, String>,
    /// What the provider said.
    pub verification: Verification,
    /// The distinct ways in which it can be asked about, a bounded number.
    pub uses: Vec<Use>,
    /// Every place, ordered by date, path and line. Never empty.
    pub places: Vec<Place>,
    /// Its life in the repositories of the run.
    pub history: History,
    /// How many places are left out of `places` because there are too many.
    pub more_places: usize,
    /// The other half of the credential, where one stands near.
    pub pair: Option<Pair>,
    /// What hides places of it. They are not among `places`, unless all of them are hidden.
    pub hidden: Vec<Hidden>,
    /// Every place is hidden: it is shown only where somebody asks for it, or where it is proved live.
    pub suppressed: bool,
}
