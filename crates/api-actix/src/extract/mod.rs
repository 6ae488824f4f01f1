//! What handlers take from a request.

mod body;
mod call;
mod client;
mod conditions;
mod fields;
mod loopback;
#[cfg(test)]
mod properties;
mod query;
mod signed_in;
mod value;

pub(crate) use body::{BODY_LIMIT, ReadingBody};
pub(crate) use call::{Call, IDEMPOTENCY_KEY, SETUP_TOKEN};
pub(crate) use client::{ClientAddress, client_address};
pub(crate) use fields::Fields;
pub(crate) use query::Query;
pub(crate) use signed_in::{Admin, Customer, InSession, MaybeSignedIn, SignedIn};
pub(crate) use value::{integer, metadata, text};
