//! Brokers that speak AMQP 0-9-1, RabbitMQ first: the login that every connection begins with, no virtual host is
//! opened. The frames are read and written by the crate of the client `lapin`, which itself would connect again by
//! itself. TLS where the URL says so; without it only a host that the user named gets the password.

use amq_protocol::auth::Credentials;
use amq_protocol::frame::{AMQPFrame, ProtocolVersion, WriteContext, gen_frame, parse_frame};
use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::connection::{AMQPMethod, Start, StartOk};
use amq_protocol::types::{AMQPValue, FieldTable};
use amq_protocol::uri::SASLMechanism;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::tls::Wire;
use super::{Login, Tried};

/// Longer frames begin no connection.
const LONGEST: usize = 64 << 10;
const REFUSED: u16 = 403;
const NO_AMQP: &str = "the server does not answer like one for AMQP 0-9-1";

pub(super) async fn login(login: &Login, password: &str, stream: TcpStream) -> Tried {
    let mut stream = match login.secured(stream).await {
        Ok(stream) => stream,
        Err(tried) => return tried,
    };
    match handshake(login, password, &mut stream).await {
        Some(tried) => tried,
        None => Tried::other(NO_AMQP),
    }
}

/// Nothing where the server breaks off or says something else.
async fn handshake(login: &Login, password: &str, stream: &mut Box<dyn Wire>) -> Option<Tried> {
    let mut buffer = Vec::new();
    send(&AMQPFrame::ProtocolHeader(ProtocolVersion::amqp_0_9_1()), stream).await?;
    let AMQPMethod::Start(start) = receive(stream, &mut buffer).await? else { return None };
    let Some(mechanism) = mechanism(&start) else {
        return Some(Tried::other("the server wants another kind of login than by password"));
    };
    let credentials = Credentials::new(login.user().into(), password.into());
    let answer = StartOk {
        client_properties: properties(),
        mechanism: mechanism.name().into(),
        response: credentials.sasl_auth_string(mechanism),
        locale: "en_US".into(),
    };
    send(&AMQPFrame::Method(0, AMQPClass::Connection(AMQPMethod::StartOk(answer))), stream).await?;
    Some(match receive(stream, &mut buffer).await {
        Some(AMQPMethod::Tune(_)) => Tried::In,
        Some(AMQPMethod::Close(close)) if close.reply_code == REFUSED => Tried::Out("ACCESS_REFUSED".to_owned()),
        Some(AMQPMethod::Close(close)) => Tried::Else(format!("the server answers {}", close.reply_code)),
        Some(_) => return None,
        None => Tried::other("the server hung up at the login, without a word"),
    })
}

fn mechanism(start: &Start) -> Option<SASLMechanism> {
    let offered = start.mechanisms.to_string();
    let known = [SASLMechanism::Plain, SASLMechanism::AMQPlain];
    known.into_iter().find(|mechanism| offered.split_whitespace().any(|word| word == mechanism.name()))
}

/// With the wish to be told of a wrong password, where a broker would just hang up.
fn properties() -> FieldTable {
    let (mut all, mut capabilities) = (FieldTable::default(), FieldTable::default());
    capabilities.insert("authentication_failure_close".into(), AMQPValue::Boolean(true));
    all.insert("product".into(), AMQPValue::LongString("unleak".into()));
    all.insert("capabilities".into(), AMQPValue::FieldTable(capabilities));
    all
}

async fn send(frame: &AMQPFrame, stream: &mut Box<dyn Wire>) -> Option<()> {
    let bytes = gen_frame(frame)(WriteContext::from(Vec::new())).ok()?.write;
    stream.write_all(&bytes).await.ok()?;
    stream.flush().await.ok()
}

/// The next method of the connection itself.
async fn receive(stream: &mut Box<dyn Wire>, buffer: &mut Vec<u8>) -> Option<AMQPMethod> {
    loop {
        match parse_frame(buffer.as_slice()) {
            Ok((rest, frame)) => {
                let used = buffer.len() - rest.len();
                buffer.drain(..used);
                match frame {
                    AMQPFrame::Method(0, AMQPClass::Connection(method)) => return Some(method),
                    AMQPFrame::Heartbeat => continue,
                    _ => return None,
                }
            }
            Err(error) if !error.is_incomplete() || buffer.len() > LONGEST => return None,
            Err(_) => {}
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}
