//! The filter `placeholder`: dummy values. Words count by substring only where they are so long that chance
//! does not make them; shorter ones only where the whole value is made of them, so that no random token falls.

use super::{Judgement, Window};
use crate::look;

/// So telling that a value which holds one is a dummy.
const TELLING: &[&str] = &[
    "example",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "redacted",
    "replaceme",
    "replace_me",
    "replace-me",
    "replace_with",
    "replace-with",
    "your_",
    "your-",
    "yourkey",
    "yourtoken",
    "yoursecret",
    "yourpassword",
    "yourapikey",
    "insert_",
    "insert-",
    "enter_your",
    "dummykey",
    "dummy_",
    "dummy-",
    "notreal",
    "not_real",
    "not-real",
    "to_be_set",
    "fill_me",
    "supersecret",
    "foobarbaz",
    "removed_",
    "obfuscated",
    "censored",
    "somesecret",
    "some_secret",
    "mysecret",
    "my_secret",
];

/// A value of nothing but these, and a few digits, is a dummy.
const DUMMY: &[&str] = &[
    "a",
    "access",
    "account",
    "admin",
    "an",
    "and",
    "any",
    "api",
    "app",
    "auth",
    "bar",
    "base",
    "baz",
    "blah",
    "bogus",
    "change",
    "client",
    "code",
    "credential",
    "credentials",
    "custom",
    "db",
    "default",
    "demo",
    "dev",
    "dummy",
    "enter",
    "example",
    "fake",
    "foo",
    "foobar",
    "for",
    "goes",
    "here",
    "hidden",
    "host",
    "id",
    "in",
    "insert",
    "invalid",
    "is",
    "it",
    "key",
    "keys",
    "login",
    "long",
    "masked",
    "me",
    "mock",
    "my",
    "mysql",
    "name",
    "new",
    "none",
    "not",
    "null",
    "of",
    "old",
    "omitted",
    "on",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "placeholder",
    "private",
    "proxy",
    "pw",
    "pwd",
    "qux",
    "random",
    "real",
    "redacted",
    "removed",
    "replace",
    "root",
    "sample",
    "secret",
    "secrets",
    "server",
    "set",
    "some",
    "string",
    "stub",
    "super",
    "temp",
    "test",
    "testing",
    "text",
    "the",
    "this",
    "tmp",
    "to",
    "todo",
    "token",
    "unknown",
    "unset",
    "use",
    "user",
    "username",
    "value",
    "very",
    "with",
    "word",
    "xx",
    "xxx",
    "xxxx",
    "xyz",
    "your",
];

/// Why a value of such words is dropped.
pub const MADE_OF_WORDS: &str = "made of placeholder words";

/// Drops dummy values.
pub fn judge(window: &Window<'_>) -> Judgement {
    let value = window.value();
    let lower = value.to_ascii_lowercase();
    let has = |word: &str| memchr::memmem::find(&lower, word.as_bytes()).is_some();
    if window.stopwords.iter().any(|word| has(word)) {
        return Judgement::Drop("holds a stop word of its rule");
    }
    if holds_raw_bytes(&lower)
        || has("***")
        || has("...")
        || has("\u{2026}")
        || has("\u{2022}\u{2022}")
        || is_filled(&lower)
        || look_stepped(value)
    {
        return Judgement::Drop("a filled-in dummy");
    }
    if TELLING.iter().any(|word| has(word)) {
        return Judgement::Drop("a placeholder");
    }
    if is_made_of_dummies(value) { Judgement::Drop(MADE_OF_WORDS) } else { Judgement::Keep }
}

/// `\x00`: bytes that only a test writes in a string.
fn holds_raw_bytes(lower: &[u8]) -> bool {
    lower.windows(4).any(|four| four.starts_with(b"\\x") && look::is_hex(&four[2..]))
}

/// Mostly runs of one character, or one long run of a usual filler.
fn is_filled(lower: &[u8]) -> bool {
    let (mut runs, mut longest_filler, mut at) = (0, 0, 0);
    while at < lower.len() {
        let run = lower[at..].iter().take_while(|b| **b == lower[at]).count();
        if run >= 4 {
            runs += run;
        }
        if b"x*0.#-_?".contains(&lower[at]) {
            longest_filler = run.max(longest_filler);
        }
        at += run;
    }
    lower.len() >= 4 && (5 * runs >= 2 * lower.len() || (lower.len() <= 80 && longest_filler >= 10))
}

/// Mostly steps along the alphabet, the digits or the keyboard, or one short piece over and over.
fn look_stepped(value: &[u8]) -> bool {
    let body = value.iter().rposition(|b| !b.is_ascii_alphanumeric()).map_or(value, |n| &value[n + 1..]);
    let body = if body.len() >= 8 { body } else { value };
    look::distinct(value) >= 2 && look::is_stepped(body)
}

fn is_made_of_dummies(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let mut any = false;
    let all = look::words(value).all(|word| {
        any = true;
        DUMMY.binary_search_by(|known| known.as_bytes().cmp(&word)).is_ok() || is_two_dummies(&word)
    });
    // `password1` is somebody's password; digits make a dummy only beside several words.
    any && all && (digits == 0 || (digits <= 4 && look::words(value).count() > 1))
}

/// `testkey`, `mypassword`.
fn is_two_dummies(word: &[u8]) -> bool {
    let known = |part: &[u8]| part.len() > 1 && DUMMY.binary_search_by(|known| known.as_bytes().cmp(part)).is_ok();
    (2..word.len().saturating_sub(1)).any(|at| known(&word[..at]) && known(&word[at..]))
}

#[cfg(test)]
mod tests {
    use super::super::sample::both_sides;
    use super::*;

    #[test]
    fn drops_dummies_alone() {
        both_sides(
            judge,
            &[
                "k=«xxxxxxxxxxxx»",
                "k=«ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx»",
                "k=«00000000-0000-0000-0000-000000000000»",
                "k=«1234567890abcdef»",
                "k=«abcdefghijklmnop»",
                "k=«sk-1234567890abcdefghij»",
                "k=«AKIAIOSFODNN7EXAMPLE»",
                "k=«changeme123»",
                "k=«your_api_key»",
                "k=«YOUR-TOKEN-HERE»",
                "k=«********»",
                "k=«abcd...wxyz»",
                "k=«test»",
                "k=«test_token»",
                "k=«mySecretPassword»",
                "k=«fake-api-key-123»",
                "k=«abc\\x00def»",
            ],
            &["k=«hunter22»", "k=«latest7qQz»", "k=«correcthorse»", "k=«Password1»"],
        );
    }

    #[test]
    fn the_words_are_sorted() {
        assert!(DUMMY.is_sorted());
    }
}
