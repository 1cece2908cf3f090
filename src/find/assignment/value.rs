//! The value on the right of an assignment: what joins it to its name in the many notations of programs,
//! configuration, markup and command lines, and how far it goes. It does not judge what the value looks like.

use std::ops::Range;

use super::key::Key;
use crate::look;
use crate::score::Feature;

/// The longest value.
pub const LONGEST: usize = 512;

/// A value after a name.
#[derive(Debug, PartialEq, Eq)]
pub struct Value {
    /// Where it stands, without its quotes.
    pub range: Range<usize>,
    /// Whether it stands in quotes or between tags.
    pub quoted: bool,
    /// Whether it is compared with, not assigned.
    pub compared: bool,
    /// Whether it is an entry of a configuration file or environment: alone on its line, or after a flag.
    pub entry: bool,
    /// Whether it is a setting inside a string or a command: a query's parameter, a part of a connection string.
    pub setting: bool,
    /// Whether a call stands around it.
    pub wrapped: bool,
    /// How it is joined to its name.
    pub joined: Option<Feature>,
}

/// What ends a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Quote(&'static [u8]),
    Tag,
    Entry,
    /// A parameter of a query, where a bar is no operator.
    Setting,
    Bare,
}

/// Quotes, the longer first: those inside strings and markup are escaped.
const QUOTES: &[&[u8]] = &[b"\\\\\\\"", b"&quot;", b"&#34;", b"\\\"", b"\\'", b"\"", b"'", b"``", b"`"];

/// What stands between name and value.
struct Joint {
    at: usize,
    quoted: bool,
    compared: bool,
    tag: bool,
    entry: bool,
    setting: bool,
}

/// The value that follows the name.
pub fn after(bytes: &[u8], key: &Key) -> Option<Value> {
    let joint = joint(bytes, key)?;
    let mut at = skip(bytes, joint.at, 32);
    if joint.tag {
        return closed(bytes, at, End::Tag, &joint).map(|value| Value { joined: Some(Feature::ByTag), ..value });
    }
    let joined = joined(bytes, key, &joint);
    if matches!(bytes.get(at), Some(b'[' | b'{')) && quote(bytes, at + 1).is_some() {
        at += 1;
    }
    let letters = bytes[at..].iter().take(2).take_while(|b| b"bBrRuUfFL@$".contains(b)).count();
    if letters > 0 && quote(bytes, at + letters).is_some() {
        at += letters;
    }
    let value = match quote(bytes, at) {
        Some(mark) => closed(bytes, at + mark.len(), End::Quote(mark), &joint),
        None => match call(bytes, at) {
            Some(inside) => {
                let mark = quote(bytes, inside)?;
                closed(bytes, inside + mark.len(), End::Quote(mark), &joint).map(|value| Value { wrapped: true, ..value })
            }
            None if joint.quoted => None,
            None => closed(bytes, at, end_of_bare(&joint), &joint),
        },
    };
    value.map(|value| Value { joined, ..value })
}

/// What ends a value without quotes.
fn end_of_bare(joint: &Joint) -> End {
    match joint {
        Joint { entry: true, .. } => End::Entry,
        Joint { setting: true, .. } => End::Setting,
        _ => End::Bare,
    }
}

/// How the value is joined to its name.
fn joined(bytes: &[u8], key: &Key, joint: &Joint) -> Option<Feature> {
    let between = &bytes[key.range.end.min(joint.at)..joint.at];
    match between.iter().copied().find(|b| b":=,(>".contains(b)) {
        _ if joint.compared => Some(Feature::Compared),
        Some(b':') => Some(Feature::ByColon),
        Some(b'=') => Some(Feature::ByEquals),
        Some(b',') => Some(Feature::ByArgument),
        Some(b'(') => Some(Feature::ByCall),
        _ => Some(Feature::BySpace),
    }
}

