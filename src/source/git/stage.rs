//! The index: what `git add` has staged, read from its file in versions 2 to 4. A damaged file is an error
//! value, however it is damaged. It does not read objects, and does not know what HEAD holds.

use std::fs;
use std::path::Path;

use bstr::{BString, ByteSlice};
use rustc_hash::FxHashMap;

use crate::error::describe;
use crate::object::Oid;

const EXTENDED: u16 = 1 << 14;
const INTENT_TO_ADD: u16 = 1 << 13;
const SKIP_WORKTREE: u16 = 1 << 14;
const ASSUME_VALID: u16 = 1 << 15;
/// Paths of one file of an index are not longer than this together, whatever version 4 makes of them.
const MOST_PATHS: usize = 1 << 30;
/// Split indexes are read by a thread of its own, with so much stack.
const STACK: usize = 64 << 20;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageEntry {
    /// Its path; of a folder in a sparse index it ends with a slash.
    pub path: BString,
    /// The blob, or the folder's tree.
    pub oid: Oid,
    /// Octal mode, as a number.
    pub mode: u32,
    /// 0, or 1 to 3 for base, ours and theirs in a conflict.
    pub stage: u8,
    /// It was announced by `git add --intent-to-add` and holds nothing yet.
    pub intent_to_add: bool,
    /// It shall not be in the working tree.
    pub skip_worktree: bool,
    /// The user promised not to change it.
    pub assume_valid: bool,
    /// The file's length when it was staged, cut to 32 bits.
    pub size: u32,
    /// When the file was last changed before it was staged: seconds and nanoseconds.
    pub mtime: (u32, u32),
}

impl StageEntry {
    /// Whether it is a file or symbolic link.
    pub fn is_blob(&self) -> bool {
        matches!(self.mode & 0o170_000, 0o100_000 | 0o120_000)
    }

    /// Whether it is a folder of a sparse index.
    pub fn is_tree(&self) -> bool {
        self.mode == 0o040_000
    }
}

/// An index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// Its entries in the order of the file: by path, then stage.
    pub entries: Vec<StageEntry>,
    /// Folders, by their path with a slash (the top is empty), of which the index knows the tree it would be.
    pub trees: FxHashMap<BString, Oid>,
    /// When the file was written, seconds since 1970: younger files may have changed unseen.
    pub written: i64,
}

impl Stage {
    /// Reads an index whose ids have `hash` bytes; where there is no file it is empty. An error says in one line what is wrong with it.
    pub fn read(path: &Path, hash: usize) -> Result<Self, String> {
        let bytes = match super::file::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(describe(&error)),
        };
        let written = fs::metadata(path).and_then(|data| data.modified()).ok().and_then(|time| {
            let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
            i64::try_from(since.as_secs()).ok()
        });
        let mut stage = match parse(&bytes, hash)? {
            Parsed::Whole(stage) => stage,
            Parsed::Split => split(path, hash)?,
        };
        stage.written = written.unwrap_or(0);
        Ok(stage)
    }
}

enum Parsed {
    Whole(Stage),
    Split,
}

fn parse(bytes: &[u8], hash: usize) -> Result<Parsed, String> {
    const SHORT: &str = "it is cut short";
    let version = be32(bytes, 4).filter(|_| bytes.starts_with(b"DIRC")).ok_or("it is no index")?;
    if !(2..=4).contains(&version) {
        return Err(format!("version {version} of the index is not known"));
    }
    let body = bytes.len().checked_sub(hash).filter(|&end| end >= 12).ok_or(SHORT)?;
    verify(bytes, body)?;
    let (body, count) = (&bytes[..body], be32(bytes, 8).ok_or(SHORT)? as usize);
    let mut stage = Stage { entries: Vec::with_capacity(count.min(body.len() / 62)), ..Stage::default() };
    let (mut at, mut previous, mut paths) = (12, BString::default(), 0);
    for _ in 0..count {
        let (entry, next) = entry(body, at, hash, (version == 4).then_some(&previous)).ok_or("an entry is damaged")?;
        paths += entry.path.len();
        if paths > MOST_PATHS {
            return Err("its paths are too long".to_owned());
        }
        previous.clone_from(&entry.path);
        at = next;
        stage.entries.push(entry);
    }
    while let (Some(name), Some(size)) = (body.get(at..at + 4), be32(body, at + 4)) {
        let data = body.get(at + 8..at + 8 + size as usize).ok_or("an extension is cut short")?;
        at += 8 + size as usize;
        match name {
            b"TREE" => stage.trees = trees(data, hash).unwrap_or_default(),
            b"link" if data.get(..hash).is_some_and(|id| id.iter().any(|&b| b != 0)) => return Ok(Parsed::Split),
            b"link" | b"sdir" => {}
            [first, ..] if first.is_ascii_lowercase() => return Err(format!("its extension {:?} is not known", name.as_bstr())),
            _ => {}
        }
    }
    Ok(Parsed::Whole(stage))
}

