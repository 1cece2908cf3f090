//! An explanation as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::Explanation;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    explanation: &'a Explanation,
}

/// Writes it as one document.
pub fn json(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Document { schema: "unleak/explain/1", explanation })?;
    writeln!(out)
}
