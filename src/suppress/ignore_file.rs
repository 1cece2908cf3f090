//! The ignore file: one secret a line, by its fingerprint, sorted, so that branches merge. It reads and writes
//! the text; it does not know where the file lies.
//!
//! `FINGERPRINT RULE [PATH] # until=2027-01-31; owner=ada; reason=a key of the test server`

use std::collections::BTreeMap;

use bstr::{BString, ByteSlice};

use super::Day;
use crate::error::{Error, Result};

/// What the first line of a file says, before the id of the key.
const KEY: &str = "# unleak ignore file; key: ";

/// One secret that is let pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The secret's fingerprint.
    pub fingerprint: String,
    /// The rule that found it, for people; of a guessable value it must agree.
    pub rule: String,
    /// Only at this path; a guessable value's entry must have it.
    pub path: Option<BString>,
    /// The last day on which it counts.
    pub until: Option<Day>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// An ignore file.
#[derive(Clone, Debug, Default)]
pub struct IgnoreFile {
    /// Its name, for reports.
    pub name: String,
    /// Id of the key that its fingerprints are made with.
    pub key: Option<String>,
    /// Comments of people, which stay.
    pub comments: Vec<String>,
    /// Its entries with their lines, from 1.
    pub entries: Vec<(usize, Entry)>,
    /// Places of entries by fingerprint.
    index: BTreeMap<String, Vec<usize>>,
}

impl IgnoreFile {
    /// Reads a file's text. An error names the line.
    pub fn parse(name: &str, text: &[u8]) -> Result<Self> {
        let mut file = Self { name: name.to_owned(), ..Self::default() };
        for (number, line) in text.lines().enumerate() {
            let wrong = |why: String| Error::configuration(format!("{name}:{}: {why}", number + 1));
            let line = line.to_str().map_err(|_| wrong("the line is not UTF-8".to_owned()))?.trim().trim_start_matches('\u{feff}');
            if let Some(key) = line.strip_prefix(KEY) {
                file.key = Some(key.trim().to_owned());
            } else if line.starts_with('#') {
                file.comments.push(line.to_owned());
            } else if !line.is_empty() {
                file.entries.push((number + 1, Entry::parse(line).map_err(wrong)?));
            }
        }
        for (at, (_, entry)) in file.entries.iter().enumerate() {
            file.index.entry(entry.fingerprint.clone()).or_default().push(at);
        }
        Ok(file)
    }

    /// The file as it is written: the key, the comments, then the entries, sorted, each once.
    pub fn write(key: &str, comments: &[String], entries: &[Entry]) -> String {
        let mut lines: Vec<String> = entries.iter().map(Entry::line).collect();
        lines.sort();
        lines.dedup();
        let mut text = format!("{KEY}{key}\n");
        comments.iter().chain(&lines).for_each(|line| {
            text.push_str(line);
            text.push('\n');
        });
        text
    }

    /// The entries for a fingerprint, with their lines.
    pub(super) fn of(&self, fingerprint: &str) -> impl Iterator<Item = &(usize, Entry)> {
        self.index.get(fingerprint).into_iter().flatten().map(|&at| &self.entries[at])
    }
}

/// Whether it is a fingerprint: 32 hex digits, or `w` and five.
pub fn is_fingerprint(text: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (text.len() == 32 && hex(text)) || text.strip_prefix('w').is_some_and(|rest| rest.len() == 5 && hex(rest))
}

impl Entry {
    fn parse(line: &str) -> std::result::Result<Self, String> {
        let (fields, notes) = line.split_once(" #").unwrap_or((line, ""));
        let mut fields = fields.split_ascii_whitespace();
        let fingerprint = fields.next().unwrap_or_default().to_owned();
        if !is_fingerprint(&fingerprint) {
            return Err(format!("{fingerprint:?} is no fingerprint; `unleak ignore add` writes entries"));
        }
        let rule = fields.next().unwrap_or("-").to_owned();
        let path = fields.next().map(|path| percent_decoded(path.as_bytes()));
        if fields.next().is_some() {
            return Err("there is more than fingerprint, rule and path before the `#`; write a space in a path as %20".to_owned());
        }
        if fingerprint.starts_with('w') && path.is_none() {
            return Err("the value can be guessed, so its entry needs the path".to_owned());
        }
        let mut entry = Self { fingerprint, rule, path, until: None, owner: None, reason: None };
        entry.notes(notes)?;
        Ok(entry)
    }

