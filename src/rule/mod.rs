//! Rules as the program uses them: a row of data with its names resolved, and the set that is in force. It
//! does not know how a rule's keywords are searched, nor what becomes of a match.

mod builtin;
pub mod example;
pub mod lint;
mod load;
mod names;
pub mod spec;
mod write;

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

use globset::{Glob, GlobSet, GlobSetBuilder};
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use sha2::{Digest, Sha256};

pub use load::Fault;
pub use spec::{Row, Spec, Stamp};
pub use write::toml;

use crate::bound::{self, Bound};
use crate::check::{self, Check};
use crate::error::{Error, Result};
use crate::filter::{self, Filter};
use crate::find::{self, Finder};
use crate::finding::{Confidence, Severity};
use crate::outline::{self, Run};
use names::Name;

/// The id of the rule that has no keyword.
pub const HIGH_ENTROPY: &str = "high-entropy";

/// A rule in force.
pub struct Rule {
    /// What its author wrote.
    pub spec: Row,
    /// How far a match reaches around its keyword.
    pub bound: Bound,
    /// Why a match has no bounded place around a keyword, so that whole objects are searched; only users' rules.
    pub slow: Option<String>,
    /// What an attacker can do with what it finds.
    pub severity: Severity,
    /// How sure the shape alone makes us.
    pub confidence: Confidence,
    /// Its filters in the order written, with their names.
    pub filters: Vec<(&'static str, Filter)>,
    /// Its stop words, lower case.
    pub stopwords: Vec<String>,
    /// Its offline check.
    pub check: Option<Check>,
    /// Its named finder, where a regex will not do.
    pub finder: Option<Finder>,
    /// What the first bytes of a match take, where it begins with the keyword.
    pub outline: Cow<'static, [Run]>,
    /// A run of bytes that every match has.
    pub within: Option<Run>,
    /// The paths that it speaks for, and those that it does not.
    paths: [OnceLock<Option<Box<GlobSet>>>; 2],
    parts: OnceLock<Vec<String>>,
    beside: Vec<OnceLock<Regex>>,
    stamp: Stamp,
    regex: OnceLock<Regex>,
}

impl Rule {
    /// Resolves the names in a row that was loaded. An error says what is wrong with it.
    pub fn new(spec: Spec, bound: Bound) -> Result<Self, String> {
        let stamp = spec.stamp();
        let regex = spec.regex.as_deref();
        let lead = regex.and_then(|regex| bound::common_lead(regex, &spec.keywords, bound));
        let outline = (Cow::Owned(outline::of_rule(regex, lead)), outline::within(regex));
        let paths = [globs(&spec.id, &spec.paths)?, globs(&spec.id, &spec.not_paths)?].map(OnceLock::from);
        Ok(Self { paths, ..Self::resolved(Row::Own(Box::new(spec)), stamp, bound, outline)? })
    }

