//! Lists, and the files of a page.

use domain::page::PageRequest;
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::{MAX_ID, integer};
use crate::handlers::docs::swagger_ui_file::FILES;

pub(crate) fn page() -> Schema {
    integer(1..=PageRequest::MAX_PAGE, "The page's number.", 1)
        .default(Some(Value::from(1)))
        .into()
}

pub(crate) fn limit() -> Schema {
    limit_of(PageRequest::DEFAULT_LIMIT)
}

pub(super) fn limit_of(default: i64) -> Schema {
    integer(1..=PageRequest::MAX_LIMIT, "The most rows of a page.", 10)
        .default(Some(Value::from(default)))
        .into()
}

pub(crate) fn page_answered() -> Schema {
    integer(1..=PageRequest::MAX_PAGE, "The page's number.", 1).into()
}

pub(crate) fn limit_answered() -> Schema {
    integer(1..=PageRequest::MAX_LIMIT, "The most rows of a page.", 10).into()
}

pub(crate) fn count() -> Schema {
    integer(0..=MAX_ID, "A count over all pages.", 1).into()
}

pub(crate) fn ui_file() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(FILES.map(|(name, _)| name)))
        .examples([FILES[0].0])
        .into()
}
