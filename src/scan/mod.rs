//! The pipeline.
pub mod collect;
