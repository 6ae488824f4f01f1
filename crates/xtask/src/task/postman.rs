//! A Postman collection (format 2.1) out of an OpenAPI document: a folder per tag, a request per operation,
//! with the document's own examples. Signing in keeps the token for all other requests.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const FORMAT: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
/// What an answer leaves for later requests: the operation, the variable, where it stands in the answer.
const KEPT: &[(&str, &str, &str)] = &[
    ("login", "token", "token"),
    ("login", "refreshToken", "refreshToken"),
    ("refreshToken", "token", "token"),
    ("refreshToken", "refreshToken", "refreshToken"),
    ("createEvent", "eventId", "id"),
    ("createBooking", "bookingId", "id"),
];

/// The collection.
pub(crate) fn collection(document: &Value) -> Value {
    let tags = document["tags"].as_array().into_iter().flatten();
    let folders: Vec<Value> = tags.map(|tag| folder(document, tag)).collect();
    let base = json!({"key": "baseUrl", "value": "http://localhost:3000"});
    // Several operations may leave the same one.
    let kept: BTreeSet<&str> = KEPT.iter().map(|(_, name, _)| *name).collect();
    let kept = kept
        .into_iter()
        .map(|name| json!({"key": name, "value": ""}));
    let variables: Vec<Value> = std::iter::once(base).chain(kept).collect();
    json!({
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "schema": FORMAT,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
        "variable": variables,
        "item": folders,
    })
}

fn folder(document: &Value, tag: &Value) -> Value {
    let mut items = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            if operation["tags"][0] == tag["name"] {
                items.push(item(document, method, path, operation));
            }
        }
    }
    json!({"name": tag["name"], "description": tag["description"], "item": items})
}

fn item(document: &Value, method: &str, path: &str, operation: &Value) -> Value {
    let mut request = Map::new();
    request.insert("method".to_owned(), method.to_uppercase().into());
    if let Some(description) = operation.get("description") {
        request.insert("description".to_owned(), description.clone());
    }
    // Where a token is optional, none is sent: an empty one would be refused.
    let security = operation["security"].as_array();
    if security.is_some_and(|ways| ways.is_empty() || ways.contains(&json!({}))) {
        request.insert("auth".to_owned(), json!({"type": "noauth"}));
    }
    let mut headers = headers(operation);
    if let Some(body) = body(document, operation) {
        headers.push(json!({"key": "Content-Type", "value": "application/json"}));
        request.insert("body".to_owned(), body);
    }
    request.insert("header".to_owned(), headers.into());
    request.insert("url".to_owned(), url(path, operation));
    let mut item = json!({"name": operation["summary"], "request": request, "response": []});
    let script = script(operation);
    if !script.is_empty() {
        item["event"] =
            json!([{"listen": "test", "script": {"type": "text/javascript", "exec": script}}]);
    }
    item
}

/// The operation's own parameters of one place; shared ones are references, and left out.
fn parameters<'a>(operation: &'a Value, place: &'a str) -> impl Iterator<Item = &'a Value> {
    let all = operation["parameters"].as_array().into_iter().flatten();
    all.filter(move |parameter| parameter["in"] == place)
}

/// Optional headers are there to be switched on.
fn headers(operation: &Value) -> Vec<Value> {
    parameters(operation, "header")
        .map(|header| {
            let value = if header["name"] == "Idempotency-Key" { "{{$guid}}" } else { "" };
            json!({"key": header["name"], "value": value, "description": header["description"], "disabled": true})
        })
        .collect()
}

fn url(path: &str, operation: &Value) -> Value {
    let path = path.replace('{', ":").replace('}', "");
    let query: Vec<Value> = parameters(operation, "query")
        .map(|field| {
            json!({"key": field["name"], "value": text(&field["schema"]["default"]), "description": field["description"],
                   "disabled": true})
        })
        .collect();
    let variables: Vec<Value> = parameters(operation, "path")
        .map(|field| json!({"key": field["name"], "value": variable(field, operation)}))
        .collect();
    json!({
        "raw": format!("{{{{baseUrl}}}}{path}"),
        "host": ["{{baseUrl}}"],
        "path": path.split('/').skip(1).collect::<Vec<_>>(),
        "query": query,
        "variable": variables,
    })
}

/// `{{eventId}}` where an earlier answer left one, as for the `id` of an operation on events; or else the
/// document's example.
fn variable(field: &Value, operation: &Value) -> String {
    let (name, tag) = (text(&field["name"]), text(&operation["tags"][0]));
    let name = match name.as_str() {
        "id" => format!("{}Id", tag.trim_end_matches('s')),
        _ => name,
    };
    if KEPT.iter().any(|(_, variable, _)| *variable == name) {
        format!("{{{{{name}}}}}")
    } else {
        text(&field["schema"]["examples"][0])
    }
}

/// The examples of all fields as a body.
fn body(document: &Value, operation: &Value) -> Option<Value> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let schema = document.pointer(schema["$ref"].as_str()?.strip_prefix('#')?)?;
    let fields: Map<String, Value> = schema["properties"]
        .as_object()?
        .iter()
        .map(|(name, field)| {
            let kept = KEPT.iter().any(|(_, variable, _)| variable == name);
            let own = || field["examples"][0].clone();
            (
                name.clone(),
                if kept {
                    format!("{{{{{name}}}}}").into()
                } else {
                    own()
                },
            )
        })
        .collect();
    let raw = serde_json::to_string_pretty(&fields).ok()?;
    Some(json!({"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}))
}

/// What keeps parts of the answer.
fn script(operation: &Value) -> Vec<String> {
    let own = KEPT
        .iter()
        .filter(|(name, _, _)| operation["operationId"] == *name);
    own.map(|(_, variable, member)| {
        format!(
            "if (pm.response.code < 300) pm.collectionVariables.set(\"{variable}\", pm.response.json().{member});"
        )
    })
    .collect()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_becomes_a_request_with_its_examples() {
        let document = json!({
            "info": {"title": "T"},
            "tags": [{"name": "events"}],
            "paths": {"/api/events/{id}/x": {"put": {
                "operationId": "createEvent", "summary": "S", "tags": ["events"], "security": [{"bearer": []}],
                "parameters": [
                    {"name": "id", "in": "path"}, {"name": "page", "in": "query", "schema": {"default": 1}},
                    {"$ref": "#/components/parameters/X"},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/B"}}}},
            }}},
            "components": {"schemas": {"B": {"properties": {
                "title": {"examples": ["A title"]}, "eventId": {"examples": ["x"]},
            }}}},
        });
        let item = &collection(&document)["item"][0]["item"][0];
        assert_eq!(
            item["request"]["url"]["raw"],
            "{{baseUrl}}/api/events/:id/x"
        );
        assert_eq!(
            item["request"]["url"]["variable"][0]["value"],
            "{{eventId}}"
        );
        assert_eq!(item["request"]["url"]["query"][0]["value"], "1");
        let body: Value =
            serde_json::from_str(item["request"]["body"]["raw"].as_str().unwrap()).unwrap();
        assert_eq!(body, json!({"title": "A title", "eventId": "{{eventId}}"}));
        assert!(
            item["event"][0]["script"]["exec"][0]
                .as_str()
                .unwrap()
                .contains("eventId")
        );
        assert!(item["request"].get("auth").is_none());
    }
}
