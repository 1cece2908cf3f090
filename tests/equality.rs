//! What the program finds in the objects of a repository is what a naive scan finds: every object as git itself
//! hands it out, scanned whole, one after the other. For random histories in all the ways that git stores them.
//! And one thread says the same as many, byte for byte.
#![cfg(unix)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::repo::{Repo, data};
use common::run::run;
use common::text::{edit, line, text};
use common::token::{Random, token};
use unleak::candidate::candidates;
use unleak::detect::Detector;
use unleak::rule::RuleSet;
use unleak::score::of_path;
use unleak::source::stream::Scanned;

/// A value, the object that holds it, and where.
type Place = (String, String, u64, u64);

const BRANCHES: usize = 4;

struct Maker {
    random: Random,
    keywords: Vec<String>,
    stream: Vec<u8>,
    marks: Vec<usize>,
    /// The files of each branch.
    trees: Vec<BTreeMap<String, Vec<u8>>>,
    next: usize,
}

impl Maker {
    fn new(seed: u64, detector: &Detector) -> Self {
        let keywords = detector.rules().rules().iter().flat_map(|rule| rule.spec.keywords.iter().map(|word| word.to_string())).collect();
        let (marks, trees) = (vec![0; BRANCHES], vec![BTreeMap::new(); BRANCHES]);
        Self { random: Random::new(seed), keywords, stream: Vec::new(), marks, trees, next: 1 }
    }

    fn push(&mut self, text: &str) {
        self.stream.extend_from_slice(text.as_bytes());
    }

    /// Adds a commit to a random branch; now and then a merge of another.
    fn commit(&mut self) {
        let branch = self.random.below(BRANCHES);
        let (mark, when) = (self.next, 1_700_000_000 + 60 * self.next);
        self.next += 1;
        let message = if self.random.one_in(4) { line(&mut self.random, &self.keywords) } else { "change\n".to_owned() };
        self.push(&format!("commit refs/heads/b{branch}\nmark :{mark}\ncommitter C <c@corp.io> {when} +0000\n"));
        self.stream.extend(data(message.as_bytes()));
        let other = self.random.below(BRANCHES);
        let from = if self.marks[branch] == 0 { other } else { branch };
        if self.marks[from] > 0 {
            self.push(&format!("from :{}\n", self.marks[from]));
            self.trees[branch] = self.trees[from].clone();
        }
        if other != branch && from == branch && self.marks[other] > 0 && self.random.one_in(4) {
            self.push(&format!("merge :{}\n", self.marks[other]));
            let theirs: Vec<_> = self.trees[other].iter().map(|(path, content)| (path.clone(), content.clone())).collect();
            for (path, content) in theirs.into_iter().filter(|_| self.random.one_in(2)).collect::<Vec<_>>() {
                self.file(branch, path, content);
            }
        }
        for _ in 0..1 + self.random.below(3) {
            self.change(branch);
        }
        self.push("\n");
        self.marks[branch] = mark;
    }

    fn file(&mut self, branch: usize, path: String, content: Vec<u8>) {
        self.push(&format!("M 100644 inline {path}\n"));
        self.stream.extend(data(&content));
        self.trees[branch].insert(path, content);
    }

    fn change(&mut self, branch: usize) {
        let paths: Vec<String> = self.trees[branch].keys().cloned().collect();
        let fresh = format!("d{}/f{}.txt", self.random.below(4), self.next * 8 + self.random.below(8));
        if paths.len() < 3 || self.random.one_in(8) {
            let lines = self.random.below(160);
            let content = text(&mut self.random, &self.keywords, lines);
            return self.file(branch, fresh, content);
        }
        let path = self.random.pick(&paths).clone();
        let mut content = self.trees[branch][&path].clone();
        match self.random.below(10) {
            0 => {
                self.push(&format!("D {path}\n"));
                self.trees[branch].remove(&path);
            }
            1 => {
                self.push(&format!("R {path} {fresh}\n"));
                self.trees[branch].remove(&path);
                self.trees[branch].insert(fresh, content);
            }
            2 => {
                edit(&mut self.random, &self.keywords, &mut content);
                self.file(branch, fresh, content);
            }
            _ => {
                edit(&mut self.random, &self.keywords, &mut content);
                self.file(branch, path, content);
            }
        }
    }
}

