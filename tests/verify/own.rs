//! What the user's own configuration says of how providers are asked: endpoints, hosts, the proxy, certificates. And
//! a token of `.npmrc`, whose host stands in the file.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::common::repo::Repo;
use super::common::run::{Ran, finish, run_with, unleak};
use super::common::token::token;
use super::hostile::rule;
use super::provider::{Provider, answer};
use super::verdicts::honest;

/// Writes the user's own file.
fn own(repo: &Repo, text: &str) {
    let folder = repo.home.join(".config/unleak");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), text).unwrap();
}

#[track_caller]
fn verdict(ran: &Ran) -> (String, String) {
    let report = ran.report();
    assert_eq!(report.findings().len(), 1, "{}{}", ran.text(), ran.stderr);
    let verification = &report.findings()[0]["verification"];
    (verification["state"].as_str().unwrap().to_owned(), verification["reason"].as_str().unwrap().to_owned())
}

fn ask(repo: &Repo, text: &str, more: &[&str]) -> Ran {
    let args = [&["stdin", "--verify", "--verify-timeout", "5s", "-f", "json"], more].concat();
    run_with(&repo.home, &repo.path, &args, text.as_bytes())
}

#[test]
fn endpoints_stand_in_the_users_own_files() {
    let value = token(70);
    let (provider, other) = (Provider::new(honest(&value)), Provider::new(honest(&value)));
    let repo = Repo::folder();
    own(&repo, &format!("[verify.endpoints]\ngithub = \"{}\"\n", provider.url()));
    assert_eq!(verdict(&ask(&repo, &value, &[])).0, "live");
    let before = provider.heard().len();
    ask(&repo, &value, &["--endpoint", &format!("github={}", other.url())]);
    assert_eq!((provider.heard().len(), other.heard().len()), (before, before), "the command line decides");
    let named = repo.home.join("named.toml");
    std::fs::write(&named, format!("[verify.endpoints]\ngithub = \"{}\"\n", other.url())).unwrap();
    ask(&repo, &value, &["-c", named.to_str().unwrap()]);
    assert_eq!((provider.heard().len(), other.heard().len()), (before, 2 * before), "a file that is named does, too");
    for command in ["verify", "analyze", "revoke"] {
        let before = provider.heard().len();
        let more: &[&str] = if command == "revoke" { &["--yes"] } else { &[] };
        let ran = run_with(&repo.home, &repo.path, &[&[command], more].concat(), value.as_bytes());
        assert!(provider.heard().len() > before, "{command}: {}{}", ran.text(), ran.stderr);
    }
    let before = provider.heard().len();
    let nowhere = ["--no-config", "--endpoint", "github=http://127.0.0.1:9"];
    assert_eq!(verdict(&ask(&repo, &value, &nowhere)).0, "unknown");
    assert_eq!(provider.heard().len(), before);
}

#[test]
fn what_is_wrong_in_a_file_has_its_line() {
    let repo = Repo::folder();
    for (text, wanted) in [
        ("[verify.endpoints]\n\ngithub = \"git.corp.example\"\n", ":3: \"git.corp.example\" is no endpoint"),
        ("[verify.endpoints]\nssh = \"a/b\"\n", ":2: \"a/b\" is no server of SSH"),
        ("[verify]\nhosts = [\"db\",\n \"*\"]\n", ":3: \"*\" allows too much"),
        ("[verify]\nproxy = \"proxy\"\n", ":2: the proxy is no URL"),
        ("[verify]\nca = [\"gone.pem\"]\n", "gone.pem: no such file"),
        ("[verify]\nca = [\"config.toml\"]\n", "config.toml: it holds no certificate"),
        ("[verify]\nhost = []\n", ":2: unknown field `host`"),
    ] {
        own(&repo, text);
        let ran = run_with(&repo.home, &repo.path, &["stdin"], b"nothing");
        assert!(ran.code == 2 && ran.stderr.contains(wanted), "{text}: {} {}", ran.code, ran.stderr);
    }
}

