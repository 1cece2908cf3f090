//! Pieces and wholes say the same, trouble is named, and names of folders count once.

use std::sync::Mutex;

use super::*;
use crate::rule::RuleSet;
use crate::source::files::{self, FileOptions, FileWalk};

const RULES: &str = r#"
[[rule]]
id = "led"
name = "With a lead"
severity = "low"
confidence = "low"
keywords = ["secret"]
regex = '[a-z]{0,8}secret[:=](?P<secret>[0-9a-z]{3,12})'

[[rule]]
id = "dense"
name = "Overlaps itself"
severity = "low"
confidence = "low"
keywords = ["abc"]
regex = '[a-c]{0,5}abc[a-c]{0,5}'

[[rule]]
id = "many-lines"
name = "Over lines"
severity = "low"
confidence = "low"
keywords = ["=::"]
regex = '\b[a-z]{1,3}\n{0,2}=::\n{0,3}[0-9]{2}'
"#;

fn detector() -> Detector {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), RULES).unwrap();
    let mut rules = RuleSet::builtin();
    rules.load(file.path()).unwrap();
    rules.select(&["led".into(), "dense".into(), "many-lines".into()], &[]).unwrap();
    Detector::new(rules, 0)
}

/// Text in which the rules match often, at every distance from the borders of pieces.
fn random(len: usize, mut seed: u64) -> Vec<u8> {
    const PARTS: &[&str] = &["a", "b", "c", "abc", "\n", " ", "secret", "=", ":", "x1", "77", "=::", "e", "-", "zz"];
    let mut text = Vec::new();
    while text.len() < len {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        text.extend_from_slice(PARTS[(seed >> 30) as usize % PARTS.len()].as_bytes());
    }
    text
}

/// Gives a few bytes at a time, and fails at its end where asked.
struct Trickle<'a>(&'a [u8], usize, bool);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() && self.2 {
            return Err(io::Error::from_raw_os_error(5));
        }
        let count = self.1.min(buffer.len()).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

type Flat = (u32, Range<u64>, Range<u64>, Vec<u8>, Position, Position);

fn flat(scanned: &Scanned) -> Vec<Flat> {
    let position = |line, column| Position { line, column };
    let one = |m: &LocatedMatch| {
        let (first, last) = (position(m.line, m.column), position(m.end_line, m.end_column));
        (m.rule, m.whole.clone(), m.secret.clone(), m.judged.value.expose().to_vec(), first, last)
    };
    scanned.matches.iter().map(one).collect()
}

/// What the detector says of the whole, with lines and columns counted anew for each match.
fn expected(detector: &Detector, text: &[u8]) -> Vec<Flat> {
    let line = |at: usize| text[..at].iter().filter(|&&b| b == b'\n').count() + 1;
    let column = |at: usize| at - text[..at].rfind_byte(b'\n').map_or(0, |newline| newline + 1) + 1;
    let memo = detector.scan(text, None);
    let one = |m: &&crate::detect::Match| {
        let (start, end) = (m.secret_start as usize, m.secret_end as usize);
        let first = Position { line: line(start), column: column(start) };
        let last = Position { line: line(end - 1), column: column(end - 1) + 1 };
        let whole = u64::from(m.start)..u64::from(m.end);
        (m.rule, whole, start as u64..end as u64, m.judged.value.expose().to_vec(), first, last)
    };
    memo.matches().iter().map(one).collect()
}

#[test]
fn pieces_find_what_the_whole_holds() {
    let detector = detector();
    let progress = Progress::new();
    for seed in 1..40u64 {
        let text = random(700 + 97 * seed as usize, seed * 0x9e37_79b9);
        let expected = expected(&detector, &text);
        assert!(expected.len() > 20, "the text holds something: {}", expected.len());
        for (whole, piece, chunk) in [(0, 1, 5), (1, 7, 3), (300, 64, 1000), (10, 333, 1), (1 << 20, 1, 900)] {
            let mut stream = Stream::with_cut(&detector, &progress, Cut { whole, piece });
            let scanned = stream.content(&mut Trickle(&text, chunk, false));
            assert_eq!(flat(&scanned), expected, "seed {seed}, whole {whole}, piece {piece}");
            assert_eq!(scanned.bytes, text.len() as u64);
        }
    }
}

