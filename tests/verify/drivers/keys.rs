//! Private keys against a server of SSH on loopback: which it takes, that a key goes nowhere unless the user names a
//! server, and that one which takes every key says nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{PrivateKey, PublicKey};
use russh::server::{Auth, Config, Handler, VerifiedPublicKey, run_stream};

use super::super::common::repo::Repo;
use super::super::common::run::run_with;
use super::{ask, is};

/// Whom the server lets in.
#[derive(Clone)]
enum Taken {
    One(PublicKey),
    EveryKey,
    Everybody,
}

#[derive(Clone)]
struct Door {
    taken: Taken,
    logins: Arc<AtomicUsize>,
}

impl Handler for Door {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, Self::Error> {
        Ok(if matches!(self.taken, Taken::Everybody) { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        self.logins.fetch_add(1, Ordering::SeqCst);
        let known = match &self.taken {
            Taken::One(one) => user == "git" && one.key_data() == key.public_key.key_data(),
            Taken::EveryKey | Taken::Everybody => true,
        };
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }
}

/// A server, and how many logins by key it has seen.
fn serve(taken: Taken) -> (u16, Arc<AtomicUsize>) {
    let logins = Arc::new(AtomicUsize::new(0));
    let door = Door { taken, logins: Arc::clone(&logins) };
    let config = Config {
        keys: vec![key(99)],
        auth_rejection_time: Duration::ZERO,
        inactivity_timeout: Some(Duration::from_secs(20)),
        ..Config::default()
    };
    let (config, (send, receive)) = (Arc::new(config), std::sync::mpsc::channel());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            send.send(listener.local_addr().unwrap().port()).unwrap();
            // More than any test needs; the thread ends with the tests.
            for _ in 0..100 {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (config, door) = (Arc::clone(&config), door.clone());
                tokio::spawn(async move {
                    if let Ok(session) = run_stream(config, stream, door).await {
                        let _ = session.await;
                    }
                });
            }
        });
    });
    (receive.recv().unwrap(), logins)
}

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

fn file(key: &PrivateKey) -> String {
    key.to_openssh(LineEnding::LF).unwrap().to_string()
}

#[test]
fn a_key_that_the_server_takes_is_live() {
    let (port, logins) = serve(Taken::One(key(7).public_key().clone()));
    let endpoint = format!("ssh=127.0.0.1:{port}");
    let live = ask(&file(&key(7)), &["--endpoint", &endpoint]);
    is(&live, "live", "lets it in");
    let evidence = &live["evidence"];
    assert_eq!((evidence["user"].as_str(), evidence["host"].as_str()), (Some("git"), Some(format!("127.0.0.1:{port}").as_str())));
    assert!(evidence["key"].as_str().unwrap().starts_with("SHA256:") && evidence["server"] != evidence["key"], "{evidence}");
    // Escaped in a string of JSON it is the same key.
    is(&ask(&format!("{{\"key\": {:?}}}", file(&key(7))), &["--endpoint", &endpoint]), "live", "");
    is(&ask(&file(&key(8)), &["--endpoint", &endpoint]), "unknown", "another server may");
    is(&ask(&file(&key(7)), &["--endpoint", &format!("ssh=root@127.0.0.1:{port}")]), "unknown", "does not take it for root");
    assert!(logins.load(Ordering::SeqCst) <= 6, "each key once, and a made-up one after those that were taken");
}

#[test]
fn where_every_key_is_taken_none_is_live() {
    let (port, _) = serve(Taken::EveryKey);
    is(&ask(&file(&key(7)), &["--endpoint", &format!("ssh=127.0.0.1:{port}")]), "unknown", "made-up values");
    let (port, logins) = serve(Taken::Everybody);
    is(&ask(&file(&key(7)), &["--endpoint", &format!("ssh=127.0.0.1:{port}")]), "unknown", "without a key");
    assert_eq!(logins.load(Ordering::SeqCst), 0);
}

#[test]
fn a_key_goes_only_to_a_server_that_the_user_names() {
    let (port, logins) = serve(Taken::EveryKey);
    let text = format!("ssh -i key git@127.0.0.1 -p {port}\nHost 127.0.0.1\nPort {port}\n{}", file(&key(7)));
    is(&ask(&text, &["--verify-hosts", "127.0.0.1"]), "not-checked", "--endpoint ssh=[USER@]HOST[:PORT]");
    is(&ask(&text, &["--endpoint", &format!("*=http://127.0.0.1:{port}")]), "not-checked", "--endpoint ssh=");
    assert_eq!(logins.load(Ordering::SeqCst), 0);
    let repo = Repo::folder();
    let ran = run_with(&repo.home, &repo.path, &["stdin", "--verify", "--endpoint", "ssh=a b@c"], file(&key(7)).as_bytes());
    assert!(ran.code == 2 && ran.stderr.contains("no server of SSH"), "{}", ran.stderr);
}
