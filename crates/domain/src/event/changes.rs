//! What a change of an event does once it has begun, with the record that it leaves.
//!
//! Each of these runs in a task of its own: the store acts whether or not the client still waits, and
//! what it did must not go unrecorded because the client hung up.

use std::sync::Arc;

use super::deletion::{Deletion, NotDeleted};
use super::{
    CreateEventError, DeleteEventError, Event, EventEdit, EventId, EventPorts, ExpectedRevision,
    InsertEventError, NewEvent, UpdateError, UpdateEventError,
};
use crate::audit::{Action, AuditRecord};
use crate::error::Failure;
use crate::idempotency::{KeyClaim, KeyError};
use crate::request::{Identity, Origin};

/// Somebody's change of an event.
pub(super) struct Change {
    pub(super) ports: EventPorts,
    pub(super) by: Identity,
    pub(super) origin: Origin,
}

impl Change {
    /// Makes an event.
    pub(super) async fn make(self, new: NewEvent) -> Result<Event, CreateEventError> {
        let record = self.record(Action::CreateEvent, new.id);
        match self.ports.events.insert(&new).await {
            Ok(event) => {
                let after = event.named(&Event::FIELDS);
                self.ports.audit.push(record.with("after", after));
                Ok(event)
            }
            Err(InsertEventError::KeyTaken) => Err(KeyError::InProgress.into()),
            Err(InsertEventError::Store(error)) => {
                self.ports.audit.push(record.unknown());
                Err(Failure::from(error).into())
            }
        }
    }

    /// Edits an event.
    pub(super) async fn edit(self, id: EventId, edit: EventEdit) -> Result<Event, UpdateError> {
        let fields = edit.change.fields();
        let record = self
            .record(Action::UpdateEvent, id)
            .with("fields", fields.clone());
        match self.ports.events.update(id, &edit).await {
            Ok(edited) => {
                let record = record
                    .with("before", edited.before.named(&fields))
                    .with("after", edited.after.named(&fields));
                self.ports.audit.push(record);
                Ok(edited.after)
            }
            Err(error) => Err(self.not_edited(error, record)),
        }
    }

    /// Why it was not edited, written down if it is a refusal or may not be true.
    fn not_edited(&self, error: UpdateEventError, record: AuditRecord) -> UpdateError {
        match error {
            UpdateEventError::NotFound => UpdateError::NotFound,
            UpdateEventError::KeyTaken => KeyError::InProgress.into(),
            UpdateEventError::Outdated => {
                self.ports.audit.push(record.failed());
                UpdateError::Outdated
            }
            UpdateEventError::CapacityBelowSold => {
                self.ports.audit.push(record.failed());
                UpdateError::CapacityBelowSold
            }
            UpdateEventError::Store(error) => {
                self.ports.audit.push(record.unknown());
                Failure::from(error).into()
            }
        }
    }

    /// Deletes an event.
    pub(super) async fn remove(
        self,
        id: EventId,
        expected: ExpectedRevision,
        key: Option<KeyClaim>,
    ) -> Result<(), DeleteEventError> {
        let record = self.record(Action::DeleteEvent, id);
        match self.deletion().run(id, expected, key).await {
            Ok(event) => {
                let before = event.named(&Event::FIELDS);
                self.ports.audit.push(record.with("before", before));
                Ok(())
            }
            Err(NotDeleted::Unknown(failure)) => {
                self.ports.audit.push(record.unknown());
                Err(failure.into())
            }
            Err(NotDeleted::Refused(refusal)) => Err(self.not_deleted(refusal, record)),
        }
    }

    fn deletion(&self) -> Deletion {
        Deletion {
            stock: Arc::clone(&self.ports.stock),
            bookings: Arc::clone(&self.ports.bookings),
            settler: Arc::clone(&self.ports.settler),
            runtime: self.ports.runtime.clone(),
        }
    }

    /// Why it was not deleted, written down if the event is the reason.
    fn not_deleted(&self, refusal: DeleteEventError, record: AuditRecord) -> DeleteEventError {
        if matches!(
            refusal,
            DeleteEventError::HasBookings | DeleteEventError::Outdated
        ) {
            self.ports.audit.push(record.failed());
        }
        refusal
    }

    fn record(&self, action: Action, event: EventId) -> AuditRecord {
        let (runtime, origin) = (&self.ports.runtime, &self.origin);
        AuditRecord::new(runtime.ids.audit_id(), runtime.clock.now(), action, origin)
            .by(self.by)
            .on_event(event)
    }
}
