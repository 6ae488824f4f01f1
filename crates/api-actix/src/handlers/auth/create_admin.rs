//! `POST /api/auth/create-admin`.

use actix_web::HttpResponse;

use super::input::new_account;
use crate::dto::UserDto;
use crate::extract::{Call, MaybeSignedIn};
use crate::handlers::Answer;

/// Makes an admin, for those whom the use case lets in; a refused try leaves an audit record, so
/// it is the use case that refuses and not an extractor.
pub(crate) async fn create_admin(caller: MaybeSignedIn, mut call: Call) -> Answer {
    let account = new_account(&call.json().await?)?;
    let (gate, origin) = (call.admin_gate(caller), call.origin()?);
    let accounts = &call.services()?.accounts;
    let user = accounts.register_admin(account, gate, &origin).await?;
    Ok(HttpResponse::Created().json(UserDto::from(&user)))
}
