//! [`AuditTrail`] in MongoDB.
//!
//! Every read walks one index in its order and stops when it has enough. Those of everything and of an
//! action lead with the outcome, so that a search for successes need not step over a night of failed
//! sign-ins; without a filter on it both outcomes are walked, and merged here.

use async_trait::async_trait;
use domain::audit::{AuditEntry, AuditFilter, AuditId, AuditOrder, AuditTrail, Outcome};
use domain::cursor::Moment;
use domain::error::StoreError;
use domain::time::Timestamp;
use futures_util::TryStreamExt;
use futures_util::future::try_join_all;
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
            let only_ids = doc! { "_id": 1 };
            let order = AuditOrder::OldestFirst;
            let found = self.walk(&old, order, None, limit, only_ids).await?;
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
    /// The first `limit` records that are wanted, in order.
    async fn walk(
        &self,
        filter: &AuditFilter,
        order: AuditOrder,
        after: Option<Moment>,
        limit: usize,
        fields: Document,
    ) -> Result<Vec<Document>, MongoError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let walks = outcomes(filter).into_iter().map(|outcome| {
            let wanted = wanted(filter, outcome, order, after);
            self.walk_one(wanted, index(filter), order, limit, fields.clone())
        });
        let mut found: Vec<Document> = try_join_all(walks).await?.into_iter().flatten().collect();
        found.sort_by_key(|record| {
            (
                record.get_datetime("at").ok().copied(),
                record.get_object_id("_id").ok(),
            )
        });
        if order == AuditOrder::NewestFirst {
            found.reverse();
        }
        found.truncate(limit);
        Ok(found)
    }

    /// One walk over a part of an index that has the wanted order.
    async fn walk_one(
        &self,
        wanted: Document,
        index: Document,
        order: AuditOrder,
        limit: usize,
        fields: Document,
    ) -> Result<Vec<Document>, MongoError> {
        let direction = direction(order);
        let logs = self.database.system_logs();
        let cursor = logs
            .find(wanted)
            .hint(Hint::Keys(index))
            .sort(doc! { "at": direction, "_id": direction })
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
    } else if filter.action.is_some() {
        log_index::action()
    } else {
        log_index::all()
    }
}

/// What is wanted of one outcome, or of any.
fn wanted(
    filter: &AuditFilter,
    outcome: Option<Outcome>,
    order: AuditOrder,
    after: Option<Moment>,
) -> Document {
    let mut wanted = Document::new();
    if let Some(actor) = filter.actor {
        wanted.insert("actor.userId", actor.get());
    }
    if let Some(action) = filter.action {
        wanted.insert("action", action.name());
    }
    if let Some(target) = &filter.target {
        wanted.insert("target.kind", &target.kind);
        wanted.insert("target.id", &target.id);
    }
    if let Some(outcome) = outcome {
        wanted.insert("outcome", outcome.name());
    }
    let mut span = Document::new();
    if let Some(since) = filter.since {
        span.insert("$gte", date(since));
    }
    if let Some(until) = filter.until {
        span.insert("$lt", date(until));
    }
    within(ranges("at", span, direction(order), after), &wanted)
}

fn direction(order: AuditOrder) -> i32 {
    match order {
        AuditOrder::NewestFirst => -1,
        AuditOrder::OldestFirst => 1,
    }
}

/// The outcomes that are walked one by one: those that are wanted, where the index leads with the outcome.
fn outcomes(filter: &AuditFilter) -> Vec<Option<Outcome>> {
    let leads = filter.target.is_none() && filter.actor.is_none();
    match filter.outcome {
        None if leads => Outcome::ALL.map(Some).to_vec(),
        outcome => vec![outcome],
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
