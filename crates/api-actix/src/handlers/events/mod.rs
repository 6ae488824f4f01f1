//! `/api/events`: what is sold.

mod create_event;
mod delete_event;
mod fetch_by_id;
mod input;
mod paginate;
mod update_event;

pub(crate) use create_event::create_event;
pub(crate) use delete_event::delete_event;
pub(crate) use fetch_by_id::fetch_by_id;
pub(crate) use paginate::paginate;
pub(crate) use update_event::update_event;
