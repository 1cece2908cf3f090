//! Turns `rules/*.toml` into Rust constants, so that the shipped program parses no rule text at start-up.
//! A rule that is wrong stops the build with its file and id.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::{env, fs, path::Path};

#[path = "src/bound.rs"]
#[allow(dead_code)]
mod bound;
#[path = "src/outline.rs"]
#[allow(dead_code)]
mod outline;
#[path = "src/rule/spec.rs"]
#[allow(dead_code)]
mod spec;

use spec::{Beside, Call, Spec, Text};

fn main() {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=src/rule/spec.rs");
    println!("cargo::rerun-if-changed=src/bound.rs");
    println!("cargo::rerun-if-changed=src/outline.rs");
    let mut files: Vec<_> = fs::read_dir("rules").expect("rules/ is there").map(|entry| entry.expect("readable").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let mut seen = BTreeMap::new();
    let mut out = String::from("pub(super) static BUILTIN: &[Builtin] = &[\n");
    for path in &files {
        let text = fs::read_to_string(path).expect("rule files are UTF-8");
        let file: spec::File = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for mut rule in file.rule {
            if rule.provider.is_empty() {
                rule.provider = Cow::Owned(path.file_stem().expect("has a name").to_string_lossy().into_owned());
            }
            if let Some(fault) = rule.fault() {
                panic!("{}: {fault}", path.display());
            }
            for id in std::iter::once(&rule.id).chain(rule.aliases.iter()) {
                if let Some(other) = seen.insert(id.to_string(), path.clone()) {
                    panic!("{}: {id} is also in {}", path.display(), other.display());
                }
            }
            let keywordless = rule.find.as_deref() == Some("entropy");
            assert!(!rule.keywords.is_empty() || keywordless, "{}: rule {} has no keyword", path.display(), rule.id);
            emit(&mut out, &rule, path);
        }
    }
    out.push_str("];\n");
    write("rules.rs", &out);
    score();
}

fn write(name: &str, text: &str) {
    let target = Path::new(&env::var("OUT_DIR").expect("set by cargo")).join(name);
    fs::write(target, text).expect("OUT_DIR is writable");
}

/// The weights of the score, as constants.
fn score() {
    let path = "src/score/weights.toml";
    println!("cargo::rerun-if-changed={path}");
    let text = fs::read_to_string(path).expect("the weights are there");
    let table: BTreeMap<String, toml::Value> = toml::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
    let number = |value: &toml::Value| value.as_float().unwrap_or_else(|| panic!("{path}: {value:?} is no decimal number"));
    let constant = |name: &str| number(table.get(name).unwrap_or_else(|| panic!("{path}: {name} is missing")));
    let mut out = String::new();
    for name in ["bias", "likely", "likely-weak", "possible"] {
        writeln!(out, "pub(super) const {}: f32 = {:?};", name.to_uppercase().replace('-', "_"), constant(name))
            .expect("writing to a string");
    }
    let weights = table.get("weights").and_then(toml::Value::as_table).unwrap_or_else(|| panic!("{path}: [weights] is missing"));
    out.push_str("pub(super) static WEIGHTS: &[(&str, f32)] = &[\n");
    for (name, weight) in weights {
        writeln!(out, "({name:?}, {:?}),", number(weight)).expect("writing to a string");
    }
    out.push_str("];\n");
    write("score.rs", &out);
}

fn emit(out: &mut String, rule: &Spec, path: &Path) {
    let bound = match &rule.regex {
        Some(regex) => bound::bound(regex, &rule.keywords).unwrap_or_else(|e| panic!("{}: rule {}: {e}", path.display(), rule.id)),
        None => bound::Bound::default(),
    };
    let lead = rule.regex.as_ref().and_then(|regex| bound::common_lead(regex, &rule.keywords, bound));
    let pair = |p: &spec::Pair| format!("Pair {{ rule: {}, lines: {}, third: {} }}, ", text(&p.rule), p.lines, p.third);
    let pairs: String = rule.pair.iter().map(pair).collect();
    let besides: String = rule.beside.iter().map(|one| beside(one, rule, path)).collect();
    writeln!(
        out,
        "(Spec {{ id: {}, aliases: {}, provider: {}, name: {}, severity: {}, confidence: {}, keywords: {}, regex: {}, find: {}, \
         entropy: {:?}, lifetime: {}, filters: {}, stopwords: {}, paths: {}, not_paths: {}, check: {}, pair: Cow::Borrowed(&[{pairs}]), \
         beside: Cow::Borrowed(&[{besides}]), verify: {}, revoke: {}, respond: {}, matches: {}, skip: {} }}, \
         Bound {{ lead: {}, trail: {}, caseless: {} }}, {:?}, &{:?}, {:?}),",
        text(&rule.id),
        texts(&rule.aliases),
        text(&rule.provider),
        text(&rule.name),
        text(&rule.severity),
        text(&rule.confidence),
        texts(&rule.keywords),
        option(&rule.regex),
        option(&rule.find),
        rule.entropy,
        rule.lifetime,
        texts(&rule.filters),
        texts(&rule.stopwords),
        texts(&rule.paths),
        texts(&rule.not_paths),
        option(&rule.check),
        call(rule.verify.as_ref()),
        call(rule.revoke.as_ref()),
        option(&rule.respond),
        texts(&rule.matches),
        texts(&rule.skip),
        bound.lead,
        bound.trail,
        bound.caseless,
        rule.stamp(),
        outline::of_rule(rule.regex.as_deref(), lead),
        outline::within(rule.regex.as_deref()),
    )
    .expect("writing to a string");
}

/// A value beside the secret; its regex is tried like the rule's own.
fn beside(one: &Beside, rule: &Spec, path: &Path) -> String {
    if let Err(bound::NoBound::Wrong(why)) = bound::bound(&one.regex(), &[""; 0]) {
        panic!("{}: rule {}: beside {}: {why}", path.display(), rule.id, one.name);
    }
    let Beside { name, after, value, example } = one;
    format!("Beside {{ name: {}, after: {}, value: {}, example: {} }}, ", text(name), option(after), text(value), text(example))
}

fn text(value: &str) -> String {
    format!("Cow::Borrowed({value:?})")
}

fn texts(values: &[Text]) -> String {
    format!("Cow::Borrowed(&[{}])", values.iter().map(|v| text(v) + ", ").collect::<String>())
}

fn option(value: &Option<Text>) -> String {
    value.as_ref().map_or("None".to_owned(), |v| format!("Some({})", text(v)))
}

fn call(value: Option<&Call>) -> String {
    value.map_or("None".to_owned(), |c| {
        format!(
            "Some(Call {{ named: {}, get: {}, post: {}, delete: {}, headers: {}, body: {}, auth: {}, live: Cow::Borrowed(&{:?}), \
             live_json: {}, dead: Cow::Borrowed(&{:?}), dead_json: {}, done: Cow::Borrowed(&{:?}), show: {} }})",
            option(&c.named),
            option(&c.get),
            option(&c.post),
            option(&c.delete),
            texts(&c.headers),
            option(&c.body),
            option(&c.auth),
            c.live,
            texts(&c.live_json),
            c.dead,
            texts(&c.dead_json),
            c.done,
            texts(&c.show),
        )
    })
}
