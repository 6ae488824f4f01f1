//! Tests over the whole interface, with the use cases mocked.

mod accounts;
mod any_input;
mod bad_input;
mod bookings;
mod cors;
mod create_admin;
mod event_lists;
mod events;
mod failures;
mod guards;
mod harness;
mod health;
mod idempotency;
mod logs;
mod openapi;
mod owners_requests;
mod rate_limit;
mod request_id;
mod sessions;
mod shape;
mod socket;
mod users;
