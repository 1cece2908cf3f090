//! What becomes of a question: one request, or one login, with the way to read its answer; and the question that is its
//! negative control. It sends nothing.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::control;
use super::judge::{self, Reply};
use super::named::{self, Named};
use super::question::Question;
use super::request::{Impossible, Maker, Request};
use crate::finding::Verification;
use crate::rule::Spec;
use crate::rule::spec::Call;
use crate::secret::Secret;

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
    /// What is to be sent for a question; an error says why nothing can be.
    pub fn new(question: &Question, maker: &Maker<'_>) -> Result<Self, Impossible> {
        let Some(call) = &question.rule.verify else { return Err(Impossible("its rule does not say how to ask".to_owned())) };
        if let Some(why) = named::trap(question) {
            return Err(Impossible(why.to_owned()));
        }
        let Some(name) = &call.named else {
            let request = maker.request(call, &|name| question.value(name))?;
            return Ok(Self::Http(request, Reader::Row(Arc::clone(&question.rule))));
        };
        match named::by_name(name) {
            Some(Named::Http { make, read, .. }) => Ok(Self::Http(make(question, maker)?, Reader::Named(read))),
            #[cfg(feature = "drivers")]
            Some(Named::Login(kind)) => Ok(Self::Login(super::drivers::Login::new(kind, question, maker)?)),
            None => Err(Impossible(format!("this build cannot ask by {name}"))),
        }
    }

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

    /// What the control speaks for: the same kind of request to the same place.
    pub fn kind(&self, question: &Question) -> String {
        format!("{} {:?}", self.place(), question.rule.verify)
    }

    /// All that makes it different from others: where it goes, what it is made from, how the answer is read. What is
    /// signed changes with the clock, so the request itself is no help.
    pub fn digest(&self, question: &Question) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        add(self.kind(question).as_bytes());
        match self {
            Self::Http(request, Reader::Row(_)) => add(&request.digest()),
            #[cfg(feature = "drivers")]
            Self::Login(login) => add(&login.digest()),
            _ => {
                add(question.secret.expose());
                question.parts.iter().for_each(|(name, value)| [name.as_bytes(), value.expose()].into_iter().for_each(&mut add));
            }
        }
        hash.finalize().into()
    }
}

/// The negative control of a question; none where a login could be locked by it, or nothing can be made up.
pub fn control(question: &Question) -> Option<Question> {
    let call = question.rule.verify.as_ref()?;
    let own = match call.named.as_deref().and_then(named::by_name) {
        Some(Named::Http { own_control, .. }) => own_control,
        #[cfg(feature = "drivers")]
        Some(Named::Login(kind)) if kind == super::drivers::Kind::Ssh => true,
        #[cfg(feature = "drivers")]
        Some(Named::Login(_)) => return None,
        None => false,
    };
    if question.control || question.rule.id.contains("password") {
        return None;
    }
    let secret = if own { question.secret.clone() } else { control::fake(&question.secret)? };
    // Parts such as the whole match would still hold the real value.
    let parts = question.parts.iter().map(|(name, part)| (name.clone(), without(part, &question.secret, &secret))).collect();
    Some(Question { secret, parts, control: true, ..question.clone() })
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
