//! `kubeconfig`, in YAML: the credentials of each user, with the server of the cluster that a context joins it to, and
//! what the user's certificate says: its name, its groups, and when it ends. It reads the plain layout that tools write.

use std::ops::Range;

use data_encoding::BASE64;

use super::{Told, lines};
use crate::check::{Certificate, certificate};

const CREDENTIALS: &[&str] = &["token", "password", "client-key-data", "id-token", "refresh-token", "access-token", "client-secret"];

/// A key with its value in one entry of a list, and the value's place.
struct Field<'t> {
    key: &'t str,
    value: &'t str,
    span: Range<usize>,
}

/// An entry of one of the lists.
struct Entry<'t> {
    list: &'t str,
    fields: Vec<Field<'t>>,
}

impl Entry<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.key == key).map(|field| field.value)
    }
}

pub(super) fn read(bytes: &[u8]) -> Vec<Told> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    let entries = entries(text);
    let of = |list: &'static str| entries.iter().filter(move |entry| entry.list == list);
    let mut all = Vec::new();
    for user in of("users") {
        let Some(name) = user.value("name") else { continue };
        let cluster = of("contexts").find(|context| context.value("user") == Some(name)).and_then(|context| context.value("cluster"));
        let server =
            of("clusters").find(|entry| cluster.is_some() && entry.value("name") == cluster).and_then(|entry| entry.value("server"));
        let pem = user.value("client-certificate-data").and_then(|data| BASE64.decode(data.as_bytes()).ok());
        let certificate = pem.as_deref().and_then(certificate);
        for field in user.fields.iter().filter(|field| CREDENTIALS.contains(&field.key)) {
            let told = Told::at(field.span.clone()).with("user", name).with("server", server.unwrap_or_default());
            let own = certificate.as_ref().filter(|_| field.key == "client-key-data");
            all.push(own.map_or(told.clone(), |certificate| named(told, certificate)));
        }
    }
    all
}

/// With what the certificate of a key says.
fn named(told: Told, certificate: &Certificate) -> Told {
    let told = told.with("subject", certificate.name.clone()).with("groups", certificate.groups.join(", "));
    Told { ends: Some(certificate.ends), ..told.with("expires", certificate.end.clone()) }
}

/// The entries of all lists of the file. A list's entry begins with a dash that is no deeper than the first one's.
fn entries(text: &str) -> Vec<Entry<'_>> {
    let (mut all, mut list, mut depth): (Vec<Entry>, _, _) = (Vec::new(), "", None);
    for (at, line) in lines(text) {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        let (dash, rest) = body.strip_prefix("- ").map_or((false, body), |rest| (true, rest.trim_start()));
        if indent == 0 && !dash {
            (list, depth) = (body.trim_end().strip_suffix(':').unwrap_or_default(), None);
            continue;
        }
        if dash && !list.is_empty() && depth.is_none_or(|depth| indent <= depth) {
            depth = Some(indent);
            all.push(Entry { list, fields: Vec::new() });
        }
        let Some((entry, (key, value))) = all.last_mut().filter(|entry| entry.list == list).zip(rest.split_once(':')) else { continue };
        let bare = value.trim().trim_matches(['"', '\'']);
        if !bare.is_empty() {
            let start = at + line.rfind(bare).unwrap_or_default();
            entry.fields.push(Field { key: key.trim(), value: bare, span: start..start + bare.len() });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: AAAA
    server: https://k8s.lake.io:6443
  name: lake
contexts:
- context: {}
  name: none
- context:
    cluster: lake
    user: robot
  name: robot@lake
current-context: robot@lake
kind: Config
users:
- name: robot
  user:
    token: \"qq7\"
- name: joe
  user:
    username: joe
    password: qq8
";

    #[test]
    fn credentials_have_their_user_and_server() {
        for text in [TEXT.to_owned(), TEXT.replace("\n- ", "\n  - ").replace("\n  ", "\n    "), TEXT.replace('\n', "\r\n")] {
            let told = read(text.as_bytes());
            let said: Vec<_> = told.iter().map(|t| (&text[t.span.clone()], &t.facts[..])).collect();
            let robot = [("user", "robot".to_owned()), ("server", "https://k8s.lake.io:6443".to_owned())];
            assert_eq!(said, [("qq7", &robot[..]), ("qq8", &[("user", "joe".to_owned())][..])], "{text}");
        }
    }
}
