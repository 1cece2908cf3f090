//! Tokens that carry an identifier in the clear: whose account, which workspace, which region, test or live.
//! Nothing here proves a token.

use super::{Entry, Proof, Subject, Verdict, clock};
use crate::finding::Severity;

pub(super) const TABLE: &[Entry] = &[
    Entry::new("slack", slack),
    Entry::new("stripe", stripe),
    Entry::new("terraform-cloud", terraform),
    Entry::new("newrelic", newrelic),
    Entry::new("object-id", object_id),
];

fn slack(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let proof = Proof::from(Verdict::Plausible);
    if let Some((_, path)) = text.split_once("/services/").or_else(|| text.split_once("/workflows/")) {
        let mut ids = path.split('/');
        return proof.maybe("workspace", ids.next().and_then(id)).maybe("app", ids.next().and_then(id));
    }
    let text = text.strip_prefix("xoxe.").unwrap_or(text);
    let mut parts = text.split('-');
    match parts.next() {
        Some("xoxb" | "xoxp" | "xoxa" | "xoxo" | "xoxs" | "xoxr") => {
            proof.maybe("workspace", parts.next().and_then(number)).maybe("owner", parts.next().and_then(number))
        }
        Some("xapp") => proof.maybe("app", parts.nth(1).and_then(id)),
        _ => proof,
    }
}

fn number(text: &str) -> Option<String> {
    (text.len() >= 9 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned())
}

fn id(text: &str) -> Option<String> {
    (text.len() >= 8 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())).then(|| text.to_owned())
}

/// Newer keys begin with the account's own characters after `51`.
fn stripe(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let (kind, rest) = text.split_once('_').unwrap_or_default();
    let (mode, body) = rest.split_once('_').unwrap_or_default();
    if kind == "pk" {
        return Verdict::NotSecret("a publishable key").into();
    }
    let account = body.strip_prefix("51").filter(|body| body.len() > 60).and_then(|body| body.get(..15));
    let proof = Proof::from(Verdict::Plausible).maybe("account", account.map(|id| format!("acct_1{id}")));
    if mode == "test" { proof.fact("mode", "test").at_most(Severity::Low, "of the test mode") } else { proof }
}

/// `<id>.atlasv1.<secret>`.
fn terraform(subject: &Subject<'_>) -> Proof {
    let id = subject.text().split_once(".atlasv1.").map(|(id, _)| id);
    match id.filter(|id| id.len() == 14) {
        Some(id) => Proof::from(Verdict::Plausible).fact("key-id", format!("at-{id}")),
        None => Verdict::Failed("its first part is no id of a token").into(),
    }
}

fn newrelic(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let region = if text.starts_with("eu01") { Some("EU") } else { text.ends_with("NRAL").then_some("US") };
    Proof::from(Verdict::Plausible).maybe("region", region)
}

/// Postman, Harness: 24 hex digits of which the first eight are the moment of issue.
fn object_id(subject: &Subject<'_>) -> Proof {
    let hex = |part: &&str| part.len() == 24 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let Some(id) = subject.text().split(['-', '.', '_']).find(hex) else { return Verdict::Plausible.into() };
    let issued = i64::from_str_radix(&id[..8], 16).unwrap_or_default();
    // Before 2010 nobody issued such ids, and nobody has from the future.
    if !(1_262_304_000..subject.now + clock::DAY).contains(&issued) {
        return Verdict::Failed("issued at a time that cannot be").into();
    }
    Proof::from(Verdict::Plausible).fact("issued", clock::date(issued))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove, verdict};
    use super::*;

    #[test]
    fn slack_tokens_name_their_workspace() {
        let proof = prove("slack", ["xoxb", "-123456789012-210987654321-", "abcdefghijABCDEFGHIJabcd"].concat());
        assert_eq!((fact(&proof, "workspace").as_str(), fact(&proof, "owner").as_str()), ("123456789012", "210987654321"));
        let hook = prove("slack", ["https://hooks.slack.com/services/", "T0123ABCD/B0123ABCD/", "abcdefghijABCDEFGHIJabcd"].concat());
        assert_eq!((fact(&hook, "workspace").as_str(), fact(&hook, "app").as_str()), ("T0123ABCD", "B0123ABCD"));
        assert_eq!(fact(&prove("slack", ["xapp", "-1-A0123ABCDEF-123-", "0a"].concat()), "app"), "A0123ABCDEF");
    }

    #[test]
    fn stripe_keys_name_account_and_mode() {
        let body = ["51", "MtwBwLkdIwHu7ix", &"aB3d".repeat(21)].concat();
        let proof = prove("stripe", ["sk", "_test_", &body].concat());
        assert_eq!((fact(&proof, "account").as_str(), proof.at_most.unwrap().0), ("acct_1MtwBwLkdIwHu7ix", Severity::Low));
        assert_eq!(prove("stripe", ["rk", "_live_", &body].concat()).at_most, None);
        assert!(matches!(verdict("stripe", ["pk", "_live_", &body].concat()), Verdict::NotSecret(_)));
    }

    #[test]
    fn others_say_what_they_carry() {
        assert_eq!(
            fact(&prove("terraform-cloud", ["abcdefghijk123", ".atlasv1.", &"x".repeat(67)].concat()), "key-id"),
            "at-abcdefghijk123"
        );
        assert_eq!(fact(&prove("newrelic", ["eu01xx", &"0a".repeat(15), "NRAL"].concat()), "region"), "EU");
        let issued = fact(&prove("object-id", ["PMAK", "-642a58a8", &"0".repeat(16), "-", &"0a".repeat(17)].concat()), "issued");
        assert_eq!(&issued[..10], "2023-04-03");
        assert!(failed("object-id", ["PMAK", "-ffffffff", &"0".repeat(16), "-", &"0a".repeat(17)].concat()));
    }
}
