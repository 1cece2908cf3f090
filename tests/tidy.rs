//! The order of the house, held by a test that needs nothing but the standard library: which module may use which,
//! where each outside crate lives, what the library never does, and how files look.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The library's modules: each may use those above it, and itself.
const ORDER: &[&str] = &[
    "secret",
    "object",
    "parts",
    "sign",
    "finding",
    "coverage",
    "error",
    "progress",
    "look",
    "armor",
    "check",
    "format",
    "filter",
    "score",
    "bound",
    "outline",
    "sieve",
    "find",
    "rule",
    "prefilter",
    "detect",
    "trial",
    "suppress",
    "history",
    "source",
    "candidate",
    "outcome",
    "verify",
    "asking",
    "report",
    "scan",
    "explain",
    "scanner",
];

/// The program's own modules, on top of the library.
const PROGRAM: &[&str] = &["cli", "config", "display", "command", "main"];

/// Neighbours in one folder that use each other all the same: no new ones.
const CIRCLES: &[(&str, &str)] = &[];

/// Where each outside crate is used; `*` for those that are everywhere, for they add types or small functions.
const HOMES: &[(&str, &[&str])] = &[
    ("amq_protocol", &["verify/drivers/"]),
    ("aho_corasick", &["prefilter.rs"]),
    ("anstyle", &["report/", "display.rs"]),
    ("bip39", &["check/mnemonic.rs"]),
    ("bstr", &["*"]),
    ("clap", &["cli.rs", "cli/"]),
    ("clap_complete", &["cli/"]),
    ("clap_mangen", &["cli/"]),
    ("data_encoding", &["*"]),
    ("flate2", &["source/git/"]),
    ("gix", &["source/", "scan/range/changes.rs", "command/demo.rs"]),
    ("globset", &["source/files.rs", "rule/", "suppress/allow.rs", "scan/plan.rs", "config/"]),
    ("hmac", &["secret.rs", "check/", "verify/"]),
    ("ignore", &["source/ignored.rs"]),
    ("indicatif", &["display.rs"]),
    ("jiff", &["report/document.rs", "check/clock.rs", "verify/named/dates.rs", "source/git/revisions", "suppress/day.rs"]),
    ("lettre", &["verify/drivers/"]),
    ("libdeflater", &["check/", "source/git/"]),
    ("md5", &["verify/drivers/"]),
    ("memchr", &["*"]),
    ("memmap2", &["source/git/map.rs"]),
    ("mysql_async", &["verify/drivers/"]),
    ("pbkdf2", &["verify/drivers/"]),
    ("rayon", &["parts.rs", "source/", "scan/", "history/", "report/document.rs"]),
    ("regex_automata", &["rule/", "detect", "suppress/allow.rs"]),
    ("regex_syntax", &["bound.rs", "outline.rs"]),
    ("redis", &["verify/drivers/"]),
    ("reqwest", &["verify/client.rs"]),
    ("ring", &["verify/"]),
    ("russh", &["verify/drivers/"]),
    ("rustc_hash", &["*"]),
    ("rustix", &["source/remote.rs"]),
    ("rustls", &["verify/"]),
    ("rustls_platform_verifier", &["verify/drivers/"]),
    ("serde", &["*"]),
    ("serde_json", &["report/", "check/", "explain/", "verify/", "suppress/baseline.rs", "command/ci/", "command/hook/agent.rs"]),
    ("sha1", &["verify/drivers/"]),
    ("sha2", &["*"]),
    ("signal_hook", &["command/scan.rs"]),
    ("tempfile", &["source/remote.rs", "command/"]),
    ("stringprep", &["verify/drivers/"]),
    ("thiserror", &["error.rs"]),
    ("tokio", &["verify/"]),
    ("tokio_postgres", &["verify/drivers/"]),
    ("tokio_rustls", &["verify/drivers/"]),
    ("toml", &["rule/load.rs", "rule/write.rs", "config/"]),
    ("zeroize", &["*"]),
];

