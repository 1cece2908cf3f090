//! The filter `identifier`: source code where a value would stand: members, calls, names of types and
//! constants, a value that names its own key, paths, addresses, versions and dates.

use super::{Judgement, Window};
use crate::look;

/// Endings of files that a value may name.
const ENDINGS: &[&str] = &[
    ".pem",
    ".key",
    ".crt",
    ".cer",
    ".p12",
    ".pfx",
    ".jks",
    ".json",
    ".yml",
    ".yaml",
    ".toml",
    ".xml",
    ".txt",
    ".env",
    ".properties",
    ".conf",
    ".cfg",
    ".ini",
    ".py",
    ".rb",
    ".js",
    ".ts",
    ".tsx",
    ".jsx",
    ".go",
    ".rs",
    ".java",
    ".php",
    ".html",
    ".css",
    ".md",
    ".sh",
    ".sql",
    ".h",
    ".c",
    ".cpp",
    ".hpp",
    ".cs",
    ".vue",
    ".png",
    ".svg",
    ".gpg",
    ".asc",
    ".pub",
    ".log",
    ".lock",
    ".erb",
    ".test",
    ".dll",
    ".so",
    ".exe",
    ".zip",
    ".gz",
    ".enc",
];

/// Words that name secrets: a value of these alone names its own key.
const NAMES: &[&str] = &[
    "access",
    "account",
    "admin",
    "api",
    "app",
    "auth",
    "authorization",
    "basic",
    "bearer",
    "client",
    "code",
    "confirm",
    "confirmation",
    "credential",
    "credentials",
    "current",
    "database",
    "db",
    "default",
    "encryption",
    "field",
    "id",
    "input",
    "is",
    "jwt",
    "key",
    "login",
    "my",
    "name",
    "new",
    "no",
    "oauth",
    "old",
    "param",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "private",
    "pwd",
    "refresh",
    "repeat",
    "root",
    "secret",
    "secrets",
    "security",
    "session",
    "signing",
    "the",
    "to",
    "token",
    "tokens",
    "type",
    "user",
    "username",
    "value",
    "with",
];

/// Drops references of programs.
pub fn judge(window: &Window<'_>) -> Judgement {
    let value = window.value();
    if look::is_random(value) || value.is_empty() {
        return Judgement::Keep;
    }
    let bare = !matches!(window.before().last(), Some(b'"' | b'\'' | b'`' | b'>'));
    if names_its_key(window) {
        return Judgement::Drop("names its own key");
    }
    if is_path(value) {
        return Judgement::Drop("a path, an address or a media type");
    }
    if is_measure(value) {
        return Judgement::Drop("a version, date or measure");
    }
    if is_constant(value, bare) || is_member(value, bare) || (bare && is_called(window)) {
        return Judgement::Drop("a name in a program");
    }
    Judgement::Keep
}

/// The value's words are those of its key, or words for secrets, without any digit.
fn names_its_key(window: &Window<'_>) -> bool {
    let value = window.value();
    if value.iter().any(u8::is_ascii_digit) || value.iter().any(|b| b"!@#$%^&*+=?".contains(b)) {
        return false;
    }
    let key = &window.bytes[window.whole.start.min(window.secret.start)..window.secret.start];
    let own: Vec<Vec<u8>> = look::words(key).collect();
    let mut any = false;
    look::words(value).all(|word| {
        any = true;
        NAMES.iter().any(|name| name.as_bytes() == word) || own.contains(&word)
    }) && any
}

/// Files, folders, web addresses without credentials, e-mail addresses, media types.
fn is_path(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let text = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b);
    if memchr::memmem::find(value, b"://").is_some() {
        return !value.contains(&b'@');
    }
    let rooted = value.starts_with(b"./")
        || value.starts_with(b"../")
        || value.starts_with(b"~/")
        || (value[0] == b'/' && value.len() > 1 && value[1..].iter().all(|b| text(b) || *b == b'/'));
    let drive = value.len() > 3 && value[0].is_ascii_alphabetic() && value[1] == b':' && value[2] == b'\\';
    let file = ENDINGS.iter().any(|end| lower.ends_with(end.as_bytes())) && value.iter().all(|b| text(b) || b"/\\~".contains(b));
    let media = value.contains(&b'/')
        && value.split(|b| *b == b'/').all(|part| {
            part.len() > 1 && part[0].is_ascii_alphabetic() && part.iter().all(|b| b.is_ascii_lowercase() || b"+.-_".contains(b))
        });
    let mail = value.iter().position(|b| *b == b'@').is_some_and(|at| {
        let (local, domain) = (&value[..at], &value[at + 1..]);
        let end = domain.rsplit(|b| *b == b'.').next().unwrap_or_default();
        local.len() > 1
            && local.iter().all(text)
            && domain.contains(&b'.')
            && domain.iter().all(text)
            && (2..=6).contains(&end.len())
            && end.iter().all(u8::is_ascii_lowercase)
    });
    rooted || drive || file || media || mail
}

