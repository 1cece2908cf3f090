//! Micro-benches: bytes per second of the parts that a scan spends its time in, one line each, the best of several
//! rounds. All inputs are made here, the same in every run.
//!
//! `cargo bench --bench micro`; with words behind `--` only those benches whose name holds one of them.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use unleak::detect::Detector;
use unleak::history::forest::entries;
use unleak::object::Base;
use unleak::prefilter::Prefilter;
use unleak::report::mask::Masker;
use unleak::rule::{RuleSet, example};
use unleak::scanner::Scanner;
use unleak::secret::Secret;
use unleak::source::git::{delta, inflate};

/// Length of the large inputs, in bytes: short enough that some round is disturbed by nobody.
const LENGTH: usize = 256 << 10;
/// A bench runs at least so long.
const LEAST: Duration = Duration::from_millis(400);

const WORDS: &[&str] = &[
    "if",
    "else",
    "for",
    "while",
    "return",
    "int",
    "const",
    "char",
    "static",
    "void",
    "self",
    "def",
    "end",
    "class",
    "module",
    "require",
    "server",
    "client",
    "reply",
    "buffer",
    "length",
    "count",
    "value",
    "result",
    "error",
    "config",
    "option",
    "command",
    "argument",
    "node",
    "list",
    "next",
    "previous",
    "record",
    "table",
    "column",
    "query",
    "index",
    "name",
    "type",
    "string",
    "number",
    "object",
    "request",
    "response",
    "header",
    "params",
    "connection",
    "database",
    "migration",
    "assert",
    "equal",
    "test",
    "expected",
    "key",
    "token",
    "user",
];

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % n
    }
}

/// Text like source code: words in lines, some joined by `_`, indented, with punctuation.
fn source(len: usize) -> Vec<u8> {
    let mut numbers = Numbers(7);
    let mut out = String::with_capacity(len + 200);
    while out.len() < len {
        out.push_str(&" ".repeat(2 * numbers.below(6)));
        for _ in 0..1 + numbers.below(7) {
            out.push_str(WORDS[numbers.below(WORDS.len())]);
            out.push_str([" ", " ", " ", "_", "(", ")", ", ", " = ", ".", "->", ": \"", "\" "][numbers.below(12)]);
        }
        out.push('\n');
    }
    out.into_bytes()
}

/// Text like a minified or encoded file: one long line of letters and digits.
fn minified(len: usize) -> Vec<u8> {
    let mut numbers = Numbers(11);
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=;,(){}";
    (0..len).map(|_| letters[numbers.below(letters.len())]).collect()
}

/// Source text with an example of some rule in every so many bytes.
fn candidates(len: usize, each: usize, detector: &Detector) -> Vec<u8> {
    let (plain, mut out, mut numbers) = (source(len), Vec::with_capacity(len + len / 8), Numbers(13));
    let specs: Vec<_> = detector.rules().rules().iter().map(|rule| &rule.spec).filter(|spec| !spec.matches.is_empty()).collect();
    for piece in plain.chunks(each) {
        let spec = specs[numbers.below(specs.len())];
        out.extend_from_slice(piece);
        out.push(b'\n');
        if let Ok(text) = example::complete(&spec.matches[0], spec.check.as_deref(), numbers.0 >> 32) {
            out.extend_from_slice(text.as_bytes());
        }
        out.push(b'\n');
    }
    out
}

