//! Redis, and what speaks its protocol: the login that every connection begins with. TLS where the URL says so;
//! without it only a host that the user named gets the password.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo};
use tokio::net::TcpStream;

use super::{Login, Tried, Wire};

pub(super) async fn login(login: &Login, password: &str, stream: TcpStream) -> Tried {
    let stream: Box<dyn Wire> = if login.tls == Some(true) {
        let (name, connector) = match login.tls() {
            Ok(tls) => tls,
            Err(why) => return Tried::Else(why),
        };
        match connector.connect(name, stream).await {
            Ok(stream) => Box::new(stream),
            Err(_) => return Tried::Else("the server has no TLS, or no certificate that this machine trusts".to_owned()),
        }
    } else if login.allows_plain() {
        Box::new(stream)
    } else {
        return Tried::Else("it would go in the clear: only a host that --verify-hosts names exactly is asked without TLS".to_owned());
    };
    let info = RedisConnectionInfo::default().set_skip_set_lib_name();
    let Ok((mut connection, driver)) = MultiplexedConnection::new_with_config(&info, stream, AsyncConnectionConfig::default()).await else {
        return Tried::Else("the server does not answer like Redis".to_owned());
    };
    let driver = tokio::task::spawn_local(driver);
    let mut command = redis::cmd("AUTH");
    if let Some(user) = &login.user {
        command.arg(user);
    }
    let answer: redis::RedisResult<()> = command.arg(password).query_async(&mut connection).await;
    driver.abort();
    match answer {
        Ok(()) => Tried::In,
        Err(error) => {
            let (code, detail) = (error.code().unwrap_or_default(), error.detail().unwrap_or_default());
            match code {
                "WRONGPASS" => Tried::Out("WRONGPASS".to_owned()),
                "ERR" if detail.contains("invalid password") => Tried::Out("invalid password".to_owned()),
                "ERR" if detail.contains("no password is set") || detail.contains("without any password") => {
                    Tried::Else("the server wants no password of that user".to_owned())
                }
                "" => Tried::Else("the server does not answer like Redis".to_owned()),
                code => Tried::Else(format!("the server answers {code}")),
            }
        }
    }
}
