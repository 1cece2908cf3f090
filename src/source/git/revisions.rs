//! Which commits a range means.

/// What the user asked for.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Wanted {
    pub since_commit: Vec<String>,
    pub range: Vec<String>,
    pub branch: Vec<String>,
    pub since: Option<String>,
    pub max_depth: Option<usize>,
    pub all_refs: bool,
}
