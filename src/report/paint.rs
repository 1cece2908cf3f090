//! Colour and layout of lines of text. It does not know what they say.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::finding::Severity;

/// Puts colour on a text, or not.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    color: bool,
}

impl Paint {
    pub(super) fn new(color: bool) -> Self {
        Self { color }
    }

    pub(super) fn style(self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.style(Style::new().bold(), text)
    }

    pub(super) fn severity(self, severity: Severity, text: &str) -> String {
        let color = match severity {
            Severity::Critical => AnsiColor::BrightRed,
            Severity::High => AnsiColor::Red,
            Severity::Medium => AnsiColor::Yellow,
            Severity::Low => AnsiColor::Blue,
        };
        self.style(color.on_default().bold(), text)
    }

    /// A labelled line; the label in a column of its own.
    pub(super) fn line(self, label: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let label = self.style(Style::new().dimmed(), &format!("{label:<10}"));
        writeln!(out, "  {label}{text}")
    }
}
