//! AWS access keys: the account number inside a key id, and what a secret key cannot be. Secret keys carry no
//! checksum.

use super::{Entry, Proof, Subject, Verdict, radix};
use crate::finding::Severity;

pub(super) const TABLE: &[Entry] = &[Entry::new("aws-key-id", key_id), Entry::new("aws-secret", secret)];

/// Accounts whose keys are laid out as traps: whoever uses one is reported to those who laid it.
const CANARIES: &[u64] = &[171_436_882_533];
const KEY_ID: usize = 20;
/// The number in a key id stands in these bits of its first 48.
const ACCOUNT_BITS: u64 = 0x7fff_ffff_ff80;
const ACCOUNTS: u64 = 1_000_000_000_000;

fn key_id(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let Some((kind, body)) = text.split_at_checked(4) else { return Verdict::Failed("too short for a key id").into() };
    match kind {
        "AIDA" | "AROA" | "AGPA" | "AIPA" | "ANPA" | "ANVA" | "APKA" | "ASCA" => {
            return Verdict::NotSecret("the id of a user, role or policy, not of a key").into();
        }
        _ if body.ends_with("EXAMPLE") => return Verdict::NotSecret("a key id of the documentation").into(),
        _ => {}
    }
    if text.len() != KEY_ID || body.bytes().any(|b| b.is_ascii_lowercase() || radix::base32_digit(b).is_none()) {
        // `A3T` and one more is the kind of before 2010, which knew all digits.
        return if kind.starts_with("A3T") { Verdict::Plausible } else { Verdict::Failed("characters that no key id has") }.into();
    }
    let mut proof = Proof::from(Verdict::Plausible);
    if let Some(account) = account(body) {
        proof = proof.fact("account", format!("{account:012}"));
        if CANARIES.contains(&account) {
            proof = proof.fact("canary", "a trap: using it alerts its owner");
        }
    }
    if kind == "ASIA" { proof.at_most(Severity::Medium, "temporary: it lives 36 hours at most") } else { proof }
}

/// The account that ids of 2019 and later name; of older ones the first bit is not set.
pub(super) fn account(body: &str) -> Option<u64> {
    let bytes = radix::base32(body.as_bytes())?;
    let first = bytes.get(..6)?.iter().fold(0u64, |n, &b| (n << 8) | u64::from(b));
    let account = (first & ACCOUNT_BITS) >> 7;
    (bytes[0] & 0x80 != 0 && account < ACCOUNTS).then_some(account)
}

fn secret(subject: &Subject<'_>) -> Proof {
    let secret = subject.secret;
    let has = |class: fn(&u8) -> bool| secret.iter().any(class);
    if secret.iter().all(u8::is_ascii_hexdigit) {
        Verdict::NotSecret("a hash in hex, such as git's")
    } else if secret.ends_with(b"EXAMPLEKEY") {
        Verdict::NotSecret("a key of the documentation")
    } else if !has(u8::is_ascii_uppercase) || !has(u8::is_ascii_lowercase) || !has(u8::is_ascii_digit) {
        Verdict::Failed("without upper case, lower case or digits, so hardly random")
    } else {
        Verdict::Plausible
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove, verdict};
    use super::*;

    #[test]
    fn a_key_id_names_its_account() {
        let proof = prove("aws-key-id", ["AKIA", "SP2TPHJSQH3FJRUX"].concat());
        assert_eq!(proof.verdict, Verdict::Plausible);
        assert_eq!(fact(&proof, "account"), "171436882533");
        assert!(!fact(&proof, "canary").is_empty());
    }

    #[test]
    fn an_older_key_id_names_none() {
        assert_eq!(prove("aws-key-id", ["AKIA", "JQ2TPHJSQH3FJRUX"].concat()).facts, []);
    }

    #[test]
    fn knows_what_is_no_key_id() {
        assert!(matches!(verdict("aws-key-id", ["AKIA", "IOSFODNN7EXAMPLE"].concat()), Verdict::NotSecret(_)));
        assert!(matches!(verdict("aws-key-id", ["AROA", "SP2TPHJSQH3FJRUX"].concat()), Verdict::NotSecret(_)));
        assert!(failed("aws-key-id", ["AKIA", "SP2TPHJSQH3FJRU0"].concat()));
        assert_eq!(verdict("aws-key-id", ["A3TX", "SP2TPHJSQH3FJRU0"].concat()), Verdict::Plausible);
    }

    #[test]
    fn temporary_keys_weigh_less() {
        assert_eq!(prove("aws-key-id", ["ASIA", "SP2TPHJSQH3FJRUX"].concat()).at_most.unwrap().0, Severity::Medium);
    }

    #[test]
    fn knows_what_is_no_secret_key() {
        assert!(matches!(verdict("aws-secret", "0a".repeat(20)), Verdict::NotSecret(_)));
        assert!(matches!(verdict("aws-secret", ["wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY"].concat()), Verdict::NotSecret(_)));
        assert!(failed("aws-secret", "com/example/service/LongNameOfSomething"));
        assert_eq!(verdict("aws-secret", ["9trPVJ9sNn1smegIA21", "0VKvA6KH6tKAZ7bQ/zX4"].concat()), Verdict::Plausible);
    }
}
