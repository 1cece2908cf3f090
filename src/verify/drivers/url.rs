//! Connection URLs as people write them, JDBC's among them: who logs in, at which servers, to which database. It
//! knows neither the password, which the rule has found, nor whether a server may be asked.

use super::Kind;
use crate::verify::request::Impossible;

/// What a connection URL says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Url {
    /// Lower case.
    pub(super) scheme: String,
    pub(super) user: Option<String>,
    /// Lower case, each with its port where it has one.
    pub(super) hosts: Vec<(String, Option<u16>)>,
    pub(super) database: String,
    options: Vec<(String, String)>,
}

fn unclear() -> Impossible {
    Impossible("its URL cannot be read".to_owned())
}

impl Url {
    /// Reads `SCHEME://[USER[:PASSWORD]@]HOST[:PORT][,...][/DATABASE][?NAME=VALUE&...]`.
    pub(super) fn read(text: &str) -> Result<Self, Impossible> {
        let (scheme, rest) = text.split_once("://").ok_or_else(unclear)?;
        // A semicolon begins the options of JDBC's other dialect.
        let (authority, tail) = rest.split_at(rest.find(['/', '?', ';']).unwrap_or(rest.len()));
        let (login, places) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (path, query) = tail.split_at(tail.find(['?', ';']).unwrap_or(tail.len()));
        let user = login.split(':').next().filter(|user| !user.is_empty()).map(decoded).transpose()?;
        let options = query.split(['?', '&', ';']).filter_map(|pair| pair.split_once('='));
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            user,
            hosts: places.split(',').map(place).collect::<Result<_, _>>()?,
            database: decoded(path.trim_start_matches('/'))?,
            options: options
                .map(|(name, value)| Ok::<_, Impossible>((name.to_ascii_lowercase(), decoded(value)?)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The value of an option, by its name in lower case.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether one of these options is there with one of these values.
    pub(super) fn says(&self, names: &[&str], values: &[&str]) -> bool {
        names.iter().filter_map(|name| self.option(name)).any(|said| values.contains(&said.to_ascii_lowercase().as_str()))
    }
}

/// `jdbc:postgresql://...` and its like: the database that is meant, with the user of its options. The password that
/// was found must be the login's: keys of certificate stores have passwords as well.
pub(super) fn jdbc(text: &str, password: &[u8]) -> Result<(Kind, Url), Impossible> {
    let (scheme, rest) = text.split_once("://").ok_or_else(unclear)?;
    let scheme = scheme.to_ascii_lowercase();
    let kind = scheme.split(':').find_map(|word| match word {
        "postgresql" => Some(Kind::Postgres),
        "mysql" | "mariadb" => Some(Kind::MySql),
        _ => None,
    });
    let name = scheme.split(':').nth(1).unwrap_or_default();
    let kind = kind.ok_or_else(|| Impossible(format!("there is no client for {name} in this program")))?;
    let mut url = Url::read(&format!("{name}://{rest}"))?;
    let said = url.option("password").or_else(|| url.option("pwd")).unwrap_or_default();
    let (said, found) = (said.as_bytes(), decoded(&String::from_utf8_lossy(password))?);
    if said != password && said != found.as_bytes() {
        return Err(Impossible("it is not the password of the login".to_owned()));
    }
    url.user = url.option("user").or_else(|| url.option("username")).map(str::to_owned).or(url.user);
    if url.user.is_none() {
        return Err(Impossible("the user that it belongs to stands nowhere near".to_owned()));
    }
    Ok((kind, url))
}

/// A host and its port.
fn place(text: &str) -> Result<(String, Option<u16>), Impossible> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port.parse().map_err(|_| unclear())?)),
        _ => (text, None),
    };
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    let inside = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    if host.is_empty() || !host.chars().all(inside) { Err(unclear()) } else { Ok((host, port)) }
}

/// The text with percent escapes undone.
fn decoded(text: &str) -> Result<String, Impossible> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).ok_or_else(unclear)?;
            out.push(u8::from_str_radix(hex, 16).map_err(|_| unclear())?);
            rest = &after[2..];
        } else {
            out.push(byte);
            rest = after;
        }
    }
    let text = String::from_utf8(out).map_err(|_| unclear())?;
    if text.chars().any(char::is_control) { Err(unclear()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let url = Url::read("MongoDB://a%40b:x@One.corp.io:27018,two.corp.io/shop?authSource=admin&tls=true").unwrap();
        assert_eq!((url.scheme.as_str(), url.user.as_deref(), url.database.as_str()), ("mongodb", Some("a@b"), "shop"));
        assert_eq!(url.hosts, [("one.corp.io".to_owned(), Some(27018)), ("two.corp.io".to_owned(), None)]);
        assert_eq!(url.option("authsource"), Some("admin"));
        assert!(url.says(&["ssl", "tls"], &["true"]) && !url.says(&["ssl"], &["true"]));
        assert_eq!(Url::read("redis://:x@[::1]:7/0").unwrap().hosts, [("::1".to_owned(), Some(7))]);
        for wrong in ["x", "x://", "x://a:b@/d", "x://a@h:port", "x://a%0a@h", "x://a@h o", "x://a%zz@h"] {
            assert!(Url::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn jdbc_means_the_database_behind_it() {
        let text = ["jdbc:postgresql://db.corp.io:5433/shop?user=app&", "password=kV8w%40q2"].concat();
        let (kind, url) = jdbc(&text, b"kV8w%40q2").unwrap();
        assert_eq!((kind, url.user.as_deref(), url.database.as_str()), (Kind::Postgres, Some("app"), "shop"));
        assert_eq!(url.hosts, [("db.corp.io".to_owned(), Some(5433))]);
        assert_eq!(jdbc("jdbc:mysql:replication://h/d?password=kV8wq2&user=u", b"kV8wq2").unwrap().0, Kind::MySql);
        assert_eq!(jdbc("JDBC:mariadb://h/d?user=u;password=kV8wq2", b"kV8wq2").unwrap().0, Kind::MySql);
        let why = |text: &str| jdbc(text, b"kV8wq2").unwrap_err().0;
        assert!(why("jdbc:sqlserver://h:1433;user=u;password=kV8wq2").contains("no client for sqlserver"));
        assert!(why("jdbc:mysql://h/d?password=kV8wq2").contains("stands nowhere near"));
        assert!(why("jdbc:mysql://h/d?user=u&password=z&trustStorePassword=kV8wq2").contains("not the password of the login"));
    }
}
