//! Masking: replaces every known secret value in a text by its redacted form, however it is spelled there: as
//! it is, percent-encoded, escaped as in JSON, or inside base64. It does not know what the text is about.

use std::borrow::Cow;

use data_encoding::BASE64URL_NOPAD;
use rustc_hash::FxHashMap;
use zeroize::Zeroize;

use crate::prefilter::MultiLiteral;
use crate::secret::Secret;

/// Shorter values are masked only where they are a whole component of the text.
const SHORT: usize = 6;
/// Longer values are looked for by their first bytes, and followed from there, so that a thousand private keys
/// do not make an automaton of millions of states.
const HEAD: usize = 64;
/// The fewest base64 characters that can hold a value which is not short.
const BASE64_MIN: usize = 8;

/// Knows all values that no report may show.
pub struct Masker {
    values: Vec<Secret>,
    /// Which of them are guessable, often common words: they are masked where they are a word of their own.
    weak: Vec<bool>,
    literals: Option<MultiLiteral>,
    short: Vec<Secret>,
}

/// A text, or what a decoder makes of it, with the stretch of the text that each byte comes from.
struct View {
    bytes: Vec<u8>,
    from: Vec<(usize, usize)>,
}

/// A stretch of the text to replace, and the length and index of the value that names it.
struct Hit {
    start: usize,
    end: usize,
    value: usize,
}

impl Masker {
    /// Takes every value to be masked, in any order and number.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut values: Vec<Secret> = values.into_iter().filter(|value| !value.is_empty()).cloned().collect();
        values.sort();
        values.dedup();
        let (short, values): (Vec<_>, Vec<_>) = values.into_iter().partition(|value| value.len() < SHORT);
        let mut heads: Vec<Vec<u8>> = values.iter().map(|value| value.expose()[..value.len().min(HEAD)].to_vec()).collect();
        let literals = (!heads.is_empty()).then(|| MultiLiteral::new(&heads, false));
        heads.iter_mut().for_each(Zeroize::zeroize);
        let weak = values.iter().map(Secret::is_weak).collect();
        Self { values, weak, literals, short }
    }

    /// A masker that changes nothing, for the user who insists.
    pub fn none() -> Self {
        Self { values: Vec::new(), weak: Vec::new(), literals: None, short: Vec::new() }
    }

    /// The text with every value replaced by its redacted form. Where values overlap, all that they cover goes,
    /// and the longest gives its form.
    pub fn mask<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let mut hits = self.hits(text);
        if hits.is_empty() {
            return self.mask_short(text);
        }
        hits.sort_by_key(|hit| (hit.start, hit.end));
        let mut clusters: Vec<Hit> = Vec::new();
        for hit in hits {
            match clusters.last_mut() {
                Some(last) if hit.start < last.end => {
                    last.end = last.end.max(hit.end);
                    if self.values[hit.value].len() > self.values[last.value].len() {
                        last.value = hit.value;
                    }
                }
                _ => clusters.push(hit),
            }
        }
        let mut out = Vec::with_capacity(text.len());
        let mut done = 0;
        for hit in clusters {
            out.extend_from_slice(&text[done..hit.start]);
            out.extend_from_slice(self.values[hit.value].redacted().as_bytes());
            done = hit.end;
        }
        out.extend_from_slice(&text[done..]);
        Cow::Owned(self.mask_short(&out).into_owned())
    }

    /// The masked text as a string; what is not UTF-8 becomes U+FFFD.
    pub fn text(&self, text: &[u8]) -> String {
        String::from_utf8_lossy(&self.mask(text)).into_owned()
    }

    fn mask_short<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let known = |part: &[u8]| self.short.binary_search_by(|value| value.expose().cmp(part)).ok();
        if let Some(index) = known(text) {
            return Cow::Owned(self.short[index].redacted().into_bytes());
        }
        if self.short.is_empty() || !text.split(|&b| b == b'/').any(|part| known(part).is_some()) {
            return Cow::Borrowed(text);
        }
        let parts = text.split(|&b| b == b'/').map(|part| match known(part) {
            Some(index) => self.short[index].redacted().into_bytes(),
            None => part.to_vec(),
        });
        Cow::Owned(parts.collect::<Vec<_>>().join(&b'/'))
    }

    fn hits(&self, text: &[u8]) -> Vec<Hit> {
        let Some(literals) = &self.literals else { return Vec::new() };
        let mut hits = Vec::new();
        self.search(literals, text, |at| (at, at + 1), &mut hits);
        base64_views(text, |at| (at, at + 1), |view| self.search_view(literals, &view, &mut hits));
        for view in [percent_view(text), json_view(text)].into_iter().flatten() {
            self.search_view(literals, &view, &mut hits);
            base64_views(&view.bytes, |at| view.from[at], |inner| self.search_view(literals, &inner, &mut hits));
        }
        hits
    }

    fn search_view(&self, literals: &MultiLiteral, view: &View, hits: &mut Vec<Hit>) {
        self.search(literals, &view.bytes, |at| view.from[at], hits);
    }

    fn search(&self, literals: &MultiLiteral, bytes: &[u8], from: impl Fn(usize) -> (usize, usize), hits: &mut Vec<Hit>) {
        literals.search(bytes, 0..bytes.len(), |value, start, end| {
            let rest = self.values[value].expose().get(HEAD..).unwrap_or_default();
            let word = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b"_-".contains(b));
            if self.weak[value] && (word(start.checked_sub(1).and_then(|at| bytes.get(at))) || word(bytes.get(end))) {
                return;
            }
            let more = bytes[end..].iter().zip(rest).take_while(|(a, b)| a == b).count();
            hits.push(Hit { start: from(start).0, end: from(end + more - 1).1, value });
        });
    }
}

