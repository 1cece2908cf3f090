//! The finder `mnemonic`: the words of a wallet's phrase after a word like `mnemonic` or `seed phrase`, on one line, on
//! several, or as a list of strings. Whether they are a phrase is a check's business; the value is the words in lower
//! case with a blank between them, so that the same phrase is one secret however it is written.

use std::ops::Range;

use super::{Finder, Found};
use crate::bound::Bound;
use crate::check::{PHRASES, is_word};
use crate::score::Evidence;

/// From the keyword to the first word.
const LEAD: usize = 80;
/// Of the words, with what joins them.
const LONGEST: usize = 480;
/// What joins two words of a list: quotes, a comma, a new line with its indentation.
const JOINT: usize = 24;

/// The keyword names the phrase.
pub(super) const FINDER: Finder =
    Finder { bound: Bound { lead: 0, trail: (LEAD + LONGEST) as u32, caseless: true }, find: |sight| find(sight.bytes, sight.hit.clone()) };

fn find(bytes: &[u8], hit: Range<usize>) -> Option<Found> {
    let area = &bytes[..(hit.start + LEAD + LONGEST).min(bytes.len())];
    let mut from = hit.end;
    while from < hit.start + LEAD {
        let run = run(area, from);
        // What reaches to the end of the window goes on behind it, but for the object's own end.
        let cut = bytes.len() > area.len() && run.last().is_some_and(|word| word.end == area.len());
        if let Some(words) = PHRASES.iter().rev().find_map(|&len| phrase(&run, len)).filter(|_| !cut) {
            let secret = words[0].start..words[words.len() - 1].end;
            let value = words.iter().map(|word| bytes[word.clone()].to_ascii_lowercase()).collect::<Vec<_>>().join(&b' ');
            return Some(Found { whole: hit.start..secret.end, secret, value: Some(value), doubt: None, evidence: Evidence::NONE });
        }
        from = run.last().map_or_else(|| next(area, from), |word| word.end);
        if from >= area.len() {
            return None;
        }
    }
    None
}

/// So many words of a run, the last of them: a word or two of prose can stand before a phrase, but hardly behind it.
/// Nothing where fewer stand there, or many more.
fn phrase(run: &[Range<usize>], len: usize) -> Option<&[Range<usize>]> {
    (len..len + 3).contains(&run.len()).then(|| &run[run.len() - len..])
}

/// The words of the list that follow each other from this place on.
fn run(area: &[u8], from: usize) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut at = from;
    while let Some(word) = word(area, at) {
        at = word.end;
        words.push(word);
        let joint = joint(&area[at..]);
        if joint == 0 {
            break;
        }
        at += joint;
    }
    words
}

/// A word of the list that begins here, with no letter before it.
fn word(area: &[u8], at: usize) -> Option<Range<usize>> {
    let len = area.get(at..)?.iter().take(9).take_while(|b| b.is_ascii_alphabetic()).count();
    let begins = at == 0 || !area[at - 1].is_ascii_alphanumeric();
    let text = std::str::from_utf8(&area[at..at + len]).ok()?;
    ((3..=8).contains(&len) && begins && is_word(&text.to_ascii_lowercase())).then_some(at..at + len)
}

/// The length of what can stand between two words: blanks and new lines, or the quotes and the comma of a list.
fn joint(rest: &[u8]) -> usize {
    let rest = &rest[..rest.len().min(JOINT)];
    let len = rest.iter().position(|b| !b.is_ascii_whitespace() && !b"\",'\\".contains(b)).unwrap_or(rest.len());
    let comma = rest[..len].contains(&b',');
    let quoted = rest[..len].iter().any(|b| b"\"'".contains(b));
    // `"... word" "word ..."` is two strings, but `"word", "word"` a list.
    if len == JOINT || (quoted && !comma) { 0 } else { len }
}

/// Where the next word can begin.
fn next(area: &[u8], from: usize) -> usize {
    let letters = area[from..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let others = area[from + letters..].iter().take_while(|b| !b.is_ascii_alphanumeric()).count();
    (from + letters + others).max(from + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "board flee heavy tunnel powder denial science ski answer betray cargo";

    fn at(text: &str) -> Option<(String, String)> {
        let found = find(text.as_bytes(), 0..text.find(|c: char| !c.is_ascii_alphabetic()).unwrap())?;
        Some((text[found.secret].to_owned(), String::from_utf8(found.value.unwrap()).unwrap()))
    }

    #[test]
    fn words_are_found_in_every_notation() {
        let words = format!("{WORDS} cat");
        let list = words.split(' ').map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(",\n    ");
        for text in [
            format!("MNEMONIC={words}\n"),
            format!("mnemonic: \"{words}\","),
            format!("mnemonic phrase is: {words}."),
            format!("mnemonic = [\n    {list}\n]"),
            format!("Mnemonic\n\n{}\n", words.replace(' ', "\n")),
            format!("mnemonic = '{}';", words.to_uppercase()),
            format!("mnemonic {words}\nis the phrase"),
        ] {
            assert_eq!(at(&text).map(|found| found.1), Some(words.clone()), "{text}");
        }
        assert_eq!(at(&format!("MNEMONIC={words}\n")).unwrap().0, words);
    }

    #[test]
    fn fewer_words_and_prose_are_none() {
        for text in [
            format!("mnemonic = \"{WORDS}\";"),
            format!("mnemonic = \"{}\";", "abandon ".repeat(40)),
            "mnemonic phrase for the recovery of a wallet that you should keep".to_owned(),
            "mnemonic".to_owned() + "\n",
        ] {
            assert_eq!(at(&text), None, "{text}");
        }
    }
}
