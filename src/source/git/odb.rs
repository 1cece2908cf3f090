//! The object database of one repository: its packs, loose objects and alternates; and reading single objects
//! by id. It knows no refs and no paths; walking all objects is `walk`'s business.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bstr::{BString, ByteSlice};

use super::entry::Form;
use super::inflate::inflate;
use super::loose::{self, Loose};
use super::pack::Pack;
use super::{as_bytes, delta};
use crate::coverage::Notice;
use crate::error::describe;
use crate::object::{Kind, Oid};

/// How many bytes of delta bases single reads keep.
const CACHE: usize = 48 << 20;
/// Deeper chains of deltas are refused: git makes none above 4,095.
const DEEPEST: usize = 10_000;

/// An opened object database.
pub struct Odb {
    /// Its packs, in the order of their names; those of alternates last.
    pub packs: Vec<Pack>,
    /// Object directories: its own, then its alternates.
    pub dirs: Vec<PathBuf>,
    /// Length of an id, in bytes.
    pub hash: usize,
    /// Trouble met while opening.
    pub notices: Vec<Notice>,
    cache: Mutex<Cache>,
}

type Read = (Kind, Arc<Vec<u8>>);

#[derive(Default)]
struct Cache {
    objects: HashMap<(usize, u64), Read>,
    bytes: usize,
}

/// Why a single object could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It is in no pack and not loose.
    Missing,
    /// It is there but cannot be read, for this reason.
    Damaged(String),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("it is not in the object database"),
            Self::Damaged(why) => f.write_str(why),
        }
    }
}

impl Odb {
    /// Opens an object directory; ids have `hash` bytes. Alternates are followed only where `alternates` says so.
    pub fn open(objects: &Path, hash: usize, alternates: bool) -> Self {
        Self::open_all(vec![objects.to_owned()], hash, alternates)
    }

    /// Opens several object directories as one database; one is enough.
    pub fn open_all(dirs: Vec<PathBuf>, hash: usize, alternates: bool) -> Self {
        let mut odb = Self { packs: Vec::new(), dirs, hash, notices: Vec::new(), cache: Mutex::default() };
        if alternates {
            odb.follow_alternates();
        } else if let Some(dir) = odb.dirs.iter().find(|dir| dir.join("info/alternates").exists()) {
            odb.notices.push(Notice::info("alternates", as_bytes(dir), "not followed in a clone of ours"));
        }
        for dir in odb.dirs.clone() {
            odb.open_packs(&dir.join("pack"));
        }
        odb
    }

    /// Gets its indexes ready for very many searches.
    pub fn prepare(&self) {
        self.packs.iter().for_each(|pack| pack.index.prepare());
    }

    fn follow_alternates(&mut self) {
        let mut done = 0;
        while done < self.dirs.len() && self.dirs.len() < 64 {
            let dir = self.dirs[done].clone();
            done += 1;
            let Ok(text) = super::file::read(dir.join("info/alternates")) else { continue };
            for line in text.lines().filter(|line| !line.is_empty() && line[0] != b'#') {
                let Ok(line) = line.to_path() else { continue };
                let path = dir.join(line);
                let path = path.canonicalize().unwrap_or(path);
                if !path.is_dir() {
                    self.notices.push(Notice::incomplete("alternate", as_bytes(&path), "the directory is missing"));
                } else if !self.dirs.contains(&path) {
                    self.notices.push(Notice::info("alternate", as_bytes(&path), "objects borrowed from there were scanned too"));
                    self.dirs.push(path);
                }
            }
        }
    }

    fn open_packs(&mut self, dir: &Path) {
        let Ok(entries) = fs::read_dir(dir) else { return };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in &paths {
            match path.extension().and_then(|e| e.to_str()) {
                Some("idx") => match Pack::open(path, self.hash) {
                    Ok(pack) => self.packs.push(pack),
                    Err(error) => self.notices.push(Notice::incomplete("pack", as_bytes(&path.with_extension("pack")), describe(&error))),
                },
                Some("pack") if !path.with_extension("idx").exists() => {
                    let why = "it has no index; `git index-pack` makes one";
                    self.notices.push(Notice::incomplete("pack", as_bytes(path), why));
                }
                _ => {}
            }
        }
    }

    /// Whether the object is in a pack before the one of that number.
    pub fn in_earlier_pack(&self, oid: &Oid, pack: usize) -> bool {
        self.packs[..pack].iter().any(|p| p.index.find(oid).is_some())
    }