/// Masked texts of which many come again and again: the places of one finding say the same paths, names and refs.
pub struct Known<'a> {
    masker: &'a Masker,
    masked: FxHashMap<&'a [u8], Vec<u8>>,
}

impl<'a> Known<'a> {
    /// None so far.
    pub fn new(masker: &'a Masker) -> Self {
        Self { masker, masked: FxHashMap::default() }
    }

    /// The masked text.
    pub fn mask(&mut self, raw: &'a [u8]) -> &[u8] {
        self.masked.entry(raw).or_insert_with(|| self.masker.mask(raw).into_owned())
    }

    /// The same as a string, see [`Masker::text`].
    pub fn text(&mut self, raw: &'a [u8]) -> String {
        String::from_utf8_lossy(self.mask(raw)).into_owned()
    }

    /// The same of several.
    pub fn texts<T: AsRef<[u8]>>(&mut self, raw: &'a [T]) -> Vec<String> {
        raw.iter().map(|one| self.text(one.as_ref())).collect()
    }
}

/// What percent-decoding makes of the text, if it changes anything.
fn percent_view(text: &[u8]) -> Option<View> {
    let hex = |at: usize| text.get(at).and_then(|&b| char::from(b).to_digit(16));
    decoded(text, b'%', |at| match (hex(at + 1), hex(at + 2)) {
        (Some(high), Some(low)) => Some((vec![(high * 16 + low) as u8], 3)),
        _ => None,
    })
}

/// What undoing a JSON string's escapes makes of the text, if it changes anything.
fn json_view(text: &[u8]) -> Option<View> {
    decoded(text, b'\\', |at| {
        let plain = |byte: u8| Some((vec![byte], 2));
        match text.get(at + 1)? {
            b'n' => plain(b'\n'),
            b't' => plain(b'\t'),
            b'r' => plain(b'\r'),
            b'b' => plain(8),
            b'f' => plain(12),
            b'u' => {
                let digits = std::str::from_utf8(text.get(at + 2..at + 6)?).ok()?;
                let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
                Some((character.to_string().into_bytes(), 6))
            }
            &other => plain(other),
        }
    })
}

/// Decodes escapes that begin with `mark`: `escape` says what one stands for and how many bytes it has.
fn decoded(text: &[u8], mark: u8, escape: impl Fn(usize) -> Option<(Vec<u8>, usize)>) -> Option<View> {
    memchr::memchr(mark, text)?;
    let mut view = View { bytes: Vec::with_capacity(text.len()), from: Vec::with_capacity(text.len()) };
    let mut at = 0;
    while at < text.len() {
        let (bytes, len) = if text[at] == mark { escape(at) } else { None }.unwrap_or_else(|| (vec![text[at]], 1));
        view.from.extend(bytes.iter().map(|_| (at, at + len)));
        view.bytes.extend(bytes);
        at += len;
    }
    Some(view)
}

