//! The name on the left of an assignment: the identifier around a keyword hit, and whether its words mean
//! that a secret stands on the right (`db_password` does, `password_field` and `public_key_token` do not).
//! It does not look at what follows.

use std::ops::Range;

use crate::look;
use crate::score::{Evidence, Feature};

/// The most bytes that a name has on either side of its keyword.
pub const REACH: usize = 48;

/// The identifier around a keyword.
#[derive(Debug)]
pub struct Key {
    /// Where it stands.
    pub range: Range<usize>,
    /// Where the keyword's own letters stand in it.
    word: Range<usize>,
    /// Whether two dashes stand before it: a command's flag.
    pub flag: bool,
}

/// As the last word of a name: then the value describes a secret and is none.
const ABOUT: &[&str] = &[
    "id",
    "ids",
    "name",
    "names",
    "url",
    "urls",
    "uri",
    "path",
    "file",
    "filename",
    "dir",
    "type",
    "types",
    "length",
    "len",
    "size",
    "count",
    "max",
    "min",
    "field",
    "label",
    "hint",
    "placeholder",
    "title",
    "message",
    "msg",
    "prompt",
    "help",
    "desc",
    "description",
    "error",
    "errors",
    "regex",
    "pattern",
    "policy",
    "format",
    "hash",
    "hashes",
    "digest",
    "checksum",
    "encryption",
    "ref",
    "arn",
    "version",
    "expiry",
    "expires",
    "expiration",
    "expire",
    "ttl",
    "timeout",
    "algorithm",
    "alg",
    "endpoint",
    "provider",
    "class",
    "icon",
    "selector",
    "xpath",
    "input",
    "column",
    "header",
    "prefix",
    "suffix",
    "address",
    "addr",
    "contract",
    "symbol",
    "index",
    "position",
    "offset",
    "mode",
    "scheme",
    "method",
    "status",
    "state",
    "enabled",
    "required",
    "valid",
    "change",
    "changed",
    "reset",
    "date",
    "time",
    "at",
    "on",
    "by",
    "from",
    "fingerprint",
    "thumbprint",
    "kid",
    "issuer",
    "audience",
    "scope",
    "scopes",
    "env",
    "var",
    "manager",
    "service",
    "store",
    "resource",
    "region",
    "account",
    "user",
    "username",
    "email",
    "host",
    "port",
    "generator",
    "factory",
    "handler",
    "plugin",
    "command",
    "cmd",
    "script",
    "test",
    "spec",
    "screen",
    "page",
    "form",
    "view",
    "button",
    "text",
    "link",
    "list",
    "map",
];

/// As any word of a name: then it is not meant for real.
const EXAMPLE: &[&str] = &["test", "tests", "testing", "example", "sample", "dummy", "fake", "mock", "expected", "invalid", "wrong", "bad"];

/// As any word of a name: then the value is often meant to be seen.
const SEEN: &[&str] = &[
    "csrf",
    "xsrf",
    "verification",
    "reset",
    "encrypted",
    "wrapped",
    "reference",
    "forgot",
    "no",
    "cache",
    "map",
    "sort",
    "primary",
    "gpg",
];

/// As any word of a name: then the value is meant to be seen, or lasts for one page or request.
const HARMLESS: &[&str] = &[
    "public",
    "publishable",
    "pub",
    "authenticity",
    "antiforgery",
    "next",
    "page",
    "continuation",
    "sync",
    "resume",
    "cancellation",
    "hashed",
    "hash",
    "hashing",
    "digest",
    "checksum",
    "integrity",
    "fingerprint",
    "sitekey",
    "nonce",
    "bigram",
    "erc",
    "syntax",
    "lexer",
    "parser",
];

/// What may be glued to the right of a keyword without a sign or a capital.
const GLUED: &[&str] = &["key", "s", "value", "base", "hash", "token", "id", "str", "string", "word", "phrase", "name"];

/// What may be glued to the left of a short keyword.
const BEFORE_SHORT: &[&str] = &[
    "db", "my", "sql", "user", "root", "admin", "ftp", "smtp", "mail", "require", "login", "usr", "key", "ldap", "ds", "pg", "sys", "aes",
    "data", "api", "app", "client", "server", "auth", "hmac", "des", "cipher", "crypt", "encrypt", "bind",
];

/// The name around a hit, if it names a secret.
pub fn around(bytes: &[u8], hit: &Range<usize>) -> Option<Key> {
    let mut end = hit.end;
    while end > hit.start && !bytes[end - 1].is_ascii_alphanumeric() {
        end -= 1;
    }
    let begin = hit.start + bytes[hit.start..end].iter().position(u8::is_ascii_alphanumeric)?;
    let word = begin..end;
    let mut start = word.start;
    while start > 0 && is_part(bytes[start - 1]) {
        start -= 1;
        if word.start - start > REACH {
            return None;
        }
    }
    while end < bytes.len() && is_part(bytes[end]) {
        end += 1;
        if end - word.end > REACH {
            return None;
        }
    }
    while end > word.end && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let dashes = bytes[start..word.start].iter().take_while(|b| **b == b'-').count();
    start += bytes[start..word.start].iter().take_while(|b| matches!(b, b'-' | b'.')).count();
    Some(Key { range: start..end, word, flag: dashes == 2 })
}

