//! A rule as its author wrote it: one row of a TOML file. Also compiled into the build script, which turns
//! `rules/*.toml` into constants, so that a scan parses no rule text. It knows no other module.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Text that is either built in or loaded.
pub type Text = Cow<'static, str>;
/// A list of texts, built in or loaded.
pub type Texts = Cow<'static, [Text]>;

/// One rule file.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its rules.
    #[serde(default)]
    pub rule: Vec<Spec>,
}

/// One rule, see `rules/README.md` for what each key means.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct Spec {
    pub id: Text,
    #[serde(skip_serializing_if = "empty")]
    pub aliases: Texts,
    pub provider: Text,
    pub name: Text,
    pub severity: Text,
    pub confidence: Text,
    #[serde(skip_serializing_if = "empty")]
    pub keywords: Texts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub find: Option<Text>,
    #[serde(skip_serializing_if = "zero")]
    pub entropy: f64,
    #[serde(skip_serializing_if = "nought")]
    pub lifetime: u32,
    #[serde(skip_serializing_if = "empty")]
    pub filters: Texts,
    #[serde(skip_serializing_if = "empty")]
    pub stopwords: Texts,
    #[serde(skip_serializing_if = "empty")]
    pub paths: Texts,
    #[serde(skip_serializing_if = "empty")]
    pub not_paths: Texts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Text>,
    #[serde(skip_serializing_if = "empty")]
    pub pair: Cow<'static, [Pair]>,
    #[serde(skip_serializing_if = "empty")]
    pub beside: Cow<'static, [Beside]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Call>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoke: Option<Call>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respond: Option<Text>,
    #[serde(rename = "match", skip_serializing_if = "empty")]
    pub matches: Texts,
    #[serde(skip_serializing_if = "empty")]
    pub skip: Texts,
}

/// A rule's row, built in or loaded: small, as rules are handed about, and a row is not.
#[derive(Clone)]
pub enum Row {
    /// It is a constant of the program.
    Builtin(&'static Spec),
    /// It was read from a file, or changed.
    Own(Box<Spec>),
}

impl Row {
    /// The row as one that can be changed.
    pub fn to_mut(&mut self) -> &mut Spec {
        if let Self::Builtin(spec) = self {
            *self = Self::Own(Box::new(spec.clone()));
        }
        match self {
            Self::Own(spec) => spec,
            Self::Builtin(_) => unreachable!("it was copied"),
        }
    }

    /// The row alone.
    pub fn into_owned(self) -> Spec {
        match self {
            Self::Builtin(spec) => spec.clone(),
            Self::Own(spec) => *spec,
        }
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Spec::fmt(self, f)
    }
}

impl std::ops::Deref for Row {
    type Target = Spec;

    fn deref(&self) -> &Spec {
        match self {
            Self::Builtin(spec) => spec,
            Self::Own(spec) => spec,
        }
    }
}

/// The other half of a credential: found within so many lines; or a third part that stands besides that half.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Pair {
    pub rule: Text,
    pub lines: u32,
    #[serde(default, skip_serializing_if = "is_no")]
    pub third: bool,
}

/// A value near the secret that a request needs besides it, and that is nothing to report: an account's name, the
/// number of a project, a label of a host.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct Beside {
    pub name: Text,
    /// What stands in front of an assignment to it; without it the value has a shape of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Text>,
    pub value: Text,
    #[serde(rename = "match")]
    pub example: Text,
}

/// A request to the provider: to verify or to revoke.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct Call {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub get: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<Text>,
    #[serde(skip_serializing_if = "empty")]
    pub headers: Texts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Text>,
    #[serde(skip_serializing_if = "empty")]
    pub live: Cow<'static, [u16]>,
    #[serde(skip_serializing_if = "empty")]
    pub live_json: Texts,
    #[serde(skip_serializing_if = "empty")]
    pub dead: Cow<'static, [u16]>,
    #[serde(skip_serializing_if = "empty")]
    pub dead_json: Texts,
    #[serde(skip_serializing_if = "empty")]
    pub done: Cow<'static, [u16]>,
    #[serde(skip_serializing_if = "empty")]
    pub show: Texts,
}

