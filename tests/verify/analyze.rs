//! `unleak analyze` for each provider that it knows, against one on loopback: what it asks, that it asks as the
//! provider wants to be asked, that it only reads, and what it says of the answers.

use russh::keys::PrivateKey;
use russh::keys::key::safe_rng;
use russh::keys::ssh_key::private::{KeypairData, RsaKeypair};

use super::common::repo::Repo;
use super::common::run::run_with;
use super::provider::{Answer, Heard, Provider, answer};

/// What was asked, and what was said.
struct Looked {
    text: String,
    heard: Vec<Heard>,
}

/// Looks into the secret of the text. Each request must hold these words, or it is refused; `answers` has paths and
/// what is found there, everything else is not allowed.
fn look(provider: &str, text: &str, held: &str, answers: &'static [(&str, &str)]) -> Looked {
    let held = held.to_owned();
    let fake = Provider::new(move |heard: &Heard| -> Answer {
        let path = heard.target.split('?').next().unwrap();
        match answers.iter().find(|(known, _)| *known == path) {
            _ if !heard.all().contains(&held) => answer(401, ""),
            Some((_, body)) => answer(200, *body),
            None => answer(403, "{}"),
        }
    });
    let repo = Repo::folder();
    let endpoint = format!("{provider}={}", fake.url());
    let ran = run_with(&repo.home, &repo.path, &["analyze", "--endpoint", &endpoint], text.as_bytes());
    assert_eq!(ran.code, 0, "{}{}", ran.text(), ran.stderr);
    let heard = fake.heard();
    assert!(!heard.is_empty());
    Looked { text: ran.text(), heard }
}

impl Looked {
    #[track_caller]
    fn says(&self, lines: &[(&str, &str)]) -> &Self {
        for (what, said) in lines {
            let found = self.text.lines().any(|line| line.trim_start().strip_prefix(what).is_some_and(|rest| rest.trim() == *said));
            assert!(found, "{what}: {said}\n{}", self.text);
        }
        self
    }

    #[track_caller]
    fn only_reads(&self, value: &str) {
        assert!(self.heard.iter().all(|heard| heard.method == "GET" && heard.body.is_empty()), "{:?}", self.heard);
        assert!(!self.text.contains(&value[8..20]), "{}", self.text);
    }
}

