//! JSON to BSON and back, by hand: integers stay integers, doubles doubles, and the order is kept.

use mongodb::bson::{Bson, DateTime, Document};
use serde_json::{Map, Number, Value};

/// A JSON object as a BSON document.
pub(crate) fn to_document(map: &Map<String, Value>) -> Document {
    map.iter()
        .map(|(key, value)| (key.clone(), to_bson(value)))
        .collect()
}

fn to_bson(value: &Value) -> Bson {
    match value {
        Value::Null => Bson::Null,
        Value::Bool(value) => Bson::Boolean(*value),
        Value::Number(number) => number_to_bson(number),
        Value::String(text) => Bson::String(text.clone()),
        Value::Array(values) => Bson::Array(values.iter().map(to_bson).collect()),
        Value::Object(map) => Bson::Document(to_document(map)),
    }
}

fn number_to_bson(number: &Number) -> Bson {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => Bson::Int64(integer),
        (None, Some(double)) => Bson::Double(double),
        (None, None) => Bson::Null,
    }
}

/// A BSON document as a JSON object.
pub(crate) fn from_document(document: Document) -> Map<String, Value> {
    document
        .into_iter()
        .map(|(key, value)| (key, from_bson(value)))
        .collect()
}

fn from_bson(value: Bson) -> Value {
    match value {
        Bson::Null | Bson::Undefined => Value::Null,
        Bson::Boolean(value) => Value::Bool(value),
        Bson::Int32(integer) => Value::from(integer),
        Bson::Int64(integer) => Value::from(integer),
        Bson::Double(double) => Number::from_f64(double).map_or(Value::Null, Value::Number),
        Bson::String(text) => Value::String(text),
        Bson::Array(values) => Value::Array(values.into_iter().map(from_bson).collect()),
        Bson::Document(document) => Value::Object(from_document(document)),
        // Boxoffice writes none of the others; an operator with a shell may.
        Bson::DateTime(at) => Value::String(rfc3339(at)),
        Bson::ObjectId(id) => Value::String(id.to_hex()),
        other => Value::String(other.to_string()),
    }
}

fn rfc3339(at: DateTime) -> String {
    at.try_to_rfc3339_string()
        .unwrap_or_else(|_| at.to_string())
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;
    use mongodb::bson::oid::ObjectId;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_comes_back_equal_and_in_order() {
        let text = r#"{"z":1,"a":[null,true,1.0,-0.5,1e300,-9223372036854775808],"$k":{"b":"x"}}"#;
        let map: Map<String, Value> = serde_json::from_str(text).unwrap();
        let back = from_document(to_document(&map));
        assert_eq!(
            serde_json::to_string(&back).unwrap(),
            serde_json::to_string(&map).unwrap()
        );
    }

    #[test]
    fn numbers_keep_their_kind() {
        let map = json!({"i": 1, "d": 1.0, "u": u64::MAX});
        let document = to_document(map.as_object().unwrap());
        assert_eq!(document.get("i"), Some(&Bson::Int64(1)));
        assert_eq!(document.get("d"), Some(&Bson::Double(1.0)));
        assert_eq!(
            document.get("u"),
            Some(&Bson::Double(18_446_744_073_709_551_615.0))
        );
    }

    #[test]
    fn what_a_shell_may_have_written_is_shown() {
        let (at, id) = (DateTime::from_millis(0), ObjectId::from_bytes([1; 12]));
        let document = doc! { "n": 7_i32, "at": at, "id": id, "x": f64::NAN };
        let expected = json!({
            "n": 7, "at": "1970-01-01T00:00:00Z", "id": "01".repeat(12), "x": null,
        });
        assert_eq!(Value::Object(from_document(document)), expected);
    }
}
