//! From the files to one configuration: which are read, in which order, what each may decide, and what they say
//! together. The command line and the environment come on top, in `config`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::Spanned;
use unleak::coverage::Notice;
use unleak::error::{Error, Result};
use unleak::rule::Spec;
use unleak::suppress::allow::{Target, globs, regex};
use unleak::suppress::{Allow, Day};

use super::origin::{Files, Text, Trust};
use super::schema::{self, File};

/// Files name files that name files, so far.
const DEEPEST: usize = 16;

/// One file, read.
pub struct Layer {
    /// The text and whose it is.
    pub text: Text,
    /// What it says.
    pub file: File,
}

/// All files in force, those of lower precedence first.
#[derive(Default)]
pub struct Layers {
    /// The files.
    pub all: Vec<Layer>,
    /// What the receipt has to say of them.
    pub notices: Vec<Notice>,
}

/// A value with the file it comes from and its place there.
pub struct Said<'l, T> {
    /// The value.
    pub value: T,
    layer: &'l Layer,
    at: usize,
}

impl<T> Said<'_, T> {
    /// An error about it.
    pub fn wrong(&self, why: &str) -> Error {
        self.layer.wrong(self.at, why)
    }

    /// The file it stands in.
    pub fn text(&self) -> &Text {
        &self.layer.text
    }
}

impl Layer {
    /// An error at a byte of the file.
    pub fn wrong(&self, at: usize, why: &str) -> Error {
        schema::at(&self.text.name, &self.text.bytes, at, why)
    }

    /// File and line of a byte.
    fn place(&self, at: usize) -> String {
        let line = self.text.bytes[..at.min(self.text.bytes.len())].iter().filter(|&&b| b == b'\n').count() + 1;
        format!("{}:{line}", self.text.name)
    }
}

impl Layers {
    /// Adds a file and, before it, those that it extends.
    pub fn add(&mut self, text: Text, files: &dyn Files) -> Result<()> {
        self.add_below(text, files, &mut Vec::new())
    }

    fn add_below(&mut self, text: Text, files: &dyn Files, chain: &mut Vec<String>) -> Result<()> {
        let file = schema::parse(&text.name, &text.bytes)?;
        let layer = Layer { text, file };
        if chain.contains(&layer.text.name) || chain.len() >= DEEPEST {
            return Err(layer.wrong(0, &format!("it extends itself: {}", chain.join(" > "))));
        }
        chain.push(layer.text.name.clone());
        for extended in layer.file.extends.iter().flatten().filter(|name| name.get_ref() != "builtin") {
            if extended.get_ref().contains("://") {
                return Err(layer.wrong(extended.span().start, "`extends` takes files that are here: nothing is fetched"));
            }
            let mut inner = files.read(&layer.text, extended.get_ref()).map_err(|e| layer.wrong(extended.span().start, &e.message))?;
            // What a tree's file brings in is the tree's, wherever it lies.
            if layer.text.trust == Trust::Tree {
                inner.trust = Trust::Tree;
            }
            self.add_below(inner, files, chain)?;
        }
        chain.pop();
        self.push(layer);
        Ok(())
    }

    /// Takes a file, without what it may not decide.
    fn push(&mut self, mut layer: Layer) {
        if layer.text.trust == Trust::Tree {
            // It may leave out rules and paths: whoever reads the report shall know that it did its part.
            self.notices.push(Notice::info("configuration", layer.text.name.clone(), "a repository's own file is in force"));
            let mut disabled = Vec::new();
            for rule in &mut layer.file.rule {
                let spec = rule.get_mut();
                let calls = [("verify", spec.verify.take().is_some()), ("revoke", spec.revoke.take().is_some())];
                disabled.extend(calls.iter().filter(|(_, there)| *there).map(|(key, _)| format!("`{key}` of rule {}", spec.id)));
            }
            if layer.file.reports.output.take().is_some() {
                disabled.push("`reports.output`".to_owned());
            }
            let verify = std::mem::take(&mut layer.file.verify);
            disabled.extend(verify.keys().into_iter().map(|key| format!("`verify.{key}`")));
            for what in disabled {
                let why = format!("{what} is disabled: the file lies in what is scanned");
                self.notices.push(Notice::info("configuration", layer.text.name.clone(), why));
            }
        }
        self.all.push(layer);
    }

