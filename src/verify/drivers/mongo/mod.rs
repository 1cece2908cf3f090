//! MongoDB: a login by SCRAM and nothing else, no command but those of the login is sent. The official client
//! resolves names itself and dials what it finds, so it cannot be held to the address that was judged; its protocol
//! is spoken here, as far as a login goes. TLS where the URL says so; without it only for a host that the user named.

mod bson;
mod scram;

use bstr::ByteSlice;
use data_encoding::BASE64;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use self::bson::{Document, Value, get, texts};
use self::scram::{Exchange, Hash};
use super::tls::Wire;
use super::{Login, Tried};

/// The opcode of the only kind of message that servers since version 3.6 need.
const OP_MSG: i32 = 2013;
/// Longer answers belong to no login.
const LONGEST: usize = 256 << 10;
const AUTHENTICATION_FAILED: f64 = 18.0;
const NO_MONGO: &str = "the server does not answer like MongoDB";

pub(super) async fn login(login: &Login, password: &str, stream: TcpStream) -> Tried {
    let wanted = login.url.option("authmechanism");
    if wanted.is_some_and(|name| hash(name).is_none()) {
        return Tried::other("its URL wants another kind of login than by password");
    }
    match login.secured(stream).await {
        Ok(stream) => exchange(login, password, stream).await.unwrap_or_else(|| Tried::other(NO_MONGO)),
        Err(tried) => tried,
    }
}

/// Nothing where the server breaks off or says something else.
async fn exchange(login: &Login, password: &str, mut stream: Box<dyn Wire>) -> Option<Tried> {
    let database = login.url.option("authsource").unwrap_or(match login.url.database.as_str() {
        "" => "admin",
        name => name,
    });
    let hello = Document::new().int("hello", 1).text("saslSupportedMechs", &format!("{database}.{}", login.user())).text("$db", "admin");
    let greeting = ask(&mut stream, hello).await?;
    let offered = match get(&greeting, "saslSupportedMechs") {
        Some(Value::List(list)) => texts(list).into_iter().filter_map(hash).collect(),
        // A server says nothing of users that it does not know.
        _ => vec![Hash::Sha1],
    };
    let named = login.url.option("authmechanism").and_then(hash);
    let best = || [Hash::Sha256, Hash::Sha1].into_iter().find(|hash| offered.contains(hash));
    let Some(hash) = named.or_else(best) else {
        return Some(Tried::other("the server wants another kind of login than by password"));
    };
    let Some(password) = hash.password(login.user(), password) else {
        return Some(Tried::other("the password holds characters that MongoDB does not take"));
    };
    let scram = Exchange::new(hash, login.user(), nonce()?);
    let options = Document::new().yes("skipEmptyExchange");
    let start = Document::new().int("saslStart", 1).text("mechanism", hash.name()).binary("payload", scram.first().as_bytes());
    let reply = ask(&mut stream, start.document("options", options).text("$db", database)).await?;
    let first = match payload(&reply) {
        Ok(text) => text,
        Err(tried) => return Some(tried),
    };
    let Some(last) = scram.last(&first, &password) else { return Some(Tried::other(NO_MONGO)) };
    let Some(Value::Number(conversation)) = get(&reply, "conversationId") else { return None };
    let next = Document::new().int("saslContinue", 1).int("conversationId", conversation as i32);
    let reply = ask(&mut stream, next.binary("payload", last.message.as_bytes()).text("$db", database)).await?;
    Some(match payload(&reply) {
        Ok(text) if last.is_answered(&text) => Tried::In,
        Ok(_) => Tried::other("the server does not prove that it knows the password"),
        Err(tried) => tried,
    })
}

fn hash(name: &str) -> Option<Hash> {
    [Hash::Sha256, Hash::Sha1].into_iter().find(|hash| hash.name().eq_ignore_ascii_case(name))
}

fn nonce() -> Option<String> {
    let mut bytes = [0; 24];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(BASE64.encode(&bytes))
}

/// The text of an answer's payload, or what it means that there is none.
fn payload(reply: &[u8]) -> Result<String, Tried> {
    let code = get(reply, "code");
    match (get(reply, "ok"), get(reply, "payload")) {
        (Some(Value::Number(1.0)), Some(Value::Binary(bytes))) => Ok(bytes.to_str_lossy().into_owned()),
        _ if code == Some(Value::Number(AUTHENTICATION_FAILED)) => Err(Tried::Out("AuthenticationFailed".to_owned())),
        _ => Err(match code {
            Some(Value::Number(code)) => Tried::Else(format!("the server answers {code}")),
            _ => Tried::other(NO_MONGO),
        }),
    }
}

/// Sends a command and reads the document that answers it.
async fn ask(stream: &mut Box<dyn Wire>, command: Document) -> Option<Vec<u8>> {
    let document = command.done();
    let length = (16 + 4 + 1 + document.len()) as i32;
    let head = [length, 1, 0, OP_MSG, 0].map(i32::to_le_bytes).concat();
    stream.write_all(&[head.as_slice(), &[0], &document].concat()).await.ok()?;
    stream.flush().await.ok()?;
    let mut head = [0; 16];
    stream.read_exact(&mut head).await.ok()?;
    let number = |at: usize| i32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let length = usize::try_from(number(0)).ok().filter(|length| (16 + 5..LONGEST).contains(length))?;
    let mut body = vec![0; length - 16];
    stream.read_exact(&mut body).await.ok()?;
    // Four bytes of flags, then a section of kind 0, which is one document.
    (number(12) == OP_MSG && body[4] == 0).then(|| body.split_off(5))
}
