//! Locks, deadlocks, lost connections and late statements: what only a real server does. And rows that
//! nobody of ours wrote.

#![expect(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod server;

use std::sync::Arc;
use std::time::Duration;

use adapters_mysql::mysql::connect;
use adapters_mysql::relational::{
    SqlBookingRepository, SqlBookingSurvey, SqlSessionRepository, SqlUserRepository,
};
use adapters_mysql::{MySqlProbe, MySqlSettings};
use domain::audit::{Action, AuditId, AuditRecord};
use domain::booking::{
    BookingId, BookingRepository, CancelOutcome, Cancellation, CommitError, CommitOutcome,
    FenceOutcome, NewBooking, Quantity, ReservationRow,
};
use domain::error::chain;
use domain::event::EventId;
use domain::health::Probe;
use domain::request::{Identity, Origin, RequestId};
use domain::runtime::IdGenerator;
use domain::session::{NewSession, RefreshToken, SessionId, SessionRepository};
use domain::stock::{HoldRef, TicketType};
use domain::testing::SequentialIds;
use domain::time::Timestamp;
use domain::user::{
    CreateUserError, Email, NewUser, PasswordHash, PersonName, Role, UserId, UserRepository,
};
use domain::verify::BookingSurvey;
use sqlx::{AssertSqlSafe, Connection, Executor};

use server::Database;

/// A migrated database with one user.
struct Bench {
    database: Database,
    bookings: Arc<SqlBookingRepository>,
    users: SqlUserRepository,
    user: UserId,
    ids: SequentialIds,
}

impl Bench {
    async fn new() -> Self {
        let database = Database::migrated().await;
        let store = database.store();
        let users = SqlUserRepository::new(store.clone());
        let user = users.insert(&new_user("ada@example.com")).await.unwrap().id;
        let bookings = Arc::new(SqlBookingRepository::new(store));
        Self {
            database,
            bookings,
            users,
            user,
            ids: SequentialIds::default(),
        }
    }

    fn booking(&self) -> NewBooking {
        let at = Timestamp::from_millis(1_800_000_000_000);
        let origin = Origin {
            request_id: RequestId::unknown(),
            address: None,
        };
        NewBooking {
            reservation_id: self.ids.reservation_id(),
            event_id: EventId::from_bytes([7; 12]),
            user_id: self.user,
            ticket_type: TicketType::general(),
            quantity: Quantity::ONE,
            created_at: at,
            key: None,
            audit: AuditRecord::new(AuditId::from_bytes([1; 12]), at, Action::Book, &origin),
        }
    }

    /// A booking that is there.
    async fn booked(&self) -> NewBooking {
        let new = self.booking();
        let group = std::slice::from_ref(&new);
        self.bookings.commit(group).await.unwrap();
        new
    }

    /// How often somebody marked what it read.
    async fn marks(&self) -> String {
        let marks = "SELECT CAST(COALESCE(SUM(n), 0) AS CHAR) FROM recovery_marks";
        self.database.text(marks, 0).await
    }
}

fn new_user(email: &str) -> NewUser {
    NewUser {
        name: PersonName::parse("Ada").unwrap(),
        email: Email::parse(email).unwrap(),
        password_hash: PasswordHash::new("hash".to_owned()),
        role: Role::User,
        created_at: Timestamp::from_millis(0),
    }
}

fn hold_of(new: &NewBooking) -> HoldRef {
    HoldRef {
        event_id: new.event_id,
        reservation_id: new.reservation_id,
    }
}

/// The statement of a booking's row, for a transaction of the test's own.
fn insert_row(new: &NewBooking) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!(
        "INSERT INTO bookings (reservation_id, event_id, user_id, ticket_type, quantity, status, \
         created_at) VALUES ('{}', '{}', {}, 'general', 1, 'confirmed', '2027-01-01')",
        new.reservation_id, new.event_id, new.user_id
    ))
}

