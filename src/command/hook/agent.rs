//! A coding agent's tool call, as JSON: the texts that it would write or run, each with the file that it names
//! and with what stood there before. It knows the shapes that `docs/hooks.md` lists, and takes any other
//! object's strings as well, so that an unknown tool is not let through unseen.

use std::fs;
use std::path::Path;

use bstr::BString;
use serde_json::Value;
use unleak::error::{Error, Result};
use unleak::finding::PlaceKind;
use unleak::scan::Text;

/// Where the call's arguments stand, in the shapes that we know.
const ARGUMENTS: &[&str] = &["tool_input", "toolArgs", "tool_args", "tool_info", "toolInput", "arguments", "args", "params", "input"];
/// Keys of what stood there before.
const BEFORE: &[&str] = &["old_string", "old_str", "oldString", "oldText", "old_text", "old_content", "old_source", "search"];
/// Keys that name a file.
const PATHS: &[&str] = &["file_path", "filePath", "path", "notebook_path", "target_file", "filename", "file", "uri"];
/// Of an event without arguments, what it says of itself.
const ABOUT: &[&str] = &[
    "session_id",
    "transcript_path",
    "cwd",
    "hook_event_name",
    "permission_mode",
    "tool_response",
    "tool_use_id",
    "workspace_roots",
    "timestamp",
];
/// A longer file on disk is not read for what stood there before.
const LONGEST: u64 = 16 << 20;
/// Shorter values are scanned beside their key too.
const SHORT: usize = 4096;
/// Deeper calls are refused.
const DEEPEST: usize = 64;

/// The texts of a tool call.
pub fn texts(input: &[u8]) -> Result<Vec<Text>> {
    let call: Value = serde_json::from_slice(input)
        .map_err(|error| Error::input(format!("standard input is no tool call in JSON: {error}")).hint("docs/hooks.md has the shapes"))?;
    let Value::Object(event) = &call else {
        return Err(Error::input("standard input is no tool call: a JSON object is needed").hint("docs/hooks.md has the shapes"));
    };
    let mut found = Found { folder: event.get("cwd").and_then(Value::as_str).unwrap_or_default().to_owned(), ..Found::default() };
    match ARGUMENTS.iter().find_map(|key| event.get(*key)) {
        // Some hand the arguments over as JSON in a string.
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => found.value("", &inner, 0)?,
            _ => found.new.push(text.clone()),
        },
        Some(arguments) => found.value("", arguments, 0)?,
        None => {
            for (key, value) in event.iter().filter(|(key, _)| !ABOUT.contains(&key.as_str())) {
                found.value(key, value, 0)?;
            }
        }
    }
    Ok(found.into_texts())
}

/// What a call holds.
#[derive(Default)]
struct Found {
    new: Vec<String>,
    before: Vec<Vec<u8>>,
    path: Option<String>,
    /// What the path is relative to.
    folder: String,
}

impl Found {
    fn value(&mut self, key: &str, value: &Value, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(Error::input("the tool call is nested too deeply"));
        }
        match value {
            Value::String(text) if BEFORE.contains(&key) => self.before.push(text.clone().into_bytes()),
            Value::String(text) => {
                if PATHS.contains(&key) && self.path.is_none() {
                    self.path = Some(text.strip_prefix("file://").unwrap_or(text).to_owned());
                }
                // A short value may mean something only beside its key.
                if !key.is_empty() && text.len() < SHORT && !text.contains(['\n', '"']) {
                    self.new.push(format!("{key} = \"{text}\""));
                }
                self.new.push(text.clone());
            }
            Value::Array(all) => all.iter().try_for_each(|inner| self.value(key, inner, depth + 1))?,
            Value::Object(all) => {
                for (inner, value) in all {
                    // A key may be a file's name, or a secret itself.
                    self.new.push(inner.clone());
                    self.value(inner, value, depth + 1)?;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        Ok(())
    }

    fn into_texts(self) -> Vec<Text> {
        let mut before = self.before;
        before.extend(self.path.as_ref().and_then(|path| on_disk(&Path::new(&self.folder).join(path))));
        let path: Option<BString> = self.path.map(BString::from);
        let name = path.clone().unwrap_or_else(|| "tool call".into());
        let kind = if path.is_some() { PlaceKind::File } else { PlaceKind::Stdin };
        let text = |text: String| Text { name: name.clone(), kind, path: path.clone(), bytes: text.into_bytes(), before: before.clone() };
        self.new.into_iter().filter(|new| !new.is_empty()).map(text).collect()
    }
}

/// The file as it is: a value that it holds is not new.
fn on_disk(path: &Path) -> Option<Vec<u8>> {
    let metadata = fs::metadata(path).ok()?;
    (metadata.is_file() && metadata.len() <= LONGEST).then(|| fs::read(path).ok()).flatten()
}
