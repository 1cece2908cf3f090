//! Markers in a text that allow what stands beside them: ours on a line, above it or around a block, and those
//! of other scanners. It finds them and says which lines they cover; whether one counts is decided in `policy`.

mod quoted;

use std::ops::RangeInclusive;
use std::sync::Arc;

use bstr::ByteSlice;

use crate::sign::Sign;

/// A marker counts for a secret that is at most so many bytes away: one word must not open a whole minified file.
const REACH: u64 = 2048;
/// So much of a line is read after a marker.
const ARGUMENTS: usize = 512;
/// So many characters of a wrong word are told.
const SHOWN: usize = 40;
/// So far back a line is looked at for what stands before the marker.
const BEFORE: usize = 256;

/// The word that begins a block.
const BLOCK: &str = "unleak:allow-begin";

/// What a marker says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marker {
    /// Its own words: `unleak:allow`, `gitleaks:allow` ...
    pub word: &'static str,
    /// It is another scanner's.
    pub peer: bool,
    /// The rules that it is limited to; all where there is none.
    pub rules: Vec<String>,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it counts, as written.
    pub until: Option<String>,
    /// What is wrong with it, if something is: then it hides nothing.
    pub fault: Option<String>,
    /// It is quoted, as a manual or a test speaks of it: nobody expects it to hide something. It counts all the same.
    pub mention: bool,
}

/// The markers of one content with what they cover.
#[derive(Clone, Debug, Default)]
pub struct Markers {
    /// Those for lines, in the order of the text.
    placed: Vec<Placed>,
    /// Blocks in the order of the text; the last may be open.
    blocks: Vec<Block>,
    /// What was read last stands in a fenced block of a manual.
    fenced: bool,
}

#[derive(Clone, Debug)]
struct Placed {
    marker: Arc<Marker>,
    next: bool,
    at: u64,
    end: u64,
    line: usize,
    /// Nothing else stands in its line.
    alone: bool,
}

#[derive(Clone, Debug)]
struct Block {
    marker: Arc<Marker>,
    /// The same with what is wrong with it as long as it has no end.
    unclosed: Arc<Marker>,
    line: usize,
    at: u64,
    end: Option<u64>,
}

/// Where a secret stands.
#[derive(Clone, Debug)]
pub struct Stand {
    /// Its lines, from 1.
    pub lines: RangeInclusive<usize>,
    /// Its first byte.
    pub start: u64,
    /// After its last byte.
    pub end: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Line,
    NextLine,
    Begin,
    End,
}

/// Where a piece of a content begins: its first byte's offset, and how to tell a line from an offset in the piece.
pub struct Piece<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// The offset of the first of them in the content.
    pub at: u64,
    /// Markers that begin in here are looked for.
    pub own: std::ops::Range<usize>,
    /// The signs in the bytes, with their places.
    pub signs: &'a [(Sign, usize)],
}

impl Marker {
    /// Whether it is told what is wrong with it: a block that a test quotes covers whatever else the test holds.
    pub fn is_meant(&self) -> bool {
        !self.mention || self.word != BLOCK
    }
}

