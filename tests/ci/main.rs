//! `unleak ci`: the events of each pipeline replayed, with clones as that pipeline makes them and the variables that
//! its documentation names.

#[path = "../common/mod.rs"]
mod common;

mod github;
mod gitlab;
mod others;
mod shallow;
mod steering;
mod support;
