use domain::event::Metadata;
use domain::text::InvalidValue;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::text;

/// JSON as everybody writes it, `depth` levels of arrays and objects at most.
fn value(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        "[^\\p{Cc}]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(depth, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            object(inner).prop_map(Value::Object),
        ]
    })
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let key = "[^\\p{Cc}$.][^\\p{Cc}.]{0,8}";
    prop::collection::vec((key, inner), 0..6).prop_map(Map::from_iter)
}

/// Something like JSON: its parts in any order.
fn nearly_json() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[\\[\\]{},:\" ]",
        "-?[0-9]{1,25}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,4})?",
        "\"[a-z$.\\\\]{0,5}\":",
        Just("null".to_owned()),
        "\\\\u[0-9a-fD]{4}",
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| format!("{{{}}}", parts.concat()))
}

/// The number of levels, counted on the parsed value.
fn levels(value: &Value) -> usize {
    match value {
        Value::Object(map) => 1 + map.values().map(levels).max().unwrap_or(0),
        Value::Array(values) => 1 + values.iter().map(levels).max().unwrap_or(0),
        _ => 0,
    }
}

fn can_be_kept(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().all(|(key, value)| {
            !key.starts_with('$') && !key.contains('.') && !key.contains('\0') && can_be_kept(value)
        }),
        Value::Array(values) => values.iter().all(can_be_kept),
        Value::Number(number) => number.is_i64() || number.as_f64().is_some_and(f64::is_finite),
        Value::String(text) => !text.contains('\0'),
        Value::Null | Value::Bool(_) => true,
    }
}

fn as_sent(metadata: &Metadata) -> String {
    Value::Object(metadata.as_map().clone()).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_fits_is_accepted_and_comes_back_equal_and_in_order(map in object(value(7))) {
        let sent = Value::Object(map);
        // Eight levels by construction; that it is long is not.
        prop_assume!(sent.to_string().len() <= Metadata::MAX_BYTES);
        let metadata = Metadata::parse(&sent.to_string());
        prop_assert_eq!(metadata.as_ref().map(as_sent), Ok(sent.to_string()));
        let spaced = format!("{sent:#}");
        prop_assert_eq!(Metadata::parse(&spaced), metadata);
    }

    #[test]
    fn whatever_is_accepted_can_be_kept(sent in prop_oneof![text(), nearly_json()]) {
        if let Ok(metadata) = Metadata::parse(&sent) {
            let value = Value::Object(metadata.as_map().clone());
            prop_assert!(can_be_kept(&value), "{}", value);
            prop_assert!(levels(&value) <= Metadata::MAX_DEPTH);
            prop_assert!(value.to_string().len() <= Metadata::MAX_BYTES);
            prop_assert_eq!(Metadata::parse(&as_sent(&metadata)), Ok(metadata));
        }
    }

    #[test]
    fn every_level_counts_whatever_it_is_made_of(arrays in prop::collection::vec(any::<bool>(), 0..12)) {
        let nested = arrays.iter().fold(Value::Null, |inner, array| match array {
            true => json!([inner]),
            false => json!({ "a": inner }),
        });
        let sent = json!({ "a": nested });
        let parsed = Metadata::parse(&sent.to_string());
        match levels(&sent) <= Metadata::MAX_DEPTH {
            true => prop_assert!(parsed.is_ok()),
            false => prop_assert_eq!(parsed, Err(InvalidValue::TooDeep { max: Metadata::MAX_DEPTH })),
        }
    }

    #[test]
    fn an_integer_is_kept_exactly_or_refused(number: i128, narrow: bool) {
        let number = if narrow { number >> 62 } else { number };
        let sent = format!("{{\"n\":{number}}}");
        let expected = match i64::try_from(number) {
            Ok(_) => Ok(sent.clone()),
            Err(_) => Err(InvalidValue::NumberTooLarge),
        };
        prop_assert_eq!(Metadata::parse(&sent).map(|metadata| as_sent(&metadata)), expected);
    }

    #[test]
    fn no_key_is_lost(key in "[a-c]{1,2}", other in "[a-c]{1,2}", inside: bool) {
        let pairs = format!("{{\"{key}\":1,\"{other}\":2}}");
        let sent = if inside { format!("{{\"a\":[{pairs}]}}") } else { pairs };
        let parsed = Metadata::parse(&sent);
        match key == other {
            true => prop_assert_eq!(parsed, Err(InvalidValue::RepeatedKey)),
            false => prop_assert_eq!(parsed.as_ref().map(as_sent), Ok(sent)),
        }
    }
}