#[test]
fn the_own_bytes_of_pieces_make_up_the_content() {
    let (detector, text) = (detector(), random(3000, 5));
    let mut joined = Vec::new();
    let mut stream = Stream::new(&detector, &PROGRESS);
    stream.cut = Cut { whole: 5, piece: 50 };
    let mut pieces = 0;
    stream.pieces(&mut text.as_slice(), &mut |piece| {
        assert_eq!(piece.start.at() + piece.own.start as u64, joined.len() as u64);
        joined.extend_from_slice(&piece.bytes[piece.own]);
        pieces += 1;
    });
    assert!(pieces > 20 && joined == text);
}

static PROGRESS: std::sync::LazyLock<Progress> = std::sync::LazyLock::new(Progress::new);

#[test]
fn a_read_error_keeps_what_came_before() {
    let detector = detector();
    let text = random(2000, 9);
    for cut in [Cut::default(), Cut { whole: 100, piece: 100 }] {
        let scanned = Stream::with_cut(&detector, &PROGRESS, cut).content(&mut Trickle(&text, 64, true));
        assert_eq!(flat(&scanned), expected(&detector, &text));
        assert!(scanned.broken.is_some_and(|why| !why.is_empty() && !why.contains("os error")));
    }
}

#[test]
fn a_stop_ends_a_stream_between_pieces() {
    let (detector, progress, text) = (detector(), Progress::new(), random(5000, 3));
    progress.stop(2);
    let scanned = Stream::with_cut(&detector, &progress, Cut { whole: 10, piece: 10 }).content(&mut text.as_slice());
    assert!(scanned.broken.is_some() && scanned.bytes < 2000);
}

#[test]
fn empty_contents_are_fine() {
    let scanned = scan_stdin(&detector(), &PROGRESS, &mut io::empty());
    assert!(scanned.matches.is_empty() && scanned.bytes == 0 && scanned.broken.is_none());
    assert!(scan_text(&detector(), b"").matches.is_empty());
}

fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("x-secret=abc123/deep")).unwrap();
    for (name, content) in [("one", "\n secret=abcdef"), ("x-secret=abc123/two", "nothing"), ("x-secret=abc123/deep/three", "secret:12345")]
    {
        fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

fn listed(dir: &tempfile::TempDir) -> FileList {
    files::list(FileWalk { root: dir.path(), options: &FileOptions::default(), progress: &PROGRESS })
}

#[test]
fn files_and_links_are_scanned_and_trouble_is_named() {
    let (dir, detector) = (tree(), detector());
    #[cfg(unix)]
    std::os::unix::fs::symlink("/nowhere/secret=linked1", dir.path().join("link")).unwrap();
    let mut list = listed(&dir);
    list.files.push(FoundFile { rel: "gone".into(), path: dir.path().join("gone"), symlink: false });
    let found = Mutex::new(Vec::new());
    let progress = Progress::new();
    let notices = scan_files(&detector, &list, &progress, &|file, scanned| {
        let values = scanned.matches.iter().map(|m| (m.line, m.column, m.judged.value.expose().to_vec()));
        found.lock().unwrap().extend(values.map(|value| (file.rel.clone(), value)));
    });
    let mut found = found.into_inner().unwrap();
    found.sort();
    assert!(found.contains(&("one".into(), (2, 9, b"abcdef".to_vec()))), "{found:?}");
    assert!(found.contains(&("x-secret=abc123/deep/three".into(), (1, 8, b"12345".to_vec()))), "{found:?}");
    assert_eq!(found.iter().any(|(rel, (_, _, value))| rel == "link" && value == b"linked1"), cfg!(unix));
    assert_eq!(progress.files.load(Ordering::Relaxed), list.files.len() as u64);
    assert_eq!(notices.len(), 1);
    assert!(notices[0].place.ends_with(b"/gone") && !notices[0].incomplete);
}

#[test]
fn the_name_of_a_folder_counts_once() {
    let (dir, detector) = (tree(), detector());
    let found = Mutex::new(Vec::new());
    scan_names(&detector, &listed(&dir), &PROGRESS, &|file, scanned| {
        found.lock().unwrap().push((file.rel.clone(), scanned.matches.len()));
    });
    let led = found.into_inner().unwrap();
    assert_eq!(led.len(), 1, "{led:?}");
    assert_eq!(led[0].0, "x-secret=abc123/deep/three");
}