/// Hands out what each run of base64 characters decodes to, at each of the four alignments: a path has `/`
/// before the encoded part, and a user name may precede the value inside.
fn base64_views(text: &[u8], from: impl Fn(usize) -> (usize, usize), mut each: impl FnMut(View)) {
    let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || b"+/-_".contains(b);
    let mut start = 0;
    while start < text.len() {
        let len = text[start..].iter().take_while(|b| is_base64(b)).count();
        for shift in 0..4 {
            let run = &text[start..start + len];
            if len < BASE64_MIN + shift {
                break;
            }
            // One character beyond whole groups of four carries no whole byte; the bits that a cut group
            // leaves over need not be zero. So decode padded with `A` and drop what the padding made.
            let mut run: Vec<u8> =
                run[shift..].iter().map(|b| if let Some(i) = b"+/".iter().position(|c| c == b) { b"-_"[i] } else { *b }).collect();
            let whole = run.len() * 6 / 8;
            run.resize(run.len().next_multiple_of(4), b'A');
            let Ok(mut bytes) = BASE64URL_NOPAD.decode(&run) else { continue };
            bytes.truncate(whole);
            let at = |index: usize| start + shift + index;
            let spans = (0..whole).map(|i| (from(at(i * 8 / 6)).0, from(at((i * 8 + 7) / 6)).1)).collect();
            each(View { bytes, from: spans });
        }
        start += len.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value() -> String {
        ["ghp", "_", &"aB3dE6gH9".repeat(4)].concat()
    }

    fn masked(text: &str) -> String {
        Masker::new([&Secret::new(value(), 4), &Secret::new("pw/1\"%long", 0), &Secret::new("abc", 0)]).text(text.as_bytes())
    }

    #[test]
    fn plain_percent_json_and_base64_forms_go() {
        let value = value();
        assert_eq!(masked(&format!("x/{value}/y")), "x/ghp_… (40 characters)/y");
        let escaped: String = "pw/1\"%long".bytes().map(|b| format!("%{b:02x}")).collect();
        assert_eq!(masked(&format!("u?p={escaped}&q")), "u?p=… (10 characters)&q");
        assert_eq!(masked(r#"{"p":"pw\/1\"\u0025long"}"#), r#"{"p":"… (10 characters)"}"#);
        for before in ["", "u", "us", "user:"] {
            let encoded = data_encoding::BASE64.encode(format!("{before}{value}").as_bytes());
            let out = masked(&format!("auth/{encoded}"));
            assert!(out.contains("ghp_… (40 characters)"), "{before}: {out}");
            assert!(!out.contains(&encoded[8..50]), "{before}: {out}");
        }
    }

    #[test]
    fn short_values_go_only_as_a_whole_component() {
        assert_eq!(masked("abc"), "… (3 characters)");
        assert_eq!(masked("abcd/abc/x"), "abcd/… (3 characters)/x");
        assert_eq!(masked("xabc"), "xabc");
    }

    #[test]
    fn overlapping_values_leave_nothing_behind() {
        let (first, second) = ("k8Qz1Wm5Rt9Yp3Lx7Vb2", "7Vb2Nc6Hs4Jd0Gf8Ta1Ue5");
        let masker = Masker::new([&Secret::new(first, 0), &Secret::new(second, 0), &Secret::new(&first[4..], 0)]);
        assert_eq!(masker.text(format!("-{first}{}-", &second[4..]).as_bytes()), "-… (22 characters)-");
    }

    #[test]
    fn a_guessable_value_goes_only_as_a_word_of_its_own() {
        let masker = Masker::new([&Secret::new("secret", 0)]);
        assert_eq!(masker.text(b"rest_secret_test/secret.txt my-secrets"), "rest_secret_test/… (6 characters).txt my-secrets");
    }

    #[test]
    fn long_values_are_followed_to_their_end() {
        let long = "Zx9".repeat(100);
        assert_eq!(Masker::new([&Secret::new(long.clone(), 0)]).text(format!("a {long} b").as_bytes()), "a … (300 characters) b");
    }

    #[test]
    fn nothing_known_changes_nothing() {
        assert!(matches!(Masker::new([]).mask(b"a/b"), Cow::Borrowed(_)));
        assert!(matches!(Masker::none().mask(b"%41"), Cow::Borrowed(_)));
    }
}