/// Where the first argument of a call begins whose first argument is quoted: `Some("`, `[]byte("`,
/// `new Key(Base64.decode("`. Two calls deep.
fn call(bytes: &[u8], at: usize) -> Option<usize> {
    const LOOKUPS: &[&str] =
        &["env", "get", "config", "fetch", "lookup", "param", "find", "read", "load", "translate", "gettext", "label", "t", "_", "query"];
    let mut at = at;
    for depth in 0..2 {
        if bytes[at..].starts_with(b"new ") {
            at += 4;
        }
        let name = bytes[at..].iter().take(40).take_while(|b| b.is_ascii_alphanumeric() || b"_.:[]$!".contains(b)).count();
        let word = &bytes[at..at + name];
        let last = word.rsplit(|b| b".:$".contains(b)).next().unwrap_or_default().to_ascii_lowercase();
        let looks_up =
            LOOKUPS.iter().any(|w| last == w.as_bytes() || (w.len() > 2 && last.starts_with(w.as_bytes()))) || last.ends_with(b"env");
        if name == 0 || looks_up || bytes.get(at + name) != Some(&b'(') {
            return None;
        }
        at += name + 1;
        if quote(bytes, at).is_some() {
            return Some(at);
        }
        if depth == 1 {
            return None;
        }
    }
    None
}

/// Passes over what joins a name to its value.
fn joint(bytes: &[u8], key: &Key) -> Option<Joint> {
    let mut at = key.range.end;
    if let Some(at) = property_list(bytes, at) {
        return Some(Joint { at, quoted: false, compared: false, tag: true, entry: false, setting: false });
    }
    let closing = quote(bytes, at);
    at += closing.map_or(0, <[u8]>::len);
    at += bytes[at..].iter().take(2).take_while(|b| matches!(b, b']' | b')')).count();
    at += array(&bytes[at..]);
    let spaced = skip(bytes, at, 40);
    let plain = Joint { at: spaced, quoted: false, compared: false, tag: false, entry: false, setting: false };
    let rest = &bytes[spaced..];
    match rest.first()? {
        b'=' => equals(bytes, key, Joint { entry: spaced == at && closing.is_none(), ..plain }),
        b':' if rest.starts_with(b":=") => Some(Joint { at: spaced + 2, ..plain }),
        b':' if rest.starts_with(b"::") => None,
        b':' => Some(colon(bytes, key, Joint { at: spaced + 1, entry: closing.is_none(), ..plain })),
        b'!' if rest.starts_with(b"!=") => equals(bytes, key, Joint { at: spaced + 1, compared: true, ..plain }),
        b'?' if rest.starts_with(b"?=") => Some(Joint { at: spaced + 2, entry: true, ..plain }),
        b'|' if rest.starts_with(b"||=") => Some(Joint { at: spaced + 3, quoted: true, ..plain }),
        b'>' if opens_tag(bytes, key) || closing.is_some() => Some(Joint { at: spaced + 1, tag: true, ..plain }),
        b',' if closing.is_some() => listed(bytes, key, Joint { at: spaced + 1, ..plain }),
        b'(' if closing.is_none() => Some(Joint { at: spaced + 1, quoted: true, ..plain }),
        b'\n' | b'\r' => listed(bytes, key, plain).filter(|_| names_an_entry(bytes, key)),
        _ if spaced > at && opens_tag(bytes, key) => attributes(rest).map(|n| Joint { at: spaced + n, tag: true, ..plain }),
        b'v' | b'V' if closing.is_some() && spaced > at => listed(bytes, key, plain),
        _ if spaced > at && closing.is_none() => spaced_out(bytes, key, plain),
        _ => None,
    }
}

fn equals(bytes: &[u8], key: &Key, mut joint: Joint) -> Option<Joint> {
    let signs = bytes[joint.at..].iter().take(3).take_while(|b| **b == b'=').count();
    joint.at += signs;
    joint.compared |= signs > 1;
    match bytes.get(joint.at) {
        Some(b'>') => joint.at += 1,
        Some(b'~') => return None,
        _ => {}
    }
    let tight = !matches!(bytes.get(joint.at), Some(b' ' | b'\t'));
    joint.setting = tight && joint.entry && !joint.compared && (is_setting(bytes, key) || is_beside_user(bytes, key, joint.at));
    joint.entry = !joint.compared && if tight { joint.entry && (key.flag || begins_a_line(bytes, key)) } else { begins_a_line(bytes, key) };
    Some(joint)
}

