//! The shapes of answers, apart from the entities.

mod booking;
mod event;
mod log;
mod page;
mod user;

pub(crate) use booking::BookingDto;
pub(crate) use event::{EventDto, entity_tag};
pub use log::LogRecordDto;
pub(crate) use page::{BookingPage, EventPage, ListDto, LogStretch, PageDto, StretchDto, UserPage};
pub(crate) use user::{LoginDto, UserDto};