impl Key {
    /// Whether it is a word of its own and means that a secret stands on the right.
    pub fn names_a_secret(&self, bytes: &[u8]) -> bool {
        let (Range { start, end }, word) = (self.range.clone(), &self.word);
        is_word(bytes, start, word, end)
            && names_a_secret(&bytes[start..word.start], &bytes[word.end..end])
            && !names_an_id(&bytes[start..end])
    }
}

/// Words before `key` that make it a secret one.
const SECRET_KEYS: &[&str] = &[
    "access", "private", "encrypt", "decrypt", "sign", "master", "account", "auth", "cipher", "client", "consumer", "aes", "shared",
    "hmac", "session", "app", "crypt", "wrapped", "storage", "license",
];

/// What kind of secret the name says it is, and how it is written.
pub fn evidence(name: &[u8]) -> Evidence {
    let lower = name.to_ascii_lowercase();
    let is = |list: &[&str]| list.iter().any(|part| memchr::memmem::find(&lower, part.as_bytes()).is_some());
    let kind = if is(&["pass", "pwd", "_pw", "identified"]) {
        Feature::KeyPassword
    } else if is(&["otp"]) {
        Feature::KeyOtp
    } else if is(&["secret"]) {
        Feature::KeySecret
    } else if is(&["token"]) {
        Feature::KeyToken
    } else if is(&["credential"]) {
        Feature::KeyCredential
    } else if is(&["api"]) {
        Feature::KeyApi
    } else if is(SECRET_KEYS) {
        Feature::KeyPrivate
    } else {
        Feature::KeyPlain
    };
    let (mut count, mut example, mut harmless) = (0, false, false);
    for word in look::words(name) {
        count += 1;
        example |= EXAMPLE.iter().any(|w| w.as_bytes() == word);
        harmless |= SEEN.iter().any(|w| w.as_bytes() == word);
    }
    Evidence::NONE
        .with(kind)
        .with_if(Feature::KeyCapitals, name.iter().all(|b| !b.is_ascii_lowercase()))
        .with_if(Feature::KeyLone, count == 1)
        .with_if(Feature::KeyLong, count >= 4)
        .with_if(Feature::KeyExample, example)
        .with_if(Feature::KeyHarmless, harmless)
}

fn is_part(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

/// Whether the keyword is a word of the name and not a part of another word.
fn is_word(bytes: &[u8], start: usize, word: &Range<usize>, end: usize) -> bool {
    let left = &bytes[start..word.start];
    let fresh = left.last().is_none_or(|b| !b.is_ascii_alphabetic())
        || (bytes[word.start].is_ascii_uppercase() && left.last().is_some_and(u8::is_ascii_lowercase));
    let glued = || {
        let lower = left.to_ascii_lowercase();
        word.len() >= 5 || BEFORE_SHORT.iter().any(|w| lower.ends_with(w.as_bytes()))
    };
    if !fresh && !glued() {
        return false;
    }
    let right = &bytes[word.end..end];
    let Some(first) = right.first() else { return true };
    let parted = !first.is_ascii_alphabetic() || (first.is_ascii_uppercase() && bytes[word.end - 1].is_ascii_lowercase());
    parted || {
        let run = right.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let first = look::words(&right[..run]).next().unwrap_or_default();
        GLUED.iter().any(|w| w.as_bytes() == first)
    }
}

/// Whether the name is that of a credential's id: `CREDENTIAL_ID_BASE64`, `credentialsId`.
fn names_an_id(name: &[u8]) -> bool {
    let mut last = Vec::new();
    look::words(name).any(|word| {
        let id = word == b"id" && last.starts_with(b"credential");
        last = word;
        id
    })
}

/// Whether the words around the keyword leave it a secret's name.
fn names_a_secret(left: &[u8], right: &[u8]) -> bool {
    let among = |list: &[&str], word: &[u8]| list.iter().any(|w| w.as_bytes() == word);
    let mut last = None;
    for word in look::words(right) {
        if among(HARMLESS, &word) {
            return false;
        }
        last = Some(word);
    }
    !last.is_some_and(|word| among(ABOUT, &word)) && !look::words(left).any(|word| among(HARMLESS, &word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str, keyword: &str) -> Option<String> {
        let at = text.find(keyword).unwrap();
        around(text.as_bytes(), &(at..at + keyword.len()))
            .filter(|key| key.names_a_secret(text.as_bytes()))
            .map(|key| text[key.range].to_owned())
    }

    #[test]
    fn takes_the_whole_identifier() {
        assert_eq!(named("export AWS_SECRET_KEY=x", "SECRET").as_deref(), Some("AWS_SECRET_KEY"));
        assert_eq!(named("spring.datasource.password: x", "password").as_deref(), Some("spring.datasource.password"));
        assert_eq!(named("cmd --api-token x", "token").as_deref(), Some("api-token"));
        assert_eq!(named("dbPassword = x", "Password").as_deref(), Some("dbPassword"));
        assert_eq!(named("requirepass x", "pass").as_deref(), Some("requirepass"));
    }

    #[test]
    fn refuses_names_of_other_things() {
        for (text, keyword) in [
            ("tokenizer = x", "token"),
            ("password_field = x", "password"),
            ("PublicKeyToken=x", "Token"),
            ("secretary: x", "secret"),
            ("bypass = x", "pass"),
            ("tokenId: x", "token"),
        ] {
            assert_eq!(named(text, keyword), None, "{text}");
        }
    }
}
