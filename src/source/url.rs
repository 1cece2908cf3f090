//! The address of a remote repository, and its user and password, which it never shows. It does not know
//! whether there is anything at that address.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// The address of a remote repository. It shows itself without what gives access.
#[derive(Clone)]
pub struct Url {
    address: String,
    shown: String,
    user: Option<Zeroizing<String>>,
    password: Option<Zeroizing<String>>,
    hidden: Vec<Zeroizing<String>>,
}

impl Url {
    /// Takes a URL apart: its scheme, in lower case, and what stands after `://`.
    pub(super) fn parse(scheme: &str, rest: &str) -> Result<Self> {
        let malformed = |what: &str| {
            Error::usage(format!("the {scheme}:// URL has {what}")).hint("percent-encode what is special in a name or password")
        };
        if rest.chars().any(|c| c.is_control() || c == ' ') {
            return Err(malformed("spaces or control characters in it"));
        }
        let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_end);
        let (userinfo, host) = authority.rsplit_once('@').map_or((None, authority), |(info, host)| (Some(info), host));
        let port = host.rsplit_once(':').filter(|_| !host.ends_with(']')).map_or("", |(_, port)| port);
        let name = host.strip_suffix(port).unwrap_or(host).trim_end_matches(':');
        // Where a password holds a slash, its first half stands where the port should.
        if name.is_empty() || name.starts_with('-') || !port.chars().all(|c| c.is_ascii_digit()) || (port.is_empty() && host.ends_with(':'))
        {
            return Err(malformed("no valid host"));
        }
        let web = matches!(scheme, "http" | "https");
        let decoded = |text: &str| Zeroizing::new(String::from_utf8_lossy(&percent_decoded(text)).into_owned());
        let (user, password) = userinfo.map_or((None, None), |info| match info.split_once(':') {
            Some((user, password)) => (Some(user), Some(password)),
            None => (Some(info), None),
        });
        // On the web a name alone is often a token; elsewhere it is part of the address.
        let kept = user.filter(|user| !web && !user.is_empty()).map_or(String::new(), |user| format!("{user}@"));
        if kept.starts_with('-') {
            return Err(malformed("no valid user"));
        }
        let mut hidden: Vec<_> = [userinfo.filter(|_| web), password, user.filter(|_| web && password.is_none())]
            .into_iter()
            .flatten()
            .flat_map(|text| [Zeroizing::new(text.to_owned()), decoded(text)])
            .collect();
        hidden.retain(|text| !text.is_empty());
        let shown_path = path.find(['?', '#']).map_or_else(|| path.to_owned(), |at| format!("{}…", &path[..=at]));
        Ok(Self {
            address: format!("{scheme}://{kept}{host}{path}"),
            shown: format!("{scheme}://{kept}{host}{shown_path}"),
            user: user.filter(|user| web && !user.is_empty()).map(decoded),
            password: password.filter(|_| web).map(decoded),
            hidden,
        })
    }

    /// The form `[user@]host:path`.
    pub(super) fn scp(host: &str, path: &str) -> Result<Self> {
        let text = format!("{host}:{path}");
        let name = host.rsplit_once('@').map_or(host, |(_, name)| name);
        if name.is_empty() || name.starts_with('-') || host.starts_with('-') || text.chars().any(char::is_control) {
            return Err(Error::usage("the remote has no valid host").hint("the form is [user@]host:path"));
        }
        // What looks like `name:password@host` is no valid form, but nobody shall read it in a message.
        let shown = path.rsplit_once('@').filter(|_| !host.contains('@')).map(|(_, rest)| format!("{host}:…@{rest}"));
        Ok(Self { shown: shown.unwrap_or_else(|| text.clone()), address: text, user: None, password: None, hidden: Vec::new() })
    }

    /// The address without user and password of the web, as git may have it in its arguments.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address as it may be shown.
    pub fn display(&self) -> &str {
        &self.shown
    }

    /// Scheme, host and port with a slash after them, for URLs of the web.
    pub(super) fn origin(&self) -> Option<&str> {
        let host = self.address.find("://").filter(|_| self.address.starts_with("http"))? + 3;
        let end = self.address[host..].find(['/', '?', '#']).map_or(self.address.len(), |at| host + at);
        Some(&self.address[..end])
    }

    /// The user of the web, percent-decoded.
    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_ref().map(|user| user.as_str())
    }

    /// The password, percent-decoded.
    pub(super) fn password(&self) -> Option<&str> {
        self.password.as_ref().map(|password| password.as_str())
    }

    /// A text of somebody else's, without what gives access.
    pub(super) fn redact(&self, text: &str) -> String {
        self.hidden.iter().fold(text.to_owned(), |text, hidden| text.replace(hidden.as_str(), "…"))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({})", self.shown)
    }
}

