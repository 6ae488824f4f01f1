//! [`AuditTrail`] in SQLite.

use async_trait::async_trait;
use domain::audit::{AuditEntry, AuditFilter, AuditId, AuditOrder, AuditTrail};
use domain::cursor::Moment;
use domain::error::StoreError;
use domain::time::Timestamp;
use sea_orm::{QueryResult, Value};

use crate::audit_log::SqliteAuditLog;
use crate::database::bounded;
use crate::span::{Direction, Span};
use crate::sql::{column, execute, parsed, rows};
use crate::stock::holds::count;

#[async_trait]
impl AuditTrail for SqliteAuditLog {
    async fn read(
        &self,
        filter: &AuditFilter,
        order: AuditOrder,
        after: Option<Moment>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let direction = match order {
            AuditOrder::NewestFirst => Direction::Down,
            AuditOrder::OldestFirst => Direction::Up,
        };
        let mut wanted = Wanted::new(filter, direction, after);
        let direction = direction.sql();
        let sql = format!(
            "SELECT id, at, record FROM system_logs INDEXED BY {} {} \
             ORDER BY at {direction}, id {direction} LIMIT ?",
            index(filter),
            wanted.clause(),
        );
        wanted.values.push(count(limit));
        let found = bounded(rows(self.database.reader(), &sql, wanted.values)).await?;
        found.iter().map(entry).collect()
    }

    async fn forget(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let sql = "DELETE FROM system_logs WHERE id IN \
                   (SELECT id FROM system_logs WHERE at < ? ORDER BY at LIMIT ?)";
        let written = self.database.write(|tx| async {
            let gone = execute(&tx, sql, [before.millis().into(), count(limit)]).await?;
            Ok((tx, gone))
        });
        Ok(usize::try_from(written.await?).unwrap_or(usize::MAX))
    }
}

/// The index that is walked: the one whose filter tells most. Each has the time behind what is looked up;
/// only records of one and the same millisecond remain to be put in order.
fn index(filter: &AuditFilter) -> &'static str {
    if filter.target.is_some() {
        "ix_system_logs_target"
    } else if filter.actor.is_some() {
        "ix_system_logs_actor"
    } else if filter.action.is_some() {
        "ix_system_logs_action"
    } else if filter.outcome.is_some() {
        "ix_system_logs_outcome"
    } else {
        "ix_system_logs_at"
    }
}

/// The conditions of a read. The expressions are those of the indexes, to the letter.
#[derive(Default)]
struct Wanted {
    conditions: Vec<&'static str>,
    values: Vec<Value>,
}

impl Wanted {
    fn new(filter: &AuditFilter, direction: Direction, after: Option<Moment>) -> Self {
        let mut wanted = Self::default();
        if let Some(target) = &filter.target {
            wanted.add("record->>'$.target.kind' = ?", target.kind.as_str());
            wanted.add("record->>'$.target.id' = ?", target.id.as_str());
        }
        if let Some(actor) = filter.actor {
            wanted.add("actor_user_id = ?", actor.get());
        }
        if let Some(action) = filter.action {
            wanted.add("action = ?", action.name());
        }
        if let Some(outcome) = filter.outcome {
            wanted.add("record->>'$.outcome' = ?", outcome.name());
        }
        let span = Span {
            from: filter.since,
            until: filter.until,
            after,
        };
        wanted.add_span(span.walked(direction), direction);
        wanted
    }

    fn add_span(&mut self, span: Span, direction: Direction) {
        if let Some(from) = span.from {
            self.add("at >= ?", from.millis());
        }
        if let Some(until) = span.until {
            self.add("at < ?", until.millis());
        }
        if let Some(after) = span.after {
            self.behind(direction, after);
        }
    }

    /// The plain comparison beside that of the pairs is what the index is searched by.
    fn behind(&mut self, direction: Direction, after: Moment) {
        let (at, id) = (after.at.millis(), AuditId::from_bytes(after.id).to_string());
        let (plain, pairs) = match direction {
            Direction::Down => ("at <= ?", "(at, id) < (?, ?)"),
            Direction::Up => ("at >= ?", "(at, id) > (?, ?)"),
        };
        self.add(plain, at);
        self.add(pairs, at);
        self.values.push(id.into());
    }

    fn add(&mut self, condition: &'static str, value: impl Into<Value>) {
        self.conditions.push(condition);
        self.values.push(value.into());
    }

    fn clause(&self) -> String {
        match self.conditions.is_empty() {
            true => String::new(),
            false => format!("WHERE {}", self.conditions.join(" AND ")),
        }
    }
}

fn entry(row: &QueryResult) -> Result<AuditEntry, StoreError> {
    let id = parsed(row, "id", |id: String| AuditId::parse(&id))?;
    let at = column(row, "at").map(Timestamp::from_millis)?;
    let stored = parsed(row, "record", |text: String| {
        serde_json::from_str(&text).ok()
    })?;
    Ok(AuditEntry::from_stored(id, at, stored))
}
