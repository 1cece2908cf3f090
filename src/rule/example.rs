//! The examples in a rule's `match` and `skip`, completed at run time so that no whole token stands in a
//! file: `·` is removed, `<30 alnum>` becomes that many characters, `<checksum>` what the rule's check wants.

use crate::check;

/// Alphabets by the name they have in an example.
const ALPHABETS: &[(&str, &str)] = &[
    ("alnum", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
    ("lower-alnum", "abcdefghijklmnopqrstuvwxyz0123456789"),
    ("upper-alnum", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
    ("alpha", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    ("lower", "abcdefghijklmnopqrstuvwxyz"),
    ("upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("digits", "0123456789"),
    ("hex", "0123456789abcdef"),
    ("upper-hex", "0123456789ABCDEF"),
    ("base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    ("base58", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
    ("base64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
    ("base64url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
];

/// The example's text as a scanner would meet it. `seed` varies the made-up characters; the same seed gives
/// the same text. An error names the part that means nothing.
pub fn complete(example: &str, check: Option<&str>, seed: u64) -> Result<String, String> {
    let example = example.replace('·', "");
    let mut out = String::new();
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut token = 0;
    let mut rest = example.as_str();
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>').map(|n| open + n) else { break };
        out.push_str(&rest[..open]);
        let part = &rest[open + 1..close];
        if part == "checksum" {
            token = out.rfind(|c: char| c.is_whitespace() || "\"'".contains(c)).map_or(0, |n| n + 1).max(token);
            let sum = check.and_then(|name| check::checksum(name, &out[token..]));
            out.push_str(&sum.ok_or_else(|| format!("no checksum for {part:?} with the check {check:?}"))?);
        } else if let Some((count, alphabet)) = made_up(part) {
            for _ in 0..count {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                out.push(char::from(alphabet[(random >> 20) as usize % alphabet.len()]));
            }
        } else {
            out.push_str(&rest[open..=close]);
        }
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn made_up(part: &str) -> Option<(usize, &'static [u8])> {
    let (count, name) = part.split_once(' ')?;
    let alphabet = ALPHABETS.iter().find(|(n, _)| *n == name)?.1;
    Some((count.parse().ok()?, alphabet.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completes_what_it_knows_and_leaves_the_rest() {
        let text = complete("a·b <3 digits> <user> <x", None, 1).unwrap();
        assert!(text.starts_with("ab ") && text.ends_with(" <user> <x"), "{text}");
        assert!(text[3..6].bytes().all(|b| b.is_ascii_digit()));
        assert_eq!(text, complete("a·b <3 digits> <user> <x", None, 1).unwrap());
        assert_ne!(text, complete("a·b <3 digits> <user> <x", None, 77).unwrap());
    }
}
