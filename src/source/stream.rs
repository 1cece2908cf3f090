//! Scans contents that are read: small ones whole, larger ones in pieces that overlap as far as a match and
//! what it depends on reach, so that the result equals a scan of the whole while little memory is needed.
//! It does not know where the bytes come from, nor what becomes of a match.

use std::cmp::Reverse;
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bstr::ByteSlice;
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::files::{FileList, FoundFile};
use super::lines::{self, Cursor, Position};
use crate::coverage::Notice;
use crate::detect::{Detector, Judged, Memo};
use crate::error::describe;
use crate::filter::{self, Facts};
use crate::progress::Progress;

/// How contents are cut: read whole up to so many bytes, then in pieces of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Contents of at most this many bytes are read whole.
    pub whole: usize,
    /// New bytes in each piece of longer ones.
    pub piece: usize,
}

impl Default for Cut {
    fn default() -> Self {
        Self { whole: 8 << 20, piece: 4 << 20 }
    }
}

/// How many bytes from the beginning the facts of an object are made from.
const HEAD: usize = 64 << 10;

/// A piece of a content, scanned.
pub struct Piece<'a> {
    /// The bytes: the piece's own and what overlaps with its neighbours.
    pub bytes: &'a [u8],
    /// The cursor at the first of them.
    pub start: Cursor,
    /// What of them is the piece's own: every byte of the content is so in exactly one piece.
    pub own: Range<usize>,
    /// What the detector found for the hits that begin in its own bytes.
    pub memo: &'a Memo,
}

/// How a content ended.
#[derive(Debug, Default)]
pub struct StreamEnd {
    /// Bytes that were read.
    pub bytes: u64,
    /// Facts of the whole content.
    pub facts: Facts,
    /// Why it could not be read to its end, if so.
    pub error: Option<io::Error>,
}

/// A match with its place in the whole content. Lines and columns are those of the secret in it, from 1, in bytes.
#[derive(Clone, Debug)]
pub struct LocatedMatch {
    /// Index of the rule.
    pub rule: u32,
    /// Where the whole match stands.
    pub whole: Range<u64>,
    /// Where the secret in it stands.
    pub secret: Range<u64>,
    /// Line of the secret's first byte.
    pub line: usize,
    /// Column of the secret's first byte.
    pub column: usize,
    /// Line of the secret's last byte.
    pub end_line: usize,
    /// Column after the secret's last byte.
    pub end_column: usize,
    /// What was made of it.
    pub judged: Arc<Judged>,
}

/// A content, scanned: what [`Memo::matches`] would say of the whole, with places.
#[derive(Debug, Default)]
pub struct Scanned {
    /// The matches, ordered by rule and place.
    pub matches: Vec<LocatedMatch>,
    /// Bytes that were scanned.
    pub bytes: u64,
    /// Facts of the whole content.
    pub facts: Facts,
    /// Why it was not scanned to its end, if so; in words.
    pub broken: Option<String>,
}

impl Scanned {
    /// An object that is in memory and was scanned already.
    pub fn of(memo: &Memo, bytes: &[u8]) -> Self {
        let piece = Piece { bytes, start: Cursor::default(), own: 0..bytes.len(), memo };
        let facts = filter::facts(bytes.len() as u64, &bytes[..bytes.len().min(HEAD)]);
        Self { matches: unite(piece.matches()), bytes: bytes.len() as u64, facts, broken: None }
    }
}

/// Contents waiting to be scanned by one thread, with its buffer.
pub struct Stream<'a> {
    detector: &'a Detector,
    progress: &'a Progress,
    cut: Cut,
    buffer: Vec<u8>,
}

impl<'a> Stream<'a> {
    /// A stream that cuts contents in the usual way.
    pub fn new(detector: &'a Detector, progress: &'a Progress) -> Self {
        Self::with_cut(detector, progress, Cut::default())
    }

    /// A stream that cuts contents like this.
    pub fn with_cut(detector: &'a Detector, progress: &'a Progress, cut: Cut) -> Self {
        Self { detector, progress, cut, buffer: Vec::new() }
    }

