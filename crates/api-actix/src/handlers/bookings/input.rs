//! The body and the header of a booking.

use domain::booking::{BookTickets, Quantity};
use domain::event::EventId;
use domain::idempotency::IdempotencyKey;
use domain::text::InvalidValue;

use crate::extract::{Fields, IDEMPOTENCY_KEY, integer, text};
use crate::openapi::{body_schema, fields, schema_type};
use crate::problem::Problem;
use crate::refusals::event_not_found;

schema_type! {
    /// The body that [`wish`] reads.
    NewBookingBody as "NewBooking",
    body_schema(vec![("eventId", fields::event_id())], vec![("quantity", fields::quantity())])
}

/// `{eventId, quantity?}` and the key from the header.
pub(super) fn wish(
    json: &str,
    key: Result<Option<IdempotencyKey>, InvalidValue>,
) -> Result<BookTickets, Problem> {
    let mut fields = Fields::parse(json)?;
    let event_id = fields.required("eventId", text(|id| Ok(EventId::parse(id))));
    let quantity = fields
        .optional("quantity", integer(Quantity::new))
        .unwrap_or(Quantity::ONE);
    let key = key.unwrap_or_else(|error| {
        fields.refuse(IDEMPOTENCY_KEY, error.to_string());
        None
    });
    // Text that cannot be an event's id is an event that does not exist, and no invalid field.
    let event_id = fields.finish(event_id)?.ok_or_else(event_not_found)?;
    Ok(BookTickets {
        event_id,
        quantity,
        key,
    })
}
