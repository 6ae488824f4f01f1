//! Bookings in answers.

use domain::booking::{Booking, BookingStatus, BookingWithEvent};
use domain::event::EventSummary;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::fields;

/// A booking; `event` only in lists, `cancelledAt` only when it is cancelled.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Booking)]
pub(crate) struct BookingDto<'a> {
    #[schema(schema_with = fields::booking_id)]
    id: i64,
    #[schema(schema_with = fields::event_id_answered)]
    event_id: String,
    #[schema(schema_with = fields::user_id)]
    user_id: i64,
    #[schema(schema_with = fields::quantity_answered)]
    quantity: u32,
    #[schema(schema_with = fields::booking_status)]
    status: &'static str,
    #[schema(schema_with = fields::moment)]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = fields::moment, required = false)]
    cancelled_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    event: Option<EventSummaryDto<'a>>,
}

/// What a booking shows of its event.
#[derive(Serialize, ToSchema)]
#[schema(as = EventSummary)]
struct EventSummaryDto<'a> {
    #[schema(schema_with = fields::title_answered)]
    title: &'a str,
    #[schema(schema_with = fields::moment)]
    date: String,
    #[schema(schema_with = fields::location_answered)]
    location: &'a str,
}

impl From<&Booking> for BookingDto<'_> {
    fn from(booking: &Booking) -> Self {
        let (status, cancelled_at) = match booking.status {
            BookingStatus::Confirmed => ("confirmed", None),
            BookingStatus::Cancelled { at } => ("cancelled", Some(at.to_string())),
        };
        Self {
            id: booking.id.get(),
            event_id: booking.event_id.to_string(),
            user_id: booking.user_id.get(),
            quantity: booking.quantity.get(),
            status,
            created_at: booking.created_at.to_string(),
            cancelled_at,
            event: None,
        }
    }
}

impl<'a> BookingDto<'a> {
    /// A booking in a list.
    pub(crate) fn with_event(row: &'a BookingWithEvent) -> Self {
        let event = row.event.as_ref().map(EventSummaryDto::from);
        Self {
            event,
            ..Self::from(&row.booking)
        }
    }
}

impl<'a> From<&'a EventSummary> for EventSummaryDto<'a> {
    fn from(event: &'a EventSummary) -> Self {
        Self {
            title: event.title.as_str(),
            date: event.date.to_string(),
            location: event.location.as_str(),
        }
    }
}
