//! Servers on loopback that know one user, `app`, with one password, each in its own protocol, and as much of it as a
//! login needs. They remember all that they heard, and stop when they are dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE64;
use sha1::{Digest, Sha1};

/// A running server.
pub struct Server {
    pub port: u16,
    logins: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
}

/// What a protocol does with a connection; it says who tried to log in.
type Manner = fn(&mut TcpStream, &str) -> Option<String>;

impl Server {
    pub fn new(password: &str, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (logins, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (heard, stop, password) = (Arc::clone(&logins), Arc::clone(&over), password.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(mut stream) = stream else { continue };
                let (heard, password) = (Arc::clone(&heard), password.clone());
                std::thread::spawn(move || {
                    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    if let Some(user) = manner(&mut stream, &password) {
                        heard.lock().unwrap().push(user);
                    }
                });
            }
        });
        Self { port, logins, over }
    }

    /// Who tried to log in so far.
    pub fn logins(&self) -> Vec<String> {
        self.logins.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Answers anything with something.
pub fn garbage(stream: &mut TcpStream, _: &str) -> Option<String> {
    stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").ok()?;
    None
}

/// Says nothing at all.
pub fn silence(stream: &mut TcpStream, _: &str) -> Option<String> {
    let _ = stream.read(&mut [0; 1]);
    std::thread::sleep(Duration::from_secs(3));
    None
}

/// A mail server without TLS.
pub fn smtp(stream: &mut TcpStream, password: &str) -> Option<String> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut user = None;
    stream.write_all(b"220 lake ESMTP\r\n").ok()?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return user;
        }
        let answer = match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["EHLO", _] => "250-lake\r\n250-SIZE 1000\r\n250 AUTH PLAIN LOGIN\r\n",
            ["AUTH", "PLAIN", pair] => {
                let pair = String::from_utf8(BASE64.decode(pair.as_bytes()).ok()?).ok()?;
                let parts: Vec<&str> = pair.split('\0').collect();
                user = Some(parts[1].to_owned());
                if parts[1..] == ["app", password] { "235 2.7.0 in\r\n" } else { "535 5.7.8 no\r\n" }
            }
            ["QUIT"] => "221 bye\r\n",
            _ => "502 what\r\n",
        };
        stream.write_all(answer.as_bytes()).ok()?;
    }
}

fn frame(class: u16, method: u16, arguments: &[u8]) -> Vec<u8> {
    let payload = [&class.to_be_bytes(), &method.to_be_bytes(), arguments].concat();
    [&[1, 0, 0][..], &(payload.len() as u32).to_be_bytes(), &payload, &[0xce]].concat()
}

/// A broker.
pub fn amqp(stream: &mut TcpStream, password: &str) -> Option<String> {
    let mut head = [0; 8];
    stream.read_exact(&mut head).ok()?;
    assert_eq!(&head, b"AMQP\x00\x00\x09\x01");
    let long = |text: &str| [&(text.len() as u32).to_be_bytes(), text.as_bytes()].concat();
    let start = [&[0, 9][..], &[0, 0, 0, 0], &long("AMQPLAIN PLAIN"), &long("en_US")].concat();
    stream.write_all(&frame(10, 10, &start)).ok()?;
    let mut head = [0; 7];
    stream.read_exact(&mut head).ok()?;
    let mut body = vec![0; u32::from_be_bytes(head[3..7].try_into().unwrap()) as usize + 1];
    stream.read_exact(&mut body).ok()?;
    let text = String::from_utf8_lossy(&body).into_owned();
    assert!(body[..4] == [0, 10, 0, 11] && text.contains("authentication_failure_close"), "{text:?}");
    let good = text.contains(&format!("\0app\0{password}\u{5}en_US"));
    let answer = if good {
        frame(10, 30, &[0; 8])
    } else {
        let why = "ACCESS_REFUSED - Login was refused";
        frame(10, 50, &[&403u16.to_be_bytes()[..], &[why.len() as u8], why.as_bytes(), &[0; 4]].concat())
    };
    stream.write_all(&answer).ok()?;
    let _ = stream.read(&mut [0; 1]);
    Some(text.split('\0').rev().nth(1).unwrap_or_default().to_owned())
}

fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32).to_le_bytes()[..3], &[number], payload].concat()
}

fn scrambled(password: &str, salt: &[u8]) -> Vec<u8> {
    let once = Sha1::digest(password);
    let twice = Sha1::digest(once);
    let mask = Sha1::digest([salt, &twice].concat());
    once.iter().zip(mask).map(|(a, b)| a ^ b).collect()
}

/// A MySQL server without TLS, whose only database is `shop`.
pub fn mysql(stream: &mut TcpStream, password: &str) -> Option<String> {
    let salt = b"abcdefghijklmnopqrst";
    // Long passwords, a database, protocol 4.1, transactions, secure connections, plug-ins.
    let flags: u32 = 1 | 8 | 0x200 | 0x2000 | 0x8000 | 0x8_0000;
    let (low, high) = ((flags & 0xffff) as u16, (flags >> 16) as u16);
    let begin = [&[10][..], b"8.0.0\0", &[1, 0, 0, 0], &salt[..8], &[0], &low.to_le_bytes(), &[45, 2, 0], &high.to_le_bytes()].concat();
    let end = [&[21][..], &[0; 10], &salt[8..], &[0], b"mysql_native_password\0"].concat();
    stream.write_all(&packet(0, &[begin, end].concat())).ok()?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).ok()?;
    let mut body = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
    stream.read_exact(&mut body).ok()?;
    let rest = body.get(32..)?;
    let user = rest.split(|b| *b == 0).next()?;
    let rest = &rest[user.len() + 1..];
    let (proof, rest) = rest[1..].split_at(usize::from(rest[0]));
    let database = rest.split(|b| *b == 0).next()?;
    let fault = |code: u16, text: &str| [&[0xff][..], &code.to_le_bytes(), b"#28000", text.as_bytes()].concat();
    let answer = if user != b"app" || proof != scrambled(password, salt) {
        fault(1045, "Access denied")
    } else if database != b"shop" {
        fault(1049, "Unknown database")
    } else {
        vec![0, 0, 0, 2, 0, 0, 0]
    };
    stream.write_all(&packet(head[3] + 1, &answer)).ok()?;
    let _ = stream.read(&mut [0; 8]);
    Some(String::from_utf8_lossy(user).into_owned())
}
