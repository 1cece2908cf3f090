//! What a value and the text around it say: the features that a window shows. It does not see how name and
//! value are joined, which is the finder's to say.

use super::{Evidence, Feature};
use crate::filter::{self, Judgement, Window};
use crate::look;
use crate::secret::entropy;

/// Passwords that everybody uses, and those of manuals.
const COMMON: &[&str] = &[
    "111111",
    "123",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "abc123",
    "admin",
    "admin123",
    "banana",
    "changeit",
    "changeme",
    "default",
    "demo",
    "foo",
    "foobar",
    "guest",
    "hello",
    "letmein",
    "monkey",
    "mysql",
    "oracle",
    "pass",
    "pass123",
    "passw0rd",
    "passwd",
    "password",
    "password1",
    "password123",
    "postgres",
    "pwd",
    "qwerty",
    "root",
    "root123",
    "secret",
    "secret123",
    "system",
    "test",
    "test123",
    "test1234",
    "testing",
    "testpass",
    "tiger",
    "token",
    "toor",
    "user",
    "welcome",
    "welcome1",
    "world",
];

const SECRET_WORDS: &[&str] = &["pass", "pwd", "secret", "token", "key", "auth", "cred", "api"];
const TEST_WORDS: &[&str] = &["test", "example", "demo", "sample", "fake", "dummy", "foo", "bar", "mock"];

/// What name and value say together. The finder's part must be in the evidence.
pub fn together(evidence: Evidence) -> Evidence {
    let any = |list: &[Feature]| list.iter().any(|&feature| evidence.has(feature));
    let password = evidence.has(Feature::KeyPassword);
    let word = any(&[Feature::Lower, Feature::Upper, Feature::Letters, Feature::Words]);
    let random = evidence.has(Feature::Random);
    let named = any(&[Feature::NamesKey, Feature::DummyWords, Feature::Common, Feature::Placeholder]);
    evidence
        .with_if(Feature::PasswordWord, password && word)
        .with_if(Feature::PasswordMixed, password && !word && !random)
        .with_if(Feature::PasswordNamed, password && named)
        .with_if(Feature::SecretWord, !password && word)
        .with_if(Feature::SecretMixed, !password && !word && !random)
        .with_if(Feature::BareName, evidence.has(Feature::ProgramName) && !evidence.has(Feature::Quoted))
        .with_if(
            Feature::BareMember,
            any(&[Feature::ProgramName, Feature::NamesKey]) && evidence.has(Feature::HasDot) && !evidence.has(Feature::Quoted),
        )
        .with_if(
            Feature::LooseKey,
            evidence.has(Feature::KeyPlain) && !evidence.has(Feature::Quoted) && any(&[Feature::KeyLone, Feature::Setting]),
        )
        .with_if(Feature::BareWord, evidence.has(Feature::StockWord) && !evidence.has(Feature::Quoted))
        .with_if(Feature::PlainRandom, evidence.has(Feature::KeyPlain) && random)
}

/// What the window shows of a value; `value` is its canonical form.
pub fn of_window(window: &Window<'_>, value: &[u8]) -> Evidence {
    alphabet(value).and(size(value)).and(words(value)).and(doubts(window)).and(around(window))
}

fn size(value: &[u8]) -> Evidence {
    let length = match value.len() {
        0..6 => Feature::Length4,
        6..8 => Feature::Length6,
        8..12 => Feature::Length8,
        12..16 => Feature::Length12,
        16..24 => Feature::Length16,
        24..40 => Feature::Length24,
        40..64 => Feature::Length40,
        _ => Feature::Length64,
    };
    let evidence = match look::evidence(value) {
        n if n < -8.0 => Feature::EvidenceM8,
        n if n < -3.0 => Feature::EvidenceM3,
        n if n < 2.0 => Feature::Evidence2,
        n if n < 8.0 => Feature::Evidence8,
        n if n < 16.0 => Feature::Evidence16,
        _ => Feature::EvidenceMore,
    };
    let spread = match entropy(value) {
        n if n < 2.2 => Feature::Entropy2,
        n if n < 2.8 => Feature::Entropy28,
        n if n < 3.3 => Feature::Entropy33,
        n if n < 3.8 => Feature::Entropy38,
        n if n < 4.5 => Feature::Entropy45,
        _ => Feature::EntropyMore,
    };
    Evidence::NONE
        .with(length)
        .with(evidence)
        .with(spread)
        .with_if(Feature::Random, look::is_random(value))
        .with_if(Feature::Solid, is_solid(value))
}

