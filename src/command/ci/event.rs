//! What started a pipeline, in one form whatever the pipeline is called: which commits are new, and what is known
//! already. It reads no repository.

/// What a pipeline says.
pub struct Event {
    /// Whose pipeline it is.
    pub provider: &'static str,
    /// What is to be scanned.
    pub what: What,
    /// How this provider is told to clone more.
    pub clone: &'static str,
}

/// What is to be scanned.
pub enum What {
    /// Commits.
    Commits(Commits),
    /// All that is there; for which event.
    Whole(String),
    /// Nothing; for which event.
    Nothing(String),
}

/// Commits that are new.
pub struct Commits {
    /// The event in words.
    pub event: String,
    /// Where they end: the first of these that is there.
    pub head: Vec<String>,
    /// What to fetch where none is there.
    pub head_ref: Option<String>,
    /// What is known already: the first of these that is there.
    pub base: Vec<Base>,
    /// Where there is no such thing, everything is new. Otherwise that is an error.
    pub all_is_new: bool,
    /// The tag that started it.
    pub tag: Option<String>,
}

/// Something that is known already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// A commit, which the event names.
    Commit(String),
    /// A branch of the remote.
    Branch(String),
}

/// An id that is not git's zeros for "nothing".
pub fn some_id(id: Option<&str>) -> Option<&str> {
    id.filter(|id| id.bytes().any(|b| b != b'0'))
}

/// A push to a branch. `before` is what the branch was, `default` the branch that others start from.
pub fn push(branch: &str, before: Option<&str>, after: &str, default: Option<&str>) -> What {
    let before = some_id(before);
    let mut base: Vec<Base> = before.map(|id| Base::Commit(id.to_owned())).into_iter().collect();
    base.extend(default.filter(|default| *default != branch).map(|default| Base::Branch(default.to_owned())));
    let event =
        if before.is_some() { format!("push to {branch}") } else { format!("push to {branch}, of which no earlier state is known") };
    let all_is_new = !base.iter().any(|base| matches!(base, Base::Branch(_)));
    What::Commits(Commits { event, head: vec![after.to_owned()], head_ref: None, base, all_is_new, tag: None })
}

/// A pushed tag: new is what the default branch does not reach.
pub fn tag(name: &str, commit: &str, default: Option<&str>) -> What {
    let base: Vec<Base> = default.map(|default| Base::Branch(default.to_owned())).into_iter().collect();
    What::Commits(Commits {
        event: format!("tag {name}"),
        head: vec![commit.to_owned()],
        head_ref: None,
        all_is_new: base.is_empty(),
        base,
        tag: Some(name.to_owned()),
    })
}

/// A pull or merge request, by whatever name. One that does not say into what it goes is new as a whole.
pub fn request(event: String, head: Vec<String>, head_ref: Option<String>, base: Vec<Base>) -> What {
    let base: Vec<Base> = base.into_iter().filter(|base| *base != Base::Branch(String::new())).collect();
    What::Commits(Commits { event, head, head_ref, all_is_new: base.is_empty(), base, tag: None })
}
