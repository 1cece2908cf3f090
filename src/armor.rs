//! Armored text: a block between `-----BEGIN ...-----` and `-----END ...-----`, as it stands in a file or,
//! escaped, quoted, indented or commented, in something else. It knows the text alone, not what key it holds.

/// An armored private key as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The words between `BEGIN` and the dashes.
    pub label: String,
    /// The header lines, such as `Proc-Type`.
    pub headers: Vec<(String, String)>,
    /// The base64 characters of the body, without what stands around and between them.
    pub body: Vec<u8>,
    /// Of a PGP block the four characters of its checksum.
    pub checksum: Option<Vec<u8>>,
    /// Whether the `END` line with the same label was reached.
    pub closed: bool,
    /// Length of all that was read, in bytes.
    pub len: usize,
}

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";
const LONGEST_LABEL: usize = 40;
const LONGEST_HEADER: usize = 256;
/// Between two quoted lines of source code there may be a sign of concatenation, but not much.
const LONGEST_JOINT: usize = 64;

/// What stands at a place in the text, with its escapes undone.
enum Unit {
    Digit(u8),
    Newline,
    Space,
    Quote(u8),
    Other,
}

/// Reads the block that begins with the first byte; nothing where that is no private key's.
pub fn read(bytes: &[u8]) -> Option<Block> {
    let label = label(bytes)?;
    let end = [b"-----END ".as_slice(), label.as_bytes(), DASHES].concat();
    let mut block = Block {
        headers: Vec::new(),
        body: Vec::new(),
        checksum: None,
        closed: false,
        len: BEGIN.len() + label.len() + DASHES.len(),
        label,
    };
    // A patch puts a `+` in front of each line; it can be told from base64 only by standing on all of them.
    let (mut lines, mut plus) = (0usize, Vec::new());
    let mut line_start = false;
    loop {
        let mut rest = &bytes[block.len..];
        if line_start {
            block.len += leader(rest);
            rest = &bytes[block.len..];
            if block.body.is_empty()
                && let Some((name, value, length)) = header(rest)
            {
                block.headers.push((name, value));
                block.len += length;
                continue;
            }
        }
        if rest.starts_with(&end) {
            block.len += end.len();
            block.closed = true;
            break;
        }
        let Some((unit, length)) = unit(rest) else { break };
        match unit {
            Unit::Digit(digit) => {
                if line_start {
                    lines += 1;
                    plus.extend((digit == b'+').then_some(block.body.len()));
                }
                block.body.push(digit);
                line_start = false;
            }
            Unit::Newline => line_start = true,
            Unit::Space => {}
            Unit::Quote(quote) => match joint(&rest[length..], quote) {
                Some(joint) => {
                    block.len += joint;
                    line_start = true;
                }
                None => break,
            },
            Unit::Other => break,
        }
        block.len += length;
    }
    if lines > 1 && plus.len() == lines {
        plus.iter().rev().for_each(|&at| {
            block.body.remove(at);
        });
    }
    block.take_checksum();
    Some(block)
}

impl Block {
    /// Whether it is a PGP block.
    pub fn is_pgp(&self) -> bool {
        self.label.starts_with("PGP ")
    }

    /// The value of a header line.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A PGP checksum is no part of the key: some programs leave it out.
    fn take_checksum(&mut self) {
        let Some(at) = self.body.len().checked_sub(5) else { return };
        if self.is_pgp() && self.body[at] == b'=' && !self.body[at + 1..].contains(&b'=') {
            self.checksum = Some(self.body.split_off(at + 1));
            self.body.pop();
        }
    }
}

