//! What the interface says of itself: its OpenAPI document, and Swagger UI over it.

pub(crate) mod openapi_json;
pub(crate) mod swagger_ui;
pub(crate) mod swagger_ui_file;
pub(crate) mod to_swagger_ui;

/// Where Swagger UI is.
const UI: &str = "/docs/";
