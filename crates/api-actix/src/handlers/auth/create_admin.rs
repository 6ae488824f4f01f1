//! `POST /api/auth/create-admin`.

use actix_web::HttpResponse;

use super::input::{NewAccountBody, new_account};
use crate::dto::UserDto;
use crate::extract::{Call, MaybeSignedIn};
use crate::handlers::Answer;
use crate::openapi::parameters::SetupHeader;

/// Makes an admin, for those whom the use case lets in; a refused try leaves an audit record, so
/// it is the use case that refuses and not an extractor.
#[utoipa::path(
    post, path = "/api/auth/create-admin", operation_id = "createAdmin",
    summary = "Make an admin",
    description = "For an admin; or, as long as there is no admin, for a request with the setup token, or one from \
                   the machine itself on the embedded default. Anybody else is refused.",
    params(SetupHeader),
    request_body = NewAccountBody,
    responses((
        status = 201, description = "The admin was made.", body = UserDto<'_>,
        links(
            ("setRole" = (operation_id = "setRole", parameters(("id" = "$response.body#/id")))),
            ("delete" = (operation_id = "deleteUser", parameters(("id" = "$response.body#/id")))),
        ),
    )),
)]
pub(crate) async fn create_admin(caller: MaybeSignedIn, mut call: Call) -> Answer {
    let account = new_account(&call.json().await?)?;
    let (gate, origin) = (call.admin_gate(caller), call.origin()?);
    let accounts = &call.services()?.accounts;
    let user = accounts.register_admin(account, gate, &origin).await?;
    Ok(HttpResponse::Created().json(UserDto::from(&user)))
}