fn label(bytes: &[u8]) -> Option<String> {
    let rest = bytes.strip_prefix(BEGIN)?;
    let rest = &rest[..rest.len().min(LONGEST_LABEL + DASHES.len())];
    let length = rest.windows(DASHES.len()).position(|window| window == DASHES)?;
    let label = std::str::from_utf8(&rest[..length]).ok()?;
    let words = label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ');
    (words && (label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK"))).then(|| label.to_owned())
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

fn of(byte: u8) -> Unit {
    match byte {
        b'\n' | b'\r' => Unit::Newline,
        b' ' | b'\t' => Unit::Space,
        b'"' | b'\'' | b'`' => Unit::Quote(byte),
        _ if is_digit(byte) => Unit::Digit(byte),
        _ => Unit::Other,
    }
}

fn unit(rest: &[u8]) -> Option<(Unit, usize)> {
    let hex = |at: usize| u8::from_str_radix(std::str::from_utf8(rest.get(at..at + 2)?).ok()?, 16).ok();
    Some(match rest.first()? {
        b'%' => (hex(1).map_or(Unit::Other, of), if hex(1).is_some() { 3 } else { 1 }),
        b'\\' => {
            let slashes = rest.iter().take(9).take_while(|&&b| b == b'\\').count();
            match rest.get(slashes)? {
                b'n' | b'r' => (Unit::Newline, slashes + 1),
                b't' => (Unit::Space, slashes + 1),
                b'u' if rest.get(slashes + 1..slashes + 3) == Some(b"00") => {
                    (hex(slashes + 3).map_or(Unit::Other, of), if hex(slashes + 3).is_some() { slashes + 5 } else { slashes + 1 })
                }
                b'/' => (Unit::Digit(b'/'), slashes + 1),
                // A backslash at the end of a line goes on in the next; one before a quote belongs to it.
                &byte @ (b'\n' | b'\r' | b'"' | b'\'') => (of(byte), slashes + 1),
                _ => (Unit::Other, slashes),
            }
        }
        &byte => (of(byte), 1),
    })
}

/// Length of what stands in front of a line: indentation, the sign of a comment, a quotation or a list.
fn leader(rest: &[u8]) -> usize {
    let spaces = |from: usize| from + rest[from..].iter().take(64).take_while(|&&b| matches!(b, b' ' | b'\t')).count();
    let mut at = spaces(0);
    while let Some(&byte) = rest.get(at) {
        let dash = byte == b'-' && (!rest[at..].starts_with(DASHES) || rest[at..].starts_with(b"------"));
        let sign = if dash || matches!(byte, b'#' | b'>' | b'|' | b'*' | b';') {
            1
        } else if rest[at..].starts_with(b"// ") {
            3
        } else {
            break;
        };
        at = spaces(at + sign);
    }
    at
}

/// Name, value and length of a header line, `Name: value`.
fn header(rest: &[u8]) -> Option<(String, String, usize)> {
    let mut at = 0;
    let mut line = Vec::new();
    while at < rest.len() && at < LONGEST_HEADER {
        let (unit, length) = unit(&rest[at..])?;
        if matches!(unit, Unit::Newline) {
            let line = String::from_utf8(line).ok()?;
            let (name, value) = line.split_once(':')?;
            let name = name.trim_start_matches('+');
            let word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            return word.then(|| (name.to_owned(), value.trim().to_owned(), at));
        }
        line.extend(&rest[at..at + length]);
        at += length;
    }
    None
}

/// Length up to the quote that opens the next line of the same text, where nothing but a joint lies between.
fn joint(rest: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while at < LONGEST_JOINT {
        let (unit, length) = unit(rest.get(at..)?)?;
        at += length;
        match unit {
            Unit::Quote(found) if found == quote => return Some(at),
            Unit::Newline | Unit::Space | Unit::Digit(b'+') => {}
            Unit::Other if matches!(rest[at - 1], b',' | b'.' | b'&' | b'\\' | b'(' | b')' | b'_' | b'-') => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn block(between: &str, end: &str) -> Block {
        let lines: Vec<&str> = [&["-----BEGIN ED25519 PRIVATE KEY-----"][..], &[&BODY[..32], &BODY[32..]], &[end]].concat();
        read(lines.join(between).as_bytes()).unwrap()
    }

    #[test]
    fn any_way_of_writing_it_gives_the_same_body() {
        let end = "-----END ED25519 PRIVATE KEY-----";
        for between in [
            "\n",
            "\r\n",
            "\\n",
            "\\\\n",
            "\\r\\n",
            "\n    ",
            " ",
            "%0A",
            "\\u000a",
            "\\n\" +\n    \"",
            "\\n\"\n\"",
            "',\n '",
            "\\\n",
            "\n# ",
            "\n// ",
            "\n+",
            "\n- ",
            "\n> ",
            "\\n\\\n",
        ] {
            let block = block(between, end);
            assert_eq!((block.closed, std::str::from_utf8(&block.body).unwrap()), (true, BODY), "{between:?}");
            assert_eq!(block.len, 34 + 1 + BODY.len() + 3 * between.len() + end.len(), "{between:?}");
        }
    }

    #[test]
    fn headers_are_no_body() {
        for newline in ["\n", "\\n", "\n+", "\n    "] {
            let lines = [
                "-----BEGIN RSA PRIVATE KEY-----",
                "Proc-Type: 4,ENCRYPTED",
                "DEK-Info: AES-128-CBC,00",
                "",
                BODY,
                "-----END RSA PRIVATE KEY-----",
            ];
            let block = read(lines.join(newline).as_bytes()).unwrap();
            assert_eq!((block.closed, block.body.len(), block.header("Proc-Type")), (true, 64, Some("4,ENCRYPTED")));
        }
    }

    #[test]
    fn another_end_or_none_is_not_closed() {
        assert!(!block("\n", "-----END RSA PRIVATE KEY-----").closed);
        assert!(!block("\n", "...").closed);
        assert_eq!(block("\n", "...").body.len(), 64);
    }

    #[test]
    fn a_pgp_checksum_is_no_body() {
        let text = format!("-----BEGIN PGP PRIVATE KEY BLOCK-----\nComment: x\n\n{BODY}==\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----");
        let block = read(text.as_bytes()).unwrap();
        assert_eq!((block.checksum.as_deref(), block.body.len()), (Some(b"abcd".as_slice()), 66));
    }

    proptest::proptest! {
        #[test]
        fn never_reads_beyond_the_end(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..40)) {
            let text = ["-----BEGIN PRIVATE KEY-----", &pieces.concat()].concat();
            let block = read(text.as_bytes()).unwrap();
            assert!(block.len <= text.len());
            assert!(block.body.iter().all(|b| is_digit(*b)));
        }
    }

    const PIECES: &[&str] = &[
        "\n",
        "\\",
        "n",
        "\\n",
        "\"",
        "'",
        "+",
        " ",
        "%",
        "%0",
        "%0A",
        "u00",
        "\\u002b",
        "-----END PRIVATE KEY-----",
        "-----",
        "-",
        "A: b",
        "MII",
        "=",
        "//",
        "é",
        ".",
    ];

    #[test]
    fn public_things_are_none() {
        assert_eq!(read(b"-----BEGIN PUBLIC KEY-----\nAAAA"), None);
        assert_eq!(read(b"-----BEGIN CERTIFICATE-----"), None);
        assert_eq!(read(b"-----BEGIN PRIVATE KEY"), None);
    }
}