/// Whether the name is a setting inside a string or command: after `?` or `&` of a query, a quote, `;` or another
/// setting of a connection string, or in capitals after a blank as the shell has it.
fn is_setting(bytes: &[u8], key: &Key) -> bool {
    let before = &bytes[key.range.start.saturating_sub(48)..key.range.start];
    let Some(last) = before.last() else { return false };
    match last {
        b'?' | b'&' | b';' | b'"' | b'\'' | b'`' => true,
        b' ' => {
            let word = before[..before.len() - 1].rsplit(|b| b.is_ascii_whitespace() || b"\"'`".contains(b)).next().unwrap_or_default();
            let capitals = bytes[key.range.clone()].iter().all(|b| !b.is_ascii_lowercase());
            capitals
                || word.starts_with(b"-")
                || (word.contains(&b'=') && !word.ends_with(b",") && !word.ends_with(b"=") && !word.contains(&b'('))
        }
        _ => false,
    }
}

/// After a colon a type may stand before the value: `token: &str = "..."`.
fn colon(bytes: &[u8], key: &Key, joint: Joint) -> Joint {
    let line = &bytes[joint.at..(joint.at + 48).min(bytes.len())];
    let kind = line.iter().take_while(|b| b.is_ascii_alphanumeric() || b" &'<>[]?|_.".contains(b)).count();
    if kind > 1 && line.get(kind) == Some(&b'=') && !matches!(line.get(kind + 1), Some(b'=' | b'>')) && line[..kind].ends_with(b" ") {
        return Joint { at: joint.at + kind + 1, quoted: true, ..joint };
    }
    let entry = joint.entry && matches!(line.first(), Some(b' ' | b'\t')) && begins_a_line(bytes, key);
    let setting = joint.entry && !entry && is_beside_user(bytes, key, joint.at);
    Joint { entry, setting, ..joint }
}

/// Whether a user is named before on the same line, as in notes and tables (`id:joe, pw:...`), and the value has a
/// digit, as types and references seldom have.
fn is_beside_user(bytes: &[u8], key: &Key, at: usize) -> bool {
    const USERS: &[&str] = &["user", "username", "name", "login", "id", "account", "email"];
    let value = &bytes[skip(bytes, at, 4)..];
    let digit = value.iter().take(64).take_while(|b| b.is_ascii_graphic()).any(u8::is_ascii_digit);
    let before = &bytes[key.range.start.saturating_sub(48)..key.range.start];
    let line = before.iter().rposition(|b| *b == b'\n').map_or(before, |n| &before[n + 1..]);
    let Some(sign) = line.iter().rposition(|b| matches!(b, b':' | b'=')).filter(|_| digit) else { return false };
    let user = line[sign + 1..].trim_ascii();
    let plain = user.len() > 1 && user.iter().all(|b| b.is_ascii_alphanumeric() || b"_.@-,/;| ".contains(b));
    let word = look::words(line[..sign].trim_ascii_end()).last().unwrap_or_default();
    plain && USERS.iter().any(|name| name.as_bytes() == word)
}

/// A pair of a name and a value field, or two arguments: `"name": "X", "value": "..."`, `set("x", "...")`.
fn listed(bytes: &[u8], key: &Key, joint: Joint) -> Option<Joint> {
    let at = skip_lines(bytes, joint.at);
    let opening = quote(bytes, at).map_or(0, <[u8]>::len);
    let field = at + opening;
    if bytes.len() >= field + 5 && bytes[field..field + 5].eq_ignore_ascii_case(b"value") {
        let after = field + 5;
        let after = skip(bytes, after + quote(bytes, after).map_or(0, <[u8]>::len), 8);
        if matches!(bytes.get(after), Some(b':' | b'=')) {
            return Some(Joint { at: after + 1, entry: opening == 0 && bytes[after] == b':', ..joint });
        }
    }
    let argument = opening > 0 && bytes[joint.at - 1] == b',' && !bytes[joint.at..at].contains(&b'\n') && !is_hashed(bytes, key);
    argument.then_some(Joint { at, quoted: true, ..joint })
}

