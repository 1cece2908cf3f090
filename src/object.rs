//! An object as a source hands it to a sink: bytes that are borrowed, and, where the source knows better than
//! "all of it", which stretches were copied from an object that the same sink has seen. It knows nothing of rules.

/// What kind of git object it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A commit.
    Commit,
    /// A tree.
    Tree,
    /// A blob.
    Blob,
    /// An annotated tag.
    Tag,
}

/// A stretch of an object that is a copy of its base's bytes. What no stretch covers is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Where it begins in the object.
    pub at: usize,
    /// Where it begins in the base.
    pub from: usize,
    /// Number of bytes, at least one.
    pub len: usize,
}

/// What an object inherits from the object it was made from.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a, M> {
    /// What the sink kept of the base.
    pub memo: &'a M,
    /// Length of the base, in bytes.
    pub len: usize,
    /// The copied stretches, ascending by `at`, not overlapping; neighbours that continue each other are joined.
    pub copied: &'a [Copied],
}

/// An object id: 20 bytes for SHA-1, 32 for SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Oid {
    bytes: [u8; 32],
    len: u8,
}

impl Oid {
    /// Takes 20 or 32 raw bytes; any other length is cut or padded with zeros to the nearest.
    pub fn new(raw: &[u8]) -> Self {
        let len = if raw.len() >= 32 { 32 } else { 20 };
        let mut bytes = [0; 32];
        let n = raw.len().min(len);
        bytes[..n].copy_from_slice(&raw[..n]);
        Self { bytes, len: len as u8 }
    }

    /// Takes 40 or 64 hex digits.
    pub fn from_hex(hex: &[u8]) -> Option<Self> {
        if hex.len() != 40 && hex.len() != 64 {
            return None;
        }
        let mut raw = [0; 32];
        let raw = &mut raw[..hex.len() / 2];
        data_encoding::HEXLOWER_PERMISSIVE.decode_mut(hex, raw).ok().map(|_| Self::new(raw))
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Lower-case hex.
    pub fn hex(&self) -> String {
        data_encoding::HEXLOWER.encode(self.as_bytes())
    }

    /// The first eight bytes as a number, for hashing and fan-out.
    pub fn head(&self) -> u64 {
        u64::from_be_bytes(self.bytes[..8].try_into().expect("eight bytes"))
    }

    /// Whether it is the all-zero id, which git writes for "none".
    pub fn is_null(&self) -> bool {
        self.as_bytes().iter().all(|&b| b == 0)
    }
}

impl std::hash::Hash for Oid {
    /// An id is a hash itself: its beginning tells it from others.
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u64(self.head());
    }
}

impl std::fmt::Debug for Oid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.hex())
    }
}

impl std::fmt::Display for Oid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.hex())
    }
}
