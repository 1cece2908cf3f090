//! Demo.
pub fn run(_: crate::cli::ReportArgs) -> unleak::error::Result<unleak::error::Exit> {
    todo!()
}
