//! The parameters that several operations share.

use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Schema;

use super::fields;
use crate::extract::{IDEMPOTENCY_KEY, SETUP_TOKEN};

/// The header that makes a change depend on the version.
pub(crate) const IF_MATCH: &str = "If-Match";
/// The header that makes an answer depend on the version.
const IF_NONE_MATCH: &str = "If-None-Match";

fn parameter(place: ParameterIn, name: &str, description: &str, schema: Schema) -> Parameter {
    let required = match place {
        ParameterIn::Path => Required::True,
        _ => Required::False,
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

/// Defines a type that stands for parameters and has no values.
macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident [$($parameter:expr),* $(,)?])*) => {$(
        $(#[$doc])*
        pub(crate) enum $name {}

        impl IntoParams for $name {
            fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                vec![$($parameter),*]
            }
        }
    )*};
}

parameters! {
    /// An event in the path.
    EventInPath [parameter(ParameterIn::Path, "id", "The event's id.", fields::event_id())]
    /// A booking in the path.
    BookingInPath [parameter(ParameterIn::Path, "bookingId", "The booking's id.", fields::booking_id())]
    /// A user in the path.
    UserInPath [parameter(ParameterIn::Path, "id", "The user's id.", fields::user_id())]
    /// Which users a list shows.
    UserFilterQuery [
        parameter(ParameterIn::Query, "q", "Words to look for.", fields::user_search()),
        parameter(ParameterIn::Query, "role", "Only users of this role.", fields::role()),
    ]
    /// Which events a list shows, and in which order.
    EventFilterQuery [
        parameter(ParameterIn::Query, "q", "Words to look for.", fields::event_search()),
        parameter(ParameterIn::Query, "from", "Only what begins then or later.", fields::moment_wanted()),
        parameter(ParameterIn::Query, "to", "Only what begins before that.", fields::moment_wanted()),
        parameter(ParameterIn::Query, "tag", "Only what has that tag in `metadata.tags`.", fields::tag()),
        parameter(ParameterIn::Query, "available", "Only what can be booked now.", fields::available_wanted()),
        parameter(ParameterIn::Query, "sort", "The order.", fields::event_order()),
    ]
    /// Which records of the audit log are wanted.
    LogFilterQuery [
        parameter(ParameterIn::Query, "actor", "Only what that user did.", fields::user_id()),
        parameter(ParameterIn::Query, "action", "Only what is of that kind.", fields::action_wanted()),
        parameter(ParameterIn::Query, "target", "Only what was done to that.", fields::target_wanted()),
        parameter(ParameterIn::Query, "outcome", "Only what ended so.", fields::outcome_wanted()),
        parameter(ParameterIn::Query, "since", "From that moment on.", fields::moment_wanted()),
        parameter(ParameterIn::Query, "until", "Before that moment.", fields::moment_wanted()),
        parameter(ParameterIn::Query, "limit", "The most rows of a page.", fields::log_limit()),
    ]
    /// Where a page of a list begins.
    CursorQuery [parameter(
        ParameterIn::Query,
        "cursor",
        "Only rows behind it; empty, to begin a walk by cursor with the first. A cursor of other filters is \
         refused.",
        fields::cursor(),
    )]
    /// A file of Swagger UI in the path.
    UiFileInPath [parameter(ParameterIn::Path, "file", "The file's name.", fields::ui_file())]
    /// A page of a list.
    PageQuery [
        parameter(ParameterIn::Query, "page", "Which page, counted from 1.", fields::page()),
        parameter(ParameterIn::Query, "limit", "The most rows of a page.", fields::limit()),
    ]
    /// The key that makes it safe to send a request again.
    IdempotencyHeader [parameter(
        ParameterIn::Header,
        IDEMPOTENCY_KEY,
        "Makes it safe to send the request again: the same key, path and body get the first answer, for at \
         least 24 hours. Only a success is remembered.",
        fields::idempotency_key(),
    )]
    /// The versions of an event that a change is meant for.
    IfMatchHeader [parameter(
        ParameterIn::Header,
        IF_MATCH,
        "Makes the request depend on the event: the tags that were read, or `*`. Of a tag the revision alone \
         counts, so sales are not in the way. At most 4,096 bytes.",
        fields::strong_tags(),
    )]
    /// The versions of an event that the client has.
    IfNoneMatchHeader [parameter(
        ParameterIn::Header,
        IF_NONE_MATCH,
        "Asks for the event only if it is none of these, tickets included: the tags that the client has, or `*`. \
         What cannot be read is passed over.",
        fields::like("\"3.14\""),
    )]
    /// The setup token.
    SetupHeader [parameter(
        ParameterIn::Header,
        SETUP_TOKEN,
        "Lets the request make the first admin, as long as there is none.",
        fields::like("one-of-your-own-choice"),
    )]
}
