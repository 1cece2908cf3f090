//! What a value looks like: made of words, or drawn at random. A pure function of the value's bytes that
//! finders and filters share; it knows no rule and no context.
//!
//! The test for randomness adds up evidence over neighbouring characters. Pairs of letters that English and
//! program text use often speak against it, pairs that they hardly ever use speak for it, and so do changes
//! between letters and digits. Weights are the logarithms of how much likelier the pair is in a random value
//! than in a name, as counted over the words of two large source trees.

/// Evidence that makes a value count as random: one in 250 by chance alone.
const ENOUGH: f64 = 8.0;

/// For each first letter, the second letters that words use often (77 % of pairs in words, 27 % by chance).
const COMMON: [&[u8]; 26] = [
    b"abcdgilmnprst",
    b"abeilou",
    b"acehiklortu",
    b"aeios",
    b"acdefglmnprstvwxy",
    b"aefilo",
    b"eir",
    b"aeio",
    b"abcdefglmnoprstvz",
    b"",
    b"e",
    b"adeilostuy",
    b"aeiop",
    b"acdefgiostu",
    b"cdlmnoprstuw",
    b"aeiloprtu",
    b"u",
    b"acdegimorstuy",
    b"acehilopstu",
    b"aehilorstuy",
    b"belmnprst",
    b"aei",
    b"",
    b"",
    b"",
    b"e",
];

/// For each first letter, the second letters that words hardly ever use (8 % in words, 44 % by chance).
const RARE: [&[u8]; 26] = [
    b"hjoz",
    b"fghkmnpqvwxz",
    b"gjnvwz",
    b"hjkmqwxz",
    b"kz",
    b"bcghjknpqvwxz",
    b"bdfjkpqtvwxyz",
    b"bcfghjknqvwxz",
    b"hjuwy",
    b"bdfghijklmnpqrtvwxyz",
    b"bcdfghjmnpqrtuvwxyz",
    b"ghjqwxz",
    b"fghjknqrvwxz",
    b"jqwxz",
    b"hjqz",
    b"bgjknqvwxz",
    b"bcdefghijkmnoprstvwxyz",
    b"hjqwxz",
    b"bjvxz",
    b"bgjqvxz",
    b"hjkquvwxyz",
    b"bcdfghjklmnpqrstuvwxyz",
    b"bcdfgjkmpqtuvwxyz",
    b"bdfghjklmnoqrsuvwyz",
    b"bdfghjkquvwxyz",
    b"bcdfghjklmnopqrtuvwxy",
];

/// Whether the value looks drawn at random: long, of many characters, and not made of words or counts.
/// Values of fewer than 16 bytes never do.
pub fn is_random(value: &[u8]) -> bool {
    if value.len() < 16 || !value.iter().all(u8::is_ascii_graphic) || is_regular(value) {
        return false;
    }
    let has = |class: fn(&u8) -> bool| value.iter().any(class);
    let mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let enough = match (has(u8::is_ascii_digit), mixed) {
        (true, _) => ENOUGH,
        (false, true) if value.len() >= 20 => 1.5 * ENOUGH,
        (false, _) if value.len() >= 24 => 2.0 * ENOUGH,
        _ => return false,
    };
    has(u8::is_ascii_alphabetic) && evidence(value) >= enough
}

/// Evidence for randomness in bits; negative for words and names.
pub fn evidence(value: &[u8]) -> f64 {
    let mut sum = 0.0;
    for (at, pair) in value.windows(2).enumerate() {
        let (a, b) = (pair[0], pair[1]);
        sum += match (a, b) {
            _ if a.is_ascii_lowercase() && b.is_ascii_uppercase() => {
                let alone = at > 0 && value[at - 1].is_ascii_uppercase();
                2.0 * f64::from(u8::from(alone))
            }
            _ if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => letters(a, b),
            _ if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() && a.is_ascii_digit() != b.is_ascii_digit() => 2.5,
            (_, b'_' | b'-' | b'.' | b'/' | b':') => -1.0,
            _ => 0.0,
        };
    }
    sum
}

fn letters(a: u8, b: u8) -> f64 {
    let (first, second) = (usize::from(a.to_ascii_lowercase() - b'a'), b.to_ascii_lowercase());
    if COMMON[first].contains(&second) {
        -1.5
    } else if RARE[first].contains(&second) {
        2.6
    } else {
        0.6
    }
}

/// Whether the value is too regular to be random: few distinct characters, or mostly runs of one character
/// and of neighbours in the alphabet, on the keyboard or among the digits.
pub fn is_regular(value: &[u8]) -> bool {
    let distinct = distinct(value);
    let few = if value.len() >= 16 { distinct < 7 } else { distinct < 4 };
    few || is_stepped(value)
}

/// Number of different bytes.
pub fn distinct(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    value.iter().for_each(|&b| seen[usize::from(b)] = true);
    seen.iter().filter(|&&s| s).count()
}

/// Whether the value is mostly steps in a row of the alphabet or keyboard, or a short piece over and over.
pub fn is_stepped(value: &[u8]) -> bool {
    (value.len() >= 6 && 5 * steps(value) >= 3 * (value.len() - 1)) || is_periodic(value) || is_interleaved(value) || is_counted(value)
}

