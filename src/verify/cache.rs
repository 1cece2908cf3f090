//! Verdicts of earlier runs, each under an HMAC of its question by a random key that lies beside it: whoever reads
//! the file learns no value, and whoever has a value cannot look it up without the key. Only "live" and "dead" are
//! kept, for as long as the user says. It does not know what a question is.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::settings;
use crate::finding::{State, Verification};

const KEY: usize = 32;

#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    state: State,
    reason: String,
    evidence: BTreeMap<String, String>,
    time: i64,
}

/// The verdicts that still count.
pub struct Cache {
    path: PathBuf,
    key: [u8; KEY],
    entries: BTreeMap<String, Entry>,
    changed: bool,
}

impl Cache {
    /// Reads what is there; a cache that cannot be read is an empty one.
    pub fn open(settings: &settings::Cache, now: i64) -> io::Result<Self> {
        fs::create_dir_all(&settings.folder)?;
        let key = key(&settings.folder.join("verdicts.key"))?;
        let path = settings.folder.join("verdicts.json");
        let mut entries: BTreeMap<String, Entry> =
            fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let age = i64::try_from(settings.age.as_secs()).unwrap_or(i64::MAX);
        entries.retain(|_, entry| (0..age).contains(&now.saturating_sub(entry.time)));
        Ok(Self { path, key, entries, changed: false })
    }

    fn name(&self, question: &[u8; 32]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(question);
        HEXLOWER.encode(&mac.finalize().into_bytes())
    }

    /// The verdict on a question, by its digest.
    pub fn get(&self, question: &[u8; 32]) -> Option<Verification> {
        let entry = self.entries.get(&self.name(question))?;
        let mut verdict = Verification::new(entry.state, entry.reason.clone());
        verdict.evidence.clone_from(&entry.evidence);
        verdict.evidence.insert("from".to_owned(), "the cache".to_owned());
        verdict.time = Some(entry.time);
        Some(verdict)
    }

    /// Keeps a verdict.
    pub fn put(&mut self, question: &[u8; 32], verdict: &Verification) {
        let (State::Live | State::Dead, Some(time)) = (verdict.state, verdict.time) else { return };
        let entry = Entry { state: verdict.state, reason: verdict.reason.clone(), evidence: verdict.evidence.clone(), time };
        self.entries.insert(self.name(question), entry);
        self.changed = true;
    }

    /// Writes what is new.
    pub fn save(&self) -> io::Result<()> {
        if !self.changed {
            return Ok(());
        }
        let text = serde_json::to_vec(&self.entries).map_err(io::Error::other)?;
        let beside = self.path.with_extension("new");
        let _ = fs::remove_file(&beside);
        private(&beside)?.write_all(&text)?;
        fs::rename(&beside, &self.path)
    }
}

/// The key beside the verdicts, made where there is none.
fn key(path: &Path) -> io::Result<[u8; KEY]> {
    if let Some(key) = fs::read(path).ok().and_then(|bytes| bytes.try_into().ok()) {
        return Ok(key);
    }
    let mut key = [0; KEY];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut key).map_err(|_| io::Error::other("no random numbers"))?;
    let _ = fs::remove_file(path);
    private(path)?.write_all(&key)?;
    Ok(key)
}

/// A new file that only its owner can read.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_come_back_until_they_are_old() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings::Cache { folder: folder.path().join("c"), age: std::time::Duration::from_secs(60) };
        let mut cache = Cache::open(&settings, 1000).unwrap();
        let verdict = |state| Verification { time: Some(1000), ..Verification::new(state, "so") };
        cache.put(&[1; 32], &verdict(State::Live));
        cache.put(&[2; 32], &verdict(State::Unknown));
        cache.save().unwrap();
        let again = Cache::open(&settings, 1059).unwrap();
        assert_eq!(again.get(&[1; 32]).unwrap().state, State::Live);
        assert!(again.get(&[2; 32]).is_none());
        assert!(Cache::open(&settings, 1060).unwrap().get(&[1; 32]).is_none());
        assert!(Cache::open(&settings, 999).unwrap().get(&[1; 32]).is_none());
        #[cfg(unix)]
        for file in ["verdicts.json", "verdicts.key"] {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(settings.folder.join(file)).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        assert!(!fs::read_to_string(settings.folder.join("verdicts.json")).unwrap().contains(&HEXLOWER.encode(&[1; 32])));
    }
}
