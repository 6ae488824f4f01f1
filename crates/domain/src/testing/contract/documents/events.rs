//! Events: writing and reading.

use super::super::Documents;
use super::super::make::*;

pub async fn an_inserted_event_is_found_with_all_its_tickets(on: Documents) {
    let new = event_with(details(500));
    let event = on.events.insert(&new).await.unwrap();
    assert_eq!(event.id, new.id);
    assert_eq!(event.title, new.details.title);
    assert_eq!(event.description, new.details.description);
    assert_eq!(event.date, new.details.date);
    assert_eq!(event.location, new.details.location);
    assert_eq!((event.total_tickets, event.available_tickets), (500, 500));
    assert_eq!(event.metadata, new.details.metadata);
    assert_eq!(event.created_by, new.created_by);
    assert_eq!((event.created_at, event.updated_at), (at(AT), at(AT)));
    assert_eq!(on.events.find(new.id).await.unwrap(), Some(event));
}
