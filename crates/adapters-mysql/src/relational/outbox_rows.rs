//! The outbox rows that a transaction leaves.

use domain::audit::AuditRecord;
use domain::time::Timestamp;
use sea_orm::{DbErr, Set};
use serde::Serialize;

use super::convert::to_column;
use super::entity::outbox;

/// The most bytes of records in one row; the column holds 65,535.
const MOST: usize = 60_000;

/// Gathers audit records by the event and type of ticket whose counter the relay is to look at. A row for
/// each record would be another row to insert, to read and to delete for every booking.
#[derive(Default)]
pub(super) struct OutboxRows {
    rows: Vec<Row>,
}

struct Row {
    event_id: String,
    ticket_type: String,
    created_at: Timestamp,
    /// A JSON array that is still open.
    records: String,
}

impl OutboxRows {
    /// Adds the record of what was done, under an event and type.
    pub(super) fn add(
        &mut self,
        event_id: &str,
        ticket_type: &str,
        at: Timestamp,
        record: &impl Serialize,
    ) -> Result<(), DbErr> {
        let record =
            serde_json::to_string(record).map_err(|error| DbErr::Json(error.to_string()))?;
        let has_room = |row: &&mut Row| {
            row.event_id == event_id
                && row.ticket_type == ticket_type
                && row.records.len() + record.len() < MOST
        };
        // From behind: whatever is full is in front.
        match self.rows.iter_mut().rev().find(has_room) {
            Some(row) => {
                row.records.push(',');
                row.records.push_str(&record);
            }
            None => self.rows.push(Row {
                event_id: event_id.to_owned(),
                ticket_type: ticket_type.to_owned(),
                created_at: at,
                records: format!("[{record}"),
            }),
        }
        Ok(())
    }

    /// The rows to be inserted.
    pub(super) fn into_models(self) -> Vec<outbox::ActiveModel> {
        let model = |row: Row| outbox::ActiveModel {
            event_id: Set(row.event_id),
            ticket_type: Set(row.ticket_type),
            payload: Set(row.records + "]"),
            created_at: Set(to_column(row.created_at)),
            ..Default::default()
        };
        self.rows.into_iter().map(model).collect()
    }
}

/// The records of a row; `None` if they cannot be read.
pub(super) fn records(payload: &str) -> Option<Vec<AuditRecord>> {
    serde_json::from_str(payload).ok()
}

#[cfg(test)]
mod tests {
    use domain::audit::{Action, AuditId};
    use domain::request::{Origin, RequestId};

    use super::*;

    #[test]
    fn records_of_an_event_share_a_row_until_it_is_full() {
        let (at, mut rows) = (Timestamp::from_millis(0), OutboxRows::default());
        let origin = Origin {
            request_id: RequestId::unknown(),
            address: None,
        };
        let record = AuditRecord::new(AuditId::from_bytes([1; 12]), at, Action::Book, &origin);
        for _ in 0..600 {
            rows.add("busy", "general", at, &record).unwrap();
        }
        rows.add("quiet", "general", at, &record).unwrap();
        rows.add("quiet", "vip", at, &record).unwrap();
        let payloads: Vec<String> = rows
            .into_models()
            .into_iter()
            .map(|row| row.payload.unwrap())
            .collect();
        assert!(payloads.len() > 3);
        assert!(payloads.iter().all(|payload| payload.len() < 65_535));
        let counts = payloads.iter().map(|text| records(text).unwrap().len());
        let counts: Vec<usize> = counts.collect();
        assert_eq!(counts[counts.len() - 2..], [1, 1]);
        assert_eq!(counts.iter().sum::<usize>(), 602);
        assert_eq!(records("[{}]"), None);
    }
}