    fn resolved(spec: Row, stamp: Stamp, bound: Bound, (outline, within): (Cow<'static, [Run]>, Option<Run>)) -> Result<Self, String> {
        let unknown = |kind: &str, name: &str| format!("rule {}: there is no {kind} named {name:?}", spec.id);
        let filters =
            spec.filters.iter().map(|name| filter::by_name(name).ok_or_else(|| unknown("filter", name))).collect::<Result<_, _>>()?;
        let check = match &spec.check {
            Some(name) => Some(check::by_name(name).ok_or_else(|| unknown("check", name))?),
            None => None,
        };
        let finder = match &spec.find {
            Some(name) => Some(find::by_name(name).ok_or_else(|| unknown("finder", name))?),
            None => None,
        };
        Ok(Self {
            bound: finder.as_ref().map_or(bound, |f| f.bound),
            slow: None,
            severity: Severity::from_name(&spec.severity).ok_or_else(|| unknown("severity", &spec.severity))?,
            confidence: Confidence::from_name(&spec.confidence).ok_or_else(|| unknown("confidence", &spec.confidence))?,
            filters,
            stopwords: spec.stopwords.iter().map(|w| w.to_ascii_lowercase()).collect(),
            check,
            finder,
            paths: Default::default(),
            parts: OnceLock::new(),
            outline,
            within,
            beside: spec.beside.iter().map(|_| OnceLock::new()).collect(),
            stamp,
            regex: OnceLock::new(),
            spec,
        })
    }

    /// The rule's regex, compiled when it is first needed.
    ///
    /// # Panics
    ///
    /// Where the regex is wrong; [`crate::bound::bound`] has refused such a rule before.
    pub fn regex(&self) -> &Regex {
        self.regex.get_or_init(|| compile(self.spec.regex.as_deref().unwrap_or(""), LARGEST).expect("the regex was parsed before"))
    }

    /// The other half of a credential under each name by which a request may ask for it: those of all halves that the rule
    /// knows, and its own; a third part under its own alone.
    pub fn halves<T: Clone>(&self, (id, value): &(String, T), third: Option<(String, T)>) -> Vec<(String, T)> {
        let others = self.spec.pair.iter().filter(|other| !other.third).map(|other| other.rule.to_string());
        others.chain([id.clone()]).map(|name| (name, value.clone())).chain(third).collect()
    }

    /// Whether its `paths` and `not_paths` let it speak at that path.
    ///
    /// # Panics
    ///
    /// Where a glob is wrong; [`Self::new`] has refused such a rule before, and those that are built in are tested.
    pub fn speaks_at(&self, path: &Path) -> bool {
        let set = |at: usize, list| self.paths[at].get_or_init(|| globs(&self.spec.id, list).expect("the globs were read before")).as_ref();
        set(0, &self.spec.paths).is_none_or(|globs| globs.is_match(path))
            && !set(1, &self.spec.not_paths).is_some_and(|globs| globs.is_match(path))
    }

    /// The named groups that its requests to the provider need besides the secret; [`WHOLE`] is all of the match.
    pub fn parts(&self) -> &[String] {
        self.parts.get_or_init(|| parts(&self.spec))
    }

    /// What its requests need of the text around a match, by name, each with the regex that finds it: compiled when it
    /// is first needed.
    pub fn beside(&self) -> impl Iterator<Item = (&str, &Regex)> {
        let compiled = |one: &spec::Beside| compile(&one.regex(), LARGEST_SLOW).expect("the regex was compiled before");
        self.spec.beside.iter().zip(&self.beside).map(move |(one, regex)| (one.name.as_ref(), regex.get_or_init(|| compiled(one))))
    }

    /// How far around a match something is looked for, in bytes.
    pub fn around(&self) -> usize {
        if self.spec.beside.is_empty() { 0 } else { BESIDE }
    }

    /// Moves the rule into the slow lane, for that reason. An error says why its regex is refused there.
    fn slow(mut self, why: String) -> Result<Self, String> {
        let regex = compile(self.spec.regex.as_deref().unwrap_or(""), LARGEST_SLOW).map_err(|e| format!("rule {}: {e}", self.spec.id))?;
        self.regex = OnceLock::from(regex);
        self.slow = Some(why);
        Ok(self)
    }
}

/// How far before and behind a match the values beside it are looked for, in bytes: a few lines.
const BESIDE: usize = 400;

/// The name under which a request gets the whole match.
pub const WHOLE: &str = "whole";

/// The groups that requests name; a request that the program makes itself may need all of the match.
fn parts(spec: &Spec) -> Vec<String> {
    let calls = [&spec.verify, &spec.revoke].into_iter().flatten();
    let mut all: Vec<String> = calls
        .flat_map(|call| if call.named.is_some() { vec![WHOLE.to_owned()] } else { call.placeholders().map(str::to_owned).collect() })
        .filter(|name| name != "secret" && !spec.pair.iter().any(|pair| pair.rule == name.as_str()))
        .filter(|name| !spec.beside.iter().any(|one| one.name == name.as_str()))
        .collect();
    all.sort();
    all.dedup();
    all
}

fn globs(id: &str, patterns: &[spec::Text]) -> Result<Option<Box<GlobSet>>, String> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|e| format!("rule {id}: {e}"))?);
    }
    set.build().map(|set| Some(Box::new(set))).map_err(|e| format!("rule {id}: {e}"))
}

/// The largest program of a regex, in bytes.
const LARGEST: usize = 20 << 20;
/// The same for one that searches whole objects.
const LARGEST_SLOW: usize = 1 << 20;

fn compile(regex: &str, largest: usize) -> Result<Regex, String> {
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(Regex::config().utf8_empty(false).nfa_size_limit(Some(largest)))
        .build(regex)
        .map_err(|e| match e.size_limit() {
            Some(limit) => format!("its regex is too large: its program needs more than {} KiB; give smaller repetitions", limit >> 10),
            None => e.to_string(),
        })
}

/// The rules in force, in a fixed order.
pub struct RuleSet {
    rules: Vec<Rule>,
    /// The names of rules that were taken out again.
    gone: Vec<String>,
    entropy: bool,
}

impl RuleSet {
    /// The rules that are built in.
    pub fn builtin() -> Self {
        Self { rules: builtin::rules(), gone: Vec::new(), entropy: false }
    }

    /// No rules at all.
    pub fn empty() -> Self {
        Self { rules: Vec::new(), gone: Vec::new(), entropy: false }
    }

    /// Loads further rules from a file, or from the files `*.toml` of a folder; one with the id of a rule that is there replaces it.
    pub fn load(&mut self, path: &Path) -> Result<()> {
        self.add(load::file(path)?).map_err(|why| Error::configuration(format!("{}: {why}", path.display())))
    }

    /// The files that a path to rules names: itself, or the files `*.toml` of the folder. An error says what is wrong.
    pub fn files(path: &Path) -> Result<Vec<std::path::PathBuf>> {
        load::files(path).map_err(|why| Error::configuration(format!("{}: {why}", path.display())))
    }

