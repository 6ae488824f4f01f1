//! Users and sign-ins in answers.

use domain::session::Login;
use domain::user::User;
use serde::Serialize;

/// A user; nothing secret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserDto<'a> {
    id: i64,
    name: &'a str,
    email: &'a str,
    role: &'static str,
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

/// Tokens and whose they are; `expires_in` and `refresh_expires_in` in seconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoginDto<'a> {
    token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: String,
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
