//! The finders `url-credentials` (`scheme://user:password@host`) and `basic-credentials` (`Basic` and the base64
//! of `user:password`). Stock pairs from manuals belong to the low tier; where the host is, is a filter's business.

use std::ops::Range;

use data_encoding::{BASE64, BASE64_NOPAD};

use super::{Finder, Found};
use crate::bound::Bound;
use crate::look;
use crate::score::Evidence;

const SCHEME: usize = 24;
const USER: usize = 96;
const PASSWORD: usize = 200;
const HOST: usize = 64;
/// What stands behind the host belongs to the match: port, first folder and options say which database is meant,
/// and who keeps its passwords.
const PORT: usize = 6;
const FOLDER: usize = 64;
const OPTIONS: usize = 128;

/// The keyword ends with `://`; before it stands the rest of the scheme, after it user, password and host.
pub const URL: Finder = Finder {
    bound: Bound { lead: SCHEME as u32, trail: (SCHEME + USER + PASSWORD + HOST + PORT + FOLDER + OPTIONS) as u32, caseless: true },
    find: |sight| url(sight.bytes, sight.hit.clone()),
};

/// The keyword is `basic`; the canonical value is the password of the decoded pair.
pub const BASIC: Finder =
    Finder { bound: Bound { lead: 0, trail: 320, caseless: true }, find: |sight| basic(sight.bytes, sight.hit.clone()) };

/// Users and passwords that stand in manuals: a pair is stock when both are in here.
const STOCK: &[&str] = &[
    "user",
    "username",
    "usr",
    "uname",
    "name",
    "login",
    "me",
    "foo",
    "bar",
    "baz",
    "joe",
    "john",
    "jane",
    "alice",
    "bob",
    "pass",
    "passwd",
    "password",
    "pwd",
    "pw",
    "secret",
    "token",
    "admin",
    "root",
    "guest",
    "test",
    "tester",
    "example",
    "dummy",
    "sample",
    "a",
    "b",
    "u",
    "p",
    "x",
    "y",
    "myuser",
    "mypass",
    "mypassword",
    "myusername",
    "some",
    "usern",
    "hidden",
    "userinfo",
    "auth",
    "api",
    "key",
    "apikey",
    "db_user",
    "db_password",
    "dbuser",
    "dbpass",
    "dbpassword",
    "pass1",
    "user1",
    "your_username",
    "your_password",
    "postgres",
    "mysql",
    "mongo",
    "mongodb",
    "redis",
    "rabbitmq",
    "sa",
    "demo",
    "changeme",
    "default",
    "anonymous",
    "nobody",
    "proxyuser",
    "proxypass",
];

/// Shorter passwords are those of tests and sketches.
const SHORTEST: usize = 4;

/// Why a very short password is in the low tier.
const TOO_SHORT: &str = "too short for a password that somebody chose";

/// Why a pair from manuals is in the low tier.
const STOCK_PAIR: &str = "user and password stand in many manuals";

/// What user, password and host do not hold, by byte: most addresses are looked at in vain.
const STOPS: [bool; 256] = {
    let mut stops = [true; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        stops[byte as usize] = matches!(byte, b'/' | b'?' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b'\\' | b',');
        byte += 1;
    }
    stops
};

