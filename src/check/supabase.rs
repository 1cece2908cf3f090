//! Supabase's keys: their checksum is bound to the project, so it can only be tried where a project is known.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::{Entry, Proof, Subject, Verdict};
use crate::finding::Severity;

pub(super) const TABLE: &[Entry] = &[Entry::new("supabase-key", check)];

const SELF_HOSTED: &str = "supabase-self-hosted";
/// The ends of the keys that the command line tool gives to every local project.
const LOCAL: &[&str] = &["_3BJgxAaH", "_xSvEMPvz"];
/// Characters of a body and, after a `_`, of its sum.
const BODY: usize = 22;
const SUM: usize = 8;

fn check(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let public = text.starts_with("sb_publishable_");
    let prefix = if public { "sb_publishable_".len() } else { "sb_secret_".len() };
    let head = prefix + BODY;
    if !text.is_ascii() || text.len() != head + 1 + SUM || text.as_bytes()[head] != b'_' {
        return Verdict::Failed("not as long as such a key is").into();
    }
    if LOCAL.iter().any(|end| text.ends_with(end)) {
        return Verdict::NotSecret("the key of every local project").into();
    }
    let named = subject.group("ref").and_then(|name| std::str::from_utf8(name).ok());
    let project = [named, Some(SELF_HOSTED)].into_iter().flatten().find(|project| sum(project, &text[..head]) == text[head + 1..]);
    let proof = match project {
        Some(project) => Proof::from(Verdict::Proved).fact("project", project),
        None => Verdict::Plausible.into(),
    };
    if public { proof.at_most(Severity::Low, "a publishable key, public by design") } else { proof }
}

fn sum(project: &str, head: &str) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(format!("{project}|{head}")))[..SUM].to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, failed, prove, verdict};
    use super::*;

    const HEAD: &[&str] = &["sb_secret_", concat!("WnKrGXBpl26", "fcIJ8mSuIOV")];

    #[test]
    fn a_known_project_proves_it() {
        let token = [HEAD[0], HEAD[1], "_un39zMDq"].concat();
        assert_eq!(verdict("supabase-key", &token), Verdict::Plausible);
        let groups: &[(&str, &[u8])] = &[("ref", b"fczvjukmqibjmfpukfdf")];
        let subject = Subject { secret: token.as_bytes(), whole: token.as_bytes(), groups, now: NOW };
        assert_eq!(check(&subject).verdict, Verdict::Proved);
        assert_eq!(verdict("supabase-key", [HEAD[0], HEAD[1], "_kAGmDQAj"].concat()), Verdict::Proved);
    }

    #[test]
    fn local_and_public_keys() {
        assert!(matches!(
            verdict("supabase-key", ["sb_secret_", "N7UND0UgjKT", "VK-Uodkm0Hg", "_xSvEMPvz"].concat()),
            Verdict::NotSecret(_)
        ));
        let public = prove("supabase-key", ["sb_publishable_", HEAD[1], "_un39zMDq"].concat());
        assert_eq!((public.verdict, public.at_most.unwrap().0), (Verdict::Plausible, Severity::Low));
        assert!(failed("supabase-key", [HEAD[0], HEAD[1]].concat()));
    }
}
