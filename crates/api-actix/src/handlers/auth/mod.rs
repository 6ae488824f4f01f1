//! `/api/auth`: accounts and signing in.

mod create_admin;
mod create_user;
mod input;
mod login;
mod user_profile;

pub(crate) use create_admin::create_admin;
pub(crate) use create_user::create_user;
pub(crate) use login::login;
pub(crate) use user_profile::user_profile;
