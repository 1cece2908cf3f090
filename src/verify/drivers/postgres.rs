//! PostgreSQL, and what speaks its protocol: a login and nothing else, no statement is sent. TLS is used where the
//! server has it; without it only a host that the user named gets the password.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::tls::Wire;
use super::{Login, NO_TLS, Tried};

pub(super) async fn login(login: &Login, password: &str, stream: TcpStream) -> Tried {
    let (name, connector) = match login.tls() {
        Ok(tls) => tls,
        Err(why) => return Tried::Else(why),
    };
    let mut config = tokio_postgres::Config::new();
    config.user(login.user.as_deref().unwrap_or("postgres")).password(password).application_name("unleak");
    config.dbname(if login.url.database.is_empty() { "postgres" } else { &login.url.database });
    config.ssl_mode(if login.allows_plain() { SslMode::Prefer } else { SslMode::Require });
    let Err(error) = config.connect_raw(stream, Tls { name, connector }).await else { return Tried::In };
    let Some(state) = error.code() else { return Tried::other(NO_TLS) };
    match *state {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Tried::Out(state.code().to_owned()),
        // The server looks at these only after the password.
        SqlState::INVALID_CATALOG_NAME | SqlState::TOO_MANY_CONNECTIONS | SqlState::INSUFFICIENT_PRIVILEGE => Tried::In,
        _ => Tried::Else(format!("the server answers {}", state.code())),
    }
}

struct Tls {
    name: ServerName<'static>,
    connector: TlsConnector,
}

struct Encrypted(Box<dyn Wire>);

impl TlsConnect<TcpStream> for Tls {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>>>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        Box::pin(async move { Ok(Encrypted(Box::new(self.connector.connect(self.name, stream).await?))) })
    }
}

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
