//! `/api/users`: what admins do with users.

pub(crate) mod delete_user;
mod input;
pub(crate) mod paginate;
pub(crate) mod set_role;
