//! Asks all questions of a run: each distinct one once, at the pace that hosts allow, with a negative control for
//! what says "live", until the deadline or a signal. It does not know where the questions come from.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::OnceCell;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{timeout, timeout_at};

use super::ask::{self, Ask, Reader};
use super::cache::Cache;
use super::client::{Client, Trouble};
use super::guard::Guard;
use super::judge::{Reply, undecided};
use super::pace::Pace;
use super::question::Question;
use super::request::{Maker, Request, endpoint, ssh_place};
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::finding::{State, Verification};
use crate::progress::Progress;

/// How often one question is asked where the host is busy or in trouble.
const ATTEMPTS: u32 = 3;
/// The first wait between attempts; each further one is twice as long.
const BACK_OFF: Duration = Duration::from_millis(500);
/// How often the stop flag is looked at.
const GLANCE: Duration = Duration::from_millis(50);

/// What all questions of a run share.
pub struct Engine {
    settings: Settings,
    guard: Arc<Guard>,
    client: Client,
    pace: Pace,
    cache: RefCell<Option<Cache>>,
    controls: RefCell<HashMap<String, Rc<OnceCell<Control>>>>,
}

/// What the negative control said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Control {
    /// The made-up value was not taken.
    Held,
    /// It was taken like the real one.
    Taken,
    /// None could be made.
    None,
}

/// Verdicts in the order of the questions. An error is one of the settings; what fails at a provider is a verdict.
pub fn run(questions: &[Question], settings: &Settings, progress: &Progress) -> Result<Vec<Verification>> {
    let runtime = runtime()?;
    LocalSet::new().block_on(&runtime, async {
        let engine = Rc::new(Engine::new(settings)?);
        Ok(engine.all(questions, progress).await)
    })
}

/// A runtime of one thread: what takes time here is waiting.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::usage(format!("cannot prepare requests: {}", crate::error::describe(&e))))
}

/// The certificates of a file that the user named, in DER. An error says what is wrong with it.
pub fn certificates(pem: &[u8]) -> std::result::Result<Vec<Vec<u8>>, String> {
    let all = CertificateDer::pem_slice_iter(pem).map(|one| one.map(|certificate| certificate.to_vec()));
    let all = all.collect::<std::result::Result<Vec<_>, _>>().map_err(|_| "its certificates cannot be read".to_owned())?;
    if all.is_empty() { Err("it holds no certificate in PEM".to_owned()) } else { Ok(all) }
}

/// The hosts that the user named: by endpoints and in the list.
pub fn guard(settings: &Settings) -> Result<Guard> {
    let wrong = |why: String| Error::usage(why).hint("--endpoint PROVIDER=URL, --verify-hosts HOST[:PORT] or *.DOMAIN");
    let mut guard = Guard::new(&settings.hosts).map_err(wrong)?;
    for (provider, url) in &settings.endpoints {
        if provider == "ssh" {
            let (_, host, port) = ssh_place(url).map_err(wrong)?;
            guard.name(&host, port);
            continue;
        }
        let destination = endpoint(url).map_err(wrong)?;
        let (host, port) = destination.host_and_port();
        guard.name(host, port);
    }
    Ok(guard)
}

impl Engine {
    /// An engine for these settings; must be made where a runtime runs.
    pub fn new(settings: &Settings) -> Result<Self> {
        let guard = Arc::new(guard(settings)?);
        let client = Client::new(settings, &guard).map_err(Error::configuration)?;
        let broken = |cache: &super::settings::Cache, e: &std::io::Error| {
            Error::configuration(format!("{}: {}", cache.folder.display(), crate::error::describe(e)))
                .hint("--no-verify-cache does without")
        };
        let cache = settings.cache.as_ref().map(|c| Cache::open(c, settings.now).map_err(|e| broken(c, &e))).transpose()?;
        Ok(Self {
            settings: settings.clone(),
            guard,
            client,
            pace: Pace::new(settings),
            cache: RefCell::new(cache),
            controls: RefCell::default(),
        })
    }

    /// What requests to the provider of a question are made from.
    pub fn maker<'a>(&'a self, question: &'a Question) -> Maker<'a> {
        Maker { settings: &self.settings, guard: &self.guard, provider: &question.rule.provider }
    }

    async fn all(self: Rc<Self>, questions: &[Question], progress: &Progress) -> Vec<Verification> {
        let mut verdicts: Vec<Verification> =
            questions.iter().map(|_| Verification::new(State::Unknown, "the run was stopped before it was asked")).collect();
        let mut asked: HashMap<[u8; 32], Vec<usize>> = HashMap::new();
        let mut tasks = JoinSet::new();
        for (index, question) in questions.iter().enumerate() {
            match Ask::new(question, &self.maker(question)) {
                Err(impossible) => verdicts[index] = Verification::new(State::NotChecked, impossible.0),
                Ok(ask) => {
                    let digest = ask.digest(question);
                    let same = asked.entry(digest).or_default();
                    same.push(index);
                    if same.len() == 1 {
                        let (engine, question) = (Rc::clone(&self), question.clone());
                        tasks.spawn_local(async move { (digest, engine.verdict(&question, &ask, &digest).await) });
                    }
                }
            }
        }
        progress.objects_total.store(tasks.len() as u64, Ordering::Relaxed);
        while !tasks.is_empty() && !progress.stopped() {
            let Ok(Some(done)) = timeout(GLANCE, tasks.join_next()).await else { continue };
            progress.objects.fetch_add(1, Ordering::Relaxed);
            let Ok((digest, verdict)) = done else { continue };
            for &index in &asked[&digest] {
                verdicts[index] = verdict.clone();
            }
        }
        tasks.abort_all();
        if let Some(cache) = self.cache.borrow().as_ref() {
            // A cache that cannot be written costs only the time of asking again.
            let _ = cache.save();
        }
        verdicts
    }