/// As on servers that write to each other. It is a setting of the whole server, which other tests that run at
/// this time see too: they hold with it as well.
#[tokio::test]
async fn ids_that_grow_by_more_than_one_are_told_right() {
    let at_first = Database::empty().await;
    at_first
        .run("SET GLOBAL auto_increment_increment = 3")
        .await;
    let bench = Bench::new().await;
    let group: Vec<NewBooking> = (0..40).map(|_| bench.booking()).collect();
    let outcomes = bench.bookings.commit(&group).await;
    at_first
        .run("SET GLOBAL auto_increment_increment = 1")
        .await;
    let mut last = 0;
    for (new, outcome) in group.iter().zip(outcomes.unwrap()) {
        let CommitOutcome::Booked(booking) = outcome else {
            panic!("not booked");
        };
        let row = format!(
            "SELECT CAST(id AS CHAR) FROM bookings WHERE reservation_id = '{}'",
            new.reservation_id
        );
        assert_eq!(bench.database.text(&row, 0).await, booking.id.to_string());
        assert!(last == 0 || booking.id.get() >= last + 3);
        last = booking.id.get();
    }
}

#[tokio::test]
async fn a_booking_waits_for_the_open_deletion_of_its_user_and_then_sees_it() {
    let bench = Bench::new().await;
    let other = bench.users.insert(&new_user("bob@example.com")).await;
    let neighbour = NewBooking {
        user_id: other.unwrap().id,
        ..bench.booking()
    };
    let group = [bench.booking(), neighbour];
    let mut deletion = bench.database.connection().await;
    let delete = format!(
        "UPDATE users SET deleted_at = NOW(3) WHERE id = {}",
        bench.user
    );
    deletion.execute("BEGIN").await.unwrap();
    deletion.execute(AssertSqlSafe(delete)).await.unwrap();
    let end = async {
        bench.database.until_somebody_waits().await;
        deletion.execute("COMMIT").await.unwrap();
    };
    let (outcomes, ()) = futures_util::join!(bench.bookings.commit(&group), end);
    let outcomes = outcomes.unwrap();
    assert_eq!(outcomes[0], CommitOutcome::UserGone);
    assert!(matches!(outcomes[1], CommitOutcome::Booked(_)));
}

#[tokio::test]
async fn a_fence_in_front_of_an_open_commit_is_busy_and_the_others_are_not() {
    let bench = Bench::new().await;
    let (open, other) = (bench.booking(), bench.booking());
    let mut session = bench.database.connection().await;
    session.execute("BEGIN").await.unwrap();
    session.execute(insert_row(&open)).await.unwrap();
    let holds = [hold_of(&open), hold_of(&other)];
    let outcomes = bench.bookings.fence(&holds).await.unwrap();
    assert_eq!(outcomes, [FenceOutcome::Busy, FenceOutcome::Void]);
    session.execute("COMMIT").await.unwrap();
    let outcomes = bench.bookings.fence(&holds).await.unwrap();
    assert!(
        matches!(outcomes[0], FenceOutcome::Booked(_)),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[1], FenceOutcome::Void);
}

#[tokio::test]
async fn a_statement_that_comes_after_the_fence_fails() {
    let bench = Bench::new().await;
    let late = bench.booking();
    let fenced = bench.bookings.fence(&[hold_of(&late)]).await.unwrap();
    assert_eq!(fenced, [FenceOutcome::Void]);
    let mut session = bench.database.connection().await;
    let error = session.execute(insert_row(&late)).await.unwrap_err();
    assert!(error.as_database_error().unwrap().is_unique_violation());
}

#[tokio::test]
async fn a_commit_waits_for_a_fence_that_is_on_its_way() {
    let bench = Bench::new().await;
    let new = bench.booking();
    let mut session = bench.database.connection().await;
    session.execute("BEGIN").await.unwrap();
    let void = insert_row(&new).0.replace("confirmed", "void").replace(
        &format!("', {}, 'general'", new.user_id),
        "', NULL, 'general'",
    );
    session.execute(AssertSqlSafe(void)).await.unwrap();
    let committing = tokio::spawn({
        let (bookings, group) = (Arc::clone(&bench.bookings), [new.clone()]);
        async move { bookings.commit(&group).await }
    });
    bench.database.until_somebody_waits().await;
    session.execute("COMMIT").await.unwrap();
    let outcomes = committing.await.unwrap().unwrap();
    assert_eq!(outcomes, [CommitOutcome::ReservationTaken]);
    let rows = bench
        .bookings
        .find_reservations(&[new.reservation_id])
        .await
        .unwrap();
    assert_eq!(rows, [ReservationRow::Void]);
}