    /// The value of the file of highest precedence that has one.
    pub fn last<T>(&self, get: impl Fn(&File) -> Option<T>) -> Option<T> {
        self.all.iter().rev().find_map(|layer| get(&layer.file))
    }

    /// The same with its place.
    pub fn said<'l, T: Clone + 'l>(&'l self, get: impl Fn(&'l File) -> Option<&'l Spanned<T>>) -> Option<Said<'l, T>> {
        self.all.iter().rev().find_map(|layer| {
            let spanned = get(&layer.file)?;
            Some(Said { value: spanned.get_ref().clone(), layer, at: spanned.span().start })
        })
    }

    /// A list's items with their places: of the file of highest precedence that has one.
    pub fn list<'l>(&'l self, get: impl Fn(&'l File) -> Option<&'l Vec<Spanned<String>>>) -> Option<Vec<Said<'l, String>>> {
        self.all.iter().rev().find_map(|layer| Some(items(layer, get(&layer.file)?)))
    }

    /// The items of all files.
    pub fn every<'l>(&'l self, get: impl Fn(&'l File) -> &'l Vec<Spanned<String>>) -> Vec<Said<'l, String>> {
        self.all.iter().flat_map(|layer| items(layer, get(&layer.file))).collect()
    }

    /// Whether the built-in rules are left out: the file of highest precedence that has `extends` decides.
    pub fn without_builtin(&self) -> bool {
        self.last(|file| file.extends.as_ref().map(|all| !all.iter().any(|name| name.get_ref() == "builtin"))).unwrap_or(false)
    }

    /// The rules, with their places.
    pub fn rules(&self) -> impl Iterator<Item = Said<'_, Spec>> {
        let of = |layer| move |rule: &Spanned<Spec>| Said { value: rule.get_ref().clone(), layer, at: rule.span().start };
        self.all.iter().flat_map(move |layer| layer.file.rule.iter().map(of(layer)))
    }

    /// Which rules are disabled in the end, with the places that say so.
    pub fn disabled(&self) -> Vec<Said<'_, String>> {
        let mut disabled: BTreeMap<String, Said<'_, String>> = BTreeMap::new();
        for layer in &self.all {
            layer.file.rules.enable.iter().for_each(|name| drop(disabled.remove(name.get_ref())));
            items(layer, &layer.file.rules.disable).into_iter().for_each(|said| drop(disabled.insert(said.value.clone(), said)));
        }
        disabled.into_values().collect()
    }

    /// Other severities, by rule, with their places.
    pub fn severities(&self) -> BTreeMap<String, Said<'_, String>> {
        let mut all = BTreeMap::new();
        for layer in &self.all {
            for (rule, level) in &layer.file.rules.severity {
                all.insert(rule.clone(), Said { value: level.get_ref().clone(), layer, at: level.span().start });
            }
        }
        all
    }

    /// Base URLs in the place of providers' own hosts, by provider, with their places.
    pub fn endpoints(&self) -> BTreeMap<String, Said<'_, String>> {
        let mut all = BTreeMap::new();
        for layer in &self.all {
            for (provider, url) in &layer.file.verify.endpoints {
                all.insert(provider.clone(), Said { value: url.get_ref().clone(), layer, at: url.span().start });
            }
        }
        all
    }

    /// What is let pass.
    pub fn allows(&self) -> Result<Vec<Allow>> {
        let of = |layer| move |allow: &Spanned<schema::Allow>| self::allow(layer, allow);
        self.all.iter().flat_map(|layer| layer.file.allow.iter().map(of(layer))).collect()
    }

    /// The names of the rules that allows speak of, with their places.
    pub fn allowed_rules(&self) -> Vec<Said<'_, String>> {
        let mut all = Vec::new();
        for layer in &self.all {
            for allow in &layer.file.allow {
                let names = allow.get_ref().rule.iter().flat_map(|list| list.all());
                all.extend(names.map(|name| Said { value: name.clone(), layer, at: allow.span().start }));
            }
        }
        all
    }

    /// The names of the files.
    pub fn names(&self) -> Vec<PathBuf> {
        self.all.iter().map(|layer| PathBuf::from(&layer.text.name)).collect()
    }
}