/// The size of an object or delta, as git writes it.
fn size(mut value: usize, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A delta that copies most of `base` and inserts a line of 40 bytes in every 2 KiB.
fn edits(base: &[u8]) -> Vec<u8> {
    let (mut instructions, mut made) = (Vec::new(), 0);
    for at in (0..base.len()).step_by(2048) {
        let len = (base.len() - at).min(2048);
        instructions.push(0xbf);
        instructions.extend_from_slice(&(at as u32).to_le_bytes());
        instructions.extend_from_slice(&(len as u16).to_le_bytes());
        instructions.push(40);
        instructions.extend_from_slice(b"    a new line in a file of old lines;\n\n");
        made += len + 40;
    }
    let mut out = Vec::new();
    size(base.len(), &mut out);
    size(made, &mut out);
    out.extend(instructions);
    out
}

fn tree(count: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for n in 0..count {
        out.extend_from_slice(format!("100644 file_{n:05}_test.rb\0").as_bytes());
        out.extend((0..20).map(|byte| (n * 31 + byte * 7) as u8));
    }
    out
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

struct Benches {
    only: Vec<String>,
}

impl Benches {
    /// Runs it for a while and says how long the quickest round took; with `bytes` how many a second that is.
    fn run(&self, name: &str, bytes: usize, mut round: impl FnMut()) {
        if !self.only.is_empty() && !self.only.iter().any(|word| name.contains(word.as_str())) {
            return;
        }
        let (begin, mut least, mut rounds) = (Instant::now(), Duration::MAX, 0u32);
        while begin.elapsed() < LEAST || rounds < 3 {
            let start = Instant::now();
            round();
            least = least.min(start.elapsed());
            rounds += 1;
        }
        let mut line = format!("{name:<58} {:>11.1} µs", least.as_secs_f64() * 1e6);
        if bytes > 0 {
            write!(line, " {:>9.0} MB/s", bytes as f64 / 1e6 / least.as_secs_f64()).expect("memory");
        }
        println!("{line}");
    }
}

fn main() {
    let benches = Benches { only: std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect() };
    let detector = Detector::new(RuleSet::builtin(), 1_750_000_000);
    println!("{} rules; the quickest round of each", detector.rules().rules().len());
    detection(&benches, &detector);
    decoding(&benches, &detector);
    rest(&benches);
}

fn detection(benches: &Benches, detector: &Detector) {
    let prefilter = Prefilter::new(detector.rules().rules(), false);
    let texts = [
        ("source text", source(LENGTH)),
        ("minified text", minified(LENGTH)),
        ("source text, a candidate in 4 KiB", candidates(LENGTH, 4096, detector)),
        ("source text, a candidate in 200 bytes", candidates(LENGTH / 8, 200, detector)),
    ];
    for (name, text) in &texts {
        benches.run(&format!("keywords: {name}"), text.len(), || {
            let mut hits = 0usize;
            prefilter.search(text, 0..text.len(), |_, _| hits += 1);
            black_box(hits);
        });
        benches.run(&format!("detection: {name}"), text.len(), || {
            black_box(detector.scan(text, None));
        });
    }
}

fn decoding(benches: &Benches, detector: &Detector) {
    let text = source(64 << 10);
    let packed = deflate(&text);
    let mut out = Vec::new();
    benches.run("inflate: 64 KiB of source text (bytes that come out)", text.len(), || {
        inflate::inflate(&packed, text.len() as u64, &mut out).expect("whole");
    });
    let (delta, mut copied) = (edits(&text), Vec::new());
    delta::apply(&text, &delta, &mut out, &mut copied).expect("whole");
    let made = out.clone();
    benches.run("delta: 32 edits in 64 KiB (bytes that come out)", made.len(), || {
        delta::apply(&text, &delta, &mut out, &mut copied).expect("whole");
    });
    let memo = detector.scan(&text, None);
    let base = Base { memo: &memo, len: text.len(), copied: &copied };
    benches.run("detection: 32 edits in 64 KiB, the rest inherited", made.len(), || {
        black_box(detector.scan(&made, Some(&base)));
    });
    let large = minified(LENGTH);
    benches.run("CRC-32", large.len(), || {
        black_box(libdeflater::crc32(black_box(&large)));
    });
    let tree = tree(1000);
    benches.run("tree: 1,000 entries", tree.len(), || {
        black_box(entries(&tree, 20).map(|entry| entry.name.len()).sum::<usize>());
    });
}

fn rest(benches: &Benches) {
    benches.run("start: all rules made ready", 0, || {
        black_box(Detector::new(RuleSet::builtin(), 0));
    });
    let file = source(4 << 10);
    benches.run("start: the same, and a file of 4 KiB scanned", 0, || {
        Scanner::new(RuleSet::builtin()).scan_bytes(&file, &mut |_: &unleak::finding::Finding| {});
    });
    let mut numbers = Numbers(17);
    let letters = minified(64 << 10);
    let values: Vec<Secret> = (0..1000)
        .map(|_| {
            let at = numbers.below(letters.len() - 40);
            Secret::new(&letters[at..at + 40], 4)
        })
        .collect();
    benches.run("masking: made ready for 1,000 values", 0, || {
        black_box(Masker::new(&values));
    });
    let masker = Masker::new(&values);
    let message = b"lib/active_record/connection_adapters/postgresql/schema_statements.rb: Fix a wrong default of a column".to_vec();
    benches.run("masking: a message of 100 bytes with nothing in it", message.len(), || {
        black_box(masker.mask(&message));
    });
    let leaky = [message.as_slice(), b" ", values[3].expose(), b" and ", values[700].expose()].concat();
    benches.run("masking: the same with two values in it", leaky.len(), || {
        black_box(masker.mask(&leaky));
    });
}
