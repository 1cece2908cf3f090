//! Shared access signatures of Azure Storage: a URL whose query says account, rights and end.

use super::{Entry, Proof, Subject, Verdict, clock, radix, sample};

pub(super) const TABLE: &[Entry] = &[Entry::new("azure-sas", check).completed(complete)];

fn check(subject: &Subject<'_>) -> Proof {
    let whole = String::from_utf8_lossy(subject.whole);
    // In XML and HTML the separator is escaped.
    let text = unquoted(&whole.replace("&amp;", "&").replace("\\u0026", "&"));
    let query = text.split_once('?').map_or(text.as_str(), |(_, query)| query);
    let value = |key: &str| query.split('&').find_map(|part| part.split_once('=').filter(|(k, _)| *k == key)).map(|(_, v)| v);
    let signature = value("sig").map_or_else(|| unquoted(subject.text()), str::to_owned);
    // An unquoted `+` stands for itself here: a space is in no signature.
    let verdict = match radix::base64(signature.replace(' ', "+").as_bytes()) {
        Some(bytes) if bytes.len() == 32 => Verdict::Plausible,
        _ => Verdict::Failed("its signature is cut, altered or invented"),
    };
    let host = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next());
    let proof = Proof::from(verdict)
        .maybe("account", host.and_then(|host| host.split_once('.')).map(|(account, _)| account))
        .maybe("right", value("sp"))
        .maybe("tenant", value("sktid"));
    match value("se").and_then(clock::seconds) {
        Some(at) => proof.expires(at, subject.now),
        None => proof,
    }
}

/// A made-up signature, escaped as a URL has it.
fn complete(text: &str) -> Option<String> {
    let signature = data_encoding::BASE64.encode(&sample::bytes(text));
    Some(signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"))
}

/// The text with its percent escapes undone.
pub(super) fn unquoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escape = (byte == b'%').then(|| after.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        match escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) => {
                out.push(value);
                rest = &after[2..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove, verdict};
    use super::*;

    #[test]
    fn says_account_rights_and_end() {
        let signature = data_encoding::BASE64.encode(&[0xfb; 32]).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let url = |end: &str, signature: &str| {
            format!("https://acme.blob.core.windows.net/c/b?sv=2022-11-02&se={end}&sr=b&sp=rwd&sig={signature}")
        };
        let proof = prove("azure-sas", url("2030-01-01T00%3A00%3A00Z", &signature));
        assert_eq!((proof.verdict, proof.at_most), (Verdict::Plausible, None));
        assert_eq!((fact(&proof, "account").as_str(), fact(&proof, "right").as_str()), ("acme", "rwd"));
        assert_eq!(prove("azure-sas", url("2020-01-01", &signature)).at_most.unwrap().1, "it has expired");
        assert!(failed("azure-sas", url("2030-01-01", &signature[6..])));
        assert_eq!(verdict("azure-sas", &signature), Verdict::Plausible);
    }
}