#[test]
fn gitlab() {
    let value = ["glp", "at-", "kQ8zW3vN5bX7cM1aS4dF"].concat();
    let looked = look(
        "gitlab",
        &value,
        &format!("private-token: {value}"),
        &[
            ("/api/v4/personal_access_tokens/self", r#"{"name":"deploy","scopes":["api","read_user"],"expires_at":"2027-01-31"}"#),
            ("/api/v4/user", r#"{"username":"otter","is_admin":true}"#),
            ("/api/v4/groups", r#"[{"full_path":"acme"},{"full_path":"acme/lake"}]"#),
        ],
    );
    looked.says(&[
        ("token", "name deploy; scopes api read_user; expires_at 2027-01-31"),
        ("who", "username otter; is_admin true"),
        ("groups", "full_path acme, acme/lake"),
        ("projects", "not allowed (403)"),
    ]);
    looked.only_reads(&value);
}

#[test]
fn slack() {
    let value = ["xo", "xb-", "72345678901-73456789012-", "kQ8zW3vN5bX7cM1aS4dF6gH9"].concat();
    let looked = look(
        "slack",
        &value,
        &format!("authorization: Bearer {value}"),
        &[
            ("/api/auth.test", r#"{"ok":true,"team":"Acme","user":"otter","bot_id":"B1"}"#),
            ("/api/team.info", r#"{"ok":false,"error":"missing_scope"}"#),
            ("/api/conversations.list", r#"{"ok":true,"channels":[{"name":"general"},{"name":"ops"}]}"#),
        ],
    );
    looked.says(&[("who", "team Acme; user otter; bot_id B1"), ("team", "error missing_scope"), ("channels", "name general, ops")]);
    looked.only_reads(&value);
}

#[test]
fn stripe() {
    let value = ["sk", "_live_", "51kQ8zW3vN5bX7cM1aS4dF6gH9"].concat();
    let user = data_encoding::BASE64.encode(format!("{value}:").as_bytes());
    let looked = look(
        "stripe",
        &value,
        &format!("authorization: Basic {user}"),
        &[
            ("/v1/account", r#"{"id":"acct_1","email":"pay@corp.example","country":"DE","charges_enabled":true}"#),
            ("/v1/balance", r#"{"livemode":true,"available":[{"currency":"eur"},{"currency":"usd"}]}"#),
        ],
    );
    looked.says(&[
        ("who", "id acct_1; email pay@corp.example; country DE; charges_enabled true"),
        ("balance", "livemode true; currency eur, usd"),
        ("customers", "not allowed (403)"),
        ("payouts", "not allowed (403)"),
    ]);
    looked.only_reads(&value);
}

#[test]
fn npm() {
    let value = ["npm", "_", &super::common::token::token(80)[4..]].concat();
    let looked = look(
        "npm",
        &value,
        &format!("authorization: Bearer {value}"),
        &[
            ("/-/whoami", r#"{"username":"otter"}"#),
            ("/-/npm/v1/user", r#"{"name":"otter","email":"otter@corp.example","tfa":{"mode":"auth-only"}}"#),
            ("/-/npm/v1/tokens", r#"{"objects":[{"readonly":false,"automation":true}]}"#),
        ],
    );
    looked.says(&[
        ("who", "username otter"),
        ("profile", "name otter; email otter@corp.example; mode auth-only"),
        ("tokens", "readonly false; automation true"),
    ]);
    looked.only_reads(&value);
}

#[test]
fn vault() {
    let value = ["hvs", ".kQ8zW3vN5bX7cM1aS4dF6gH9"].concat();
    let looked = look(
        "hashicorp",
        &value,
        &format!("x-vault-token: {value}"),
        &[(
            "/v1/auth/token/lookup-self",
            r#"{"data":{"display_name":"token-ci","policies":["default","deploy"],"path":"auth/token/create","orphan":true}}"#,
        )],
    );
    looked.says(&[
        ("who", "display_name token-ci; policies default deploy; path auth/token/create; orphan true"),
        ("mounts", "not allowed (403)"),
    ]);
    looked.only_reads(&value);
}

/// A service account's key gets an access token first, and looks with that.
#[test]
fn google() {
    let pair = RsaKeypair::random(&mut safe_rng(), 2048).unwrap();
    let mut pem = Vec::new();
    russh::keys::encode_pkcs8_pem(&PrivateKey::try_from(KeypairData::Rsa(pair)).unwrap(), &mut pem).unwrap();
    let pem = String::from_utf8(pem).unwrap();
    let id = ["0123456789abcdef", "0123456789abcdef01234567"].concat();
    let text = format!(
        "{{\n\"type\": \"service_account\",\n\"project_id\": \"quiet-lake\",\n\"private_key_id\": \"{id}\",\n\"private_key\": {pem:?},\n\
         \"client_email\": \"reader@quiet-lake.iam.gserviceaccount.com\"\n}}\n"
    );
    let looked = look(
        "gcp",
        &text,
        // The grant and the token that it gives begin alike, so that one word stands in every request.
        "ey",
        &[
            ("/token", r#"{"access_token":"ey-short-lived","expires_in":3599}"#),
            ("/v1/projects", r#"{"projects":[{"projectId":"quiet-lake"},{"projectId":"deep-lake"}]}"#),
        ],
    );
    looked.says(&[
        ("who", &format!("reader@quiet-lake.iam.gserviceaccount.com, key {id}")),
        ("projects", "projectId quiet-lake, deep-lake"),
        ("organisations", "not allowed (403)"),
    ]);
    let grant = &looked.heard[0];
    assert!(grant.method == "POST" && grant.target == "/token" && grant.body.contains("assertion=ey"), "{grant:?}");
    let looks = &looked.heard[1..];
    assert!(looks.iter().all(|heard| heard.method == "GET" && heard.header("authorization") == Some("Bearer ey-short-lived")));
    assert!(!looked.text.contains("ey-short-lived") && !looked.text.contains(&pem[80..100]), "{}", looked.text);
}

/// AWS signs each request; its own rights decide what it sees.
#[test]
fn aws() {
    let id = ["AK", "IA", "QUIETLAKE2345672"].concat();
    let value = ["kQ8zW3vN5bX7cM1aS4dF", "6gH9jK2lP0oI8uY7tR5e"].concat();
    let fake = Provider::new(|heard: &Heard| {
        if heard.header("x-amz-target") == Some("secretsmanager.ListSecrets") {
            return answer(200, r#"{"SecretList":[{"Name":"db/main","ARN":"a"},{"Name":"mail"}],"NextToken":"x"}"#);
        }
        let action = heard.body.split('&').find_map(|part| part.strip_prefix("Action=")).unwrap_or_default();
        match action {
            "GetCallerIdentity" => answer(200, "<R><Arn>arn:aws:iam::123456789012:user/ops/otter</Arn></R>"),
            "ListAttachedUserPolicies" => answer(200, "<R><member><PolicyName>AdministratorAccess</PolicyName></member></R>"),
            "ListAccessKeys" => answer(200, "<R/>"),
            _ => answer(403, "<R/>"),
        }
    });
    let repo = Repo::folder();
    let text = format!("aws_access_key_id = {id}\naws_secret_access_key = {value}\n");
    let ran = run_with(&repo.home, &repo.path, &["analyze", "--endpoint", &format!("aws={}", fake.url())], text.as_bytes());
    assert_eq!(ran.code, 0, "{}{}", ran.text(), ran.stderr);
    let looked = Looked { text: ran.text(), heard: fake.heard() };
    looked.says(&[
        ("who", "arn:aws:iam::123456789012:user/ops/otter"),
        ("policies", "AdministratorAccess"),
        ("groups", "not allowed (403)"),
        ("keys", "none"),
        ("secrets in us-east-1", "db/main, mail and more"),
    ]);
    let (lists, forms): (Vec<_>, Vec<_>) = looked.heard.iter().partition(|heard| heard.header("x-amz-target").is_some());
    assert!(forms.iter().skip(1).all(|heard| heard.body.contains("UserName=otter")));
    assert_eq!((lists.len(), lists[0].header("content-type")), (1, Some("application/x-amz-json-1.1")));
    let signature = lists[0].header("authorization").unwrap();
    assert!(signature.contains("/us-east-1/secretsmanager/aws4_request") && signature.contains("x-amz-target"), "{signature}");
    assert!(looked.heard.iter().all(|heard| heard.header("authorization").unwrap().contains(&format!("Credential={id}/"))));
    assert!(!looked.text.contains(&value[4..20]), "{}", looked.text);
}

/// A role has no user's rights to look at, and a service that takes JSON refuses by 400 and a word.
#[test]
fn roles_of_aws() {
    let id = ["AK", "IA", "QUIETLAKE2345672"].concat();
    let value = ["kQ8zW3vN5bX7cM1aS4dF", "6gH9jK2lP0oI8uY7tR5e"].concat();
    for (refusal, said) in [
        (r#"{"__type":"AccessDeniedException","Message":"no"}"#, "not allowed (400)"),
        (r#"{"__type":"com.amazon.coral.service#AccessDeniedException"}"#, "not allowed (400)"),
        (r#"{"__type":"ThrottlingException"}"#, "no answer to that (400)"),
        ("<html>", "no answer to that (400)"),
    ] {
        let fake = Provider::new(move |heard: &Heard| match heard.header("x-amz-target") {
            Some(_) => answer(400, refusal),
            None => answer(200, "<R><Arn>arn:aws:sts::123456789012:assumed-role/deploy/ci</Arn></R>"),
        });
        let repo = Repo::folder();
        let text = format!("aws_access_key_id = {id}\naws_secret_access_key = {value}\n");
        let ran = run_with(&repo.home, &repo.path, &["analyze", "--endpoint", &format!("aws={}", fake.url())], text.as_bytes());
        let looked = Looked { text: ran.text(), heard: fake.heard() };
        looked.says(&[("who", "arn:aws:sts::123456789012:assumed-role/deploy/ci"), ("secrets in us-east-1", said)]);
        assert_eq!(looked.heard.len(), 2, "{}", looked.text);
    }
}
