//! The bodies of accounts and sign-ins.

use domain::session::RefreshToken;
use domain::user::{Email, NewAccount, Password, PasswordAttempt, PersonName};

use crate::extract::{Fields, text};
use crate::openapi::{body_schema, fields, schema_type};
use crate::problem::Problem;

schema_type! {
    /// What [`new_account`] reads.
    NewAccountBody as "NewAccount",
    body_schema(vec![
        ("name", fields::name()),
        ("email", fields::email()),
        ("password", fields::new_password()),
    ], vec![])
}

schema_type! {
    /// What [`credentials`] reads.
    CredentialsBody as "Credentials",
    body_schema(vec![
        ("email", fields::email()),
        ("password", fields::password_attempt()),
    ], vec![])
}

/// `{name, email, password}`. There is no `role`: which one it becomes, the route says.
pub(super) fn new_account(json: &str) -> Result<NewAccount, Problem> {
    let mut fields = Fields::parse(json)?;
    let name = fields.required("name", text(PersonName::parse));
    let email = fields.required("email", text(Email::parse));
    let password = fields.required("password", text(Password::parse));
    let account = || {
        Some(NewAccount {
            name: name?,
            email: email?,
            password: password?,
        })
    };
    fields.finish(account())
}

/// `{email, password}`.
pub(super) fn credentials(json: &str) -> Result<(Email, PasswordAttempt), Problem> {
    let mut fields = Fields::parse(json)?;
    let email = fields.required("email", text(Email::parse));
    let attempt = fields.required("password", text(PasswordAttempt::parse));
    fields.finish(email.zip(attempt))
}

schema_type! {
    /// What [`refresh_token`] reads.
    RefreshTokenBody as "Refresh",
    body_schema(vec![("refreshToken", fields::refresh_token())], vec![])
}

/// `{refreshToken}`.
pub(super) fn refresh_token(json: &str) -> Result<RefreshToken, Problem> {
    let mut fields = Fields::parse(json)?;
    let token = fields.required("refreshToken", text(RefreshToken::parse));
    fields.finish(token)
}

schema_type! {
    /// What [`password_change`] reads.
    PasswordChangeBody as "PasswordChange",
    body_schema(vec![
        ("currentPassword", fields::password_attempt()),
        ("newPassword", fields::new_password()),
    ], vec![])
}

/// `{currentPassword, newPassword}`.
pub(super) fn password_change(json: &str) -> Result<(PasswordAttempt, Password), Problem> {
    let mut fields = Fields::parse(json)?;
    let current = fields.required("currentPassword", text(PasswordAttempt::parse));
    let new = fields.required("newPassword", text(Password::parse));
    fields.finish(current.zip(new))
}
