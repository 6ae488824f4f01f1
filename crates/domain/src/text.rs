//! Values from outside: one vocabulary of what can be wrong with them, and the parsing of text.

use std::ops::RangeInclusive;

/// Why a value from outside was refused. `Display` is written for the one who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// Nothing but white space, where something is needed.
    #[error("must not be blank")]
    Blank,
    /// Fewer characters than needed.
    #[error("must have at least {min} characters")]
    TooShort {
        /// The least number of characters.
        min: usize,
    },
    /// More characters than allowed.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The greatest number of characters.
        max: usize,
    },
    /// More bytes in UTF-8 than allowed.
    #[error("must have at most {max} bytes in UTF-8")]
    TooManyBytes {
        /// The greatest number of bytes.
        max: usize,
    },
    /// A control character (NUL, escape, a line break where one line is meant).
    #[error("must not contain control characters")]
    ControlCharacter,
    /// Not in the form of an e-mail address.
    #[error("must be an e-mail address")]
    NotAnEmail,
    /// Not an RFC 3339 time with a zone.
    #[error("must be an RFC 3339 time with a zone, such as 2030-12-31T20:00:00Z")]
    NotATime,
    /// An integer out of range.
    #[error("must be a whole number from {min} to {max}")]
    OutOfRange {
        /// The least allowed value.
        min: i64,
        /// The greatest allowed value.
        max: i64,
    },
    /// Metadata that is no JSON object.
    #[error("must be an object")]
    NotAnObject,
    /// A metadata key that MongoDB keeps for itself.
    #[error("has a key that starts with `$`, contains `.` or a control character")]
    ReservedKey,
    /// Metadata that has a key twice in one object.
    #[error("has a key more than once in the same object")]
    RepeatedKey,
    /// Metadata nested too deeply.
    #[error("must not be nested deeper than {max} levels")]
    TooDeep {
        /// The greatest number of levels, the object itself being the first.
        max: usize,
    },
    /// A number that no 64-bit integer or double can hold.
    #[error("has a number that does not fit into 64 bits")]
    NumberTooLarge,
    /// Not 1 to 255 visible ASCII characters.
    #[error("must be 1 to 255 visible ASCII characters")]
    NotAKey,
    /// Not the name of a role.
    #[error("must be `user`, `staff` or `admin`")]
    NotARole,
    /// Not in the form of a refresh token.
    #[error("must be a refresh token: 43 characters of base64url")]
    NotARefreshToken,
    /// Not a cursor, or one of another list.
    #[error("must be a `nextCursor` of this very list, with the same filters")]
    NotACursor,
    /// Not an order of a list of events.
    #[error("must be date or -date")]
    NotAnOrder,
    /// Neither `true` nor `false`.
    #[error("must be true or false")]
    NotABoolean,
    /// Not the name of something that is written to the audit log.
    #[error("must be an action of the audit log, such as booking.create")]
    NotAnAction,
    /// Not the name of an outcome.
    #[error("must be success or failure")]
    NotAnOutcome,
    /// Not what something was done to.
    #[error("must be a kind and an id, such as event:507f1f77bcf86cd799439011 or booking:2")]
    NotATarget,
    /// A change that changes nothing.
    #[error("must have at least one field")]
    Empty,
}

/// Whether line breaks and tabs are part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    One,
    Many,
}

/// Trims `raw` and checks its length in characters and that it has no control characters.
pub(crate) fn parse(
    raw: &str,
    length: RangeInclusive<usize>,
    lines: Lines,
) -> Result<String, InvalidValue> {
    let text = raw.trim();
    if has_control(text, lines) {
        return Err(InvalidValue::ControlCharacter);
    }
    let count = text.chars().count();
    if count == 0 && *length.start() > 0 {
        return Err(InvalidValue::Blank);
    }
    if count < *length.start() {
        return Err(InvalidValue::TooShort {
            min: *length.start(),
        });
    }
    if count > *length.end() {
        return Err(InvalidValue::TooLong { max: *length.end() });
    }
    Ok(text.to_owned())
}

/// Whether `text` has a control character; line breaks and tabs count only in one-line text.
pub(crate) fn has_control(text: &str, lines: Lines) -> bool {
    text.chars()
        .any(|c| c.is_control() && !(lines == Lines::Many && matches!(c, '\n' | '\r' | '\t')))
}

/// Defines a newtype over trimmed text of a bounded length.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $length:expr, $lines:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The number of characters, counted after trimming.
            pub const LENGTH: std::ops::RangeInclusive<usize> = $length;

            /// Parses text from outside: trimmed, its length in characters checked.
            pub fn parse(raw: &str) -> Result<Self, $crate::text::InvalidValue> {
                $crate::text::parse(raw, Self::LENGTH, $lines).map(Self)
            }

            /// Takes text that was parsed before it was stored.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}
pub(crate) use text_type;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_counted_in_characters() {
        assert_eq!(parse("  Zoë  ", 1..=3, Lines::One), Ok("Zoë".to_owned()));
        assert_eq!(
            parse("Zoës", 1..=3, Lines::One),
            Err(InvalidValue::TooLong { max: 3 })
        );
        assert_eq!(parse(" \t ", 1..=3, Lines::One), Err(InvalidValue::Blank));
        assert_eq!(parse("  ", 0..=3, Lines::One), Ok(String::new()));
    }

    #[test]
    fn control_characters_are_refused_but_for_lines_in_long_text() {
        for bad in ["a\0b", "a\u{1b}[31m", "a\u{7f}", "a\u{85}b"] {
            assert_eq!(
                parse(bad, 0..=99, Lines::Many),
                Err(InvalidValue::ControlCharacter)
            );
        }
        assert_eq!(
            parse("a\nb", 0..=99, Lines::One),
            Err(InvalidValue::ControlCharacter)
        );
        assert_eq!(
            parse("a\r\n\tb", 0..=99, Lines::Many),
            Ok("a\r\n\tb".to_owned())
        );
    }
}
