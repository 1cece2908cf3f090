//! The filter `words`: prose, labels, translations and the stock words of programs where a value would stand.

use super::{Judgement, Window};
use crate::look;

/// Single words that are types, states and labels.
const STOCK: &[&str] = &[
    "absent",
    "allowed",
    "anonymous",
    "array",
    "binary",
    "boolean",
    "cannot",
    "checked",
    "confirm",
    "copied",
    "default",
    "denied",
    "disable",
    "disabled",
    "empty",
    "enable",
    "enabled",
    "encrypted",
    "error",
    "expired",
    "expires",
    "expression",
    "external",
    "failed",
    "false",
    "field",
    "forgot",
    "generate",
    "generated",
    "hidden",
    "ignore",
    "ignored",
    "incorrect",
    "input",
    "integer",
    "internal",
    "invalid",
    "label",
    "length",
    "literal",
    "manual",
    "masked",
    "match",
    "missing",
    "mixed",
    "nullable",
    "number",
    "object",
    "optional",
    "password",
    "passwords",
    "plaintext",
    "private",
    "prompt",
    "protected",
    "provided",
    "public",
    "readonly",
    "required",
    "reset",
    "return",
    "returns",
    "revoked",
    "secure",
    "string",
    "strong",
    "symbol",
    "textarea",
    "undefined",
    "unknown",
    "update",
    "updated",
    "username",
    "varchar",
    "verify",
    "visible",
    "warning",
    "wrong",
];

/// Drops prose and stock words.
pub fn judge(window: &Window<'_>) -> Judgement {
    let value = window.value();
    if look::is_random(value) {
        return Judgement::Keep;
    }
    if value.contains(&b' ') && look::words(value).count() > 1 {
        return Judgement::Drop("prose");
    }
    if value.ends_with(b":") || value.ends_with(b"?") || (!value.is_ascii() && is_text(value)) {
        return Judgement::Drop("a label or its translation");
    }
    let joined = value.iter().all(|b| b.is_ascii_lowercase() || b"-_. /".contains(b))
        && value.iter().filter(|b| !b.is_ascii_lowercase()).count() > 0;
    if joined && look::words(value).all(|word| word.len() > 1) {
        return Judgement::Drop("words");
    }
    let lower = value.trim_ascii_end().to_ascii_lowercase();
    let lower = lower.strip_suffix(b".").unwrap_or(&lower);
    if STOCK.iter().any(|word| word.as_bytes() == lower) {
        return Judgement::Drop("a stock word");
    }
    if goes_on(window) { Judgement::Drop("prose") } else { Judgement::Keep }
}

fn is_text(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| text.chars().filter(|c| !c.is_ascii()).all(|c| c.is_alphabetic() || c.is_whitespace()))
}

/// Whether an unquoted value of letters is followed by more words on its line.
fn goes_on(window: &Window<'_>) -> bool {
    let bare = !matches!(window.before().last(), Some(b'"' | b'\'' | b'`' | b'>'));
    let after = window.after();
    let line = &after[..after.iter().position(|b| *b == b'\n').unwrap_or(after.len())];
    let mut words = line.split(|b| *b == b' ').skip(1);
    let word = |w: Option<&[u8]>| w.is_some_and(|w| w.len() > 1 && w.iter().all(|b| b.is_ascii_lowercase()));
    bare && line.first() == Some(&b' ') && window.value().iter().all(u8::is_ascii_alphabetic) && word(words.next()) && word(words.next())
}

#[cfg(test)]
mod tests {
    use super::super::sample::both_sides;

    #[test]
    fn drops_prose_alone() {
        both_sides(
            super::judge,
            &[
                "password: «must be eight characters»",
                "password: «required»",
                "\"password\": \"«Contraseña»\"",
                "\"password\": \"«Wachtwoord:»\"",
                "\"secret\": \"«same-origin»\"",
                "secret: «please» enter your secret",
                "password: «my_account_password»",
                "password = \"«Invalid.»\"",
            ],
            &["password: «hunter22»", "password: «letmein»", "password=«correct-horse-7»", "password: \"«Sommer2019»\""],
        );
    }
}
