//! The filter `template`: values that something else fills in or fetches: variables, template tags, command
//! substitutions, references into a vault.

use super::{Judgement, Window};

/// What stands inside a value that is filled in.
const INSIDE: &[&str] = &["${", "$(", "{{", "}}", "<%", "%>", "#{", "%{", "%(", "{%", "$ENV{", "[[", "@{", "<?", "\\(", "${{"];

/// What a reference begins with.
const BEGINS: &[&str] = &[
    "vault:",
    "vault://",
    "op://",
    "enc[",
    "enc(",
    "{cipher}",
    "arn:aws",
    "ssm:",
    "ssm://",
    "secretsmanager:",
    "awssm://",
    "gcpsm://",
    "sm://",
    "keyvault:",
    "keyring:",
    "akv://",
    "ref+",
    "env:",
    "env.",
    "env(",
    "env[",
    "secret://",
    "secrets.",
    "process.env",
    "os.environ",
    "os.getenv",
    "getenv",
    "system.getenv",
    "environ",
    "!vault",
    "!secret",
    "!ref",
    "!sub",
    "!getatt",
    "file:",
    "file://",
    "@microsoft.keyvault",
    "bao:",
    "doppler:",
    "infisical:",
    "op read",
    "pass show",
    "var.",
    "local.",
    "data.",
    "module.",
    "params.",
    "config.",
    "settings.",
];

/// Drops what is filled in.
pub fn judge(window: &Window<'_>) -> Judgement {
    let value = window.value();
    let lower = value.to_ascii_lowercase();
    let has = |text: &str| memchr::memmem::find(value, text.as_bytes()).is_some();
    let inside = INSIDE.iter().any(|mark| has(mark));
    let begins = BEGINS.iter().any(|mark| lower.starts_with(mark.as_bytes()));
    let opened =
        [&b"${"[..], b"{{", b"#{", b"%{", b"$(", b"{{ ", b"<%= ", b"${{ ", b"ENC["].iter().any(|mark| window.before().ends_with(mark));
    if value == b"{}" || inside || opened || is_enclosed(value, window) || is_variable(value) || is_format(value) || is_pattern(value) {
        return Judgement::Drop("a template");
    }
    if begins || is_reference(window) { Judgement::Drop("a reference to a secret kept elsewhere") } else { Judgement::Keep }
}

/// `<x>`, `{x}`, `[x]`, `%x%`, `@x@`, `__x__`, whole or around the value.
fn is_enclosed(value: &[u8], window: &Window<'_>) -> bool {
    let name = |inner: &[u8]| !inner.is_empty() && inner.iter().all(|b| b.is_ascii_alphanumeric() || b"_-. |/".contains(b));
    let pairs: [(&[u8], &[u8]); 7] = [(b"<", b">"), (b"{", b"}"), (b"[", b"]"), (b"%", b"%"), (b"@", b"@"), (b"__", b"__"), (b"(", b")")];
    pairs.iter().any(|(open, close)| {
        let inner = value.strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close));
        inner.is_some_and(|inner| name(inner.trim_ascii_start()) || (*open == b"%" && name(inner.trim_matches_percent())))
    }) || (window.before().ends_with(b"<") && window.after().starts_with(b">"))
        || (window.before().ends_with(b"{") && window.after().starts_with(b"}"))
        || (window.before().ends_with(b"%") && window.after().starts_with(b"%"))
}

trait TrimPercent {
    fn trim_matches_percent(&self) -> &[u8];
}

impl TrimPercent for [u8] {
    fn trim_matches_percent(&self) -> &[u8] {
        self.strip_prefix(b"%").and_then(|rest| rest.strip_suffix(b"%")).unwrap_or(self)
    }
}

/// `$NAME`, `$name`, `:name` bound later.
fn is_variable(value: &[u8]) -> bool {
    let Some(name) = value.strip_prefix(b"$") else { return false };
    let name = name.strip_prefix(b"env:").unwrap_or(name);
    let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'>' | b'[' | b']' | b'.');
    name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_') && name.iter().all(word) && !crate::look::is_random(name)
}

/// Made of a print format alone: `%s`, `%d:%s`, `%@`.
fn is_format(value: &[u8]) -> bool {
    value.windows(2).any(|pair| pair[0] == b'%' && matches!(pair[1], b's' | b'd' | b'v' | b'@' | b'q')) && value.len() <= 8
}

/// A regular expression: a class of characters with a range in it, and how often it stands.
fn is_pattern(value: &[u8]) -> bool {
    let has = |texts: &[&[u8]]| texts.iter().any(|text| memchr::memmem::find(value, text).is_some());
    has(&[b"[0-9", b"[a-z", b"[A-Z", b"a-z]", b"A-Z]", b"0-9]"]) && has(&[b"]{", b"]+", b"]*"])
}

/// The field says that the value is only named here.
fn is_reference(window: &Window<'_>) -> bool {
    let before = window.before();
    let near = &before[before.len().saturating_sub(96)..];
    ["secretKeyRef", "valueFrom", "secretRef", "configMapKeyRef", "arn:aws:"]
        .iter()
        .any(|mark| memchr::memmem::find(near, mark.as_bytes()).is_some())
        && !crate::look::is_random(window.value())
}

#[cfg(test)]
mod tests {
    use super::super::sample::both_sides;

    #[test]
    fn drops_templates_alone() {
        both_sides(
            super::judge,
            &[
                "password=«${DB_PASSWORD}»",
                "password=«$DB_PASSWORD»",
                "password=«$(cat /run/secret)»",
                "password: «{{ vault_password }}»",
                "password: «{password}»",
                "token: «<your-key>»",
                "token=«%TOKEN%»",
                "token=«%%TOKEN%%»",
                "token: \"«#{token}»\"",
                "token=«<%= token %>»",
                "token=«@token@»",
                "token: «vault:secret/data/x#y»",
                "token: «op://vault/item/field»",
                "token: «ENC[AES256_GCM,data:abc]»",
                "token: «arn:aws:secretsmanager:eu-west-1:1:secret:x»",
                "valueFrom:\n  secretKeyRef:\n    key: «db-password»",
                "x: ${«token»}",
                "token = «process.env.TOKEN»",
                "url = «%s:%s»",
                "token: «^q7x_[0-9A-Za-z._]{60,110}$»",
            ],
            &["password=«pa$$w0rd»", "password=«a{b]c9»", "password=«$uper$ecret9!»", "password=«50%off-now»", "password=«a]{b[0-8»"],
        );
    }
}
