//! Users and sign-ins in answers.

use domain::session::Login;
use domain::user::User;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::fields;

/// A user; nothing secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub(crate) struct UserDto<'a> {
    #[schema(schema_with = fields::user_id)]
    id: i64,
    #[schema(schema_with = fields::name_answered)]
    name: &'a str,
    #[schema(schema_with = fields::email_answered)]
    email: &'a str,
    #[schema(schema_with = fields::role)]
    role: &'static str,
    #[schema(schema_with = fields::moment)]
    created_at: String,
}

impl<'a> From<&'a User> for UserDto<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id.get(),
            name: user.name.as_str(),
            email: user.email.as_str(),
            role: user.role.as_str(),
            created_at: user.created_at.to_string(),
        }
    }
}

/// Tokens, and whose they are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Login)]
pub(crate) struct LoginDto<'a> {
    #[schema(schema_with = fields::token)]
    token: &'a str,
    #[schema(schema_with = fields::token_type)]
    token_type: &'static str,
    #[schema(schema_with = fields::expires_in)]
    expires_in: u64,
    #[schema(schema_with = fields::refresh_token)]
    refresh_token: String,
    #[schema(schema_with = fields::refresh_expires_in)]
    refresh_expires_in: u64,
    user: UserDto<'a>,
}

impl<'a> From<&'a Login> for LoginDto<'a> {
    fn from(login: &'a Login) -> Self {
        Self {
            token: &login.token.text,
            token_type: "Bearer",
            expires_in: login.token.expires_in,
            refresh_token: login.refresh.token.expose(),
            refresh_expires_in: login.refresh.expires_in,
            user: UserDto::from(&login.user),
        }
    }
}
