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
use crate::format::{self, Told};
use crate::progress::Progress;
use crate::sign::Sign;
use crate::suppress::{Around, Markers, around, marker};

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
    /// The signs in the bytes, with their places.
    pub signs: Vec<(Sign, usize)>,
    /// Whether what stands around a match is kept.
    pub lines: bool,
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
    /// What stands around it, where the detector keeps that.
    pub around: Option<Arc<Around>>,
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
    /// What it says of the values in it, where it is a file of a known format; looked for only where something matches.
    pub told: Vec<Told>,
    /// The markers in it; those of objects and texts are looked for only where something matches.
    pub markers: Markers,
    /// Why it was not scanned to its end, if so; in words.
    pub broken: Option<String>,
}

impl Scanned {
    /// An object that is in memory and was scanned already.
    pub fn of(detector: &Detector, memo: &Memo, bytes: &[u8]) -> Self {
        let (signs, lines) = (detector.signs(memo), detector.keeps_lines());
        let piece = Piece { bytes, start: Cursor::default(), own: 0..bytes.len(), memo, signs, lines };
        let facts = filter::facts(bytes.len() as u64, &bytes[..bytes.len().min(HEAD)], &piece.signs);
        let (matches, mut markers) = (unite(piece.matches()), Markers::default());
        // What a filter dropped needs no marker.
        if matches.iter().any(|found| found.judged.dropped.is_none()) {
            piece.mark(&mut markers);
        }
        let told = piece.told(&matches);
        Self { matches, bytes: bytes.len() as u64, facts, told, markers, broken: None }
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
        let lines = self.detector.keeps_lines();
        let more = if lines { around::REACH } else { 0 };
        let (before, after) = self.detector.reach();
        let (before, after) = (before + more, after + more);
        let (mut end, mut head, mut first_signs) = (StreamEnd::default(), Vec::new(), Vec::new());
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
            let signs = self.detector.signs(&memo);
            if first {
                head.extend_from_slice(&self.buffer[..self.buffer.len().min(HEAD)]);
                first_signs.clone_from(&signs);
            }
            sink(Piece { bytes: &self.buffer, start, own: own.clone(), memo: &memo, signs, lines });
            end.bytes += own.len() as u64;
            self.progress.bytes.fetch_add(own.len() as u64, Ordering::Relaxed);
            if !last && self.progress.stopped() {
                end.error = Some(io::Error::other("the scan was stopped"));
            }
            if last || end.error.is_some() {
                end.facts = filter::facts(end.bytes, &head, &first_signs);
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
        let (mut matches, mut told, mut markers) = (Vec::new(), Vec::new(), Markers::default());
        let end = self.pieces(reader, &mut |piece| {
            matches.extend(piece.matches());
            told.extend(piece.told(&matches));
            // A later piece may hold what a marker in this one covers; one of ours is wanted though it covers nothing.
            piece.mark(&mut markers);
        });
        Scanned { matches: unite(matches), bytes: end.bytes, facts: end.facts, told, markers, broken: end.error.as_ref().map(describe) }
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
    /// What a content that is here as a whole says of the values in it.
    fn told(&self, matches: &[LocatedMatch]) -> Vec<Told> {
        let whole = self.start.at() == 0 && self.own == (0..self.bytes.len());
        let live = || matches.iter().any(|found| found.judged.dropped.is_none());
        if whole && live() { format::told(self.bytes) } else { Vec::new() }
    }

    /// Adds the markers that begin in its own bytes.
    fn mark(&self, markers: &mut Markers) {
        let (mut cursor, mut done) = (self.start, 0);
        let piece = marker::Piece { bytes: self.bytes, at: self.start.at(), own: self.own.clone(), signs: &self.signs };
        markers.add(&piece, &mut |at| {
            cursor.advance(&self.bytes[done..at]);
            done = at;
            cursor.position().line
        });
    }

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
            around: (self.lines && found.judged.dropped.is_none())
                .then(|| Arc::new(Around::new(self.bytes, found.start as usize..found.end as usize))),
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
    Scanned::of(detector, &detector.scan(text, None), text)
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
mod tests;
