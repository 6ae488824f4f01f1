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

/// An integer as JSON writes one, `2` and not `2.0`, `2e0` or `"2"`, read on by `parse`.
pub(crate) fn integer<T>(
    parse: impl FnOnce(i64) -> Result<T, InvalidValue>,
) -> impl FnOnce(&RawValue) -> Result<T, Wrong> {
    |raw| {
        let number = whole_number(raw.get()).ok_or_else(not_whole)?;
        Ok(parse(number)?)
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

/// The refusal of what [`whole_number`] does not take.
pub(super) fn not_whole() -> Wrong {
    Wrong("must be a whole number".to_owned())
}
