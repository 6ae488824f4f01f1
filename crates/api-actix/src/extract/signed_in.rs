//! Who calls, as types: a handler that takes [`Admin`] cannot be reached by anybody else.

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, dev, web};
use domain::access::InvalidToken;
use domain::request::{Caller, Identity};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use crate::problem::Problem;
use crate::refusals::{forbidden, missing_token};
use crate::server::HttpState;

/// Somebody who is signed in, with the session.
pub(crate) struct InSession(pub(crate) Caller);

/// Somebody who is signed in.
pub(crate) struct SignedIn(pub(crate) Identity);

/// Somebody who may have bookings.
pub(crate) struct Customer(pub(crate) Identity);

/// An admin.
pub(crate) struct Admin(pub(crate) Identity);

/// Anybody. A token that is sent along must be valid all the same.
pub(crate) struct MaybeSignedIn(pub(crate) Option<Identity>);

impl FromRequest for MaybeSignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let caller = caller(&request).await?;
            Ok(Self(caller.map(|caller| caller.identity)))
        }
        .boxed_local()
    }
}

impl FromRequest for InSession {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let request = request.clone();
        async move { Ok(Self(in_session(&request).await?)) }.boxed_local()
    }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let request = request.clone();
        async move { Ok(Self(in_session(&request).await?.identity)) }.boxed_local()
    }
}

impl FromRequest for Customer {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let identity = in_session(&request).await?.identity;
            if identity.role.books() {
                Ok(Self(identity))
            } else {
                Err(forbidden("Staff has no bookings."))
            }
        }
        .boxed_local()
    }
}

impl FromRequest for Admin {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let identity = in_session(&request).await?.identity;
            if identity.role.manages() {
                Ok(Self(identity))
            } else {
                Err(forbidden("Only an admin may do this."))
            }
        }
        .boxed_local()
    }
}

async fn in_session(request: &HttpRequest) -> Result<Caller, Problem> {
    caller(request).await?.ok_or_else(missing_token)
}

async fn caller(request: &HttpRequest) -> Result<Option<Caller>, Problem> {
    let Some(token) = bearer_token(request)? else {
        return Ok(None);
    };
    let state = request
        .app_data::<web::Data<HttpState>>()
        .ok_or_else(|| Problem::internal("the application has no state".to_owned()))?;
    Ok(Some(state.services.access.admit(token).await?))
}

/// The token of the `Authorization` header; two such headers are ambiguous and no sign-in.
fn bearer_token(request: &HttpRequest) -> Result<Option<&str>, InvalidToken> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    if headers.next().is_some() {
        return Err(InvalidToken);
    }
    let text = header.to_str().map_err(|_| InvalidToken)?;
    let (scheme, token) = text.trim().split_once(' ').ok_or(InvalidToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(InvalidToken);
    }
    Ok(Some(token.trim()))
}
