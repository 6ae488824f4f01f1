//! The OpenAPI document, from the code: each handler says what it reads and answers, the route table
//! who may call and what may be refused, the domain the limits.

pub(crate) mod fields;
mod headers;
pub(crate) mod parameters;
mod refusals;
mod samples;
mod schema;
mod standing;

use std::sync::LazyLock;

pub(crate) use schema::{body_schema, changes, schema_type};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;

use crate::router::{Operations, endpoints};

/// The document as JSON; it never changes while the program runs.
static JSON: LazyLock<String> = LazyLock::new(|| {
    // Strings, numbers, lists and maps with text for keys: serialising them cannot fail.
    document().to_pretty_json().unwrap_or_default()
});

/// The OpenAPI 3.1 document of the interface, as JSON.
pub fn openapi_json() -> &'static str {
    &JSON
}

/// The document of every operation in the route table.
pub(crate) fn document() -> OpenApi {
    let mut document = Operations::openapi();
    document.info = standing::info();
    document.tags = Some(standing::tags());
    document.servers = Some(vec![utoipa::openapi::Server::new("/")]);
    let mut components = document.components.take().unwrap_or_default();
    standing::add_components(&mut components);
    for endpoint in endpoints() {
        if let Some(operation) = standing::operation_of(&mut document, &endpoint) {
            standing::complete(operation, &endpoint, &mut components);
        }
    }
    document.components = Some(components);
    document
}