#[tokio::test]
async fn a_deadlock_is_tried_anew() {
    let bench = Bench::new().await;
    let (one, two) = (bench.booking(), bench.booking());
    let mut session = bench.database.connection().await;
    // The more rows a transaction has changed, the less likely it is chosen as the victim.
    session.execute("BEGIN").await.unwrap();
    for n in 100..140 {
        let mark = format!("INSERT INTO recovery_marks (slot, n) VALUES ({n}, 1)");
        session.execute(AssertSqlSafe(mark)).await.unwrap();
    }
    session.execute(insert_row(&two)).await.unwrap();
    let committing = tokio::spawn({
        let (bookings, group) = (Arc::clone(&bench.bookings), [one.clone(), two.clone()]);
        async move { bookings.commit(&group).await }
    });
    bench.database.until_somebody_waits().await;
    // Now the group has the row of `one` and waits for that of `two`, and this closes the circle.
    session.execute(insert_row(&one)).await.unwrap();
    session.execute("ROLLBACK").await.unwrap();
    let outcomes = committing.await.unwrap().unwrap();
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, CommitOutcome::Booked(_)))
    );
}

#[tokio::test]
async fn a_lock_that_is_not_given_up_is_one_bookings_trouble_and_not_its_neighbours() {
    let bench = Bench::new().await;
    let locked = bench.booking();
    let mut session = bench.database.connection().await;
    session.execute("BEGIN").await.unwrap();
    session.execute(insert_row(&locked)).await.unwrap();
    let group = [bench.booking(), locked.clone(), bench.booking()];
    let outcomes = bench.bookings.commit(&group).await.unwrap();
    assert!(
        matches!(
            outcomes.as_slice(),
            [
                CommitOutcome::Booked(_),
                CommitOutcome::Busy | CommitOutcome::Unknown,
                CommitOutcome::Booked(_)
            ]
        ),
        "{outcomes:?}"
    );
    session.execute("ROLLBACK").await.unwrap();
    // Nothing of it is there: its row may be fenced.
    let fenced = bench.bookings.fence(&[hold_of(&locked)]).await.unwrap();
    assert_eq!(fenced, [FenceOutcome::Void]);
}

#[tokio::test]
async fn a_locked_user_is_not_the_neighbours_trouble() {
    let bench = Bench::new().await;
    let other = bench.users.insert(&new_user("bob@example.com")).await;
    let other = NewBooking {
        user_id: other.unwrap().id,
        ..bench.booking()
    };
    let mut session = bench.database.connection().await;
    session.execute("BEGIN").await.unwrap();
    let lock = format!("SELECT id FROM users WHERE id = {} FOR UPDATE", bench.user);
    session.execute(AssertSqlSafe(lock)).await.unwrap();
    let outcomes = bench.bookings.commit(&[bench.booking(), other]).await;
    let outcomes = outcomes.unwrap();
    assert!(
        matches!(
            outcomes.as_slice(),
            [
                CommitOutcome::Busy | CommitOutcome::Unknown,
                CommitOutcome::Booked(_)
            ]
        ),
        "{outcomes:?}"
    );
    session.execute("ROLLBACK").await.unwrap();
}

#[tokio::test]
async fn a_locked_booking_is_not_the_trouble_of_other_cancellations() {
    let bench = Bench::new().await;
    let group = [bench.booking(), bench.booking()];
    let booked = bench.bookings.commit(&group).await.unwrap();
    let ids: Vec<BookingId> = booked.iter().map(id_of).collect();
    let mut session = bench.database.connection().await;
    session.execute("BEGIN").await.unwrap();
    let lock = format!("SELECT id FROM bookings WHERE id = {} FOR UPDATE", ids[0]);
    session.execute(AssertSqlSafe(lock)).await.unwrap();
    let wishes = ids.iter().map(|id| Cancellation {
        booking_id: *id,
        by: Identity {
            user_id: bench.user,
            role: Role::User,
        },
        at: Timestamp::from_millis(1_800_000_000_000),
        key: None,
        audit: group[0].audit.clone(),
    });
    let wishes: Vec<Cancellation> = wishes.collect();
    let outcomes = bench.bookings.cancel(&wishes).await.unwrap();
    assert!(
        matches!(
            outcomes.as_slice(),
            [
                CancelOutcome::Busy | CancelOutcome::Unknown,
                CancelOutcome::Cancelled(_)
            ]
        ),
        "{outcomes:?}"
    );
    session.execute("ROLLBACK").await.unwrap();
    let again = bench.bookings.cancel(&wishes).await.unwrap();
    assert!(matches!(again[0], CancelOutcome::Cancelled(_)), "{again:?}");
    assert_eq!(again[1], CancelOutcome::AlreadyCancelled);
}

