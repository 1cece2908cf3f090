//! From an outcome to bytes: first the one masked [`Document`], then a pure function of it for each format.
//! Nothing here knows where the bytes go; a closed pipe is an error like any other, for the caller to judge.

pub mod document;
pub mod json;
pub mod mask;
mod paint;
mod receipt;
pub mod rules;
pub mod sanitize;
pub mod sarif;
pub mod text;

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::Path;

pub use document::{Document, Options};
pub use text::TextOptions;

/// A format of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
}

impl Format {
    /// Every format with its name.
    pub const ALL: &'static [(Self, &'static str)] =
        &[(Self::Text, "text"), (Self::Json, "json"), (Self::Jsonl, "jsonl"), (Self::Sarif, "sarif")];

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|(format, _)| *format)
    }

    /// The format that a file's name asks for: by its extension, letter case ignored; `x.sarif.json` is SARIF.
    pub fn from_extension(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let (stem, extension) = name.rsplit_once('.')?;
        match extension {
            "json" if stem.ends_with(".sarif") => Some(Self::Sarif),
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "sarif" => Some(Self::Sarif),
            "txt" | "text" => Some(Self::Text),
            _ => None,
        }
    }
}

/// Writes a document in a format. Many small writes: give it a buffered writer.
pub fn write(format: Format, document: &Document, options: &TextOptions, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::text(document, options, out),
        Format::Json => json::json(document, out),
        Format::Jsonl => json::jsonl(document, out),
        Format::Sarif => sarif::sarif(document, out),
    }
}
