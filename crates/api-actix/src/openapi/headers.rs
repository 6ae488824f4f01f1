//! The headers that answers share, each described once. A handler names the ones that it sets.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{Components, ObjectBuilder, Ref, Schema, Type};
use utoipa::openapi::{RefOr, Response};

use super::fields;
use super::refusals::REQUEST;
use crate::handlers::REPLAYED;
use crate::middleware::REQUEST_ID;

/// Each header, what it says and what it looks like.
fn shared() -> [(&'static str, &'static str, Schema); 7] {
    let seconds = ObjectBuilder::new().schema_type(Type::Integer);
    [
        (
            REQUEST_ID,
            "The request's id, in logs and audit records too.",
            fields::like(REQUEST),
        ),
        (
            "Retry-After",
            "Seconds after which the same request may work.",
            seconds.minimum(Some(1)).examples([1]).into(),
        ),
        (
            "WWW-Authenticate",
            "How to sign in (RFC 6750).",
            fields::like("Bearer error=\"invalid_token\""),
        ),
        (
            "Allow",
            "The method that the path knows.",
            fields::like("GET"),
        ),
        (
            REPLAYED,
            "`true` if an earlier request with the same key did the work.",
            fields::replayed(),
        ),
        (
            "ETag",
            "The event's version; see `If-Match` and `If-None-Match`.",
            fields::entity_tag(),
        ),
        (
            "Link",
            "Where other parts of the list are (RFC 8288): `first`, `prev`, `next`, `last`.",
            fields::like("</api/events/paginate?page=2&limit=10>; rel=\"next\""),
        ),
    ]
}

/// Describes them.
pub(super) fn add(components: &mut Components) {
    for (name, description, schema) in shared() {
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(description));
        components
            .headers
            .insert(name.to_owned(), header.build().into());
    }
}

/// Adds a described header.
pub(super) fn set(response: &mut Response, name: &str) {
    response.headers.insert(name.to_owned(), reference(name));
}

/// Puts the one description in the place of each header that a handler has only named.
pub(super) fn refer(response: &mut Response, components: &Components) {
    for (name, header) in &mut response.headers {
        if components.headers.contains_key(name) {
            *header = reference(name);
        }
    }
}

fn reference(name: &str) -> RefOr<utoipa::openapi::header::Header> {
    RefOr::Ref(Ref::new(format!("#/components/headers/{name}")))
}
