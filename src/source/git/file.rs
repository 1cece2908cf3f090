//! Opening the files of a git directory: regular files alone, for a pipe that a hostile repository put there
//! would hold us up for ever. It does not know what is in them.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Opens a regular file, or a link to one.
pub fn open(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    File::open(path)
}

/// Reads a regular file, or a link to one.
pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut open(path)?, &mut bytes)?;
    Ok(bytes)
}