/// How git shall store it.
fn store(repo: &Repo, maker: &mut Maker, commits: usize) {
    let way = maker.random.below(6);
    let import = |repo: &Repo, stream: &[u8], limit: &str| {
        repo.git_with(&["-c", limit, "fast-import", "--quiet", "--force"], stream);
    };
    let (loose, packed) = ("fastimport.unpackLimit=1000000", "fastimport.unpackLimit=1");
    let mut grow = |repo: &Repo, limit: &str, parts: usize| {
        for part in 0..parts {
            (0..commits / parts).for_each(|_| maker.commit());
            import(repo, &std::mem::take(&mut maker.stream), limit);
            // Marks do not outlive the import: go on from the branches.
            for b in 0..BRANCHES {
                if maker.marks[b] == 0 || part + 1 == parts {
                    continue;
                }
                let mark = maker.next;
                maker.next += 1;
                let when = 1_700_000_000 + 60 * mark;
                let head = format!(
                    "commit refs/heads/b{b}\nmark :{mark}\ncommitter C <c@corp.io> {when} +0000\ndata 2\ngo\nfrom refs/heads/b{b}^0\n\n"
                );
                maker.stream.extend_from_slice(head.as_bytes());
                maker.marks[b] = mark;
            }
        }
    };
    match way {
        0 => grow(repo, loose, 1),
        1 => grow(repo, packed, 3),
        2 => {
            grow(repo, packed, 1);
            repo.git(&["repack", "-q", "-adf", "--depth=250", "--window=60"]);
        }
        3 => {
            grow(repo, loose, 2);
            repo.git(&["repack", "-q", "-adf", "--depth=3", "--window=200"]);
        }
        4 => {
            grow(repo, loose, 1);
            // Some of it twice: packed and loose; a second pack with other deltas.
            repo.git(&["repack", "-q", "-f", "--depth=50", "--window=10"]);
            let all = repo.git(&["rev-list", "--objects", "--all"]);
            let ids: String = all.lines().step_by(2).map(|line| line[..40].to_owned() + "\n").collect();
            repo.git_with(&["pack-objects", "-q", "--depth=20", "--window=100", ".git/objects/pack/pack"], ids.as_bytes());
        }
        _ => {
            grow(repo, packed, 3);
            repo.git(&["-c", "pack.island=refs/heads/(b.)", "repack", "-q", "-adfi", "--depth=4095", "--window=30"]);
        }
    }
}

/// Everything in the objects of a repository, as git hands them out, scanned one by one.
fn naive(repo: &Repo, detector: &Detector) -> BTreeSet<Place> {
    let output = repo.try_git(&["cat-file", "--batch-all-objects", "--unordered", "--batch"], b"").stdout;
    let mut rest = output.as_slice();
    let mut all = BTreeSet::new();
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap();
        let head: Vec<&str> = std::str::from_utf8(&rest[..end]).unwrap().split(' ').collect();
        let size: usize = head[2].parse().unwrap();
        let bytes = &rest[end + 1..end + 1 + size];
        rest = &rest[end + 2 + size..];
        if head[1] == "tree" {
            continue;
        }
        for found in candidates(detector, Scanned::of(detector, &detector.scan(bytes, None), bytes)) {
            let rule = detector.rule(found.rule);
            let asks_for_paths = !rule.spec.paths.is_empty() && !rule.speaks_at(std::path::Path::new("d0/f0.txt"));
            if head[1] == "blob" && asks_for_paths {
                continue;
            }
            let evidence = found.judged.evidence;
            if head[1] == "blob" && !evidence.is_empty() && !evidence.and(of_path(b"d0/f0.txt")).is_possible() {
                continue;
            }
            let value = String::from_utf8_lossy(found.judged.value.expose()).into_owned();
            all.insert((value, head[0].to_owned(), found.span.start, found.span.end));
        }
    }
    all
}

/// A user's rules for the slow lane: one without a bound, one without a keyword.
const SLOW: &str = r#"
[[rule]]
id = "slow-long"
name = "No bound"
severity = "low"
confidence = "low"
keywords = ["key"]
regex = '[=:]\s*"?(?P<secret>[A-Za-z0-9+/_-]{9,})'

[[rule]]
id = "slow-bare"
name = "No keyword"
severity = "low"
confidence = "low"
regex = '\b(?P<secret>[0-9a-zA-Z]{11}[0-9])\b'
"#;

