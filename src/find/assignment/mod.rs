//! The finders `assignment-strong` and `assignment-weak`: a value after a name that means a secret, in the
//! notations of programs, configuration, markup and command lines. Strong takes values that look random
//! alone; weak takes the rest that could be a password. They know the bytes around one keyword, nothing else.

mod key;
mod value;

use std::ops::Range;

use super::{Finder, Found, Sight};
use crate::bound::Bound;
use crate::look;
use crate::score::Feature;
use crate::secret::entropy;
use key::Key;
use value::Value;

/// The name's part before the keyword and what opens it; the name's rest, what joins it, and the value.
const BOUND: Bound = Bound { lead: 64, trail: 760, caseless: true };

/// Values that look random, 16 bytes or more.
pub const STRONG: Finder = Finder { bound: BOUND, find: strong };

/// Values that do not look random but could be a password, and random ones that are compared with.
pub const WEAK: Finder = Finder { bound: BOUND, find: weak };

/// The name around a keyword and the value after it.
pub(super) struct Assignment {
    key: Key,
    value: Value,
}

impl Assignment {
    /// What the name means is asked last: most words have no value.
    fn around(bytes: &[u8], hit: &Range<usize>) -> Option<Self> {
        let key = key::around(bytes, hit)?;
        let value = value::after(bytes, &key)?;
        key.names_a_secret(bytes).then_some(Self { key, value })
    }

    /// The same, looked for once for both finders.
    fn of<'s>(sight: &'s Sight<'_>) -> Option<&'s Self> {
        sight.assignment.get_or_init(|| Self::around(sight.bytes, &sight.hit)).as_ref()
    }
}

fn strong(sight: &Sight<'_>) -> Option<Found> {
    let (bytes, Assignment { key, value }) = (sight.bytes, Assignment::of(sight)?);
    let raw = &bytes[value.range.clone()];
    if value.compared || raw.len() < 10 || is_location(raw) || is_address(raw) {
        return None;
    }
    let canonical = canonical(raw);
    let random = is_strong(canonical.as_deref().unwrap_or(raw)) && !is_dotted_name(raw);
    random.then(|| found(sight, (key, value), canonical)).filter(|found| is_near(found, &sight.hit))
}

fn weak(sight: &Sight<'_>) -> Option<Found> {
    let (bytes, Assignment { key, value }) = (sight.bytes, Assignment::of(sight)?);
    let raw = &bytes[value.range.clone()];
    let readable = |b: &u8| b.is_ascii_graphic() || (value.quoted && !b.is_ascii());
    let sensible = (4..=96).contains(&raw.len()) && raw.iter().all(readable) && !is_location(raw);
    if !sensible || (!value.quoted && !may_be_bare(raw, value)) {
        return None;
    }
    let canonical = canonical(raw);
    let plain = canonical.as_deref().unwrap_or(raw);
    let taken_by_strong = !value.compared && is_strong(plain) && !is_dotted_name(raw) && !is_address(raw);
    if taken_by_strong || is_address(raw) || plain.len() < 4 || plain.contains(&b' ') {
        return None;
    }
    // A name of which nothing is left but `key` is too common for values that do not look random.
    let good = |found: &Found| is_near(found, &sight.hit) && !found.evidence.has(Feature::KeyPlain);
    Some(found(sight, (key, value), canonical)).filter(good)
}

/// Whether a value is drawn at random, or short and mixed so much that hardly a name looks like it.
fn is_strong(value: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| value.iter().any(class);
    let mixed = || {
        value.len() >= 10
            && has(u8::is_ascii_digit)
            && has(u8::is_ascii_alphabetic)
            && value.iter().all(u8::is_ascii_graphic)
            && look::evidence(value) >= 2.0
            && entropy(value) >= 3.0
    };
    let escaped = value.windows(2).any(|pair| matches!(pair, b"\\u" | b"\\x"));
    !escaped && (look::is_random(value) || look::is_uuid(value) || mixed())
}

fn found(sight: &Sight<'_>, (key, value): (&Key, &Value), canonical: Option<Vec<u8>>) -> Found {
    let evidence = key::evidence(&sight.bytes[key.range.clone()])
        .with_if(Feature::Flagged, key.flag)
        .with_if(Feature::Quoted, value.quoted)
        .with_if(Feature::Entry, value.entry)
        .with_if(Feature::Setting, value.setting)
        .with_if(Feature::Wrapped, value.wrapped);
    let evidence = value.joined.map_or(evidence, |joined| evidence.with(joined));
    Found {
        whole: key.range.start.min(sight.hit.start)..value.range.end,
        secret: value.range.clone(),
        value: canonical,
        doubt: None,
        evidence,
    }
}

