//! Numbers the contents of trees: equal contents get one number, whichever trees have them. It does not know where
//! the trees come from.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::hand::{NONE, Trees};
use super::{Child, ContentId, Contents, NOTHING, Target};

/// The content of a tree that was not looked at.
const UNKNOWN: ContentId = u32::MAX;
/// The content of a tree whose folders are being looked at.
const OPEN: ContentId = u32::MAX - 1;

/// The contents while they are numbered.
pub(super) struct Numbering {
    trees: Trees,
    /// Names and targets.
    edges: Vec<(u32, Target)>,
    /// The place of the tree of each object's number.
    places: Vec<u32>,
    /// Nodes by their hash; of those with one hash each next one stands under the next number.
    ids: FxHashMap<u64, ContentId>,
    nodes: Vec<Box<[(u32, Child)]>>,
    /// The content of each tree.
    of: Vec<ContentId>,
    /// What a tree has and its base has not, and the other way round.
    more: Vec<(u32, Child)>,
    less: Vec<(u32, Child)>,
}

impl Numbering {
    pub(super) fn new(trees: Trees, edges: Vec<(u32, Target)>, places: Vec<u32>) -> Self {
        let of = vec![UNKNOWN; trees.numbers.len()];
        Self { trees, edges, places, ids: FxHashMap::default(), nodes: vec![Box::default()], of, more: Vec::new(), less: Vec::new() }
    }

    pub(super) fn run(mut self, names: Vec<Box<[u8]>>) -> Contents {
        // Without recursion: a hostile database nests deeply.
        let mut stack = Vec::new();
        for at in 0..self.of.len() {
            stack.push(at);
            while let Some(&at) = stack.last() {
                let waiting = stack.len();
                if self.of[at] == UNKNOWN {
                    self.of[at] = OPEN;
                    stack.extend(self.waits_for(at));
                }
                if stack.len() == waiting {
                    if self.of[at] == OPEN {
                        self.of[at] = NOTHING;
                        self.of[at] = self.content(at);
                    }
                    stack.pop();
                }
            }
        }
        Contents { names, nodes: self.nodes, of: self.of, places: self.places }
    }

    fn edges(&self, at: usize) -> impl Iterator<Item = (bool, (u32, Target))> {
        let start = if at == 0 { 0 } else { self.trees.ends[at - 1] };
        self.trees.edges[start as usize..self.trees.ends[at] as usize]
            .iter()
            .map(|&edge| (edge.is_gone(), self.edges[edge.number() as usize]))
    }

    /// The place of a tree's base.
    fn base(&self, at: usize) -> Option<usize> {
        let base = self.trees.bases[at];
        (base != NONE).then_some(base as usize)
    }

    /// The trees of which a tree's content is made and that were not looked at.
    fn waits_for(&self, at: usize) -> impl Iterator<Item = usize> {
        let folders = self.edges(at).filter_map(|(_, (_, target))| match target {
            Target::Folder(folder) => Some(folder as usize),
            _ => None,
        });
        folders.chain(self.base(at)).filter(|&other| self.of[other] == UNKNOWN)
    }

    /// A folder that holds nothing, or is still open and so holds itself, is none.
    fn child(&self, target: Target) -> Option<Child> {
        match target {
            Target::Folder(folder) => match self.of[folder as usize] {
                NOTHING | OPEN => None,
                inner => Some(Child::Folder(inner)),
            },
            Target::Blob(blob) => Some(Child::Blob(blob)),
            Target::Nothing => None,
        }
    }

    fn content(&mut self, at: usize) -> ContentId {
        let (mut more, mut less) = (std::mem::take(&mut self.more), std::mem::take(&mut self.less));
        more.clear();
        less.clear();
        for (gone, (name, target)) in self.edges(at) {
            if let Some(child) = self.child(target) {
                if gone { less.push((name, child)) } else { more.push((name, child)) }
            }
        }
        more.sort_unstable();
        less.sort_unstable();
        let base = self.base(at).map_or(NOTHING, |base| if self.of[base] == OPEN { NOTHING } else { self.of[base] });
        let content = if more == less { base } else { self.changed(base, &mut more, &less) };
        (self.more, self.less) = (more, less);
        content
    }

    /// The content that has `more` and not `less`; both sorted.
    fn changed(&mut self, base: ContentId, more: &mut Vec<(u32, Child)>, less: &[(u32, Child)]) -> ContentId {
        let mut gone = less.iter().peekable();
        for kept in &self.nodes[base as usize] {
            while gone.next_if(|&one| one < kept).is_some() {}
            if gone.next_if_eq(&kept).is_none() {
                more.push(*kept);
            }
        }
        more.sort_unstable();
        self.intern(more)
    }

    fn intern(&mut self, node: &[(u32, Child)]) -> ContentId {
        if node.is_empty() {
            return NOTHING;
        }
        let mut hash = FxBuildHasher.hash_one(node);
        loop {
            match self.ids.get(&hash) {
                Some(&id) if *self.nodes[id as usize] == *node => return id,
                Some(_) => hash = hash.wrapping_add(1),
                None => {
                    let id = self.nodes.len() as ContentId;
                    self.nodes.push(node.into());
                    self.ids.insert(hash, id);
                    return id;
                }
            }
        }
    }
}