    /// The rows of a rule file's text, not yet in force. An error names file and line.
    pub fn parse(name: &str, text: &[u8]) -> Result<Vec<Spec>> {
        load::text(name, text)
    }

    /// Adds rules; one with the id of a rule that is there replaces it. An error says which rule is wrong, and why.
    pub fn add(&mut self, specs: Vec<Spec>) -> Result<(), String> {
        for spec in specs {
            let rule = load::rule(spec)?;
            self.rules.retain(|old| old.spec.id != rule.spec.id);
            self.rules.push(rule);
        }
        Ok(())
    }

    /// The rule of that id.
    pub fn by_id(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.spec.id == id)
    }

    /// Gives the rules of that id, former id or provider another severity.
    pub fn set_severity(&mut self, name: &str, severity: Severity) {
        for rule in self.rules.iter_mut().filter(|rule| rule.goes_by(name)) {
            rule.severity = severity;
            rule.spec.to_mut().severity = severity.name().into();
            rule.stamp = rule.spec.stamp();
        }
    }

    /// Whether a rule goes by that id, former id or provider.
    pub fn knows(&self, name: &str) -> bool {
        Name::new(name).is_ok_and(|name| self.rules.iter().any(|rule| name.is_of(rule)))
    }

    /// Whether a rule goes by exactly that name, or one did that was left out.
    pub fn has_been_told_of(&self, name: &str) -> bool {
        self.rules.iter().any(|rule| rule.goes_by(name)) || self.gone.iter().any(|gone| gone == name)
    }

    /// What somebody may have meant who wrote a name that no rule goes by.
    pub fn near(&self, name: &str) -> String {
        let names = self.rules.iter().flat_map(|rule| [rule.spec.id.as_ref(), rule.spec.provider.as_ref()]);
        match crate::error::near(name, names) {
            Some(near) => format!("did you mean {near}? `unleak rules list` shows them all"),
            None => "`unleak rules list` shows them all".to_owned(),
        }
    }

    /// Keeps the rules in `only` (all where it is empty) that are not in `without`: ids, aliases, providers, or
    /// globs over these. A name of no rule is an error.
    pub fn select(&mut self, only: &[String], without: &[String]) -> Result<()> {
        if only.is_empty() && without.is_empty() {
            return self.or_none();
        }
        let (only, without) = (self.names(only)?, self.names(without)?);
        let stays = |rule: &Rule| {
            let wanted = only.is_empty() || only.iter().any(|name| name.is_of(rule));
            wanted && !without.iter().any(|name| name.is_of(rule))
        };
        let (rules, gone): (Vec<Rule>, Vec<Rule>) = std::mem::take(&mut self.rules).into_iter().partition(stays);
        self.gone.extend(gone.iter().flat_map(names::all).map(str::to_owned));
        self.rules = rules;
        self.or_none()
    }

    fn or_none(&self) -> Result<()> {
        if self.rules.is_empty() {
            return Err(Error::configuration("no rules are left, so nothing could be found").hint("leave out --rule or --exclude-rule"));
        }
        Ok(())
    }

    /// The rules that go by a name: an id, alias or provider, or a glob. An error where there is none, with what
    /// may have been meant.
    pub fn named(&self, name: &str) -> Result<Vec<&Rule>> {
        let wanted = Name::new(name)?;
        let found: Vec<&Rule> = self.rules.iter().filter(|rule| wanted.is_of(rule)).collect();
        if found.is_empty() {
            Err(Error::usage(format!("there is no rule, alias or provider named {name:?}")).hint(self.near(name)))
        } else {
            Ok(found)
        }
    }

    fn names(&self, texts: &[String]) -> Result<Vec<Name>> {
        texts.iter().map(|text| self.named(text).and_then(|_| Name::new(text))).collect()
    }

    /// The same with the rules without a keyword, which search everything for values that look random.
    #[must_use]
    pub fn with_entropy(mut self) -> Self {
        self.entropy = true;
        self
    }

    /// How many rules are in force.
    pub fn in_force(&self) -> usize {
        self.rules.iter().filter(|rule| self.entropy || !rule.on_request()).count()
    }

    /// Whether rules without a keyword are in force.
    pub fn entropy(&self) -> bool {
        self.entropy
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A digest of everything that decides what these rules find, hex.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        // A rule that is not in force decides nothing.
        self.rules.iter().filter(|rule| self.entropy || !rule.on_request()).for_each(|rule| hash.update(rule.stamp));
        data_encoding::HEXLOWER.encode(&hash.finalize()[..8])
    }
}

impl Rule {
    /// Whether it has no keyword and searches everything, so that it runs only where it is asked for.
    pub fn on_request(&self) -> bool {
        self.spec.find.as_deref() == Some("entropy")
    }

    /// Whether it is meant by that id, former id or provider.
    pub fn goes_by(&self, name: &str) -> bool {
        self.spec.id == name || self.spec.provider == name || self.spec.aliases.iter().any(|alias| alias == name)
    }
}
