//! Errors that end a run, by kind, each with a hint; and the exit codes. Trouble that costs only itself is
//! not here but a [`crate::coverage::Notice`].

use std::fmt;
use std::io;
use std::path::Path;

/// What kind of error ended the run; it decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command line asks for something that does not exist or does not go together.
    Usage,
    /// A configuration, rule or key file is wrong, or no rule is loaded.
    Configuration,
    /// Something that was asked for cannot be read.
    Input,
    /// A report could not be written.
    Output,
}

/// An error with what, where and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind it is.
    pub kind: Kind,
    /// One line: what went wrong, and where.
    pub message: String,
    /// What to do about it, where we know.
    pub hint: Option<String>,
}

/// A result with our [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of the given kind, without a hint.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// A usage error.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A configuration error.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(Kind::Configuration, message)
    }

    /// An input error.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    /// The same error with a hint on what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// An input error about a file or folder.
    pub fn at(path: &Path, error: &io::Error) -> Self {
        Self::input(format!("{}: {}", path.display(), describe(error)))
    }

    /// The exit code that this error ends the program with.
    pub fn exit(&self) -> Exit {
        match self.kind {
            Kind::Usage | Kind::Configuration => Exit::Usage,
            Kind::Input | Kind::Output => Exit::Incomplete,
        }
    }
}

/// An operating system error in words, without Rust's `(os error N)`.
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

/// The word that is most like another one, if any is like it at all.
pub fn near<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let scored = words.map(|other| (distance(word, other), other));
    // Two changes in a word of four letters make another word.
    let close = |far: usize, other: &str| far <= (1 + other.len() / 4).min((word.len().min(other.len()) / 3).max(1));
    scored.min().filter(|(far, other)| close(*far, other)).map(|(_, other)| other)
}

/// How many letters have to be put in, taken out, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, j) in (0..=a.len()).flat_map(|i| (0..=b.len()).map(move |j| (i, j))) {
        rows[i][j] = if i == 0 || j == 0 {
            i + j
        } else {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            let best = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if swapped { best.min(rows[i - 2][j - 2] + 1) } else { best }
        };
    }
    rows[a.len()][b.len()]
}

/// How the program ends. The README has the table for users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All that was asked for was scanned and nothing at or above the threshold was found.
    Clean,
    /// Findings at or above the threshold; the code can be set with `--exit-code`.
    Findings(u8),
    /// The command line or configuration is wrong; nothing was scanned.
    Usage,
    /// Nothing was found, but something that was asked for could not be read or written.
    Incomplete,
    /// Ended by a signal of this number.
    Interrupted(u8),
}

impl Exit {
    /// The process exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings(code) => code,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Interrupted(signal) => 128u8.saturating_add(signal),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_readme() {
        let codes =
            [Exit::Clean, Exit::Findings(1), Exit::Usage, Exit::Incomplete, Exit::Interrupted(2), Exit::Interrupted(15)].map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 130, 143]);
    }

    #[test]
    fn near_words_are_found() {
        assert_eq!(near("sevrity", ["severity", "limits"].into_iter()), Some("severity"));
        assert_eq!(near("xyz", ["severity", "limits"].into_iter()), None);
        assert_eq!(near("nope", ["coze", "node-x"].into_iter()), None);
        assert_eq!(near("jsn", ["json", "junit"].into_iter()), Some("json"));
    }

    #[test]
    fn errors_say_what_the_system_said_without_its_number() {
        let error = Error::at(Path::new("gone"), &io::Error::from_raw_os_error(2));
        assert_eq!(error.to_string(), "gone: no such file or directory");
        assert_eq!(error.exit().code(), 3);
    }
}
