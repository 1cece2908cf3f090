//! The facts of a whole object from its length and its first 64 KiB. It does not know the object's path.

use memchr::memmem;

use super::Facts;
use crate::sign::Sign;

/// How much of an object's beginning is looked at.
const HEAD: usize = 64 << 10;

/// Lines longer than this on average are nobody's handwriting ...
const LONG_LINE: usize = 500;

/// ... in an object of at least this size.
const LEAST: usize = 5 << 10;

/// The facts of a whole object from its length and its first 64 KiB; `signs` are all that stand in these, or more.
pub fn facts(len: u64, head: &[u8], signs: &[(Sign, usize)]) -> Facts {
    let head = &head[..head.len().min(HEAD)];
    let lines = memchr::memchr_iter(b'\n', head).count() + 1;
    Facts {
        binary: memchr::memchr(0, head).is_some(),
        minified: head.len() >= LEAST && head.len() / lines > LONG_LINE && !is_data(head),
        encrypted: is_encrypted(len, head, &|sign| signs.iter().any(|(known, _)| *known == sign)),
    }
}

/// Whether the long lines are records and no code: more members of objects in it than statements.
fn is_data(head: &[u8]) -> bool {
    let members = [&b"\":"[..], b"\\\":"].iter().map(|mark| memmem::find_iter(head, mark).count()).sum::<usize>();
    members > 16 && members > memchr::memchr_iter(b';', head).count()
}

fn is_encrypted(len: u64, head: &[u8], says: &dyn Fn(Sign) -> bool) -> bool {
    let begins = |magic: &[u8]| head.starts_with(magic);
    let has = |text: &str| memmem::find(head, text.as_bytes()).is_some();
    begins(b"$ANSIBLE_VAULT;")
        || begins(b"\0GITCRYPT\0")
        || begins(b"age-encryption.org/v1")
        || begins(b"-----BEGIN AGE ENCRYPTED FILE-----")
        || begins(b"-----BEGIN PGP MESSAGE-----")
        || (says(Sign::Sops) && has("ENC[AES256_GCM,") && (len > head.len() as u64 || (has("sops") && has("mac"))))
        || (says(Sign::Sealed) && has("kind: SealedSecret") && has("encryptedData"))
        || is_rails_credentials(head)
}

/// One line of three base64 parts joined by `--`: ciphertext, 12 bytes of IV and 16 of tag.
fn is_rails_credentials(head: &[u8]) -> bool {
    let text = head.trim_ascii();
    // Hardly a text goes on like this for long.
    if text.iter().take(64).any(|b| !b.is_ascii_alphanumeric() && !b"+/=-".contains(b)) {
        return false;
    }
    let Some(first) = memmem::find(text, b"--") else { return false };
    let Some(second) = memmem::find(&text[first + 2..], b"--").map(|n| first + 2 + n) else { return false };
    let base64 = |part: &[u8]| !part.is_empty() && part.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b));
    let (iv, tag) = (&text[first + 2..second], &text[second + 2..]);
    base64(&text[..first]) && iv.len() == 16 && tag.len() == 24 && base64(iv) && base64(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Facts {
        facts(text.len() as u64, text.as_bytes(), &Sign::all_in(text.as_bytes()))
    }

    #[test]
    fn sees_binary_and_minified_objects() {
        assert!(of("a\0b").binary && !of("a b").binary);
        assert!(of(&"var a=1;".repeat(1000)).minified);
        assert!(!of(&"var a=1;\n".repeat(1000)).minified);
        assert!(!of(&"var a=1;".repeat(100)).minified);
        assert!(!of(&"{\"id\":1,\"name\":\"x\"}".repeat(1000)).minified);
        assert!(of(&"f({\"a\":1});g();".repeat(1000)).minified);
    }

    #[test]
    fn sees_encrypted_forms() {
        for text in [
            "$ANSIBLE_VAULT;1.1;AES256\n3033".to_owned(),
            "\0GITCRYPT\0abc".to_owned(),
            "age-encryption.org/v1\n-> X25519 x".to_owned(),
            "password: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\nsops:\n    mac: ENC[AES256_GCM,data:q]\n".to_owned(),
            "apiVersion: x/v1\nkind: SealedSecret\nspec:\n  encryptedData:\n    a: AgB\n".to_owned(),
            format!("{}--{}--{}\n", "q1".repeat(60), "a".repeat(16), "b".repeat(24)),
        ] {
            assert!(of(&text).encrypted, "{text}");
        }
        for text in ["password: x", "title -- one -- two", "kind: Secret\ndata:\n  a: b\n"] {
            assert!(!of(text).encrypted, "{text}");
        }
    }
}
