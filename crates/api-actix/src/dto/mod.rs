//! The shapes of answers, apart from the entities.

mod booking;
mod event;
mod page;
mod user;

pub(crate) use booking::BookingDto;
pub(crate) use event::{EventDto, entity_tag};
pub(crate) use page::{BookingPage, EventPage, PageDto, UserPage};
pub(crate) use user::{LoginDto, UserDto};