    /// The verdict on one question, from the cache or from the provider.
    async fn verdict(&self, question: &Question, ask: &Ask, digest: &[u8; 32]) -> Verification {
        if let Some(known) = self.cache.borrow().as_ref().and_then(|cache| cache.get(digest)) {
            return known;
        }
        let late = Verification::new(State::Unknown, "the time for all questions was up");
        let mut verdict = timeout_at(self.pace.end(), self.asked(ask)).await.unwrap_or(late);
        if verdict.state == State::Live && self.control(question, ask).await == Control::Taken {
            verdict.state = State::Unknown;
            verdict.reason = "the provider takes made-up values as well".to_owned();
        }
        verdict.time = Some(self.settings.now);
        if let Some(cache) = self.cache.borrow_mut().as_mut() {
            cache.put(digest, &verdict);
        }
        verdict
    }

    /// Whether the provider takes what cannot be real: asked once for each kind of request.
    async fn control(&self, question: &Question, ask: &Ask) -> Control {
        let Some(fake) = ask::control(question) else { return Control::None };
        let cell = Rc::clone(self.controls.borrow_mut().entry(ask.kind(question)).or_default());
        *cell
            .get_or_init(|| async {
                let Ok(control) = Ask::new(&fake, &self.maker(&fake)) else { return Control::None };
                if control.digest(&fake) == ask.digest(question) && !control.is_made_up_later() {
                    return Control::None;
                }
                match timeout_at(self.pace.end(), self.asked(&control)).await {
                    Ok(Verification { state: State::Live, .. }) => Control::Taken,
                    _ => Control::Held,
                }
            })
            .await
    }

    async fn asked(&self, ask: &Ask) -> Verification {
        match ask {
            Ask::Http(request, reader) => self.http(request, reader).await,
            #[cfg(feature = "drivers")]
            Ask::Login(login) => match self.pace.turn(&ask.place()).await {
                Ok(_turn) => login.verdict(self.settings.timeout).await,
                Err(why) => Verification::new(State::Unknown, why),
            },
        }
    }

    /// Asks until there is a verdict, or nothing more to hope for.
    async fn http(&self, request: &Request, reader: &Reader) -> Verification {
        let place = request.authority();
        let mut wait = BACK_OFF;
        let mut last = Verification::new(State::Unknown, "no answer");
        for attempt in 1..=ATTEMPTS {
            match self.once(request).await {
                Err(Failure::Late(why)) => return if attempt == 1 { Verification::new(State::Unknown, why) } else { last },
                Err(Failure::Trouble(Trouble::Refused(why))) => return Verification::new(State::NotChecked, format!("not sent: {why}")),
                Err(Failure::Trouble(trouble)) => last = Verification::new(State::Unknown, told(&trouble)).with("host", &place),
                Ok(reply) => {
                    let verdict = reader.read(&reply).with("host", &place);
                    if verdict.state != State::Unknown || !(reply.status == 429 || reply.status >= 500) {
                        return verdict;
                    }
                    wait = reply.retry_after.unwrap_or(wait);
                    last = Verification { reason: undecided(reply.status), ..verdict };
                }
            }
            if attempt == ATTEMPTS || !self.pace.allows(&place, wait) {
                break;
            }
            self.pace.pause(&place, wait);
            wait *= 2;
        }
        last
    }

    /// One request in its turn.
    async fn once(&self, request: &Request) -> std::result::Result<Reply, Failure> {
        let place = request.authority();
        let _turn = self.pace.turn(&place).await.map_err(Failure::Late)?;
        let reply = self.client.send(request).await;
        match &reply {
            Err(Trouble::Slow | Trouble::Unreachable(_)) => self.pace.reached(&place, false),
            _ => self.pace.reached(&place, true),
        }
        reply.map_err(Failure::Trouble)
    }

    /// Asks about one question now, without a control: whether what was revoked is dead.
    pub async fn once_more(&self, question: &Question) -> Verification {
        match Ask::new(question, &self.maker(question)) {
            Err(impossible) => Verification::new(State::NotChecked, impossible.0),
            Ok(ask) => Verification { time: Some(self.settings.now), ..self.asked(&ask).await },
        }
    }

    /// Sends a request that changes something: once, whatever happens.
    pub async fn send_once(&self, request: &Request) -> std::result::Result<Reply, String> {
        self.once(request).await.map_err(|failure| match failure {
            Failure::Late(why) => why,
            Failure::Trouble(trouble) => told(&trouble),
        })
    }
}

enum Failure {
    /// It had no turn.
    Late(String),
    /// It was tried.
    Trouble(Trouble),
}

fn told(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Refused(why) => format!("not sent: {why}"),
        Trouble::Slow => "no answer in time".to_owned(),
        Trouble::Unreachable(why) => format!("not reached: {why}"),
        Trouble::Garbage => "the answer is no HTTP, or broke off".to_owned(),
    }
}
