//! MySQL and MariaDB: a login and nothing else, no statement is sent. TLS is used where the server has it; without it
//! only a host that the user named gets the password. The client checks certificates by roots of its own.

use std::net::SocketAddr;

use mysql_async::{Conn, DriverError, Error, IoError, Opts, OptsBuilder, SslOpts};

use super::{CLEAR, Login, NO_TLS, Tried, broken};

const NO_MYSQL: &str = "the server does not answer like MySQL";
const ACCESS_DENIED: [u16; 2] = [1045, 1698];
/// What the server says only after it took the password: no right to the database, no such database, the password
/// has to be changed.
const AFTER: [u16; 4] = [1044, 1049, 1820, 1862];

pub(super) async fn login(login: &Login, password: &str, to: SocketAddr) -> Tried {
    let answer = match Conn::new(options(login, password, to, true)).await {
        // It said so before it was told anything.
        Err(Error::Driver(DriverError::NoClientSslFlagFromServer)) if login.allows_plain() => {
            Conn::new(options(login, password, to, false)).await
        }
        Err(Error::Driver(DriverError::NoClientSslFlagFromServer)) if !login.wants_tls() => return Tried::other(CLEAR),
        answer => answer,
    };
    match answer {
        Ok(connection) => {
            // What the server thinks of the farewell changes nothing.
            let _ = connection.disconnect().await;
            Tried::In
        }
        Err(Error::Server(error)) if ACCESS_DENIED.contains(&error.code) => Tried::Out(error.code.to_string()),
        Err(Error::Server(error)) if AFTER.contains(&error.code) => Tried::In,
        Err(Error::Server(error)) => Tried::Else(format!("the server answers {}", error.code)),
        Err(Error::Io(IoError::Io(error))) => broken(&error, NO_MYSQL),
        Err(Error::Io(IoError::Tls(_)) | Error::Driver(DriverError::NoClientSslFlagFromServer)) => Tried::other(NO_TLS),
        Err(Error::Driver(DriverError::UnknownAuthPlugin { .. } | DriverError::CleartextPluginDisabled)) => {
            Tried::other("the server wants another kind of login than by password")
        }
        Err(_) => Tried::other(NO_MYSQL),
    }
}

fn options(login: &Login, password: &str, to: SocketAddr, tls: bool) -> Opts {
    let roots = login.roots.iter().map(|der| der.clone().into()).collect();
    let encrypted = || SslOpts::default().with_danger_tls_hostname_override(Some(login.host.clone())).with_root_certs(roots);
    // Where it could go in the clear as well, a certificate that nobody vouches for is better than none.
    let encrypted = || encrypted().with_danger_accept_invalid_certs(login.allows_plain());
    let database = Some(&login.url.database).filter(|name| !name.is_empty());
    OptsBuilder::default()
        .ip_or_hostname(to.ip().to_string())
        .tcp_port(to.port())
        .user(login.user.as_deref())
        .pass(Some(password))
        .db_name(database)
        .ssl_opts(tls.then(encrypted))
        // What is set here need not be asked of the server.
        .max_allowed_packet(Some(1 << 20))
        .wait_timeout(Some(10))
        .prefer_socket(false)
        .into()
}
