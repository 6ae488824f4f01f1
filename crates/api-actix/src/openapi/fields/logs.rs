//! The audit log.

use domain::audit::{Action, Outcome};
use utoipa::openapi::schema::{
    AdditionalProperties, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type,
};

use super::{one_of, string};

pub(crate) fn log_id() -> Schema {
    string("The record's id.", "507f1f77bcf86cd799439011")
        .pattern(Some("^[0-9a-f]{24}$"))
        .into()
}

pub(crate) fn log_level() -> Schema {
    string("How much attention it deserves.", "info").into()
}

pub(crate) fn log_action() -> Schema {
    string("What was done.", "event.update").into()
}

pub(crate) fn log_outcome() -> Schema {
    string("How it ended.", "success").into()
}

pub(crate) fn log_role() -> Schema {
    string("The role at that time.", "admin").into()
}

pub(crate) fn log_address() -> Schema {
    string("The client's address.", "192.0.2.1").into()
}

pub(crate) fn log_request() -> Schema {
    string(
        "The id of the request.",
        "0193a1c5-9c1e-7c3a-8a55-0d6f1c2b3a4d",
    )
    .into()
}

pub(crate) fn log_kind() -> Schema {
    string("What kind of thing it was done to.", "event").into()
}

pub(crate) fn log_target_id() -> Schema {
    string("Which one.", "507f1f77bcf86cd799439011").into()
}

pub(crate) fn log_details() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
        .description(Some(
            "Further facts by name; of a change of an event what was `before` and `after`.",
        ))
        .examples([serde_json::json!({"fields": ["title"], "before": {"title": "A"}, "after": {"title": "B"}})])
        .into()
}

pub(crate) fn action_wanted() -> Schema {
    let names: Vec<String> = Action::ALL.into_iter().map(Action::name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    one_of(&names, "What was done.")
}

pub(crate) fn target_wanted() -> Schema {
    string("Kind and id.", "event:507f1f77bcf86cd799439011")
        .pattern(Some("^[a-z]{1,32}:[0-9A-Za-z]{1,64}$"))
        .into()
}

pub(crate) fn outcome_wanted() -> Schema {
    one_of(&Outcome::ALL.map(Outcome::name), "How it ended.")
}

pub(crate) fn moment_wanted() -> Schema {
    string(
        "An RFC 3339 time with a zone, in the years 1 to 9999.",
        "2030-12-31T10:00:00Z",
    )
    .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
    .into()
}

pub(crate) fn log_limit() -> Schema {
    super::limit_of(crate::handlers::logs::DEFAULT_LIMIT)
}

/// No schema can say which cursors belong to a list.
pub(crate) fn cursor() -> Schema {
    string(
        "The `pagination.nextCursor` of an answer to the same filters, or nothing.",
        "AbC0dEf1gHi2",
    )
    .pattern(Some("^[A-Za-z0-9_-]{0,64}$"))
    .into()
}

pub(crate) fn next_cursor() -> Schema {
    string(
        "The cursor behind the last row; absent at the end of the list.",
        "AbC0dEf1gHi2",
    )
    .pattern(Some("^[A-Za-z0-9_-]{1,64}$"))
    .into()
}
