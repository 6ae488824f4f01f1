//! What many cases do on their way: the calls that must succeed.

use std::time::Duration;

use futures_util::future::join_all;

use super::make::*;
use super::{Documents, Relational};
use crate::audit::AuditRecord;
use crate::booking::{
    Booking, Cancelled, CommitOutcome, KeyedRequest, NewBooking, OutboxId, PendingWork,
};
use crate::error::StoreError;
use crate::event::{Event, EventChange, EventEdit, EventId, ExpectedRevision, UpdateEventError};
use crate::idempotency::{IdempotencyKey, UserKey};
use crate::session::{NewSession, Opening, SessionId};
use crate::stock::{
    ClosingState, ClosingToken, DeleteOutcome, HoldRef, Reservation, ReserveOutcome,
};
use crate::time::Timestamp;
use crate::user::{User, UserId};

impl Relational {
    /// A user whose address is made of `name`.
    pub(super) async fn user(&self, name: &str) -> User {
        let user = new_user(&format!("{name}@example.org"));
        self.users.insert(&user).await.unwrap()
    }

    /// Opens a session of an hour for a user made with [`Self::user`].
    pub(super) async fn session(&self, user: UserId) -> NewSession {
        let session = new_session(user);
        let opened = self.sessions.open(&session).await.unwrap();
        assert_eq!(opened, Opening::Opened);
        session
    }

    /// Which of the sessions are alive a minute after [`AT`].
    pub(super) async fn alive(&self, sessions: &[SessionId]) -> Vec<SessionId> {
        let living = self.sessions.living(sessions, at(AT + 60_000)).await;
        let mut ids: Vec<SessionId> = living.unwrap().iter().map(|(id, _)| *id).collect();
        ids.sort();
        ids
    }

    /// Stores bookings that nothing is wrong with.
    pub(super) async fn book(&self, group: &[NewBooking]) -> Vec<Booking> {
        let outcomes = self.bookings.commit(group).await.unwrap();
        assert_eq!(outcomes.len(), group.len());
        outcomes.iter().map(expect_booked).collect()
    }

    /// The user's booking under a key.
    pub(super) async fn find_by_key(
        &self,
        user_id: UserId,
        key: &IdempotencyKey,
    ) -> Result<Option<KeyedRequest>, StoreError> {
        let key = UserKey {
            user_id,
            key: key.clone(),
        };
        let mut found = self.bookings.find_by_keys(&[key]).await?;
        Ok(found.remove(0))
    }

    /// Stores one booking that nothing is wrong with.
    pub(super) async fn book_one(&self, booking: NewBooking) -> Booking {
        self.book(&[booking]).await.remove(0)
    }

    /// Cancels a booking that can be cancelled, as its owner.
    pub(super) async fn cancel_one(&self, booking: &Booking) -> Cancelled {
        let wish = cancellation(booking.id, as_user(booking.user_id));
        let outcomes = self.bookings.cancel(&[wish]).await.unwrap();
        assert_eq!(outcomes.len(), 1);
        expect_cancelled(&outcomes[0])
    }

    /// Sends each group in a call of its own, all at the same time.
    pub(super) async fn commit_at_once(&self, groups: &[Vec<NewBooking>]) -> Vec<CommitOutcome> {
        let calls = groups.iter().map(|group| self.bookings.commit(group));
        let answers = join_all(calls).await.into_iter();
        answers.flat_map(|answer| answer.unwrap()).collect()
    }

    /// Every audit record that waits in the outbox, oldest first.
    pub(super) async fn waiting_records(&self) -> Vec<AuditRecord> {
        let rows = self.all_pending().await.rows.into_iter();
        rows.flat_map(|row| row.records.unwrap()).collect()
    }

    /// All that is in the outbox.
    pub(super) async fn all_pending(&self) -> PendingWork {
        self.outbox.pending(OutboxId::START, 1_000).await.unwrap()
    }

    /// Empties the outbox.
    pub(super) async fn empty_outbox(&self) {
        let rows = self.all_pending().await.rows;
        let ids: Vec<OutboxId> = rows.iter().map(|row| row.id).collect();
        self.outbox.forget(&ids).await.unwrap();
        assert_eq!(self.all_pending().await.rows, []);
    }
}

impl Documents {
    /// An event of so many tickets, far in the future.
    pub(super) async fn event(&self, tickets: i64) -> EventId {
        let event = event_with(details(tickets));
        self.events.insert(&event).await.unwrap().id
    }

    /// The event as it is now.
    pub(super) async fn stored(&self, event: EventId) -> Event {
        let found = self.events.find(event).await.unwrap();
        found.expect("the event is there")
    }

    /// Edits an event, whatever its revision; as it then is.
    pub(super) async fn edit(
        &self,
        event: EventId,
        change: &EventChange,
        at: Timestamp,
    ) -> Result<Event, UpdateEventError> {
        let edit = EventEdit {
            at,
            ..edit(change, ExpectedRevision::Any)
        };
        let edited = self.events.update(event, &edit).await;
        edited.map(|edited| edited.after)
    }

    /// Closes an event, whatever its revision.
    pub(super) async fn close(
        &self,
        event: EventId,
        token: ClosingToken,
    ) -> Result<ClosingState, StoreError> {
        self.stock.close(event, token, &ExpectedRevision::Any).await
    }

    /// Deletes an event that `token` closed, whatever its revision; whether it did.
    pub(super) async fn delete_closed(
        &self,
        event: EventId,
        token: ClosingToken,
    ) -> Result<bool, StoreError> {
        let any = ExpectedRevision::Any;
        let outcome = self.stock.delete_closed(event, token, &any, None).await?;
        Ok(matches!(outcome, DeleteOutcome::Deleted(_)))
    }

    /// The tickets that can be booked now.
    pub(super) async fn available(&self, event: EventId) -> u32 {
        self.stored(event).await.available_tickets
    }

    /// Sends reservations in one batch.
    pub(super) async fn reserve(&self, wishes: Vec<Reservation>) -> Vec<ReserveOutcome> {
        let count = wishes.len();
        let outcomes = self.stock.reserve(&batch(wishes)).await.unwrap();
        assert_eq!(outcomes.len(), count);
        outcomes
    }

    /// Reserves tickets that are there.
    pub(super) async fn hold(&self, event: EventId, tickets: i64) -> HoldRef {
        let wish = reservation(event, tickets);
        let hold = wish.hold_ref();
        assert_eq!(self.reserve(vec![wish]).await, [ReserveOutcome::Granted]);
        hold
    }

    /// All holds of all events, as their references, in order.
    pub(super) async fn holds(&self) -> Vec<HoldRef> {
        let holds = self.stock.stale_holds(Duration::ZERO, 10_000);
        let mut refs: Vec<HoldRef> = holds.await.unwrap().iter().map(|hold| hold.at).collect();
        refs.sort();
        refs
    }
}
