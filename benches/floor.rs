//! The floor: every object of a repository (blobs, trees, commits, tags) decoded once, nothing searched; and beside
//! it the same walk with every blob searched for all rules, and a whole scan. One line each: wall and CPU seconds,
//! the best of three, with the ratios to the floor.
//!
//! `cargo bench --bench floor -- PATH-TO-REPOSITORY`; without a path its own repository. With `--once` the floor
//! alone, one time, for those that measure the whole process.

use std::io::Read;
use std::path::{Path, PathBuf};
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
    unreadable: AtomicU64,
}

impl Sink for Count<'_> {
    type Memo = Memo;

    fn object(&self, id: &Id<'_>, bytes: &[u8], base: Option<&Base<'_, Memo>>) -> Memo {
        self.objects.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        match self.rules {
            Some(rules) if id.kind == Kind::Blob => rules.scan(bytes, base),
            _ => Memo::default(),
        }
    }

    fn large(&self, _: &Id<'_>, reader: &mut dyn Read) {
        self.objects.fetch_add(1, Ordering::Relaxed);
        let bytes = std::io::copy(reader, &mut std::io::sink()).unwrap_or(0);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn unreadable(&self, _: Oid, _: &str) {
        self.unreadable.fetch_add(1, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        false
    }
}

/// What a run took: by the clock, and of all processors.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    cpu: Duration,
}

/// What a run saw: objects, their bytes, objects that could not be read.
type Seen = (u64, u64, u64);

fn main() {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let path = args.iter().find(|arg| !arg.to_string_lossy().starts_with("--")).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let Ok(Target::Repository(found)) = look(path.as_os_str(), Mode::Git) else {
        eprintln!("{}: no git repository", path.display());
        std::process::exit(2);
    };
    let objects = found.common_dir.join("objects");
    if args.iter().any(|arg| arg == "--once") {
        best("floor: decode all", None, 1, || walk(&objects, None));
        return;
    }
    let detector = Detector::new(RuleSet::builtin(), 0);
    let floor = best("floor: decode all", None, 3, || walk(&objects, None));
    best("walk, blobs searched", Some(floor), 3, || walk(&objects, Some(&detector)));
    let plan = Plan { targets: vec![path.into()], mode: Mode::Git, work_tree: false, ..Plan::default() };
    best("whole scan of the history", Some(floor), 3, || {
        let outcome = scan::run(&plan, &detector, &Progress::new()).expect("it was a repository a moment ago");
        let sum = outcome.coverage.total();
        (sum.objects(), sum.bytes, 0)
    });
}

fn walk(objects: &Path, rules: Option<&Detector>) -> Seen {
    let odb = Odb::open(objects, 20, true);
    let walk = Walk::new(&odb);
    let count = Count { rules, objects: AtomicU64::new(0), bytes: AtomicU64::new(0), unreadable: AtomicU64::new(0) };
    KINDS.into_iter().for_each(|kind| walk.each(kind, &count));
    (count.objects.into_inner(), count.bytes.into_inner(), count.unreadable.into_inner())
}

fn best(name: &str, floor: Option<Cost>, runs: usize, run: impl Fn() -> Seen) -> Cost {
    let mut least = Cost { wall: Duration::MAX, cpu: Duration::MAX };
    let mut seen = (0, 0, 0);
    for _ in 0..runs {
        let (begin, before) = (Instant::now(), cpu());
        seen = run();
        least = Cost { wall: least.wall.min(begin.elapsed()), cpu: least.cpu.min(cpu().saturating_sub(before)) };
    }
    let (wall, spent) = (least.wall.as_secs_f64(), least.cpu.as_secs_f64());
    let times = |floor: Cost| {
        let (wall, cpu) = (wall / floor.wall.as_secs_f64(), spent / floor.cpu.as_secs_f64());
        format!(", {wall:.2} times the floor's wall, {cpu:.2} times its CPU")
    };
    let unreadable = if seen.2 > 0 { format!(", {} UNREADABLE", seen.2) } else { String::new() };
    let rate = seen.1 as f64 / 1e6 / wall;
    println!(
        "{name}: {wall:.3} s wall, {spent:.3} s CPU, {} objects, {rate:.0} MB/s{}{unreadable}",
        seen.0,
        floor.map_or(String::new(), times)
    );
    least
}

/// The time that all processors have spent on this process, for user and system; zero where nobody can say.
#[cfg(unix)]
fn cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// The time that all processors have spent on this process, for user and system; zero where nobody can say.
#[cfg(not(unix))]
fn cpu() -> Duration {
    Duration::ZERO
}
