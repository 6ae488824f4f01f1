//! The query of the list and the body of a new role.

use domain::idempotency::KeyUse;
use domain::page::PageRequest;
use domain::search::SearchWords;
use domain::user::{Role, UserFilter};

use crate::extract::{Fields, Query, text};
use crate::openapi::{body_schema, fields, schema_type};
use crate::problem::{FieldError, Problem};

/// `page`, `limit`, `q` and `role`.
pub(super) fn list(mut query: Query) -> Result<(UserFilter, PageRequest), Problem> {
    let page = query.page();
    let filter = UserFilter {
        search: query.optional("q", SearchWords::parse),
        role: query.optional("role", Role::parse_name),
    };
    query.finish(page.map(|page| (filter, page)))
}

schema_type! {
    /// What [`role`] reads.
    RoleBody as "NewRole",
    body_schema(vec![("role", fields::role())], vec![])
}

/// `{role}` and the key from the header.
pub(super) fn role(
    json: &str,
    key: Result<Option<KeyUse>, FieldError>,
) -> Result<(Role, Option<KeyUse>), Problem> {
    let mut fields = Fields::parse(json)?;
    let role = fields.required("role", text(Role::parse_name));
    let key = fields.take(key);
    fields.finish(role.zip(key))
}
