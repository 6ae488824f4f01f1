//! Moments in time, in milliseconds, as every backend can keep them.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::text::InvalidValue;

/// The first and last milliseconds of the years 1 and 9999: what RFC 3339 can print.
const FIRST: i64 = -62_135_596_800_000;
const LAST: i64 = 253_402_300_799_999;

/// A moment in UTC with millisecond precision, in the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970-01-01T00:00:00Z; a value outside the years 1 to 9999 becomes
    /// the nearest moment inside.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(FIRST, LAST))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Parses a time as in RFC 3339, with a zone; anything finer than a millisecond is cut off.
    pub fn parse(raw: &str) -> Result<Self, InvalidValue> {
        let time = DateTime::parse_from_rfc3339(raw.trim()).map_err(|_| InvalidValue::NotATime)?;
        let millis = time.timestamp_millis();
        if (FIRST..=LAST).contains(&millis) {
            Ok(Self(millis))
        } else {
            Err(InvalidValue::NotATime)
        }
    }

    /// This moment and `span` later.
    pub fn plus(self, span: Duration) -> Self {
        Self::from_millis(
            self.0
                .saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// This moment and `span` earlier.
    pub fn minus(self, span: Duration) -> Self {
        Self::from_millis(
            self.0
                .saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

/// RFC 3339 in UTC with milliseconds and `Z`, as in `2030-12-31T20:00:00.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_in_utc_with_milliseconds() {
        let time = Timestamp::parse("2024-12-31T12:00:00.123456+02:00").unwrap();
        assert_eq!(time.to_string(), "2024-12-31T10:00:00.123Z");
        assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
    }

    #[test]
    fn times_without_zone_and_impossible_ones_are_refused() {
        for bad in [
            "",
            "2024-12-31",
            "2024-12-31T10:00:00",
            "2024-13-01T00:00:00Z",
            "soon",
            "0000-01-01T00:00:00Z",
        ] {
            assert_eq!(Timestamp::parse(bad), Err(InvalidValue::NotATime), "{bad}");
        }
        assert!(Timestamp::parse("0001-01-01T00:00:00Z").is_ok());
        assert!(Timestamp::parse("9999-12-31T23:59:59.999Z").is_ok());
    }
}
