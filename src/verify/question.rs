//! A question: a secret, the rule that says how to ask about it, the values around it; and what becomes of it:
//! one request with the way to read its answer. It sends nothing and knows no finding.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::control;
use super::judge::{self, Reply};
use super::named::{self, Named};
use super::request::{Impossible, Maker, Request};
use crate::finding::Verification;
use crate::rule::Spec;
use crate::rule::spec::Call;
use crate::secret::Secret;

/// A question to a provider.
#[derive(Clone)]
pub struct Question {
    /// The rule whose `verify` says how.
    pub rule: Arc<Spec>,
    /// The value.
    pub secret: Secret,
    /// Values around it: groups of the match by name, halves of a pair by their rule's id.
    pub parts: BTreeMap<String, Secret>,
    /// It is the negative control: the value is made up.
    pub control: bool,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({} {})", self.rule.id, self.secret)
    }
}

/// A question, ready to be asked.
pub enum Ask {
    /// Over HTTP.
    Http(Request, Reader),
    /// A login over a protocol of its own.
    #[cfg(feature = "drivers")]
    Login(super::drivers::Login),
}

/// What reads the answer.
#[derive(Clone)]
pub enum Reader {
    /// The rule's row.
    Row(Arc<Spec>),
    /// A function of the program.
    Named(fn(&Reply) -> Verification),
}

impl Reader {
    /// The verdict on an answer.
    pub fn read(&self, reply: &Reply) -> Verification {
        match self {
            Self::Row(rule) => judge::verdict(rule.verify.as_ref().unwrap_or(&Call::default()), reply),
            Self::Named(read) => read(reply),
        }
    }
}

impl Ask {
    /// The host that is asked.
    pub fn place(&self) -> String {
        match self {
            Self::Http(request, _) => request.authority(),
            #[cfg(feature = "drivers")]
            Self::Login(login) => login.place(),
        }
    }

    /// Whether a negative control is asked with the value as it is: what is sent in its place is made up then.
    pub fn is_made_up_later(&self) -> bool {
        match self {
            Self::Http(_, reader) => matches!(reader, Reader::Named(_)),
            #[cfg(feature = "drivers")]
            Self::Login(_) => true,
        }
    }
}

impl Question {
    /// A value by the name of its placeholder.
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        if name == "secret" { Some(self.secret.expose()) } else { self.parts.get(name).map(Secret::expose) }
    }

    /// The same as text; an error says that it is needed.
    pub fn text(&self, name: &str) -> Result<&str, Impossible> {
        let value = self.value(name).ok_or_else(|| Impossible(format!("it needs {name}, which stands nowhere near")))?;
        std::str::from_utf8(value).map_err(|_| Impossible(format!("{name} is not text")))
    }

    /// What is to be sent.
    pub fn ask(&self, maker: &Maker<'_>) -> Result<Ask, Impossible> {
        let Some(call) = &self.rule.verify else { return Err(Impossible("its rule does not say how to ask".to_owned())) };
        if let Some(why) = named::trap(self) {
            return Err(Impossible(why.to_owned()));
        }
        let Some(name) = &call.named else {
            let request = maker.request(call, &|name| self.value(name))?;
            return Ok(Ask::Http(request, Reader::Row(Arc::clone(&self.rule))));
        };
        match named::by_name(name) {
            Some(Named::Http { make, read, .. }) => Ok(Ask::Http(make(self, maker)?, Reader::Named(read))),
            #[cfg(feature = "drivers")]
            Some(Named::Login(kind)) => Ok(Ask::Login(super::drivers::Login::new(kind, self, maker)?)),
            None => Err(Impossible(format!("this build cannot ask by {name}"))),
        }
    }

    /// The negative control of this question; none where a login could be locked by it, or nothing can be made up.
    pub fn control(&self) -> Option<Self> {
        let call = self.rule.verify.as_ref()?;
        let own = match call.named.as_deref().and_then(named::by_name) {
            Some(Named::Http { own_control, .. }) => own_control,
            #[cfg(feature = "drivers")]
            Some(Named::Login(kind)) if kind == super::drivers::Kind::Ssh => true,
            #[cfg(feature = "drivers")]
            Some(Named::Login(_)) => return None,
            None => false,
        };
        if self.control || self.rule.id.contains("password") {
            return None;
        }
        let secret = if own { self.secret.clone() } else { control::fake(&self.secret)? };
        // Parts such as the whole match would still hold the real value.
        let parts = self.parts.iter().map(|(name, part)| (name.clone(), without(part, &self.secret, &secret))).collect();
        Some(Self { secret, parts, control: true, ..self.clone() })
    }

    /// All that makes this question different from others: where it goes, what it is made from, how the answer is
    /// read. What is signed changes with the clock, so the request itself is no help.
    pub fn digest(&self, ask: &Ask) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        add(self.kind(&ask.place()).as_bytes());
        match ask {
            Ask::Http(request, Reader::Row(_)) => add(&request.digest()),
            #[cfg(feature = "drivers")]
            Ask::Login(login) => add(&login.digest()),
            _ => {
                add(self.secret.expose());
                self.parts.iter().for_each(|(name, value)| [name.as_bytes(), value.expose()].into_iter().for_each(&mut add));
            }
        }
        hash.finalize().into()
    }

    /// What the control speaks for: the same kind of request to the same place.
    pub fn kind(&self, place: &str) -> String {
        format!("{place} {:?}", self.rule.verify)
    }
}

/// The part with the value in it replaced.
fn without(part: &Secret, old: &Secret, new: &Secret) -> Secret {
    if old == new || old.is_empty() {
        return part.clone();
    }
    // A part of the value changes with the value: the token of a webhook's URL.
    let (text, value) = (part.expose(), old.expose());
    if let Some(at) = memchr::memmem::find(value, text).filter(|_| text.len() < value.len()) {
        return Secret::new(new.expose()[at..at + text.len()].to_vec(), 0);
    }
    Secret::new(bstr::ByteSlice::replace(text, value, new.expose()), 0)
}
