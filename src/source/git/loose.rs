//! Loose objects: one zlib file each, under `objects/xx/`. It does not know what the objects are for.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::object::{Kind, Oid};

/// No header is longer: a kind, a space, a decimal size, a NUL.
const HEADER: usize = 32;

/// Where a loose object of that id lies in an object directory.
pub fn path(objects: &Path, oid: &Oid) -> PathBuf {
    let hex = oid.hex();
    objects.join(&hex[..2]).join(&hex[2..])
}

/// The ids of all loose objects of an object directory, sorted. `hash` is the length of an id.
pub fn list(objects: &Path, hash: usize) -> Vec<Oid> {
    let mut found = Vec::new();
    for byte in 0..=255u8 {
        let dir = objects.join(format!("{byte:02x}"));
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(rest) = name.to_str().filter(|n| n.len() == hash * 2 - 2) else { continue };
            found.extend(Oid::from_hex(format!("{byte:02x}{rest}").as_bytes()));
        }
    }
    found.sort_unstable();
    found
}

/// A loose object whose header is read.
pub struct Loose {
    /// What it is.
    pub kind: Kind,
    /// Its declared size, in bytes.
    pub size: u64,
    reader: flate2::bufread::ZlibDecoder<BufReader<File>>,
    ahead: Vec<u8>,
}

impl Loose {
    /// Opens a loose object and reads its header.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = super::file::open(path)?;
        let mut reader = flate2::bufread::ZlibDecoder::new(BufReader::new(file));
        let mut ahead = vec![0; HEADER];
        let mut filled = 0;
        while filled < HEADER {
            match reader.read(&mut ahead[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
        ahead.truncate(filled);
        let end = memchr::memchr(0, &ahead).ok_or_else(|| damaged("its header is damaged"))?;
        let (kind, size) = parse(&ahead[..end]).ok_or_else(|| damaged("its header is damaged"))?;
        ahead.drain(..=end);
        Ok(Self { kind, size, reader, ahead })
    }

    /// Reads the whole object.
    pub fn read(self) -> io::Result<Vec<u8>> {
        let size = self.size;
        let mut bytes = Vec::new();
        self.take(size.saturating_add(1)).read_to_end(&mut bytes)?;
        match (bytes.len() as u64).cmp(&size) {
            std::cmp::Ordering::Equal => Ok(bytes),
            std::cmp::Ordering::Less => Err(damaged("its stream is shorter than declared")),
            std::cmp::Ordering::Greater => Err(damaged("its stream is longer than declared")),
        }
    }
}

impl Read for Loose {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            return self.reader.read(buffer);
        }
        let n = self.ahead.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.ahead[..n]);
        self.ahead.drain(..n);
        Ok(n)
    }
}

fn parse(header: &[u8]) -> Option<(Kind, u64)> {
    let (kind, size) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    let kind = match kind {
        "commit" => Kind::Commit,
        "tree" => Kind::Tree,
        "blob" => Kind::Blob,
        "tag" => Kind::Tag,
        _ => return None,
    };
    Some((kind, size.parse().ok()?))
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}