/// What only some files may do: the words, and the places.
const ONLY: &[(&[&str], &[&str])] = &[
    (&["println!", "print!(", "dbg!(", "stdout()", "stderr()", "process::exit"], &["main.rs", "display.rs", "command/", "config/"]),
    (&["std::env", "env::var", "env::args", "env::temp_dir"], &["main.rs", "config/"]),
    (&["Command::new", "process::Command"], &["source/remote.rs", "command/git.rs"]),
    (&["std::net", "TcpStream"], &["verify/"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Rust files below these folders: their paths from the root, and their texts.
fn sources(folders: &[&str]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    folders.iter().for_each(|folder| collect(&root().join(folder), &mut files));
    files.sort();
    let name = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// The library's and program's code without tests and comments: path below `src/`, text.
fn code() -> Vec<(String, String)> {
    let is_test = |path: &str| path.ends_with("/tests.rs") || path.contains("/tests/");
    let all = sources(&["src"]).into_iter().filter(|(path, _)| !is_test(path));
    all.map(|(path, text)| (path["src/".len()..].to_owned(), strip(&text))).collect()
}

fn strip(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| line.to_owned() + "\n").collect()
}

/// What follows each `prefix` in the text: the path up to the first character that no path has. Lists in braces
/// are taken apart, one level deep.
fn paths_after(text: &str, prefix: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':').collect::<String>();
        let head = word(rest);
        match rest[head.len()..].strip_prefix('{') {
            Some(list) => all.extend(list.split('}').next().unwrap().split(',').map(|part| head.clone() + &word(part.trim()))),
            None => all.push(head),
        }
    }
    all
}

/// The module in an order that a path belongs to.
fn module<'o>(order: &'o [&str], path: &str) -> Option<usize> {
    let belongs = |name: &&'o str| path == *name || path.strip_prefix(*name).is_some_and(|rest| rest.starts_with("::"));
    let longest = order.iter().copied().filter(belongs).max_by_key(|name| name.len())?;
    order.iter().position(|name| *name == longest)
}

fn module_of_file(path: &str) -> String {
    path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::")
}

