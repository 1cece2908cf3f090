//! Asking providers, against one on loopback that can answer in every way: each verdict, each rule of trust and
//! safety, each row of the built-in rules.
#![cfg(all(unix, feature = "verify"))]

mod beside;
mod commands;
#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod many;
mod pairs;
mod provider;
mod rows;
mod trust;
mod verdicts;
