//! JSON: the document as it is, in one piece or one object a line. It escapes more than the standard asks for,
//! so that a report shown in a terminal cannot drive it.

use std::io::{self, Write};

use serde::Serialize;

use super::document::{CoverageEntry, Document, FindingEntry, NoticeEntry, Tool};
use super::sanitize::is_hostile;

/// One pretty document.
pub fn json(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    pretty(document, out)
}

/// One object a line: findings, notices, and last the summary.
pub fn jsonl(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let mut out = Escaping::new(out);
    for finding in &document.findings {
        line(&Line::Finding(finding), &mut out)?;
    }
    for notice in &document.notices {
        line(&Line::Notice(notice), &mut out)?;
    }
    let Document { schema, tool, complete, interrupted, targets, coverage, .. } = document;
    let summary =
        Summary { schema, complete: *complete, interrupted: *interrupted, findings: document.open().count(), tool, targets, coverage };
    line(&Line::Summary(summary), &mut out)?;
    out.flush()
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Finding(&'a FindingEntry),
    Notice(&'a NoticeEntry),
    Summary(Summary<'a>),
}

#[derive(Serialize)]
struct Summary<'a> {
    schema: &'a str,
    complete: bool,
    interrupted: Option<i32>,
    findings: usize,
    tool: &'a Tool,
    targets: &'a [String],
    coverage: &'a CoverageEntry,
}

fn line(value: &impl Serialize, out: &mut Escaping<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Writes any value as pretty JSON with a line break at the end.
pub(super) fn pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut out = Escaping::new(out);
    serde_json::to_writer_pretty(&mut out, value)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// So many bytes are looked through together: serde_json writes a few at a time.
const TOGETHER: usize = 1 << 16;

/// Writes characters that JSON allows but a terminal obeys as `\uXXXX`; they stand only inside strings. Each
/// write holds whole characters, for serde_json cuts its output at ASCII only.
struct Escaping<'a> {
    out: &'a mut dyn Write,
    waiting: Vec<u8>,
}

impl<'a> Escaping<'a> {
    fn new(out: &'a mut dyn Write) -> Self {
        Self { out, waiting: Vec::with_capacity(TOGETHER) }
    }

    fn escaped(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
        // Other ASCII control characters serde_json has escaped already, or they are its own line breaks.
        let hostile = |c: char| c == '\u{7f}' || (!c.is_ascii() && is_hostile(c));
        let Ok(text) = std::str::from_utf8(bytes) else { return out.write_all(bytes) };
        let mut rest = text;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| hostile(c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}

impl Write for Escaping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= TOGETHER {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_ascii() && !waiting.contains(&0x7f) {
            self.out.write_all(&waiting)?;
        } else {
            Self::escaped(self.out, &waiting)?;
        }
        self.waiting = waiting;
        self.waiting.clear();
        self.out.flush()
    }
}
