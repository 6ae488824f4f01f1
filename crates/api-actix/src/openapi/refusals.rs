//! Error answers: one response for the codes of a status, with an example of each.

use domain::request::RequestId;
use serde_json::{Value, json};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::schema::{AllOfBuilder, Components, ObjectBuilder, Ref, Schema, Type};
use utoipa::openapi::{Content, ContentBuilder, Response, ResponseBuilder, Responses};

use super::headers;
use super::samples::sample;
use crate::error_code::ErrorCode;
use crate::middleware::REQUEST_ID;
use crate::problem::PROBLEM_JSON;

/// The id that the examples carry.
pub(super) const REQUEST: &str = "0193a1c5-9c1e-7c3a-8a55-0d6f1c2b3a4d";

/// Adds the answers of these codes, which stand in any order and maybe twice.
pub(super) fn add(responses: &mut Responses, codes: &[ErrorCode], components: &mut Components) {
    // In the order of the one table, so that equal sets have equal names.
    let codes: Vec<ErrorCode> = ErrorCode::ALL
        .iter()
        .copied()
        .filter(|code| codes.contains(code))
        .collect();
    let mut statuses: Vec<u16> = codes.iter().map(|code| code.status().as_u16()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    for status in statuses {
        let same: Vec<ErrorCode> = codes
            .iter()
            .copied()
            .filter(|code| code.status().as_u16() == status)
            .collect();
        let names: Vec<&str> = same.iter().map(|code| code.name()).collect();
        let name = names.join("-or-");
        responses.responses.insert(
            status.to_string(),
            Ref::from_response_name(name.as_str()).into(),
        );
        components
            .responses
            .entry(name)
            .or_insert_with(|| response(&same).into());
    }
}

/// Describes what no operation answers, but a path that has some: whoever comes with another method gets it.
pub(super) fn add_wrong_method(components: &mut Components) {
    let code = ErrorCode::MethodNotAllowed;
    let response = response(&[code]).into();
    components
        .responses
        .insert(code.name().to_owned(), response);
}

fn response(codes: &[ErrorCode]) -> Response {
    let titles: Vec<String> = codes
        .iter()
        .map(|code| format!("{} (`{}`)", code.title(), code.name()))
        .collect();
    let response = ResponseBuilder::new()
        .description(titles.join(", or: "))
        .content(PROBLEM_JSON, content(codes));
    let mut response = response.build();
    for name in header_names(codes) {
        headers::set(&mut response, &name);
    }
    response
}

/// The headers that problems of these codes have.
fn header_names(codes: &[ErrorCode]) -> Vec<String> {
    let named = |code: &ErrorCode| -> Vec<String> {
        let problem = sample(*code);
        problem
            .headers()
            .map(|name| canonical(name.as_str()))
            .collect()
    };
    let mut names: Vec<String> = codes.iter().flat_map(named).collect();
    names.push(REQUEST_ID.to_owned());
    names.sort_unstable();
    names.dedup();
    names
}

/// `retry-after` as `Retry-After`.
fn canonical(name: &str) -> String {
    let words = name.split('-').map(|word| match word {
        "www" => "WWW".to_owned(),
        word => word[..1].to_uppercase() + &word[1..],
    });
    words.collect::<Vec<_>>().join("-")
}

fn content(codes: &[ErrorCode]) -> Content {
    let names = codes.iter().map(|code| code.name());
    let status = codes.first().map_or(500, |code| code.status().as_u16());
    let typed = |kind| ObjectBuilder::new().schema_type(kind);
    let narrowed = ObjectBuilder::new()
        .property("status", typed(Type::Integer).enum_values(Some([status])))
        .property("code", typed(Type::String).enum_values(Some(names)));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name("Problem"))
        .item(narrowed);
    codes
        .iter()
        .fold(
            ContentBuilder::new().schema(Some(Schema::from(schema))),
            |content, code| {
                let example = ExampleBuilder::new()
                    .summary(code.title())
                    .value(Some(example(*code)));
                content.examples_from_iter([(code.name(), example.build())])
            },
        )
        .build()
}

fn example(code: ErrorCode) -> Value {
    let id = RequestId::parse(REQUEST).unwrap_or_else(RequestId::unknown);
    serde_json::from_str(&sample(code).body(&id)).unwrap_or_else(|_| json!({}))
}
