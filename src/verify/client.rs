//! Sends one request and hands back one bounded answer. The address that was judged is the one that is dialled;
//! no redirect is followed; what goes wrong is told without the URL. It does not know what a request asks.

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::guard::{self, Guard, Named};
use super::judge::Reply;
use super::request::{Method, Request};
use super::settings::{Proxies, Settings};

/// The most bytes of an answer that are read.
const BODY: usize = 256 << 10;
const CONNECT: Duration = Duration::from_secs(5);
/// The reason of a refused address, in errors of ours.
pub const NOT_PUBLIC: &str = "the address is not on the public internet";

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It was not sent, and why.
    Refused(String),
    /// Nobody answered in time.
    Slow,
    /// No connection: why, in a few words.
    Unreachable(String),
    /// The answer broke off or is no HTTP.
    Garbage,
}

/// A client that goes only where it may.
pub struct Client {
    http: reqwest::Client,
}

impl Client {
    /// Makes it ready. An error says what of the proxies or certificates is wrong.
    pub fn new(settings: &Settings, guard: &Arc<Guard>) -> Result<Self, String> {
        // Somebody who has chosen another provider for the whole program keeps it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (proxies, gates) = proxies(&settings.proxies)?;
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("unleak/", env!("CARGO_PKG_VERSION")))
            .timeout(settings.timeout)
            .connect_timeout(CONNECT.min(settings.timeout))
            .pool_max_idle_per_host(4)
            .dns_resolver(Public { guard: Arc::clone(guard), gates: gates.into() });
        let roots: Result<Vec<_>, _> = settings.roots.iter().map(|der| reqwest::Certificate::from_der(der)).collect();
        let roots = roots.map_err(|_| "one of the certificates of `verify.ca` cannot be read".to_owned())?;
        if !roots.is_empty() {
            builder = builder.tls_certs_merge(roots);
        }
        for proxy in proxies {
            builder = builder.proxy(proxy);
        }
        let http = builder.build().map_err(|error| format!("cannot prepare requests: {}", innermost(&error)))?;
        Ok(Self { http })
    }

    /// Sends the request, once.
    pub async fn send(&self, request: &Request) -> Result<Reply, Trouble> {
        let url = checked(request)?;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut prepared = self.http.request(method, url).headers(headers(request)?);
        if request.method == Method::Post || !request.body.is_empty() {
            prepared = prepared.body(request.body.as_bytes().to_vec());
        }
        let mut response = prepared.send().await.map_err(|error| trouble(&error))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let scopes = response.headers().get("x-oauth-scopes").and_then(|value| Some(value.to_str().ok()?.chars().take(500).collect()));
        let mut body = Zeroizing::new(Vec::new());
        while body.len() < BODY {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let room = BODY - body.len();
                    body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                }
                Ok(None) => break,
                Err(error) => return Err(trouble(&error)),
            }
        }
        Ok(Reply { status, retry_after: retry_after.map(Duration::from_secs), scopes, body })
    }
}

/// The URL, once more: what a URL parser makes of it must be what the request says.
fn checked(request: &Request) -> Result<reqwest::Url, Trouble> {
    let refused = |why: &str| Trouble::Refused(why.to_owned());
    let url = reqwest::Url::parse(&request.url()).map_err(|_| refused("it makes no URL"))?;
    let host = url.host_str().unwrap_or_default();
    let same = host == request.host && url.port_or_known_default() == Some(request.port);
    if !same || !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(refused("its values would change where it goes"));
    }
    if request.named {
        return Ok(url);
    }
    if !request.https {
        return Err(refused("it would go in the clear"));
    }
    match guard::literal(host) {
        Some(address) if !guard::is_public(address) => Err(refused(NOT_PUBLIC)),
        None if is_local(host) => Err(refused("the host's name is a local one")),
        _ => Ok(url),
    }
}

/// Names that only a local resolver or a proxy's knows.
fn is_local(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    !host.contains('.') || [".localhost", ".local", ".internal", ".lan", ".home.arpa"].iter().any(|end| host.ends_with(end))
}

