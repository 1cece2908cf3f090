//! Asking providers, against one on loopback that can answer in every way: each verdict, each rule of trust and
//! safety, each row of the built-in rules.
#![cfg(all(unix, feature = "verify"))]

#[cfg(feature = "drivers")]
mod analyze;
mod beside;
mod commands;
#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "drivers")]
mod drivers;
mod hostile;
mod limits;
mod many;
mod own;
mod pairs;
mod provider;
mod rows;
mod signed;
mod trust;
mod verdicts;
