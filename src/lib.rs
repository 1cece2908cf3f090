//! unleak finds leaked secrets in git history.

pub mod armor;
pub mod candidate;
pub mod check;
pub mod coverage;
pub mod detect;
pub mod error;
pub mod filter;
pub mod find;
pub mod finding;
pub mod history;
pub mod look;
pub mod object;
pub mod outcome;
pub mod prefilter;
pub mod progress;
pub mod report;
pub mod rule;
pub mod scan;
pub mod secret;
pub mod source;
