//! An instance of the application: the real use cases and the real upkeep on simulated stores, wired as
//! the server wires them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::audit::{AuditBuffer, AuditRetention};
use domain::booking::{
    BookingPorts, BookingRepository, BookingService, BookingSettings, OutboxRepository,
};
use domain::checkpoint::Checkpoints;
use domain::event::{EventPorts, EventService};
use domain::grouping::GroupLimits;
use domain::runtime::{Spawner, StopSignal};
use domain::stock::{Recovery, Relay, Settler, StockRepository};
use domain::testing::MemoryBackend;
use domain::testing::SequentialIds;
use domain::upkeep::Upkeep;
use tokio::sync::oneshot;

use crate::documents::Documents;
use crate::line::{Line, To};
use crate::machine::{Eyes, Life, LifeSpawner, runtime};
use crate::mutants::{EarlyTraces, ForgetfulOutbox, HastyBookings, HastyStock};
use crate::mutation::Mutation;
use crate::relational::Relational;
use crate::world::World;

/// The longest that a booking, a cancellation or a deletion lets its client wait.
const DEADLINE: Duration = Duration::from_millis(2_600);

/// One life of an instance.
pub(crate) struct Instance {
    pub(crate) life: Arc<Life>,
    pub(crate) bookings: BookingService,
    pub(crate) events: EventService,
    /// Keeps the upkeep going.
    _stop: StopSignal,
}

/// The ports that the use cases get, with or without a mistake in them.
struct Ports {
    bookings: Arc<dyn BookingRepository>,
    stock: Arc<dyn StockRepository>,
    outbox: Arc<dyn OutboxRepository>,
    documents: Documents,
}

fn ports(world: &Arc<World>, life: &Arc<Life>) -> Ports {
    let line = |to| Line::new(Arc::clone(world), Arc::clone(life), to);
    let relational = Relational::new(line(To::Relational));
    let documents = Documents::new(line(To::Documents));
    let mut ports = Ports {
        bookings: Arc::new(relational.clone()),
        stock: Arc::new(documents.clone()),
        outbox: Arc::new(relational.clone()),
        documents: documents.clone(),
    };
    let early = EarlyTraces::default();
    let bookings = |stock| HastyBookings {
        inner: relational.clone(),
        stock,
        early: early.clone(),
    };
    match world.mutation {
        Some(Mutation::SettleBeforeCommit) => ports.bookings = Arc::new(bookings(Some(documents))),
        Some(Mutation::BookingsBeforeHolds) => {
            ports.bookings = Arc::new(bookings(None));
            ports.stock = Arc::new(HastyStock {
                inner: documents,
                bookings: relational.clone(),
                early: early.clone(),
            });
        }
        Some(Mutation::RememberReturns) => {
            ports.outbox = Arc::new(ForgetfulOutbox {
                inner: relational.clone(),
                stock: documents,
            });
        }
        _ => {}
    }
    ports
}

impl Instance {
    /// Starts one, with nothing remembered.
    pub(crate) fn start(
        world: &Arc<World>,
        ids: &Arc<SequentialIds>,
        groups: GroupLimits,
        life: Arc<Life>,
    ) -> Self {
        let Ports {
            bookings,
            stock,
            outbox,
            documents,
        } = ports(world, &life);
        let runtime = runtime(world, &life, ids);
        let events = Arc::new(documents.clone());
        let audit = Arc::new(AuditBuffer::new(events.clone()));
        let settler = Arc::new(Settler::new(stock.clone()));
        let relay = Arc::new(Relay::new(outbox, stock.clone(), events.clone()));
        // Checkpoints concern restored backups, and sessions those who sign in; there are none here.
        let unused = MemoryBackend::new();
        let checkpoints = Checkpoints::new(
            unused.relational.clone(),
            unused.documents.clone(),
            runtime.clock.clone(),
        );
        let upkeep = Upkeep {
            sessions: unused.relational.clone(),
            attempts: unused.relational.clone(),
            checkpoints: Arc::new(checkpoints),
            settler: settler.clone(),
            relay: relay.clone(),
            recovery: Arc::new(Recovery::new(stock.clone(), bookings.clone(), world.grace)),
            audit: audit.clone(),
            retention: AuditRetention {
                trail: unused.documents.clone(),
                keep: None,
            },
            bookings: bookings.clone(),
            runtime: runtime.clone(),
        };
        let event_ports = EventPorts {
            events: events.clone(),
            stock: stock.clone(),
            bookings: bookings.clone(),
            settler: settler.clone(),
            audit,
            runtime: runtime.clone(),
        };
        let booking_ports = BookingPorts {
            bookings,
            stock,
            events,
            health: Arc::new(Eyes(Arc::clone(world))),
            settler,
            relay,
            runtime,
        };
        let settings = BookingSettings {
            grace: world.grace,
            deadline: DEADLINE,
            groups,
            bookings_store: world.relational.name,
            stock_store: world.documents.name,
        };
        let (signal, stop) = StopSignal::new();
        upkeep.start(&stop);
        Self {
            life,
            bookings: BookingService::new(booking_ports, settings),
            events: EventService::new(event_ports, DEADLINE),
            _stop: signal,
        }
    }

    /// Handles a request, in a task of its own; `None` when the instance dies over it.
    pub(crate) async fn handle<T: Send + 'static>(
        &self,
        request: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        LifeSpawner(Arc::clone(&self.life)).spawn(Box::pin(async move {
            // The client may have hung up.
            let _ = answer.send(request.await);
        }));
        answered.await.ok()
    }
}