/// Whether the match keeps to the bound; one that does not was cut off by the end of the window.
fn is_near(found: &Found, hit: &Range<usize>) -> bool {
    found.whole.end <= hit.start + BOUND.trail as usize
}

/// Whether a value without quotes is one at all and no reference in a program: an entry of a configuration
/// file, or something with a digit or sign that no name has.
fn may_be_bare(raw: &[u8], value: &Value) -> bool {
    (value.entry || value.setting) && !raw.contains(&b'(') && !matches!(raw[0], b'&' | b'*' | b'|' | b'>' | b'[' | b'{')
}

/// Web addresses and absolute paths.
fn is_location(raw: &[u8]) -> bool {
    memchr::memmem::find(raw, b"://").is_some()
        || raw.starts_with(b"./")
        || raw.starts_with(b"../")
        || raw.starts_with(b"~/")
        || (raw[0] == b'/' && raw[1..].contains(&b'/') && !look::is_random(raw))
}

/// The address of a contract or account on a blockchain: public, however random. Or one in memory, or a number.
fn is_address(raw: &[u8]) -> bool {
    raw.starts_with(b"0x") && (raw.len() == 42 || raw.len() <= 19) && look::is_hex(raw[2..].strip_suffix(b"L").unwrap_or(&raw[2..]))
}

/// A path of members or a host: words joined by dots, whatever digits are in it.
fn is_dotted_name(raw: &[u8]) -> bool {
    let mut parts = raw.split(|b| *b == b'.');
    raw.contains(&b'.') && parts.all(|part| !part.is_empty() && part.len() < 16)
}

/// The value with what is around it undone, where there is anything: escapes, or base64 of printable text.
fn canonical(raw: &[u8]) -> Option<Vec<u8>> {
    unescaped(raw).or_else(|| {
        let text = (raw.len() >= 12 && raw.len().is_multiple_of(4)).then(|| data_encoding::BASE64.decode(raw).ok())??;
        let text = text.trim_ascii_end();
        text.iter().all(|b| b.is_ascii_graphic() || *b == b' ').then(|| text.to_vec())
    })
}

/// The value with a string's and markup's escapes undone, where it has any.
fn unescaped(raw: &[u8]) -> Option<Vec<u8>> {
    const ENTITIES: &[(&[u8], u8)] =
        &[(b"&amp;", b'&'), (b"&lt;", b'<'), (b"&gt;", b'>'), (b"&quot;", b'"'), (b"&apos;", b'\''), (b"&#39;", b'\'')];
    if !raw.contains(&b'\\') && !raw.contains(&b'&') {
        return None;
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&first, tail)) = rest.split_first() {
        if let Some((entity, plain)) = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity)) {
            out.push(*plain);
            rest = &rest[entity.len()..];
        } else if first == b'\\' && tail.first().is_some_and(|b| b"\\\"'/$`".contains(b)) {
            out.push(tail[0]);
            rest = &tail[1..];
        } else {
            out.push(first);
            rest = tail;
        }
    }
    (out != raw).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_what_is_around_a_value() {
        assert_eq!(canonical(b"a\\/b&amp;c").as_deref(), Some(&b"a/b&c"[..]));
        assert_eq!(canonical(data_encoding::BASE64.encode(b"my-password-1\n").as_bytes()).as_deref(), Some(&b"my-password-1"[..]));
        assert_eq!(canonical(b"0f3c9a77d1e2b4560f3c9a77d1e2b456"), None);
        assert_eq!(canonical(b"hunter22"), None);
    }

    #[test]
    fn base64_of_words_is_weak_and_of_random_text_strong() {
        let words = data_encoding::BASE64.encode(b"my-service-client-secret");
        let random = data_encoding::BASE64.encode(b"q7Wk2Zr9Tn4Xb6Lm8Pd1vB");
        for (value, is_strong) in [(words, false), (random, true)] {
            let text = format!("password: {value}\n");
            let sight = Sight::new(text.as_bytes(), 0..8);
            assert_eq!(strong(&sight).is_some(), is_strong, "{text}");
            assert_eq!(weak(&sight).is_some(), !is_strong, "{text}");
        }
    }
}