fn url(bytes: &[u8], hit: Range<usize>) -> Option<Found> {
    let scheme = hit.end.checked_sub(3).filter(|&at| bytes[at..].starts_with(b"://"))?;
    let is_scheme = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'+' | b'.' | b'-');
    let before = bytes[..scheme].iter().rev().take(SCHEME).take_while(is_scheme).count();
    let start = scheme - before;
    let authority = &bytes[hit.end..];
    let stop = |b: &u8| STOPS[usize::from(*b)];
    let len = authority.iter().take(USER + PASSWORD + HOST).position(stop).unwrap_or(authority.len().min(USER + PASSWORD + HOST));
    let at = authority[..len].iter().rposition(|b| *b == b'@')?;
    let host = authority[at + 1..len].iter().take_while(|b| b.is_ascii_alphanumeric() || b".-_[]{$".contains(b)).count();
    let colon = authority[..at].iter().position(|b| *b == b':').unwrap_or(at);
    let (user, password) = (&authority[..colon], authority.get(colon + 1..at).unwrap_or_default());
    if before == 0 || host == 0 || host > HOST || colon > USER || password.len() > PASSWORD {
        return None;
    }
    let token = password.is_empty() || is_filler(password);
    let secret = if token {
        (user.len() >= 16 && look::is_random(user)).then_some(hit.end..hit.end + colon)?
    } else {
        hit.end + colon + 1..hit.end + at
    };
    let value = percent_decoded(&bytes[secret.clone()]);
    let short = || (value.as_ref().map_or(password.len(), Vec::len) < SHORTEST).then_some(TOO_SHORT);
    let doubt = if token { None } else { is_stock(user, password).then_some(STOCK_PAIR).or_else(short) };
    let end = (hit.end + at + 1 + host + behind(&authority[at + 1 + host..])).min(hit.start + URL.bound.trail as usize);
    Some(Found { whole: start.max(hit.start.saturating_sub(SCHEME))..end, secret, value, doubt, evidence: Evidence::NONE })
}

/// The length of a port, a first folder and options.
fn behind(rest: &[u8]) -> usize {
    let run = |from: usize, most: usize, is: fn(&u8) -> bool| rest[from..].iter().take(most).take_while(|b| is(b)).count();
    let digits = if rest.first() == Some(&b':') { run(1, PORT - 1, u8::is_ascii_digit) } else { 0 };
    let port = if digits > 0 { digits + 1 } else { 0 };
    let name = |b: &u8| b.is_ascii_alphanumeric() || b"_-.".contains(b);
    let folder = if rest.get(port) == Some(&b'/') { run(port + 1, FOLDER - 1, name) } else { 0 };
    let slash = usize::from(rest.get(port) == Some(&b'/'));
    let option = |b: &u8| b.is_ascii_alphanumeric() || b"_-.=&%".contains(b);
    let at = port + slash + folder;
    let options = if rest.get(at) == Some(&b'?') { run(at + 1, OPTIONS - 1, option) } else { 0 };
    if options > 0 { at + 1 + options } else { port + if folder > 0 { folder + 1 } else { 0 } }
}

fn basic(bytes: &[u8], hit: Range<usize>) -> Option<Found> {
    let rest = &bytes[hit.end..];
    let blanks = rest.iter().take(3).take_while(|b| **b == b' ').count();
    let body = &rest[blanks..];
    let len = body.iter().take(300).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).count();
    if blanks == 0 || !(8..300).contains(&len) {
        return None;
    }
    let padding = body[len..].iter().take(2).take_while(|b| **b == b'=').count();
    let secret = hit.end + blanks..hit.end + blanks + len + padding;
    let text = BASE64.decode(&bytes[secret.clone()]).or_else(|_| BASE64_NOPAD.decode(&body[..len])).ok()?;
    let colon = text.iter().position(|b| *b == b':')?;
    let (user, password) = (&text[..colon], &text[colon + 1..]);
    let printable = text.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
    if !printable || user.len() + password.len() < 4 {
        return None;
    }
    let (value, doubt) = if password.is_empty() || is_filler(password) {
        ((user.len() >= 16 && look::is_random(user)).then_some(user)?, None)
    } else {
        (password, (is_plain(password) || is_stock(user, password)).then_some(STOCK_PAIR))
    };
    Some(Found { whole: hit.start..secret.end, secret, value: Some(value.to_vec()), doubt, evidence: Evidence::NONE })
}

/// Whether the pair stands in manuals: both halves are stock words, or both the same, whatever their letter case.
fn is_stock(user: &[u8], password: &[u8]) -> bool {
    (is_plain(user) && is_plain(password)) || (user.eq_ignore_ascii_case(password) && !look::is_random(user))
}

