//! One file for each command. They print and choose exit codes; how a scan is done they do not know.

pub mod demo;
pub mod explain;
pub mod rules;
pub mod scan;
