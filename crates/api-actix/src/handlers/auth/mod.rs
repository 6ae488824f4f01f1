//! `/api/auth`: accounts and signing in.

mod change_password;
mod create_admin;
mod create_user;
mod delete_account;
mod input;
mod login;
mod logout;
mod logout_everywhere;
mod refresh_token;
mod user_profile;

pub(crate) use change_password::change_password;
pub(crate) use create_admin::create_admin;
pub(crate) use create_user::create_user;
pub(crate) use delete_account::delete_account;
pub(crate) use login::login;
pub(crate) use logout::logout;
pub(crate) use logout_everywhere::logout_everywhere;
pub(crate) use refresh_token::refresh_token;
pub(crate) use user_profile::user_profile;
