//! The application on mocked use cases, called without a socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web;
use domain::access::{AccessControl, AdmitError, InvalidToken, MockAccessControl};
use domain::audit::MockAuditUseCases;
use domain::booking::{
    Booking, BookingId, BookingStatus, BookingWithEvent, MockBookingUseCases, Quantity,
};
use domain::cursor::Stretch;
use domain::event::{
    Description, Event, EventId, EventList, EventVersion, Location, Metadata, MockEventUseCases,
    Title,
};
use domain::health::MockHealthView;
use domain::idempotency::Done;
use domain::page::Page;
use domain::request::{Caller, Identity, RequestId};
use domain::session::{IssuedRefreshToken, Login, MockSessionUseCases, RefreshToken, SessionId};
use domain::stock::TicketType;
use domain::time::Timestamp;
use domain::user::{
    Email, MockAccountUseCases, MockUserUseCases, PersonName, Role, SignedToken, User, UserId,
};
use serde_json::Value;

use super::logs::entry;
use crate::middleware::RateLimiters;
use crate::server::{HttpSettings, HttpState, RateLimits, Services, app};

pub(super) const USER: (&str, &str) = ("Authorization", "Bearer user-token");
pub(super) const ADMIN: (&str, &str) = ("Authorization", "Bearer admin-token");
pub(super) const STAFF: (&str, &str) = ("Authorization", "Bearer staff-token");
pub(super) const EVENT: &str = "507f1f77bcf86cd799439011";

pub(super) const USER_IDENTITY: Identity = Identity {
    user_id: UserId::new(7),
    role: Role::User,
};
pub(super) const STAFF_IDENTITY: Identity = Identity {
    user_id: UserId::new(5),
    role: Role::Staff,
};
pub(super) const ADMIN_IDENTITY: Identity = Identity {
    user_id: UserId::new(1),
    role: Role::Admin,
};

/// The span of every rate limit: no test is so slow that a client may call again.
const HOUR: Duration = Duration::from_secs(3600);

/// The use cases; what a test does not expect must not be called.
pub(super) struct Mocks {
    pub(super) accounts: MockAccountUseCases,
    pub(super) sessions: MockSessionUseCases,
    pub(super) users: MockUserUseCases,
    pub(super) events: MockEventUseCases,
    pub(super) bookings: MockBookingUseCases,
    pub(super) logs: MockAuditUseCases,
    pub(super) access: MockAccessControl,
    pub(super) health: MockHealthView,
}

impl Mocks {
    pub(super) fn new() -> Self {
        let mut access = MockAccessControl::new();
        access.expect_admit().returning(|token| match token {
            "user-token" => Ok(caller(USER_IDENTITY)),
            "staff-token" => Ok(caller(STAFF_IDENTITY)),
            "admin-token" => Ok(caller(ADMIN_IDENTITY)),
            "unknown-token" => Err(AdmitError::Unavailable),
            _ => Err(InvalidToken.into()),
        });
        Self {
            accounts: MockAccountUseCases::new(),
            sessions: MockSessionUseCases::new(),
            users: MockUserUseCases::new(),
            events: MockEventUseCases::new(),
            bookings: MockBookingUseCases::new(),
            logs: MockAuditUseCases::new(),
            access,
            health: MockHealthView::new(),
        }
    }