/// Hexadecimal bytes that go up or down by one, or by two equal digits, nearly everywhere: `000102..0E0F`, `0011..EEFF`.
fn is_counted(value: &[u8]) -> bool {
    if value.len() < 16 || !value.len().is_multiple_of(2) || !is_hex(value) {
        return false;
    }
    let digit = |b: u8| char::from(b).to_digit(16).unwrap_or(0) as u8;
    let bytes: Vec<u8> = value.chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
    let step = bytes[1].wrapping_sub(bytes[0]);
    let even = bytes.windows(2).filter(|pair| pair[1].wrapping_sub(pair[0]) == step).count();
    matches!(step, 0x01 | 0x11 | 0xff | 0xef) && 5 * even >= 4 * (bytes.len() - 1)
}

/// How many neighbouring pairs repeat a character or step by one in a row of the alphabet or keyboard.
fn steps(value: &[u8]) -> usize {
    const ROWS: [&[u8]; 3] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];
    let step = |a: u8, b: u8| {
        let near = a.abs_diff(b) <= 1 && a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric();
        near || a == b || (a == b'9' && b == b'0') || ROWS.iter().any(|row| row.windows(2).any(|pair| pair == [a, b]))
    };
    value.windows(2).filter(|pair| step(pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase())).count()
}

/// Two rows of steps, one in the other: `a1b2c3`.
fn is_interleaved(value: &[u8]) -> bool {
    let step = |pair: &[u8]| pair[2].to_ascii_lowercase().wrapping_sub(pair[0].to_ascii_lowercase()) == 1;
    value.len() >= 8 && 5 * value.windows(3).filter(|pair| step(pair)).count() >= 4 * (value.len() - 2)
}

/// Whether a short piece is repeated all through the value, at least three times.
fn is_periodic(value: &[u8]) -> bool {
    (1..=value.len() / 3).any(|period| value[period..].iter().zip(value).all(|(a, b)| a == b))
}

/// The value's words in lower case: runs of letters, parted at anything else and where a capital follows a
/// small letter (`dbPassword_HASH` has three).
pub fn words(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < value.len() && !value[at].is_ascii_alphabetic() {
            at += 1;
        }
        let start = at;
        while at < value.len() && value[at].is_ascii_alphabetic() {
            let camel = at > start && value[at].is_ascii_uppercase() && value[at - 1].is_ascii_lowercase();
            let acronym = at > start
                && value[at].is_ascii_uppercase()
                && value[at - 1].is_ascii_uppercase()
                && value.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            if camel || acronym {
                break;
            }
            at += 1;
        }
        (at > start).then(|| value[start..at].to_ascii_lowercase())
    })
}

/// Whether the value is a UUID.
pub fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, b)| if [8, 13, 18, 23].contains(&at) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

/// Whether the value is hexadecimal digits alone.
pub fn is_hex(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A made-up value of that many characters.
    pub fn made_up(alphabet: &[u8], len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            alphabet[(state >> 20) as usize % alphabet.len()]
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn nearly_every_random_value_is_seen() {
        let base62 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let base64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (alphabet, len, least) in [
            (&base62[..], 16, 90),
            (base62, 24, 97),
            (base62, 40, 99),
            (b"0123456789abcdef", 16, 90),
            (b"0123456789abcdef", 32, 99),
            (base64, 32, 97),
        ] {
            let seen = (1..=1000).filter(|&seed| is_random(&made_up(alphabet, len, seed))).count();
            assert!(seen >= 10 * least, "{len} of {}: {seen} of 1000", alphabet.len());
        }
    }

    #[test]
    fn names_words_and_counts_are_not_random() {
        for value in [
            "my_database_password",
            "ThisIsASecretValue1",
            "application/x-www-form-urlencoded",
            "spring.datasource.password",
            "sha256WithRSAEncryption",
            "com.example.app.TokenProvider2",
            "0123456789abcdef0123456789abcdef",
            "abcdefghijklmnopqrstuvwxyz",
            "00000000000000000000000000",
            "deadbeefdeadbeefdeadbeefdeadbeef",
            "qwertyuiopasdfghjkl123",
            "000102030405060708090A0B0C0D0E0F",
            "00112233445566778899aabbccddeeff",
            "FFFEFDFCFBFAF9F8F7F6F5F4F3F2F1F0",
            "getAuthenticationTokenFromRequest",
            "x86_64-unknown-linux-gnu",
            "2024-01-02T03:04:05.678Z",
            "TOKEN_TYPE_IDENTIFIER_2",
            "/usr/local/share/ca-certificates/root.pem",
        ] {
            assert!(!is_random(value.as_bytes()), "{value}: {}", evidence(value.as_bytes()));
        }
    }

    #[test]
    fn words_part_at_capitals_and_signs() {
        let all: Vec<_> = words(b"dbPassword_HASH-2x HTTPServer").map(|w| String::from_utf8(w).unwrap()).collect();
        assert_eq!(all, ["db", "password", "hash", "x", "http", "server"]);
    }
}
