//! Logins over the protocols of databases, through their own client crates. The connection is made here, so that
//! the address which was judged is the one that is dialled. A login is tried once: one more could lock an account.

mod postgres;
mod redis;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls_platform_verifier::BuilderVerifierExt;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::client;
use super::guard::{self, Named};
use super::question::Question;
use super::request::{Impossible, Maker};
use crate::finding::{State, Verification};
use crate::rule::WHOLE;
use crate::secret::Secret;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Postgres,
    Redis,
}

/// A login, ready to be tried.
pub struct Login {
    kind: Kind,
    /// The URL asks for TLS, or for none.
    tls: Option<bool>,
    host: String,
    port: u16,
    user: Option<String>,
    password: Secret,
    database: String,
    /// The user named this host exactly: it may be at any address, and without TLS.
    named: bool,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({:?} {})", self.kind, self.place())
    }
}

/// What a client crate made of a login.
enum Tried {
    In,
    /// Refused for what the password is worth, and how the server calls that.
    Out(String),
    /// Something else.
    Else(String),
}

impl Login {
    /// The login that a connection URL means.
    pub fn new(kind: Kind, question: &Question, maker: &Maker<'_>) -> Result<Self, Impossible> {
        let url = question.text(WHOLE)?;
        let unclear = || Impossible("its URL cannot be read".to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(unclear)?;
        let (login, place) = rest.rsplit_once('@').ok_or_else(unclear)?;
        let (authority, database) = place.split_once('/').unwrap_or((place, ""));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| unclear())?),
            None => (authority, kind.port()),
        };
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let inside = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        if host.is_empty() || !host.chars().all(inside) {
            return Err(unclear());
        }
        let named = maker.guard.named(&host, port);
        if named == Named::No {
            return Err(Impossible(format!("its host stands in the scanned text: --verify-hosts {host}:{port} allows it")));
        }
        let user = login.split(':').next().unwrap_or_default();
        let user = (!user.is_empty()).then(|| decoded(user)).transpose()?;
        let tls = if scheme.ends_with("ss") { Some(true) } else { None };
        let (database, named) = (database.to_owned(), named == Named::Exactly);
        Ok(Self { kind, tls, host, port, user, password: question.secret.clone(), database, named })
    }

    /// The host that is asked.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// All that makes this login different from others.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let port = self.port.to_le_bytes();
        let user = self.user.as_deref().unwrap_or_default();
        for part in [self.host.as_bytes(), &port, user.as_bytes(), self.database.as_bytes(), self.password.expose()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// Tries it, once.
    pub async fn verdict(&self, limit: Duration) -> Verification {
        let Ok(password) = std::str::from_utf8(self.password.expose()) else {
            return Verification::new(State::NotChecked, "the password is not text");
        };
        let tried = async {
            let stream = self.dial().await?;
            Ok::<_, Verification>(match self.kind {
                Kind::Postgres => postgres::login(self, password, stream).await,
                Kind::Redis => redis::login(self, password, stream).await,
            })
        };
        let verdict = match timeout(limit, tried).await {
            Err(_) => Verification::new(State::Unknown, "no answer in time"),
            Ok(Err(verdict)) => verdict,
            Ok(Ok(Tried::In)) => Verification::new(State::Live, "the server lets it in"),
            Ok(Ok(Tried::Out(why))) => Verification::new(State::Dead, format!("the server refuses it ({why})")),
            Ok(Ok(Tried::Else(why))) => Verification::new(State::Unknown, why),
        };
        let verdict = verdict.with("host", self.place());
        match &self.user {
            Some(user) => verdict.with("user", user),
            None => verdict,
        }
    }

    async fn dial(&self) -> Result<TcpStream, Verification> {
        let unreachable = |error: std::io::Error| {
            let text = crate::error::describe(&error);
            Verification::new(State::Unknown, format!("not reached: {}", text.chars().take(120).collect::<String>()))
        };
        let literal = guard::literal(&self.host).filter(|address| !self.named && !guard::is_public(*address));
        if literal.is_some() {
            return Err(Verification::new(State::NotChecked, "not sent: the address is not on the public internet"));
        }
        let addresses = client::addresses(&self.host, self.port, self.named).await.map_err(unreachable)?;
        TcpStream::connect(addresses.as_slice()).await.map_err(unreachable)
    }

    /// Whether the password may go over this connection in the clear.
    fn allows_plain(&self) -> bool {
        self.named && self.tls != Some(true)
    }

    /// The name that a certificate must be made out to, and what checks it.
    fn tls(&self) -> Result<(ServerName<'static>, TlsConnector), String> {
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = tokio_rustls::rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(BuilderVerifierExt::with_platform_verifier)
            .map_err(|_| "the certificates of this machine cannot be read".to_owned())?;
        let name = ServerName::try_from(self.host.clone()).map_err(|_| "its host is no name for a certificate".to_owned())?;
        Ok((name, TlsConnector::from(Arc::new(config.with_no_client_auth()))))
    }
}

/// A connection, with TLS or without.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

impl Kind {
    fn port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Redis => 6379,
        }
    }
}

/// The text with percent escapes undone.
fn decoded(text: &str) -> Result<String, Impossible> {
    let wrong = || Impossible("its user name cannot be read".to_owned());
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).ok_or_else(wrong)?;
            out.push(u8::from_str_radix(hex, 16).map_err(|_| wrong())?);
            rest = &after[2..];
        } else {
            out.push(byte);
            rest = after;
        }
    }
    let text = String::from_utf8(out).map_err(|_| wrong())?;
    if text.chars().any(char::is_control) { Err(wrong()) } else { Ok(text) }
}