fn equal(seed: u64, slow: bool) {
    let repo = Repo::new();
    let path = repo.home.join("slow.toml");
    std::fs::write(&path, SLOW).unwrap();
    let mut rules = RuleSet::builtin().with_entropy();
    let mut args: Vec<&str> = ["git", ".", "--format", "json", "--show-secrets", "--confidence", "low"].to_vec();
    if slow {
        rules.load(&path).unwrap();
        args.extend(["--rules", path.to_str().unwrap()]);
    }
    let detector = &Detector::new(rules, 1_750_000_000);
    let mut maker = Maker::new(seed, detector);
    store(&repo, &mut maker, 48);
    let scan = |threads: &str| run(&repo.home, &repo.path, &[args.as_slice(), &["-j", threads]].concat());
    let (one, many) = (scan("1"), scan("4"));
    let report = many.report();
    assert!(report.complete() && many.code == 1, "seed {seed}: {:?}", report.notices());
    assert!(one.stdout == many.stdout, "seed {seed}: one thread and four do not say the same");
    let mut found: BTreeSet<Place> = BTreeSet::new();
    for finding in report.findings() {
        assert_eq!(finding["more_places"], 0);
        for place in finding["places"].as_array().unwrap().iter().filter(|place| place["object"].is_string()) {
            let (object, secret) = (place["object"].as_str().unwrap(), finding["secret"].as_str().unwrap());
            found.insert((secret.to_owned(), object.to_owned(), place["start"].as_u64().unwrap(), place["end"].as_u64().unwrap()));
        }
    }
    assert_eq!(report.findings().iter().any(|finding| finding["rule"].as_str().unwrap().starts_with("slow-")), slow);
    let expected = naive(&repo, detector);
    assert!(expected.len() > 30, "seed {seed} tests little: {}", expected.len());
    let (missed, invented): (Vec<_>, Vec<_>) = (expected.difference(&found).collect(), found.difference(&expected).collect());
    assert!(missed.is_empty() && invented.is_empty(), "seed {seed}\nmissed: {missed:#?}\ninvented: {invented:#?}");
}

/// How many random histories; `UNLEAK_TEST_ROUNDS` asks for more.
fn rounds() -> u64 {
    std::env::var("UNLEAK_TEST_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(10)
}

#[test]
fn the_engine_finds_what_a_naive_scan_finds() {
    (0..rounds()).for_each(|seed| equal(seed, false));
}

#[test]
fn so_does_the_slow_lane() {
    (100..100 + rounds().div_ceil(3)).for_each(|seed| equal(seed, true));
}

/// A history of few, wide folders: names of all lengths, a few of them secrets; files with a secret and without come, change and go.
fn wide(random: &mut Random) -> Vec<u8> {
    let mut stream = Vec::new();
    let length = |random: &mut Random| if random.one_in(4) { 100 + random.below(150) } else { 1 + random.below(40) };
    let name = |random: &mut Random, folder: usize| {
        let length = length(random);
        let letters = random.pick(&["a", "z", "no ", "é"]).repeat(length / 2 + 1);
        if folder == 2 && random.one_in(30) { token(random.below(40) as u64) } else { letters }
    };
    let names: Vec<String> = (0..120).map(|n| format!("{}/{}{n}", ["a", "b", "b/c"][n % 3], name(random, n % 3))).collect();
    for commit in 1..=40 {
        let when = 1_700_000_000 + 60 * commit;
        stream.extend(format!("commit refs/heads/main\ncommitter C <c@corp.io> {when} +0000\ndata 2\ngo\n").into_bytes());
        let changes = if commit == 1 { names.len() } else { 1 + random.below(4) };
        for change in 0..changes {
            let path = if commit == 1 { &names[change] } else { random.pick(&names) };
            if commit > 1 && random.one_in(5) {
                stream.extend(format!("D {path}\n").into_bytes());
                continue;
            }
            let secret = if random.one_in(3) { token(random.below(40) as u64) } else { String::new() };
            stream.extend(format!("M 100644 inline {path}\n").into_bytes());
            stream.extend(data(format!("line {}\ntoken = \"{secret}\"\n", random.below(50)).as_bytes()));
        }
        stream.extend(b"\n");
    }
    stream
}

#[test]
fn places_are_the_same_however_trees_are_stored() {
    for seed in 0..rounds() {
        let repo = Repo::new();
        let stream = wide(&mut Random::new(seed));
        repo.git_with(&["-c", "fastimport.unpackLimit=1000000", "fast-import", "--quiet"], &stream);
        let scan = || run(&repo.home, &repo.path, &["git", ".", "--format", "json", "--show-secrets", "--confidence", "low"]);
        let loose = scan();
        assert!(loose.report().findings().len() > 20, "seed {seed} tests little");
        for (depth, window) in [("50", "10"), ("4", "100"), ("1", "40")] {
            repo.git(&["repack", "-q", "-n", "-adf", &format!("--depth={depth}"), &format!("--window={window}")]);
            assert!(repo.git(&["verify-pack", "-v", repo.packs("idx")[0].to_str().unwrap()]).lines().any(|line| line.contains(" tree ")));
            assert!(scan().stdout == loose.stdout, "seed {seed}: depth {depth} and window {window} tell another story");
        }
    }
}
