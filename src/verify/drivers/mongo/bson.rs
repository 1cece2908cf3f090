//! As much of BSON as a login needs: small documents are written, and fields of the outermost document are read. It
//! does not know what the documents mean.

/// A document that is being written.
pub(super) struct Document(Vec<u8>);

impl Document {
    pub(super) fn new() -> Self {
        Self(vec![0; 4])
    }

    fn field(mut self, kind: u8, name: &str) -> Self {
        self.0.push(kind);
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn int(self, name: &str, value: i32) -> Self {
        self.field(0x10, name).bytes(&value.to_le_bytes())
    }

    pub(super) fn yes(self, name: &str) -> Self {
        self.field(0x08, name).bytes(&[1])
    }

    pub(super) fn text(self, name: &str, value: &str) -> Self {
        self.field(0x02, name).bytes(&length(value.len() + 1)).bytes(value.as_bytes()).bytes(&[0])
    }

    pub(super) fn binary(self, name: &str, value: &[u8]) -> Self {
        self.field(0x05, name).bytes(&length(value.len())).bytes(&[0]).bytes(value)
    }

    pub(super) fn document(self, name: &str, value: Document) -> Self {
        self.field(0x03, name).bytes(&value.done())
    }

    pub(super) fn done(mut self) -> Vec<u8> {
        self.0.push(0);
        let size = length(self.0.len());
        self.0[..4].copy_from_slice(&size);
        self.0
    }
}

fn length(bytes: usize) -> [u8; 4] {
    (bytes as u32).to_le_bytes()
}

/// A value that was read.
#[derive(Debug, PartialEq)]
pub(super) enum Value<'d> {
    Number(f64),
    Text(&'d str),
    Binary(&'d [u8]),
    List(&'d [u8]),
    Other,
}

/// The value of a field of a document; nothing where there is none, or the document is none.
pub(super) fn get<'d>(document: &'d [u8], name: &str) -> Option<Value<'d>> {
    fields(document)?.into_iter().find(|(known, _)| *known == name.as_bytes()).map(|(_, value)| value)
}

/// The texts of a list.
pub(super) fn texts(list: &[u8]) -> Vec<&str> {
    let values = fields(list).unwrap_or_default().into_iter();
    values.filter_map(|(_, value)| if let Value::Text(text) = value { Some(text) } else { None }).collect()
}

fn fields(document: &[u8]) -> Option<Vec<(&[u8], Value<'_>)>> {
    let mut rest = sized(document, 0)?.get(4..)?;
    let mut all = Vec::new();
    while let Some((&kind, after)) = rest.split_first().filter(|(kind, _)| **kind != 0) {
        let end = after.iter().position(|b| *b == 0)?;
        let (name, after) = (&after[..end], &after[end + 1..]);
        let (value, used) = value(kind, after)?;
        all.push((name, value));
        rest = after.get(used..)?;
    }
    Some(all)
}

/// The first bytes, as many as their own length says and `more`.
fn sized(bytes: &[u8], more: usize) -> Option<&[u8]> {
    bytes.get(..usize::try_from(number(bytes)?).ok()?.checked_add(more)?)
}

fn number(bytes: &[u8]) -> Option<i32> {
    bytes.get(..4)?.try_into().ok().map(i32::from_le_bytes)
}

/// A value and how many bytes it takes.
fn value(kind: u8, bytes: &[u8]) -> Option<(Value<'_>, usize)> {
    let long = || bytes.get(..8)?.try_into().ok();
    Some(match kind {
        0x01 => (Value::Number(f64::from_le_bytes(long()?)), 8),
        0x02 => {
            let text = sized(bytes, 4)?.get(4..)?.strip_suffix(&[0])?;
            (Value::Text(std::str::from_utf8(text).ok()?), text.len() + 5)
        }
        0x03 => (Value::Other, sized(bytes, 0)?.len()),
        0x04 => {
            let list = sized(bytes, 0)?;
            (Value::List(list), list.len())
        }
        0x05 => {
            let binary = sized(bytes, 5)?.get(5..)?;
            (Value::Binary(binary), binary.len() + 5)
        }
        0x08 => (Value::Number(f64::from(*bytes.first()?)), 1),
        0x0a => (Value::Other, 0),
        0x10 => (Value::Number(f64::from(number(bytes)?)), 4),
        0x12 => (Value::Number(i64::from_le_bytes(long()?) as f64), 8),
        0x09 | 0x11 => (Value::Other, 8),
        0x07 => (Value::Other, 12),
        // No answer to a login holds anything else.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let inner = Document::new().text("0", "a").text("1", "b");
        let bytes = Document::new().int("n", -7).text("t", "x").binary("b", &[0, 1]).yes("y").document("d", inner).done();
        assert_eq!(get(&bytes, "n"), Some(Value::Number(-7.0)));
        assert_eq!(get(&bytes, "t"), Some(Value::Text("x")));
        assert_eq!(get(&bytes, "b"), Some(Value::Binary(&[0, 1])));
        assert_eq!((get(&bytes, "y"), get(&bytes, "d"), get(&bytes, "z")), (Some(Value::Number(1.0)), Some(Value::Other), None));
        assert_eq!(texts(&Document::new().text("0", "a").int("1", 1).text("2", "b").done()), ["a", "b"]);
    }

    #[test]
    fn the_layout_is_that_of_the_specification() {
        let bytes = Document::new().text("hello", "world").done();
        assert_eq!(bytes, b"\x16\0\0\0\x02hello\0\x06\0\0\0world\0\0");
    }

    #[test]
    fn what_is_cut_or_lies_about_its_length_is_none() {
        let bytes = Document::new().int("n", 1).text("t", "text").binary("b", b"bytes").done();
        for end in 0..bytes.len() {
            assert_eq!(get(&bytes[..end], "b"), None, "{end}");
        }
        for at in 0..bytes.len() {
            for wrong in [0, 0x7f, 0xff] {
                let mut other = bytes.clone();
                other[at] = wrong;
                let _ = get(&other, "b");
            }
        }
    }
}
