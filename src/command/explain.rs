//! `unleak explain`.

use unleak::error::{Exit, Result};

use crate::cli::ExplainArgs;

/// x
pub fn run(_args: &ExplainArgs) -> Result<Exit> {
    Ok(Exit::Clean)
}