    /// Reads to the end and gives each piece to the sink. A read error ends the content there, and what was
    /// read before it is scanned; the same where the scan is stopped.
    pub fn pieces(&mut self, reader: &mut dyn Read, sink: &mut dyn FnMut(Piece<'_>)) -> StreamEnd {
        let (before, after) = self.detector.reach();
        let (mut end, mut head) = (StreamEnd::default(), Vec::new());
        let (mut start, mut own) = (Cursor::default(), 0..0);
        let mut want = self.cut.whole.max(after) + 1;
        self.buffer.clear();
        loop {
            let missing = want - self.buffer.len();
            end.error = Read::take(&mut *reader, missing as u64).read_to_end(&mut self.buffer).err();
            let (first, last) = (start.at() == 0 && own.end == 0, self.buffer.len() < want);
            own = own.end..if last { self.buffer.len() } else { self.buffer.len() - after };
            let memo =
                if first && last { self.detector.scan(&self.buffer, None) } else { self.detector.scan_piece(&self.buffer, own.clone()) };
            if first {
                head.extend_from_slice(&self.buffer[..self.buffer.len().min(HEAD)]);
            }
            sink(Piece { bytes: &self.buffer, start, own: own.clone(), memo: &memo });
            end.bytes += own.len() as u64;
            self.progress.bytes.fetch_add(own.len() as u64, Ordering::Relaxed);
            if !last && self.progress.stopped() {
                end.error = Some(io::Error::other("the scan was stopped"));
            }
            if last || end.error.is_some() {
                end.facts = filter::facts(end.bytes, &head);
                return end;
            }
            let done = own.end.saturating_sub(before);
            start.advance(&self.buffer[..done]);
            self.buffer.drain(..done);
            own = 0..own.end - done;
            want = own.end + self.cut.piece.max(1) + after;
        }
    }

    /// Scans a content.
    pub fn content(&mut self, reader: &mut dyn Read) -> Scanned {
        let mut matches = Vec::new();
        let end = self.pieces(reader, &mut |piece| matches.extend(piece.matches()));
        Scanned { matches: unite(matches), bytes: end.bytes, facts: end.facts, broken: end.error.as_ref().map(describe) }
    }

    /// Scans a file's content, of a symbolic link its text. An error says why it cannot be opened.
    pub fn file(&mut self, file: &FoundFile) -> io::Result<Scanned> {
        if file.symlink {
            let text = fs::read_link(&file.path)?;
            return Ok(self.content(&mut text.as_os_str().as_encoded_bytes()));
        }
        Ok(self.content(&mut File::open(&file.path)?))
    }
}

impl Piece<'_> {
    /// The piece's matches before any is chosen over another, with their places in the whole content.
    pub fn matches(&self) -> Vec<LocatedMatch> {
        let found = self.memo.raw_matches();
        let secrets: Vec<Range<usize>> = found.iter().map(|m| m.secret_start as usize..m.secret_end as usize).collect();
        let spans = if found.is_empty() { Vec::new() } else { lines::spans(self.start, self.bytes, &secrets) };
        let there = |at: u32| self.start.at() + u64::from(at);
        let located = |(found, (first, last)): (&crate::detect::Match, (Position, Position))| LocatedMatch {
            rule: found.rule,
            whole: there(found.start)..there(found.end),
            secret: there(found.secret_start)..there(found.secret_end),
            line: first.line,
            column: first.column,
            end_line: last.line,
            end_column: last.column,
            judged: Arc::clone(&found.judged),
        };
        found.iter().zip(spans).map(located).collect()
    }
}

/// Of overlapping matches of one rule the leftmost, then longest, stays; as [`Memo::matches`] does it.
fn unite(mut all: Vec<LocatedMatch>) -> Vec<LocatedMatch> {
    all.sort_by_key(|m| (m.rule, m.whole.start, Reverse(m.whole.end)));
    let mut last: Option<(u32, u64)> = None;
    all.retain(|found| {
        let keep = last.is_none_or(|(rule, end)| rule != found.rule || end <= found.whole.start);
        if keep {
            last = Some((found.rule, found.whole.end));
        }
        keep
    });
    all
}

/// Scans a content that comes from a reader, in pieces: for sinks that need its bytes.
pub fn scan_reader(detector: &Detector, progress: &Progress, reader: &mut dyn Read, sink: &mut dyn FnMut(Piece<'_>)) -> StreamEnd {
    Stream::new(detector, progress).pieces(reader, sink)
}

/// Scans standard input, or any other content that has no name.
pub fn scan_stdin(detector: &Detector, progress: &Progress, reader: &mut dyn Read) -> Scanned {
    Stream::new(detector, progress).content(reader)
}

/// Scans a text that is in memory: a name, a message, a line.
pub fn scan_text(detector: &Detector, text: &[u8]) -> Scanned {
    Scanned::of(&detector.scan(text, None), text)
}

/// Scans the contents of files, on all threads, and gives each to the sink, in no order. Returns the trouble,
/// in the order of the list.
pub fn scan_files(detector: &Detector, list: &FileList, progress: &Progress, sink: &(dyn Fn(&FoundFile, Scanned) + Sync)) -> Vec<Notice> {
    let scan = |stream: &mut Stream<'_>, file: &FoundFile| {
        if progress.stopped() {
            return None;
        }
        let place = || list.shown(&file.rel);
        let notice = match stream.file(file) {
            Ok(scanned) => {
                let notice = scanned.broken.as_ref().map(|why| Notice::incomplete("file read in part", place(), why));
                sink(file, scanned);
                notice
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Some(Notice::info("file went away", place(), "it was there a moment ago"))
            }
            Err(error) => Some(Notice::incomplete("unreadable file", place(), describe(&error))),
        };
        progress.files.fetch_add(1, Ordering::Relaxed);
        notice
    };
    list.files.par_iter().map_init(|| Stream::new(detector, progress), scan).flatten().collect()
}

/// Scans the paths of files relative to the root. A name of a folder counts for the first file in it alone.
pub fn scan_names(detector: &Detector, list: &FileList, progress: &Progress, sink: &(dyn Fn(&FoundFile, Scanned) + Sync)) {
    (0..list.files.len()).into_par_iter().for_each(|index| {
        let file = &list.files[index];
        if progress.stopped() {
            return;
        }
        let mut scanned = scan_text(detector, &file.rel);
        if scanned.matches.is_empty() {
            return;
        }
        let known = index.checked_sub(1).map_or(0, |before| shared_folder(&list.files[before].rel, &file.rel)) as u64;
        scanned.matches.retain(|found| found.whole.end >= known);
        if !scanned.matches.is_empty() {
            sink(file, scanned);
        }
    });
}

/// Length of the folder, with its slash, that both paths begin with.
pub fn shared_folder(one: &[u8], other: &[u8]) -> usize {
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    other[..same].rfind_byte(b'/').map_or(0, |slash| slash + 1)
}

#[cfg(test)]
mod tests {
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
        for (name, content) in
            [("one", "\n secret=abcdef"), ("x-secret=abc123/two", "nothing"), ("x-secret=abc123/deep/three", "secret:12345")]
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
        list.files.push(FoundFile { rel: "gone".into(), path: dir.path().join("gone"), size: 1, symlink: false });
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
}
