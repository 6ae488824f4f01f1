//! What the port contracts do not say: what the documents look like, which steps write nothing, which
//! indexes serve, and what a server that is away looks like.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod away;
mod given_up;
mod indexes;
mod late;
mod logs;
mod make;
mod relay;
mod schema;
mod silence;
mod stock;
#[path = "../support/mod.rs"]
mod support;
mod survey;
mod text;
