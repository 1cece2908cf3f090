//! Redis, and what speaks its protocol: the login that every connection begins with. TLS where the URL says so;
//! without it only a host that the user named gets the password.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo};
use tokio::net::TcpStream;

use super::{Login, Tried};

const NO_REDIS: &str = "the server does not answer like Redis";

pub(super) async fn login(login: &Login, password: &str, stream: TcpStream) -> Tried {
    let stream = match login.secured(stream).await {
        Ok(stream) => stream,
        Err(tried) => return tried,
    };
    let info = RedisConnectionInfo::default().set_skip_set_lib_name();
    let Ok((mut connection, driver)) = MultiplexedConnection::new_with_config(&info, stream, AsyncConnectionConfig::default()).await else {
        return Tried::other(NO_REDIS);
    };
    let driver = tokio::task::spawn_local(driver);
    let mut command = redis::cmd("AUTH");
    if let Some(user) = &login.user {
        command.arg(user);
    }
    let answer: redis::RedisResult<()> = command.arg(password).query_async(&mut connection).await;
    driver.abort();
    let Err(error) = answer else { return Tried::In };
    let (code, detail) = (error.code().unwrap_or_default(), error.detail().unwrap_or_default());
    match code {
        "WRONGPASS" => Tried::Out("WRONGPASS".to_owned()),
        "ERR" if detail.contains("invalid password") => Tried::Out("invalid password".to_owned()),
        "ERR" if detail.contains("no password is set") || detail.contains("without any password") => {
            Tried::other("the server wants no password of that user")
        }
        "" => Tried::other(NO_REDIS),
        code => Tried::Else(format!("the server answers {code}")),
    }
}
