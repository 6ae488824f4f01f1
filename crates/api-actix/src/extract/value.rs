//! One JSON value, read as what its field needs.

use domain::event::Metadata;
use domain::text::InvalidValue;
use serde_json::value::RawValue;

use super::fields::Wrong;

/// A string, read on by `parse`.
pub(crate) fn text<T>(
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
) -> impl FnOnce(&RawValue) -> Result<T, Wrong> {
    |raw| {
        if !raw.get().starts_with('"') {
            return Err(Wrong("must be text".to_owned()));
        }
        // The string is well-formed; what may still be wrong is half a surrogate pair.
        let text: String = serde_json::from_str(raw.get())
            .map_err(|_| Wrong("must be valid Unicode text".to_owned()))?;
        Ok(parse(&text)?)
    }
}

/// A number without a fraction, read on by `parse`: `2`, and also `2.0` and `2e0`, which are the same number
/// and what JSON Schema calls an integer.
pub(crate) fn integer<T>(
    parse: impl FnOnce(i64) -> Result<T, InvalidValue>,
) -> impl FnOnce(&RawValue) -> Result<T, Wrong> {
    |raw| {
        let number = whole_number(raw.get()).or_else(|| whole_float(raw.get()));
        Ok(parse(number.ok_or_else(not_whole)?)?)
    }
}

/// Free-form metadata, from its text and not from a parsed value.
pub(crate) fn metadata(raw: &RawValue) -> Result<Metadata, Wrong> {
    if !raw.get().starts_with('{') {
        return Err(InvalidValue::NotAnObject.into());
    }
    Ok(Metadata::parse(raw.get())?)
}

/// The value of decimal digits with an optional minus sign. What 64 bits cannot hold becomes the
/// nearest value that they can: out of every range that a field has.
pub(super) fn whole_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let beyond = if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    Some(text.parse().unwrap_or(beyond))
}

/// The value of a JSON number with a point or an exponent, if nothing is behind the point. What 64 bits
/// cannot hold becomes the nearest value that they can.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` goes to the nearest value, as it should"
)]
fn whole_float(json: &str) -> Option<i64> {
    let number: f64 = serde_json::from_str(json).ok()?;
    (number.fract() == 0.0).then_some(number as i64)
}

/// The refusal of what [`whole_number`] does not take.
pub(super) fn not_whole() -> Wrong {
    Wrong("must be a whole number".to_owned())
}
