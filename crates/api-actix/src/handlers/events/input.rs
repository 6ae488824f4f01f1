//! The query of the list of events, and their bodies.

use domain::cursor::{self, Moment, Start};
use domain::event::{
    Capacity, Description, EventChange, EventDetails, EventFilter, EventOrder, EventQuery,
    ExpectedRevision, Location, Tag, Title,
};
use domain::idempotency::KeyUse;
use domain::page::PageRequest;
use domain::search::SearchWords;
use domain::text::InvalidValue;
use domain::time::Timestamp;

use crate::extract::{Fields, Query, integer, metadata, text};
use crate::openapi::{body_schema, changes, fields, schema_type};
use crate::problem::{FieldError, Problem};

schema_type! {
    /// What [`event_details`] reads.
    NewEventBody as "NewEvent",
    body_schema(vec![
        ("title", fields::title()),
        ("description", fields::description()),
        ("date", fields::date()),
        ("location", fields::location()),
        ("totalTickets", fields::total_tickets()),
    ], vec![("metadata", fields::metadata())])
}

schema_type! {
    /// What [`event_change`] reads.
    EventChangeBody as "EventChange",
    changes(vec![
        ("title", fields::title()),
        ("description", fields::description()),
        ("date", fields::date()),
        ("location", fields::location()),
        ("totalTickets", fields::total_tickets()),
        ("metadata", fields::metadata()),
    ])
}

/// What a header says, or what is wrong with it.
type Header<T> = Result<T, FieldError>;

/// `{title, description, date, location, totalTickets, metadata?}` and the key from the header.
pub(super) fn event_details(
    json: &str,
    key: Header<Option<KeyUse>>,
) -> Result<(EventDetails, Option<KeyUse>), Problem> {
    let mut fields = Fields::parse(json)?;
    let title = fields.required("title", text(Title::parse));
    let description = fields.required("description", text(Description::parse));
    let date = fields.required("date", text(Timestamp::parse));
    let location = fields.required("location", text(Location::parse));
    let capacity = fields.required("totalTickets", integer(Capacity::new));
    let metadata = fields.optional("metadata", metadata).unwrap_or_default();
    let key = fields.take(key);
    let details = || {
        let details = EventDetails {
            title: title?,
            description: description?,
            date: date?,
            location: location?,
            capacity: capacity?,
            metadata,
        };
        Some((details, key?))
    };
    fields.finish(details())
}

/// Any of the same fields, at least one, and what the headers say of the revision and the key.
pub(super) fn event_change(
    json: &str,
    expected: Header<ExpectedRevision>,
    key: Header<Option<KeyUse>>,
) -> Result<(EventChange, ExpectedRevision, Option<KeyUse>), Problem> {
    let mut fields = Fields::parse(json)?;
    if fields.is_empty() {
        fields.refuse("body", InvalidValue::Empty.to_string());
    }
    let change = EventChange {
        title: fields.optional("title", text(Title::parse)),
        description: fields.optional("description", text(Description::parse)),
        date: fields.optional("date", text(Timestamp::parse)),
        location: fields.optional("location", text(Location::parse)),
        capacity: fields.optional("totalTickets", integer(Capacity::new)),
        metadata: fields.optional("metadata", metadata),
    };
    let (expected, key) = (fields.take(expected), fields.take(key));
    let whole = || Some((change, expected?, key?));
    fields.finish(whole())
}

/// What is asked of the list of events.
pub(super) struct EventListQuery {
    pub(super) query: EventQuery,
    pub(super) start: Start<Moment>,
    pub(super) page: PageRequest,
}

/// `q`, `from`, `to`, `tag`, `available`, `sort`, `limit`, and `page` or `cursor`.
pub(super) fn event_list(mut fields: Query) -> Result<EventListQuery, Problem> {
    let filter = EventFilter {
        search: fields.optional("q", SearchWords::parse),
        from: fields.optional("from", Timestamp::parse),
        to: fields.optional("to", Timestamp::parse),
        tag: fields.optional("tag", Tag::parse),
        available: fields.optional("available", boolean).unwrap_or_default(),
    };
    let order = fields.optional("sort", EventOrder::parse);
    let query = EventQuery {
        filter,
        order: order.unwrap_or_default(),
    };
    let page = fields.page();
    fields.not_both("page", "cursor");
    let start = fields.cursor(|text| cursor::resume(&query.scope(), text));
    let list = page.map(|page| EventListQuery {
        query,
        start: start.unwrap_or(Start::Offset(page.offset())),
        page,
    });
    fields.finish(list)
}

fn boolean(text: &str) -> Result<bool, InvalidValue> {
    text.parse().map_err(|_| InvalidValue::NotABoolean)
}
