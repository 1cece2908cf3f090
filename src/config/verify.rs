//! From what was typed about asking providers, and the environment, to the wish that is meant. Proxies are those of
//! the usual variables; nothing here is read from a scanned tree.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use unleak::asking::Wish;
use unleak::error::{Error, Result};
use unleak::finding::State;
use unleak::source::target::{self, Mode, Target};
use unleak::verify::settings::{Cache, Proxies, Settings};

use super::now;
use crate::cli::VerifyArgs;

/// What is wanted; nothing where nobody is to be asked.
pub fn wish(args: &VerifyArgs, targets: &[OsString]) -> Result<Option<Wish>> {
    if args.offline && targets.iter().any(|target| matches!(target::look(target, Mode::Auto), Ok(Target::Remote(_)))) {
        return Err(Error::usage("--offline forbids to clone a URL"));
    }
    let wanted = args.verify || args.only_verified || !args.results.is_empty();
    if !wanted {
        return Ok(None);
    }
    if args.offline {
        return Err(Error::usage("--offline forbids to ask providers").hint("leave out --offline, or --verify and its kin"));
    }
    let results =
        if args.only_verified { vec![State::Live] } else { args.results.iter().map(|name| state(name)).collect::<Result<_>>()? };
    let wish = Wish { settings: settings(args)?, results, only_verified: args.only_verified };
    check(&wish.settings)?;
    Ok(Some(wish))
}

/// The wish of a command that asks in any case.
pub fn always(args: &VerifyArgs) -> Result<Wish> {
    let wanted = VerifyArgs { verify: true, ..args.clone() };
    wish(&wanted, &[])?.ok_or_else(|| Error::usage("there is nothing to ask"))
}

/// How providers are asked.
fn settings(args: &VerifyArgs) -> Result<Settings> {
    let defaults = Settings::default();
    let mut settings = Settings {
        hosts: args.verify_hosts.clone(),
        timeout: args.verify_timeout.unwrap_or(defaults.timeout),
        deadline: args.verify_deadline.unwrap_or(defaults.deadline),
        proxies: proxies(),
        now: now(),
        ..defaults
    };
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

#[cfg(feature = "verify")]
fn check(settings: &Settings) -> Result<()> {
    unleak::verify::run::guard(settings).map(|_| ())
}

#[cfg(not(feature = "verify"))]
fn check(_: &Settings) -> Result<()> {
    Err(unleak::asking::missing())
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

fn proxies() -> Proxies {
    let all = variable(&["all_proxy", "ALL_PROXY"]);
    Proxies {
        https: variable(&["https_proxy", "HTTPS_PROXY"]).or_else(|| all.clone()),
        // Not HTTP_PROXY: a web server sets it from a request's header.
        http: variable(&["http_proxy"]).or(all),
        none: variable(&["no_proxy", "NO_PROXY"]),
    }
}

fn cache_folder() -> Option<PathBuf> {
    let own = variable(&["XDG_CACHE_HOME"]).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || variable(&["HOME", "LOCALAPPDATA"]).map(|home| Path::new(&home).join(".cache"));
    Some(own.or_else(home)?.join("unleak"))
}
