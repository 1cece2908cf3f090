//! What attribution is asked about: the secrets by number, the candidates of each wanted blob and name, the refs. It
//! knows neither commits nor trees.

use std::sync::Arc;

use bstr::BString;
use rustc_hash::FxHashMap;

use super::{Objects, peel};
use crate::candidate::Candidate;
use crate::object::Oid;
use crate::secret::Secret;

/// What is asked about.
pub(super) struct Sought<'a> {
    /// Candidates of each wanted blob and name, by the forest's number.
    pub wanted: Vec<&'a [Arc<Candidate>]>,
    /// Each secret once.
    pub secrets: Vec<Secret>,
    /// The refs, those to be named first in front, and what they point to, tags peeled.
    pub refs: Vec<(BString, Oid)>,
    numbers: FxHashMap<Secret, u32>,
}

impl<'a> Sought<'a> {
    /// Everything that was found.
    pub fn new(objects: &'a Objects<'_>) -> Self {
        let mut wanted: Vec<&[Arc<Candidate>]> = objects.blobs.iter().map(|(_, candidates)| candidates.as_slice()).collect();
        wanted.resize(wanted.len() + objects.names.len(), &[]);
        for (number, candidates) in &objects.names {
            wanted[*number as usize] = candidates;
        }
        let mut refs: Vec<(BString, Oid)> =
            objects.refs.by_importance().into_iter().map(|r| (r.name.clone(), peel(objects.tags, r.target))).collect();
        if objects.refs.head_branch.is_none() {
            refs.splice(0..0, objects.refs.head.map(|head| (BString::from("HEAD"), head)));
        }
        let mut sought = Self { secrets: Vec::new(), refs, numbers: FxHashMap::default(), wanted: Vec::new() };
        let texts = objects.messages.iter().chain(&objects.tag_messages).map(|(_, _, candidate)| candidate);
        wanted.iter().copied().flatten().chain(texts).for_each(|candidate| sought.add(&candidate.judged.value));
        Self { wanted, ..sought }
    }

    fn add(&mut self, secret: &Secret) {
        if !self.numbers.contains_key(secret) {
            self.numbers.insert(secret.clone(), self.secrets.len() as u32);
            self.secrets.push(secret.clone());
        }
    }

    /// The number of a candidate's secret.
    pub fn number(&self, candidate: &Candidate) -> u32 {
        self.numbers[&candidate.judged.value]
    }
}
