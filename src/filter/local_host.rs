//! The filter `local-host`: a guessable password for this machine, a container beside it or a host of a manual
//! goes to the low tier. It looks at the host after the secret's `@`, or after a server's name before it.

use super::{Judgement, Window};
use crate::look;
use crate::secret::Secret;

const EXAMPLES: &[&str] =
    &["example.com", "example.org", "example.net", "host", "hostname", "server", "yourhost", "myhost", "domain.com", "host.com"];

/// Lowers weak passwords of local hosts, and any password of an example's host.
pub fn judge(window: &Window<'_>) -> Judgement {
    let Some(host) = host(window) else { return Judgement::Keep };
    let host = host.to_ascii_lowercase();
    let example = EXAMPLES.iter().any(|e| {
        let e = e.as_bytes();
        host == e || (host.ends_with(e) && e.contains(&b'.') && host[host.len() - e.len() - 1] == b'.')
    }) || [&b".example"[..], b".test", b".invalid"].iter().any(|end| host.ends_with(end));
    if example {
        return Judgement::Lower("an example's host");
    }
    let local = !host.contains(&b'.') || host.starts_with(b"127.") || host.starts_with(b"0.0.0.0") || host.ends_with(b".local");
    let weak = Secret::new(window.value(), 0).is_weak() || look::evidence(window.value()) < -8.0;
    if local && weak { Judgement::Lower("a guessable password of a local host") } else { Judgement::Keep }
}

fn host<'a>(window: &Window<'a>) -> Option<&'a [u8]> {
    let after = window.after();
    let name =
        |bytes: &'a [u8]| &bytes[..bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')).count()];
    if after.first() == Some(&b'@') {
        return Some(name(after[1..].strip_prefix(b"[").unwrap_or(&after[1..])));
    }
    let text = &window.bytes[window.whole.start..window.secret.start];
    let lower = text.to_ascii_lowercase();
    let start = ["://", "server=", "data source=", "host=", "tcp:"]
        .iter()
        .filter_map(|mark| memchr::memmem::find(&lower, mark.as_bytes()).map(|at| at + mark.len()))
        .max()?;
    let host = name(&text[start..]);
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::super::{Judgement, sample};

    #[test]
    fn lowers_weak_local_passwords_and_examples() {
        for text in [
            "http://joe:«hunter2»@localhost/",
            "x://a:«hunter2»@127.0.0.1:80",
            "x://a:«hunter2»@db:5432",
            "x://a:«Wq8xK2vRt5»@api.example.com/",
        ] {
            assert!(matches!(sample::judge(super::judge, text), Judgement::Lower(_)), "{text}");
        }
        for text in ["http://joe:«hunter2»@git.corp.io/", "x://a:«hunter2»@10.1.2.3", "password=«hunter2»"] {
            assert_eq!(sample::judge(super::judge, text), Judgement::Keep, "{text}");
        }
        for token in sample::tokens() {
            assert_eq!(sample::judge(super::judge, &format!("x://a:«{token}»@localhost/")), Judgement::Keep, "{token}");
        }
    }
}