    /// Use cases that all succeed.
    pub(super) fn answering() -> Self {
        let mut mocks = Self::new();
        let john = || user(USER_IDENTITY);
        let accounts = &mut mocks.accounts;
        accounts.expect_register().returning(move |_, _| Ok(john()));
        accounts
            .expect_register_admin()
            .returning(move |_, _, _| Ok(john()));
        accounts.expect_profile().returning(move |_| Ok(john()));
        let sessions = &mut mocks.sessions;
        sessions.expect_log_in().returning(|_, _, _| Ok(login()));
        sessions.expect_refresh().returning(|_, _| Ok(login()));
        sessions.expect_log_out().returning(|_, _| Ok(()));
        sessions
            .expect_log_out_everywhere()
            .returning(|_, _| Ok(()));
        sessions
            .expect_change_password()
            .returning(|_, _, _, _| Ok(()));
        let users = &mut mocks.users;
        users.expect_list().returning(move |_, _| Ok(page(john())));
        users
            .expect_set_role()
            .returning(move |_, _, _, _, _| Ok(Done::before(john())));
        users
            .expect_delete()
            .returning(|_, _, _, _| Ok(Done::before(())));
        let events = &mut mocks.events;
        events
            .expect_create()
            .returning(|_, _, _, _| Ok(Done::before(event())));
        events
            .expect_update()
            .returning(|_, _, _, _, _, _| Ok(Done::before(event())));
        events
            .expect_delete()
            .returning(|_, _, _, _, _| Ok(Done::before(())));
        events.expect_fetch().returning(|_| Ok(Some(event())));
        events.expect_list().returning(|_, _, _| {
            let (rows, next) = (vec![event()], Some(event().position()));
            let events = Stretch { rows, next };
            Ok(EventList {
                events,
                total: Some(2),
            })
        });
        mocks.logs.expect_list().returning(|_, _, _| {
            let (rows, next) = (vec![entry()], Some(entry().position()));
            Ok(Stretch { rows, next })
        });
        let confirmed = || booking(BookingStatus::Confirmed);
        let bookings = &mut mocks.bookings;
        bookings
            .expect_book()
            .returning(move |_, _, _| Ok(Done::before(confirmed())));
        bookings.expect_cancel().returning(|_, _, _, _| {
            Ok(Done::before(booking(BookingStatus::Cancelled {
                at: moment(),
            })))
        });
        bookings.expect_list_mine().returning(move |_, _| {
            let (booking, event) = (confirmed(), None);
            Ok(page(BookingWithEvent { booking, event }))
        });
        mocks.health.expect_parts().return_const(Vec::new());
        mocks
    }

    pub(super) fn services(self) -> Services {
        Services {
            accounts: Arc::new(self.accounts),
            sessions: Arc::new(self.sessions),
            users: Arc::new(self.users),
            events: Arc::new(self.events),
            bookings: Arc::new(self.bookings),
            logs: Arc::new(self.logs),
            access: Arc::new(self.access),
            health: Arc::new(self.health),
        }
    }

    /// The application on these, with settings as they are by default.
    pub(super) fn api(self) -> Api {
        self.api_with(|_| {})
    }

    pub(super) fn api_with(self, adjust: impl FnOnce(&mut HttpSettings)) -> Api {
        self.api_on(true, adjust)
    }

    /// The application as if it listened on loopback only, or not.
    pub(super) fn api_on(self, only_loopback: bool, adjust: impl FnOnce(&mut HttpSettings)) -> Api {
        let mut settings = settings();
        adjust(&mut settings);
        Api {
            limiters: RateLimiters::per(settings.rate_limit, HOUR, HOUR),
            origins: settings.cors_origins.clone(),
            state: web::Data::new(HttpState::new(self.services(), settings, only_loopback)),
        }
    }
}

pub(super) fn settings() -> HttpSettings {
    HttpSettings {
        tls: None,
        host: "127.0.0.1".to_owned(),
        port: 0,
        workers: Some(1),
        rate_limit: None,
        trusted_proxies: Vec::new(),
        cors_origins: Vec::new(),
        first_admin_from_loopback: false,
        request_deadline: Duration::from_secs(60),
        new_request_id: Arc::new(|| RequestId::parse("made-here").unwrap()),
        on_answer: None,
    }
}

pub(super) fn limits(burst: u32, auth_burst: u32) -> Option<RateLimits> {
    Some(RateLimits {
        per_second: 1,
        burst,
        auth_per_minute: 1,
        auth_burst,
    })
}

/// The application; rate limits go on from call to call.
pub(super) struct Api {
    state: web::Data<HttpState>,
    limiters: RateLimiters,
    origins: Vec<String>,
}

