//! The heart of Boxoffice: users, events, bookings and the stock of tickets, the ports to what
//! stores them, and the use cases.
//!
//! Nothing in here knows a database driver, HTTP or a runtime: time, sleeping, spawning, ids,
//! password hashing and token signing are ports too. The folders:
//!
//! - [`user`], [`event`], [`booking`]: entities, their ports and their use cases;
//! - [`idempotency`]: the same request twice is done once;
//! - [`session`]: signing in, staying signed in, and the end of it;
//! - [`throttle`]: slowing those who guess passwords;
//! - [`stock`]: the tickets of an event, what is held of them, and the upkeep that makes two
//!   databases agree ([`stock::Settler`], [`stock::Recovery`], [`stock::Relay`]);
//! - [`verify`]: whether events and bookings agree, and mending what does not;
//! - [`checkpoint`]: whether both stores are of the same age; [`diagnosis`]: whether each is set up right;
//! - [`audit`]: what is written down about who did what;
//! - [`page`], [`cursor`], [`search`]: pages of lists, and what is looked for in them;
//! - [`access`]: who may call at this moment; [`health`]: which store is away; [`upkeep`]: the
//!   background work; [`grouping`]: reads that share a round trip; [`metric`]: what is measured;
//! - `testing` (feature `testing`): the in-memory backend and the port contract suites. Each
//!   port's mock stands beside the port, `MockUserRepository` beside [`user::UserRepository`].

pub mod access;
pub mod audit;
pub mod booking;
pub mod checkpoint;
pub mod cursor;
pub mod diagnosis;
mod digest;
pub mod error;
pub mod event;
pub mod grouping;
pub mod health;
pub mod idempotency;
pub mod metric;
pub mod page;
pub mod request;
pub mod runtime;
pub mod search;
pub mod session;
pub mod stock;
#[cfg(test)]
mod test_runtime;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod throttle;
pub mod time;
pub mod upkeep;
pub mod user;
pub mod verify;
