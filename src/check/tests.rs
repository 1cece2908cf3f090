//! What holds for all checks together, and small helpers for the tests of each. No whole token stands here.

use proptest::prelude::*;

use super::*;

/// 2026-01-01.
pub(super) const NOW: i64 = 1_767_225_600;

pub(super) fn prove(name: &str, secret: impl AsRef<[u8]>) -> Proof {
    let secret = secret.as_ref();
    by_name(name).expect("the check exists")(&Subject { secret, whole: secret, groups: &[], now: NOW })
}

pub(super) fn verdict(name: &str, secret: impl AsRef<[u8]>) -> Verdict {
    prove(name, secret).verdict
}

pub(super) fn fact(proof: &Proof, name: &str) -> String {
    proof.facts.iter().find(|(n, _)| *n == name).map(|(_, what)| what.clone()).unwrap_or_default()
}

/// The text with one character at `at` changed to another of its kind.
pub(super) fn altered(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = match bytes[at] {
        b'A' => b'B',
        b'2' => b'3',
        byte if byte.is_ascii_digit() => b'2',
        byte if byte.is_ascii_uppercase() => b'A',
        byte => {
            if byte == b'a' {
                b'b'
            } else {
                b'a'
            }
        }
    };
    String::from_utf8(bytes).unwrap()
}

pub(super) fn failed(name: &str, secret: impl AsRef<[u8]>) -> bool {
    matches!(verdict(name, secret), Verdict::Failed(_))
}