    /// Whether the object is there at all.
    pub fn contains(&self, oid: &Oid) -> bool {
        self.in_earlier_pack(oid, self.packs.len()) || self.dirs.iter().any(|dir| loose::path(dir, oid).exists())
    }

    /// Reads an object; of several copies the first that can be read.
    pub fn read(&self, oid: &Oid) -> Result<Read, ReadError> {
        self.read_deep(oid, 0)
    }

    fn read_deep(&self, oid: &Oid, depth: usize) -> Result<Read, ReadError> {
        let mut damage = None;
        for (number, pack) in self.packs.iter().enumerate() {
            let Some(offset) = pack.index.find(oid).and_then(|at| pack.index.offset(at)) else { continue };
            match self.read_packed(number, offset, depth) {
                Ok(read) => return Ok(read),
                Err(error) => damage = Some(error),
            }
        }
        for dir in &self.dirs {
            match Loose::open(&loose::path(dir, oid)).and_then(|loose| Ok((loose.kind, loose.read()?))) {
                Ok((kind, bytes)) => return Ok((kind, Arc::new(bytes))),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => damage = Some(ReadError::Damaged(describe(&error))),
            }
        }
        Err(damage.unwrap_or(ReadError::Missing))
    }

    fn read_packed(&self, number: usize, offset: u64, depth: usize) -> Result<Read, ReadError> {
        let damaged = |why: &str| ReadError::Damaged(why.to_owned());
        let pack = &self.packs[number];
        let mut chain = Vec::new();
        let mut at = offset;
        let (mut read, from) = loop {
            if let Some(kept) = self.cached(number, at) {
                break (kept, at);
            }
            if chain.len() + depth > DEEPEST {
                return Err(damaged("its chain of deltas is too deep"));
            }
            let header = pack.header(at).ok_or_else(|| damaged("its header is damaged"))?;
            let stream = pack.stream(at, &header).unwrap_or_default();
            let mut bytes = Vec::new();
            match header.form {
                Form::Whole(kind) => {
                    inflate(stream, header.size, &mut bytes).map_err(damaged)?;
                    break ((kind, Arc::new(bytes)), at);
                }
                Form::Back(back) => {
                    chain.push((at, header));
                    at = at.checked_sub(back).filter(|_| back > 0).ok_or_else(|| damaged("its base lies outside of the pack"))?;
                }
                Form::Ref(base) => {
                    chain.push((at, header));
                    match pack.index.find(&base).and_then(|at| pack.index.offset(at)) {
                        Some(base) => at = base,
                        None => break (self.read_deep(&base, depth + chain.len())?, u64::MAX),
                    }
                }
            }
        };
        if from != u64::MAX {
            self.keep(number, from, &read);
        }
        let (mut instructions, mut copied) = (Vec::new(), Vec::new());
        for (at, header) in chain.into_iter().rev() {
            let mut bytes = Vec::new();
            inflate(pack.stream(at, &header).unwrap_or_default(), header.size, &mut instructions).map_err(damaged)?;
            delta::apply(&read.1, &instructions, &mut bytes, &mut copied).map_err(damaged)?;
            read = (read.0, Arc::new(bytes));
            self.keep(number, at, &read);
        }
        Ok(read)
    }

    fn cached(&self, pack: usize, offset: u64) -> Option<Read> {
        self.cache.lock().expect("no panic while locked").objects.get(&(pack, offset)).cloned()
    }

    fn keep(&self, pack: usize, offset: u64, read: &Read) {
        let len = read.1.len();
        if len > CACHE / 8 {
            return;
        }
        let mut cache = self.cache.lock().expect("no panic while locked");
        if cache.bytes + len > CACHE {
            *cache = Cache::default();
        }
        if cache.objects.insert((pack, offset), read.clone()).is_none() {
            cache.bytes += len;
        }
    }

    /// All loose objects that are in no pack, with their object directory; sorted by id, each once.
    pub fn loose(&self) -> Vec<(Oid, PathBuf)> {
        let mut all: Vec<(Oid, PathBuf)> = Vec::new();
        for dir in &self.dirs {
            all.extend(loose::list(dir, self.hash).into_iter().map(|oid| (oid, loose::path(dir, &oid))));
        }
        all.sort();
        all.dedup_by_key(|(oid, _)| *oid);
        all.retain(|(oid, _)| !self.in_earlier_pack(oid, self.packs.len()));
        all
    }
}

/// The name of an object directory for people.
pub fn name(path: &Path) -> BString {
    as_bytes(path)
}