impl Markers {
    /// Adds the markers that begin in the own bytes of a piece. `line` says the line of an offset in the piece.
    pub fn add(&mut self, piece: &Piece<'_>, line: &mut dyn FnMut(usize) -> usize) {
        let mut found: Vec<(usize, usize, Form, &'static str, bool)> = Vec::new();
        for &(sign, at) in piece.signs {
            found.extend(parse(sign, piece.bytes, at).filter(|(start, ..)| piece.own.contains(start)));
        }
        // Where there is more to come, it matters whether a fenced block stays open.
        if found.is_empty() && piece.at == 0 && piece.own.end == piece.bytes.len() {
            return;
        }
        found.sort_unstable_by_key(|(start, ..)| *start);
        let mut fences = quoted::fences(piece).into_iter().peekable();
        for (start, end, form, word, peer) in found {
            let stop = (end + ARGUMENTS).min(piece.bytes.len());
            let rest = piece.bytes[end..stop].split(|&b| b == b'\n').next().unwrap_or_default();
            let (mut marker, rest) = if peer { (Marker { word, peer, ..Marker::default() }, rest) } else { arguments(word, rest) };
            while fences.next_if(|&fence| fence < start).is_some() {
                self.fenced = !self.fenced;
            }
            marker.mention = self.fenced || quoted::is_quoted(piece, start, end);
            let alone = stands_alone(piece, start) && !rest.iter().any(u8::is_ascii_alphanumeric);
            let (at, end) = (piece.at + start as u64, piece.at + end as u64);
            let (marker, open) = (Arc::new(marker), self.blocks.last_mut().filter(|block| block.end.is_none()));
            match (form, open) {
                (Form::Begin, None) => {
                    let fault = Some("the block has no unleak:allow-end".to_owned());
                    let unclosed = Arc::new(Marker { fault, ..Marker::clone(&marker) });
                    self.blocks.push(Block { marker, unclosed, line: line(start), at, end: None });
                }
                (Form::End, Some(block)) => block.end = Some(end),
                (Form::Begin, Some(_)) | (Form::End, None) => {}
                (Form::Line | Form::NextLine, _) => {
                    self.placed.push(Placed { marker, next: form == Form::NextLine, at, end, line: line(start), alone });
                }
            }
        }
        self.fenced ^= fences.count() % 2 == 1;
    }

    /// The markers that cover a secret, in the order of the text. A block that is not closed comes with that fault.
    pub fn over(&self, stand: &Stand) -> Vec<Arc<Marker>> {
        let from = self.placed.partition_point(|placed| placed.end + REACH < stand.start);
        let near = self.placed[from..].iter().take_while(|placed| placed.at <= stand.end + REACH);
        let mut over: Vec<Arc<Marker>> = near.filter(|placed| placed.covers(stand)).map(|placed| Arc::clone(&placed.marker)).collect();
        let begun = self.blocks.partition_point(|block| block.at <= stand.start);
        match self.blocks[..begun].last() {
            Some(Block { marker, end: Some(end), .. }) if stand.end <= *end => over.push(Arc::clone(marker)),
            Some(Block { unclosed, end: None, .. }) => over.push(Arc::clone(unclosed)),
            _ => {}
        }
        over
    }

    /// Our own markers, those of lines and then those of blocks, with their lines. What only speaks of one is left out.
    pub fn own(&self) -> impl Iterator<Item = (&Arc<Marker>, usize)> {
        let placed = self.placed.iter().map(|placed| (&placed.marker, placed.line));
        let blocks = self.blocks.iter().map(|block| (if block.end.is_some() { &block.marker } else { &block.unclosed }, block.line));
        placed.chain(blocks).filter(|(marker, _)| !marker.peer && !marker.mention)
    }
}

impl Placed {
    fn covers(&self, stand: &Stand) -> bool {
        let (first, last) = (*stand.lines.start(), *stand.lines.end());
        let many = last > first;
        // Of a value of several lines the lines before and after are its delimiters.
        let on = if many { first.saturating_sub(1)..=last + 1 } else { first..=last };
        let above = self.line + 1 == first && (self.alone || self.next);
        above || (!self.next && on.contains(&self.line))
    }
}

type Parsed = Option<(usize, usize, Form, &'static str, bool)>;

/// What a sign makes a marker of: start, end, form, word, whether a peer's.
fn parse(sign: Sign, bytes: &[u8], at: usize) -> Parsed {
    match sign {
        Sign::Allow => allow(bytes, at),
        Sign::Ignore => ignore(bytes, at),
        Sign::Allowlist => allowlist(bytes, at),
        Sign::Sops | Sign::Sealed => None,
    }
}

fn is_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(|b| b.is_ascii_alphanumeric() || b"_-".contains(b))
}

/// The start of a word that ends at `at` and has nothing of a word before it.
fn before(bytes: &[u8], at: usize, word: &str) -> Option<usize> {
    let start = at.checked_sub(word.len())?;
    (bytes[start..at] == *word.as_bytes() && !is_word(start.checked_sub(1).map(|n| &bytes[n]))).then_some(start)
}

fn allow(bytes: &[u8], at: usize) -> Parsed {
    let end = at + b":allow".len();
    if let Some(start) = before(bytes, at, "unleak") {
        for (tail, form, word) in [("-begin", Form::Begin, BLOCK), ("-end", Form::End, "unleak:allow-end")] {
            if bytes[end..].starts_with(tail.as_bytes()) && !is_word(bytes.get(end + tail.len())) {
                return Some((start, end + tail.len(), form, word, false));
            }
        }
        return (!is_word(bytes.get(end))).then_some((start, end, Form::Line, "unleak:allow", false));
    }
    let peers = [("gitleaks", "gitleaks:allow"), ("betterleaks", "betterleaks:allow")];
    peers
        .iter()
        .find_map(|(name, word)| Some((before(bytes, at, name)?, end, Form::Line, *word, true)))
        .filter(|_| !is_word(bytes.get(end)))
}

fn ignore(bytes: &[u8], at: usize) -> Parsed {
    let end = at + b":ignore".len();
    let peers = [("trufflehog", "trufflehog:ignore"), ("kingfisher", "kingfisher:ignore")];
    peers
        .iter()
        .find_map(|(name, word)| Some((before(bytes, at, name)?, end, Form::Line, *word, true)))
        .filter(|_| !is_word(bytes.get(end)))
}

/// `pragma: allowlist secret` and `pragma: allowlist nextline secret`, with a dash or a space, as their owner reads them.
fn allowlist(bytes: &[u8], at: usize) -> Parsed {
    let spaced = at.checked_sub(1).filter(|&n| bytes[n] == b' ').unwrap_or(at);
    let start = before(bytes, spaced, "pragma:")?;
    let mut end = at + b"allowlist".len();
    let mut word = |word: &[u8]| {
        let joined = matches!(bytes.get(end), Some(b' ' | b'-')) && bytes[end + 1..].starts_with(word);
        end += if joined { word.len() + 1 } else { 0 };
        joined
    };
    let next = word(b"nextline");
    if !word(b"secret") {
        return None;
    }
    let (form, name) = if next { (Form::NextLine, "pragma: allowlist nextline secret") } else { (Form::Line, "pragma: allowlist secret") };
    Some((start, end, form, name, true))
}

/// What stands before it in its line, if that is not too long.
fn line_before<'b>(piece: &Piece<'b>, start: usize) -> Option<&'b [u8]> {
    let from = start.saturating_sub(BEFORE);
    match piece.bytes[from..start].rfind_byte(b'\n') {
        Some(newline) => Some(&piece.bytes[from + newline + 1..start]),
        None => (piece.at == 0 && from == 0).then(|| &piece.bytes[..start]),
    }
}

