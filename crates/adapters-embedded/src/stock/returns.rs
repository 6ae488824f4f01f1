//! Tickets that came back.

use std::collections::BTreeMap;

use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{StockReturn, TicketType};
use sea_orm::{ConnectionTrait, Value};
use serde_json::json;

use crate::error::NAME;
use crate::sql::{execute, list, row};

/// Brings the counters up and moves the stock along; whether all of them are there now. One that
/// would bring back more than was sold stays below, and stops no other.
pub(crate) async fn apply(
    on: &impl ConnectionTrait,
    returns: &[StockReturn],
) -> Result<bool, StoreError> {
    let counters = highest(returns);
    // Comparing with the counter that is there makes a late, doubled or reordered call harmless.
    let sql = "UPDATE event_stock SET available = available + (w.value->>2) - returned, \
               returned = w.value->>2, sv = sv + 1 FROM json_each(?) AS w \
               WHERE event_id = w.value->>0 AND ticket_type = w.value->>1 \
               AND returned < w.value->>2 AND available + (w.value->>2) - returned <= total";
    execute(on, sql, [counters.clone()]).await?;
    let behind = "SELECT 1 AS behind FROM json_each(?) AS w CROSS JOIN event_stock AS s \
                  ON s.event_id = w.value->>0 AND s.ticket_type = w.value->>1 \
                  WHERE s.returned < w.value->>2 LIMIT 1";
    Ok(row(on, behind, [counters]).await?.is_none())
}

/// More than was ever sold cannot come back: somebody counts wrongly.
pub(crate) fn too_many() -> StoreError {
    StoreError::unexpected(NAME, "more tickets came back than were sold")
}

/// The highest counter of each type: one update sees each row once.
fn highest(returns: &[StockReturn]) -> Value {
    let mut counters: BTreeMap<(EventId, &TicketType), u64> = BTreeMap::new();
    for back in returns {
        let counter = counters
            .entry((back.event_id, &back.ticket_type))
            .or_default();
        *counter = back.returned.max(*counter);
    }
    list(
        counters
            .into_iter()
            .map(|((event, ticket_type), returned)| {
                json!([event.to_string(), ticket_type.as_str(), returned])
            }),
    )
}