/// The host of a token in `.npmrc` is scanned text: asked only where the user allows it, and known by a certificate of
/// the user's own.
#[test]
fn a_registry_of_the_text_is_asked_where_the_user_allows_it() {
    let value = ["npm", "_", "kQ8zW3vN5bX7cM1aS4dF6gH9jK2lP0oI8uY7"].concat();
    let known = value.clone();
    let (registry, pem) = Provider::secure("packages.corp.example", move |heard| {
        let good = heard.header("authorization") == Some(&format!("Bearer {known}"));
        if good && heard.target == "/-/whoami" { answer(200, r#"{"username":"otter"}"#) } else { answer(401, "{}") }
    });
    let repo = Repo::folder();
    std::fs::create_dir_all(repo.home.join(".config/unleak")).unwrap();
    std::fs::write(repo.home.join(".config/unleak/corp.pem"), pem).unwrap();
    let place = format!("127.0.0.1:{}", registry.port);
    let text = format!("registry=https://{place}/\n//{place}/:_authToken={value}\n");
    let ask = |more: &[&str]| verdict(&ask(&repo, &text, &[&["--confidence", "low", "--rule", "npm"], more].concat()));
    let (state, why) = ask(&[]);
    assert_eq!(state, "not-checked");
    assert!(why.contains(&format!("its host stands in the scanned text: --verify-hosts {place}")), "{why}");
    assert_eq!(ask(&["--verify-hosts", "127.0.0.1:1"]).0, "not-checked");
    assert_eq!(ask(&["--verify-hosts", &place]).0, "unknown", "nothing vouches for its certificate");
    assert!(registry.heard().is_empty());
    own(&repo, &format!("[verify]\nhosts = [\"{place}\"]\nca = [\"corp.pem\"]\n"));
    let (state, why) = ask(&[]);
    assert_eq!(state, "live", "{why}");
    assert!(registry.heard().iter().all(|heard| heard.method == "GET" && heard.target == "/-/whoami"));
}

/// A proxy that makes tunnels to one port, whatever is asked for, and remembers what was.
struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn new(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        // It ends with the tests; each of its tunnels ends with its connection.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let heard = Arc::clone(&heard);
                std::thread::spawn(move || tunnel(stream, to, &heard));
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn tunnel(client: TcpStream, to: u16, heard: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    heard.lock().unwrap().push(first.split_whitespace().take(2).collect::<Vec<_>>().join(" "));
    let mut line = String::new();
    while reader.read_line(&mut line).ok()? > 2 {
        line.clear();
    }
    let server = TcpStream::connect(("127.0.0.1", to)).ok()?;
    let (mut up, mut down) = (server.try_clone().ok()?, client.try_clone().ok()?);
    down.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut reader, &mut up);
        let _ = up.shutdown(Shutdown::Write);
    });
    let mut server = server;
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = server.read(&mut buffer) {
        down.write_all(&buffer[..n]).ok()?;
    }
    down.shutdown(Shutdown::Both).ok()
}

fn lake(home: &Path, host: &str) -> (String, String) {
    let rules = home.join("lake.toml");
    std::fs::write(&rules, rule(&format!("https://{host}/me"))).unwrap();
    (rules.to_str().unwrap().to_owned(), ["lake", "_a1b2c3d4e5f6g7h8i9j0k1l2"].concat())
}

#[test]
fn requests_go_through_the_users_proxy() {
    let repo = Repo::folder();
    let (rules, value) = lake(&repo.home, "api.lake.example.com");
    let (provider, pem) = Provider::secure("api.lake.example.com", honest(&value));
    let proxy = Proxy::new(provider.port);
    std::fs::write(repo.home.join("ca.pem"), pem).unwrap();
    let ca = format!("ca = [{:?}]\n", repo.home.join("ca.pem"));
    let through = format!("[verify]\nproxy = \"http://127.0.0.1:{}\"\n", proxy.port);
    own(&repo, &format!("{through}{ca}"));
    assert_eq!(verdict(&ask(&repo, &value, &["--rules", &rules])).0, "live");
    // What is kept open serves the control as well.
    assert!(
        !proxy.asked().is_empty() && proxy.asked().iter().all(|asked| asked == "CONNECT api.lake.example.com:443"),
        "{:?}",
        proxy.asked()
    );
    let before = (proxy.asked().len(), provider.heard().len());
    own(&repo, &through);
    assert_eq!(verdict(&ask(&repo, &value, &["--rules", &rules])).0, "unknown", "a proxy cannot vouch for the provider");
    assert_eq!(provider.heard().len(), before.1);
    // The environment's proxy counts where no file names one; a host that is excepted is asked directly.
    let before = proxy.asked().len();
    for (file, variable, through) in [
        (ca.clone(), "https_proxy", true),
        (format!("{ca}no-proxy = [\"lake.example.com\"]\n"), "https_proxy", false),
        (ca, "HTTP_PROXY", false),
    ] {
        own(&repo, &format!("[verify]\n{file}"));
        let mut command = unleak(&repo.home);
        command.current_dir(&repo.path).env(variable, format!("http://127.0.0.1:{}", proxy.port));
        command.args(["stdin", "--verify", "--verify-timeout", "3s", "-f", "json", "--rules", &rules]);
        let state = verdict(&finish(command, value.as_bytes())).0;
        assert_eq!(state == "live", through, "{file}");
    }
    assert!(proxy.asked().len() > before);
}

/// A proxy resolves names itself, so what can only be local is refused before it is asked.
#[test]
fn a_proxy_is_not_asked_for_what_is_local() {
    let repo = Repo::folder();
    let provider = Provider::new(|_| answer(200, "{}"));
    let proxy = Proxy::new(provider.port);
    own(&repo, &format!("[verify]\nproxy = \"http://127.0.0.1:{}\"\n", proxy.port));
    for host in ["127.0.0.1", "169.254.169.254", "localhost", "vault", "db.internal", "10.1.2.3", "[::1]"] {
        let (rules, value) = lake(&repo.home, host);
        let (state, why) = verdict(&ask(&repo, &value, &["--rules", &rules]));
        assert_eq!(state, "not-checked", "{host}: {why}");
    }
    assert!(proxy.asked().is_empty() && provider.heard().is_empty());
}