fn items<'l>(layer: &'l Layer, list: &'l [Spanned<String>]) -> Vec<Said<'l, String>> {
    list.iter().map(|item| Said { value: item.get_ref().clone(), layer, at: item.span().start }).collect()
}

fn allow(layer: &Layer, spanned: &Spanned<schema::Allow>) -> Result<Allow> {
    let (at, allow) = (spanned.span().start, spanned.get_ref());
    let wrong = |why: String| layer.wrong(at, &format!("[[allow]]: {why}"));
    let all = |list: &Option<schema::List>| list.as_ref().map(|list| list.all().to_vec()).unwrap_or_default();
    let (paths, regexes, stopwords, commits) = (all(&allow.path), all(&allow.regex), all(&allow.stopword), all(&allow.commit));
    if paths.is_empty() && regexes.is_empty() && stopwords.is_empty() && commits.is_empty() {
        return Err(wrong("it needs one of path, regex, stopword and commit; `rules.disable` leaves a rule out".to_owned()));
    }
    if stopwords.iter().any(|word| word.trim().len() < 3) {
        return Err(wrong("a stopword has three characters at least".to_owned()));
    }
    let hex = |commit: &String| (7..=64).contains(&commit.len()) && commit.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some(commit) = commits.iter().find(|commit| !hex(commit)) {
        return Err(wrong(format!("{commit:?} is no commit id of seven digits at least")));
    }
    let any = match allow.condition.as_ref().map(|condition| condition.get_ref().as_str()) {
        None | Some("and") => false,
        Some("or") => true,
        Some(other) => return Err(wrong(format!("`condition` is \"and\" or \"or\", not {other:?}"))),
    };
    let target = |text: &Spanned<String>| {
        let fault = |why: &str| layer.wrong(text.span().start, &format!("[[allow]]: {why}"));
        let target = Target::from_name(text.get_ref());
        let target = target.ok_or_else(|| fault(&format!("`target` is \"secret\", \"match\" or \"line\", not {:?}", text.get_ref())))?;
        if regexes.is_empty() { Err(fault("`target` says what a `regex` is tried on, and there is none")) } else { Ok(target) }
    };
    let day = |text: &Spanned<String>| {
        Day::parse(text.get_ref())
            .ok_or_else(|| layer.wrong(text.span().start, &format!("{:?} is no date like 2027-01-31", text.get_ref())))
    };
    Ok(Allow {
        source: layer.place(at),
        shared: layer.text.trust == Trust::Own,
        reason: allow.reason.clone(),
        until: allow.until.as_ref().map(day).transpose()?,
        rules: all(&allow.rule),
        any,
        paths: (!paths.is_empty()).then(|| globs(paths.iter().map(String::as_str))).transpose().map_err(wrong)?,
        regexes: regexes.iter().map(|text| regex(text)).collect::<Result<_, _>>().map_err(wrong)?,
        target: allow.target.as_ref().map(target).transpose()?.unwrap_or_default(),
        stopwords: stopwords.iter().map(|word| word.to_lowercase()).collect(),
        commits: commits.iter().map(|commit| commit.to_lowercase()).collect(),
    })
}
