//! An event as text, for stores that remember how it was answered.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Description, Event, EventId, EventVersion, Location, Metadata, Revision, Title};
use crate::time::Timestamp;
use crate::user::UserId;

/// Times in milliseconds since 1970.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    id: String,
    title: String,
    description: String,
    date: i64,
    location: String,
    total_tickets: u32,
    available_tickets: u32,
    metadata: Map<String, Value>,
    created_by: i64,
    created_at: i64,
    updated_at: i64,
    revision: u64,
    stock: u64,
}

impl Event {
    /// The event as JSON that [`Self::from_snapshot`] reads.
    pub fn to_snapshot(&self) -> String {
        let snapshot = Snapshot {
            id: self.id.to_string(),
            title: self.title.as_str().to_owned(),
            description: self.description.as_str().to_owned(),
            date: self.date.millis(),
            location: self.location.as_str().to_owned(),
            total_tickets: self.total_tickets,
            available_tickets: self.available_tickets,
            metadata: self.metadata.as_map().clone(),
            created_by: self.created_by.get(),
            created_at: self.created_at.millis(),
            updated_at: self.updated_at.millis(),
            revision: self.version.revision.get(),
            stock: self.version.stock,
        };
        // Text, numbers and maps with text as keys: there is nothing that could not be written.
        serde_json::to_string(&snapshot).unwrap_or_default()
    }

    /// The event of a snapshot; `None` if that is none.
    pub fn from_snapshot(text: &str) -> Option<Self> {
        let snapshot: Snapshot = serde_json::from_str(text).ok()?;
        Some(Self {
            id: EventId::parse(&snapshot.id)?,
            title: Title::from_stored(snapshot.title),
            description: Description::from_stored(snapshot.description),
            date: Timestamp::from_millis(snapshot.date),
            location: Location::from_stored(snapshot.location),
            total_tickets: snapshot.total_tickets,
            available_tickets: snapshot.available_tickets,
            metadata: Metadata::from_stored(snapshot.metadata),
            created_by: UserId::new(snapshot.created_by),
            created_at: Timestamp::from_millis(snapshot.created_at),
            updated_at: Timestamp::from_millis(snapshot.updated_at),
            version: EventVersion {
                revision: Revision::new(snapshot.revision)?,
                stock: snapshot.stock,
            },
        })
    }
}
