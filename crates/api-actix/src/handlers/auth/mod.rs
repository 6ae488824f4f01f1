//! `/api/auth`: accounts and signing in.

pub(crate) mod change_password;
pub(crate) mod create_admin;
pub(crate) mod create_user;
pub(crate) mod delete_account;
mod input;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod logout_everywhere;
pub(crate) mod refresh_token;
pub(crate) mod user_profile;
