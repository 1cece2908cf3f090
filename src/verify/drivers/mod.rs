//! Logins over protocols other than HTTP: databases, brokers, mail servers and SSH, through their own client crates.
//! The address which was judged is the one that is dialled. A login is tried once: one more could lock an account.

mod amqp;
mod mongo;
mod mysql;
mod postgres;
mod redis;
mod smtp;
mod ssh;
mod tls;
mod url;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio::time::timeout;

use self::tls::Wire;
use self::url::Url;
use super::client;
use super::guard::{self, Named};
use super::question::Question;
use super::request::{Impossible, Maker, ssh_place};
use crate::finding::{State, Verification};
use crate::rule::WHOLE;
use crate::secret::Secret;

/// What speaks a protocol of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Amqp,
    /// One of the others, in Java's words.
    Jdbc,
    Mongo,
    MySql,
    Postgres,
    Redis,
    Smtp,
    Ssh,
}

/// A login, ready to be tried.
pub struct Login {
    kind: Kind,
    host: String,
    port: u16,
    user: Option<String>,
    /// The password, or the private key as its file would hold it.
    secret: Secret,
    url: Url,
    /// The user named this host exactly: it may be at any address, and without TLS.
    named: bool,
    /// With a key that is made up.
    control: bool,
    /// Certificates that count besides those of the machine.
    roots: Vec<Vec<u8>>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({:?} {})", self.kind, self.place())
    }
}

/// What became of a login.
enum Tried {
    In,
    /// Refused for what the password is worth, and how the server calls that.
    Out(String),
    /// Something else.
    Else(String),
}

impl Tried {
    fn other(why: impl Into<String>) -> Self {
        Self::Else(why.into())
    }
}

const NO_TLS: &str = "the server has no TLS, or no certificate that this machine trusts";
const CLEAR: &str = "it would go in the clear: only a host that --verify-hosts names exactly is asked without TLS";

impl Login {
    /// The login that a connection URL means, or that a private key allows.
    pub fn new(kind: Kind, question: &Question, maker: &Maker<'_>) -> Result<Self, Impossible> {
        if kind == Kind::Ssh {
            return Self::by_key(question, maker);
        }
        let text = question.text(WHOLE)?;
        let (kind, url) = match kind {
            Kind::Jdbc => url::jdbc(text, question.secret.expose())?,
            kind => (kind, Url::read(text)?),
        };
        kind.speaks(&url)?;
        let port = |given: &Option<u16>| given.unwrap_or_else(|| kind.port(&url.scheme));
        let known = |(host, given): &&(String, Option<u16>)| maker.guard.named(host, port(given)) != Named::No;
        let Some((host, given)) = url.hosts.iter().find(known).cloned() else {
            let (host, given) = &url.hosts[0];
            return Err(Impossible(format!("its host stands in the scanned text: --verify-hosts {host}:{} allows it", port(given))));
        };
        let (port, user) = (port(&given), url.user.clone());
        let named = maker.guard.named(&host, port) == Named::Exactly;
        let roots = maker.settings.roots.clone();
        Ok(Self { kind, host, port, user, secret: question.secret.clone(), url, named, control: false, roots })
    }

    /// A key says nothing of a host, so the user has to.
    fn by_key(question: &Question, maker: &Maker<'_>) -> Result<Self, Impossible> {
        let given = maker
            .settings
            .endpoints
            .get("ssh")
            .ok_or_else(|| Impossible("nothing says which server it opens: --endpoint ssh=[USER@]HOST[:PORT] does".to_owned()))?;
        let (user, host, port) = ssh_place(given).map_err(Impossible)?;
        let secret = ssh::readable(question)?;
        let url = Url::default();
        Ok(Self { kind: Kind::Ssh, host, port, user: Some(user), secret, url, named: true, control: question.control, roots: Vec::new() })
    }

    /// The host that is asked.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// All that makes this login different from others; the same key or password in another notation does not.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let what = format!("{:?} {:?} {:?} {:?}", self.kind, self.place(), self.user, self.url);
        for part in [what.as_bytes(), self.secret.expose()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// Who logs in.
    fn user(&self) -> &str {
        self.user.as_deref().unwrap_or_default()
    }

    /// Tries it, once.
    pub async fn verdict(&self, limit: Duration) -> Verification {
        let Ok(secret) = std::str::from_utf8(self.secret.expose()) else {
            return Verification::new(State::NotChecked, "the password is not text");
        };
        let tried = async {
            let to = self.addresses().await?;
            let stream = || async { TcpStream::connect(to.as_slice()).await.map_err(|error| unreachable(&error)) };
            let tried = match self.kind {
                Kind::MySql => mysql::login(self, secret, to[0]).await,
                Kind::Smtp => smtp::login(self, secret, &to, limit).await,
                Kind::Amqp => amqp::login(self, secret, stream().await?).await,
                Kind::Mongo => mongo::login(self, secret, stream().await?).await,
                Kind::Postgres => postgres::login(self, secret, stream().await?).await,
                Kind::Redis => redis::login(self, secret, stream().await?).await,
                Kind::Ssh => return Ok(ssh::login(self, secret, stream().await?).await),
                Kind::Jdbc => Tried::other("the database behind it is not known"),
            };
            Ok::<_, Verification>(told(tried))
        };
        let verdict = match timeout(limit, tried).await {
            Err(_) => Verification::new(State::Unknown, "no answer in time"),
            Ok(Err(verdict) | Ok(verdict)) => verdict,
        };
        let verdict = verdict.with("host", self.place());
        match &self.user {
            Some(user) => verdict.with("user", user),
            None => verdict,
        }
    }

    /// Where it goes: judged before anything is dialled.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, Verification> {
        if guard::literal(&self.host).is_some_and(|address| !self.named && !guard::is_public(address)) {
            return Err(not_public());
        }
        client::addresses(&self.host, self.port, self.named).await.map_err(|error| unreachable(&error))
    }