/// Whether nothing but signs, or a comment's own word, stands before the marker in its line.
fn stands_alone(piece: &Piece<'_>, start: usize) -> bool {
    let Some(line) = line_before(piece, start) else { return false };
    line.trim().eq_ignore_ascii_case(b"rem") || !line.iter().any(|b| b.is_ascii_alphanumeric() || *b >= 0x80)
}

/// Ends of comments and strings: what follows is no longer the marker's.
const CLOSERS: &[&str] = &["*/", "-->", "--%>", "#}", "%}", "}}", "\"", "'", "`"];

/// Reads `[rule] [reason=...] [until=...]`, and hands back what stands after it in the line.
fn arguments<'b>(word: &'static str, line: &'b [u8]) -> (Marker, &'b [u8]) {
    let mut marker = Marker { word, ..Marker::default() };
    let mut rest = line;
    loop {
        rest = rest.trim_start_with(|c| c.is_whitespace() || c == ',' || c == ':' || c == '[');
        if let Some(after) = rest.strip_prefix(b"reason=") {
            let (text, after) = value(after, &[" until=", " reason="]);
            (marker.reason, rest) = (Some(text), after);
        } else if let Some(after) = rest.strip_prefix(b"until=") {
            let (text, after) = value(after, &[" "]);
            if super::Day::parse(&text).is_none() {
                marker.fault = Some("its `until` is no date like 2027-01-31".to_owned());
            }
            (marker.until, rest) = (Some(text), after);
        } else {
            let len =
                rest.iter().take_while(|b| !b.is_ascii_whitespace() && !b",\\".contains(b)).count().min(closer(rest).unwrap_or(rest.len()));
            // What a sentence or a bracket ends with is not the name's.
            let name = rest[..len].trim_end_with(|c| c.is_ascii_punctuation());
            if !name.first().is_some_and(u8::is_ascii_alphanumeric) {
                return (marker, rest);
            }
            if !is_rule_name(name) {
                let shown: String = name.to_str_lossy().chars().take(SHOWN).collect();
                marker.fault = Some(format!("{shown:?} is no rule, reason= or until="));
                return (marker, rest);
            }
            marker.rules.push(name.to_str_lossy().into_owned());
            rest = &rest[name.len()..];
        }
    }
}