/// What tells one row from another.
pub type Stamp = [u8; 16];

impl Spec {
    /// A digest of all that the row says. That of a built-in row is made when the program is built: to write out
    /// a thousand rows takes longer than to scan a commit.
    pub fn stamp(&self) -> Stamp {
        Sha256::digest(format!("{self:?}"))[..16].try_into().expect("16 of 32 bytes")
    }

    /// Says what is wrong with the row itself, or nothing. Names of filters, checks and finders are looked up elsewhere.
    pub fn fault(&self) -> Option<String> {
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.id.is_empty() || !self.id.chars().all(word) {
            return Some(format!("`id` must be lower-case words joined by dashes, not {:?}", self.id));
        }
        let fault = if self.name.is_empty() {
            "`name` is missing"
        } else if !["low", "medium", "high", "critical"].contains(&self.severity.as_ref()) {
            "`severity` must be low, medium, high or critical"
        } else if !["low", "medium", "high"].contains(&self.confidence.as_ref()) {
            "`confidence` must be low, medium or high"
        } else if self.regex.is_some() == self.find.is_some() {
            "one of `regex` and `find` is needed, not both"
        } else if self.keywords.iter().any(|k| k.len() < 3 || !k.is_ascii()) {
            "each of `keywords` must be at least three ASCII characters"
        } else if self.beside.iter().any(|one| one.name.is_empty() || one.value.is_empty() || !one.name.chars().all(word)) {
            "each of `beside` needs a `name` of lower-case words joined by dashes, and a `value`"
        } else if self.verify.as_ref().is_some_and(|call| call.requests() != 1) {
            "`verify` needs exactly one of `get`, `post` and `named`"
        } else if self.revoke.as_ref().is_some_and(|call| call.requests() != 1) {
            "`revoke` needs exactly one of `get`, `post`, `delete` and `named`"
        } else {
            return None;
        };
        Some(format!("rule {}: {fault}", self.id))
    }
}

/// The placeholders in a text: lower-case words in braces, in their order.
pub fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    text.match_indices('{').filter_map(move |(at, _)| {
        let name = text[at + 1..].split('}').next().filter(|name| at + 1 + name.len() < text.len())?;
        (name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(word)).then_some(name)
    })
}

/// What stands between a name and the value that is given to it: of an assignment, a call, an argument, an element,
/// and of the entry of a list whose value follows on a line of its own.
const ASSIGNED: &str = r#"(?:["'`\\]{0,2}[ \t]{0,8}(?:=>|:=|==|[=:,>(|])[ \t]{0,8}["'`\\]{0,2}|["']?\s{1,40}(?:- )?["']?(?i:value)["']?[ \t]{0,4}[:=][ \t]{0,4}["']?)"#;
/// What may follow a value: neither more of it nor the rest of an expression.
const ENDED: &str = r#"(?:[\s"'`,;:&<\\)\]}|#?]|$)"#;

impl Beside {
    /// The regex that finds it; its value is the group `value`.
    pub fn regex(&self) -> String {
        let value = if self.value.contains("(?P<value>") { self.value.to_string() } else { format!("(?P<value>{})", self.value) };
        match &self.after {
            Some(after) => format!("(?:{after}){ASSIGNED}{value}{ENDED}"),
            None => value,
        }
    }
}

impl Call {
    /// All placeholders of the request, each as often as it stands there.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        let texts = [&self.get, &self.post, &self.delete, &self.body, &self.auth].into_iter().flatten().chain(self.headers.iter());
        texts.flat_map(|text| placeholders(text))
    }

    fn requests(&self) -> usize {
        [&self.named, &self.get, &self.post, &self.delete].into_iter().flatten().count()
    }
}

/// Keys that say nothing are left out where a rule is written.
#[allow(clippy::ptr_arg)]
fn empty<T: Clone>(list: &Cow<'_, [T]>) -> bool {
    list.is_empty()
}

fn zero(number: &f64) -> bool {
    *number == 0.0
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_no(flag: &bool) -> bool {
    !flag
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn nought(number: &u32) -> bool {
    *number == 0
}
