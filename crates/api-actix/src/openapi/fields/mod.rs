//! The schema of each field, with the limits that the domain parses by.
//!
//! What is documented as valid is accepted, and what is not is refused; where JSON Schema has no words
//! for a limit (bytes in UTF-8, levels of nesting), the description has.

mod accounts;
mod bookings;
mod events;
mod lists;
mod logs;

use std::ops::RangeInclusive;

use serde_json::Value;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};

pub(crate) use accounts::*;
pub(crate) use bookings::*;
pub(crate) use events::*;
pub(crate) use lists::*;
pub(crate) use logs::*;

/// What is trimmed: the characters that Unicode calls white space.
const WHITE: &str = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
/// Control characters.
const CONTROL: &str = r"\x00-\x1f\x7f-\x9f";
/// Control characters that are no line break or tab.
const CONTROL_IN_LINES: &str = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f";
/// A moment as answers print it.
const MOMENT: &str = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$";
/// The greatest id: what a signed 64-bit integer holds.
const MAX_ID: i64 = i64::MAX;

fn string(description: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .examples([Value::from(example)])
}

/// Any text, such as that.
pub(super) fn like(example: &str) -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .examples([Value::from(example)])
        .into()
}

fn integer(range: RangeInclusive<i64>, description: &str, example: i64) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(isize::try_from(*range.start()).ok())
        .maximum(isize::try_from(*range.end()).ok())
        .description(Some(description))
        .examples([Value::from(example)])
}

/// One line of text from a client. The pattern is exactly what is accepted, blanks around included:
/// `maxLength` would count those too.
fn one_line(length: RangeInclusive<usize>, what: &str, example: &str) -> Schema {
    let (min, max) = (length.start(), length.end());
    let inner = max.saturating_sub(2);
    let pattern = format!(
        "^[{WHITE}]*[^{WHITE}{CONTROL}](?:[^{CONTROL}]{{0,{inner}}}[^{WHITE}{CONTROL}])?[{WHITE}]*$"
    );
    let description = format!("{what} {min} to {max} characters on one line after trimming.");
    string(&description, example)
        .min_length(Some(*min))
        .pattern(Some(pattern))
        .into()
}

/// Text in an answer.
fn answered(length: RangeInclusive<usize>, what: &str, example: &str) -> Schema {
    string(what, example)
        .min_length(Some(*length.start()))
        .max_length(Some(*length.end()))
        .into()
}

fn one_of(names: &[&str], description: &str) -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(names.iter().copied()))
        .description(Some(description))
        .examples(names.iter().take(1).map(|name| Value::from(*name)))
        .into()
}
