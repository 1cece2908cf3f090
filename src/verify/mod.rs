//! Asks providers whether a secret is live. A verifier takes a secret and says a verdict: it does not know findings.
//! A secret goes only to the host that its rule names, or that the user names; what a scanned tree says decides
//! nothing. Everything but [`settings`] needs the feature `verify`.
//!
//! ```text
//! question (rule, value, values around it) --ask--> request or login --pace, cache, client--> reply --judge--> verdict
//! ```

#[cfg(feature = "verify")]
pub mod analyze;
#[cfg(feature = "verify")]
mod ask;
#[cfg(feature = "verify")]
mod cache;
#[cfg(feature = "verify")]
mod client;
#[cfg(feature = "verify")]
mod control;
#[cfg(feature = "drivers")]
pub mod drivers;
#[cfg(feature = "verify")]
pub mod guard;
#[cfg(feature = "verify")]
pub mod judge;
#[cfg(feature = "verify")]
pub mod named;
#[cfg(feature = "verify")]
mod pace;
#[cfg(feature = "verify")]
pub mod question;
#[cfg(feature = "verify")]
pub mod request;
#[cfg(feature = "verify")]
pub mod revoke;
#[cfg(feature = "verify")]
pub mod run;
pub mod settings;
#[cfg(feature = "verify")]
pub mod template;