/// The checksum at the end, which is zero where git was told not to make one.
fn verify(bytes: &[u8], body: usize) -> Result<(), String> {
    let (body, sum) = bytes.split_at(body);
    if sum.iter().all(|&b| b == 0) {
        return Ok(());
    }
    let mut hasher = gix::hash::hasher(kind(sum.len()));
    hasher.update(body);
    match hasher.try_finalize() {
        Ok(found) if found.as_bytes() == sum => Ok(()),
        _ => Err("its checksum does not hold".to_owned()),
    }
}

/// The entry at an offset, and where the next begins. In version 4 its path continues the one before.
fn entry(bytes: &[u8], at: usize, hash: usize, previous: Option<&BString>) -> Option<(StageEntry, usize)> {
    let field = |number: usize| be32(bytes, at + number * 4);
    let id = bytes.get(at + 40..at + 40 + hash)?;
    let mut name = at + 42 + hash;
    let flags = be16(bytes, name - 2)?;
    let mut more = 0;
    if flags & EXTENDED != 0 {
        more = be16(bytes, name)?;
        name += 2;
    }
    let (path, next) = match previous {
        None => {
            let end = name + memchr::memchr(0, bytes.get(name..)?)?;
            // Padded with one to eight NULs to a multiple of eight.
            (BString::from(&bytes[name..end]), at + (end - at + 8) / 8 * 8)
        }
        Some(previous) => {
            let (strip, rest) = offset(bytes, name)?;
            let end = rest + memchr::memchr(0, bytes.get(rest..)?)?;
            let kept = previous.len().checked_sub(strip)?;
            (BString::from([&previous[..kept], &bytes[rest..end]].concat()), end + 1)
        }
    };
    let entry = StageEntry {
        path,
        oid: Oid::new(id),
        mode: field(6)?,
        stage: (flags >> 12 & 3) as u8,
        intent_to_add: more & INTENT_TO_ADD != 0,
        skip_worktree: more & SKIP_WORKTREE != 0,
        assume_valid: flags & ASSUME_VALID != 0,
        size: field(9)?,
        mtime: (field(2)?, field(3)?),
    };
    (next <= bytes.len()).then_some((entry, next))
}

/// A number as version 4 writes it, and where it ends.
fn offset(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut byte = *bytes.get(at)?;
    let mut value = usize::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        at += 1;
        byte = *bytes.get(at)?;
        value = value.checked_add(1)?.checked_mul(128)? | usize::from(byte & 0x7f);
    }
    Some((value, at + 1))
}

/// The folders whose tree the index knows.
fn trees(mut data: &[u8], hash: usize) -> Option<FxHashMap<BString, Oid>> {
    let mut found = FxHashMap::default();
    // Open folders, with how many of theirs are still to come.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut path: Vec<u8> = Vec::new();
    while !data.is_empty() {
        let (name, rest) = data.split_once_str(b"\0")?;
        let (count, rest) = rest.split_once_str(b" ")?;
        let (below, rest) = rest.split_once_str(b"\n")?;
        let number = |text: &[u8]| text.to_str().ok()?.parse::<i64>().ok();
        let (valid, below) = (number(count)? >= 0, usize::try_from(number(below)?).ok()?);
        let before = path.len();
        if !open.is_empty() {
            path.extend_from_slice(name);
            path.push(b'/');
        }
        data = rest;
        if valid {
            found.insert(BString::from(path.as_slice()), Oid::new(data.get(..hash)?));
            data = &data[hash..];
        }
        if path.len() > 1 << 16 {
            return None;
        }
        open.push((before, below));
        while let Some((before, left)) = open.last_mut() {
            if *left > 0 {
                *left -= 1;
                break;
            }
            path.truncate(*before);
            open.pop();
        }
    }
    Some(found)
}

/// A split index lies in two files, which gix joins. In a thread, so that damage there ends no scan.
fn split(path: &Path, hash: usize) -> Result<Stage, String> {
    let path = path.to_owned();
    let read = move || {
        let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
        let file = gix::index::File::at(path, kind(hash), false, options).map_err(|_| "it is split in two and one part is damaged")?;
        let entries = file.entries().iter().map(|entry| StageEntry {
            path: entry.path(&file).to_owned(),
            oid: Oid::new(entry.id.as_bytes()),
            mode: entry.mode.bits(),
            stage: entry.flags.stage_raw() as u8,
            intent_to_add: entry.flags.contains(gix::index::entry::Flags::INTENT_TO_ADD),
            skip_worktree: entry.flags.contains(gix::index::entry::Flags::SKIP_WORKTREE),
            assume_valid: entry.flags.contains(gix::index::entry::Flags::ASSUME_VALID),
            size: entry.stat.size,
            mtime: (entry.stat.mtime.secs, entry.stat.mtime.nsecs),
        });
        Ok(Stage { entries: entries.collect(), ..Stage::default() })
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(read).map_err(|error| describe(&error))?;
    thread.join().unwrap_or_else(|_| Err("it is split in two and one part is damaged".to_owned()))
}

fn kind(hash: usize) -> gix::hash::Kind {
    if hash == 32 { gix::hash::Kind::Sha256 } else { gix::hash::Kind::Sha1 }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?).map(|b| u32::from_be_bytes(b.try_into().expect("four bytes")))
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?).map(|b| u16::from_be_bytes(b.try_into().expect("two bytes")))
}
