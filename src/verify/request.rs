//! From a rule's row and the values at hand to one request: where it goes, and what it holds. What it holds may be
//! a secret, so nothing here can be printed. It sends nothing.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::guard::{Guard, Named};
use super::settings::Settings;
use super::template::{self, Fault, Hidden, Lookup, Position, fill};
use crate::rule::spec::{Call, placeholders};

/// How a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Post,
    Delete,
}

/// One request, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// How.
    pub method: Method,
    /// With TLS; without it only where the user's own endpoint says so.
    pub https: bool,
    /// Lower case, without the port.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query.
    pub target: Hidden,
    /// Names and values.
    pub headers: Vec<(String, Hidden)>,
    /// Nothing, often.
    pub body: Hidden,
    /// The user named this host exactly: it may be at any address.
    pub named: bool,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({:?} {})", self.method, self.authority())
    }
}

impl Request {
    /// Host and port, as an evidence and as the unit of pacing.
    pub fn authority(&self) -> String {
        let usual = if self.https { 443 } else { 80 };
        if self.port == usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// The URL; it may hold the secret.
    pub fn url(&self) -> Hidden {
        let scheme = if self.https { "https" } else { "http" };
        Zeroizing::new(format!("{scheme}://{}:{}{}", self.host, self.port, *self.target))
    }

    /// Adds a header.
    pub fn header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.push((name.to_owned(), Zeroizing::new(value.into())));
    }

    /// All that makes this request different from others, as a digest.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        add(format!("{:?}", self.method).as_bytes());
        add(self.url().as_bytes());
        add(self.body.as_bytes());
        for (name, value) in &self.headers {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        hash.finalize().into()
    }
}

/// Where a provider's requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    https: bool,
    host: String,
    port: u16,
    /// Stands before the path: of an endpoint below a folder.
    base: String,
    named: bool,
}

/// Why no request can be made, for the verdict "not checked".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impossible(pub String);

impl From<Fault> for Impossible {
    fn from(fault: Fault) -> Self {
        Self(match fault {
            Fault::Missing(name) => format!("it needs {name}, which stands nowhere near"),
            Fault::Refused(why) => format!("not sent: {why}"),
        })
    }
}

/// What requests are made from besides values.
#[derive(Clone, Copy)]
pub struct Maker<'a> {
    /// The user's decisions.
    pub settings: &'a Settings,
    /// The hosts that the user named.
    pub guard: &'a Guard,
    /// Whose endpoint counts.
    pub provider: &'a str,
}

impl Maker<'_> {
    /// The request of a row.
    pub fn request(&self, call: &Call, lookup: Lookup<'_>) -> Result<Request, Impossible> {
        let (method, url) = match (&call.get, &call.post, &call.delete) {
            (Some(url), ..) => (Method::Get, url),
            (_, Some(url), _) => (Method::Post, url),
            (.., Some(url)) => (Method::Delete, url),
            _ => return Err(Impossible("its rule has no request".to_owned())),
        };
        let (authority, target) = split(url)?;
        let to = self.destination(authority, lookup)?;
        let target = fill(target, Position::Url, true, lookup)?;
        let mut request = to.request(method, &target)?;
        for header in call.headers.iter() {
            let (name, value) = header.split_once(':').ok_or_else(|| Impossible(format!("its rule has a wrong header: {header:?}")))?;
            request.headers.push((name.trim().to_owned(), fill(value.trim(), Position::Header, true, lookup)?));
        }
        if let Some(auth) = &call.auth {
            request.headers.push(authorization(auth, lookup)?);
        }
        if let Some(body) = &call.body {
            request.body = fill(body, body_position(call, body), false, lookup)?;
        }
        Ok(request)
    }

    /// The host that a rule names, or what the user put in its place.
    pub fn destination(&self, authority: &str, lookup: Lookup<'_>) -> Result<Destination, Impossible> {
        if let Some(base) = self.settings.endpoints.get(self.provider).or_else(|| self.settings.endpoints.get("*")) {
            return endpoint(base).map_err(Impossible);
        }
        if authority.starts_with('{') && placeholders(authority).next().is_some_and(|name| name.len() + 2 == authority.len()) {
            return self.scanned_host(&authority[1..authority.len() - 1], lookup);
        }
        let mut host = String::new();
        for (at, part) in authority.split('.').enumerate() {
            let dot = if at > 0 { "." } else { "" };
            let label = match placeholders(part).next() {
                None => part.to_owned(),
                Some(name) if name.len() + 2 == part.len() => {
                    template::label(lookup(name).ok_or_else(|| Fault::Missing(name.to_owned()))?)?
                }
                Some(_) => return Err(Impossible("its rule puts a value into part of a host's label".to_owned())),
            };
            host.push_str(dot);
            host.push_str(&label);
        }
        let (host, port) = host.split_once(':').map_or((host.as_str(), 443), |(host, port)| (host, port.parse().unwrap_or(443)));
        Ok(Destination { https: true, host: host.to_ascii_lowercase(), port, base: String::new(), named: false })
    }

    /// A host that stands in the scanned text: only where the user allows it.
    fn scanned_host(&self, name: &str, lookup: Lookup<'_>) -> Result<Destination, Impossible> {
        let Some(value) = lookup(name) else {
            return Err(Impossible(format!("nothing says which host it belongs to: --endpoint {}=URL does", self.provider)));
        };
        let host = template::host(value)?;
        let (host, port) = host.split_once(':').map_or((host.as_str(), 443), |(host, port)| (host, port.parse().unwrap_or(443)));
        let named = self.guard.named(host, port);
        if named == Named::No {
            let at = if port == 443 { host.to_owned() } else { format!("{host}:{port}") };
            return Err(Impossible(format!("its host stands in the scanned text: --verify-hosts {at} allows it")));
        }
        Ok(Destination { https: true, host: host.to_owned(), port, base: String::new(), named: named == Named::Exactly })
    }
}