/// Whether it can be the id of a rule or provider at all: small letters, digits and dashes.
fn is_rule_name(name: &[u8]) -> bool {
    name.len() <= 64 && name.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// A value in quotes, or up to one of the stops, the end of the comment or of the line.
fn value<'b>(text: &'b [u8], stops: &[&str]) -> (String, &'b [u8]) {
    let (inner, rest) = match text.first().filter(|b| b"\"'`".contains(b)) {
        Some(quote) => {
            let end = text[1..].find_byte(*quote).map_or(text.len(), |n| n + 1);
            (&text[1..end.max(1)], &text[(end + 1).min(text.len())..])
        }
        None => {
            let stop = stops.iter().filter_map(|stop| text.find(stop)).chain(closer(text)).min().unwrap_or(text.len());
            text.split_at(stop)
        }
    };
    (inner.trim().to_str_lossy().into_owned(), rest)
}

fn closer(text: &[u8]) -> Option<usize> {
    CLOSERS.iter().filter_map(|closer| text.find(closer)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of the markers over the place of `SECRET` in the text, with their faults.
    fn over(text: &str) -> Vec<String> {
        let start = text.find("SECRET").unwrap();
        let end = text.rfind("SECRET").unwrap() + "SECRET".len();
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        let mut markers = Markers::default();
        markers
            .add(&Piece { bytes: text.as_bytes(), at: 0, own: 0..text.len(), signs: &Sign::all_in(text.as_bytes()) }, &mut |at| line(at));
        let stand = Stand { lines: line(start)..=line(end - 1), start: start as u64, end: end as u64 };
        let told = |m: &Arc<Marker>| {
            let all = [
                m.rules.join(","),
                m.reason.clone().unwrap_or_default(),
                m.until.clone().unwrap_or_default(),
                m.fault.clone().unwrap_or_default(),
            ];
            format!("{} {}", m.word, all.join("|"))
        };
        markers.over(&stand).iter().map(told).collect()
    }

    #[test]
    fn a_marker_counts_on_its_line_and_alone_for_the_next() {
        assert_eq!(over("x = SECRET # unleak:allow\n"), ["unleak:allow |||"]);
        assert_eq!(over("# unleak:allow\nx = SECRET\n"), ["unleak:allow |||"]);
        assert_eq!(over("<!-- unleak:allow github-pat -->\nSECRET"), ["unleak:allow github-pat|||"]);
        assert_eq!(over("REM unleak:allow\nSECRET"), ["unleak:allow |||"]);
        assert!(over("y = 1 # unleak:allow\nx = SECRET\n").is_empty());
        assert!(over("/* unleak:allow */ y = 1\nx = SECRET\n").is_empty());
        assert!(over("# unleak:allow\n\nx = SECRET\n").is_empty());
        assert!(over("SECRET\n# unleak:allow\n").is_empty());
        assert!(over("SECRET # unleak:allowed, notunleak:allow, unleak:allow-list\n").is_empty());
    }

    #[test]
    fn arguments_are_read_whatever_the_comment() {
        assert_eq!(over("SECRET // unleak:allow a-b reason=a test key until=2030-01-02"), ["unleak:allow a-b|a test key|2030-01-02|"]);
        assert_eq!(over("SECRET /* unleak:allow until=2030-01-02 reason=\"it's old\" */"), ["unleak:allow |it's old|2030-01-02|"]);
        assert_eq!(over("{\"note\": \"unleak:allow a-b, c\", \"x\": \"SECRET\"}"), ["unleak:allow a-b,c|||"]);
        assert_eq!(over("SECRET # unleak:allow until=soon"), ["unleak:allow ||soon|its `until` is no date like 2027-01-31"]);
        assert_eq!(over("SECRET # unleak:allow [a-b]"), ["unleak:allow a-b|||"]);
        assert_eq!(over("(unleak:allow a-b) SECRET"), ["unleak:allow a-b|||"]);
        assert_eq!(over(r#"x = "SECRET # unleak:allow a-b\nmore""#), ["unleak:allow a-b|||"]);
        assert_eq!(over("SECRET # unleak:allow a-b. unleak:allow-end"), ["unleak:allow a-b|||"]);
    }

    #[test]
    fn a_word_that_is_no_rule_is_a_fault_and_not_the_beginning_of_one() {
        let fault = |word: &str| format!("unleak:allow |||{word:?} is no rule, reason= or until=");
        for word in ["Because", "1/2", "a_b", "github-pat/x", "a=b"] {
            assert_eq!(over(&format!("SECRET # unleak:allow {word} and so on")), [fault(word)], "{word}");
        }
        let block = over(concat!("# unleak:", "allow-begin 1/2\nSECRET\n# unleak:", "allow-end\n"));
        assert_eq!(block, ["unleak:allow-begin |||\"1/2\" is no rule, reason= or until="]);
        assert!(over("SECRET # unleak:allow a-b 1/2")[0].ends_with("\"1/2\" is no rule, reason= or until="));
    }

    #[test]
    fn our_own_markers_are_told_with_their_lines() {
        let text =
            "# unleak:allow a\nx # gitleaks:allow\nsee `unleak:allow`\n# unleak:allow-begin\n# unleak:allow-end\n# unleak:allow-begin b\n";
        let mut markers = Markers::default();
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        markers
            .add(&Piece { bytes: text.as_bytes(), at: 0, own: 0..text.len(), signs: &Sign::all_in(text.as_bytes()) }, &mut |at| line(at));
        let told: Vec<_> = markers.own().map(|(marker, line)| (marker.word, line, marker.fault.is_some())).collect();
        assert_eq!(told, [("unleak:allow", 1, false), ("unleak:allow-begin", 4, false), ("unleak:allow-begin", 6, true)]);
    }

    #[test]
    fn peers_markers_are_known() {
        for word in ["gitleaks:allow", "betterleaks:allow", "trufflehog:ignore", "kingfisher:ignore", "pragma: allowlist secret"] {
            assert_eq!(over(&format!("SECRET # {word} for now")), [format!("{word} |||")]);
        }
        assert_eq!(over("SECRET # pragma:allowlist-secret"), ["pragma: allowlist secret |||"]);
        assert_eq!(over("x # pragma: allowlist nextline secret\nSECRET"), ["pragma: allowlist nextline secret |||"]);
        assert!(over("SECRET # pragma: allowlist nextline secret\n").is_empty());
        assert!(over("SECRET # pragma: allowlist\n").is_empty());
    }

    #[test]
    fn blocks_need_their_end() {
        assert_eq!(over("# unleak:allow-begin reason=keys\na\nb\nSECRET\nc\n# unleak:allow-end\n"), ["unleak:allow-begin |keys||"]);
        assert_eq!(over("# unleak:allow-begin\nSECRET\n"), ["unleak:allow-begin |||the block has no unleak:allow-end"]);
        assert!(over("# unleak:allow-begin\n# unleak:allow-end\n\nSECRET\n").is_empty());
    }

    #[test]
    fn values_of_several_lines_take_markers_beside_their_delimiters() {
        assert_eq!(over("SECRET\nSECRET\n-----END----- # unleak:allow\n"), ["unleak:allow |||"]);
        assert_eq!(over("begin # gitleaks:allow\nSECRET\nSECRET\n"), ["gitleaks:allow |||"]);
    }

    #[test]
    fn a_marker_far_away_in_a_long_line_counts_for_nothing() {
        let far = "x".repeat(3000);
        assert!(over(&format!("gitleaks:allow {far} SECRET")).is_empty());
        assert!(over(&format!("SECRET {far} gitleaks:allow")).is_empty());
    }
}
