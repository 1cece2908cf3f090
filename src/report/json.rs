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
    for finding in &document.findings {
        line(&Line::Finding(finding), out)?;
    }
    for notice in &document.notices {
        line(&Line::Notice(notice), out)?;
    }
    let Document { schema, tool, complete, interrupted, targets, coverage, .. } = document;
    let summary =
        Summary { schema, complete: *complete, interrupted: *interrupted, findings: document.open().count(), tool, targets, coverage };
    line(&Line::Summary(summary), out)
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

fn line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(Escaping(out), value)?;
    out.write_all(b"\n")
}

/// Writes any value as pretty JSON with a line break at the end.
pub(super) fn pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(Escaping(out), value)?;
    out.write_all(b"\n")
}

/// Writes characters that JSON allows but a terminal obeys as `\uXXXX`; they stand only inside strings. Each
/// write holds whole characters, for serde_json cuts its output at ASCII only.
struct Escaping<'a>(&'a mut dyn Write);

impl Write for Escaping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.iter().all(|b| b.is_ascii() && *b != 0x7f) {
            self.0.write_all(bytes)?;
            return Ok(bytes.len());
        }
        // Other ASCII control characters serde_json has escaped already, or they are its own line breaks.
        let hostile = |c: char| c == '\u{7f}' || (!c.is_ascii() && is_hostile(c));
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains(hostile) => {
                for c in text.chars() {
                    if hostile(c) {
                        for unit in c.encode_utf16(&mut [0; 2]) {
                            write!(self.0, "\\u{unit:04x}")?;
                        }
                    } else {
                        self.0.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())?;
                    }
                }
            }
            _ => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
