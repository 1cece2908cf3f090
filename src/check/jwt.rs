//! JSON Web Tokens: header and payload decode, the signature is as long as its algorithm makes it, and the
//! payload says who, what for and until when. Signatures are recomputed only with published sample secrets.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};

use super::json::{object, word};
use super::{Entry, Proof, Subject, Verdict, radix, sample};
use crate::finding::Severity;

pub(super) const TABLE: &[Entry] = &[Entry::new("jwt", check).completed(complete)];

/// Secrets that documentation signs its samples with.
const SAMPLE_SECRETS: &[&str] = &[
    "secret",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "a-valid-string-secret-that-is-at-least-384-bits-long",
    "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    "super-secret-jwt-token-with-at-least-32-characters-long",
];

fn check(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    // Some providers put a prefix of their own in front.
    let text = &text[text.find("eyJ").unwrap_or(0)..];
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts[..] else { return Verdict::Failed("not in three parts").into() };
    let signed = &text[..header.len() + 1 + payload.len()];
    let Some(algorithm) = object(header).and_then(|header| word(&header, "alg")) else {
        return Verdict::Failed("its header does not decode: cut, altered or invented").into();
    };
    let Some(payload) = object(payload) else {
        return Verdict::Failed("its payload does not decode: cut, altered or invented").into();
    };
    if algorithm.eq_ignore_ascii_case("none") {
        return claims(Verdict::NotSecret("it is not signed").into(), &payload, subject.now);
    }
    let verdict = match radix::base64(signature.as_bytes()) {
        Some(bytes) if is_sample(&algorithm, signed, &bytes, &payload) => {
            Verdict::NotSecret("a sample that is signed with a published secret")
        }
        Some(bytes) => match fits(&algorithm, bytes.len()) {
            Some(true) => Verdict::Proved,
            Some(false) => Verdict::Failed("its signature is not as long as its algorithm makes it"),
            None => Verdict::Plausible,
        },
        None => Verdict::Failed("its signature is cut, altered or invented"),
    };
    claims(verdict.into(), &payload, subject.now)
}

/// Whether a signature of that algorithm has that many bytes; nothing of an algorithm that is not known.
fn fits(algorithm: &str, bytes: usize) -> Option<bool> {
    Some(match algorithm {
        "HS256" => bytes == 32,
        "HS384" => bytes == 48,
        "HS512" => bytes == 64,
        "ES256" | "ES256K" | "EdDSA" | "Ed25519" => bytes == 64 || (algorithm == "EdDSA" && bytes == 114),
        "ES384" => bytes == 96,
        "ES512" => bytes == 132,
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" => (128..=1024).contains(&bytes) && bytes.is_multiple_of(8),
        _ => return None,
    })
}

fn claims(proof: Proof, payload: &Value, now: i64) -> Proof {
    let issuer = word(payload, "iss");
    let role = word(payload, "role");
    let public = issuer.as_deref().is_some_and(|iss| iss.starts_with("supabase")) && role.as_deref() == Some("anon");
    let audience = word(payload, "aud").or_else(|| payload.get("aud")?.get(0)?.as_str().map(str::to_owned));
    let scope = ["scope", "scp"].iter().find_map(|key| word(payload, key));
    let mut proof = proof
        .maybe("issuer", issuer)
        .maybe("subject", word(payload, "sub"))
        .maybe("audience", audience)
        .maybe("project", word(payload, "ref"))
        .maybe("role", role)
        .maybe("scope", scope);
    if let Some(at) = payload.get("exp").and_then(Value::as_f64) {
        // Some write milliseconds.
        let at = if at > 1e11 { at / 1000.0 } else { at };
        proof = proof.expires(at as i64, now);
    }
    if public { proof.at_most(Severity::Low, "an anonymous key, public by design") } else { proof }
}

/// Whether it is the sample of a documentation: by its claims, or signed with a published secret.
fn is_sample(algorithm: &str, signed: &str, signature: &[u8], payload: &Value) -> bool {
    let person = word(payload, "sub").as_deref() == Some("1234567890") && word(payload, "name").as_deref() == Some("John Doe");
    person
        || word(payload, "iss").as_deref() == Some("supabase-demo")
        || SAMPLE_SECRETS.iter().any(|key| sign(algorithm, key, signed).as_deref() == Some(signature))
}

fn sign(algorithm: &str, key: &str, signed: &str) -> Option<Vec<u8>> {
    macro_rules! mac {
        ($hash:ty) => {{
            let mut mac = Hmac::<$hash>::new_from_slice(key.as_bytes()).ok()?;
            mac.update(signed.as_bytes());
            mac.finalize().into_bytes().to_vec()
        }};
    }
    Some(match algorithm {
        "HS256" => mac!(Sha256),
        "HS384" => mac!(Sha384),
        "HS512" => mac!(Sha512),
        _ => return None,
    })
}

