//! Reading the audit log, and forgetting what is old.

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Action, Actor, AuditId, Details, Outcome, Target};
use crate::cursor::{ListScope, Moment};
use crate::error::StoreError;
use crate::time::Timestamp;
use crate::user::UserId;

/// A record as it is read. Other versions of the program write to the same log, so what was done is text
/// here, and nothing but id and time must be there.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// The id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// How much attention it deserves; see [`super::Level`].
    pub level: String,
    /// What was done; see [`Action`].
    pub action: String,
    /// Who did it.
    pub actor: Actor,
    /// What it was done to, if anything.
    pub target: Option<Target>,
    /// How it ended; see [`Outcome`].
    pub outcome: String,
    /// The request that it was done with.
    pub request_id: String,
    /// Further facts.
    pub details: Details,
}

impl AuditEntry {
    /// From the stored form of a record, which is its JSON form.
    pub fn from_stored(id: AuditId, at: Timestamp, mut stored: Map<String, Value>) -> Self {
        Self {
            id,
            at,
            level: field(&mut stored, "level"),
            action: field(&mut stored, "action"),
            actor: field(&mut stored, "actor"),
            target: field(&mut stored, "target"),
            outcome: field(&mut stored, "outcome"),
            request_id: field(&mut stored, "requestId"),
            details: field(&mut stored, "details"),
        }
    }

    /// Its place in the log.
    pub fn position(&self) -> Moment {
        Moment {
            at: self.at,
            id: self.id.bytes(),
        }
    }
}

fn field<T: DeserializeOwned + Default>(stored: &mut Map<String, Value>, name: &str) -> T {
    let value = stored.remove(name).unwrap_or_default();
    serde_json::from_value(value).unwrap_or_default()
}

/// Which records are wanted: those that match all of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditFilter {
    /// By that user.
    pub actor: Option<UserId>,
    /// Of that kind.
    pub action: Option<Action>,
    /// Done to that.
    pub target: Option<Target>,
    /// That ended so.
    pub outcome: Option<Outcome>,
    /// At that moment or later.
    pub since: Option<Timestamp>,
    /// Before that moment.
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    /// The list of these records, for its cursors.
    pub fn scope(&self) -> ListScope {
        let target = self.target.as_ref();
        let parts = [
            self.actor.map(|actor| actor.to_string()),
            self.action.map(Action::name),
            target.map(|target| target.kind.clone()),
            target.map(|target| target.id.clone()),
            self.outcome.map(|outcome| outcome.name().to_owned()),
            self.since.map(|since| since.to_string()),
            self.until.map(|until| until.to_string()),
        ];
        ListScope::new("logs", parts.iter().map(Option::as_deref))
    }
}

/// Which end of the log comes first. Records of one moment are ordered by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOrder {
    /// The newest.
    NewestFirst,
    /// The oldest.
    OldestFirst,
}

/// Reads the audit log.
///
/// With one filter, or none, the work of a call grows with `limit` and not with the length of the log, nor
/// with how far `after` is from its beginning. Of several filters that which tells most (target, then actor,
/// then action) is looked up so, and the others are checked on what it finds.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Up to `limit` of the wanted records in that order, those behind `after` only. A record that is written
    /// meanwhile may be missed, as it would be a moment earlier; none comes twice.
    async fn read(
        &self,
        filter: &AuditFilter,
        order: AuditOrder,
        after: Option<Moment>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    /// Deletes the oldest of the records before that moment, `limit` at most; how many it were.
    async fn forget(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError>;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored(value: &Value) -> AuditEntry {
        let map = value.as_object().unwrap().clone();
        AuditEntry::from_stored(AuditId::from_bytes([1; 12]), Timestamp::from_millis(5), map)
    }

    #[test]
    fn what_another_version_wrote_can_be_read() {
        let entry = stored(&json!({
            "level": "debug", "action": "ticket.scan", "outcome": "maybe", "requestId": "r",
            "actor": {"userId": 7, "device": "d"}, "target": {"kind": "gate", "id": "3"},
            "details": {"a": [1]}, "more": true,
        }));
        assert_eq!(
            (entry.action.as_str(), entry.actor.user_id),
            ("ticket.scan", Some(7))
        );
        assert_eq!(entry.target.unwrap().kind, "gate");
        assert_eq!(entry.details["a"], json!([1]));
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_left_out() {
        for odd in [
            json!({}),
            json!({"level": 1, "actor": {"userId": "x"}, "target": {"kind": 1}, "details": []}),
        ] {
            let entry = stored(&odd);
            assert_eq!((entry.level.as_str(), entry.actor), ("", Actor::default()));
            assert_eq!((entry.target, entry.details), (None, Details::new()));
        }
    }

    #[test]
    fn every_filter_makes_another_list() {
        let moment = || Some(Timestamp::from_millis(0));
        let target = |kind: &str, id: &str| AuditFilter {
            target: Some(Target {
                kind: kind.to_owned(),
                id: id.to_owned(),
            }),
            ..AuditFilter::default()
        };
        let filters = [
            AuditFilter::default(),
            target("event", "1"),
            target("user", "1"),
            target("event", "2"),
            AuditFilter {
                actor: Some(UserId::new(1)),
                ..AuditFilter::default()
            },
            AuditFilter {
                action: Some(Action::Login),
                ..AuditFilter::default()
            },
            AuditFilter {
                outcome: Some(Outcome::Failure),
                ..AuditFilter::default()
            },
            AuditFilter {
                since: moment(),
                ..AuditFilter::default()
            },
            AuditFilter {
                until: moment(),
                ..AuditFilter::default()
            },
        ];
        for (n, one) in filters.iter().enumerate() {
            for (m, other) in filters.iter().enumerate() {
                assert_eq!(one.scope() == other.scope(), n == m, "{one:?} {other:?}");
            }
        }
    }
}
