//! Free-form metadata of an event: what goes in comes back equal, on every backend.

use serde_json::{Map, Value};

use crate::text::{InvalidValue, Lines, has_control};

/// A JSON object that every backend can keep and give back equal: at most 16 KiB, 8 levels, no key
/// that MongoDB keeps for itself, no number that 64 bits can't hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    /// The greatest size, in bytes of compact JSON.
    pub const MAX_BYTES: usize = 16 * 1024;
    /// The greatest number of levels; the object itself is the first.
    pub const MAX_DEPTH: usize = 8;

    /// Parses the JSON text of a metadata object.
    ///
    /// It takes text and not a parsed value because a JSON parser turns an integer beyond 64 bits into
    /// a double without a word, and it would come back as another number.
    pub fn parse(json: &str) -> Result<Self, InvalidValue> {
        check_depth(json)?;
        check_numbers(json)?;
        match serde_json::from_str(json) {
            Ok(Value::Object(map)) => {
                check_keys(json, &map)?;
                map.iter()
                    .try_for_each(|(key, value)| check_entry(key, value))?;
                Self(map).check_size()
            }
            _ => Err(InvalidValue::NotAnObject),
        }
    }

    /// Takes an object that was parsed before it was stored.
    pub fn from_stored(map: Map<String, Value>) -> Self {
        Self(map)
    }

    /// The object.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    fn check_size(self) -> Result<Self, InvalidValue> {
        match serde_json::to_string(&self.0) {
            Ok(text) if text.len() <= Self::MAX_BYTES => Ok(self),
            _ => Err(InvalidValue::TooManyBytes {
                max: Self::MAX_BYTES,
            }),
        }
    }
}

/// Counts open brackets outside of strings, so that no parser ever recurses into deep text.
fn check_depth(json: &str) -> Result<(), InvalidValue> {
    let mut depth = 0_usize;
    let mut deepest = 0;
    outside_strings(json, |byte| {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    });
    if deepest > Metadata::MAX_DEPTH {
        return Err(InvalidValue::TooDeep {
            max: Metadata::MAX_DEPTH,
        });
    }
    Ok(())
}

/// Checks that each number is a 64-bit signed integer or a finite double.
fn check_numbers(json: &str) -> Result<(), InvalidValue> {
    let mut token = String::new();
    let mut fits = true;
    // The closing blank ends a number that is the last thing in the text.
    let mut feed = |byte: u8| match byte {
        b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E' => token.push(char::from(byte)),
        _ => {
            fits &= number_fits(&token);
            token.clear();
        }
    };
    outside_strings(json, &mut feed);
    feed(b' ');
    if fits {
        Ok(())
    } else {
        Err(InvalidValue::NumberTooLarge)
    }
}

fn number_fits(token: &str) -> bool {
    let starts_as_number = token.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    if !starts_as_number {
        return true; // a letter of `true`, `false` or `null`
    }
    if token.contains(['.', 'e', 'E']) {
        token.parse::<f64>().is_ok_and(f64::is_finite)
    } else {
        token.parse::<i64>().is_ok()
    }
}

/// Checks that no key stands twice in the same object: the parser keeps the last one without a word.
/// Outside of strings each key has its colon, so the counts differ if one was dropped.
fn check_keys(json: &str, map: &Map<String, Value>) -> Result<(), InvalidValue> {
    let mut colons = 0;
    outside_strings(json, |byte| colons += usize::from(byte == b':'));
    if colons == count_keys(map) {
        Ok(())
    } else {
        Err(InvalidValue::RepeatedKey)
    }
}

fn count_keys(map: &Map<String, Value>) -> usize {
    map.len() + map.values().map(count_keys_within).sum::<usize>()
}

fn count_keys_within(value: &Value) -> usize {
    match value {
        Value::Object(map) => count_keys(map),
        Value::Array(values) => values.iter().map(count_keys_within).sum(),
        _ => 0,
    }
}

fn outside_strings(json: &str, mut visit: impl FnMut(u8)) {
    let (mut in_string, mut escaped) = (false, false);
    for byte in json.bytes() {
        if in_string {
            (in_string, escaped) = match byte {
                _ if escaped => (true, false),
                b'\\' => (true, true),
                b'"' => (false, false),
                _ => (true, false),
            };
        } else {
            visit(byte);
            in_string = byte == b'"';
        }
    }
}

