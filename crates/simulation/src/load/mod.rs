//! What clients do: they book, with keys and without, try again, cancel, cancel twice; admins change
//! capacities and delete, at times only if nobody else was faster.

mod admin;
mod users;

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::event::{
    Capacity, Description, EventDetails, EventId, EventUseCases, Location, Metadata, Title,
};
use domain::request::{Identity, Origin, RequestId};
use domain::text::InvalidValue;
use domain::time::Timestamp;
use domain::user::{Role, UserId};
use futures_util::future::{join, join_all, join3};
use tokio::time::{sleep, timeout};

use crate::answers::Answers;
use crate::cluster::Cluster;
use crate::dice::Dice;
use crate::instance::Instance;

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
        for _ in 0..if world.crowd {
            3
        } else {
            world.dice.between(1, 3)
        } {
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
        let made = instance
            .events
            .create(details, ADMIN, None, &origin())
            .await;
        let event = made.ok()?.value;
        self.answers.may_have(event.id, event.total_tickets);
        self.cluster.world.state().watch(event.id);
        Some(event.id)
    }

    /// Lets all clients do what they do.
    pub(crate) async fn run(self: &Arc<Self>) {
        let users = self.dice().between(8, 14);
        let users = (0..users).map(|user| self.user(user));
        let admins = join3(self.resize_some(), self.resize_some(), self.delete_some());
        join(join_all(users), admins).await;
    }

    /// Has one of the instances handle a request. `None` if that one is dead, or dies over it, or if the
    /// client hangs up.
    async fn ask<T, F>(&self, request: impl FnOnce(Arc<Instance>) -> F) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let dice = self.dice();
        let instance = self.cluster.instance(usize::from(dice.chance(500)))?;
        // Nearly everybody waits to the end.
        let patience = if self.cluster.world.strikes(50) {
            dice.millis(0, 1_000)
        } else {
            Duration::from_secs(60)
        };
        let request = request(Arc::clone(&instance));
        let answer = instance.handle(async move { timeout(patience, request).await });
        answer.await?.ok()
    }

    /// Notes what a client asked, and what it was told.
    fn note<T, E: Display>(&self, asked: &str, answer: &Result<T, E>, good: impl Fn(&T) -> String) {
        let said = match answer {
            Ok(value) => good(value),
            Err(error) => error.to_string(),
        };
        let world = &self.cluster.world;
        world.note("client", format_args!("{asked}: {said}"));
    }
}

fn done<T>(_: &T) -> String {
    "done".to_owned()
}
