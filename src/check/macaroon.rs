//! Upload tokens of Python's package index: macaroons, whose caveats name project and user. The signature
//! needs the server's key, but everything before it must parse to the last byte.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use super::{Entry, Proof, Subject, Verdict, last_token, radix, sample};

pub(super) const TABLE: &[Entry] = &[Entry::new("pypi", check).completed(complete)];

const LOCATION: u8 = 1;
const IDENTIFIER: u8 = 2;
const SIGNATURE: u8 = 6;

/// Location, identifier, caveats.
struct Macaroon {
    location: String,
    identifier: String,
    caveats: Vec<String>,
}

fn check(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let Some(macaroon) = radix::base64(text.strip_prefix("pypi-").unwrap_or(text).as_bytes()).and_then(|bytes| parse(&bytes)) else {
        return Verdict::Failed("it does not parse to its last byte: cut, altered or invented").into();
    };
    let id = macaroon.identifier;
    let mut proof = Proof::from(Verdict::Proved).fact("issuer", macaroon.location).maybe("key-id", (id.len() == 36).then_some(id));
    for caveat in macaroon.caveats {
        proof = restriction(proof, &caveat, subject.now);
    }
    proof
}

fn restriction(proof: Proof, caveat: &str, now: i64) -> Proof {
    let Ok(value) = serde_json::from_str::<Value>(caveat) else { return proof };
    let list = |value: &Value| {
        let words = value.as_array()?.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
        Some(words.collect::<Vec<_>>().join(", ")).filter(|list| list.len() <= 256)
    };
    match value.get(0).and_then(Value::as_i64) {
        Some(0) => match value.get(1).and_then(Value::as_i64) {
            Some(at) => proof.expires(at, now),
            None => proof,
        },
        Some(1 | 2) => proof.maybe("project", value.get(1).and_then(list)),
        Some(3) => proof.maybe("owner", value.get(1).and_then(Value::as_str).filter(|owner| owner.len() <= 64)),
        _ => {
            let projects = value.get("permissions").and_then(|permissions| list(permissions.get("projects")?));
            proof.maybe("project", projects)
        }
    }
}

/// The second version's binary form.
fn parse(bytes: &[u8]) -> Option<Macaroon> {
    let (&2, mut rest) = bytes.split_first()? else { return None };
    let location = field(&mut rest, LOCATION)?;
    let identifier = field(&mut rest, IDENTIFIER)?;
    end(&mut rest)?;
    let mut caveats = Vec::new();
    while rest.first()? != &0 {
        if rest.first() == Some(&LOCATION) {
            field(&mut rest, LOCATION)?;
        }
        caveats.push(String::from_utf8(field(&mut rest, IDENTIFIER)?.to_vec()).ok()?);
        // A third party's caveat carries one field more.
        while rest.first()? != &0 {
            let kind = *rest.first()?;
            field(&mut rest, kind)?;
        }
        end(&mut rest)?;
    }
    end(&mut rest)?;
    let signature = field(&mut rest, SIGNATURE)?;
    (signature.len() == 32 && rest.is_empty()).then_some(Macaroon {
        location: String::from_utf8(location.to_vec()).ok()?,
        identifier: String::from_utf8_lossy(identifier).into_owned(),
        caveats,
    })
}

fn end(rest: &mut &[u8]) -> Option<()> {
    let (&0, after) = rest.split_first()? else { return None };
    *rest = after;
    Some(())
}

fn field<'b>(rest: &mut &'b [u8], kind: u8) -> Option<&'b [u8]> {
    let (&found, mut after) = rest.split_first()?;
    let length = super::vault::varint(&mut after)? as usize;
    let (data, after) = after.split_at_checked(length).filter(|_| found == kind)?;
    *rest = after;
    Some(data)
}

fn complete(text: &str) -> Option<String> {
    let label = last_token(text);
    let id = "0b1e4c5a-7d2f-4a3b-8c6d-9e0f1a2b3c4d";
    let mut bytes = vec![2];
    for (kind, data) in [
        (LOCATION, b"index.example".as_slice()),
        (IDENTIFIER, id.as_bytes()),
        (0, b""),
        (IDENTIFIER, br#"[1,["example"]]"#),
        (0, b""),
        (0, b""),
    ] {
        bytes.push(kind);
        if kind != 0 {
            bytes.push(data.len() as u8);
            bytes.extend(data);
        }
    }
    bytes.extend([SIGNATURE, 32]);
    bytes.extend(sample::bytes(label));
    sample::rest_of(text, BASE64URL_NOPAD.encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove, verdict};
    use super::*;

    #[test]
    fn the_published_token_parses() {
        let token = ["pypi-", "AgEIcHlwaS5vcmcCAWEAAAYgNh9pJUqVF", "-EtMCwGaZYcStFR07RbE8hyb9h2vYxifO8"].concat();
        assert_eq!(verdict("pypi", &token), Verdict::Proved);
        assert!(failed("pypi", &token[..token.len() - 1]));
        assert!(failed("pypi", token.replacen("AgEI", "AgEJ", 1)));
    }

    #[test]
    fn caveats_name_the_project() {
        let proof = prove("pypi", format!("pypi-{}", complete("").unwrap()));
        assert_eq!((fact(&proof, "project").as_str(), fact(&proof, "issuer").as_str()), ("example", "index.example"));
        assert_eq!(restriction(Verdict::Proved.into(), "[0, 1600000000, 0]", 1_700_000_000).at_most.unwrap().1, "it has expired");
    }
}
