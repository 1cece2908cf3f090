//! Tokens with a fixed text at a fixed place, or an alphabet that others have not: it proves nothing, but
//! without it a token is invented.

use super::{Entry, Proof, Subject, Verdict};

pub(super) const TABLE: &[Entry] = &[
    Entry::new("openai", openai),
    Entry::new("groq", |s| contains(s, "WGdyb3FY")),
    Entry::new("anthropic", anthropic),
    Entry::new("huggingface", huggingface),
];

const NO_MARKER: Verdict = Verdict::Failed("without the mark that every such key has in it");

/// The word OpenAI in base64 stands in the middle: as much before it as after.
fn openai(subject: &Subject<'_>) -> Proof {
    let Some((before, after)) = subject.text().split_once("T3BlbkFJ") else { return NO_MARKER.into() };
    let body = before.trim_start_matches("sk-");
    let body = ["proj-", "svcacct-", "admin-", "None-"].iter().fold(body, |body, kind| body.strip_prefix(kind).unwrap_or(body));
    let cut = after.len() < 20 || body.len() < 20;
    if cut { Verdict::Failed("its mark is not in the middle: cut or invented") } else { Verdict::Plausible }.into()
}

fn contains(subject: &Subject<'_>, marker: &str) -> Proof {
    if subject.text().contains(marker) { Verdict::Plausible } else { NO_MARKER }.into()
}

/// Keys of the programming interface end in twelve zero bits.
fn anthropic(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let key = text.starts_with("sk-ant-api") || text.starts_with("sk-ant-admin");
    if key && !text.ends_with("AA") { NO_MARKER } else { Verdict::Plausible }.into()
}

/// Letters alone, without a digit.
fn huggingface(subject: &Subject<'_>) -> Proof {
    let body = subject.text().rsplit('_').next().unwrap_or_default();
    if body.bytes().any(|b| b.is_ascii_digit()) { Verdict::Failed("with digits, which such a token never has") } else { Verdict::Plausible }
        .into()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{failed, verdict};
    use super::*;

    #[test]
    fn marks_stand_where_they_must() {
        let half = "aB3dE6gH9jK2mN5pQ8sT";
        assert_eq!(verdict("openai", ["sk-", half, "T3BlbkFJ", half].concat()), Verdict::Plausible);
        assert_eq!(verdict("openai", ["sk-proj-", &half.repeat(3), "T3BlbkFJ", &half.repeat(3)].concat()), Verdict::Plausible);
        assert!(failed("openai", ["sk-", half, half, half].concat()));
        assert!(failed("openai", ["sk-", "proj-", "ab", "T3BlbkFJ", half].concat()));
        assert_eq!(verdict("groq", ["gsk_", half, "WGdyb3FY", half, "abcd"].concat()), Verdict::Plausible);
        assert!(failed("groq", ["gsk_", half, half, half].concat()));
        assert_eq!(verdict("anthropic", ["sk-ant-api03-", half, "AA"].concat()), Verdict::Plausible);
        assert_eq!(verdict("anthropic", ["sk-ant-oat01-", half].concat()), Verdict::Plausible);
        assert!(failed("anthropic", ["sk-ant-api03-", half, "AB"].concat()));
    }

    #[test]
    fn hugging_face_knows_letters_only() {
        assert_eq!(verdict("huggingface", ["hf_", &"aBcD".repeat(8), "xY"].concat()), Verdict::Plausible);
        assert!(failed("huggingface", ["hf_", &"aBc4".repeat(8), "xY"].concat()));
    }
}