/// Whether it is a stock word, with or without digits or a host after it.
fn is_plain(half: &[u8]) -> bool {
    let name = half.split(|b| *b == b'@').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let letters = lower.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |n| n + 1);
    [&lower[..], &lower[..letters]].iter().any(|word| word.is_empty() || STOCK.iter().any(|stock| stock.as_bytes() == *word))
}

/// What stands for a password where the user is the token.
fn is_filler(password: &[u8]) -> bool {
    matches!(password, b"x-oauth-basic" | b"x" | b"X" | b"x-token-auth" | b"unused" | b"api_token")
}

/// The bytes with percent escapes undone, where there are any.
fn percent_decoded(raw: &[u8]) -> Option<Vec<u8>> {
    let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16)).map(|n| n as u8);
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        match (raw[at], digit(raw.get(at + 1)), digit(raw.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    (out.len() < raw.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Option<String> {
        let at = text.find("://").unwrap();
        let found = url(text.as_bytes(), at..at + 3)?;
        if found.doubt.is_some() {
            return None;
        }
        Some(String::from_utf8(found.value.unwrap_or_else(|| text.as_bytes()[found.secret].to_vec())).unwrap())
    }

    #[test]
    fn takes_the_password_and_undoes_its_escapes() {
        let secret = ["kV8", "wq2Zt"].concat();
        assert_eq!(password(&format!("x = https://deploy:{secret}@git.corp.io/x.git")).as_deref(), Some(&secret[..]));
        assert_eq!(password(&format!("redis://:{secret}@cache:6379/0")).as_deref(), Some(&secret[..]));
        assert_eq!(password(&["ftp://joe:a%40b", "%2Fc9@ftp.corp.io"].concat()).as_deref(), Some("a@b/c9"));
        assert_eq!(password(&["https://web@corp.io:q!#", "@498@git.corp.io"].concat()).as_deref(), Some("q!#@498"));
        assert_eq!(password(&["ftp://web:p@r", "t9x@ftp.corp.io/"].concat()).as_deref(), Some("p@rt9x"));
    }

    #[test]
    fn what_stands_behind_the_host_belongs_to_it() {
        let secret = ["kV8", "wq2Zt"].concat();
        for end in ["", ":27017", "/shop", ":27017/shop?authSource=admin&tls=true", "/?ssl=true", ":1?a=b"] {
            let text = format!("mongodb://app:{secret}@db.corp.io{end}");
            for behind in ["", " x", "\"", "?", ","] {
                let found = url(format!("{text}{behind}").as_bytes(), 7..10).unwrap();
                assert_eq!(found.whole.end, text.len(), "{end} {behind}");
            }
        }
    }

    #[test]
    fn stock_pairs_are_doubted_and_ports_and_empty_passwords_no_match() {
        for text in [
            "https://user:pass@example.com",
            "http://admin:admin@localhost",
            "amqp://guest:guest@localhost:5672/",
            "http://localhost:8080/users/@me",
            "https://git@github.com/x/y",
            "https://example.com/a:b@c",
            "postgres://postgres:postgres@db/x",
            "http://user:@host/",
            "http://joe:qZ7@ftp.corp.io/",
            "http://joe:%51%5e%70@ftp.corp.io/",
            "https://user@host:pass@host@git.corp.io/",
        ] {
            assert_eq!(password(text), None, "{text}");
        }
    }

    #[test]
    fn basic_credentials_are_decoded() {
        let pair = BASE64.encode(b"deploy:kV8wq2Zt");
        let text = format!("Authorization: Basic {pair}\"");
        let at = text.find("Basic").unwrap();
        let found = basic(text.as_bytes(), at..at + 5).unwrap();
        assert_eq!(found.value.as_deref(), Some(&b"kV8wq2Zt"[..]));
        let text = format!("Basic {}", BASE64.encode(b"user:pass"));
        assert!(basic(text.as_bytes(), 0..5).unwrap().doubt.is_some());
        assert_eq!(basic(b"Basic authentication is", 0..5), None);
    }
}
