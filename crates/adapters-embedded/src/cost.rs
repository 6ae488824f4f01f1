//! What a page of a list costs, in steps of SQLite's own machine: the same wherever it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::audit::{
    Action, AuditFilter, AuditId, AuditLog, AuditOrder, AuditRecord, AuditTrail, Outcome, Target,
};
use domain::cursor::{Moment, Start};
use domain::event::{EventFilter, EventOrder, EventQuery, Tag};
use domain::request::{Identity, Origin, RequestId};
use domain::time::Timestamp;
use domain::user::{Role, UserId};

use crate::database::Database;
use crate::sql::execute;
use crate::{SqliteAuditLog, event_list, schema};

/// Rows of each list, a second apart.
const ROWS: i64 = 2_000;
/// The rows of a page.
const PAGE: usize = 5;

/// A database in a file that lasts as long as the test, and a counter of the steps of its reads.
struct Measured {
    database: Database,
    steps: Arc<AtomicU64>,
    _file: tempfile::NamedTempFile,
}

impl Measured {
    async fn new() -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        let database = Database::open(file.path()).await.unwrap();
        schema::up(&database).await.unwrap();
        let steps = Arc::new(AtomicU64::new(0));
        count_steps(&database, &steps).await;
        Self {
            database,
            steps,
            _file: file,
        }
    }

    async fn steps_of(&self, work: impl Future<Output = usize>) -> u64 {
        let before = self.steps.load(Ordering::Relaxed);
        assert_eq!(work.await, PAGE);
        self.steps.load(Ordering::Relaxed) - before
    }
}

/// Has every connection that reads count its steps.
async fn count_steps(database: &Database, steps: &Arc<AtomicU64>) {
    let pool = database.reader().get_sqlite_connection_pool();
    // All are held until each has its counter.
    let mut readers = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        let mut reader = pool.acquire().await.unwrap();
        let counter = Arc::clone(steps);
        let mut handle = reader.lock_handle().await.unwrap();
        handle.set_progress_handler(1, move || {
            counter.fetch_add(1, Ordering::Relaxed);
            true
        });
        drop(handle);
        readers.push(reader);
    }
}

fn moment(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1_000)
}

/// The place of the row of that second.
fn place(second: i64) -> Moment {
    let mut id = [0; 12];
    id[4..].copy_from_slice(&second.to_be_bytes());
    Moment {
        at: moment(second),
        id,
    }
}

/// Whether a page close to the end costs more than one at the beginning, but for the depth of the tree.
fn assert_equal_costs(near: u64, far: u64, what: &dyn std::fmt::Debug) {
    assert!(near > 0, "nothing was counted");
    assert!(far <= near + near / 2, "{near} and then {far}: {what:?}");
}

async fn with_events() -> Measured {
    let measured = Measured::new().await;
    let events = "INSERT INTO events (id, title, description, date, location, metadata, \
                  created_by, created_at, updated_at) \
                  WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) \
                  SELECT printf('%024x', i), 'Talk', '', i * 1000, 'Hall', '{\"tags\":[\"a\"]}', \
                  1, 0, 0 FROM n";
    let stock = "INSERT INTO event_stock (event_id, ticket_type, total, available, returned, sv) \
                 SELECT id, 'general', 5, 5, 0, 0 FROM events";
    let writer = measured.database.writer();
    execute(writer, events, [ROWS.into()]).await.unwrap();
    execute(writer, stock, []).await.unwrap();
    measured
}

async fn event_page(on: &Measured, query: &EventQuery, start: Start<Moment>) -> u64 {
    let page = async {
        let page = event_list::list(on.database.reader(), query, start, PAGE).await;
        page.unwrap().len()
    };
    on.steps_of(page).await
}

#[tokio::test]
async fn a_deep_page_of_events_costs_no_more_than_the_first() {
    let measured = with_events().await;
    let none = EventFilter::default;
    let (from, to) = (Some(moment(0)), Some(moment(ROWS)));
    let filters = [
        none(),
        EventFilter { from, ..none() },
        EventFilter { to, ..none() },
        EventFilter { from, to, ..none() },
        EventFilter {
            from,
            to,
            available: true,
            tag: Some(Tag::parse("a").unwrap()),
            ..none()
        },
    ];
    for order in EventOrder::ALL {
        for filter in filters.clone() {
            let query = EventQuery { filter, order };
            let (near, far) = match order {
                EventOrder::EarliestFirst => (place(1), place(ROWS - 10)),
                EventOrder::LatestFirst => (place(ROWS - 2), place(10)),
            };
            let near = event_page(&measured, &query, Start::After(near)).await;
            let far = event_page(&measured, &query, Start::After(far)).await;
            assert_equal_costs(near, far, &query);
        }
    }
}

#[tokio::test]
async fn the_first_page_of_all_events_walks_the_index_and_sorts_nothing() {
    let measured = with_events().await;
    for order in EventOrder::ALL {
        let query = EventQuery {
            order,
            ..EventQuery::default()
        };
        let first = event_page(&measured, &query, Start::Offset(0)).await;
        assert!((1..ROWS.unsigned_abs()).contains(&first), "{first}");
    }
}

async fn with_records() -> (Measured, SqliteAuditLog) {
    let measured = Measured::new().await;
    let log = SqliteAuditLog::new(measured.database.clone());
    let origin = Origin {
        request_id: RequestId::parse("r").unwrap(),
        address: None,
    };
    let by = Identity {
        user_id: UserId::new(1),
        role: Role::User,
    };
    let records = (0..ROWS).map(|second| {
        let id = AuditId::from_bytes(place(second).id);
        let record = AuditRecord::new(id, moment(second), Action::Login, &origin);
        record.by(by).on_user(by.user_id)
    });
    let records: Vec<AuditRecord> = records.collect();
    log.append(&records).await.unwrap();
    (measured, log)
}

async fn record_page(
    on: &Measured,
    log: &SqliteAuditLog,
    filter: &AuditFilter,
    order: AuditOrder,
    after: Moment,
) -> u64 {
    let page = async {
        let page = log.read(filter, order, Some(after), PAGE).await;
        page.unwrap().len()
    };
    on.steps_of(page).await
}

#[tokio::test]
async fn a_deep_page_of_the_audit_log_costs_no_more_than_the_first() {
    let (measured, log) = with_records().await;
    let none = || AuditFilter {
        since: Some(moment(0)),
        until: Some(moment(ROWS)),
        ..AuditFilter::default()
    };
    let filters = [
        AuditFilter::default(),
        none(),
        AuditFilter {
            actor: Some(UserId::new(1)),
            ..none()
        },
        AuditFilter {
            action: Some(Action::Login),
            ..none()
        },
        AuditFilter {
            target: Some(Target::parse("user:1").unwrap()),
            ..none()
        },
        AuditFilter {
            outcome: Some(Outcome::Success),
            ..none()
        },
    ];
    for filter in filters {
        for (order, near, far) in [
            (AuditOrder::OldestFirst, place(1), place(ROWS - 10)),
            (AuditOrder::NewestFirst, place(ROWS - 2), place(10)),
        ] {
            let near = record_page(&measured, &log, &filter, order, near).await;
            let far = record_page(&measured, &log, &filter, order, far).await;
            assert_equal_costs(near, far, &(order, &filter));
        }
    }
}
