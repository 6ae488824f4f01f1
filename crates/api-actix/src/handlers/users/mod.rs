//! `/api/users`: what admins do with users.

mod delete_user;
mod input;
mod paginate;
mod set_role;

pub(crate) use delete_user::delete_user;
pub(crate) use paginate::paginate;
pub(crate) use set_role::set_role;
