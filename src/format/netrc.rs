//! `.netrc`: a password for each machine and login. Words are apart by blanks and lines alike.

use super::{Told, lines};

pub(super) fn read(bytes: &[u8]) -> Vec<Told> {
    let text = String::from_utf8_lossy(bytes);
    if text.len() != bytes.len() {
        return Vec::new();
    }
    let (mut all, mut machine, mut login) = (Vec::new(), String::new(), String::new());
    let mut words = words(&text);
    while let Some((_, word)) = words.next() {
        match word {
            "machine" => (machine, login) = (words.next().map(|(_, name)| name.to_owned()).unwrap_or_default(), String::new()),
            "default" => (machine, login) = (String::new(), String::new()),
            "login" => login = words.next().map(|(_, name)| name.to_owned()).unwrap_or_default(),
            "password" => {
                if let Some((at, value)) = words.next().filter(|_| !machine.is_empty()) {
                    all.push(Told::at(at..at + value.len()).with("host", machine.clone()).with("user", login.clone()));
                }
            }
            _ => {}
        }
    }
    all
}

/// The words with their places, without comments.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    lines(text).filter(|(_, line)| !line.trim_start().starts_with('#')).flat_map(|(at, line)| {
        let start = line.as_ptr() as usize;
        line.split_ascii_whitespace().map(move |word| (at + word.as_ptr() as usize - start, word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_its_machine_and_login() {
        let text = "# machine x login y password z\nmachine lake.io\n  login joe\n  password qq7\nmachine b.io login ada password qq8\ndefault login anonymous password me@\n";
        let told = read(text.as_bytes());
        let said: Vec<_> = told.iter().map(|t| (&text[t.span.clone()], t.facts[0].1.as_str(), t.facts[1].1.as_str())).collect();
        assert_eq!(said, [("qq7", "lake.io", "joe"), ("qq8", "b.io", "ada")]);
        assert_eq!(read(b"machine a login b password"), []);
    }
}