    fn notes(&mut self, notes: &str) -> std::result::Result<(), String> {
        let mut rest = notes.trim();
        while !rest.is_empty() {
            if let Some(reason) = rest.strip_prefix("reason=") {
                self.reason = Some(reason.trim().to_owned());
                return Ok(());
            }
            let (note, after) = rest.split_once(';').unwrap_or((rest, ""));
            rest = after.trim_start();
            match note.trim().split_once('=') {
                Some(("until", day)) => {
                    self.until = Some(Day::parse(day.trim()).ok_or_else(|| format!("{:?} is no date like 2027-01-31", day.trim()))?);
                }
                Some(("owner", owner)) => self.owner = Some(owner.trim().to_owned()),
                _ => return Err(format!("{:?} is none of until=, owner= and reason= (which comes last)", note.trim())),
            }
        }
        Ok(())
    }

    /// Its line in the file.
    pub fn line(&self) -> String {
        let clean = |text: &str| text.replace(|c: char| c.is_control(), " ");
        let mut line = format!("{} {}", self.fingerprint, self.rule);
        if let Some(path) = &self.path {
            line.push(' ');
            line.push_str(&percent_encoded(path));
        }
        let until = self.until.map(|day| format!("until={day}"));
        let owner = self.owner.as_ref().map(|owner| format!("owner={}", clean(owner).replace(';', ",")));
        let reason = self.reason.as_ref().map(|reason| format!("reason={}", clean(reason)));
        let notes: Vec<String> = [until, owner, reason].into_iter().flatten().collect();
        if !notes.is_empty() {
            line.push_str(" # ");
            line.push_str(&notes.join("; "));
        }
        line
    }
}

fn percent_encoded(path: &[u8]) -> String {
    let plain = |b: &u8| b.is_ascii_graphic() && !b"%#".contains(b);
    path.iter().map(|b| if plain(b) { char::from(*b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn percent_decoded(text: &[u8]) -> BString {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let hex = (text[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let entries = [
            Entry {
                fingerprint: "f".repeat(32),
                rule: "github-pat".into(),
                path: None,
                until: Day::parse("2027-01-31"),
                owner: Some("ada; carl".into()),
                reason: Some("old; dead\nkey".into()),
            },
            Entry {
                fingerprint: "w0a1b2".into(),
                rule: "url".into(),
                path: Some("a b/#1%.env".into()),
                until: None,
                owner: None,
                reason: None,
            },
        ];
        let text = IgnoreFile::write("public", &[], &entries);
        assert_eq!(
            text.lines().skip(1).collect::<Vec<_>>(),
            [
                "ffffffffffffffffffffffffffffffff github-pat # until=2027-01-31; owner=ada, carl; reason=old; dead key",
                "w0a1b2 url a%20b/%231%25.env",
            ]
        );
        let read = IgnoreFile::parse("x", text.as_bytes()).unwrap();
        assert_eq!(read.key.as_deref(), Some("public"));
        assert_eq!(read.entries[1].1, entries[1]);
        assert_eq!(read.entries[0].1.reason.as_deref(), Some("old; dead key"));
        assert_eq!(read.of("w0a1b2").count(), 1);
    }

    #[test]
    fn faults_have_their_line() {
        let fault = |text: &str| IgnoreFile::parse("f", text.as_bytes()).unwrap_err().message;
        assert_eq!(fault("\nabc x\n"), "f:2: \"abc\" is no fingerprint; `unleak ignore add` writes entries");
        assert!(fault("w01234 x").contains("needs the path"));
        let strong = "0".repeat(32);
        assert!(fault(&format!("{strong} x y z")).contains("more than"));
        assert!(fault(&format!("{strong} x # until=then")).contains("no date"));
        assert!(fault(&format!("{strong} x # because")).contains("none of"));
    }
}
