//! JFrog's reference tokens: base64 of a line that says until when. Its older keys are only as long as they are.

use data_encoding::BASE64;

use super::{Entry, Proof, Subject, Verdict, last_token, radix, sample};

pub(super) const TABLE: &[Entry] = &[Entry::new("jfrog", check).completed(complete)];

fn check(subject: &Subject<'_>) -> Proof {
    if !subject.secret.starts_with(b"cmVmdGtuO") {
        return Verdict::Plausible.into();
    }
    let line = radix::base64(subject.secret).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let parts: Vec<&str> = line.split(':').collect();
    match parts[..] {
        ["reftkn", _, end, random] if end.len() == 10 && random.len() >= 16 => match end.parse::<i64>() {
            Ok(0) => Proof::from(Verdict::Proved).fact("expires", "never"),
            Ok(at) => Proof::from(Verdict::Proved).expires(at, subject.now),
            Err(_) => Verdict::Failed("it says no time at which it ends").into(),
        },
        _ => Verdict::Failed("it does not decode: cut, altered or invented").into(),
    }
}

fn complete(text: &str) -> Option<String> {
    sample::rest_of(text, BASE64.encode(format!("reftkn:01:0000000000:{}", sample::letters(last_token(text), 27)).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove, verdict};
    use super::*;

    #[test]
    fn says_until_when() {
        let token = complete("").unwrap();
        assert!(token.starts_with("cmVmdGtuOjAx"));
        assert_eq!(fact(&prove("jfrog", &token), "expires"), "never");
        let old = BASE64.encode(format!("reftkn:01:1600000000:{}", "x".repeat(27)).as_bytes());
        assert_eq!(prove("jfrog", old).at_most.unwrap().1, "it has expired");
        assert!(failed("jfrog", &token[..token.len() - 24]));
        assert_eq!(verdict("jfrog", ["AKCp", &"x".repeat(69)].concat()), Verdict::Plausible);
    }
}
