//! SCRAM, by which MongoDB logs in: the password itself is never sent, and the server has to prove that it knows it
//! too. RFC 5802 and RFC 7677; it knows no messages around the exchange.

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The hash that both sides have agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

/// Fewer rounds are refused as the RFC says, more would be the server's way to keep us busy.
const ROUNDS: std::ops::RangeInclusive<u32> = 4096..=1_000_000;

impl Hash {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
        }
    }

    /// What stands for the password: MongoDB's older mechanism hashes it with the user's name first.
    pub(super) fn password(self, user: &str, password: &str) -> Option<Zeroizing<String>> {
        Some(Zeroizing::new(match self {
            Self::Sha1 => HEXLOWER.encode(&Md5::digest(format!("{user}:mongo:{password}"))),
            Self::Sha256 => stringprep::saslprep(password).ok()?.into_owned(),
        }))
    }

    fn mac(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        fn with<M: Mac + KeyInit>(key: &[u8], text: &[u8]) -> Vec<u8> {
            let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
            mac.update(text);
            mac.finalize().into_bytes().to_vec()
        }
        match self {
            Self::Sha1 => with::<Hmac<Sha1>>(key, text),
            Self::Sha256 => with::<Hmac<Sha256>>(key, text),
        }
    }

    fn hash(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
        }
    }

    fn stretched(self, password: &[u8], salt: &[u8], rounds: u32) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(vec![0; if self == Self::Sha1 { 20 } else { 32 }]);
        match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut key),
            Self::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut key),
        }
        key
    }
}

/// One exchange, from our side.
pub(super) struct Exchange {
    hash: Hash,
    nonce: String,
    first: String,
}

/// Our last message, and what the server has to answer to it.
pub(super) struct Last {
    pub(super) message: String,
    proof: Vec<u8>,
}

impl Exchange {
    /// Begins one; the nonce is printable, without a comma.
    pub(super) fn new(hash: Hash, user: &str, nonce: String) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        let first = format!("n={user},r={nonce}");
        Self { hash, nonce, first }
    }

    /// Our first message.
    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.first)
    }

    /// The answer to the server's first message; nothing where that is none.
    pub(super) fn last(&self, server: &str, password: &str) -> Option<Last> {
        let field = |name: &str| server.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let (nonce, salt) = (field("r")?, BASE64.decode(field("s")?.as_bytes()).ok()?);
        let rounds = field("i")?.parse().ok().filter(|rounds| ROUNDS.contains(rounds))?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return None;
        }
        let salted = self.hash.stretched(password.as_bytes(), &salt, rounds);
        let client = self.hash.mac(&salted, b"Client Key");
        let without = format!("c=biws,r={nonce}");
        let all = format!("{},{server},{without}", self.first);
        let signature = self.hash.mac(&self.hash.hash(&client), all.as_bytes());
        let proof: Vec<u8> = client.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
        let expected = self.hash.mac(&self.hash.mac(&salted, b"Server Key"), all.as_bytes());
        Some(Last { message: format!("{without},p={}", BASE64.encode(&proof)), proof: expected })
    }
}

impl Last {
    /// Whether the server has shown that it knows the password.
    pub(super) fn is_answered(&self, server: &str) -> bool {
        server.split(',').any(|part| part.strip_prefix("v=") == Some(&BASE64.encode(&self.proof)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchanges that the two RFCs print.
    #[test]
    fn exchanges_are_those_of_the_standards() {
        let exchange = Exchange::new(Hash::Sha1, "user", "fyko+d2lbbFgONRv9qkxdawL".to_owned());
        assert_eq!(exchange.first(), "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
        let server = "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
        let last = exchange.last(server, "pencil").unwrap();
        assert_eq!(last.message, "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
        assert!(last.is_answered("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=") && !last.is_answered("v=rmF9pqV8S7suAoZWja4dJRkFsKR="));
        let exchange = Exchange::new(Hash::Sha256, "user", "rOprNGfwEbeRWgbNEkqO".to_owned());
        let server = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let last = exchange.last(server, "pencil").unwrap();
        assert!(last.message.ends_with(",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), "{}", last.message);
        assert!(last.is_answered("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
    }

    #[test]
    fn a_server_that_does_not_keep_to_it_gets_no_answer() {
        let exchange = Exchange::new(Hash::Sha256, "a=b,c", "abc".to_owned());
        assert_eq!(exchange.first(), "n,,n=a=3Db=2Cc,r=abc");
        for wrong in ["r=abx,s=QUJD,i=4096", "r=abc,s=QUJD,i=4096", "r=abcd,s=QUJD,i=1", "r=abcd,s=QUJD,i=2000000", "r=abcd,i=4096", ""] {
            assert!(exchange.last(wrong, "p").is_none(), "{wrong}");
        }
        assert_eq!(Hash::Sha1.password("user", "pencil").unwrap().as_str(), "1c33006ec1ffd90f9cadcbcc0e118200");
    }
}
