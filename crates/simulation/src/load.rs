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
use tokio::time::{Instant, sleep, timeout};

use crate::answers::Answers;
use crate::cluster::Cluster;
use crate::dice::Dice;

const ADMIN: Identity = Identity {
    user_id: UserId::new(1_000),
    role: Role::Admin,
};

/// How often a client sends a request in all.
const TRIES: usize = 4;
/// The clients of one run.
pub(crate) struct Load {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) answers: Arc<Answers>,
    events: Vec<EventId>,
    /// The time in which things happen, in milliseconds: a rush, or a quiet day.
    span: u64,
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
        let world = Arc::clone(&cluster.world);
        let mut load = Self {
            span: match world.crowd {
                true => 400,
                false => world.dice.pick(&[1_000, 3_000, 9_000]),
            },
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
            let at = load.dice().between(200, load.span);
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

    /// Which event a user books next, and after what time.
    fn where_and_when(&self, turn: u64) -> (EventId, Duration) {
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
        self.answers.asks(by.user_id, wish);
        let patience = self.patience();
        let request = async move {
            let origin = origin();
            let booked = serving.bookings.book(asked, by, &origin);
            timeout(patience, booked).await.ok()
        };
        let answer = instance.handle(request).await??;
        let said = match &answer {
            Ok(booked) => format!("booking {}", booked.booking.id),
            Err(error) => error.to_string(),
        };
        let (user, quantity) = (by.user_id, wish.quantity.get());
        let key = wish.key.as_ref().map_or("no key", IdempotencyKey::as_str);
        world.note(
            "client",
            format_args!("{user} books {quantity} of {} with {key}: {said}", wish.event_id),
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
            sleep(dice.millis(0, self.span / 2)).await;
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
            let request = async move { serving.events.update(event, change, ADMIN, &origin()).await };
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
            sleep(dice.millis(0, self.span / 2)).await;
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

    /// How long a client waits before it hangs up: nearly always to the end.
    fn patience(&self) -> Duration {
        if self.cluster.world.strikes(50) {
            self.dice().millis(0, 1_000)
        } else {
            Duration::from_secs(60)
        }
    }

    fn any_instance(&self) -> usize {
        usize::from(self.dice().chance(500))
    }
}
