//! Sources.
pub mod git;
