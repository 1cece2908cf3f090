//! A provider on loopback: it hears HTTP requests, with TLS or without, remembers them, and answers as a test wants. It
//! stops when it is dropped. It knows no secret and no rule.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as it was heard.
#[derive(Clone, Debug)]
pub struct Heard {
    pub method: String,
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub when: Instant,
}

impl Heard {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Everything that was sent, as one text.
    pub fn all(&self) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        format!("{} {}\n{headers}\n{}", self.method, self.target, self.body)
    }
}

/// What it says.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub after: Duration,
    /// These bytes instead of HTTP.
    pub raw: Option<Vec<u8>>,
}

/// An answer of that status and body.
pub fn answer(status: u16, body: impl Into<String>) -> Answer {
    Answer { status, headers: Vec::new(), body: body.into(), after: Duration::ZERO, raw: None }
}

impl Answer {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn after(mut self, wait: Duration) -> Self {
        self.after = wait;
        self
    }
}

/// How it answers.
pub type Manner = Arc<dyn Fn(&Heard) -> Answer + Send + Sync>;

/// A running provider.
pub struct Provider {
    pub port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    over: Arc<AtomicBool>,
}

impl Provider {
    /// Listens on a free port of loopback.
    pub fn new(manner: impl Fn(&Heard) -> Answer + Send + Sync + 'static) -> Self {
        Self::shared(Arc::new(manner))
    }

    /// The same with a manner that several share.
    pub fn shared(manner: Manner) -> Self {
        Self::with(manner, None)
    }

    /// One that speaks TLS for that name and this machine, and the certificate by which it is known, in PEM.
    pub fn secure(name: &str, manner: impl Fn(&Heard) -> Answer + Send + Sync + 'static) -> (Self, String) {
        let names = [name, "127.0.0.1", "localhost"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        (Self::with(Arc::new(manner), Some(Arc::new(config))), made.cert.pem())
    }

    fn with(manner: Manner, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heard, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (shared, stop) = (Arc::clone(&heard), Arc::clone(&over));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(stream), shared, manner) = (stream, Arc::clone(&shared), Arc::clone(&manner)) else { continue };
                stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                let tls = tls.clone().map(|config| ServerConnection::new(config).unwrap());
                std::thread::spawn(move || match tls {
                    Some(tls) => serve(StreamOwned::new(tls, stream), &shared, &manner),
                    None => serve(stream, &shared, &manner),
                });
            }
        });
        Self { port, heard, over }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has heard so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Answers the requests of one connection.
fn serve(stream: impl Read + Write, heard: &Mutex<Vec<Heard>>, manner: &Manner) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        heard.lock().unwrap().push(request.clone());
        let answer = manner(&request);
        std::thread::sleep(answer.after);
        let bytes = answer.raw.unwrap_or_else(|| {
            let headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let (status, len) = (answer.status, answer.body.len());
            format!("HTTP/1.1 {status} X\r\ncontent-length: {len}\r\n{headers}\r\n{}", answer.body).into_bytes()
        });
        let stream = reader.get_mut();
        if stream.write_all(&bytes).and_then(|()| stream.flush()).is_err() || answer.status == 0 {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Heard> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&n| n > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Heard { method, target, headers, body: String::from_utf8_lossy(&body).into_owned(), when: Instant::now() })
}
