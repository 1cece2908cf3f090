//! `.npmrc`: credentials by registry, `//host/path/:_authToken=...`, and the older ones without a registry, which are
//! for the one that the file names.

use std::collections::BTreeMap;

use super::{Told, host, lines};

const CREDENTIALS: &[&str] = &["_authToken", "_auth", "_password"];

pub(super) fn read(bytes: &[u8]) -> Vec<Told> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    let (mut found, mut users, mut default) = (Vec::new(), BTreeMap::new(), "");
    for (at, line) in lines(text) {
        let Some((name, value)) = line.split_once('=') else { continue };
        let (scope, key) = match name.trim().rsplit_once(':') {
            Some((scope, key)) if scope.starts_with("//") => (scope, key),
            _ => ("", name.trim()),
        };
        let bare = value.trim().trim_matches(['"', '\'']);
        match key {
            "username" => _ = users.insert(scope, bare),
            "registry" => default = bare,
            _ if CREDENTIALS.contains(&key) => {
                let start = at + name.len() + 1 + value.find(bare).unwrap_or_default();
                found.push((scope, start..start + bare.len()));
            }
            _ => {}
        }
    }
    let told = found.into_iter().map(|(scope, span)| {
        let registry = if scope.is_empty() { default } else { scope };
        Told::at(span).with("registry", host(registry)).with("user", users.get(scope).copied().unwrap_or_default())
    });
    told.filter(|told| !told.span.is_empty() && !told.facts.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_have_their_registry_and_user() {
        let text =
            "registry=https://npm.lake.io/\n//a.io/x/:_authToken = \"qq7\"\n//b.io/:username=joe\n//b.io/:_password=qq8\n_auth=qq9\nx=y\n";
        let told = read(text.as_bytes());
        let said: Vec<_> =
            told.iter().map(|t| (&text[t.span.clone()], t.facts[0].1.as_str(), t.facts.get(1).map(|f| f.1.as_str()))).collect();
        assert_eq!(said, [("qq7", "a.io", None), ("qq8", "b.io", Some("joe")), ("qq9", "npm.lake.io", None)]);
    }
}
