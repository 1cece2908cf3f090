//! From what was typed about asking providers, the user's own files and the environment to the wish that is meant.
//! What a scanned tree's file says of it was taken away before, in `layers`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use unleak::asking::Wish;
#[cfg(feature = "verify")]
use unleak::error::describe;
use unleak::error::{Error, Result};
use unleak::finding::State;
use unleak::source::target::{self, Mode, Target};
use unleak::verify::settings::{Cache, Proxies, Settings};

use super::layers::Layers;
use super::now;
use crate::cli::VerifyArgs;

/// What is wanted; nothing where nobody is to be asked.
pub fn wish(args: &VerifyArgs, targets: &[OsString], layers: &Layers) -> Result<Option<Wish>> {
    if args.offline && targets.iter().any(|target| matches!(target::look(target, Mode::Auto), Ok(Target::Remote(_)))) {
        return Err(Error::usage("--offline forbids to clone a URL"));
    }
    // What is wrong in a file is told whether this run needs it or not.
    let settings = settings(args, layers)?;
    let wanted = args.verify || args.only_verified || !args.results.is_empty();
    if !wanted {
        return Ok(None);
    }
    if args.offline {
        return Err(Error::usage("--offline forbids to ask providers").hint("leave out --offline, or --verify and its kin"));
    }
    let results =
        if args.only_verified { vec![State::Live] } else { args.results.iter().map(|name| state(name)).collect::<Result<_>>()? };
    #[cfg(not(feature = "verify"))]
    {
        let _ = (settings, results);
        Err(unleak::asking::missing())
    }
    #[cfg(feature = "verify")]
    {
        let wish = Wish { settings, results, only_verified: args.only_verified };
        check(&wish.settings).map(|()| Some(wish))
    }
}

/// The wish of a command that asks in any case.
pub fn always(args: &VerifyArgs, layers: &Layers) -> Result<Wish> {
    let wanted = VerifyArgs { verify: true, ..args.clone() };
    wish(&wanted, &[], layers)?.ok_or_else(|| Error::usage("there is nothing to ask"))
}

/// How providers are asked: as the files say, and before them the command line.
fn settings(args: &VerifyArgs, layers: &Layers) -> Result<Settings> {
    let defaults = Settings::default();
    let mut settings = Settings {
        hosts: args.verify_hosts.clone(),
        timeout: args.verify_timeout.unwrap_or(defaults.timeout),
        deadline: args.verify_deadline.unwrap_or(defaults.deadline),
        proxies: proxies(layers)?,
        roots: roots(layers)?,
        now: now(),
        ..defaults
    };
    for (provider, url) in layers.endpoints() {
        let one = Settings { endpoints: [(provider.clone(), url.value.clone())].into(), ..Settings::default() };
        check(&one).map_err(|error| url.wrong(&error.message))?;
        settings.endpoints.insert(provider, url.value);
    }
    for host in layers.every(|file| &file.verify.hosts) {
        let one = Settings { hosts: vec![host.value.clone()], ..Settings::default() };
        check(&one).map_err(|error| host.wrong(&error.message))?;
        settings.hosts.push(host.value);
    }
    for endpoint in &args.endpoint {
        let (provider, url) =
            endpoint.split_once('=').filter(|(provider, url)| !provider.is_empty() && !url.is_empty()).ok_or_else(|| {
                Error::usage(format!("{endpoint:?} names no endpoint")).hint("--endpoint PROVIDER=URL: gitlab=https://git.corp.example")
            })?;
        settings.endpoints.insert(provider.to_owned(), url.to_owned());
    }
    if let Some(age) = args.verify_cache.filter(|_| !args.no_verify_cache) {
        let folder = cache_folder().ok_or_else(|| {
            Error::configuration("there is no folder for the cache of verdicts")
                .hint("set XDG_CACHE_HOME or HOME, or leave out --verify-cache")
        })?;
        settings.cache = Some(Cache { folder, age });
    }
    Ok(settings)
}

/// The certificates of authorities that the files name.
#[cfg(feature = "verify")]
fn roots(layers: &Layers) -> Result<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    for said in layers.every(|file| &file.verify.ca) {
        let path = said.text().folder.join(&said.value);
        let wrong = |why: &str| said.wrong(&format!("{}: {why}", path.display()));
        let pem = std::fs::read(&path).map_err(|e| wrong(&describe(&e)))?;
        all.extend(unleak::verify::run::certificates(&pem).map_err(|why| wrong(&why))?);
    }
    Ok(all)
}

#[cfg(not(feature = "verify"))]
fn roots(_: &Layers) -> Result<Vec<Vec<u8>>> {
    Ok(Vec::new())
}

#[cfg(feature = "verify")]
fn check(settings: &Settings) -> Result<()> {
    unleak::verify::run::guard(settings).map(|_| ())
}

#[cfg(not(feature = "verify"))]
fn check(_: &Settings) -> Result<()> {
    Ok(())
}

fn state(name: &str) -> Result<State> {
    match name {
        "verified" => Ok(State::Live),
        "unverified" => Ok(State::Dead),
        name => State::from_name(name).ok_or_else(|| Error::usage(format!("{name:?} is no verdict"))),
    }
}

fn variable(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// Those of the files, else those of the environment.
fn proxies(layers: &Layers) -> Result<Proxies> {
    let all = variable(&["all_proxy", "ALL_PROXY"]);
    let mut proxies = Proxies {
        https: variable(&["https_proxy", "HTTPS_PROXY"]).or_else(|| all.clone()),
        // Not HTTP_PROXY: a web server sets it from a request's header.
        http: variable(&["http_proxy"]).or(all),
        none: variable(&["no_proxy", "NO_PROXY"]),
    };
    if let Some(proxy) = layers.said(|file| file.verify.proxy.as_ref()) {
        if !["http://", "https://"].iter().any(|scheme| proxy.value.len() > scheme.len() && proxy.value.starts_with(scheme)) {
            return Err(proxy.wrong("the proxy is no URL: give http://HOST:PORT"));
        }
        (proxies.https, proxies.http) = (Some(proxy.value.clone()), Some(proxy.value.clone()));
        // What the environment says of its own proxy does not hold for this one.
        proxies.none = None;
    }
    if let Some(hosts) = layers.list(|file| file.verify.no_proxy.as_ref()) {
        proxies.none = Some(hosts.into_iter().map(|host| host.value).collect::<Vec<_>>().join(","));
    }
    Ok(proxies)
}

fn cache_folder() -> Option<PathBuf> {
    let own = variable(&["XDG_CACHE_HOME"]).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || variable(&["HOME", "LOCALAPPDATA"]).map(|home| Path::new(&home).join(".cache"));
    Some(own.or_else(home)?.join("unleak"))
}