impl Api {
    /// The same with another access control.
    pub(super) fn with_access(self, access: Arc<dyn AccessControl>) -> Self {
        let state = &self.state;
        let services = Services {
            access,
            ..state.services.clone()
        };
        let state = HttpState {
            services,
            speaks_tls: state.speaks_tls,
            trusted_proxies: state.trusted_proxies.clone(),
            first_admin_from_loopback: state.first_admin_from_loopback,
            request_deadline: state.request_deadline,
            new_request_id: Arc::clone(&state.new_request_id),
            on_answer: state.on_answer.clone(),
        };
        Self {
            state: web::Data::new(state),
            ..self
        }
    }

    pub(super) async fn call(&self, request: TestRequest) -> Answer {
        let service = init_service(app(&self.state, &self.limiters, &self.origins)).await;
        let response = call_service(&service, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response).await;
        Answer {
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        }
    }
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    /// The header, or nothing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that it is a problem of that status and code in the promised shape.
    #[track_caller]
    pub(super) fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status.as_u16(), self.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.body
        );
        assert_eq!(self.header("Content-Type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        for member in ["type", "title", "detail"] {
            let text = self.body[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{member} of {}", self.body);
        }
        assert_eq!(self.body["requestId"], self.header("X-Request-Id"));
        assert!(!self.header("X-Request-Id").is_empty());
    }

    /// The fields that were refused, in order.
    pub(super) fn fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array();
        errors
            .into_iter()
            .flatten()
            .map(|error| {
                assert!(!error["message"].as_str().unwrap().is_empty());
                error["field"].as_str().unwrap()
            })
            .collect()
    }
}

/// A JSON request.
pub(super) fn json(method: &str, path: &str, body: impl Into<Vec<u8>>) -> TestRequest {
    at(method, path)
        .insert_header(("Content-Type", "application/json"))
        .set_payload(body.into())
}

/// A request without body from a loopback client.
pub(super) fn at(method: &str, path: &str) -> TestRequest {
    TestRequest::with_uri(path)
        .method(method.parse().unwrap())
        .peer_addr(SocketAddr::from(([127, 0, 0, 1], 50_000)))
        .insert_header(("Host", "localhost:3000"))
}

/// Who calls with a token of the harness; everybody has one session.
pub(super) fn caller(identity: Identity) -> Caller {
    let session_id = SessionId::parse("01900000-0000-7000-8000-000000000001").unwrap();
    Caller {
        identity,
        session_id,
    }
}

pub(super) fn login() -> Login {
    Login {
        token: SignedToken {
            text: "the-token".to_owned(),
            expires_in: 900,
        },
        refresh: IssuedRefreshToken {
            token: RefreshToken::new([0; 32]),
            expires_in: 2_592_000,
        },
        user: user(USER_IDENTITY),
    }
}

pub(super) fn user(identity: Identity) -> User {
    User {
        id: identity.user_id,
        name: PersonName::parse("John Doe").unwrap(),
        email: Email::parse("john@example.com").unwrap(),
        role: identity.role,
        created_at: moment(),
    }
}

pub(super) fn event() -> Event {
    Event {
        id: EventId::parse(EVENT).unwrap(),
        title: Title::parse("Tech Conference 2024").unwrap(),
        description: Description::parse("").unwrap(),
        date: moment(),
        location: Location::parse("NYC").unwrap(),
        total_tickets: 500,
        available_tickets: 499,
        metadata: Metadata::parse(r#"{"tags":["tech"],"a":-0.5}"#).unwrap(),
        created_by: UserId::new(1),
        created_at: moment(),
        updated_at: moment(),
        version: EventVersion::parse("3.14").unwrap(),
    }
}

pub(super) fn booking(status: BookingStatus) -> Booking {
    Booking {
        id: BookingId::new(2),
        event_id: EventId::parse(EVENT).unwrap(),
        user_id: USER_IDENTITY.user_id,
        ticket_type: TicketType::general(),
        quantity: Quantity::new(3).unwrap(),
        status,
        created_at: moment(),
    }
}

/// The only page of a list of one row.
fn page<T>(row: T) -> Page<T> {
    let (rows, total) = (vec![row], 1);
    Page { rows, total }
}

pub(super) fn moment() -> Timestamp {
    Timestamp::parse("2024-12-31T10:00:00Z").unwrap()
}