/// Whether the name is itself the value that a call hashes or compares: `HashPassword("password", "salt")`.
fn is_hashed(bytes: &[u8], key: &Key) -> bool {
    let before = &bytes[key.range.start.saturating_sub(40)..key.range.start];
    let quotes = before.iter().rev().take_while(|b| b"\"'`\\".contains(b)).count();
    let Some(call) = before[..before.len() - quotes].strip_suffix(b"(").filter(|_| quotes > 0) else { return false };
    let name = call.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    look::words(&call[call.len() - name..]).any(|word| [&b"hash"[..], b"verify", b"compare", b"check", b"digest"].contains(&&word[..]))
}

/// Only blanks between name and value: a flag, a typed declaration, an image's environment, a `.netrc`.
fn spaced_out(bytes: &[u8], key: &Key, joint: Joint) -> Option<Joint> {
    let rest = &bytes[joint.at..];
    for kind in [&b"string"[..], b"String", b"str", b"text"] {
        if rest.starts_with(kind) {
            let sign = skip(bytes, joint.at + kind.len(), 8);
            let wide = if bytes[sign..].starts_with(b":=") { 2 } else { usize::from(bytes.get(sign) == Some(&b'=')) };
            return (wide > 0).then_some(Joint { at: sign + wide, quoted: true, ..joint });
        }
    }
    let before = &bytes[key.range.start.saturating_sub(14)..key.range.start];
    let netrc = || {
        let word = &bytes[key.range.clone()];
        let wide = &bytes[key.range.start.saturating_sub(64)..key.range.start];
        (word == b"password" && (contains(wide, b"login ") || contains(wide, b"machine "))) || word == b"requirepass"
    };
    if key.flag || before.ends_with(b"ENV ") || before.ends_with(b"ARG ") || netrc() {
        return Some(Joint { entry: true, ..joint });
    }
    if rest.get(..3).is_some_and(|by| by.eq_ignore_ascii_case(b"by ")) {
        return Some(Joint { at: joint.at + 3, quoted: true, ..joint });
    }
    let sql = bytes[key.range.clone()].iter().all(|b| !b.is_ascii_lowercase()) || bytes[key.range.clone()].contains(&b' ');
    let lisp = sql || before.ends_with(b"setq ") || before.ends_with(b"(def ") || before.ends_with(b"(defvar ");
    let call = quote(bytes, joint.at).is_some() && (!before.ends_with(b" ") || lisp || begins_a_line(bytes, key));
    call.then_some(Joint { quoted: true, ..joint })
}

/// Where the value goes to.
fn closed(bytes: &[u8], start: usize, end: End, joint: &Joint) -> Option<Value> {
    let stop = (start + LONGEST + 1).min(bytes.len());
    let mut at = start;
    while at < stop && !ends(bytes, at, end)? {
        at += if bytes[at] == b'\\' && matches!(end, End::Quote(mark) if mark.len() == 1) { 2 } else { 1 };
    }
    let at = at.min(stop);
    if at - start > LONGEST || at == start {
        return None;
    }
    let next = bytes.get(at).copied();
    let code = match end {
        End::Quote(_) => next.is_none(),
        End::Tag => !bytes[at..].starts_with(b"</"),
        End::Entry => matches!(next, Some(b'\'' | b'"' | b'`')),
        End::Setting => matches!(next, Some(b'(' | b'[' | b'{' | b'<')),
        End::Bare => matches!(next, Some(b'(' | b'[' | b'{' | b'<' | b'|')),
    };
    let range = start..at - usize::from(end == End::Entry && matches!(bytes[at - 1], b',' | b';'));
    let quoted = matches!(end, End::Quote(_) | End::Tag);
    let alone = || {
        let rest = &bytes[skip(bytes, at, 16)..];
        matches!(rest.first(), None | Some(b'\n' | b'\r' | b'#')) || rest.starts_with(b"//") || rest.starts_with(b"\\n")
    };
    let loose = bytes[joint.at - 1] == b':' || matches!(bytes.get(joint.at), Some(b' ' | b'\t'));
    let entry = joint.entry && (quoted || !loose || alone());
    let setting = joint.setting && !quoted;
    (!code && !range.is_empty()).then_some(Value { range, quoted, compared: joint.compared, entry, setting, wrapped: false, joined: None })
}

