//! [`AuditTrail`] in MongoDB.
//!
//! Every read walks one index in its order and stops when it has enough. That of actions has that order only
//! within one action and outcome; without a filter on them the server is asked for any of those that there
//! are, walks that part of the index for each, and merges them.

use async_trait::async_trait;
use domain::audit::{Action, AuditEntry, AuditFilter, AuditId, AuditOrder, AuditTrail, Outcome};
use domain::cursor::Moment;
use domain::error::StoreError;
use domain::time::Timestamp;
use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::Hint;

use crate::audit_log::MongoAuditLog;
use crate::connection::{CALL_LIMIT, SERVER_LIMIT, bounded};
use crate::error::MongoError;
use crate::event_document::date;
use crate::json;
use crate::schema::log_index;
use crate::walk::{ranges, within};

#[async_trait]
impl AuditTrail for MongoAuditLog {
    async fn read(
        &self,
        filter: &AuditFilter,
        order: AuditOrder,
        after: Option<Moment>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let found = self.walk(filter, order, after, limit, Document::new());
        let found = bounded(CALL_LIMIT, found).await?;
        let entries = found.into_iter().map(entry);
        Ok(entries.collect::<Result<_, MongoError>>()?)
    }

    async fn forget(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let old = AuditFilter {
            until: Some(before),
            ..AuditFilter::default()
        };
        let forgotten = bounded(CALL_LIMIT, async {
            let only_ids = || doc! { "_id": 1 };
            let order = AuditOrder::OldestFirst;
            let mut found = self.walk(&old, order, None, limit, only_ids()).await?;
            if found.is_empty() && limit > 0 {
                // Only those may be left that a newer version wrote.
                let unknown = doc! {
                    "action": { "$nin": actions() },
                    "at": { "$lt": date(before) },
                };
                // In whatever order the index has them: all of them are old.
                let index = log_index::action;
                let walk = self.walk_one(unknown, index(), index(), limit, only_ids());
                found = walk.await?;
            }
            let ids: Vec<Bson> = found
                .iter()
                .filter_map(|log| log.get("_id").cloned())
                .collect();
            if ids.is_empty() {
                return Ok(0);
            }
            let logs = self.database.system_logs();
            let gone = logs.delete_many(doc! { "_id": { "$in": ids } }).await?;
            Ok(gone.deleted_count)
        });
        Ok(usize::try_from(forgotten.await?).unwrap_or(usize::MAX))
    }
}

impl MongoAuditLog {
    /// The first `limit` records that are wanted, in order. A cursor's own moment and what lies behind it are
    /// walked one after the other: of two alternatives the server would read all, and sort.
    async fn walk(
        &self,
        filter: &AuditFilter,
        order: AuditOrder,
        after: Option<Moment>,
        limit: usize,
        fields: Document,
    ) -> Result<Vec<Document>, MongoError> {
        let (wanted, span, direction) = (wanted(filter), span(filter), direction(order));
        // Within one moment the server would not merge by a moment.
        let moment = after.map(|_| doc! { "_id": direction });
        let beyond = doc! { "at": direction, "_id": direction };
        let sorts = moment.into_iter().chain([beyond]);
        let mut found = Vec::new();
        for (range, sort) in ranges("at", span, direction, after).into_iter().zip(sorts) {
            let left = limit - found.len();
            if left == 0 {
                break;
            }
            let wanted = within(vec![range], &wanted);
            let walk = self.walk_one(wanted, index(filter), sort, left, fields.clone());
            found.extend(walk.await?);
        }
        Ok(found)
    }

    /// One walk over parts of an index that have the wanted order.
    async fn walk_one(
        &self,
        wanted: Document,
        index: Document,
        sort: Document,
        limit: usize,
        fields: Document,
    ) -> Result<Vec<Document>, MongoError> {
        let logs = self.database.system_logs();
        let cursor = logs
            .find(wanted)
            .hint(Hint::Keys(index))
            .sort(sort)
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .projection(fields)
            .max_time(SERVER_LIMIT)
            .await?;
        Ok(cursor.try_collect().await?)
    }
}

/// The index that is walked: the one whose filter tells most.
fn index(filter: &AuditFilter) -> Document {
    if filter.target.is_some() {
        log_index::target()
    } else if filter.actor.is_some() {
        log_index::actor()
    } else {
        log_index::action()
    }
}

/// What is wanted, but for the time.
fn wanted(filter: &AuditFilter) -> Document {
    let mut wanted = Document::new();
    if let Some(actor) = filter.actor {
        wanted.insert("actor.userId", actor.get());
    }
    if let Some(target) = &filter.target {
        wanted.insert("target.kind", &target.kind);
        wanted.insert("target.id", &target.id);
    }
    let by_action = filter.actor.is_none() && filter.target.is_none();
    match filter.action {
        Some(action) => {
            wanted.insert("action", action.name());
        }
        None if by_action => {
            wanted.insert("action", doc! { "$in": actions() });
        }
        None => {}
    }
    match filter.outcome {
        Some(outcome) => {
            wanted.insert("outcome", outcome.name());
        }
        None if by_action => {
            let all: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.name()).collect();
            wanted.insert("outcome", doc! { "$in": all });
        }
        None => {}
    }
    wanted
}

/// The names of all actions.
fn actions() -> Vec<String> {
    let all = Action::ALL.iter();
    all.map(|action| action.name()).collect()
}

/// The time that is wanted.
fn span(filter: &AuditFilter) -> Document {
    let mut span = Document::new();
    if let Some(since) = filter.since {
        span.insert("$gte", date(since));
    }
    if let Some(until) = filter.until {
        span.insert("$lt", date(until));
    }
    span
}

fn direction(order: AuditOrder) -> i32 {
    match order {
        AuditOrder::NewestFirst => -1,
        AuditOrder::OldestFirst => 1,
    }
}

fn entry(mut stored: Document) -> Result<AuditEntry, MongoError> {
    let malformed = |_| MongoError::Malformed("a record's id or time cannot be read");
    let id = stored.get_object_id("_id").map_err(malformed)?;
    let at = stored.get_datetime("at").map_err(malformed)?;
    let (id, at) = (
        AuditId::from_bytes(id.bytes()),
        Timestamp::from_millis(at.timestamp_millis()),
    );
    stored.remove("_id");
    stored.remove("at");
    Ok(AuditEntry::from_stored(id, at, json::from_document(stored)))
}
