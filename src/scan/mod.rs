//! The pipeline.
pub mod collect;
pub mod range;
