//! Random texts that look like configuration and code, with secrets and near-secrets in them, and random edits of
//! such texts. It knows no rules but their keywords.

use super::token::{Random, token};

/// So many different tokens are in use: few, so that copies are common.
const TOKENS: u64 = 40;

/// One random line; `§` of a form stands for a value.
pub fn line(random: &mut Random, keywords: &[String]) -> String {
    const FORMS: &[&str] = &[
        "export § ",
        "password = \"§\"",
        "  \"client_secret\": \"§\",",
        "url: postgres://app:§@db.corp.io/main",
        "https://me:§@git.corp.io/a.git",
        "Authorization: Bearer §",
        "api_key=§;",
        "x§",
        "§y",
        "# § and § ",
        "<token>§</token>",
    ];
    if random.one_in(2) {
        let words: Vec<String> = (0..1 + random.below(8)).map(|_| random_word(random)).collect();
        return words.join(" ") + "\n";
    }
    let mut out = String::new();
    for part in random.pick(FORMS).split_inclusive('§') {
        out.push_str(part.trim_end_matches('§'));
        if part.ends_with('§') {
            let value = value(random, keywords);
            out.push_str(&value);
        }
    }
    out + "\n"
}

fn random_word(random: &mut Random) -> String {
    let len = 1 + random.below(9);
    random.alphanumeric(len).to_lowercase()
}

fn value(random: &mut Random, keywords: &[String]) -> String {
    let number = random.next() % TOKENS;
    match random.below(6) {
        0..=2 => token(number),
        3 => token(number)[..20 + random.below(20)].to_owned(),
        4 => {
            let len = 6 + random.below(40);
            random.pick(keywords).clone() + &random.alphanumeric(len)
        }
        _ => {
            let len = 8 + random.below(30);
            Random::new(number).alphanumeric(len)
        }
    }
}

/// A text of so many lines.
pub fn text(random: &mut Random, keywords: &[String], lines: usize) -> Vec<u8> {
    (0..lines).flat_map(|_| line(random, keywords).into_bytes()).collect()
}

/// Edits a text: lines come, go and move; sometimes bytes do, in the middle of anything.
pub fn edit(random: &mut Random, keywords: &[String], text: &mut Vec<u8>) {
    for _ in 0..1 + random.below(3) {
        let at = random.below(text.len() + 1);
        let begin = if random.one_in(3) { at } else { text[..at].iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1) };
        let end = (begin + random.below(300)).min(text.len());
        match random.below(5) {
            0 | 1 => drop(text.splice(begin..begin, line(random, keywords).into_bytes())),
            2 => drop(text.drain(begin..(begin + random.below(12)).min(text.len()))),
            3 => drop(text.drain(begin..end)),
            _ => {
                let moved = text[begin..end].to_vec();
                let to = random.below(text.len() + 1);
                text.splice(to..to, moved);
            }
        }
    }
}
