//! `/api/events`: what is sold.

pub(crate) mod create_event;
pub(crate) mod delete_event;
pub(crate) mod fetch_by_id;
mod input;
pub(crate) mod paginate;
pub(crate) mod update_event;
