//! A request that needs both halves of a credential gets the one that stands near the secret, whichever of the
//! rules that the secret's rule names has found it.

use super::common::repo::Repo;
use super::common::run::run;
use super::provider::{Provider, answer};

const RULES: &str = r#"
[[rule]]
id = "lake-id"
name = "Lake id"
severity = "low"
confidence = "high"
keywords = ["lki_"]
regex = 'lki_[0-9a-z]{12}\b'

[[rule]]
id = "lake-guest-id"
name = "Lake guest id"
severity = "low"
confidence = "high"
keywords = ["lkg_"]
regex = 'lkg_[0-9a-z]{12}\b'

[[rule]]
id = "lake-secret"
provider = "lake"
name = "Lake secret"
severity = "high"
confidence = "high"
keywords = ["lks_"]
regex = 'lks_[0-9a-z]{24}\b'
pair = [{ rule = "lake-id", lines = 3 }, { rule = "lake-guest-id", lines = 3 }]
verify = { get = "https://api.lake.example.com/me", auth = "basic:{lake-id}:{secret}", live = [200], dead = [401] }
"#;

#[test]
fn the_half_that_is_near_goes_with_the_secret() {
    let secret = ["lks", "_a1b2c3d4e5f6g7h8i9j0k1l2"].concat();
    let repo = Repo::folder();
    std::fs::write(repo.home.join("own.toml"), RULES).unwrap();
    for prefix in ["lki", "lkg"] {
        let id = format!("{prefix}_{}", "q7w8e9r0t1y2");
        repo.write("a.txt", format!("{id}\n{secret}\n"));
        let provider = Provider::new(|_| answer(200, "{}"));
        let endpoint = format!("lake={}", provider.url());
        let rules = repo.home.join("own.toml");
        let args = ["dir", ".", "--rules", rules.to_str().unwrap(), "--verify", "-f", "json", "--endpoint", &endpoint];
        let ran = run(&repo.home, &repo.path, &args);
        assert_eq!(ran.report().findings().len(), 1, "{}", ran.text());
        let wanted = format!("Basic {}", data_encoding::BASE64.encode(format!("{id}:{secret}").as_bytes()));
        let heard = provider.heard();
        assert!(heard.iter().any(|one| one.header("authorization") == Some(&wanted)), "{prefix}: {}", ran.text());
    }
}
