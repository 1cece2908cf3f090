//! A file mapped into memory, for packs and their indexes, which git never changes once they are written.
//! It does not know what is in it.

use std::io::{self, Read};
use std::ops::Deref;
use std::path::Path;

/// The bytes of a file: mapped where the system can, read otherwise.
pub struct Map(Bytes);

enum Bytes {
    Mapped(memmap2::Mmap),
    Read(Vec<u8>),
}

impl Map {
    /// Opens a regular file; anything else is an error.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = super::file::open(path)?;
        let meta = file.metadata()?;
        if meta.len() > 0 {
            // Safety: the map is read-only and private to us. Undefined behaviour needs another process that
            // changes the file in place while we read; git replaces packs by renaming and never does. A pack
            // truncated by such a process would end us with SIGBUS, as it ends git itself. Gain, measured on
            // redis/redis: reading instead costs 390 MB of private memory, where the bound is 250 MB.
            #[allow(unsafe_code)]
            if let Ok(map) = unsafe { memmap2::Mmap::map(&file) } {
                return Ok(Self(Bytes::Mapped(map)));
            }
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Self(Bytes::Read(bytes)))
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Mapped(map) => map,
            Bytes::Read(bytes) => bytes,
        }
    }
}
