//! unleak finds leaked secrets in git history.

pub mod armor;
pub mod check;
pub mod coverage;
pub mod detect;
pub mod error;
pub mod filter;
pub mod find;
pub mod finding;
pub mod object;
pub mod prefilter;
pub mod rule;
pub mod secret;
