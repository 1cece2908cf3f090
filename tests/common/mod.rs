//! What the end-to-end tests share. Each of them uses a part.
#![allow(dead_code)]

pub mod plant;
pub mod planted;
pub mod repo;
pub mod run;
pub mod text;
pub mod token;
