//! What holds for every operation, or follows from its row in the route table.

use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::info::{Info, InfoBuilder, LicenseBuilder};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Components, Ref};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{OpenApi, RefOr, Required};

use super::parameters::IF_MATCH;
use super::{fields, headers, refusals};
use crate::error_code::ErrorCode;
use crate::extract::{BODY_LIMIT, IDEMPOTENCY_KEY};
use crate::handlers::REPLAYED;
use crate::middleware::REQUEST_ID;
use crate::router::{Access, Endpoint, Limit};
use crate::trace_context::TRACEPARENT;

/// The name of the security scheme.
pub(crate) const BEARER: &str = "bearer";

/// The extension that names the roles which may call an operation.
pub(crate) const ROLES: &str = "x-roles";

/// The areas of the interface, each the tag of its operations.
const AREAS: &[(&str, &str)] = &[
    ("auth", "Accounts and signing in."),
    ("users", "What admins do with users."),
    ("events", "What is sold."),
    ("bookings", "Who has how many tickets."),
    ("logs", "Who did what."),
    ("docs", "This document, and its pages."),
    ("health", "For those who watch the process."),
];

/// The headers that every request may have, what they say and what they look like.
const EVERYWHERE: &[(&str, &str, &str)] = &[
    (
        REQUEST_ID,
        "The client's own id for the request, 1 to 128 visible ASCII characters; anything else is ignored and \
         one is made.",
        refusals::REQUEST,
    ),
    (
        TRACEPARENT,
        "The trace that the request is part of (W3C Trace Context); with anything else one begins here.",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ),
];

fn about() -> String {
    format!(
        "\
A headless event and ticket API.

**Signing in.** `POST /api/auth/login` answers with a token; send it as `Authorization: Bearer <token>`, and get the \
next one with the refresh token. `x-roles` of an operation names the roles that may call it.

**Errors** are `application/problem+json` (RFC 9457) throughout; branch on `code`. A method that a path \
does not know is 405 `method_not_allowed` with `Allow`, an unknown path 404 `not_found`.

**Every answer** has `Cache-Control: no-store` (but for this document and the files of its pages), \
`X-Content-Type-Options: nosniff`, `Referrer-Policy: no-referrer`, `X-Frame-Options: DENY` and a \
`Content-Security-Policy` that forbids all but what the pages need; over TLS of the server's own also \
`Strict-Transport-Security`. A browser gets the headers of CORS if its origin is one of those configured.

**Input**: a body has at most {BODY_LIMIT} bytes. Unknown and repeated fields are refused, in bodies and queries \
alike; all that is wrong is told at once, in `errors`.

**Sending again**: a 5xx or a broken connection means *unknown*. Send the same request again with its \
`Idempotency-Key` and get the first answer; it is never done twice.

**Two people, one event**: send the `ETag` that you have read as `If-Match`, and the event changes only if nobody \
else edited it since.

**Limits**: a client address may send so many requests, by default 50 a second and 200 at once; of those that \
bring passwords or refresh tokens 60 a minute and 20 at once. Wrong passwords slow down further. What is too \
much is 429 `rate_limited`, with `Retry-After` in seconds."
    )
}

/// What the document is about.
pub(super) fn info() -> Info {
    let license = LicenseBuilder::new()
        .name("MIT or Apache 2.0")
        .identifier(Some("MIT OR Apache-2.0"));
    InfoBuilder::new()
        .title("Boxoffice")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(about()))
        .license(Some(license.build()))
        .build()
}

/// A tag for each area.
pub(super) fn tags() -> Vec<Tag> {
    AREAS
        .iter()
        .map(|(name, about)| {
            TagBuilder::new()
                .name(*name)
                .description(Some(*about))
                .build()
        })
        .collect()
}

/// The security scheme, the shared headers, and what is answered to methods that a path does not know.
pub(super) fn add_components(components: &mut Components) {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".to_owned());
    bearer.description = Some("The `token` of `POST /api/auth/login`.".to_owned());
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    headers::add(components);
    refusals::add_wrong_method(components);
    for (name, description, example) in EVERYWHERE {
        let parameter = ParameterBuilder::new()
            .name(*name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(*description))
            .schema(Some(fields::like(example)));
        components
            .parameters
            .insert((*name).to_owned(), parameter.build().into());
    }
}