    /// Whether the URL asks for TLS.
    fn wants_tls(&self) -> bool {
        let scheme = self.url.scheme.as_str();
        matches!(scheme, "rediss" | "amqps" | "smtps")
            || self.url.says(&["tls", "ssl", "usessl"], &["true", "1"])
            || self.url.says(&["sslmode", "ssl-mode"], &["require", "required", "verify-ca", "verify_ca", "verify-full", "verify_identity"])
    }

    /// Whether the password may go over this connection in the clear.
    fn allows_plain(&self) -> bool {
        self.named && !self.wants_tls()
    }

    /// The connection as the URL wants it: with TLS, or without where the user named the host.
    async fn secured(&self, stream: TcpStream) -> Result<Box<dyn Wire>, Tried> {
        if self.wants_tls() {
            let (name, connector) = self.tls().map_err(Tried::Else)?;
            return match connector.connect(name, stream).await {
                Ok(stream) => Ok(Box::new(stream)),
                Err(_) => Err(Tried::other(NO_TLS)),
            };
        }
        if self.allows_plain() { Ok(Box::new(stream)) } else { Err(Tried::other(CLEAR)) }
    }

    /// The name that a certificate must be made out to, and what checks it. Where it could go in the clear as well, a
    /// certificate that nobody vouches for is better than none.
    fn tls(&self) -> Result<(tls::Name, tls::Connector), String> {
        tls::connector(&self.host, &self.roots, !self.allows_plain())
    }
}

fn unreachable(error: &std::io::Error) -> Verification {
    let text = crate::error::describe(error);
    if text == client::NOT_PUBLIC {
        return not_public();
    }
    Verification::new(State::Unknown, format!("not reached: {}", text.chars().take(120).collect::<String>()))
}

/// What it means that a client crate could not go on.
fn broken(error: &std::io::Error, otherwise: &str) -> Tried {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut};

    if error.get_ref().is_some_and(|inner| inner.is::<tokio_rustls::rustls::Error>()) {
        return Tried::other(NO_TLS);
    }
    match error.kind() {
        ConnectionRefused | HostUnreachable | NetworkUnreachable | TimedOut => Tried::Else(unreachable(error).reason),
        _ => Tried::other(otherwise),
    }
}

fn not_public() -> Verification {
    Verification::new(State::NotChecked, format!("not sent: {}", client::NOT_PUBLIC))
}

fn told(tried: Tried) -> Verification {
    match tried {
        Tried::In => Verification::new(State::Live, "the server lets it in"),
        Tried::Out(why) => Verification::new(State::Dead, format!("the server refuses it ({why})")),
        Tried::Else(why) => Verification::new(State::Unknown, why),
    }
}

impl Kind {
    /// Whether what this URL means can be asked.
    fn speaks(self, url: &Url) -> Result<(), Impossible> {
        let no = |why: &str| Err(Impossible(why.to_owned()));
        match (self, url.scheme.as_str()) {
            (Self::Mongo, "mongodb+srv") => no("its servers stand in the DNS, which is not asked: give a mongodb:// URL of one of them"),
            (Self::Redis, "redis+sentinel") => no("it names a sentinel, which has a password of its own"),
            (Self::MySql, "mysqlx") => no("there is no client for the X protocol in this program"),
            (Self::Amqp | Self::MySql | Self::Mongo | Self::Smtp, _) if url.user.is_none() => no("its URL names no user"),
            _ => Ok(()),
        }
    }

    fn port(self, scheme: &str) -> u16 {
        match (self, scheme) {
            (Self::Amqp, "amqps") => 5671,
            (Self::Amqp, _) => 5672,
            (Self::Mongo, _) => 27017,
            (Self::MySql, _) => 3306,
            (Self::Postgres, "cockroachdb") => 26257,
            (Self::Postgres | Self::Jdbc, _) => 5432,
            (Self::Redis, _) => 6379,
            (Self::Smtp, "smtps") => 465,
            (Self::Smtp, _) => 587,
            (Self::Ssh, _) => 22,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(host: &str, named: bool, text: &str) -> Login {
        let url = Url::read(text).unwrap();
        let (kind, user, secret) = (Kind::MySql, url.user.clone(), Secret::new("x", 0));
        Login { kind, host: host.to_owned(), port: 1, user, secret, url, named, control: false, roots: Vec::new() }
    }

    #[test]
    fn only_a_host_that_was_named_exactly_may_be_local() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let asked = |host: &str, named| {
            let verdict = runtime.block_on(login(host, named, "mysql://a@h").verdict(Duration::from_secs(2)));
            (verdict.state, verdict.reason)
        };
        for host in ["localhost", "127.0.0.1", "::1", "10.0.0.7", "169.254.169.254"] {
            assert_eq!(asked(host, false), (State::NotChecked, format!("not sent: {}", client::NOT_PUBLIC)), "{host}");
        }
        assert_eq!(asked("127.0.0.1", true).0, State::Unknown);
    }

    #[test]
    fn passwords_go_in_the_clear_only_where_the_user_named_the_host() {
        for (text, wants) in [
            ("mysql://a@h/d", false),
            ("rediss://a@h", true),
            ("mongodb://a@h/?tls=true", true),
            ("mongodb://a@h/?ssl=false", false),
            ("postgres://a@h/d?sslmode=verify-full", true),
            ("jdbc://h/d?sslMode=REQUIRED&user=a", true),
        ] {
            assert_eq!(login("h", true, text).allows_plain(), !wants, "{text}");
            assert!(!login("h", false, text).allows_plain(), "{text}");
        }
    }
}