/// Whether the value ends at this byte; `None` where it cannot be a value at all.
fn ends(bytes: &[u8], at: usize, end: End) -> Option<bool> {
    let b = bytes[at];
    if b.is_ascii_control() && b != b' ' && b != b'\t' && b != b'\n' && b != b'\r' {
        return None;
    }
    match end {
        End::Quote(mark) => match b {
            b'\n' | b'\r' => None,
            _ => Some(b == mark[0] && bytes[at..].starts_with(mark)),
        },
        End::Tag => (b != b'\n').then_some(b == b'<'),
        End::Entry => Some(b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`') || bytes[at..].starts_with(b"\\n")),
        End::Setting => Some(b.is_ascii_whitespace() || (b != b'|' && is_sign(b))),
        End::Bare => Some(b.is_ascii_whitespace() || is_sign(b)),
    }
}

/// Whether no value without quotes goes on beyond it.
fn is_sign(b: u8) -> bool {
    matches!(b, b'"' | b'\'' | b'`' | b',' | b';' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b'|' | b'&' | b'\\')
}

fn quote(bytes: &[u8], at: usize) -> Option<&'static [u8]> {
    let rest = bytes.get(at..)?;
    // Most bytes begin none.
    if !matches!(rest.first()?, b'\\' | b'&' | b'"' | b'\'' | b'`') {
        return None;
    }
    QUOTES.iter().copied().find(|mark| rest.starts_with(mark))
}

/// Passes over blanks, at most so many.
fn skip(bytes: &[u8], at: usize, most: usize) -> usize {
    let at = at.min(bytes.len());
    at + bytes[at..].iter().take(most).take_while(|b| matches!(b, b' ' | b'\t')).count()
}

fn skip_lines(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take(40).take_while(|b| b.is_ascii_whitespace()).count()
}

/// Length of `[]` or `[64]`.
fn array(rest: &[u8]) -> usize {
    let digits = rest.iter().skip(1).take(5).take_while(|b| b.is_ascii_digit()).count();
    if rest.first() == Some(&b'[') && rest.get(1 + digits) == Some(&b']') { digits + 2 } else { 0 }
}

/// `<key>Password</key> <string>value</string>`.
fn property_list(bytes: &[u8], at: usize) -> Option<usize> {
    let at = bytes[at..].starts_with(b"</key>").then(|| skip_lines(bytes, at + 6))?;
    bytes[at..].starts_with(b"<string>").then_some(at + 8)
}

/// Length of a tag's attributes with the bracket that closes it.
fn attributes(rest: &[u8]) -> Option<usize> {
    let end = rest.iter().take(48).position(|b| matches!(b, b'>' | b'<' | b'\n'))?;
    (rest[end] == b'>' && rest[..end].contains(&b'=')).then_some(end + 1)
}

/// Whether the name opens a tag.
fn opens_tag(bytes: &[u8], key: &Key) -> bool {
    key.range.start > 0 && bytes[key.range.start - 1] == b'<'
}

/// Whether the name is the value of a field `name` or `key`, as in a list of environment entries.
fn names_an_entry(bytes: &[u8], key: &Key) -> bool {
    let before = &bytes[key.range.start.saturating_sub(8)..key.range.start];
    let before = before.trim_ascii_end();
    before.ends_with(b"name:") || before.ends_with(b"key:") || before.ends_with(b"Name:") || before.ends_with(b"Key:")
}

/// Whether nothing but blanks, `export`, a list's dash or a comment sign stands before the name on its line.
fn begins_a_line(bytes: &[u8], key: &Key) -> bool {
    let before = &bytes[key.range.start.saturating_sub(64)..key.range.start];
    let line = before.iter().rposition(|b| *b == b'\n').map_or(before, |n| &before[n + 1..]);
    let line = line.trim_ascii();
    [&b""[..], b"-", b"#", b"//", b"export", b"ENV", b"set", b"SET", b"- export", b";", b"--"].contains(&line) || before.ends_with(b"\\n")
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    memchr::memmem::find(bytes, what).is_some()
}
