//! Users: they book and cancel.

use std::time::Duration;

use domain::booking::{
    BookError, BookTickets, Booking, BookingId, BookingUseCases, CancelError, Quantity,
};
use domain::event::EventId;
use domain::idempotency::{Done, Fingerprint, IdempotencyKey, KeyError, KeyUse};
use domain::request::Identity;
use domain::user::{Role, UserId};
use futures_util::future::join;
use tokio::time::{Instant, sleep};

use super::{ADMIN, Load, TRIES, done, origin};

impl Load {
    pub(super) async fn user(&self, number: u64) {
        let crowd = self.cluster.world.crowd;
        let account = if crowd { number / 2 } else { number };
        let by = Identity {
            user_id: UserId::new(i64::try_from(account).unwrap_or_default() + 1),
            role: Role::User,
        };
        let dice = self.dice();
        for turn in 0..dice.between(1, if crowd { 5 } else { 3 }) {
            let (event, wait) = self.where_and_when(turn);
            sleep(wait).await;
            let key = dice.chance(700).then(|| format!("key-{turn}"));
            let key = key.and_then(|key| IdempotencyKey::parse(&key).ok());
            let wish = self.wish(event, key.clone());
            let booked = match dice.below(10) {
                // Somebody who clicks twice.
                0 | 1 if key.is_some() => {
                    let twice = join(self.book(by, &wish), self.book(by, &wish)).await;
                    twice.0.or(twice.1)
                }
                // Somebody who takes one key for two wishes.
                number if key.is_some() && (number == 2 || crowd && number < 7) => {
                    let other = self.wish(dice.pick(&self.events), key);
                    let both = join(self.book(by, &wish), self.book(by, &other)).await;
                    both.0.or(both.1)
                }
                _ => self.book(by, &wish).await,
            };
            if let Some(id) = booked
                && dice.chance(450)
            {
                self.cancel_some_way(by, id).await;
            }
        }
    }

    /// Which event somebody turns to next, and after what time.
    pub(super) fn where_and_when(&self, turn: u64) -> (EventId, Duration) {
        let dice = self.dice();
        match self.doomed {
            // A little before the end of the event, or in the middle of it.
            Some((doomed, at)) if turn == 0 && dice.chance(400) => {
                let wait = (at + dice.between(0, 200)).saturating_sub(150);
                (doomed, Duration::from_millis(wait))
            }
            _ => (dice.pick(&self.events), dice.millis(0, self.span / 2)),
        }
    }

    fn wish(&self, event_id: EventId, key: Option<IdempotencyKey>) -> BookTickets {
        let quantity = i64::try_from(self.dice().between(1, 3)).unwrap_or(1);
        BookTickets {
            event_id,
            quantity: Quantity::new(quantity).unwrap_or(Quantity::ONE),
            key,
        }
    }

    /// Books, and tries again where a client would.
    async fn book(&self, by: Identity, wish: &BookTickets) -> Option<BookingId> {
        for _ in 0..TRIES {
            match self.book_once(by, wish).await {
                Some(Ok(booked)) => return Some(booked.value.id),
                Some(Err(BookError::Failed(_) | BookError::Key(KeyError::InProgress))) | None => {}
                Some(Err(_)) => return None,
            }
            // Without a key a second try could be a second booking, and is one here.
            if wish.key.is_none() && self.dice().chance(500) {
                return None;
            }
            sleep(self.dice().millis(20, 1_500)).await;
        }
        None
    }

    async fn book_once(
        &self,
        by: Identity,
        wish: &BookTickets,
    ) -> Option<Result<Done<Booking>, BookError>> {
        self.answers.asks(by.user_id, wish);
        let (since, asked) = (Instant::now(), wish.clone());
        let answer = self
            .ask(|instance| async move { instance.bookings.book(asked, by, &origin()).await })
            .await?;
        let (user, event, quantity) = (by.user_id, wish.event_id, wish.quantity.get());
        let key = wish.key.as_ref().map_or("no key", IdempotencyKey::as_str);
        let asked = format!("{user} books {quantity} of {event} with {key}");
        self.note(&asked, &answer, |booked| {
            format!("booking {}", booked.value.id)
        });
        self.answers.book(user, wish, since, &answer);
        Some(answer)
    }

    async fn cancel_some_way(&self, by: Identity, id: BookingId) {
        let dice = self.dice();
        sleep(dice.millis(0, 2_000)).await;
        let by = if dice.chance(200) { ADMIN } else { by };
        let key = dice.chance(500).then(|| cancel_key(id)).flatten();
        let key = key.as_ref();
        if dice.chance(300) {
            join(self.cancel(by, id, key), self.cancel(by, id, key)).await;
        } else {
            self.cancel(by, id, key).await;
            if dice.chance(200) {
                self.cancel(by, id, key).await;
            }
        }
    }

    /// Cancels, and tries again until the outcome is known.
    async fn cancel(&self, by: Identity, id: BookingId, key: Option<&KeyUse>) {
        self.answers.asks_to_cancel(by.user_id, id, key);
        for _ in 0..TRIES {
            let used = key.cloned();
            let answer =
                self.ask(|instance| async move {
                    instance.bookings.cancel(id, by, used, &origin()).await
                })
                .await;
            if let Some(answer) = answer {
                let with = key.map_or("no key", |used| used.key.as_str());
                self.note(&format!("cancels {id} with {with}"), &answer, done);
                self.answers.cancel(by.user_id, id, key, &answer);
                let again = matches!(
                    answer,
                    Err(CancelError::Failed(_) | CancelError::Key(KeyError::InProgress))
                );
                if !again {
                    return;
                }
            }
            sleep(self.dice().millis(20, 1_500)).await;
        }
    }
}

/// The key of the request to cancel a booking.
fn cancel_key(id: BookingId) -> Option<KeyUse> {
    Some(KeyUse {
        key: IdempotencyKey::parse(&format!("cancel-{id}")).ok()?,
        fingerprint: Fingerprint::of_request("DELETE", &format!("/{id}"), ""),
    })
}
