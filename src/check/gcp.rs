//! Google Cloud's service accounts: a JSON object that names account, project and key, with a private key in it.

use serde_json::Value;

use super::json::word;
use super::{Entry, Proof, Subject, Verdict, private_key};

pub(super) const TABLE: &[Entry] = &[Entry::new("gcp-service-account", check).completed(private_key::complete)];

fn check(subject: &Subject<'_>) -> Proof {
    let Some(key) = super::key::find(subject.whole).or_else(|| super::key::find(subject.secret)) else {
        return Verdict::Failed("without a private key").into();
    };
    let key = private_key::prove(&key);
    let Some(object) = object(&String::from_utf8_lossy(subject.whole)) else { return key };
    let proof = Proof { verdict: key.verdict, facts: Vec::new(), at_most: key.at_most };
    proof
        .maybe("account", word(&object, "client_email"))
        .maybe("project", word(&object, "project_id"))
        .maybe("key-id", word(&object, "private_key_id"))
}

/// The object, where it stands as such or as text in another.
fn object(text: &str) -> Option<Value> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    parse(text).or_else(|| {
        let inner: String = serde_json::from_str(&format!("\"{text}\"")).ok()?;
        parse(&inner)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fact, failed, prove};
    use super::*;

    #[test]
    fn names_account_project_and_key() {
        let pem = format!("-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n", private_key::complete("").unwrap());
        let json = format!(
            r#"{{"type":"service_account","project_id":"acme","private_key_id":"0a0b","private_key":"{pem}","client_email":"ci@acme.iam.gserviceaccount.com"}}"#
        );
        for text in [json.clone(), json.replace('\\', "\\\\").replace('"', "\\\"")] {
            let proof = prove("gcp-service-account", &text);
            assert_eq!(proof.verdict, Verdict::Proved, "{text}");
            assert_eq!((fact(&proof, "project").as_str(), fact(&proof, "account").as_str()), ("acme", "ci@acme.iam.gserviceaccount.com"));
        }
        assert!(failed("gcp-service-account", json.replace("MC4C", "...")));
        assert!(failed("gcp-service-account", r#"{"type":"service_account"}"#));
    }
}
