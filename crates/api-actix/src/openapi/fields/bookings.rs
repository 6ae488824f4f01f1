//! Bookings.

use domain::booking::Quantity;
use domain::idempotency::IdempotencyKey;
use serde_json::Value;
use utoipa::openapi::schema::Schema;

use super::{MAX_ID, integer, one_of, string};

pub(crate) fn booking_id() -> Schema {
    integer(1..=MAX_ID, "The booking's id.", 2).into()
}

pub(crate) fn quantity() -> Schema {
    integer(1..=Quantity::MAX, "How many tickets.", 2)
        .default(Some(Value::from(Quantity::ONE.get())))
        .into()
}

pub(crate) fn quantity_answered() -> Schema {
    integer(1..=Quantity::MAX, "How many tickets.", 2).into()
}

pub(crate) fn booking_status() -> Schema {
    one_of(&["confirmed", "cancelled"], "Whether the booking counts.")
}

pub(crate) fn replayed() -> Schema {
    one_of(&["true"], "Not there otherwise.")
}

pub(crate) fn idempotency_key() -> Schema {
    let max = IdempotencyKey::MAX_CHARS;
    string(
        "A name of the client's own for this request.",
        "my-first-booking",
    )
    .min_length(Some(1))
    .max_length(Some(max))
    .pattern(Some(format!("^[!-~]{{1,{max}}}$")))
    .into()
}
