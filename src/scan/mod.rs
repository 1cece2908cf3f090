//! The pipeline.
pub mod attribution;
pub mod collect;
pub mod repository;
pub mod sinks;
