//! Which commits a range means.

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {}
