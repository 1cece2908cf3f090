//! Equality by hand: of a real repository every blob, commit and tag, once as the engine walks it (along deltas, what
//! was copied inherited) and once as `git cat-file` hands it out, scanned whole. Compares all matches (object,
//! rule, byte range, secret's range, dropped or not, and by which filter) with one thread and with as many as
//! there are cores, and says which differ.
//!
//! `cargo bench --bench equal -- PATH-TO-REPOSITORY`; ends with 1 where anything differs. Needs `git`; the tests do
//! the same with random repositories.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;

use rayon::prelude::*;
use unleak::detect::{Detector, Memo};
use unleak::object::{Base, Kind, Oid};
use unleak::rule::RuleSet;
use unleak::source::git::odb::Odb;
use unleak::source::git::walk::{Id, Sink, Walk};
use unleak::source::target::{Mode, Target, look};

const KINDS: [Kind; 3] = [Kind::Commit, Kind::Tag, Kind::Blob];
/// So many bytes of objects are read before they are scanned, on all cores.
const BATCH: usize = 64 << 20;

/// Rule, match, secret, what dropped it.
type Found = (u32, u32, u32, u32, u32, Option<&'static str>);

/// What was found in each object, and how much was looked at.
#[derive(Default)]
struct Seen {
    matches: HashMap<Oid, Vec<Found>>,
    objects: u64,
    bytes: u64,
    unreadable: Vec<Oid>,
}

impl Seen {
    fn add(&mut self, oid: Oid, bytes: usize, found: Vec<Found>) {
        self.objects += 1;
        self.bytes += bytes as u64;
        if !found.is_empty() && self.matches.insert(oid, found).is_some() {
            println!("{oid}: scanned twice");
        }
    }

    fn say(&self, name: &str) {
        let matches: usize = self.matches.values().map(Vec::len).sum();
        let kept = self.matches.values().flatten().filter(|found| found.5.is_none()).count();
        println!(
            "{name}: {} objects, {} bytes, {} unreadable; {matches} matches in {} objects, {kept} of them not dropped by a filter",
            self.objects,
            self.bytes,
            self.unreadable.len(),
            self.matches.len()
        );
    }
}

fn found(memo: &Memo) -> Vec<Found> {
    let plain = |m: &&unleak::detect::Match| (m.rule, m.start, m.end, m.secret_start, m.secret_end, m.judged.dropped);
    memo.matches().iter().map(plain).collect()
}

/// Takes what the walk hands out.
struct Engine<'a> {
    detector: &'a Detector,
    seen: Mutex<Seen>,
}

impl Engine<'_> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("no panic while locked")
    }
}

impl Sink for Engine<'_> {
    type Memo = Memo;

    fn object(&self, id: &Id<'_>, bytes: &[u8], base: Option<&Base<'_, Memo>>) -> Memo {
        let memo = self.detector.scan(bytes, base);
        if id.count {
            self.lock().add(id.oid(), bytes.len(), found(&memo));
        }
        memo
    }

    fn large(&self, id: &Id<'_>, reader: &mut dyn Read) {
        let mut bytes = Vec::new();
        match reader.read_to_end(&mut bytes) {
            Ok(_) => self.lock().add(id.oid(), bytes.len(), found(&self.detector.scan(&bytes, None))),
            Err(_) => self.unreadable(id.oid(), ""),
        }
    }

    fn unreadable(&self, oid: Oid, _: &str) {
        self.lock().unreadable.push(oid);
    }

    fn stopped(&self) -> bool {
        false
    }
}

fn engine(objects: &Path, detector: &Detector, threads: usize) -> Seen {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| {
        let odb = Odb::open(objects, 20, true);
        let walk = Walk::new(&odb);
        let sink = Engine { detector, seen: Mutex::default() };
        KINDS.into_iter().for_each(|kind| walk.each(kind, &sink));
        sink.seen.into_inner().expect("no panic while locked")
    })
}

