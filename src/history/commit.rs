//! Commit and tag objects as text: their headers, persons and dates, whatever strange bytes they hold. Dates
//! like `+518:00` or far futures are data, never errors. It does not know where the objects come from.

use bstr::{BString, ByteSlice};

use crate::finding::Person;
use crate::object::Oid;

/// The headers of a commit or tag, borrowed from its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers<'a> {
    /// The root tree.
    pub tree: Option<Oid>,
    /// The parents, in order.
    pub parents: Vec<Oid>,
    /// What a tag points to.
    pub object: Option<Oid>,
    /// The author or tagger field, raw.
    pub author: &'a [u8],
    /// The committer field, raw.
    pub committer: &'a [u8],
    /// Where the message begins, in bytes.
    pub message: usize,
}

/// Reads the headers; what is malformed is left empty.
pub fn headers(bytes: &[u8]) -> Headers<'_> {
    let mut found = Headers { message: bytes.len(), ..Headers::default() };
    let mut at = 0;
    while at < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
        let line = &bytes[at..end];
        at = (end + 1).min(bytes.len());
        if line.is_empty() {
            found.message = at;
            break;
        }
        let (key, value) = line.split_at(line.find_byte(b' ').unwrap_or(line.len()));
        let value = value.get(1..).unwrap_or_default();
        match key {
            b"tree" => found.tree = Oid::from_hex(value),
            b"parent" => {
                // Most commits have one, and all of them are kept.
                if found.parents.is_empty() {
                    found.parents.reserve_exact(1);
                }
                found.parents.extend(Oid::from_hex(value));
            }
            b"object" => found.object = Oid::from_hex(value),
            b"author" | b"tagger" => found.author = value,
            b"committer" => found.committer = value,
            _ => {}
        }
    }
    found
}

/// Whether the byte at an offset belongs to an author, committer or tagger field, and how many lines to take
/// off its own: those of a message count from the message's first, those before it from the object's.
pub fn part(bytes: &[u8], at: usize) -> (bool, usize) {
    let message = headers(bytes).message;
    if at >= message {
        return (false, memchr::memchr_iter(b'\n', &bytes[..message]).count());
    }
    let begin = bytes[..at].rfind_byte(b'\n').map_or(0, |n| n + 1);
    let identity = [&b"author "[..], b"committer ", b"tagger "].iter().any(|key| bytes[begin..].starts_with(key));
    (identity, 0)
}

/// The name and address in an author, committer or tagger field.
pub fn person(field: &[u8]) -> Person {
    let open = field.rfind_byte(b'<').unwrap_or(field.len());
    let close = field[open..].find_byte(b'>').map_or(field.len(), |n| open + n);
    let email = field.get(open + 1..close).unwrap_or_default();
    Person { name: BString::from(field[..open].trim()), email: BString::from(email) }
}

/// The date in such a field, in seconds since 1970; 0 where there is none that a number can hold.
pub fn date(field: &[u8]) -> i64 {
    let close = field.rfind_byte(b'>').map_or(0, |n| n + 1);
    field[close..].fields().next().and_then(|seconds| seconds.to_str().ok()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_headers_and_message() {
        let tree = "1".repeat(40);
        let parent = "2".repeat(40);
        let text =
            format!("tree {tree}\nparent {parent}\nauthor A B <a@b> 12 +0100\ncommitter C <c@d> 34 +518:00\ngpgsig x\n y\n\nhello\n");
        let found = headers(text.as_bytes());
        assert_eq!(found.tree.unwrap().hex(), tree);
        assert_eq!(found.parents[0].hex(), parent);
        assert_eq!((date(found.author), date(found.committer)), (12, 34));
        assert_eq!(&text[found.message..], "hello\n");
        let author = person(found.author);
        assert_eq!((author.name.as_slice(), author.email.as_slice()), (b"A B".as_slice(), b"a@b".as_slice()));
    }

    #[test]
    fn strange_fields_are_data() {
        assert_eq!(date(b"x <y> 99999999999999999999999 +0000"), 0);
        assert_eq!(date(b"x <y> -5 +0000"), -5);
        assert_eq!(date(b""), 0);
        assert_eq!(person(b"only a name").name, "only a name");
        assert_eq!(person(b"<>").email, "");
        assert_eq!(headers(b"tree x\nparent\n").tree, None);
    }
}
