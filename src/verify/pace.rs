//! How fast questions are asked: so many at a time, so many a second for each host, a pause where a host wants one,
//! an end for each host and for all. It does not know what is asked.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::settings::Settings;

/// Requests under way at a time, in all and for one host.
const ALL: usize = 64;
const HOST: usize = 4;
/// A host that was not reached so often in a row is not tried again.
const FAILURES: u32 = 3;

/// The pace of one run.
pub struct Pace {
    hosts: RefCell<HashMap<String, Rc<Host>>>,
    all: Arc<Semaphore>,
    interval: Duration,
    each: Duration,
    end: Instant,
}

struct Host {
    slots: Arc<Semaphore>,
    next: Cell<Instant>,
    paused: Cell<Instant>,
    end: Instant,
    failures: Cell<u32>,
}

/// The right to send one request; it ends when this is dropped.
pub struct Turn {
    _host: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Pace {
    /// A run that begins now.
    pub fn new(settings: &Settings) -> Self {
        Self {
            hosts: RefCell::default(),
            all: Arc::new(Semaphore::new(ALL)),
            interval: Duration::from_secs(1) / settings.rate.max(1),
            each: settings.host_deadline,
            end: Instant::now() + settings.deadline,
        }
    }

    /// When everything ends.
    pub fn end(&self) -> Instant {
        self.end
    }

    fn host(&self, name: &str) -> Rc<Host> {
        let new = || {
            let now = Instant::now();
            let (slots, end) = (Arc::new(Semaphore::new(HOST)), now + self.each);
            Rc::new(Host { slots, next: Cell::new(now), paused: Cell::new(now), end, failures: Cell::new(0) })
        };
        Rc::clone(self.hosts.borrow_mut().entry(name.to_owned()).or_insert_with(new))
    }

    /// Waits until that host may be asked. An error says why it will not be.
    pub async fn turn(&self, name: &str) -> Result<Turn, String> {
        let host = self.host(name);
        let slot = Arc::clone(&host.slots).acquire_owned().await.map_err(|_| "the run is over".to_owned())?;
        loop {
            if host.failures.get() >= FAILURES {
                return Err(format!("{name} was not reached {FAILURES} times in a row"));
            }
            let at = host.next.get().max(host.paused.get()).max(Instant::now());
            if at >= host.end {
                return Err(format!("the time for {name} was up"));
            }
            if at >= self.end {
                return Err("the time for all questions was up".to_owned());
            }
            host.next.set(at + self.interval);
            sleep_until(at).await;
            if host.paused.get() <= Instant::now() {
                break;
            }
        }
        let all = Arc::clone(&self.all).acquire_owned().await.map_err(|_| "the run is over".to_owned())?;
        Ok(Turn { _host: slot, _all: all })
    }

    /// The host wants to be left alone for that long.
    pub fn pause(&self, name: &str, wait: Duration) {
        let host = self.host(name);
        host.paused.set(host.paused.get().max(Instant::now() + wait));
    }

    /// Whether a wait that long would end in time.
    pub fn allows(&self, name: &str, wait: Duration) -> bool {
        let at = Instant::now() + wait;
        at < self.host(name).end && at < self.end
    }

    /// The host was reached, or not.
    pub fn reached(&self, name: &str, yes: bool) {
        let host = self.host(name);
        host.failures.set(if yes { 0 } else { host.failures.get() + 1 });
    }
}
