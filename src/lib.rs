//! unleak finds leaked secrets in git history, proves which are real, and helps to make them harmless.
//!
//! This is the library behind the program. [`scanner::Scanner`] is its front door; `examples/embed.rs` shows it.
//!
//! # How data flows
//!
//! ```text
//! source --bytes, new ranges--> prefilter --keyword hits--> detect --matches, judged--> candidate
//!   --> scan (collects; history says who brought it in and where it still is; suppress what may pass) --> outcome
//!   --> asking (only if asked: questions to verify, verdicts put in) --> report
//! ```
//!
//! Each stage changes the type, so the order cannot be mistaken: a match has no path, a candidate no commit, a
//! finding no colour. `scan` is the only module that knows the order.
//!
//! # What holds everywhere
//!
//! * Imports point one way: a module uses only those before it in the order of `tests/tidy.rs`, never in a circle.
//! * Each outside crate has one home; `tests/tidy.rs` lists them.
//! * The library prints nothing, reads no environment and never exits. Progress is counters that others draw.
//! * No network unless asked, no program is started but `git clone` of a URL that the user named, and nothing
//!   in what is scanned is run or trusted.
//! * Trouble that does not end the scan is a [`coverage::Notice`], never a line that scrolls away.
//! * Same input, same output, byte for byte, for any number of threads.
//! * A [`secret::Secret`] cannot be printed by accident.

// Nouns.
pub mod coverage;
pub mod error;
pub mod object;
pub mod parts;
pub mod progress;
pub mod secret;
// What a value looks like, and what it says of itself.
pub mod armor;
pub mod check;
pub mod filter;
pub mod finding;
pub mod format;
pub mod look;
pub mod score;
// From rules to matches.
pub mod bound;
pub mod detect;
pub mod find;
pub mod outline;
pub mod prefilter;
pub mod rule;
pub mod sieve;
pub mod sign;
pub mod trial;
// What lets a secret pass.
pub mod suppress;
// Where bytes come from.
pub mod candidate;
pub mod history;
pub mod source;
// The outcome, and how it is told.
pub mod asking;
pub mod explain;
pub mod outcome;
pub mod report;
pub mod scan;
pub mod scanner;
pub mod verify;
