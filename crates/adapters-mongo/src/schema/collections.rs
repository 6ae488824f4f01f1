//! What the validators demand and which indexes there are.

use domain::audit::Outcome;
use domain::idempotency::KEY_LIFE;
use domain::stock::MAX_HOLDS;
use mongodb::bson::{Bson, Document, doc};

use super::{CHECKPOINT, EVENTS, IDEMPOTENCY_KEYS, SYSTEM_LOGS, event_index, log_index};

/// A collection as it should be.
pub(super) struct CollectionSchema {
    /// The name of the step that makes it so.
    pub(super) step: &'static str,
    pub(super) name: &'static str,
    pub(super) validator: Document,
    /// As `createIndexes` takes them.
    pub(super) indexes: Vec<Document>,
    /// The names of indexes that earlier versions made and nothing needs any more.
    pub(super) obsolete_indexes: &'static [&'static str],
}

/// All collections, in the order in which they are made.
pub(super) fn all() -> [CollectionSchema; 4] {
    [
        CollectionSchema {
            step: "mongodb_0001_events",
            name: EVENTS,
            validator: events_validator(),
            indexes: vec![
                // The list of all events.
                doc! { "name": "date_id", "key": event_index::date() },
                // Those of a tag. An event without tags has an entry too, as any index of the server's.
                doc! { "name": "tag_date_id", "key": event_index::tag() },
                // Recovery looks for the few events with holds, and for those being deleted, many times a
                // minute: each index has an entry for these events only.
                doc! {
                    "name": "held",
                    "key": { "held": 1 },
                    "partialFilterExpression": { "held": true },
                },
                doc! {
                    "name": "closing_at",
                    "key": { "closing.at": 1 },
                    "partialFilterExpression": { "closing.at": { "$exists": true } },
                },
            ],
            obsolete_indexes: &[],
        },
        CollectionSchema {
            step: "mongodb_0002_system_logs",
            name: SYSTEM_LOGS,
            validator: system_logs_validator(),
            indexes: vec![
                doc! { "name": "user_at_id", "key": log_index::actor() },
                doc! { "name": "action_outcome_at_id", "key": log_index::action() },
                doc! { "name": "target_at_id", "key": log_index::target() },
            ],
            // Not yet `outcome_at_id`: instances of the version before need it while they are replaced.
            obsolete_indexes: &["at", "user_at", "action_at"],
        },
        CollectionSchema {
            step: "mongodb_0003_checkpoint",
            name: CHECKPOINT,
            validator: checkpoint_validator(),
            indexes: Vec::new(),
            obsolete_indexes: &[],
        },
        CollectionSchema {
            step: "mongodb_0004_idempotency_keys",
            name: IDEMPOTENCY_KEYS,
            validator: idempotency_keys_validator(),
            indexes: vec![doc! {
                "name": "at",
                "key": { "at": 1 },
                "expireAfterSeconds": i64::try_from(KEY_LIFE.as_secs()).unwrap_or(i64::MAX),
            }],
            obsolete_indexes: &[],
        },
    ]
}

/// The last line of defence against a wrong stock, whoever writes it: the shape of the numbers, and that
/// no more is available than there is. Of the holds only the lots are counted; looking into each with each
/// update would cost more than the update.
fn events_validator() -> Document {
    let max_holds = i32::try_from(MAX_HOLDS).unwrap_or(i32::MAX);
    doc! {
        "$jsonSchema": {
            "bsonType": "object",
            "required": [
                "title", "description", "date", "location", "totalTickets", "availableTickets",
                "stock", "holds", "sv", "metadata", "createdBy", "createdAt", "updatedAt",
            ],
            "properties": {
                "title": { "bsonType": "string" },
                "description": { "bsonType": "string" },
                "date": { "bsonType": "date" },
                "location": { "bsonType": "string" },
                "totalTickets": count(),
                "availableTickets": count(),
                "stock": {
                    "bsonType": "object",
                    "additionalProperties": {
                        "bsonType": "object",
                        "required": ["total", "available", "returned"],
                        "properties": {
                            "total": count(), "available": count(), "returned": count(),
                        },
                    },
                },
                "holds": { "bsonType": "array", "maxItems": max_holds },
                "held": { "enum": [true] },
                "closing": {
                    "bsonType": "object",
                    "required": ["token", "at"],
                    "properties": {
                        "token": { "bsonType": "string" }, "at": { "bsonType": "date" },
                    },
                },
                "sv": count(),
                "revision": { "bsonType": "number", "minimum": 1 },
                "metadata": { "bsonType": "object" },
                "createdBy": { "bsonType": "number" },
                "createdAt": { "bsonType": "date" },
                "updatedAt": { "bsonType": "date" },
            },
        },
        "$expr": { "$and": [
            { "$lte": ["$availableTickets", "$totalTickets"] },
            { "$eq": ["$availableTickets", sum_over_types("$$type.v.available")] },
            { "$eq": ["$totalTickets", sum_over_types("$$type.v.total")] },
            { "$allElementsTrue": [
                over_types(doc! { "$lte": ["$$type.v.available", "$$type.v.total"] }),
            ] },
        ] },
    }
}

/// A number that is not negative. Also a double: a shell writes those.
fn count() -> Document {
    doc! { "bsonType": "number", "minimum": 0 }
}

fn sum_over_types(field: &str) -> Document {
    doc! { "$sum": over_types(field) }
}

fn over_types(each: impl Into<Bson>) -> Document {
    doc! { "$map": { "input": { "$objectToArray": "$stock" }, "as": "type", "in": each.into() } }
}

/// The outcomes are those that reads ask for by name: a record of another would be found by nobody who asks
/// for neither an outcome nor somebody.
fn system_logs_validator() -> Document {
    let outcomes: Vec<&str> = Outcome::ALL.into_iter().map(Outcome::name).collect();
    doc! { "$jsonSchema": {
        "bsonType": "object",
        "required": ["at", "level", "action", "actor", "outcome", "requestId", "details"],
        "properties": {
            "at": { "bsonType": "date" },
            "level": { "bsonType": "string" },
            "action": { "bsonType": "string" },
            "actor": { "bsonType": "object" },
            "target": {
                "bsonType": "object",
                "required": ["kind", "id"],
                "properties": { "kind": { "bsonType": "string" }, "id": { "bsonType": "string" } },
            },
            "outcome": { "enum": outcomes },
            "requestId": { "bsonType": "string" },
            "details": { "bsonType": "object" },
        },
    } }
}

fn idempotency_keys_validator() -> Document {
    doc! { "$jsonSchema": {
        "bsonType": "object",
        "required": ["fingerprint", "at"],
        "properties": {
            "fingerprint": { "bsonType": "string" },
            "at": { "bsonType": "date" },
            "event": { "bsonType": "string" },
        },
    } }
}

fn checkpoint_validator() -> Document {
    doc! { "$jsonSchema": {
        "bsonType": "object",
        "required": ["n", "at"],
        "properties": { "n": count(), "at": { "bsonType": "date" } },
    } }
}
