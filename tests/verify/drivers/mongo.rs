//! A MongoDB server that knows one user, by either of its mechanisms: the server's side of SCRAM, written from the
//! standard and not from the program.

use std::io::{Read, Write};
use std::net::TcpStream;

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;

const SALT: &[u8] = b"0123456789abcdef";
const ROUNDS: u32 = 4096;

fn field(kind: u8, name: &str, value: &[u8]) -> Vec<u8> {
    [&[kind], name.as_bytes(), &[0], value].concat()
}

fn text(name: &str, value: &str) -> Vec<u8> {
    field(2, name, &[&(value.len() as u32 + 1).to_le_bytes(), value.as_bytes(), &[0]].concat())
}

fn binary(name: &str, value: &[u8]) -> Vec<u8> {
    field(5, name, &[&(value.len() as u32).to_le_bytes()[..], &[0], value].concat())
}

fn document(fields: &[Vec<u8>]) -> Vec<u8> {
    let inner = fields.concat();
    [&(inner.len() as u32 + 5).to_le_bytes()[..], &inner, &[0]].concat()
}

fn ok(fields: &[Vec<u8>]) -> Vec<u8> {
    document(&[fields.concat(), field(1, "ok", &1f64.to_le_bytes())])
}

fn refused() -> Vec<u8> {
    let code = field(16, "code", &18i32.to_le_bytes());
    document(&[field(1, "ok", &0f64.to_le_bytes()), text("errmsg", "Authentication failed."), code])
}

/// The document of the next message.
fn receive(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = [0; 16];
    stream.read_exact(&mut head).ok()?;
    let mut body = vec![0; u32::from_le_bytes(head[..4].try_into().unwrap()) as usize - 16];
    stream.read_exact(&mut body).ok()?;
    assert_eq!(head[12..16], 2013i32.to_le_bytes());
    Some(body.split_off(5))
}

fn send(stream: &mut TcpStream, document: &[u8]) -> Option<()> {
    let head = [21 + document.len() as i32, 7, 1, 2013, 0].map(i32::to_le_bytes).concat();
    stream.write_all(&[&head, &[0][..], document].concat()).ok()
}

/// The payload of a message of the exchange.
fn payload(message: &[u8]) -> String {
    let at = message.windows(8).position(|window| window == b"payload\0").unwrap() + 8;
    let length = u32::from_le_bytes(message[at..at + 4].try_into().unwrap()) as usize;
    String::from_utf8(message[at + 5..at + 5 + length].to_vec()).unwrap()
}

fn part<'t>(text: &'t str, name: &str) -> &'t str {
    text.split(',').find_map(|part| part.strip_prefix(name)).unwrap()
}

struct Sides {
    client: Vec<u8>,
    server: Vec<u8>,
}

/// What each side has to send, computed from what the server stores.
fn sides<M: Mac + KeyInit>(hash: fn(&[u8]) -> Vec<u8>, salted: &[u8], all: &str) -> Sides {
    let mac = |key: &[u8], text: &[u8]| {
        let mut mac = <M as KeyInit>::new_from_slice(key).unwrap();
        mac.update(text);
        mac.finalize().into_bytes().to_vec()
    };
    let client = mac(salted, b"Client Key");
    let signature = mac(&hash(&client), all.as_bytes());
    let proof = client.iter().zip(signature).map(|(a, b)| a ^ b).collect();
    Sides { client: proof, server: mac(&mac(salted, b"Server Key"), all.as_bytes()) }
}

fn serve(stream: &mut TcpStream, password: &str, mechanism: &str, database: &str) -> Option<String> {
    let hello = receive(stream)?;
    let holds = |message: &[u8], text: &str| message.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&hello, &format!("{database}.")), "it asks about a user of {database}");
    send(stream, &ok(&[field(4, "saslSupportedMechs", &document(&[text("0", mechanism)]))]))?;
    let start = receive(stream)?;
    assert!(holds(&start, mechanism));
    let first = payload(&start);
    let (user, nonce) = (part(&first, "n=").to_owned(), format!("{}SERVER", part(&first, "r=")));
    let reply = format!("r={nonce},s={},i={ROUNDS}", BASE64.encode(SALT));
    let conversation = field(16, "conversationId", &5i32.to_le_bytes());
    send(stream, &ok(&[conversation.clone(), field(8, "done", &[0]), binary("payload", reply.as_bytes())]))?;
    let last = payload(&receive(stream)?);
    let (without, proof) = last.split_once(",p=").unwrap();
    let all = format!("{},{reply},{without}", first.strip_prefix("n,,").unwrap());
    let sides = if mechanism == "SCRAM-SHA-1" {
        let word = HEXLOWER.encode(&md5::Md5::digest(format!("app:mongo:{password}")));
        let mut salted = [0; 20];
        pbkdf2::pbkdf2_hmac::<Sha1>(word.as_bytes(), SALT, ROUNDS, &mut salted);
        sides::<Hmac<Sha1>>(|bytes| Sha1::digest(bytes).to_vec(), &salted, &all)
    } else {
        let mut salted = [0; 32];
        pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), SALT, ROUNDS, &mut salted);
        sides::<Hmac<Sha256>>(|bytes| Sha256::digest(bytes).to_vec(), &salted, &all)
    };
    let answer = if user == "app" && BASE64.decode(proof.as_bytes()).unwrap() == sides.client {
        let done = format!("v={}", BASE64.encode(&sides.server));
        ok(&[conversation, field(8, "done", &[1]), binary("payload", done.as_bytes())])
    } else {
        refused()
    };
    send(stream, &answer)?;
    Some(user)
}

/// By the newer mechanism, of users of the database `admin`.
pub fn newer(stream: &mut TcpStream, password: &str) -> Option<String> {
    serve(stream, password, "SCRAM-SHA-256", "admin")
}

/// By the older one, of users of the database `shop`.
pub fn older(stream: &mut TcpStream, password: &str) -> Option<String> {
    serve(stream, password, "SCRAM-SHA-1", "shop")
}

/// Takes every password, but cannot show that it knows it.
pub fn pretender(stream: &mut TcpStream, _: &str) -> Option<String> {
    receive(stream)?;
    send(stream, &ok(&[field(4, "saslSupportedMechs", &document(&[text("0", "SCRAM-SHA-256")]))]))?;
    let nonce = format!("{}SERVER", part(&payload(&receive(stream)?), "r="));
    let reply = format!("r={nonce},s={},i={ROUNDS}", BASE64.encode(SALT));
    let conversation = field(16, "conversationId", &5i32.to_le_bytes());
    send(stream, &ok(&[conversation.clone(), binary("payload", reply.as_bytes())]))?;
    receive(stream)?;
    send(stream, &ok(&[conversation, field(8, "done", &[1]), binary("payload", b"v=QUJD")]))?;
    Some("app".to_owned())
}
