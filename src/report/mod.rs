//! From an outcome to bytes: first the one masked [`Document`], then a pure function of it for each format.
//! Nothing here knows where the bytes go; a closed pipe is an error like any other, for the caller to judge.

pub mod codequality;
pub mod csv;
pub mod document;
pub mod github;
pub mod gitlab;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod mask;
mod paint;
pub mod parse;
mod place;
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
    /// GitLab's secret detection report.
    Gitlab,
    /// GitLab's code quality report.
    Codequality,
    /// JUnit's XML.
    Junit,
    /// Comma-separated values.
    Csv,
    /// Markdown, for the summary of a CI job.
    Markdown,
    /// Annotations of GitHub Actions.
    Github,
}

impl Format {
    /// Every format with its name.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Text, "text"),
        (Self::Json, "json"),
        (Self::Jsonl, "jsonl"),
        (Self::Sarif, "sarif"),
        (Self::Gitlab, "gitlab"),
        (Self::Codequality, "codequality"),
        (Self::Junit, "junit"),
        (Self::Csv, "csv"),
        (Self::Markdown, "markdown"),
        (Self::Github, "github"),
    ];

    /// The names of all formats.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|(_, name)| *name)
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|(format, _)| *format)
    }

    /// The format that a file's name asks for: by its extension, letter case ignored; `x.sarif.json` is SARIF, and
    /// GitLab's two reports have names of their own.
    pub fn from_extension(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let (stem, extension) = name.rsplit_once('.')?;
        match extension {
            "json" if stem == "gl-secret-detection-report" => Some(Self::Gitlab),
            "json" if stem == "gl-code-quality-report" => Some(Self::Codequality),
            "json" if stem.ends_with(".sarif") => Some(Self::Sarif),
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "sarif" => Some(Self::Sarif),
            "txt" | "text" => Some(Self::Text),
            "xml" => Some(Self::Junit),
            "csv" => Some(Self::Csv),
            "md" | "markdown" => Some(Self::Markdown),
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
        Format::Gitlab => gitlab::gitlab(document, options, out),
        Format::Codequality => codequality::codequality(document, out),
        Format::Junit => junit::junit(document, out),
        Format::Csv => csv::csv(document, out),
        Format::Markdown => markdown::markdown(document, out),
        Format::Github => github::github(document, out),
    }
}
