//! Bookings in answers.

use domain::booking::{Booking, BookingStatus, BookingWithEvent};
use domain::event::EventSummary;
use serde::Serialize;

/// A booking; its event only in lists.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BookingDto<'a> {
    id: i64,
    event_id: String,
    user_id: i64,
    quantity: u32,
    status: &'static str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventSummaryDto<'a>>,
}

/// What a booking shows of its event.
#[derive(Serialize)]
struct EventSummaryDto<'a> {
    title: &'a str,
    date: String,
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
