//! SSH: a login with a private key at the server that the user named, no channel is opened. A server learns nothing
//! of a key from a login that it refuses, but it may know the public half.

use std::sync::{Arc, Mutex};

use ring::rand::{SecureRandom, SystemRandom};
use russh::client::{AuthResult, Config, Handle, Handler, connect_stream};
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{Error, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key};
use russh::{Disconnect, SshId};
use tokio::net::TcpStream;

use super::{Login, Tried, told};
use crate::armor;
use crate::finding::Verification;
use crate::rule::WHOLE;
use crate::secret::Secret;
use crate::verify::question::Question;
use crate::verify::request::Impossible;

/// How many characters of base64 a line of a key's file has.
const LINE: usize = 64;

/// The key as its own file would hold it, whatever stood around its lines.
pub(super) fn readable(question: &Question) -> Result<Secret, Impossible> {
    let whole = question.value(WHOLE).unwrap_or_else(|| question.secret.expose());
    let Some(block) = armor::read(whole) else { return checked(whole.to_vec()) };
    if block.is_pgp() {
        return Err(Impossible("it is no key of SSH".to_owned()));
    }
    if block.header("Proc-Type").is_some_and(|kind| kind.contains("ENCRYPTED")) {
        return Err(Impossible(ENCRYPTED.to_owned()));
    }
    let mut text = format!("-----BEGIN {}-----\n", block.label).into_bytes();
    for line in block.body.chunks(LINE) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.extend_from_slice(format!("-----END {}-----\n", block.label).as_bytes());
    checked(text)
}

const ENCRYPTED: &str = "it is protected by a passphrase";

/// The text of a key that can be used.
fn checked(text: Vec<u8>) -> Result<Secret, Impossible> {
    match std::str::from_utf8(&text).ok().map(|text| decode_secret_key(text, None)) {
        Some(Ok(key)) if !key.is_encrypted() => Ok(Secret::new(text, 0)),
        Some(Ok(_) | Err(Error::KeyIsEncrypted)) => Err(Impossible(ENCRYPTED.to_owned())),
        _ => Err(Impossible("it is no key of SSH, or of a kind that this program cannot read".to_owned())),
    }
}

pub(super) async fn login(login: &Login, key: &str, stream: TcpStream) -> Verification {
    let key = if login.control { made_up() } else { decode_secret_key(key, None).ok() };
    let Some(key) = key else { return told(Tried::other("no key could be made")) };
    let fingerprint = key.public_key().fingerprint(HashAlg::Sha256).to_string();
    let seen = Arc::default();
    let config = Config { client_id: SshId::Standard(concat!("SSH-2.0-unleak_", env!("CARGO_PKG_VERSION")).into()), ..Config::default() };
    let verdict = match connect_stream(Arc::new(config), stream, Server(Arc::clone(&seen))).await {
        Ok(mut server) => {
            let tried = authenticate(login, key, &mut server).await.unwrap_or_else(|_| Tried::other("the server hung up at the login"));
            let _ = server.disconnect(Disconnect::ByApplication, "", "").await;
            told(tried)
        }
        Err(_) => told(Tried::other("the server does not answer like one for SSH")),
    };
    let server = seen.lock().map(|seen| seen.clone()).unwrap_or_default();
    let verdict = verdict.with("key", fingerprint);
    if server.is_empty() { verdict } else { verdict.with("server", server) }
}

async fn authenticate(login: &Login, key: PrivateKey, server: &mut Handle<Server>) -> Result<Tried, russh::Error> {
    let user = login.user();
    if server.authenticate_none(user).await?.success() {
        return Ok(Tried::Else(format!("the server lets {user} in without a key")));
    }
    let hash = server.best_supported_rsa_hash().await?.flatten();
    match server.authenticate_publickey(user, PrivateKeyWithHashAlg::new(Arc::new(key), hash)).await? {
        AuthResult::Success | AuthResult::Failure { partial_success: true, .. } => Ok(Tried::In),
        // Nothing says that this is the key's server: another one may take it.
        AuthResult::Failure { .. } => Ok(Tried::Else(format!("{} does not take it for {user}; another server may", login.host))),
    }
}

/// A key that no server can know.
fn made_up() -> Option<PrivateKey> {
    let mut seed = [0; 32];
    SystemRandom::new().fill(&mut seed).ok()?;
    Some(PrivateKey::from(Ed25519Keypair::from_seed(&seed)))
}

/// Remembers what the server's key is, for the evidence. Any key will do: a server in the middle gains nothing from
/// a login by signature.
struct Server(Arc<Mutex<String>>);

impl Handler for Server {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let key = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => key.fingerprint(HashAlg::Sha256),
            PublicKeyOrCertificate::Certificate(certificate) => certificate.public_key().fingerprint(HashAlg::Sha256),
        };
        if let Ok(mut seen) = self.0.lock() {
            *seen = key.to_string();
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rule::RuleSet;

    fn question(whole: String) -> Question {
        let rule = RuleSet::builtin().by_id("private-key").unwrap().spec.clone().into_owned();
        let parts = BTreeMap::from([(WHOLE.to_owned(), Secret::new(whole, 0))]);
        Question { rule: Arc::new(rule), secret: Secret::new("x", 0), parts, control: false }
    }

    #[test]
    fn a_key_is_read_however_it_stands_in_the_text() {
        let key = made_up().unwrap();
        let file = key.to_openssh(russh::keys::ssh_key::LineEnding::LF).unwrap();
        for text in [file.to_string(), file.replace('\n', "\\n"), file.replace('\n', "\r\n    ")] {
            let readable = readable(&question(text)).unwrap();
            let again = decode_secret_key(std::str::from_utf8(readable.expose()).unwrap(), None).unwrap();
            assert_eq!(again.public_key().key_data(), key.public_key().key_data());
        }
        let label = ["RSA PRI", "VATE KEY"].concat();
        let encrypted = format!(
            "-----BEGIN {label}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{}\n-----END {label}-----\n",
            "QUJD".repeat(16)
        );
        assert_eq!(readable(&question(encrypted)).unwrap_err().0, ENCRYPTED);
    }
}
