//! Fills the placeholders of a request's texts, each value encoded for the place it is put into, so that no value
//! can change what the request is. It does not know where the request goes.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::rule::spec::placeholders;

/// Text that may hold a secret.
pub type Hidden = Zeroizing<String>;

/// Where a value is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// A path or query of a URL, or a form: everything but letters, digits and `-._~` is percent-encoded.
    Url,
    /// A header's value: as it is.
    Header,
    /// Inside a string of JSON.
    Json,
    /// Inside XML.
    Xml,
}

/// Why a request cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A value is not at hand: the name of its placeholder.
    Missing(String),
    /// A value cannot be sent like this.
    Refused(&'static str),
}

/// Looks values up by their names.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<&'a [u8]>;

/// The text with each known placeholder replaced. Unknown ones are a fault in `strict` texts; else they stay,
/// for a body has braces of its own.
pub fn fill(text: &str, position: Position, strict: bool, lookup: Lookup<'_>) -> Result<Hidden, Fault> {
    let mut out = Zeroizing::new(String::with_capacity(text.len() + 128));
    let mut rest = text;
    while let Some(name) = placeholders(rest).next().map(str::to_owned) {
        let mark = format!("{{{name}}}");
        let (before, after) = rest.split_once(&mark).expect("it was found");
        out.push_str(before);
        match lookup(&name) {
            Some(value) => out.push_str(&encode(value, position)?),
            None if strict => return Err(Fault::Missing(name)),
            None => out.push_str(&mark),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// A value as text, without anything that could end a line or hide in one.
fn checked(value: &[u8]) -> Result<&str, Fault> {
    let text = std::str::from_utf8(value).map_err(|_| Fault::Refused("the value is not text"))?;
    if text.is_empty() {
        return Err(Fault::Refused("the value is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::Refused("the value holds control characters"));
    }
    Ok(text)
}

fn encode(value: &[u8], position: Position) -> Result<Hidden, Fault> {
    let text = checked(value)?;
    let encoded = match position {
        Position::Url => percent(text),
        Position::Header if text.is_ascii() => text.to_owned(),
        Position::Header => return Err(Fault::Refused("the value holds characters that no header can carry")),
        Position::Json => {
            let quoted = serde_json::to_string(text).expect("text is JSON");
            quoted[1..quoted.len() - 1].to_owned()
        }
        Position::Xml => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
    };
    Ok(Zeroizing::new(encoded))
}

/// Percent-encodes everything but unreserved characters.
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The value of an `Authorization` header with user and password, both filled in.
pub fn basic(user: &str, password: &str, lookup: Lookup<'_>) -> Result<Hidden, Fault> {
    let user = fill(user, Position::Header, true, lookup)?;
    if user.contains(':') {
        return Err(Fault::Refused("a user name with a colon cannot be sent"));
    }
    let password = if password.is_empty() { Hidden::default() } else { fill(password, Position::Header, true, lookup)? };
    let pair = Zeroizing::new(format!("{}:{}", *user, *password));
    Ok(Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes()))))
}

/// A value for a single label of a host name.
pub fn label(value: &[u8]) -> Result<String, Fault> {
    let text = checked(value)?;
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if text.len() > 63 || !text.chars().all(inside) || text.starts_with('-') || text.ends_with('-') {
        return Err(Fault::Refused("the value is no single label of a host name"));
    }
    Ok(text.to_ascii_lowercase())
}

/// A value that is a whole host, with or without a port.
pub fn host(value: &[u8]) -> Result<String, Fault> {
    let text = checked(value)?;
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let labels = name.split('.').all(|label| !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-'));
    if !labels || name.len() > 253 || !name.chars().all(inside) || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(Fault::Refused("the value is no host name"));
    }
    Ok(text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, position: Position, value: &[u8]) -> Result<String, Fault> {
        fill(text, position, true, &|name| (name == "secret").then_some(value)).map(|text| text.to_string())
    }

    #[test]
    fn values_are_encoded_for_their_place() {
        let value = b"a/../b?c=d&e#f@g\"h".as_slice();
        assert_eq!(filled("/x/{secret}?k=v", Position::Url, value).unwrap(), "/x/a%2F..%2Fb%3Fc%3Dd%26e%23f%40g%22h?k=v");
        assert_eq!(filled("{\"t\":\"{secret}\"}", Position::Json, b"a\"b\\").unwrap(), "{\"t\":\"a\\\"b\\\\\"}");
        assert_eq!(filled("<t>{secret}</t>", Position::Xml, b"a<b").unwrap(), "<t>a&lt;b</t>");
        assert_eq!(filled("Bearer {secret}", Position::Header, b"a b").unwrap(), "Bearer a b");
    }

    #[test]
    fn control_characters_refuse_the_request() {
        for position in [Position::Url, Position::Header, Position::Json, Position::Xml] {
            for value in [b"a\r\nX: y".as_slice(), b"a\0", b"a\x7f", b"", b"\xff"] {
                assert!(matches!(filled("{secret}", position, value), Err(Fault::Refused(_))), "{position:?} {value:?}");
            }
        }
        assert!(filled("{secret}", Position::Header, "ä".as_bytes()).is_err());
    }

    #[test]
    fn what_is_missing_has_a_name() {
        assert_eq!(filled("/{other-id}/x", Position::Url, b"a"), Err(Fault::Missing("other-id".into())));
        let body = "{ me{id} {secret} }";
        assert_eq!(*fill(body, Position::Json, false, &|name| (name == "secret").then_some(b"v")).unwrap(), "{ me{id} v }");
        assert_eq!(placeholders("{a}{b-c} {} {D} {e").collect::<Vec<_>>(), ["a", "b-c"]);
    }

    #[test]
    fn basic_pairs_and_hosts() {
        let lookup: Lookup<'_> = &|name| (name == "secret").then_some(b"s3");
        assert_eq!(*basic("me", "{secret}", lookup).unwrap(), format!("Basic {}", BASE64.encode(b"me:s3")));
        assert_eq!(*basic("{secret}", "", lookup).unwrap(), format!("Basic {}", BASE64.encode(b"s3:")));
        assert_eq!(label(b"US12").unwrap(), "us12");
        for wrong in ["a.b", "evil.example#", "x@y", "-a", "", "a:1", &"a".repeat(64)] {
            assert!(label(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert_eq!(host(b"Git.corp.example:8443").unwrap(), "git.corp.example:8443");
        for wrong in ["a/b", "u@h", "h#x", "h:99999", "a..b", "[::1]"] {
            assert!(host(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
