//! What clients do: they book, with keys and without, try again, cancel, cancel twice; an admin changes
//! capacities and deletes.

use std::sync::Arc;
use std::time::Duration;

use domain::booking::{
    BookError, BookTickets, Booked, BookingId, BookingUseCases, CancelError, IdempotencyKey,
    Quantity,
};
use domain::event::{
    Capacity, Description, EventChange, EventDetails, EventId, EventUseCases, Location, Metadata,
    Title,
};
use domain::request::{Identity, Origin, RequestId};
use domain::text::InvalidValue;
use domain::time::Timestamp;
use domain::user::{Role, UserId};
use futures_util::future::{join, join_all};
use tokio::time::{Instant, sleep};

use crate::answers::Answers;
use crate::cluster::Cluster;
use crate::dice::Dice;

const ADMIN: Identity = Identity {
    user_id: UserId::new(1_000),
    role: Role::Admin,
};

/// How often a client sends a request in all.
const TRIES: usize = 4;
/// The time in which things happen, in milliseconds.
const SPAN: u64 = 9_000;

/// The clients of one run.
pub(crate) struct Load {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) answers: Arc<Answers>,
    events: Vec<EventId>,
    /// An event that nobody books but while it is being deleted, and when.
    doomed: Option<(EventId, u64)>,
}

fn origin() -> Origin {
    Origin {
        request_id: RequestId::unknown(),
        address: None,
    }
}

fn details(tickets: i64) -> Result<EventDetails, InvalidValue> {
    Ok(EventDetails {
        title: Title::parse("Concert")?,
        description: Description::parse("")?,
        date: Timestamp::parse("9999-01-01T00:00:00Z")?,
        location: Location::parse("Hall")?,
        capacity: Capacity::new(tickets)?,
        metadata: Metadata::default(),
    })
}

impl Load {
    /// Makes the events, while nothing goes wrong yet.
    pub(crate) async fn prepare(cluster: Arc<Cluster>, answers: Arc<Answers>) -> Self {
        let mut load = Self {
            cluster,
            answers,
            events: Vec::new(),
            doomed: None,
        };
        for _ in 0..load.dice().between(1, 3) {
            let event = load.make_event().await;
            load.events.extend(event);
        }
        if load.dice().chance(500) {
            let at = load.dice().between(500, SPAN);
            load.doomed = load.make_event().await.map(|event| (event, at));
        }
        load
    }

    fn dice(&self) -> &Dice {
        &self.cluster.world.dice
    }

    async fn make_event(&self) -> Option<EventId> {
        let tickets = self.dice().between(2, 10);
        let details = details(i64::try_from(tickets).ok()?).ok()?;
        sleep(Duration::from_millis(1)).await;
        let instance = self.cluster.instance(0)?;
        let made = instance.events.create(details, ADMIN, &origin()).await;
        let event = made.ok()?;
        self.answers.may_have(event.id, event.total_tickets);
        self.cluster.world.state().watch(event.id);
        Some(event.id)
    }

    /// Lets all clients do what they do.
    pub(crate) async fn run(self: &Arc<Self>) {
        let users = self.dice().between(8, 14);
        let users = (0..users).map(|user| self.user(user));
        let admin = join(self.resize_some(), self.delete_some());
        join(join_all(users), admin).await;
    }

    async fn user(&self, number: u64) {
        let user = UserId::new(i64::try_from(number).unwrap_or_default() + 1);
        let by = Identity {
            user_id: user,
            role: Role::User,
        };
        let dice = self.dice();
        for turn in 0..dice.between(1, 3) {
            let mut event = dice.pick(&self.events);
            let mut wait = dice.between(0, SPAN / 2);
            if let Some((doomed, at)) = self.doomed
                && turn == 0
                && dice.chance(300)
            {
                event = doomed;
                // A little before the end, or in the middle of it.
                wait = (at + dice.between(0, 600)).saturating_sub(300);
            }
            sleep(Duration::from_millis(wait)).await;
            let key = dice.chance(700).then(|| format!("key-{turn}"));
            let key = key.and_then(|key| IdempotencyKey::parse(&key).ok());
            let quantity = i64::try_from(dice.between(1, 3)).unwrap_or(1);
            let wish = BookTickets {
                event_id: event,
                quantity: Quantity::new(quantity).unwrap_or(Quantity::ONE),
                key,
            };
            let booked = if wish.key.is_some() && dice.chance(150) {
                // Somebody who clicks twice.
                let (one, other) = join(self.book(by, &wish), self.book(by, &wish)).await;
                one.or(other)
            } else {
                self.book(by, &wish).await
            };
            if let Some(id) = booked
                && dice.chance(450)
            {
                self.cancel_some_way(by, id).await;
            }
        }
    }