/// Ten characters or more, not all letters and few alike; a long one may have signs instead of digits.
fn is_solid(value: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| value.iter().any(class);
    let signed = || has(|b| b"!@#$%^&*+?~".contains(b)) && !value.contains(&b' ');
    let mixed = has(u8::is_ascii_digit) || (value.len() >= 20 && has(u8::is_ascii_uppercase)) || (value.len() >= 16 && signed());
    value.len() >= 10 && mixed && has(u8::is_ascii_alphabetic) && entropy(value) >= 3.0
}

fn alphabet(value: &[u8]) -> Evidence {
    let all = |class: fn(&u8) -> bool| value.iter().all(class);
    let any = |class: fn(&u8) -> bool| value.iter().any(class);
    let body = value.iter().rposition(|b| *b != b'=').map_or(value, |n| &value[..=n]);
    let kind = if all(u8::is_ascii_digit) {
        Feature::Digits
    } else if all(u8::is_ascii_lowercase) {
        Feature::Lower
    } else if all(u8::is_ascii_uppercase) {
        Feature::Upper
    } else if all(u8::is_ascii_alphabetic) {
        Feature::Letters
    } else if value.len() >= 16 && look::is_hex(value) {
        Feature::Hex
    } else if all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        Feature::LowerDigits
    } else if all(u8::is_ascii_alphanumeric) {
        Feature::Alnum
    } else if look::is_uuid(value) {
        Feature::Uuid
    } else if value.len() >= 16 && body.iter().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(b)) {
        Feature::Base64
    } else {
        Feature::Signs
    };
    Evidence::NONE
        .with(kind)
        .with_if(Feature::HasSign, any(|b| b"!@#$%^&*+?~,;".contains(b)))
        .with_if(Feature::HasSpace, value.contains(&b' '))
        .with_if(Feature::HasDot, value.contains(&b'.'))
        .with_if(Feature::HasSlash, value.contains(&b'/'))
        .with_if(Feature::HasDash, any(|b| matches!(b, b'-' | b'_')))
        .with_if(Feature::HasColon, value.contains(&b':'))
        .with_if(Feature::Padded, value.len() >= 8 && value.ends_with(b"="))
        .with_if(Feature::Capitalised, is_capitalised(value))
}

fn is_capitalised(value: &[u8]) -> bool {
    value.first().is_some_and(u8::is_ascii_uppercase) && value[1..].iter().all(|b| !b.is_ascii_uppercase())
}

fn words(value: &[u8]) -> Evidence {
    let lower = value.to_ascii_lowercase();
    let holds = |list: &[&str]| list.iter().any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some());
    let letters = value.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let digits = value[letters..].iter().take_while(|b| b.is_ascii_digit()).count();
    let crypt = value.starts_with(b"$2")
        || (value.starts_with(b"$") && value.get(2) == Some(&b'$'))
        || value.starts_with(b"$argon2")
        || value.starts_with(b"$pbkdf2")
        || value.starts_with(b"pbkdf2_")
        || names_its_hash(value)
        || (value.starts_with(b"{") && value.contains(&b'}') && value.len() > 20);
    Evidence::NONE
        .with_if(Feature::WordDigits, letters >= 3 && (1..=4).contains(&digits) && value.len() - letters - digits <= 1)
        .with_if(Feature::HoldsSecret, value.len() < 40 && holds(SECRET_WORDS))
        .with_if(Feature::HoldsTest, value.len() < 40 && holds(TEST_WORDS))
        .with_if(Feature::Common, COMMON.iter().any(|word| word.as_bytes() == lower))
        .with_if(Feature::Crypt, crypt)
}

/// `sha1$salt$digest` and its like, as web frameworks keep passwords.
fn names_its_hash(value: &[u8]) -> bool {
    let name = value.split(|b| *b == b'$').next().unwrap_or_default();
    let known = [&b"md5"[..], b"sha", b"bcrypt", b"scrypt", b"argon2", b"crypt"].iter().any(|hash| name.starts_with(hash));
    known && name.len() < 16 && value.iter().filter(|b| **b == b'$').count() >= 2
}

