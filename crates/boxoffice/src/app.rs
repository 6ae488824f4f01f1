//! The application: the use cases on a backend, and their background work.

use std::sync::Arc;
use std::time::Duration;

use api_actix::Services;
use domain::access::SessionDirectory;
use domain::audit::{AuditBuffer, AuditRetention, AuditService};
use domain::booking::{BookingPorts, BookingService, BookingSettings};
use domain::checkpoint::Checkpoints;
use domain::event::{EventPorts, EventService};
use domain::health::{HealthMonitor, HealthView};
use domain::idempotency::RequestKeys;
use domain::runtime::Runtime;
use domain::session::{SessionPorts, SessionService, SessionSettings};
use domain::stock::{Recovery, Relay, Settler};
use domain::upkeep::Upkeep;
use domain::user::{
    AccountPorts, AccountService, AccountUseCases, AdminSetup, PasswordHasher, TokenSigner,
    UserPorts, UserService,
};

use crate::backend::Backend;
use crate::config::Config;
use crate::platform::{BcryptHasher, JwtSigner, RandomIds};
use crate::secret::Secrets;

/// The longest that a booking, a cancellation or a deletion lets its client wait.
const WORK_DEADLINE: Duration = Duration::from_millis(2_600);

/// The wired application.
pub(crate) struct App {
    pub(crate) services: Services,
    pub(crate) accounts: Arc<dyn AccountUseCases>,
    pub(crate) upkeep: Upkeep,
}

/// Wires the use cases to `backend`; `health` watches its stores.
pub(crate) fn build(
    backend: &Backend,
    config: &Config,
    secrets: &Secrets,
    runtime: &Runtime,
    health: &Arc<HealthMonitor>,
) -> App {
    let settler = Arc::new(Settler::new(Arc::clone(&backend.stock)));
    let (outbox, stock) = (Arc::clone(&backend.outbox), Arc::clone(&backend.stock));
    let relay = Arc::new(Relay::new(outbox, stock, Arc::clone(&backend.audit)));
    let audit = Arc::new(AuditBuffer::new(Arc::clone(&backend.audit)));
    let life = config.security.jwt_ttl_seconds;
    let signer: Arc<dyn TokenSigner> = Arc::new(JwtSigner::new(secrets, life));
    let hasher: Arc<dyn PasswordHasher> = Arc::new(BcryptHasher::new(config.security.bcrypt_cost));
    let health: Arc<dyn HealthView> = Arc::<HealthMonitor>::clone(health);

    let access = Arc::new(SessionDirectory::new(
        Arc::clone(&backend.sessions),
        Arc::clone(&signer),
        Arc::clone(&health),
        backend.bookings_store,
        runtime.clone(),
    ));
    let accounts = accounts(backend, config, &hasher, &audit, runtime);
    let sessions = SessionPorts {
        users: Arc::clone(&backend.users),
        sessions: Arc::clone(&backend.sessions),
        hasher,
        signer,
        attempts: Arc::clone(&backend.attempts),
        secrets: Arc::new(RandomIds::new()),
        news: Arc::<SessionDirectory>::clone(&access),
        audit: Arc::clone(&audit),
        runtime: runtime.clone(),
    };
    let users = UserPorts {
        users: Arc::clone(&backend.users),
        keys: RequestKeys {
            bookings: Arc::clone(&backend.bookings),
            events: Arc::clone(&backend.events),
            runtime: runtime.clone(),
        },
        news: Arc::<SessionDirectory>::clone(&access),
        audit: Arc::clone(&audit),
        runtime: runtime.clone(),
    };
    let session_settings = SessionSettings {
        refresh_life: config.security.refresh_ttl,
    };
    let events = EventPorts {
        events: Arc::clone(&backend.events),
        stock: Arc::clone(&backend.stock),
        bookings: Arc::clone(&backend.bookings),
        settler: Arc::clone(&settler),
        audit: Arc::clone(&audit),
        runtime: runtime.clone(),
    };
    let bookings = BookingPorts {
        bookings: Arc::clone(&backend.bookings),
        stock: Arc::clone(&backend.stock),
        events: Arc::clone(&backend.events),
        health: Arc::clone(&health),
        settler: Arc::clone(&settler),
        relay: Arc::clone(&relay),
        runtime: runtime.clone(),
    };
    let settings = BookingSettings {
        grace: config.recovery_grace,
        deadline: WORK_DEADLINE,
        groups: config.groups,
        bookings_store: backend.bookings_store,
        stock_store: backend.stock_store,
    };
    let (stock, rows) = (Arc::clone(&backend.stock), Arc::clone(&backend.bookings));
    let recovery = Arc::new(Recovery::new(
        stock,
        Arc::clone(&rows),
        config.recovery_grace,
    ));
    let checkpoints = checkpoints(backend, runtime);
    App {
        services: Services {
            accounts: Arc::clone(&accounts),
            sessions: Arc::new(SessionService::new(sessions, session_settings)),
            users: Arc::new(UserService::new(users, WORK_DEADLINE)),
            events: Arc::new(EventService::new(events, WORK_DEADLINE)),
            bookings: Arc::new(BookingService::new(bookings, settings)),
            logs: Arc::new(AuditService::new(Arc::clone(&backend.trail))),
            access,
            health,
        },
        accounts,
        upkeep: Upkeep {
            settler,
            relay,
            recovery,
            audit,
            retention: AuditRetention {
                trail: Arc::clone(&backend.trail),
                keep: config.audit_retention,
            },
            bookings: rows,
            sessions: Arc::clone(&backend.sessions),
            attempts: Arc::clone(&backend.attempts),
            checkpoints: Arc::new(checkpoints),
            runtime: runtime.clone(),
        },
    }
}

/// What tells whether the stores of `backend` are of the same age.
pub(crate) fn checkpoints(backend: &Backend, runtime: &Runtime) -> Checkpoints {
    let (bookings, events) = (&backend.leading_checkpoint, &backend.following_checkpoint);
    Checkpoints::new(
        Arc::clone(bookings),
        Arc::clone(events),
        Arc::clone(&runtime.clock),
    )
}

fn accounts(
    backend: &Backend,
    config: &Config,
    hasher: &Arc<dyn PasswordHasher>,
    audit: &Arc<AuditBuffer>,
    runtime: &Runtime,
) -> Arc<dyn AccountUseCases> {
    let ports = AccountPorts {
        users: Arc::clone(&backend.users),
        hasher: Arc::clone(hasher),
        audit: Arc::clone(audit),
        runtime: runtime.clone(),
    };
    let setup = AdminSetup {
        token: config.security.admin_setup_token.clone(),
    };
    Arc::new(AccountService::new(ports, setup))
}
