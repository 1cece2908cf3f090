//! Hooks, run by a real git: installed beside others, in every way a commit or push can come about.

#[path = "../common/mod.rs"]
mod common;

mod agent;
mod beside;
mod commits;
mod framework;
mod pushes;
mod support;