/// What the filters that judge values say, as evidence.
fn doubts(window: &Window<'_>) -> Evidence {
    let mut all = Evidence::NONE;
    for judge in filter::DOUBTS {
        if let Judgement::Drop(why) | Judgement::Lower(why) = judge(window) {
            let feature = Feature::ALL.iter().find(|feature| feature.words() == why).copied();
            all = all.with(feature.unwrap_or(Feature::Dummy));
        }
    }
    all
}

/// What stands on the value's line and near it.
fn around(window: &Window<'_>) -> Evidence {
    let before = window.before();
    let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let line = before[start..].to_ascii_lowercase();
    let after = window.after();
    let rest = &after[..after.iter().position(|b| *b == b'\n').unwrap_or(after.len())];
    let has = |text: &[u8], list: &[&str]| list.iter().any(|word| memchr::memmem::find(text, word.as_bytes()).is_some());
    let near = window.bytes.to_ascii_lowercase();
    let key = window.whole.start.min(window.secret.start)..window.secret.end;
    let next = rest.iter().copied().find(|b| !b" \t\r\"'`\\".contains(b));
    let comment = line.trim_ascii_start();
    let sides = |list: &[&str]| has(&near[..key.start], list) || has(&near[key.end..], list);
    Evidence::NONE
        .with_if(Feature::InComment, [&b"#"[..], b"//", b"*", b"/*", b"--", b";", b"<!--"].iter().any(|sign| comment.starts_with(sign)))
        .with_if(Feature::NextEnd, next.is_none())
        .with_if(Feature::NextComma, next == Some(b','))
        .with_if(Feature::NextSemicolon, next == Some(b';'))
        .with_if(Feature::NextParen, matches!(next, Some(b')' | b']' | b'}')))
        .with_if(Feature::NextOperator, matches!(next, Some(b'+' | b'.' | b'(' | b'[' | b'%' | b'|' | b'?' | b'=')))
        .with_if(Feature::LineExample, has(&line, &["example", "e.g.", "sample", "dummy", "fake", "usage"]))
        .with_if(Feature::Badge, has(&line[line.len().saturating_sub(48)..], &["badge", ".svg?"]))
        .with_if(Feature::LineAssert, has(&line, &["assert", "expect", "should", "equal"]))
        .with_if(Feature::NearUser, sides(&["user", "login", "email", "account", "client_id", "clientid"]))
        .with_if(Feature::NearHost, sides(&["host", "database", "server", "://", "port", "dbname"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Evidence {
        let (before, rest) = text.split_once('«').unwrap();
        let (value, after) = rest.split_once('»').unwrap();
        let bytes = [before, value, after].concat();
        let secret = before.len()..before.len() + value.len();
        let start = before.rfind(['\n', ' ']).map_or(0, |n| n + 1);
        let window = Window { bytes: bytes.as_bytes(), whole: start..secret.end, secret, stopwords: &[], entropy: 0.0 };
        of_window(&window, value.as_bytes())
    }

    #[test]
    fn every_doubt_of_the_filters_is_a_feature() {
        for (text, feature) in [
            ("k=«xxxxxxxxxxxx»", Feature::Dummy),
            ("k=«changeme123»", Feature::Placeholder),
            ("k=«test_token»", Feature::DummyWords),
            ("secret: \"«clientSecret»\"", Feature::NamesKey),
            ("password: «/etc/app/secret.txt»", Feature::Path),
            ("token: «1.2.3»", Feature::Measure),
            ("password = «config.password»", Feature::ProgramName),
            ("password: «must be eight»", Feature::Prose),
            ("password: «Wachtwoord:»", Feature::Label),
            ("secret: \"«same-origin»\"", Feature::Words),
            ("secret: \"«required»\"", Feature::StockWord),
            ("k=«abababababab»", Feature::Repeats),
        ] {
            assert!(of(text).has(feature), "{text}: {:?}", of(text).features().collect::<Vec<_>>());
        }
    }

    #[test]
    fn line_and_neighbours_are_seen() {
        let evidence = of("# user: joe\n# password = «hunter22», host: db");
        for feature in
            [Feature::InComment, Feature::NearUser, Feature::NearHost, Feature::NextComma, Feature::LowerDigits, Feature::WordDigits]
        {
            assert!(evidence.has(feature), "{feature:?}");
        }
        assert!(of("assert password == «hunter22»").has(Feature::LineAssert));
    }
}