fn id_of(outcome: &CommitOutcome) -> BookingId {
    match outcome {
        CommitOutcome::Booked(booking) => booking.id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_connection_that_is_killed_in_the_middle_leaves_the_outcome_unknown() {
    let bench = Bench::new().await;
    let new = bench.booking();
    let mut session = bench.database.connection().await;
    session.execute("BEGIN").await.unwrap();
    session.execute(insert_row(&new)).await.unwrap();
    let committing = tokio::spawn({
        let (bookings, group) = (Arc::clone(&bench.bookings), [new.clone()]);
        async move { bookings.commit(&group).await }
    });
    let waiting = bench.database.until_somebody_waits().await;
    let mut killer = bench.database.connection().await;
    killer
        .execute(AssertSqlSafe(format!("KILL CONNECTION {waiting}")))
        .await
        .unwrap();
    let error = committing.await.unwrap().unwrap_err();
    assert!(matches!(error, CommitError::Unknown(_)), "{error:?}");
    session.execute("ROLLBACK").await.unwrap();
    // The pool has replaced the connection.
    let outcomes = bench.bookings.commit(&[bench.booking()]).await.unwrap();
    assert!(matches!(outcomes[0], CommitOutcome::Booked(_)));
}

#[tokio::test]
async fn connections_that_died_while_idle_cost_no_booking() {
    let bench = Bench::new().await;
    let groups: Vec<_> = (0..8).map(|_| [bench.booking()]).collect();
    let all = groups.iter().map(|group| bench.bookings.commit(group));
    futures_util::future::join_all(all).await;
    bench.database.kill_others().await;
    let outcomes = bench.bookings.commit(&[bench.booking()]).await.unwrap();
    assert!(matches!(outcomes[0], CommitOutcome::Booked(_)));
}

#[tokio::test]
async fn a_server_that_is_not_there_proves_that_nothing_was_done() {
    let settings = MySqlSettings::new(
        "mysql://root@127.0.0.1:1/boxoffice",
        Duration::from_secs(15),
    );
    let store = connect(&settings).unwrap();
    let bench = Bench::new().await;
    let away = SqlBookingRepository::new(store);
    let error = away.commit(&[bench.booking()]).await.unwrap_err();
    assert!(matches!(error, CommitError::RolledBack(_)), "{error:?}");
    assert!(
        MySqlProbe::new(&settings)
            .unwrap()
            .ping()
            .await
            .unwrap_err()
            .is_unavailable()
    );
    let there = MySqlProbe::new(&bench.database.settings()).unwrap();
    assert!(there.ping().await.is_ok());
}

#[tokio::test]
async fn sessions_are_set_up_and_come_back_without_a_transaction() {
    let bench = Bench::new().await;
    let pool = bench.database.store();
    let question = "SELECT CONCAT_WS(' ', @@innodb_lock_wait_timeout, @@wait_timeout, @@time_zone)";
    let answer = server::text_of(&pool, question).await;
    assert_eq!(answer, "1 10 +00:00");
}

#[tokio::test]
async fn no_value_of_a_statement_is_in_its_error() {
    let bench = Bench::new().await;
    let taken = bench
        .users
        .insert(&new_user("ada@example.com"))
        .await
        .unwrap_err();
    assert!(matches!(taken, CreateUserError::EmailTaken));
    let mut session = bench.database.connection().await;
    session.execute("DROP TABLE recovery_marks").await.unwrap();
    session
        .execute("ALTER TABLE users DROP COLUMN role")
        .await
        .unwrap();
    session.close().await.unwrap();
    let broken = bench
        .users
        .insert(&new_user("bob@example.com"))
        .await
        .unwrap_err();
    let CreateUserError::Store(error) = broken else {
        panic!("{broken:?}")
    };
    let line = chain(&error);
    assert!(line.contains("refused with error 1054"), "{line}");
    assert!(!line.contains("bob"), "{line}");
}

#[tokio::test]
async fn a_row_seen_by_another_session_is_marked_before_it_is_told() {
    let bench = Bench::new().await;
    let new = bench.booked().await;
    assert_eq!(bench.marks().await, "0");
    bench
        .bookings
        .find_reservations(&[new.reservation_id])
        .await
        .unwrap();
    assert_eq!(bench.marks().await, "1");
    // What is not there needs none.
    bench
        .bookings
        .find_reservations(&[bench.ids.reservation_id()])
        .await
        .unwrap();
    assert_eq!(bench.marks().await, "1");
    assert!(bench.bookings.any_trace_of(new.event_id).await.unwrap());
    assert_eq!(bench.marks().await, "2");
}

#[tokio::test]
async fn a_snapshot_is_durable_behind_a_mark_of_its_own_or_not_at_all() {
    let bench = Bench::new().await;
    let new = bench.booked().await;
    let survey = SqlBookingSurvey::new(bench.database.store());
    let snapshot = survey.snapshot().await.unwrap();
    snapshot.booked(&[new.reservation_id]).await.unwrap();
    assert_eq!(bench.marks().await, "0");
    snapshot.make_durable().await.unwrap();
    assert_eq!(bench.marks().await, "1");
    // A mark on another connection would say nothing about what this one read.
    let snapshot = survey.snapshot().await.unwrap();
    snapshot.booked(&[new.reservation_id]).await.unwrap();
    bench.database.kill_others().await;
    assert!(snapshot.make_durable().await.is_err());
    assert_eq!(bench.marks().await, "1");
}

/// A little more than a call waits, and less than the pool waits for a sign of life on top of that: the
/// connection comes back into the pool, if anything brings it there.
const STALL: Duration = Duration::from_millis(2_700);

/// What a single connection is worth after a booking on it got no answer from `bytes` on.
async fn after_a_stall(bytes: &'static [u8]) {
    let bench = Bench::new().await;
    let (store, stall) = bench.database.stalled_store().await;
    let (users, bookings) = (
        SqlUserRepository::new(store.clone()),
        SqlBookingRepository::new(store),
    );
    let ready = users.insert(&new_user("bob@example.com")).await.unwrap();
    stall.at(bytes);
    let group = [bench.booking()];
    let (error, ()) = tokio::join!(bookings.commit(&group), async {
        tokio::time::sleep(STALL).await;
        stall.end();
    });
    let (CommitError::RolledBack(cause) | CommitError::Unknown(cause)) = error.unwrap_err();
    assert!(cause.is_unavailable(), "{}", chain(&cause));
    // A statement by itself is on disk once it is answered, and not part of what was left open.
    let cy = users.insert(&new_user("cy@example.com")).await.unwrap();
    assert_eq!(bench.users.find(cy.id).await.unwrap(), Some(cy));
    // And every answer is to its own question.
    for user in [bench.user, ready.id] {
        assert_eq!(users.find(user).await.unwrap().unwrap().id, user);
    }
    let outcomes = bookings.commit(&[bench.booking()]).await.unwrap();
    assert!(matches!(outcomes[0], CommitOutcome::Booked(_)));
}

#[tokio::test]
async fn a_transaction_whose_beginning_got_no_answer_is_left_by_nobody() {
    after_a_stall(b"BEGIN").await;
}

#[tokio::test]
async fn a_statement_whose_preparation_got_no_answer_confuses_no_later_one() {
    after_a_stall(b"SELECT `users`").await;
}

#[tokio::test]
async fn a_commit_that_got_no_answer_confuses_no_later_statement() {
    after_a_stall(b"COMMIT").await;
}

async fn session(sessions: &SqlSessionRepository, ids: &SequentialIds, user: UserId) -> SessionId {
    let (id, at) = (ids.session_id(), Timestamp::from_millis(1_800_000_000_000));
    let user_id = u8::try_from(user.get()).unwrap();
    let session = NewSession {
        id,
        user_id: user,
        checked: PasswordHash::new("hash".to_owned()),
        refresh: RefreshToken::new([user_id; 32]).hash(),
        at,
        expires_at: at.plus(Duration::from_secs(60)),
    };
    sessions.open(&session).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whose_role_nobody_knows_keeps_nobody_else_out() {
    let bench = Bench::new().await;
    let sessions = SqlSessionRepository::new(bench.database.store());
    let bob = bench.users.insert(&new_user("bob@example.com")).await;
    let users = [bench.user, bob.unwrap().id];
    let ids = [
        session(&sessions, &bench.ids, users[0]).await,
        session(&sessions, &bench.ids, users[1]).await,
    ];
    let crown = format!(
        "UPDATE users SET role = 'king' WHERE id = {}",
        users[0].get()
    );
    let mut connection = bench.database.connection().await;
    connection.execute(AssertSqlSafe(crown)).await.unwrap();
    let living = sessions.living(&ids, Timestamp::from_millis(1_800_000_000_000));
    let living: Vec<SessionId> = living
        .await
        .unwrap()
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert_eq!(living, [ids[1]]);
}
