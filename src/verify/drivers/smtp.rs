//! Mail servers: `EHLO`, TLS where the server has it, `AUTH`, `QUIT`. No message is begun. Without TLS only a host that
//! the user named gets the password.

use std::error::Error as _;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::{CLEAR, Login, NO_TLS, Tried, broken};

/// Where TLS comes first, whatever the scheme says.
const TLS_FIRST: u16 = 465;
const NO_MAIL: &str = "the server does not answer like one for mail";
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

pub(super) async fn login(login: &Login, password: &str, to: &[SocketAddr], limit: Duration) -> Tried {
    let Some(tls) = parameters(login) else { return Tried::other(NO_TLS) };
    // It shows nothing of this machine.
    let hello = ClientId::default();
    let first = login.wants_tls() || login.port == TLS_FIRST;
    let connected = AsyncSmtpConnection::connect_tokio1(to, Some(limit), &hello, first.then(|| tls.clone()), None).await;
    let mut connection = match connected {
        Ok(connection) => connection,
        Err(error) => return trouble(&error),
    };
    if !first && connection.can_starttls() {
        if let Err(error) = connection.starttls(tls, &hello).await {
            return trouble(&error);
        }
    } else if !first && !login.allows_plain() {
        connection.abort().await;
        return Tried::other(CLEAR);
    }
    if connection.server_info().get_auth_mechanism(&MECHANISMS).is_none() {
        connection.abort().await;
        return Tried::other("the server wants no password, or not in this way");
    }
    let answer = connection.auth(&MECHANISMS, &Credentials::new(login.user().to_owned(), password.to_owned())).await;
    connection.abort().await;
    match answer {
        Ok(_) => Tried::In,
        Err(error) => match error.status().map(u16::from) {
            Some(535) => Tried::Out("535".to_owned()),
            _ => trouble(&error),
        },
    }
}

fn parameters(login: &Login) -> Option<TlsParameters> {
    // Where it could go in the clear as well, a certificate that nobody vouches for is better than none.
    let mut builder = TlsParameters::builder(login.host.clone()).dangerous_accept_invalid_certs(login.allows_plain());
    for der in &login.roots {
        builder = builder.add_root_certificate(Certificate::from_der(der.clone()).ok()?);
    }
    builder.build().ok()
}

fn trouble(error: &Error) -> Tried {
    match error.status().map(u16::from) {
        Some(code) => Tried::Else(format!("the server answers {code}")),
        None if error.is_tls() => Tried::other(NO_TLS),
        None => match error.source().and_then(|cause| cause.downcast_ref()) {
            Some(cause) => broken(cause, NO_MAIL),
            None => Tried::other(NO_MAIL),
        },
    }
}
