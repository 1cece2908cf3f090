//! Where a request may go. Addresses that are not on the public internet are refused, unless the user named the
//! host; hosts from scanned text are refused, unless the user allowed them. It knows no request and no secret.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host that the user allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Allowed {
    /// Lower case; for a pattern what follows the `*`, with its dot.
    name: String,
    port: Option<u16>,
    pattern: bool,
}

/// The hosts that the user named.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Vec<Allowed>,
}

/// What the user said of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// Nothing.
    No,
    /// It falls under a pattern: it may be asked, at a public address.
    Pattern,
    /// It was named exactly: it may be asked wherever it is.
    Exactly,
}

impl Guard {
    /// Takes the user's list; an error says which entry is wrong.
    pub fn new<S: AsRef<str>>(hosts: impl IntoIterator<Item = S>) -> Result<Self, String> {
        let allowed = hosts.into_iter().map(|host| parse(host.as_ref())).collect::<Result<_, _>>()?;
        Ok(Self { allowed })
    }

    /// Adds a host that the user named exactly.
    pub fn name(&mut self, host: &str, port: u16) {
        self.allowed.push(Allowed { name: host.to_ascii_lowercase(), port: Some(port), pattern: false });
    }

    /// What the user said of that host and port.
    pub fn named(&self, host: &str, port: u16) -> Named {
        self.best(host, |allowed| allowed.port.is_none_or(|p| p == port))
    }

    /// What the user said of that host at any port: for name resolution, which knows no port.
    pub fn named_at_any_port(&self, host: &str) -> Named {
        self.best(host, |_| true)
    }

    fn best(&self, host: &str, port: impl Fn(&Allowed) -> bool) -> Named {
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let matches =
            |a: &&Allowed| port(a) && if a.pattern { host.ends_with(&a.name) && host.len() > a.name.len() } else { host == a.name };
        let mut best = Named::No;
        for allowed in self.allowed.iter().filter(matches) {
            if !allowed.pattern {
                return Named::Exactly;
            }
            best = Named::Pattern;
        }
        best
    }
}

fn parse(text: &str) -> Result<Allowed, String> {
    let wrong = || format!("{text:?} is no host: give HOST, HOST:PORT or *.DOMAIN");
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port.parse().map_err(|_| wrong())?)),
        _ => (text, None),
    };
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    let (name, pattern) = match host.strip_prefix('*') {
        Some(rest) if rest.starts_with('.') && rest[1..].contains('.') => (rest.to_owned(), true),
        Some(_) => return Err(format!("{text:?} allows too much: a pattern is *.DOMAIN with a dot in its domain")),
        None => (host, false),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(wrong());
    }
    Ok(Allowed { name, port, pattern })
}

/// Whether the host is an address rather than a name, in any of the ways in which addresses are written.
pub fn literal(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

/// Whether an address is on the public internet. Loopback, private, link-local (cloud metadata among them),
/// shared, multicast, reserved and documentation addresses are not, whatever notation hides them.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(matches!(a, 0 | 10 | 127 | 224..=255)
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        // A metadata service outside of the link-local range.
        || (a == 168 && b == 63 && c == 129))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let inner = |high: u16, low: u16| is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match s {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] => inner(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => inner(high, low),
        // Of all that is assigned only 2000::/3 is public; in it Teredo, benchmarks and documentation are not.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, ..] => false,
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "168.63.129.16",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
            "2001::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in ["1.1.1.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn hosts_are_allowed_as_the_user_wrote_them() {
        let guard = Guard::new(["git.corp.example", "cache:6379", "*.apps.example", "[::1]:80"]).unwrap();
        assert_eq!(guard.named("GIT.corp.example", 443), Named::Exactly);
        assert_eq!((guard.named("cache", 6379), guard.named("cache", 22)), (Named::Exactly, Named::No));
        assert_eq!((guard.named("a.b.apps.example", 1), guard.named("apps.example", 1)), (Named::Pattern, Named::No));
        assert_eq!((guard.named("evilapps.example", 1), guard.named("[::1]", 80)), (Named::No, Named::Exactly));
        for wrong in ["*", "*.com", "", "a b", "host:port", "http://x", "a@b"] {
            assert!(Guard::new([wrong]).is_err(), "{wrong}");
        }
    }
}