/// Every object as git itself hands it out, scanned whole.
fn naive(repository: &Path, detector: &Detector) -> std::io::Result<Seen> {
    let args = ["cat-file", "--batch-all-objects", "--unordered", "--batch"];
    let mut git = Command::new("git").arg("-C").arg(repository).args(args).stdout(Stdio::piped()).spawn()?;
    let mut output = BufReader::with_capacity(1 << 20, git.stdout.take().expect("piped"));
    let mut seen = Seen::default();
    loop {
        let batch = read_batch(&mut output, &mut seen)?;
        if batch.is_empty() {
            break;
        }
        let scanned: Vec<_> = batch.par_iter().map(|(oid, bytes)| (*oid, bytes.len(), found(&detector.scan(bytes, None)))).collect();
        scanned.into_iter().for_each(|(oid, len, found)| seen.add(oid, len, found));
    }
    if !git.wait()?.success() {
        return Err(std::io::Error::other("git did not end well: not all objects were read"));
    }
    Ok(seen)
}

fn read_batch(output: &mut impl BufRead, seen: &mut Seen) -> std::io::Result<Vec<(Oid, Vec<u8>)>> {
    let (mut batch, mut sum, mut head) = (Vec::new(), 0, String::new());
    while sum < BATCH {
        head.clear();
        if output.read_line(&mut head)? == 0 {
            break;
        }
        let words: Vec<&str> = head.split_whitespace().collect();
        let oid = Oid::from_hex(words[0].as_bytes()).ok_or_else(|| std::io::Error::other(format!("git says {head:?}")))?;
        let Some(size) = words.get(2).and_then(|size| size.parse::<usize>().ok()) else {
            seen.unreadable.push(oid);
            continue;
        };
        let mut bytes = vec![0; size];
        output.read_exact(&mut bytes)?;
        output.read_exact(&mut [0])?;
        if words[1] != "tree" {
            sum += size;
            batch.push((oid, bytes));
        }
    }
    Ok(batch)
}

/// Says what differs; how much does.
fn compare(name: &str, engine: &Seen, naive: &Seen, detector: &Detector) -> usize {
    let mut differences = 0;
    let empty = Vec::new();
    let mut oids: Vec<&Oid> = engine.matches.keys().chain(naive.matches.keys()).collect();
    oids.sort();
    oids.dedup();
    for oid in oids {
        let (ours, theirs) = (engine.matches.get(oid).unwrap_or(&empty), naive.matches.get(oid).unwrap_or(&empty));
        let missed = theirs.iter().filter(|found| !ours.contains(found)).map(|found| ("missed", found));
        let invented = ours.iter().filter(|found| !theirs.contains(found)).map(|found| ("invented", found));
        for (what, found) in missed.chain(invented) {
            differences += 1;
            let (rule, start, end, secret_start, secret_end, dropped) = found;
            println!(
                "{name}: {what}: {oid} {} {start}..{end} secret {secret_start}..{secret_end} {dropped:?}",
                detector.rule(*rule).spec.id
            );
        }
    }
    if (engine.objects, engine.bytes) != (naive.objects, naive.bytes) {
        differences += 1;
        println!("{name}: the engine saw {} objects, git {}", engine.objects, naive.objects);
    }
    println!("{name}: {differences} differences to the naive scan");
    differences
}

fn main() -> ExitCode {
    let path = std::env::args_os().skip(1).find(|arg| !arg.to_string_lossy().starts_with("--"));
    let path = path.map_or_else(|| PathBuf::from("."), PathBuf::from);
    let Ok(Target::Repository(repository)) = look(path.as_os_str(), Mode::Git) else {
        eprintln!("{}: no git repository", path.display());
        return ExitCode::from(2);
    };
    let detector = Detector::new(RuleSet::builtin(), 1_750_000_000);
    let expected = match naive(&path, &detector) {
        Ok(expected) => expected,
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            return ExitCode::from(2);
        }
    };
    expected.say("naive");
    let cores = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let mut differences = 0;
    for threads in [1, cores] {
        let name = format!("engine, {threads} threads");
        let seen = engine(&repository.common_dir.join("objects"), &detector, threads);
        seen.say(&name);
        differences += compare(&name, &seen, &expected, &detector);
    }
    ExitCode::from(u8::from(differences > 0))
}