fn headers(request: &Request) -> Result<HeaderMap, Trouble> {
    let mut map = HeaderMap::new();
    for (name, value) in &request.headers {
        let wrong = |_| Trouble::Refused(format!("the header {name:?} cannot be sent"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(()))?;
        let mut value = HeaderValue::from_str(value).map_err(|_| wrong(()))?;
        value.set_sensitive(true);
        map.append(name, value);
    }
    Ok(map)
}

fn trouble(error: &reqwest::Error) -> Trouble {
    let why = innermost(error);
    if why == NOT_PUBLIC {
        Trouble::Refused(why)
    } else if error.is_timeout() {
        Trouble::Slow
    } else if error.is_connect() {
        Trouble::Unreachable(why)
    } else {
        Trouble::Garbage
    }
}

/// The last cause of an error: those above it repeat the URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut inner = error.source();
    while let Some(deeper) = inner.and_then(std::error::Error::source) {
        inner = Some(deeper);
    }
    let text = inner.map_or_else(|| "no connection".to_owned(), ToString::to_string);
    let text = text.split(" (os error").next().unwrap_or_default().to_lowercase();
    text.chars().take(120).collect()
}

/// The user's proxies, and their hosts: those may be at any address.
fn proxies(given: &Proxies) -> Result<(Vec<reqwest::Proxy>, Vec<String>), String> {
    let none = given.none.as_deref().and_then(reqwest::NoProxy::from_string);
    let (mut all, mut gates) = (Vec::new(), Vec::new());
    type Make = fn(reqwest::Url) -> reqwest::Result<reqwest::Proxy>;
    for (url, make) in [(&given.https, reqwest::Proxy::https as Make), (&given.http, reqwest::Proxy::http as Make)] {
        let Some(url) = url else { continue };
        let full = if url.contains("://") { url.clone() } else { format!("http://{url}") };
        let wrong = || "the proxy is no URL: give http://HOST:PORT".to_owned();
        let parsed = reqwest::Url::parse(&full).map_err(|_| wrong())?;
        gates.push(parsed.host_str().ok_or_else(wrong)?.to_ascii_lowercase());
        let proxy = make(parsed).map_err(|_| wrong())?;
        all.push(proxy.no_proxy(none.clone()));
    }
    Ok((all, gates))
}

/// Resolves names to public addresses only, but for hosts that the user named and his proxies.
struct Public {
    guard: Arc<Guard>,
    gates: Arc<[String]>,
}

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let free = self.guard.named_at_any_port(name.as_str()) == Named::Exactly || self.gates.iter().any(|gate| gate == name.as_str());
        Box::pin(async move { Ok(Box::new(addresses(name.as_str(), 0, free).await?.into_iter()) as Addrs) })
    }
}

/// The addresses of a name that may be dialled.
pub async fn addresses(host: &str, port: u16, free: bool) -> std::io::Result<Vec<SocketAddr>> {
    let all: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    let allowed: Vec<SocketAddr> = all.into_iter().filter(|address| free || is_dialled(address.ip())).collect();
    if allowed.is_empty() { Err(std::io::Error::other(NOT_PUBLIC)) } else { Ok(allowed) }
}

fn is_dialled(address: IpAddr) -> bool {
    guard::is_public(address)
}

#[cfg(test)]
mod tests {
    use super::super::template::Hidden;
    use super::*;

    fn request(host: &str, named: bool) -> Request {
        Request {
            method: Method::Get,
            https: true,
            host: host.into(),
            port: 443,
            target: Zeroizing::new("/x".to_owned()),
            headers: Vec::new(),
            body: Hidden::default(),
            named,
        }
    }

    #[test]
    fn only_what_the_user_named_may_be_local() {
        for host in ["127.0.0.1", "[::1]", "169.254.169.254", "localhost", "db", "metadata.google.internal", "x.local"] {
            assert!(matches!(checked(&request(host, false)), Err(Trouble::Refused(_))), "{host}");
            assert!(checked(&request(host, true)).is_ok(), "{host}");
        }
        assert!(checked(&request("api.lake.example", false)).is_ok());
        // Other spellings of an address become one in a URL.
        for host in ["2130706433", "0x7f.1", "127.1"] {
            assert!(checked(&request(host, false)).is_err() && checked(&request(host, true)).is_err(), "{host}");
        }
        assert!(checked(&Request { https: false, port: 80, ..request("api.lake.example", false) }).is_err());
    }

    #[test]
    fn a_name_that_resolves_to_a_local_address_is_refused() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert!(runtime.block_on(addresses("localhost", 80, true)).is_ok());
        assert_eq!(runtime.block_on(addresses("localhost", 80, false)).unwrap_err().to_string(), NOT_PUBLIC);
        let settings = Settings { timeout: Duration::from_secs(2), ..Settings::default() };
        let client = Client::new(&settings, &Arc::new(Guard::default())).unwrap();
        // The name passes as far as the resolver, which knows better.
        let named = Request { named: true, ..request("localhost", true) };
        let Err(trouble) = runtime.block_on(client.send(&named)) else { panic!("it was sent") };
        assert_eq!(trouble, Trouble::Refused(NOT_PUBLIC.to_owned()));
    }
}