impl Destination {
    /// A request to there.
    pub fn request(&self, method: Method, target: &str) -> Result<Request, Impossible> {
        let target = Zeroizing::new(format!("{}{}{target}", self.base, if target.starts_with('/') { "" } else { "/" }));
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let dots = |part: &str| matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
        if path.split('/').any(dots) {
            return Err(Impossible("not sent: the value would lead to another path".to_owned()));
        }
        let Self { https, host, port, named, .. } = self.clone();
        Ok(Request { method, https, host, port, target, headers: Vec::new(), body: Hidden::default(), named })
    }
}

/// Host and the rest of a rule's URL.
fn split(url: &str) -> Result<(&str, &str), Impossible> {
    let rest = url.strip_prefix("https://").ok_or_else(|| Impossible("its rule names no https URL".to_owned()))?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    Ok(rest.split_at(end))
}

/// The parts of an endpoint that the user named.
pub fn endpoint(url: &str) -> Result<Destination, String> {
    let wrong = || format!("{url:?} is no endpoint: give http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH]");
    let (https, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return Err(wrong()),
    };
    let (authority, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port.parse::<u16>().map_err(|_| wrong())?)),
        _ => (authority, None),
    };
    let inside = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
    if host.is_empty() || !host.chars().all(inside) || base.contains(['?', '#']) {
        return Err(wrong());
    }
    let port = port.unwrap_or(if https { 443 } else { 80 });
    Ok(Destination { https, host: host.to_ascii_lowercase(), port, base: base.trim_end_matches('/').to_owned(), named: true })
}

/// The server of SSH that the user named: who logs in (`git`, if nothing is said), host and port.
pub fn ssh_place(text: &str) -> Result<(String, String, u16), String> {
    let wrong = || format!("{text:?} is no server of SSH: give [USER@]HOST[:PORT]");
    let rest = text.strip_prefix("ssh://").unwrap_or(text).trim_end_matches('/');
    let (user, authority) = rest.rsplit_once('@').unwrap_or(("git", rest));
    let destination = endpoint(&format!("https://{authority}")).map_err(|_| wrong())?;
    let is_name = |c: char| c.is_ascii_graphic() && !":@/".contains(c);
    if user.is_empty() || !user.chars().all(is_name) || !destination.base.is_empty() {
        return Err(wrong());
    }
    let (host, port) = destination.host_and_port();
    let port = if authority.ends_with(&format!(":{port}")) { port } else { 22 };
    Ok((user.to_owned(), host.trim_matches(['[', ']']).to_owned(), port))
}

impl Destination {
    /// Host and port, for the list of those that the user named.
    pub fn host_and_port(&self) -> (&str, u16) {
        (&self.host, self.port)
    }
}