/// Every check with a text that its completion can stand after, and what follows it.
fn completions() -> Vec<(&'static str, String, &'static str)> {
    let random = |n: usize| "9trPVJ9sNn1smegIA210VKvA6KH6tKAZ7bQzX4cYd0LmRfWu2eHoGiTkSjDxBaCvE5w8".repeat(2)[..n].to_owned();
    vec![
        ("crc32-base62", format!("https://user:ghp_{}", random(30)), ""),
        ("crc32-base62", format!("salad_cloud_user_{}", random(43)), ""),
        ("crc32-grafana", format!("KEY=glsa_{}_", random(32)), ""),
        ("crc32-cloudflare", format!("cfut_{}", random(40)), ""),
        ("crc32-atlassian", format!("token=ATATT3xFfGF0{}=", random(40)), ""),
        ("crc32-zuplo", format!("zpka_{}_", "0a1b".repeat(8)), ""),
        ("crc32-confluent", format!("secret=cflt{}/+{}", random(26), random(26)), ""),
        ("crc32-apify", format!("apify_api_{}", random(30)), ""),
        ("crc32-packagist", format!("packagist_ort_{}", "0a1b2c".repeat(10)), ""),
        ("github-fine-grained", format!("x=github_pat_11{}_{}", random(20), random(43)), "QCjyEYDS"),
        ("gitlab-routable", format!("glpat-{}.01.", random(27)), ""),
        ("gitlab-routable", "glpat-".to_owned(), ""),
        ("azure-his", format!("AccountKey={}+ASt", random(76)), ""),
        ("azure-his", format!("{}+ASb", random(33)), ""),
        ("azure-his", format!("{}AzFu", random(44)), ""),
        ("azure-cask-legacy", format!("{}JQQJ99CAACAAAAAAAAAAAAASAZDO", random(52)), ""),
        ("entra-secret", format!("r6k8Q~{}", random(31)), ""),
        ("azure-devops-legacy", "pat:".to_owned(), ""),
        ("jwt", format!("Bearer:{}.{}", "eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJhbGljZSJ9"), ""),
        ("private-key", "-----BEGIN PRIVATE KEY-----\n".to_owned(), "\n-----END PRIVATE KEY-----"),
        ("pgp-private-key", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n".to_owned(), "\n-----END PGP PRIVATE KEY BLOCK-----"),
        ("pypi", "pypi-".to_owned(), ""),
        ("vault", "hvs.".to_owned(), ""),
        ("sentry-org", "sntrys_".to_owned(), ""),
        ("grafana-cloud", "glc_".to_owned(), ""),
        ("1password-service", "ops_".to_owned(), ""),
        ("mapbox", "sk.".to_owned(), ""),
        ("nats-seed", String::new(), ""),
        ("stellar-seed", String::new(), ""),
        ("age-key", String::new(), ""),
        ("nostr", String::new(), ""),
        ("wif", String::new(), ""),
        ("xprv", String::new(), ""),
        ("discord-bot", String::new(), ""),
        ("jfrog", String::new(), ""),
        ("jfrog", "cmVmdGtuOjAx".to_owned(), ""),
        ("age-key", "AGE-SECRET-KEY-1".to_owned(), ""),
        ("jwt", "eyJ".to_owned(), ""),
        ("jwt", String::new(), ""),
        ("vault", "hvs.CAESI".to_owned(), ""),
    ]
}

#[test]
fn every_completion_is_proved_by_its_own_check() {
    for (name, text, rest) in completions() {
        let sum = checksum(name, &text).unwrap_or_else(|| panic!("{name} completes {text:?}"));
        let whole = if text.starts_with("-----") { format!("{text}{sum}{rest}") } else { token(&text, &sum, rest) };
        assert_eq!(verdict(name, &whole), Verdict::Proved, "{name}: {whole}");
    }
}

#[test]
fn completions_of_what_cannot_be_proved_are_plausible() {
    let half = "aB3dE6gH9jK2mN5pQ8sT";
    for (name, text) in [
        ("google-api-key", format!("AIza{}", &half.repeat(2)[..34])),
        ("telegram-bot", format!("110201543:AA{}", &half.repeat(2)[..32])),
        ("sendgrid", format!("SG.{half}aA.{}", &half.repeat(3)[..42])),
        ("nuget", "oy2".to_owned()),
        ("nuget", String::new()),
        ("basic-auth", String::new()),
        ("docker-auth", String::new()),
        ("azure-sas", "?sv=2022-11-02&sig=".to_owned()),
    ] {
        let whole = format!("{text}{}", checksum(name, &text).unwrap());
        assert_eq!(verdict(name, &whole), Verdict::Plausible, "{name}: {whole}");
    }
}

/// What a rule would match of the completed text.
fn token(text: &str, sum: &str, rest: &str) -> String {
    let starts = ["ghp_", "glsa_", "ATATT3", "cflt", "github_pat_", "eyJ"];
    let start = starts.iter().find_map(|s| text.find(s)).unwrap_or_else(|| text.rfind(['=', ':']).map_or(0, |at| at + 1));
    format!("{}{sum}{rest}", &text[start..])
}

#[test]
fn names_are_unique_and_well_formed() {
    let mut all: Vec<&str> = names().collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    assert!(all.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')));
    assert!(by_name("no-such-check").is_none());
    assert!(checksum("no-such-check", "x").is_none());
}

const STARTS: &[&str] = &[
    "",
    "ghp_",
    "github_pat_11",
    "glpat-",
    "AKIA",
    "eyJhbGciOiJIUzI1NiJ9.",
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ",
    "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nPublic-Lines: 99999999999\n",
    "pypi-AgEI",
    "hvs.CAES",
    "sntrys_eyJ",
    "glc_eyJ",
    "ops_eyJ",
    "sk.eyJ1Ijoi",
    "SG.",
    "sk-ant-api03-",
    "sk_test_51",
    "xoxb-",
    "https://a.example/?sv=1&se=9999&sig=",
    "{\"type\":\"service_account\",\"private_key\":\"-----BEGIN",
    "cmVmdGtuOjAx",
    "nsec1",
    "AGE-SECRET-KEY-1",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_check_panics(start in prop::sample::select(STARTS), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let secret = [start.as_bytes(), &bytes].concat();
        for name in names() {
            prove(name, &secret);
            checksum(name, &String::from_utf8_lossy(&secret));
        }
    }

    #[test]
    fn no_check_panics_on_token_characters(start in prop::sample::select(STARTS), text in "[0-9A-Za-z+/=_.:~-]{0,200}") {
        let secret = format!("{start}{text}");
        for name in names() {
            prove(name, &secret);
            checksum(name, &secret);
        }
    }

    #[test]
    fn no_check_panics_on_a_cut_or_altered_token(which in 0usize..40, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (name, text, rest) = completions().swap_remove(which);
        let mut whole = format!("{text}{}{rest}", checksum(name, &text).unwrap()).into_bytes();
        let at = at.index(whole.len());
        prove(name, &whole[at..]);
        prove(name, &whole[..at]);
        whole[at] = byte;
        prove(name, &whole);
    }
}
