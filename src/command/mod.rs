//! One file for each command. They print and choose exit codes; how a scan is done they do not know.

pub mod config;
pub mod demo;
pub mod scan;
