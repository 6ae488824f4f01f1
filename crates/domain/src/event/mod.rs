//! Events: what is sold, when and where.

mod changes;
mod deletion;
mod entity;
mod list;
mod metadata;
mod ports;
mod service;
mod snapshot;
#[cfg(test)]
mod tests;
mod use_cases;
mod version;

pub use entity::{
    Capacity, Description, Edited, Event, EventChange, EventDetails, EventEdit, EventId,
    EventSummary, Location, NewEvent, Title,
};
pub use list::{EventFilter, EventList, EventOrder, EventQuery, Tag};
pub use metadata::Metadata;
#[cfg(any(test, feature = "testing"))]
pub use ports::MockEventRepository;
pub use ports::{EventRepository, InsertEventError, UpdateEventError};
pub use service::{EventPorts, EventService};
#[cfg(any(test, feature = "testing"))]
pub use use_cases::MockEventUseCases;
pub use use_cases::{CreateEventError, DeleteEventError, EventUseCases, UpdateError};
pub use version::{EventVersion, ExpectedRevision, Revision};
