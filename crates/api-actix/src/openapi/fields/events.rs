//! Events.

use domain::event::{Capacity, Description, EventOrder, Location, Metadata, Tag, Title};
use domain::search::SearchWords;
use serde_json::json;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, KnownFormat, Object, ObjectBuilder, Ref,
    Schema, SchemaFormat, SchemaType, Type,
};

use super::{
    CONTROL, CONTROL_IN_LINES, MOMENT, WHITE, answered, integer, one_line, one_of, string,
};
use crate::openapi::schema_type;

pub(crate) fn title() -> Schema {
    one_line(Title::LENGTH, "The title.", "Tech Conference")
}

pub(crate) fn title_answered() -> Schema {
    answered(Title::LENGTH, "The title.", "Tech Conference")
}

pub(crate) fn description() -> Schema {
    let max = *Description::LENGTH.end();
    let text = format!("At most {max} characters after trimming; line breaks and tabs are fine.");
    string(&text, "Annual technology conference")
        .max_length(Some(max))
        .pattern(Some(format!(
            "^[{WHITE}]*[^{CONTROL_IN_LINES}]*[{WHITE}]*$"
        )))
        .into()
}

pub(crate) fn description_answered() -> Schema {
    answered(
        Description::LENGTH,
        "The description.",
        "Annual technology conference",
    )
}

pub(crate) fn event_search() -> Schema {
    let what = "Words that all stand in the title, the description or the location, compared without case.";
    one_line(SearchWords::LENGTH, what, "rust conference")
}

pub(crate) fn tag() -> Schema {
    one_line(Tag::LENGTH, "A tag, compared with case.", "rust")
}

pub(crate) fn available_wanted() -> Schema {
    let what = "`true`: tickets are left, and it has not begun.";
    ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .description(Some(what))
        .default(Some(json!(false)))
        .examples([true])
        .into()
}

pub(crate) fn event_order() -> Schema {
    let names = EventOrder::ALL.map(EventOrder::name);
    one_of(&names, "By date, the earliest first, or the latest first.")
}

pub(crate) fn location() -> Schema {
    one_line(
        Location::LENGTH,
        "Where it takes place.",
        "Convention Center, NYC",
    )
}

pub(crate) fn location_answered() -> Schema {
    answered(
        Location::LENGTH,
        "Where it takes place.",
        "Convention Center, NYC",
    )
}

pub(crate) fn date() -> Schema {
    let description = "When it begins: an RFC 3339 time with a zone, in the years 1 to 9999. Anything finer \
                       than a millisecond is cut off. From then on nothing is booked.";
    string(description, "2030-12-31T10:00:00Z")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .into()
}

pub(crate) fn moment() -> Schema {
    string(
        "RFC 3339 in UTC with milliseconds.",
        "2030-12-31T10:00:00.000Z",
    )
    .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
    .pattern(Some(MOMENT))
    .into()
}

pub(crate) fn total_tickets() -> Schema {
    integer(1..=Capacity::MAX, "How many tickets there are in all.", 500).into()
}

pub(crate) fn available_tickets() -> Schema {
    integer(
        0..=Capacity::MAX,
        "How many tickets can still be booked.",
        498,
    )
    .into()
}

/// An event's id where it may be of any form: what no event has is an event that is not found.
pub(crate) fn event_id() -> Schema {
    string(
        "The event's id; any other text is an event that does not exist.",
        "507f1f77bcf86cd799439011",
    )
    .pattern(Some("^[0-9a-fA-F]{24}$"))
    .into()
}

pub(crate) fn event_id_answered() -> Schema {
    string("The event's id.", "507f1f77bcf86cd799439011")
        .pattern(Some("^[0-9a-f]{24}$"))
        .into()
}

/// A tag as answers have it.
pub(crate) fn entity_tag() -> Schema {
    string("`\"<revision>.<stock>\"`", "\"3.14\"")
        .pattern(Some(r#"^"[1-9][0-9]*\.[0-9]+"$"#))
        .into()
}

/// `If-Match` (RFC 9110): `*`, or tags with commas between.
pub(crate) fn strong_tags() -> Schema {
    let tag = r#"(?:W/)?"[!#-~]*""#;
    string("`*`, or tags with commas between.", "*")
        .pattern(Some(format!("^(?:\\*|{tag}(?:, *{tag})*)$")))
        .max_length(Some(4_096))
        .into()
}

pub(crate) fn metadata() -> Schema {
    let description = format!(
        "Any JSON object: at most {} levels of nesting, {} bytes as compact JSON, integers of at most 64 bits \
         signed. It comes back as it went in.",
        Metadata::MAX_DEPTH,
        Metadata::MAX_BYTES
    );
    metadata_object(&description)
        .examples([json!({"speakers": ["John Doe"], "tags": ["tech"]})])
        .into()
}

fn metadata_object(description: &str) -> ObjectBuilder {
    let key = Object::builder()
        .schema_type(Type::String)
        .pattern(Some(format!("^(?!\\$)[^.{CONTROL}]*$")));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(description))
        .property_names(Some(Schema::Object(key.build())))
        .additional_properties(Some(AdditionalProperties::RefOr(
            Ref::from_schema_name("MetadataValue").into(),
        )))
}

pub(crate) fn metadata_answered() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("What was given as metadata; `{}` if nothing was."))
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
        .examples([json!({"speakers": ["John Doe"], "tags": ["tech"]})])
        .into()
}

schema_type! {
    /// A value within metadata.
    MetadataValue as "MetadataValue",
    AnyOfBuilder::new()
        .description(Some("A value within an event's metadata."))
        .item(ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Boolean, Type::Null])))
        .item(ObjectBuilder::new().schema_type(Type::Number)
            .minimum(Some(isize::MIN)).maximum(Some(isize::MAX)))
        .item(ObjectBuilder::new().schema_type(Type::String)
            .pattern(Some(format!("^[^{CONTROL_IN_LINES}]*$"))))
        .item(ArrayBuilder::new().items(Ref::from_schema_name("MetadataValue")))
        .item(metadata_object("An object."))
        .build()
}
