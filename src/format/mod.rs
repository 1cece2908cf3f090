//! What files of known formats say of the credentials in them: which registry, which host and user, which cluster, which
//! resource. A credential is found by its rule as everywhere; here it is only told where it belongs. Files are known by
//! what is in them, whatever their name, and only whole ones of a sensible size are read.

mod docker;
mod json;
mod kubeconfig;
mod netrc;
mod npmrc;
mod terraform;

use std::ops::Range;

use memchr::memmem;

use crate::check::is_name;

/// Larger ones are hardly written for a program's settings.
const LARGEST: usize = 4 << 20;
/// Nobody has so many machines or registries.
const SMALL: usize = 64 << 10;
/// What a file is stands at its beginning. Each content that holds a match is looked at, so there is no time for more.
const HEAD: usize = 4 << 10;
/// So long a name is none.
const LONGEST: usize = 256;

/// What a file says of the credential at a place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Where the value stands, in bytes.
    pub span: Range<usize>,
    /// What is said of it, by the names that facts have.
    pub facts: Vec<(&'static str, String)>,
    /// When what it is good for ends, in seconds since 1970.
    pub ends: Option<i64>,
}

impl Told {
    /// Of a value of which nothing is known yet.
    fn at(span: Range<usize>) -> Self {
        Self { span, ..Self::default() }
    }

    /// The same with what is said, where that is anything that one line can show.
    fn with(mut self, name: &'static str, what: impl Into<String>) -> Self {
        let what = what.into();
        let tells = name != "user" || is_name(&what);
        if tells && !what.is_empty() && what.len() <= LONGEST && !what.contains(char::is_control) {
            self.facts.push((name, what));
        }
        self
    }
}

/// The beginning of a content, and how long all of it is.
struct Head<'a> {
    bytes: &'a [u8],
    len: usize,
}

impl Head<'_> {
    fn has(&self, word: &str) -> bool {
        memmem::find(self.bytes, word.as_bytes()).is_some()
    }

    /// Whether the name stands there with a sign of equality behind it.
    fn sets(&self, name: &str) -> bool {
        let behind = |at: usize| self.bytes[at + name.len()..].iter().find(|b| !b" \t".contains(b)) == Some(&b'=');
        memmem::find_iter(self.bytes, name).any(behind)
    }

    fn is_object(&self) -> bool {
        self.bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{')
    }
}

/// A known format: what such a file holds, and its reader.
type Format = (fn(&Head<'_>) -> bool, fn(&[u8]) -> Vec<Told>);

const FORMATS: &[Format] = &[
    (|head| head.is_object() && head.has("\"auth"), docker::read),
    (|head| head.is_object() && head.has("\"terraform_version\""), terraform::read),
    (|head| head.has("apiVersion:") && (head.has("clusters:") || head.has("kind: Config")), kubeconfig::read),
    (|head| head.len <= SMALL && head.has("machine ") && head.has("login "), netrc::read),
    (|head| head.len <= SMALL && (head.sets("_auth") || head.sets("_authToken") || head.has(":_password")), npmrc::read),
];

/// What the content says of the values in it.
pub fn told(bytes: &[u8]) -> Vec<Told> {
    if bytes.len() > LARGEST {
        return Vec::new();
    }
    let head = Head { bytes: &bytes[..bytes.len().min(HEAD)], len: bytes.len() };
    FORMATS.iter().filter(|(is, _)| is(&head)).flat_map(|(_, read)| read(bytes)).collect()
}

/// The lines with the place of each.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line.trim_end_matches(['\n', '\r'])))
    })
}

/// The host of an address, with its port where it names one.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest).trim_start_matches('/');
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest[..end].rsplit('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_lines() {
        for (address, is) in [("https://a.io/v1/", "a.io"), ("//a.io:8080/x", "a.io:8080"), ("a.io", "a.io"), ("https://u:p@a.io", "a.io")]
        {
            assert_eq!(host(address), is);
        }
        assert_eq!(lines("a\r\nbc\n\nd").collect::<Vec<_>>(), [(0, "a"), (3, "bc"), (6, ""), (7, "d")]);
    }

    #[test]
    fn what_is_no_such_file_says_nothing() {
        for text in ["", "{\"auth", "machine login password ", "clusters: users:", "{\"terraform_version\"", "\u{0}:_", "//:_authToken="] {
            assert_eq!(told(text.as_bytes()), [], "{text}");
        }
        assert_eq!(Told::at(0..1).with("host", "a\nb").with("user", ""), Told::at(0..1));
    }
}
