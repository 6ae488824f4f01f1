//! The rows of a group of bookings, and the ids that they get.

use std::collections::HashMap;

use domain::booking::NewBooking;
use domain::stock::ReservationId;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IdenStatic, QueryFilter,
    QuerySelect, Statement, Value,
};

use super::super::convert::{CONFIRMED, to_column};
use super::super::entity::bookings;
use super::super::statement_size::{padded, pieces};
use super::super::store::SqlStore;

/// The columns of every booking.
const COLUMNS: [bookings::Column; 7] = [
    bookings::Column::ReservationId,
    bookings::Column::EventId,
    bookings::Column::UserId,
    bookings::Column::TicketType,
    bookings::Column::Quantity,
    bookings::Column::Status,
    bookings::Column::CreatedAt,
];
/// Those of a key.
const KEY_COLUMNS: [bookings::Column; 3] = [
    bookings::Column::IdempotencyKey,
    bookings::Column::Fingerprint,
    bookings::Column::KeyedAt,
];

/// Inserts the bookings; the ids that they were given, by reservation.
pub(super) async fn insert(
    store: &SqlStore,
    on: &DatabaseTransaction,
    group: &[&NewBooking],
) -> Result<HashMap<ReservationId, i64>, DbErr> {
    let is_keyed = group.iter().any(|new| new.key.is_some());
    let mut series = Vec::new();
    for rows in pieces(group.to_vec()) {
        let inserted = on.execute_raw(statement(on, &rows, is_keyed)).await?;
        let told = inserted.last_insert_id();
        let told = i64::try_from(told).unwrap_or(i64::MAX);
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let first = (store.dialect().first_id)(told, count);
        series.push(Series { rows, first });
    }
    let ends = series.iter().flat_map(|one| [one.first, one.last()]);
    let ends = pick(on, bookings::Column::Id.is_in(padded(ends.collect()))).await?;
    if series.iter().all(|one| one.is_right_about(&ends)) {
        return Ok(series.iter().flat_map(Series::ids).collect());
    }
    let names = group.iter().map(|new| new.reservation_id.to_string());
    let names = padded(names.collect());
    pick(on, bookings::Column::ReservationId.is_in(names)).await
}

/// What one statement inserted, and the id that its first row is thought to have.
struct Series<'a> {
    rows: Vec<&'a NewBooking>,
    first: i64,
}

impl Series<'_> {
    /// The id of the last row, if there is no gap.
    fn last(&self) -> i64 {
        let behind = i64::try_from(self.rows.len()).unwrap_or(i64::MAX) - 1;
        self.first.saturating_add(behind)
    }

    /// Whether both ends have these ids. Then all between have those between: the ids of a statement's rows
    /// grow from row to row, and there are only as many. By how much they grow depends on how the server is
    /// set up, and so does what it tells of them. To read them all would be another row for each booking.
    fn is_right_about(&self, ends: &HashMap<ReservationId, i64>) -> bool {
        let has = |row: Option<&&NewBooking>, id| {
            row.is_some_and(|new| ends.get(&new.reservation_id) == Some(&id))
        };
        has(self.rows.first(), self.first) && has(self.rows.last(), self.last())
    }

    fn ids(&self) -> impl Iterator<Item = (ReservationId, i64)> {
        let reservations = self.rows.iter().map(|new| new.reservation_id);
        reservations.zip(self.first..)
    }
}

async fn pick(on: &DatabaseTransaction, which: Expr) -> Result<HashMap<ReservationId, i64>, DbErr> {
    let rows = bookings::Entity::find()
        .select_only()
        .column(bookings::Column::ReservationId)
        .column(bookings::Column::Id)
        .filter(which)
        .into_tuple::<(String, i64)>();
    let rows = rows.all(on).await?.into_iter();
    // What has another id than ours have is none of ours.
    Ok(rows
        .filter_map(|(reservation, id)| Some((ReservationId::parse(&reservation)?, id)))
        .collect())
}

/// The statement that inserts `rows`. The columns of a key are named only if somebody brought one: what is
/// bound for each row of a large group costs both sides. Put together here and not by the query builder, which
/// makes an expression for each value of each row.
fn statement(on: &DatabaseTransaction, rows: &[&NewBooking], is_keyed: bool) -> Statement {
    let mut columns = COLUMNS.to_vec();
    if is_keyed {
        columns.extend(KEY_COLUMNS);
    }
    let names: Vec<&str> = columns.iter().map(IdenStatic::as_str).collect();
    let row = format!("({})", vec!["?"; columns.len()].join(","));
    let text = format!(
        "INSERT INTO bookings ({}) VALUES {}",
        names.join(","),
        vec![row.as_str(); rows.len()].join(",")
    );
    let mut values = Vec::with_capacity(columns.len() * rows.len());
    for new in rows {
        values.extend(booked(new));
        if is_keyed {
            values.extend(keyed(new));
        }
    }
    Statement::from_sql_and_values(on.get_database_backend(), text, values)
}

/// The values of [`COLUMNS`].
fn booked(new: &NewBooking) -> [Value; COLUMNS.len()] {
    [
        new.reservation_id.to_string().into(),
        new.event_id.to_string().into(),
        new.user_id.get().into(),
        new.ticket_type.as_str().into(),
        i32::try_from(new.quantity.get()).unwrap_or(i32::MAX).into(),
        CONFIRMED.into(),
        to_column(new.created_at).into(),
    ]
}

/// The values of [`KEY_COLUMNS`].
fn keyed(new: &NewBooking) -> [Value; KEY_COLUMNS.len()] {
    let key = new.key.as_ref();
    [
        key.map(|used| used.key.as_str().to_owned()).into(),
        key.map(|used| used.fingerprint.as_str().to_owned()).into(),
        key.map(|_| to_column(new.created_at)).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::made::bookings;
    use super::*;

    #[test]
    fn both_ends_tell_whether_there_are_gaps() {
        let new = bookings(&[1, 1, 1]);
        let series = Series {
            rows: new.iter().collect(),
            first: 7,
        };
        let ends = |first, last| {
            HashMap::from([
                (new[0].reservation_id, first),
                (new[2].reservation_id, last),
            ])
        };
        assert!(series.is_right_about(&ends(7, 9)));
        for (first, last) in [(7, 10), (7, 11), (6, 8), (8, 10), (9, 7)] {
            assert!(
                !series.is_right_about(&ends(first, last)),
                "{first} to {last}"
            );
        }
        assert!(!series.is_right_about(&HashMap::from([(new[0].reservation_id, 7)])));
        assert!(!series.is_right_about(&HashMap::new()));
        let ids: Vec<_> = series.ids().map(|(_, id)| id).collect();
        assert_eq!(ids, [7, 8, 9]);
    }
}
