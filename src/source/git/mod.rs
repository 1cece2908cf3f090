//! Reading git repositories: object databases with readers of our own, so that damage costs only itself.

pub mod delta;
pub mod entry;
pub mod file;
pub mod index;
pub mod inflate;
pub mod loose;
pub mod map;
pub mod numbers;
pub mod odb;
pub mod pack;
pub mod refs;
pub mod repo;
pub mod revisions;
pub mod stage;
pub mod tree;
pub mod walk;

use std::path::Path;

use bstr::{BString, ByteSlice, ByteVec};

/// A path's bytes.
pub fn as_bytes(path: &Path) -> BString {
    BString::from(<[u8]>::from_path(path).map_or_else(|| Vec::from_path_lossy(path).into_owned(), <[u8]>::to_vec))
}
