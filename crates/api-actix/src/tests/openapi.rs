//! The OpenAPI document: whole, and as committed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::harness::{Mocks, at};
use crate::error_code::ErrorCode;
use crate::openapi::openapi_json;
use crate::router::endpoints;

/// The document, as a client reads it.
pub(super) fn document() -> Value {
    serde_json::from_str(openapi_json()).unwrap()
}

/// Each operation of the document: its method, its path and what is said of it.
pub(super) fn operations(document: &Value) -> Vec<(String, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods
                .map(move |(method, operation)| (method.to_uppercase(), path.as_str(), operation))
        })
        .collect()
}

/// What a `$ref` stands for, or the value itself.
pub(super) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(pointer) => document.pointer(&pointer[1..]).unwrap(),
        None => value,
    }
}

#[test]
fn the_document_has_the_routers_operations_and_no_others() {
    let document = document();
    let documented: BTreeSet<(String, &str)> = operations(&document)
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let routed: BTreeSet<(String, &str)> = endpoints()
        .iter()
        .map(|endpoint| (endpoint.method.to_string(), endpoint.path))
        .collect();
    assert_eq!(documented, routed);
}

#[test]
fn every_operation_has_a_name_a_summary_and_a_described_area() {
    let document = document();
    let tags: BTreeSet<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut names = BTreeSet::new();
    for (_, path, operation) in operations(&document) {
        assert!(
            names.insert(operation["operationId"].as_str().unwrap()),
            "{path}"
        );
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{path}");
        assert!(
            tags.contains(operation["tags"][0].as_str().unwrap()),
            "{path}"
        );
    }
}

#[test]
fn every_answer_is_described_with_its_shape_and_errors_with_an_example_of_each_code() {
    let document = document();
    for (_, path, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = resolve(&document, response);
            assert!(
                !response["description"].as_str().unwrap().is_empty(),
                "{path} {status}"
            );
            assert!(
                response["headers"]["X-Request-Id"].is_object(),
                "{path} {status}"
            );
            if status.starts_with(['4', '5']) {
                let content = &response["content"]["application/problem+json"];
                let codes = &content["schema"]["allOf"][1]["properties"]["code"]["enum"];
                for code in codes.as_array().unwrap() {
                    let example = &content["examples"][code.as_str().unwrap()]["value"];
                    assert_eq!(&example["code"], code, "{path} {status}");
                    assert_eq!(example["status"].to_string(), *status);
                }
            }
        }
    }
}

#[test]
fn every_header_and_parameter_shows_what_it_looks_like() {
    let document = document();
    let has_example = |part: &Value| part["schema"]["examples"][0] != Value::Null;
    for (name, header) in document["components"]["headers"].as_object().unwrap() {
        assert!(has_example(header), "{name}");
    }
    for (_, path, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().unwrap();
        let parameters = parameters.iter().map(|one| resolve(&document, one));
        let parameters: Vec<&Value> = parameters.collect();
        for parameter in &parameters {
            assert!(has_example(parameter), "{path} {}", parameter["name"]);
        }
        for name in ["X-Request-Id", "traceparent"] {
            let is_there = parameters.iter().any(|one| one["name"] == name);
            assert!(is_there, "{path} {name}");
        }
    }
}

#[test]
fn what_a_wrong_method_is_answered_names_the_right_one() {
    let document = document();
    let response = &document["components"]["responses"]["method_not_allowed"];
    assert!(response["headers"]["Allow"].is_object());
}

#[test]
fn what_is_left_out_when_it_is_not_there_is_never_null() {
    let document = document();
    let record = &document["components"]["schemas"]["LogRecord"];
    let target = &record["properties"]["target"];
    assert_eq!(target["$ref"], "#/components/schemas/LogTarget");
    let required = record["required"].as_array().unwrap();
    assert!(!required.iter().any(|name| name == "target"));
}

#[test]
fn every_error_code_is_documented() {
    let text = openapi_json();
    for code in ErrorCode::ALL {
        let quoted = format!("\"{}\"", code.name());
        assert!(text.contains(&quoted), "{quoted}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(document: &Value, value: &Value) {
        if let Some(pointer) = value["$ref"].as_str() {
            assert!(document.pointer(&pointer[1..]).is_some(), "{pointer}");
        }
        match value {
            Value::Object(map) => map.values().for_each(|value| walk(document, value)),
            Value::Array(values) => values.iter().for_each(|value| walk(document, value)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

#[test]
fn the_committed_document_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed.trim_end() == openapi_json(),
        "docs/openapi.json is not what the code says: run `cargo xtask openapi`"
    );
}

#[actix_web::test]
async fn anybody_gets_the_document_and_may_keep_it() {
    let answer = Mocks::new()
        .api()
        .call(at("GET", "/api/openapi.json"))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Content-Type"), "application/json");
    assert_eq!(answer.header("Cache-Control"), "public, max-age=300");
    assert_eq!(answer.body, document());
}
