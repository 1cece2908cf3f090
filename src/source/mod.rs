//! Sources: they look at what the user named and hand over the bytes in it. They know nothing of rules beyond
//! handing bytes to the detector, and nothing of what becomes of a match.

pub mod files;
pub mod git;
mod ignored;
pub mod lines;
pub mod remote;
pub mod stream;
pub mod target;
mod url;