/// Undoes percent-encoding; what is no valid escape stays as it is.
pub(super) fn percent_decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = if byte == b'%' { after.get(..2).and_then(|hex| data_encoding::HEXLOWER_PERMISSIVE.decode(hex).ok()) } else { None };
        out.push(escaped.as_ref().map_or(byte, |decoded| decoded[0]));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `·` keeps scanners from taking the examples for real ones.
    fn url(text: &str) -> Url {
        let text = text.replace('·', "");
        let (scheme, rest) = text.split_once("://").unwrap();
        Url::parse(scheme, rest).unwrap()
    }

    #[test]
    fn shows_no_password() {
        for (text, address, shown) in [
            ("https://example.org/a", "https://example.org/a", "https://example.org/a"),
            ("https:·//me:hush@example.org/a", "https://example.org/a", "https://example.org/a"),
            ("https://hush@example.org/a", "https://example.org/a", "https://example.org/a"),
            ("https:·//me:hu@sh@example.org:8443", "https://example.org:8443", "https://example.org:8443"),
            ("http:·//:hush@[::1]:80/a", "http://[::1]:80/a", "http://[::1]:80/a"),
            ("https://example.org/a?private_token=hush", "https://example.org/a?private_token=hush", "https://example.org/a?…"),
            ("ssh://git@example.org:22/a", "ssh://git@example.org:22/a", "ssh://git@example.org:22/a"),
            ("ssh:·//git:hush@example.org/~/a", "ssh://git@example.org/~/a", "ssh://git@example.org/~/a"),
            ("git://[::1]/a", "git://[::1]/a", "git://[::1]/a"),
        ] {
            let url = url(text);
            assert_eq!((url.address(), url.display()), (address, shown));
            assert!(!format!("{url} {url:?}").contains("hu"), "{url:?}");
        }
    }

    #[test]
    fn knows_user_and_password_decoded() {
        let url = url("https:·//m%40e:h%2Fush%zz@example.org/a");
        assert_eq!((url.user(), url.password(), url.origin()), (Some("m@e"), Some("h/ush%zz"), Some("https://example.org")));
        assert_eq!(url.redact("no h/ush%zz, no h%2Fush%zz, no m%40e:h%2Fush%zz"), "no …, no …, no …");
    }

    #[test]
    fn refuses_what_is_malformed_and_does_not_repeat_it() {
        for text in [
            "https:·//me:hu/sh@example.org/a",
            "https:///hush",
            "ssh://-ohush/a",
            "https://a b",
            "https://a\nb",
            "ssh://-u@h/a",
            "http://h:/a",
        ] {
            let text = text.replace('·', "");
            let (scheme, rest) = text.split_once("://").unwrap();
            let error = Url::parse(scheme, rest).unwrap_err();
            assert_eq!(error.exit().code(), 2);
            assert!(!error.message.contains("hu"), "{error}");
        }
        assert!(Url::scp("-oProxyCommand=x", "a").is_err());
        assert!(Url::scp("git@-oProxyCommand=x", "a").is_err());
    }

    #[test]
    fn the_short_form_is_kept() {
        let url = Url::scp("git@example.org", "a/b.git").unwrap();
        assert_eq!((url.address(), url.display(), url.origin()), ("git@example.org:a/b.git", "git@example.org:a/b.git", None));
        assert_eq!(Url::scp("me", "hush@example.org:a").unwrap().display(), "me:…@example.org:a");
    }
}
