//! What the user decides about asking providers: hosts, limits, proxies, the cache. Plain data that every build
//! has, also one that cannot ask. It comes from the command line and the user's own configuration only.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How providers are asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Base URLs that stand in for a provider's own host, by the provider's name; `*` is every provider.
    pub endpoints: BTreeMap<String, String>,
    /// Hosts taken from scanned text that may be asked: `HOST`, `HOST:PORT`, `*.DOMAIN`.
    pub hosts: Vec<String>,
    /// How long one request may take.
    pub timeout: Duration,
    /// How long one host may take for all that it is asked.
    pub host_deadline: Duration,
    /// How long everything may take.
    pub deadline: Duration,
    /// The most requests that one host gets in a second.
    pub rate: u32,
    /// The user's own proxies.
    pub proxies: Proxies,
    /// Certificates of authorities that count besides those of the machine, in DER.
    pub roots: Vec<Vec<u8>>,
    /// Where verdicts are kept; nowhere by default.
    pub cache: Option<Cache>,
    /// Seconds since 1970.
    pub now: i64,
}

/// The user's own proxies, as the usual variables name them.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// For `https` requests.
    pub https: Option<String>,
    /// For `http` requests.
    pub http: Option<String>,
    /// Hosts that are asked directly.
    pub none: Option<String>,
}

/// A cache of verdicts.
#[derive(Clone, Debug)]
pub struct Cache {
    /// Its folder; made when it is needed.
    pub folder: PathBuf,
    /// How long a verdict counts.
    pub age: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            endpoints: BTreeMap::new(),
            hosts: Vec::new(),
            timeout: Duration::from_secs(10),
            host_deadline: Duration::from_secs(120),
            deadline: Duration::from_secs(600),
            rate: 20,
            proxies: Proxies::default(),
            roots: Vec::new(),
            cache: None,
            now: 0,
        }
    }
}
