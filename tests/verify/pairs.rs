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

/// The same secret beside two ids in two places gives two questions: each verdict is shown, the best speaks.
#[test]
fn each_place_asks_with_its_own_half() {
    let secret = ["lks", "_a1b2c3d4e5f6g7h8i9j0k1l2"].concat();
    let repo = Repo::folder();
    let rules = repo.home.join("own.toml");
    std::fs::write(&rules, RULES).unwrap();
    let ids = ["lki_aaaa1111bbbb", "lki_cccc2222dddd"];
    for (name, id) in ["a.txt", "b.txt"].iter().zip(ids) {
        repo.write(name, format!("{id}\n{secret}\n"));
    }
    repo.write("c.txt", format!("{secret}\n"));
    let basic = |id: &str| format!("Basic {}", data_encoding::BASE64.encode(format!("{id}:{secret}").as_bytes()));
    for (taken, other) in [(ids[0], ids[1]), (ids[1], ids[0])] {
        let live = basic(taken);
        let provider = Provider::new(move |heard| {
            let known = heard.header("authorization") == Some(&live);
            if known { answer(200, "{}") } else { answer(401, "") }
        });
        let endpoint = format!("lake={}", provider.url());
        let args = ["dir", ".", "--rules", rules.to_str().unwrap(), "--verify", "-f", "json", "--endpoint", &endpoint];
        let ran = run(&repo.home, &repo.path, &args);
        let report = ran.report();
        let finding = report.findings().iter().find(|finding| finding["rule"] == "lake-secret").unwrap();
        let verification = &finding["verification"];
        let states: Vec<&str> = verification["answers"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
        assert_eq!((verification["state"].as_str().unwrap(), states), ("live", vec!["live", "dead"]), "{verification}");
        let asked = provider.heard().iter().filter(|heard| heard.header("authorization") == Some(&basic(other))).count();
        assert_eq!(asked, 1, "each of them once");
    }
}

/// What two providers' rules are as sure of is sent to neither.
#[test]
fn what_could_be_anothers_is_sent_to_nobody() {
    let repo = Repo::folder();
    let rules = repo.home.join("own.toml");
    let rule = |provider: &str, confidence: &str| {
        format!(
            "[[rule]]\nid = \"{provider}-key\"\nprovider = \"{provider}\"\nname = \"Key\"\nseverity = \"high\"\nconfidence = \"{confidence}\"\n\
             keywords = [\"wtr_\"]\nregex = 'wtr_[0-9a-z]{{24}}\\b'\n\
             verify = {{ get = \"https://{provider}.example/me\", auth = \"bearer\", live = [200], dead = [401] }}\n"
        )
    };
    let value = ["wtr", "_q1w2e3r4t5y6u7i8o9p0a1s2"].concat();
    repo.write("a.txt", &value);
    let ask = |other: &str| {
        std::fs::write(&rules, format!("{}{}", rule("lake", "high"), rule("pond", other))).unwrap();
        let provider = Provider::new(|_| answer(401, ""));
        let endpoint = format!("*={}", provider.url());
        let args = ["dir", ".", "--rules", rules.to_str().unwrap(), "--verify", "-f", "json", "--endpoint", &endpoint];
        let report = run(&repo.home, &repo.path, &args).report();
        let verification = report.findings()[0]["verification"].clone();
        (verification["state"].as_str().unwrap().to_owned(), verification["reason"].as_str().unwrap().to_owned(), provider.heard().len())
    };
    let (state, reason, heard) = ask("high");
    assert!(state == "not-checked" && reason.contains("sent to neither") && heard == 0, "{state} {reason} {heard}");
    assert_eq!(ask("medium").0, "dead", "one that is less sure is no rival");
}
