//! One file per command. Each prints, and chooses the exit code.

pub mod analyze;
pub mod baseline;
pub mod ci;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod git;
pub mod hook;
pub mod ignore;
pub mod revoke;
pub mod rules;
pub mod scan;
mod secrets;
pub mod shell;
pub mod verify;

use std::io::Write;
use std::path::Path;

use unleak::error::{Error, Kind, Result, describe};

/// Writes a file whole or not at all: beside its place first, then over it.
fn replace(path: &Path, text: &str) -> Result<()> {
    let failed = |e: &std::io::Error| Error::new(Kind::Output, format!("{}: it could not be written: {}", path.display(), describe(e)));
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| failed(&e))?;
    file.write_all(text.as_bytes()).map_err(|e| failed(&e))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_or(0o644, |there| there.permissions().mode() & 0o777);
        file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).map_err(|e| failed(&e))?;
    }
    file.persist(path).map(drop).map_err(|e| failed(&e.error))
}
