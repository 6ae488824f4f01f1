//! Reserving: a whole batch in six statements at most, whatever its length.

use std::collections::{BTreeMap, BTreeSet};

use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{Reservation, ReserveOutcome, StockBatch, TicketType};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::holds;
use super::offer::Offers;
use crate::error::NAME;
use crate::event_row::event_id;
use crate::sql::{column, execute, list, now, parsed, rows, unreadable};

/// Settles and grants; the outcomes are in the order of the reservations.
pub(crate) async fn reserve(
    on: &impl ConnectionTrait,
    batch: &StockBatch,
) -> Result<Vec<ReserveOutcome>, StoreError> {
    holds::settle(on, &batch.settle).await?;
    if batch.reserve.is_empty() {
        return Ok(Vec::new());
    }
    let mut offers = read_offers(on, &batch.reserve).await?;
    let outcomes: Vec<ReserveOutcome> = batch
        .reserve
        .iter()
        .map(|wish| offers.decide(wish))
        .collect();
    let granted = batch.reserve.iter().zip(&outcomes);
    let granted = granted.filter(|(_, outcome)| **outcome == ReserveOutcome::Granted);
    let granted: Vec<&Reservation> = granted.map(|(wish, _)| wish).collect();
    if !granted.is_empty() {
        take_stock(on, &granted).await?;
        insert_holds(on, &granted).await?;
    }
    Ok(outcomes)
}

async fn read_offers(
    on: &impl ConnectionTrait,
    wishes: &[Reservation],
) -> Result<Offers, StoreError> {
    let sql = concat!(
        "SELECT e.id, e.closing_token IS NOT NULL AS closing, e.date <= ",
        now!(),
        " AS ended, s.ticket_type, s.available, \
         (SELECT COUNT(*) FROM holds AS h WHERE h.event_id = e.id) AS holds \
         FROM json_each(?) AS w CROSS JOIN events AS e ON e.id = w.value \
         CROSS JOIN event_stock AS s ON s.event_id = e.id"
    );
    let events: BTreeSet<EventId> = wishes.iter().map(|wish| wish.event_id).collect();
    let events = list(events.iter().map(|event| event.to_string().into()));
    let mut offers = Offers::default();
    for row in rows(on, sql, [events]).await? {
        let offer = offers.of(event_id(&row, "id")?);
        offer.closing = column(&row, "closing")?;
        offer.ended = column(&row, "ended")?;
        offer.holds = parsed(&row, "holds", |count: i64| usize::try_from(count).ok())?;
        let ticket_type = holds::ticket_type(&row)?;
        offer
            .available
            .insert(ticket_type, column(&row, "available")?);
    }
    read_keys(on, wishes, &mut offers).await?;
    Ok(offers)
}

/// Which of the wishes' keys have a hold.
async fn read_keys(
    on: &impl ConnectionTrait,
    wishes: &[Reservation],
    offers: &mut Offers,
) -> Result<(), StoreError> {
    let keyed = wishes.iter().filter_map(|wish| {
        let key = wish.key_hash.as_ref()?;
        Some(json!([wish.event_id.to_string(), key.as_str()]))
    });
    let keyed: Vec<Value> = keyed.collect();
    if keyed.is_empty() {
        return Ok(());
    }
    let sql = "SELECT h.event_id, h.key_hash FROM json_each(?) AS w \
               CROSS JOIN holds AS h ON h.event_id = w.value->>0 AND h.key_hash = w.value->>1";
    for row in rows(on, sql, [list(keyed)]).await? {
        let offer = offers.of(event_id(&row, "event_id")?);
        offer.keys.insert(column(&row, "key_hash")?);
    }
    Ok(())
}

async fn take_stock(on: &impl ConnectionTrait, granted: &[&Reservation]) -> Result<(), StoreError> {
    let mut taken: BTreeMap<(EventId, &TicketType), u32> = BTreeMap::new();
    for wish in granted {
        *taken.entry((wish.event_id, &wish.ticket_type)).or_default() += wish.quantity.get();
    }
    let sql = "UPDATE event_stock SET available = available - (w.value->>2), sv = sv + 1 \
               FROM json_each(?) AS w WHERE event_id = w.value->>0 \
               AND ticket_type = w.value->>1 AND available >= w.value->>2";
    let rows = taken.iter().map(|((event, ticket_type), quantity)| {
        json!([event.to_string(), ticket_type.as_str(), quantity])
    });
    let changed = execute(on, sql, [list(rows)]).await?;
    // What was decided on was read under the same lock. If it does not fit all the same, that is a
    // fault of ours, and the transaction must not be committed.
    if usize::try_from(changed) == Ok(taken.len()) {
        Ok(())
    } else {
        Err(StoreError::unexpected(
            NAME,
            "granted tickets were not there",
        ))
    }
}

async fn insert_holds(
    on: &impl ConnectionTrait,
    granted: &[&Reservation],
) -> Result<(), StoreError> {
    let sql = concat!(
        "INSERT INTO holds \
         (event_id, reservation_id, ticket_type, user_id, quantity, key_hash, at) \
         SELECT w.value->>0, w.value->>1, w.value->>2, w.value->>3, w.value->>4, w.value->>5, ",
        now!(),
        " FROM json_each(?) AS w"
    );
    let rows = granted.iter().map(|wish| {
        json!([
            wish.event_id.to_string(),
            wish.id.to_string(),
            wish.ticket_type.as_str(),
            wish.user_id.get(),
            wish.quantity.get(),
            wish.key_hash.as_ref().map(|key| key.as_str()),
        ])
    });
    let inserted = execute(on, sql, [list(rows)]).await?;
    if usize::try_from(inserted) == Ok(granted.len()) {
        Ok(())
    } else {
        Err(unreadable("holds"))
    }
}