/// The operation of that row, if the document has it.
pub(super) fn operation_of<'a>(
    document: &'a mut OpenApi,
    endpoint: &Endpoint,
) -> Option<&'a mut Operation> {
    let item = document.paths.paths.get_mut(endpoint.path)?;
    match endpoint.method.as_str() {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "DELETE" => item.delete.as_mut(),
        "PATCH" => item.patch.as_mut(),
        _ => None,
    }
}

/// Writes into `operation` what its handler need not say.
pub(super) fn complete(
    operation: &mut Operation,
    endpoint: &Endpoint,
    components: &mut Components,
) {
    operation.tags = Some(vec![area(endpoint.path).to_owned()]);
    operation.security = security(endpoint.access);
    if let Some(roles) = endpoint.access.roles() {
        let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let extension = ExtensionsBuilder::new().add(ROLES, names);
        operation.extensions = Some(extension.build());
    }
    let codes = codes(operation, endpoint);
    refusals::add(&mut operation.responses, &codes, components);
    let everywhere = EVERYWHERE.iter().map(|(name, ..)| {
        let pointer = format!("#/components/parameters/{name}");
        RefOr::Ref(Ref::new(pointer))
    });
    let parameters = operation.parameters.get_or_insert_default();
    parameters.extend(everywhere);
    let replayable = has(operation, |_, name| name == IDEMPOTENCY_KEY);
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            headers::refer(response, components);
            headers::set(response, REQUEST_ID);
            if replayable && status.starts_with('2') {
                headers::set(response, REPLAYED);
            }
        }
    }
}

/// Whether the operation has such a parameter, by its place and name.
fn has(operation: &Operation, wanted: impl Fn(&ParameterIn, &str) -> bool) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters.into_iter().any(|parameter| match parameter {
        RefOr::T(parameter) => wanted(&parameter.parameter_in, &parameter.name),
        RefOr::Ref(_) => false,
    })
}

/// `auth` of `/api/auth/login`, `health` of `/health/live`.
fn area(path: &str) -> &str {
    let inside = path.strip_prefix("/api").unwrap_or(path);
    let first = inside.split('/').nth(1).unwrap_or_default();
    match first {
        "openapi.json" => "docs",
        area => area,
    }
}

fn security(access: Access) -> Option<Vec<SecurityRequirement>> {
    let bearer = || SecurityRequirement::new(BEARER, Vec::<String>::new());
    match access {
        Access::Anyone => Some(Vec::new()),
        Access::Gated => Some(vec![SecurityRequirement::default(), bearer()]),
        Access::SignedIn | Access::Customer | Access::Admin => Some(vec![bearer()]),
    }
}

/// Every code that the operation may answer with.
fn codes(operation: &Operation, endpoint: &Endpoint) -> Vec<ErrorCode> {
    use ErrorCode as Code;
    let mut codes = endpoint.refusals.to_vec();
    codes.extend([Code::InternalError, Code::Unavailable]);
    codes.extend_from_slice(match endpoint.access {
        Access::Anyone => &[],
        Access::Gated => &[Code::InvalidToken],
        Access::SignedIn => &[Code::MissingToken, Code::InvalidToken],
        Access::Customer | Access::Admin => {
            &[Code::MissingToken, Code::InvalidToken, Code::Forbidden]
        }
    });
    if endpoint.limit != Limit::Free {
        codes.push(Code::RateLimited);
    }
    if operation.request_body.is_some() {
        codes.extend([Code::MalformedRequest, Code::PayloadTooLarge]);
        codes.extend([Code::UnsupportedMediaType, Code::ValidationFailed]);
    }
    if has(operation, |place, _| *place == ParameterIn::Query) {
        codes.push(Code::ValidationFailed);
    }
    if has(operation, |_, name| name == IF_MATCH) {
        codes.extend([Code::ValidationFailed, Code::PreconditionFailed]);
    }
    if has(operation, |_, name| name == IDEMPOTENCY_KEY) {
        codes.extend([Code::ValidationFailed, Code::IdempotencyInProgress]);
        codes.push(Code::IdempotencyMismatch);
    }
    codes
}
