//! The floor: every object of a repository decoded once, nothing searched; and beside it the same walk with every
//! blob searched for all rules, and a whole scan. One line each, wall seconds of the best of three, with the
//! ratio to the floor.
//!
//! `cargo bench --bench floor -- PATH-TO-REPOSITORY`; without a path its own repository.

use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use unleak::detect::{Detector, Memo};
use unleak::object::{Base, Kind, Oid};
use unleak::progress::Progress;
use unleak::rule::RuleSet;
use unleak::scan::{self, Plan};
use unleak::source::git::odb::Odb;
use unleak::source::git::walk::{Id, Sink, Walk};
use unleak::source::target::{Mode, Target, look};

const KINDS: [Kind; 4] = [Kind::Commit, Kind::Tag, Kind::Blob, Kind::Tree];

/// Counts what it is given, and searches it where it has rules.
struct Count<'a> {
    rules: Option<&'a Detector>,
    objects: AtomicU64,
    bytes: AtomicU64,
}

impl Sink for Count<'_> {
    type Memo = Memo;

    fn object(&self, id: &Id, bytes: &[u8], base: Option<&Base<'_, Memo>>) -> Memo {
        self.objects.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        match self.rules {
            Some(rules) if id.kind == Kind::Blob => rules.scan(bytes, base),
            _ => Memo::default(),
        }
    }

    fn large(&self, _: &Id, _: &mut dyn Read) {}

    fn unreadable(&self, _: Oid, _: &str) {}

    fn stopped(&self) -> bool {
        false
    }
}

fn main() {
    let path =
        std::env::args_os().skip(1).find(|arg| !arg.to_string_lossy().starts_with("--")).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let Ok(Target::Repository(found)) = look(path.as_os_str(), Mode::Git) else {
        eprintln!("{}: no git repository", path.display());
        return;
    };
    let detector = Detector::new(RuleSet::builtin(), 0);
    let floor = best("floor: decode all", None, || walk(&found.common_dir.join("objects"), None));
    best("walk, blobs searched", Some(floor), || walk(&found.common_dir.join("objects"), Some(&detector)));
    let plan = Plan { targets: vec![path.into()], mode: Mode::Git, work_tree: false, ..Plan::default() };
    best("whole scan of the history", Some(floor), || {
        let outcome = scan::run(&plan, &detector, &Progress::new()).expect("it was a repository a moment ago");
        let sum = outcome.coverage.total();
        (sum.objects(), sum.bytes)
    });
}

fn walk(objects: &std::path::Path, rules: Option<&Detector>) -> (u64, u64) {
    let odb = Odb::open(objects, 20, true);
    let walk = Walk::new(&odb);
    let count = Count { rules, objects: AtomicU64::new(0), bytes: AtomicU64::new(0) };
    KINDS.into_iter().for_each(|kind| walk.each(kind, &count));
    (count.objects.into_inner(), count.bytes.into_inner())
}

fn best(name: &str, floor: Option<Duration>, run: impl Fn() -> (u64, u64)) -> Duration {
    let mut least = Duration::MAX;
    let mut counts = (0, 0);
    for _ in 0..3 {
        let begin = Instant::now();
        counts = run();
        least = least.min(begin.elapsed());
    }
    let rate = counts.1 as f64 / 1e6 / least.as_secs_f64();
    let ratio = floor.map_or(String::new(), |floor| format!(", {:.2} times the floor", least.as_secs_f64() / floor.as_secs_f64()));
    println!("{name}: {:.3} s, {} objects, {rate:.0} MB/s{ratio}", least.as_secs_f64(), counts.0);
    least
}
