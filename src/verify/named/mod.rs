//! What a row of data cannot say: signed requests, logins over protocols of their own. One small file for each,
//! named from the rules by `named`. Each makes one request and reads one answer; the engine does the rest.

mod alibaba;
pub mod aws;
mod azure;
mod bitmex;
mod dates;
mod exoscale;
pub mod gcp;
mod mac;
pub mod xml;

use super::judge::Reply;
use super::question::Question;
use super::request::{Impossible, Maker, Request};
use crate::finding::Verification;

/// A way to ask that has a name.
#[derive(Clone, Copy)]
pub enum Named {
    /// One request over HTTP.
    Http {
        /// Makes it.
        make: fn(&Question, &Maker<'_>) -> Result<Request, Impossible>,
        /// Reads the answer.
        read: fn(&Reply) -> Verification,
        /// The negative control is made by `make` itself, for which the value stays what it is.
        own_control: bool,
    },
    /// A login.
    #[cfg(feature = "drivers")]
    Login(super::drivers::Kind),
}

/// Every one by its name.
const NAMED: &[(&str, Named)] = &[
    ("alibaba-sts", Named::Http { make: alibaba::make, read: alibaba::read, own_control: false }),
    ("aws-sts", Named::Http { make: aws::make, read: aws::read, own_control: false }),
    ("azure-app-configuration", Named::Http { make: azure::configuration, read: azure::read_configuration, own_control: false }),
    ("azure-cosmos", Named::Http { make: azure::cosmos, read: azure::read_cosmos, own_control: false }),
    ("azure-storage", Named::Http { make: azure::storage, read: azure::read_storage, own_control: false }),
    ("bitmex", Named::Http { make: bitmex::make, read: bitmex::read, own_control: false }),
    ("exoscale", Named::Http { make: exoscale::make, read: exoscale::read, own_control: false }),
    ("gcp-service-account", Named::Http { make: gcp::make, read: gcp::read, own_control: true }),
    #[cfg(feature = "drivers")]
    ("postgres", Named::Login(super::drivers::Kind::Postgres)),
    #[cfg(feature = "drivers")]
    ("redis", Named::Login(super::drivers::Kind::Redis)),
    #[cfg(feature = "drivers")]
    ("amqp", Named::Login(super::drivers::Kind::Amqp)),
    #[cfg(feature = "drivers")]
    ("jdbc", Named::Login(super::drivers::Kind::Jdbc)),
    #[cfg(feature = "drivers")]
    ("mongodb", Named::Login(super::drivers::Kind::Mongo)),
    #[cfg(feature = "drivers")]
    ("mysql", Named::Login(super::drivers::Kind::MySql)),
    #[cfg(feature = "drivers")]
    ("smtp", Named::Login(super::drivers::Kind::Smtp)),
    #[cfg(feature = "drivers")]
    ("ssh", Named::Login(super::drivers::Kind::Ssh)),
];

/// The one of that name.
pub fn by_name(name: &str) -> Option<Named> {
    NAMED.iter().find(|(known, _)| *known == name).map(|(_, named)| *named)
}

/// Why this secret is never sent: it is laid out as a trap, and whoever uses it alarms those who laid it.
pub fn trap(question: &Question) -> Option<&'static str> {
    let ids = ["aws-access-key-id", "secret"].into_iter().filter_map(|name| question.value(name));
    ids.into_iter().any(aws::is_canary).then_some("a canary token: using it alarms its owner, so it is never sent")
}