/// Numbers with signs between: versions, dates, times, sizes; and colours.
fn is_measure(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let signs = value.iter().all(|b| b.is_ascii_alphanumeric() || b".-:/+_,".contains(b)) && digits + letters < value.len();
    let colour = value.strip_prefix(b"#").is_some_and(|rest| matches!(rest.len(), 3 | 4 | 6 | 8) && look::is_hex(rest));
    let unit = value[0].is_ascii_digit()
        && [&b"px"[..], b"em", b"rem", b"ms", b"kb", b"mb", b"%"]
            .iter()
            .any(|unit| value.strip_suffix(*unit).is_some_and(|n| n.iter().all(|b| b.is_ascii_digit() || *b == b'.')));
    (signs && digits >= 2 && value[0].is_ascii_digit() && letters <= 2) || colour || unit
}

/// Several words in one name without a digit, or one in capitals.
fn is_constant(value: &[u8], bare: bool) -> bool {
    let name = value.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b'$' | b':' | b'@'));
    let count = look::words(value).filter(|word| word.len() > 1).count();
    let parts = look::words(value).count();
    let capitals = value.iter().all(|b| b.is_ascii_uppercase() || *b == b'_') && (bare || value.contains(&b'_'));
    // Letters alone in mixed case can be a password: only where each part is long enough to be a word.
    (name && parts > 1 && count == parts && value.len() >= 4 * parts) || capitals
}

/// Members joined by dots, arrows or colons, indexes.
fn is_member(value: &[u8], bare: bool) -> bool {
    let name = |part: &[u8]| {
        let (Some(first), rest) = (part.first(), part) else { return false };
        (first.is_ascii_alphabetic() || matches!(first, b'_' | b'$' | b'@'))
            && rest.iter().all(|b| b.is_ascii_alphanumeric() || b"_-?!".contains(b))
    };
    let parts = value.split(|b| *b == b'.');
    let dotted = value.contains(&b'.') && parts.clone().all(name) && (bare || value.iter().all(|b| !b.is_ascii_digit()));
    let arrow = ["->", "::", "?.", "=>", "&&", "||"].iter().any(|sign| memchr::memmem::find(value, sign.as_bytes()).is_some());
    let call = memchr::memchr(b'(', value)
        .is_some_and(|at| at > 0 && name(value[..at].rsplit(|b| *b == b'.').next().unwrap_or_default()) && value.ends_with(b")"));
    let index = memchr::memchr(b'[', value).is_some_and(|at| {
        at > 0 && value[..at].split(|b| *b == b'.').all(name) && (value.ends_with(b"]") || (bare && value.contains(&b']')))
    });
    let symbol = bare && matches!(value[0], b':' | b'@' | b'&' | b'*') && name(&value[1..]);
    dotted || (bare && (arrow || symbol)) || call || index
}

/// What follows a bare word in a program: a call, an index, a member, an operator, the end of an argument.
fn is_called(window: &Window<'_>) -> bool {
    let word = window.value().iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let letters = window.value().iter().all(|b| b.is_ascii_alphabetic() || *b == b'_');
    match window.after().first() {
        Some(b'(' | b'[' | b'{') => word,
        Some(b'.') => word && window.after().get(1).is_some_and(u8::is_ascii_alphabetic),
        Some(b';' | b',' | b')') => letters,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::both_sides;

    #[test]
    fn drops_references_alone() {
        both_sides(
            super::judge,
            &[
                "password = «config.password»",
                "token = «self.token»",
                "password = «getPassword()»",
                "password = «get_token»(x)",
                "secret: \"«API_KEY»\"",
                "secret: \"«clientSecret»\"",
                "password: \"«user_password»\"",
                "password = «userPassword»;",
                "password = «dbpass»;",
                "password: «/etc/app/secret.txt»",
                "password: «certs/server2.pem»",
                "password: \"«text/x-password»\"",
                "token: \"«https://example.org/token»\"",
                "token: «2024-01-02T03:04:05»",
                "token: «1.2.3»",
                "password: «admin@corp.io»",
                "password: \"«user.password.label»\"",
                "password = «params[:password]»",
                "token = «this->token2»",
                "password = «:password1»",
            ],
            &[
                "password=«hunter22»",
                "password: \"«Sommer2019»\"",
                "password=«tr0ub4dor&3»",
                "password: \"«letmein»\"",
                "password: \"«fQbTzKpW»\"",
            ],
        );
    }
}