    /// Books, and tries again where a client would.
    async fn book(&self, by: Identity, wish: &BookTickets) -> Option<BookingId> {
        for _ in 0..TRIES {
            match self.book_once(by, wish).await {
                Some(Ok(booked)) => return Some(booked.booking.id),
                Some(Err(BookError::Failed(_) | BookError::KeyInProgress)) | None => {}
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
    ) -> Option<Result<Booked, BookError>> {
        let world = &self.cluster.world;
        let instance = self.cluster.instance(self.any_instance())?;
        let (since, serving, asked) = (Instant::now(), Arc::clone(&instance), wish.clone());
        let request = async move { serving.bookings.book(asked, by, &origin()).await };
        let answer = instance.handle(request).await?;
        let said = match &answer {
            Ok(booked) => format!("booking {}", booked.booking.id),
            Err(error) => error.to_string(),
        };
        let (user, quantity) = (by.user_id, wish.quantity.get());
        let key = wish.key.as_ref().map_or("no key", IdempotencyKey::as_str);
        world.note(
            "client",
            format_args!(
                "{user} books {quantity} of {} with {key}: {said}",
                wish.event_id
            ),
        );
        self.answers.book(user, wish, since, &answer);
        Some(answer)
    }

    async fn cancel_some_way(&self, by: Identity, id: BookingId) {
        let dice = self.dice();
        sleep(dice.millis(0, 2_000)).await;
        let by = if dice.chance(200) { ADMIN } else { by };
        if dice.chance(300) {
            join(self.cancel(by, id), self.cancel(by, id)).await;
        } else {
            self.cancel(by, id).await;
            if dice.chance(200) {
                self.cancel(by, id).await;
            }
        }
    }

    async fn cancel(&self, by: Identity, id: BookingId) {
        self.answers.told().cancel_asked.insert(id);
        for _ in 0..TRIES {
            if let Some(instance) = self.cluster.instance(self.any_instance()) {
                let serving = Arc::clone(&instance);
                let request = async move { serving.bookings.cancel(id, by, &origin()).await };
                if let Some(answer) = instance.handle(request).await {
                    let said = match &answer {
                        Ok(_) => "done".to_owned(),
                        Err(error) => error.to_string(),
                    };
                    let world = &self.cluster.world;
                    world.note("client", format_args!("cancels {id}: {said}"));
                    self.answers.cancel(id, &answer);
                    if !matches!(answer, Err(CancelError::Failed(_))) {
                        return;
                    }
                }
            }
            sleep(self.dice().millis(20, 1_500)).await;
        }
    }

    async fn resize_some(&self) {
        let dice = self.dice();
        for _ in 0..dice.between(0, 4) {
            sleep(dice.millis(0, SPAN / 2)).await;
            let event = dice.pick(&self.events);
            let total = dice.between(1, 14);
            let Ok(capacity) = Capacity::new(i64::try_from(total).unwrap_or(1)) else {
                continue;
            };
            let total = capacity.get();
            self.answers.may_have(event, total);
            let Some(instance) = self.cluster.instance(self.any_instance()) else {
                continue;
            };
            let change = EventChange {
                capacity: Some(capacity),
                ..EventChange::default()
            };
            let (since, serving) = (Instant::now(), Arc::clone(&instance));
            let request =
                async move { serving.events.update(event, change, ADMIN, &origin()).await };
            if let Some(answer) = instance.handle(request).await {
                let said = match &answer {
                    Ok(_) => "done".to_owned(),
                    Err(error) => error.to_string(),
                };
                let world = &self.cluster.world;
                world.note("client", format_args!("resizes {event} to {total}: {said}"));
                self.answers.resize(event, total, since, &answer);
            }
        }
    }

    async fn delete_some(&self) {
        let dice = self.dice();
        if let Some((event, at)) = self.doomed {
            sleep(Duration::from_millis(at)).await;
            for _ in 0..dice.between(1, TRIES as u64) {
                self.delete(event).await;
                sleep(dice.millis(0, 500)).await;
            }
        }
        if dice.chance(200) {
            sleep(dice.millis(0, SPAN / 2)).await;
            self.delete(dice.pick(&self.events)).await;
        }
    }

    async fn delete(&self, event: EventId) {
        let Some(instance) = self.cluster.instance(self.any_instance()) else {
            return;
        };
        let (since, serving) = (Instant::now(), Arc::clone(&instance));
        let request = async move { serving.events.delete(event, ADMIN, &origin()).await };
        if let Some(answer) = instance.handle(request).await {
            let said = match &answer {
                Ok(()) => "done".to_owned(),
                Err(error) => error.to_string(),
            };
            let world = &self.cluster.world;
            world.note("client", format_args!("deletes {event}: {said}"));
            self.answers.delete(event, since, &answer);
        }
    }

    fn any_instance(&self) -> usize {
        usize::from(self.dice().chance(500))
    }
}