/// The header that carries the secret, see `rules/README.md`.
fn authorization(auth: &str, lookup: Lookup<'_>) -> Result<(String, Hidden), Impossible> {
    let standard = |value: Hidden| ("Authorization".to_owned(), value);
    Ok(match auth.split_once(':') {
        None if auth == "bearer" => standard(fill("Bearer {secret}", Position::Header, true, lookup)?),
        None if auth == "basic-user" => standard(template::basic("{secret}", "", lookup)?),
        Some(("header", name)) => (name.to_owned(), fill("{secret}", Position::Header, true, lookup)?),
        Some(("basic", pair)) => {
            let (user, password) = pair.split_once(':').unwrap_or((pair, ""));
            standard(template::basic(user, password, lookup)?)
        }
        _ => return Err(Impossible(format!("its rule wants an unknown kind of authorisation: {auth:?}"))),
    })
}

fn body_position(call: &Call, body: &str) -> Position {
    let form = call.headers.iter().any(|header| header.to_ascii_lowercase().contains("x-www-form-urlencoded"));
    match body.trim_start().chars().next() {
        _ if form => Position::Url,
        Some('{' | '[') => Position::Json,
        Some('<') => Position::Xml,
        _ => Position::Url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(url: &'static str, auth: &'static str) -> Call {
        Call { get: Some(url.into()), auth: Some(auth.into()), ..Call::default() }
    }

    fn make(call: &Call, hosts: &[&str], values: &[(&str, &str)]) -> Result<Request, Impossible> {
        let (settings, guard) = (Settings::default(), Guard::new(hosts).unwrap());
        let maker = Maker { settings: &settings, guard: &guard, provider: "lake" };
        maker.request(call, &|name| values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes()))
    }

    #[test]
    fn a_label_stays_under_the_rules_domain() {
        let call = call("https://{dc}.api.lake.example/3.0/", "basic:any:{secret}");
        let request = make(&call, &[], &[("secret", "s"), ("dc", "US1")]).unwrap();
        assert_eq!((request.host.as_str(), request.port, request.named), ("us1.api.lake.example", 443, false));
        for hostile in ["evil.example#", "me@evil.example", "evil.example/", "a.b", "x:1"] {
            assert!(make(&call, &[], &[("secret", "s"), ("dc", hostile)]).is_err(), "{hostile}");
        }
        assert!(format!("{:?}", make(&call, &[], &[("secret", "s3cr3t"), ("dc", "a")]).unwrap()).find("s3cr3t").is_none());
    }

    #[test]
    fn a_host_from_the_text_needs_the_users_word() {
        let call = call("https://{host}/v1/me", "bearer");
        let values = [("secret", "s"), ("host", "vault.evil.example")];
        let refused = make(&call, &[], &values).unwrap_err();
        assert!(refused.0.contains("--verify-hosts vault.evil.example"), "{refused:?}");
        assert!(make(&call, &["vault.evil.example"], &values).unwrap().named);
        assert!(!make(&call, &["*.evil.example"], &values).unwrap().named);
        assert!(make(&call, &[], &[("secret", "s")]).unwrap_err().0.contains("--endpoint lake=URL"));
    }

    #[test]
    fn no_value_leads_to_another_path() {
        let call = Call { get: Some("https://api.lake.example/keys/{secret}/me".into()), ..Call::default() };
        assert_eq!(*make(&call, &[], &[("secret", "a/b")]).unwrap().target, "/keys/a%2Fb/me");
        assert!(make(&call, &[], &[("secret", "..")]).is_err());
    }

    #[test]
    fn a_server_of_ssh_is_named_in_the_usual_ways() {
        let place = |text: &str| ssh_place(text).map(|(user, host, port)| format!("{user} {host} {port}"));
        for (text, wanted) in [
            ("git.corp.example", "git git.corp.example 22"),
            ("root@10.0.0.7:2222", "root 10.0.0.7 2222"),
            ("ssh://me@Host.example:443/", "me host.example 443"),
            ("[::1]", "git ::1 22"),
        ] {
            assert_eq!(place(text).as_deref(), Ok(wanted), "{text}");
        }
        for wrong in ["", "@h", "a b@h", "h:x", "h/path", "https://h"] {
            assert!(ssh_place(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn endpoints_stand_in_for_the_providers_host() {
        let mut settings = Settings::default();
        settings.endpoints.insert("lake".into(), "http://127.0.0.1:8080/api/v3/".into());
        let maker = Maker { settings: &settings, guard: &Guard::default(), provider: "lake" };
        let request = maker.request(&call("https://api.lake.example/user?x=1", "bearer"), &|_| Some(b"s")).unwrap();
        assert_eq!((request.https, request.authority(), request.target.as_str()), (false, "127.0.0.1:8080".into(), "/api/v3/user?x=1"));
        assert!(request.named);
        for wrong in ["lake.example", "ftp://x", "http://", "https://u@h", "https://h:port", "https://h/?q"] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
    }
}
