//! Docker's `config.json` and the older `.dockercfg`: credentials by registry.

use super::json::texts;
use super::{Told, host};

/// The members of a registry's entry that are credentials.
const CREDENTIALS: &[&str] = &["auth", "identitytoken", "registrytoken", "password"];

pub(super) fn read(bytes: &[u8]) -> Vec<Told> {
    let mut all = Vec::new();
    texts(bytes, &mut |path, span, _| {
        let (registry, member) = match path {
            ["auths", registry, member] => (*registry, *member),
            // The older file has nothing around its registries.
            [registry, member] if registry.contains(['.', ':']) => (*registry, *member),
            _ => return,
        };
        if CREDENTIALS.contains(&member) {
            all.push(Told::at(span).with("registry", host(registry)));
        }
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_have_their_registry() {
        let text = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "aaa", "email": "b"}, "lake.io:5000": {"identitytoken": "ccc"}}}"#;
        let told = read(text.as_bytes());
        let said: Vec<_> = told.iter().map(|told| (&text[told.span.clone()], told.facts[0].1.as_str())).collect();
        assert_eq!(said, [("aaa", "index.docker.io"), ("ccc", "lake.io:5000")]);
        let old = r#"{"https://lake.io": {"auth": "aaa"}, "settings": {"auth": "none"}}"#;
        assert_eq!(read(old.as_bytes()).len(), 1);
    }
}