fn check_entry(key: &str, value: &Value) -> Result<(), InvalidValue> {
    // `$` and `.` mean operators and paths to MongoDB; its keys also end at a NUL.
    if key.starts_with('$') || key.contains('.') || has_control(key, Lines::One) {
        return Err(InvalidValue::ReservedKey);
    }
    check_value(value)
}

fn check_value(value: &Value) -> Result<(), InvalidValue> {
    match value {
        Value::Object(map) => map
            .iter()
            .try_for_each(|(key, value)| check_entry(key, value)),
        Value::Array(values) => values.iter().try_for_each(check_value),
        Value::String(text) if has_control(text, Lines::Many) => {
            Err(InvalidValue::ControlCharacter)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_comes_back_equal_and_in_order() {
        let json = r#"{"z":1,"a":[true,null,-0.5,1e300,9223372036854775807,"$ . \"{["],"speakers":{"ü":"\n"}}"#;
        let metadata = Metadata::parse(json).unwrap();
        assert_eq!(
            Value::Object(metadata.as_map().clone()),
            serde_json::from_str::<Value>(json).unwrap()
        );
        assert_eq!(
            metadata.as_map().keys().collect::<Vec<_>>(),
            ["z", "a", "speakers"]
        );
    }

    #[test]
    fn numbers_beyond_64_bits_are_refused() {
        for bad in [
            "9223372036854775808",
            "-9223372036854775809",
            "123456789012345678901234567890",
            "1e400",
            "-1e400",
        ] {
            assert_eq!(
                Metadata::parse(&format!("{{\"n\": [{bad}]}}")),
                Err(InvalidValue::NumberTooLarge),
                "{bad}"
            );
        }
        assert!(Metadata::parse(r#"{"n":-9223372036854775808}"#).is_ok());
        assert!(Metadata::parse(r#"{"n":"123456789012345678901234567890"}"#).is_ok());
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_and_not_dropped() {
        for bad in [r#"{"a":1,"a":2}"#, r#"{"a":[{"b":1,"\u0062":1}]}"#] {
            assert_eq!(Metadata::parse(bad), Err(InvalidValue::RepeatedKey));
        }
        assert!(Metadata::parse(r#"{"a":{"a":":"},":":1}"#).is_ok());
    }

    #[test]
    fn nesting_stops_at_eight_levels() {
        let nested = |levels: usize| {
            format!(
                "{{\"a\":{}{}}}",
                "[".repeat(levels - 1),
                "]".repeat(levels - 1)
            )
        };
        assert!(Metadata::parse(&nested(8)).is_ok());
        assert_eq!(
            Metadata::parse(&nested(9)),
            Err(InvalidValue::TooDeep { max: 8 })
        );
        assert_eq!(
            Metadata::parse(&nested(30_000)),
            Err(InvalidValue::TooDeep { max: 8 })
        );
    }

    #[test]
    fn mongodbs_own_keys_are_refused_at_every_level() {
        for bad in [
            r#"{"$gt":""}"#,
            r#"{"a.b":1}"#,
            r#"{"a":[{"$set":{}}]}"#,
            "{\"a\\u0000\":1}",
        ] {
            assert_eq!(
                Metadata::parse(bad),
                Err(InvalidValue::ReservedKey),
                "{bad}"
            );
        }
        assert!(Metadata::parse(r#"{"price in $":"a.b $"}"#).is_ok());
    }

    #[test]
    fn size_and_control_characters_are_bounded() {
        let text = |n: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(n));
        assert!(Metadata::parse(&text(Metadata::MAX_BYTES - 8)).is_ok());
        assert_eq!(
            Metadata::parse(&text(Metadata::MAX_BYTES - 7)),
            Err(InvalidValue::TooManyBytes {
                max: Metadata::MAX_BYTES
            })
        );
        assert_eq!(
            Metadata::parse("{\"a\":\"\\u0000\"}"),
            Err(InvalidValue::ControlCharacter)
        );
        for bad in ["[]", "1", "\"a\"", "null", ""] {
            assert_eq!(
                Metadata::parse(bad),
                Err(InvalidValue::NotAnObject),
                "{bad}"
            );
        }
    }
}
