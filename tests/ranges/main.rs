//! Ranges against git: which commits they hold, and what these, the stage and the working tree add.

mod adds;
mod commits;
mod stage;
mod support;