#[test]
fn imports_point_one_way() {
    let mut faults = Vec::new();
    for (file, text) in code() {
        let own = module_of_file(&file);
        let is_program = module(PROGRAM, &own).is_some();
        let order = if is_program { PROGRAM } else { ORDER };
        if own == "lib" {
            continue;
        }
        let Some(at) = module(order, &own) else {
            faults.push(format!("{file}: its module stands in no order"));
            continue;
        };
        for used in paths_after(&text, "crate::") {
            let used = used.replace("rule::Bound", "rule::bound");
            match module(order, &used) {
                Some(other) if other <= at => {}
                _ => faults.push(format!("{file}: may not use {used}")),
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_module_has_its_place_in_the_order() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared: BTreeSet<&str> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let listed: BTreeSet<&str> = ORDER.iter().copied().filter(|name| !name.contains("::")).collect();
    assert_eq!(declared, listed);
}

/// Files of one folder use each other in one direction too.
#[test]
fn neighbours_do_not_use_each_other() {
    let files = code();
    let names: BTreeSet<String> = files.iter().map(|(path, _)| module_of_file(path)).collect();
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in &files {
        let own = module_of_file(path);
        let folder = own.rsplit_once("::").map_or("", |(folder, _)| folder);
        if folder.is_empty() || path.ends_with("/mod.rs") {
            continue;
        }
        let near = paths_after(text, "super::").into_iter().map(|used| format!("{folder}::{used}"));
        for used in near.chain(paths_after(text, "crate::")) {
            let neighbour = names.iter().find(|name| {
                let same = name.rsplit_once("::").is_some_and(|(other, _)| other == folder);
                same && **name != own && (used == **name || used.starts_with(&format!("{name}::")))
            });
            uses.entry(own.clone()).or_default().extend(neighbour.cloned());
        }
    }
    let known = |a: &str, b: &str| CIRCLES.contains(&(a, b)) || CIRCLES.contains(&(b, a));
    let mut circles = Vec::new();
    for name in uses.keys() {
        let (mut seen, mut open) = (BTreeSet::new(), vec![(name.clone(), vec![name.clone()])]);
        while let Some((at, way)) = open.pop() {
            for next in uses.get(&at).into_iter().flatten().filter(|next| !known(&at, next)) {
                if next == name {
                    circles.push(way.join(" -> ") + " -> " + name);
                } else if seen.insert(next.clone()) {
                    open.push((next.clone(), [way.as_slice(), std::slice::from_ref(next)].concat()));
                }
            }
        }
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

/// Whether the code uses that outside crate.
fn uses_crate(text: &str, name: &str) -> bool {
    let before = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '"');
    text.match_indices(&format!("{name}::")).any(|(at, _)| before(at))
}

fn is_home(file: &str, homes: &[&str]) -> bool {
    homes.iter().any(|home| *home == "*" || file.starts_with(home))
}

#[test]
fn outside_crates_have_one_home() {
    let mut faults = Vec::new();
    let files = code();
    for (name, homes) in HOMES {
        let users: Vec<&str> = files.iter().filter(|(_, text)| uses_crate(text, name)).map(|(file, _)| file.as_str()).collect();
        faults.extend(users.iter().filter(|file| !is_home(file, homes)).map(|file| format!("{file}: {name} lives in {homes:?}")));
        if users.is_empty() {
            faults.push(format!("nobody uses {name}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_dependency_has_a_home() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]") && !section.contains("dev-") && !section.contains("build-") {
            let Some((name, _)) = line.split_once(['=', '.']) else { continue };
            let name = name.trim().replace('-', "_");
            assert!(HOMES.iter().any(|(known, _)| *known == name), "{name} has no home in tests/tidy.rs");
        }
    }
}

#[test]
fn the_library_prints_nothing_and_reads_no_environment() {
    let mut faults = Vec::new();
    for (file, text) in code() {
        for (words, homes) in ONLY {
            let found = words.iter().filter(|word| text.contains(**word) && !is_home(&file, homes));
            faults.extend(found.map(|word| format!("{file}: {word} may stand in {homes:?} only")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is_and_is_short() {
    let mut faults = Vec::new();
    for (file, text) in sources(&["src", "tests", "examples", "benches", "fuzz"]) {
        if !text.starts_with("//! ") {
            faults.push(format!("{file}: opens with no //! paragraph"));
        }
        if text.lines().count() >= 500 {
            faults.push(format!("{file}: {} lines", text.lines().count()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What git tracks; without git or outside of a repository, nothing.
fn tracked() -> Vec<String> {
    let Ok(output) = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output() else { return Vec::new() };
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    listed.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Nothing depends on where somebody works.
#[test]
fn no_file_names_a_folder_of_one_machine() {
    let folders = [["/wo", "rk/"], ["/ro", "ot/"], ["/Us", "ers/"]].map(|parts| parts.concat());
    let mut faults = Vec::new();
    for name in tracked() {
        let Ok(text) = fs::read_to_string(root().join(&name)) else { continue };
        let hit = |line: &str| folders.iter().any(|folder| line.match_indices(folder.as_str()).any(|(at, _)| is_absolute(line, at)));
        faults.extend(text.lines().enumerate().filter(|(_, line)| hit(line)).map(|(n, line)| format!("{name}:{}: {line}", n + 1)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn is_absolute(line: &str, at: usize) -> bool {
    !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '}' | '*' | '~' | '/'))
}

/// Our own repository holds no whole, provable secret.
#[test]
fn we_find_nothing_in_ourselves() {
    let folders = ["src", "tests", "rules", "examples"];
    let output =
        Command::new(env!("CARGO_BIN_EXE_unleak")).arg("dir").args(folders).args(["--confidence", "high"]).current_dir(root()).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
