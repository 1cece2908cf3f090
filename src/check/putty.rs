//! PuTTY's private keys. Where one is not encrypted, its own authentication code can be computed again.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::key::{ENCRYPTED, fingerprint};
use super::{BROKEN, Entry, Proof, Subject, Verdict, radix};
use crate::finding::Severity;

pub(super) const TABLE: &[Entry] = &[Entry::new("putty-key", check)];

const MAC_KEY: &[u8] = b"putty-private-key-file-mac-key";
/// More lines are in no key.
const MOST_LINES: usize = 200;

struct File {
    version: u8,
    kind: String,
    encryption: String,
    comment: String,
    public: Vec<u8>,
    private: Vec<u8>,
    mac: String,
}

fn check(subject: &Subject<'_>) -> Proof {
    let text = subject.text().replace("\\r", "").replace("\\n", "\n");
    let Some(start) = text.find("PuTTY-User-Key-File-") else { return Verdict::Plausible.into() };
    let Some(file) = parse(&text[start..]) else {
        return if text.contains("Private-MAC:") {
            Verdict::Failed("its body is cut, elided or altered").into()
        } else {
            Verdict::Plausible.into()
        };
    };
    let proof = |verdict: Verdict| Proof::from(verdict).fact("type", file.kind.clone()).fact("fingerprint", fingerprint(&file.public));
    if file.encryption != "none" {
        return proof(Verdict::Plausible).fact("encrypted", "yes").at_most(Severity::Medium, ENCRYPTED);
    }
    let right = match file.version {
        2 => HEXLOWER.encode(&hmac_sha1(&sha1(MAC_KEY), &file.covered())),
        3 => {
            let mut mac = Hmac::<Sha256>::new_from_slice(b"").expect("HMAC takes a key of any length");
            mac.update(&file.covered());
            HEXLOWER.encode(&mac.finalize().into_bytes())
        }
        _ => return proof(Verdict::Plausible),
    };
    if right == file.mac.to_ascii_lowercase() { proof(Verdict::Proved) } else { BROKEN.into() }
}

impl File {
    /// What the code is computed over.
    fn covered(&self) -> Vec<u8> {
        let parts = [self.kind.as_bytes(), self.encryption.as_bytes(), self.comment.as_bytes(), &self.public, &self.private];
        parts.iter().flat_map(|part| [&(part.len() as u32).to_be_bytes()[..], part].concat()).collect()
    }
}

fn parse(text: &str) -> Option<File> {
    let mut lines = text.lines().map(str::trim);
    let (version, kind) = lines.next()?.strip_prefix("PuTTY-User-Key-File-")?.split_once(": ")?;
    let mut file = File {
        version: version.parse().ok()?,
        kind: kind.to_owned(),
        encryption: String::new(),
        comment: String::new(),
        public: Vec::new(),
        private: Vec::new(),
        mac: String::new(),
    };
    while let Some(line) = lines.next() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim_start();
        match name {
            "Encryption" => value.clone_into(&mut file.encryption),
            "Comment" => value.clone_into(&mut file.comment),
            "Public-Lines" | "Private-Lines" => {
                let count: usize = value.parse().ok().filter(|count| *count <= MOST_LINES)?;
                let body: String = lines.by_ref().take(count).collect();
                let body = radix::base64(body.as_bytes())?;
                if name == "Public-Lines" { file.public = body } else { file.private = body }
            }
            "Private-MAC" => {
                value.clone_into(&mut file.mac);
                return (!file.public.is_empty() && !file.private.is_empty()).then_some(file);
            }
            _ => {}
        }
    }
    None
}

fn hmac_sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    let pad = |with: u8| (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect::<Vec<u8>>();
    sha1(&[&pad(0x5c)[..], &sha1(&[&pad(0x36)[..], message].concat())].concat())
}

/// SHA-1, which the older version of these files is bound to.
fn sha1(message: &[u8]) -> [u8; 20] {
    let mut state = [0x6745_2301u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((message.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut words = [0u32; 80];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = u32::from_be_bytes(bytes.try_into().expect("four bytes"));
        }
        for at in 16..80 {
            words[at] = (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (at, word) in words.iter().enumerate() {
            let (choice, constant) = match at / 20 {
                0 => ((b & c) | (!b & d), 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1u32),
                2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6),
            };
            let next = a.rotate_left(5).wrapping_add(choice).wrapping_add(e).wrapping_add(constant).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        state = [
            state[0].wrapping_add(a),
            state[1].wrapping_add(b),
            state[2].wrapping_add(c),
            state[3].wrapping_add(d),
            state[4].wrapping_add(e),
        ];
    }
    let mut out = [0; 20];
    out.chunks_exact_mut(4).zip(state).for_each(|(bytes, word)| bytes.copy_from_slice(&word.to_be_bytes()));
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::{failed, prove, verdict};
    use super::*;

    fn file(version: u8, encryption: &str) -> String {
        let encode = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
        let mut file = File {
            version,
            kind: "ssh-ed25519".into(),
            encryption: encryption.into(),
            comment: "me".into(),
            public: vec![5; 60],
            private: vec![6; 36],
            mac: String::new(),
        };
        file.mac = if version == 2 {
            HEXLOWER.encode(&hmac_sha1(&sha1(MAC_KEY), &file.covered()))
        } else {
            let mut mac = Hmac::<Sha256>::new_from_slice(b"").unwrap();
            mac.update(&file.covered());
            HEXLOWER.encode(&mac.finalize().into_bytes())
        };
        let (public, private) = (encode(&file.public), encode(&file.private));
        format!(
            "PuTTY-User-Key-File-{version}: ssh-ed25519\r\nEncryption: {encryption}\r\nComment: me\r\nPublic-Lines: 2\r\n{}\r\n{}\r\nPrivate-Lines: 1\r\n{private}\r\nPrivate-MAC: {}\r\n",
            &public[..64],
            &public[64..],
            file.mac
        )
    }

    #[test]
    fn the_code_is_computed_again() {
        for version in [2, 3] {
            let text = file(version, "none");
            assert_eq!(verdict("putty-key", &text), Verdict::Proved);
            assert_eq!(verdict("putty-key", text.replace("\r\n", "\\n")), Verdict::Proved);
            assert!(failed("putty-key", text.replace("me\r\n", "you\r\n")));
            assert!(failed("putty-key", text.replace("Private-Lines: 1", "Private-Lines: 0")));
        }
        let encrypted = prove("putty-key", file(3, "aes256-cbc"));
        assert_eq!((encrypted.verdict, encrypted.at_most.unwrap().0), (Verdict::Plausible, Severity::Medium));
        assert_eq!(verdict("putty-key", "PuTTY-User-Key-File-2: ssh-rsa"), Verdict::Plausible);
    }

    #[test]
    fn sha1_is_right_at_every_length() {
        assert_eq!(HEXLOWER.encode(&sha1(b"abc")), ["a9993e364706816aba3e", "25717850c26c9cd0d89d"].concat());
        assert_eq!(HEXLOWER.encode(&sha1(b"")), ["da39a3ee5e6b4b0d3255", "bfef95601890afd80709"].concat());
        let long = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        assert_eq!(HEXLOWER.encode(&sha1(long)), ["84983e441c3bd26ebaae", "4aa1f95129e5e54670f1"].concat());
        for length in 0..200 {
            sha1(&vec![1; length]);
        }
    }
}
