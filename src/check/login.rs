//! A user name and a password together in base64, as basic authentication and registries' files have them.

use data_encoding::BASE64;

use super::{Entry, Proof, Subject, Verdict, radix, sample};
use crate::finding::Severity;
use crate::look;

pub(super) const TABLE: &[Entry] = &[
    Entry::new("docker-auth", docker).completed(complete),
    Entry::new("basic-auth", basic).completed(complete),
    Entry::new("base64-password", password).completed(|text| Some(BASE64.encode(sample::letters(text, 18).as_bytes()))),
    Entry::new("netrc-login", netrc),
];

/// Pairs that documentation shows.
const SAMPLES: &[(&str, &str)] = &[
    ("aladdin", "open sesame"),
    ("aladdin", "opensesame"),
    ("username", "password"),
    ("user", "password"),
    ("user", "pass"),
    ("user", "passwd"),
    ("foo", "bar"),
    ("test", "test"),
    ("your_username", "your_password"),
    ("myusername", "mypassword"),
];

/// Whether a user may be told: some services take a token in its place, which no report shows.
pub fn is_name(user: &str) -> bool {
    let token = user.len() >= 16 && look::is_random(user.as_bytes());
    !user.is_empty() && !token
}

fn basic(subject: &Subject<'_>) -> Proof {
    match pair(subject) {
        Ok((user, _)) => Proof::from(Verdict::Plausible).maybe("user", is_name(&user).then_some(user)),
        Err(verdict) => verdict.into(),
    }
}

fn docker(subject: &Subject<'_>) -> Proof {
    let (user, password) = match pair(subject) {
        Ok(pair) => pair,
        Err(verdict) => return verdict.into(),
    };
    if password.is_empty() {
        return Verdict::NotSecret("a user without a password: its token stands beside it").into();
    }
    let temporary = matches!(user.as_str(), "AWS" | "oauth2accesstoken" | "00000000-0000-0000-0000-000000000000");
    let proof = Proof::from(Verdict::Plausible).maybe("user", is_name(&user).then_some(user));
    if temporary { proof.at_most(Severity::Medium, "temporary: it lives hours") } else { proof }
}

/// A password alone, as npm writes it.
fn password(subject: &Subject<'_>) -> Proof {
    let text = radix::base64(subject.secret).and_then(|bytes| String::from_utf8(bytes).ok());
    let readable = text.is_some_and(|text| !text.is_empty() && !text.contains(char::is_control));
    if readable { Verdict::Plausible } else { Verdict::Failed("it does not decode to a password") }.into()
}

/// What is given with an anonymous login is an address by custom, and opens nothing.
fn netrc(subject: &Subject<'_>) -> Proof {
    let whole = String::from_utf8_lossy(subject.whole);
    let mut words = whole.split_ascii_whitespace().skip_while(|word| *word != "login");
    let anonymous = words.nth(1).is_some_and(|login| matches!(login, "anonymous" | "ftp"));
    if anonymous { Verdict::NotSecret("an anonymous login") } else { Verdict::Plausible }.into()
}

fn pair(subject: &Subject<'_>) -> Result<(String, String), Verdict> {
    let text = radix::base64(subject.secret).and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((user, password)) = text.as_deref().and_then(|text| text.split_once(':')) else {
        return Err(Verdict::Failed("it does not decode to a user name and a password"));
    };
    let password = password.trim_end_matches(['\n', '\r']);
    if user.contains(char::is_control) || password.contains(char::is_control) {
        return Err(Verdict::Failed("it does not decode to a user name and a password"));
    }
    if password.is_empty() && user.is_empty() {
        return Err(Verdict::NotSecret("an empty user name and password"));
    }
    // Where a manual needs names with a host, it appends one to both.
    let bare = |half: &str, sample: &str| half.split('@').next().is_some_and(|name| name.eq_ignore_ascii_case(sample));
    let same = |sample: &&(&str, &str)| bare(user, sample.0) && bare(password, sample.1);
    if SAMPLES.iter().any(|sample| same(&sample)) {
        return Err(Verdict::NotSecret("a pair that documentation shows"));
    }
    Ok((user.to_owned(), password.to_owned()))
}

fn complete(text: &str) -> Option<String> {
    Some(BASE64.encode(format!("alice:{}", sample::letters(text, 18)).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove, verdict};
    use super::*;

    #[test]
    fn decodes_to_a_user() {
        let encode = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
        let proof = prove("basic-auth", encode("alice:Tr0ub4dor"));
        assert_eq!((proof.verdict, fact(&proof, "user").as_str()), (Verdict::Plausible, "alice"));
        assert!(matches!(verdict("basic-auth", encode("Aladdin:open sesame")), Verdict::NotSecret(_)));
        assert!(failed("basic-auth", encode("nothing")));
        assert!(failed("basic-auth", encode("a\u{1}:b")));
        assert!(failed("docker-auth", "not base64!"));
        assert_eq!(prove("docker-auth", encode("AWS:abcdef")).at_most.unwrap().0, Severity::Medium);
    }

    #[test]
    fn a_token_in_the_users_place_is_not_told() {
        let token = sample::letters("user", 40);
        for check in ["basic-auth", "docker-auth"] {
            let proof = prove(check, BASE64.encode(format!("{token}:x-oauth-basic").as_bytes()));
            assert_eq!((proof.verdict, proof.facts), (Verdict::Plausible, vec![]), "{check}");
        }
    }

    #[test]
    fn what_opens_nothing_is_no_secret() {
        let encode = |text: &str| BASE64.encode(text.as_bytes());
        assert!(matches!(verdict("docker-auth", encode("00000000-0000-0000-0000-000000000000:")), Verdict::NotSecret(_)));
        assert_eq!(verdict("base64-password", encode("Tr0ub4dor")), Verdict::Plausible);
        assert!(failed("base64-password", encode("a\u{1}b")));
        assert!(failed("base64-password", "????"));
        assert!(matches!(verdict("netrc-login", "machine a login anonymous password me@b"), Verdict::NotSecret(_)));
        assert_eq!(verdict("netrc-login", "machine anonymous login joe password q"), Verdict::Plausible);
    }
}