/// After `header.payload` a signature of the right length; after less a whole token.
fn complete(text: &str) -> Option<String> {
    let Some(token) = text.find("eyJ").map(|at| &text[at..]).filter(|token| token.contains('.')) else {
        let signed = [r#"{"alg":"HS256"}"#, r#"{"sub":"alice"}"#].map(|part| BASE64URL_NOPAD.encode(part.as_bytes())).join(".");
        return sample::rest_of(text, format!("{signed}{}", complete(&signed)?));
    };
    let (signed, dot) = token.strip_suffix('.').map_or((token, "."), |signed| (signed, ""));
    let header = object(signed.split('.').next()?)?;
    let length = match word(&header, "alg")?.as_str() {
        "HS256" => 32,
        "HS384" => 48,
        "ES384" => 96,
        "ES512" => 132,
        alg if alg.starts_with("RS") || alg.starts_with("PS") => 256,
        _ => 64,
    };
    let bytes: Vec<u8> = (0..).flat_map(|n| sample::bytes(&format!("{signed} {n}"))).take(length).collect();
    Some(format!("{dot}{}", BASE64URL_NOPAD.encode(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, fact, failed, prove, verdict};
    use super::*;

    fn token(header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", BASE64URL_NOPAD.encode(header.as_bytes()), BASE64URL_NOPAD.encode(payload.as_bytes()));
        let signature = complete(&signed).unwrap();
        signed + &signature
    }

    const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

    #[test]
    fn claims_become_facts() {
        let live =
            token(r#"{"alg":"RS256"}"#, &format!(r#"{{"iss":"https://id.example","sub":"alice","aud":["api"],"exp":{}}}"#, NOW + 60));
        let proof = prove("jwt", &live);
        assert_eq!((proof.verdict, proof.at_most), (Verdict::Proved, None));
        assert_eq!((fact(&proof, "issuer").as_str(), fact(&proof, "subject").as_str()), ("https://id.example", "alice"));
        assert_eq!((fact(&proof, "audience").as_str(), fact(&proof, "expires").as_str()), ("api", "2026-01-01T00:01:00Z"));
    }

    #[test]
    fn expired_and_anonymous_weigh_less() {
        let old = prove("jwt", token(HS256, r#"{"exp":1600000000}"#));
        assert_eq!((old.verdict, old.at_most), (Verdict::Proved, Some((Severity::Low, "it has expired"))));
        let anon = prove("jwt", token(HS256, r#"{"iss":"supabase","ref":"abcdefghijklmnopqrst","role":"anon"}"#));
        assert_eq!((anon.at_most.unwrap().0, fact(&anon, "project").as_str()), (Severity::Low, "abcdefghijklmnopqrst"));
        assert_eq!(prove("jwt", token(HS256, r#"{"iss":"supabase","role":"service_role"}"#)).at_most, None);
    }

    #[test]
    fn what_is_cut_or_altered_fails() {
        let whole = token(HS256, r#"{"sub":"alice"}"#);
        assert!(failed("jwt", &whole[..whole.len() - 4]));
        assert!(failed("jwt", whole.replacen("eyJ", "eyX", 1)));
        assert!(failed("jwt", whole.replacen('.', ".x", 1)));
        assert!(failed("jwt", ""));
        assert_eq!(verdict("jwt", format!("glcbt-{whole}")), Verdict::Proved);
    }

    #[test]
    fn samples_are_no_secrets() {
        for key in SAMPLE_SECRETS {
            for alg in ["HS256", "HS384", "HS512"] {
                let signed = token(&format!(r#"{{"alg":"{alg}"}}"#), r#"{"sub":"x"}"#);
                let signed = signed.rsplit_once('.').unwrap().0;
                let whole = format!("{signed}.{}", BASE64URL_NOPAD.encode(&sign(alg, key, signed).unwrap()));
                assert!(matches!(verdict("jwt", whole), Verdict::NotSecret(_)), "{key}");
            }
        }
        assert!(matches!(verdict("jwt", token(HS256, r#"{"sub":"1234567890","name":"John Doe"}"#)), Verdict::NotSecret(_)));
        let unsigned = format!("{}.e30.", BASE64URL_NOPAD.encode(br#"{"alg":"none"}"#));
        assert!(matches!(verdict("jwt", unsigned), Verdict::NotSecret(_)));
    }

    #[test]
    fn an_unknown_algorithm_is_plausible() {
        assert_eq!(verdict("jwt", token(r#"{"alg":"XY99"}"#, "{}")), Verdict::Plausible);
    }

    #[test]
    fn the_published_sample_signature_is_recomputed() {
        // The signature that jwt.io showed for years, made with `your-256-bit-secret`.
        let signed =
            ["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"]
                .concat();
        let signature = sign("HS256", "your-256-bit-secret", &signed).unwrap();
        assert_eq!(BASE64URL_NOPAD.encode(&signature), ["SflKxwRJSMeKKF2QT4fw", "pMeJf36POk6yJV_adQssw5c"].concat());
    }
}
