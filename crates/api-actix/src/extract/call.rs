//! What every handler works with.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev, web};
use domain::booking::BookingId;
use domain::event::{EventId, EventVersion, ExpectedRevision};
use domain::idempotency::{Fingerprint, IdempotencyKey, KeyUse};
use domain::page::PageRequest;
use domain::request::{Origin, RequestId};
use domain::text::InvalidValue;
use domain::user::{AdminGate, UserId};

use super::client::ClientAddress;
use super::{MaybeSignedIn, Query, body, conditions, loopback};
use crate::links::Links;
use crate::metric::RoutePattern;
use crate::problem::{FieldError, Problem};
use crate::refusals::{booking_not_found, event_not_found, user_not_found};
use crate::server::{HttpState, Services};

/// The header that names a request, for it to be done once.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The header that carries the setup token.
pub(crate) const SETUP_TOKEN: &str = "X-Setup-Token";

/// A request that nothing was read of yet: path, query and body are looked at when the handler
/// asks, after the extractors have settled who calls. So 401 and 403 always come before 404, 413
/// or 422.
pub(crate) struct Call {
    request: HttpRequest,
    payload: dev::Payload,
}

impl FromRequest for Call {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self {
            request: request.clone(),
            payload: payload.take(),
        }))
    }
}

impl Call {
    /// The use cases.
    pub(crate) fn services(&self) -> Result<&Services, Problem> {
        let state = self.request.app_data::<web::Data<HttpState>>();
        state
            .map(|state| &state.services)
            .ok_or_else(|| lost("the application's state"))
    }

    /// The request's id and the client's address.
    pub(crate) fn origin(&self) -> Result<Origin, Problem> {
        let extensions = self.request.extensions();
        let id = extensions.get::<RequestId>();
        let client = extensions.get::<ClientAddress>();
        Ok(Origin {
            request_id: id.cloned().ok_or_else(|| lost("the request's id"))?,
            address: client.and_then(|client| client.0.map(|address| address.to_string())),
        })
    }

    /// The text of the JSON body.
    pub(crate) async fn json(&mut self) -> Result<String, Problem> {
        body::read(&self.request, &mut self.payload).await
    }

    /// The event in the path.
    pub(crate) fn event_id(&self) -> Result<EventId, Problem> {
        self.path("id")
            .and_then(EventId::parse)
            .ok_or_else(event_not_found)
    }

    /// The booking in the path.
    pub(crate) fn booking_id(&self) -> Result<BookingId, Problem> {
        self.path("bookingId")
            .and_then(BookingId::parse)
            .ok_or_else(booking_not_found)
    }

    /// The user in the path.
    pub(crate) fn user_id(&self) -> Result<UserId, Problem> {
        self.path("id")
            .and_then(UserId::parse)
            .ok_or_else(user_not_found)
    }

    /// The fields of the query.
    pub(crate) fn query(&self) -> Result<Query, Problem> {
        Query::parse(self.request.query_string())
    }

    /// Links from the part of a list that the query asks for to others.
    pub(crate) fn links(&self) -> Links<'_> {
        // The pattern of a list has no parameter, and is not the client's text.
        let path = self.request.app_data::<RoutePattern>();
        let path = path.map_or("", |RoutePattern(path)| path);
        Links::new(path, self.request.query_string())
    }

    /// The page that a query without other fields asks for.
    pub(crate) fn page(&self) -> Result<PageRequest, Problem> {
        let mut query = self.query()?;
        let page = query.page();
        query.finish(page)
    }

    /// The revisions of an event that the request is meant for, by its `If-Match`.
    pub(crate) fn expected_revision(&self) -> Result<ExpectedRevision, FieldError> {
        conditions::expected_revision(self.request.headers())
    }

    /// Whether the client has this version already, by its `If-None-Match`.
    pub(crate) fn knows(&self, version: EventVersion) -> bool {
        conditions::is_known(self.request.headers(), version)
    }

    /// The client's name for this request, if it has one; two names are none.
    pub(crate) fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, InvalidValue> {
        let name = HeaderName::from_static("idempotency-key");
        let mut values = self.request.headers().get_all(name);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        match (value.to_str(), values.next()) {
            (Ok(text), None) => IdempotencyKey::parse(text).map(Some),
            _ => Err(InvalidValue::NotAKey),
        }
    }

    /// The client's name for this request, with what the request asks for; its body is `body`.
    pub(crate) fn key_use(&self, body: &str) -> Result<Option<KeyUse>, FieldError> {
        let key = self.idempotency_key();
        let key = key.map_err(|error| FieldError {
            field: IDEMPOTENCY_KEY.to_owned(),
            message: error.to_string(),
        })?;
        let (method, path) = (self.request.method().as_str(), self.request.path());
        Ok(key.map(|key| KeyUse {
            key,
            fingerprint: Fingerprint::of_request(method, path, body),
        }))
    }

    /// What the request brings along to make an admin. The use case alone decides on it.
    pub(crate) fn admin_gate(&self, caller: MaybeSignedIn) -> AdminGate {
        let state = self.request.app_data::<web::Data<HttpState>>();
        let opens_to_loopback = state.is_some_and(|state| state.first_admin_from_loopback);
        AdminGate {
            caller: caller.0,
            setup_token: self.setup_token(),
            loopback: opens_to_loopback && loopback::is_local(&self.request),
        }
    }

    /// The setup token; two of them are ambiguous and count as none.
    fn setup_token(&self) -> Option<String> {
        let name = HeaderName::from_static("x-setup-token");
        let mut values = self.request.headers().get_all(name);
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then(|| value.to_owned())
    }

    /// A part of the path, by its name in the route.
    pub(crate) fn path(&self, name: &str) -> Option<&str> {
        self.request.match_info().get(name)
    }
}

fn lost(what: &str) -> Problem {
    Problem::internal(format!("{what} got lost"))
}
