//! What requests need besides the secret: each rule's own example of it is found near the rule's own example of the
//! secret, on either side, and no request names what its rule does not have. Then the same from a file to a provider.

use std::collections::BTreeSet;

use unleak::detect::Detector;
use unleak::rule::spec::Call;
use unleak::rule::{Rule, RuleSet, WHOLE, example};

use super::common::repo::Repo;
use super::common::run::run;
use super::provider::{Provider, answer};

/// The rule's first example, whole.
fn shown(rule: &Rule) -> String {
    example::complete(&rule.spec.matches[0], rule.spec.check.as_deref(), 7).unwrap()
}

/// The values that the rule finds besides the secret that stands between two texts, by name. The other half may
/// match the rule too.
fn parts(detector: &Detector, index: u32, [before, secret, behind]: [&str; 3]) -> Vec<(String, Vec<u8>)> {
    let memo = detector.scan([before, secret, behind].concat().as_bytes(), None);
    let own = before.len() as u32..(before.len() + secret.len()) as u32;
    let own = memo.matches().into_iter().find(|found| found.rule == index && own.contains(&found.secret_start));
    own.map(|found| found.judged.parts.iter().map(|(name, value)| (name.clone(), value.expose().to_vec())).collect()).unwrap_or_default()
}

#[test]
fn what_stands_beside_is_found_before_and_behind() {
    let detector = Detector::new(RuleSet::builtin(), 1_700_000_000);
    let mut faults = Vec::new();
    let rules = detector.rules().rules().iter().enumerate().filter(|(_, rule)| !rule.spec.beside.is_empty());
    for (index, rule) in rules {
        let secret = shown(rule);
        let near: Vec<String> = rule.spec.beside.iter().map(|one| example::complete(&one.example, None, 3).unwrap()).collect();
        let near = near.join("\n");
        let (above, below) = (format!("{near}\n"), format!("\n{near}\n"));
        for text in [[above.as_str(), &secret, "\n"], ["", &secret, &below]] {
            let found = parts(&detector, index as u32, text);
            for one in rule.spec.beside.iter() {
                let value = found.iter().find(|(name, _)| *name == one.name).map(|(_, value)| String::from_utf8_lossy(value).into_owned());
                if !value.as_ref().is_some_and(|value| !value.is_empty() && near.contains(value.as_str())) {
                    faults.push(format!("{}: {} is {value:?} in {text:?}", rule.spec.id, one.name));
                }
            }
        }
        let far = above + &"# \n".repeat(200);
        if parts(&detector, index as u32, [&far, &secret, "\n"]) != parts(&detector, index as u32, ["", &secret, "\n"]) {
            faults.push(format!("{}: it looks too far", rule.spec.id));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A placeholder that nothing fills is right only as a whole host: then the user names it.
#[test]
fn no_request_names_what_its_rule_does_not_have() {
    let rules = RuleSet::builtin();
    let mut faults = Vec::new();
    for rule in rules.rules() {
        let groups: BTreeSet<String> = match &rule.spec.regex {
            Some(_) => rule.regex().group_info().all_names().filter_map(|(_, _, name)| name.map(str::to_owned)).collect(),
            None => BTreeSet::new(),
        };
        let beside = rule.spec.beside.iter().map(|one| one.name.as_ref());
        let known: Vec<&str> = rule.spec.pair.iter().map(|pair| pair.rule.as_ref()).chain(beside).chain(["secret", WHOLE]).collect();
        let calls: Vec<&Call> = [&rule.spec.verify, &rule.spec.revoke].into_iter().flatten().filter(|call| call.named.is_none()).collect();
        for call in &calls {
            let url = [&call.get, &call.post, &call.delete].into_iter().flatten().next().unwrap();
            let host = url.trim_start_matches("https://").split(['/', '?']).next().unwrap();
            for name in call.placeholders().filter(|name| !known.contains(name) && !groups.contains(*name) && host != format!("{{{name}}}"))
            {
                faults.push(format!("{}: {{{name}}} is nothing that it has", rule.spec.id));
            }
        }
        let used: BTreeSet<&str> = calls.iter().flat_map(|call| call.placeholders()).collect();
        // What the program asks by itself has its own test, see `signed`.
        let own = rule.spec.verify.as_ref().is_some_and(|call| call.named.is_some());
        for one in rule.spec.beside.iter().filter(|one| !own && !used.contains(one.name.as_ref())) {
            faults.push(format!("{}: no request needs {}", rule.spec.id, one.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

const RULES: &str = r#"
[[rule]]
id = "lake-secret"
provider = "lake"
name = "Lake secret"
severity = "high"
confidence = "high"
keywords = ["lks_"]
regex = 'lks_[0-9a-z]{24}\b'
beside = [
    { name = "lake-user", after = '(?i:lake[_-]?user)', value = '[a-z]{3,20}', match = "LAKE_USER=ada" },
    { name = "lake-shore", value = '(?P<value>[a-z]{1,20})\.shore\.lake\.example', match = "https://north.shore.lake.example" },
]
verify = { get = "https://api.lake.example.com/{lake-shore}/me", auth = "basic:{lake-user}:{secret}", live = [200], dead = [401] }
"#;

/// The nearest of several counts; an expression is no value; what is missing is told.
#[test]
fn the_nearest_value_goes_with_the_secret() {
    let secret = ["lks", "_a1b2c3d4e5f6g7h8i9j0k1l2"].concat();
    let shore = "https://north.shore.lake.example";
    let cases = [
        (format!("LAKE_USER=bob\n\n\nshore: {shore}\nlake_user: ada\nkey: {secret}\n"), Some("ada")),
        (format!("{{\"key\": \"{secret}\", \"lakeUser\": \"ada\", \"shore\": \"{shore}/x\"}}"), Some("ada")),
        (format!("- name: LAKE_USER\n  value: ada\n- name: LAKE_KEY\n  value: {secret}\n# {shore}\n"), Some("ada")),
        (format!("LAKE_USER = process.env.user\n# {shore}\nkey = \"{secret}\"\n"), None),
        (format!("# {shore}\nkey = \"{secret}\"\n"), None),
    ];
    let repo = Repo::folder();
    std::fs::write(repo.home.join("own.toml"), RULES).unwrap();
    let rules = repo.home.join("own.toml");
    for (text, user) in cases {
        repo.write("a.txt", &text);
        let provider = Provider::new(|_| answer(200, "{}"));
        let endpoint = format!("lake={}", provider.url());
        let args = ["dir", ".", "--rules", rules.to_str().unwrap(), "--verify", "-f", "json", "--endpoint", &endpoint];
        let ran = run(&repo.home, &repo.path, &args);
        let heard = provider.heard();
        let Some(user) = user else {
            assert!(heard.is_empty() && ran.text().contains("it needs lake-user, which stands nowhere near"), "{text}: {}", ran.text());
            continue;
        };
        let wanted = format!("Basic {}", data_encoding::BASE64.encode(format!("{user}:{secret}").as_bytes()));
        let sent = heard.iter().any(|one| one.header("authorization") == Some(&wanted) && one.target == "/north/me");
        assert!(sent, "{text}: {:?} {}", heard.iter().map(|one| &one.target).collect::<Vec<_>>(), ran.text());
    }
}
