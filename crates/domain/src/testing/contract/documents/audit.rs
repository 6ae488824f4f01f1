//! The audit log: writing. What was written is read in `trail.rs`.

use futures_util::future::join_all;

use super::super::Documents;
use super::super::make::*;
use crate::audit::{Action, Actor, AuditRecord};
use crate::user::UserId;

pub async fn records_of_every_kind_are_taken(on: Documents) {
    let bare = AuditRecord {
        actor: Actor::default(),
        details: serde_json::Map::new(),
        ..record(Action::Login)
    };
    let full = record(Action::UpdateEvent)
        .by(as_admin(UserId::new(i64::MAX)))
        .on_event(event_id())
        .failed()
        .with(
            "fields",
            serde_json::json!(["title", {"nested": [null, true]}]),
        );
    let early = AuditRecord {
        at: at(i64::MIN),
        ..record(Action::Register)
    };
    on.audit.append(&[bare, full, early]).await.unwrap();
}

pub async fn records_may_be_written_again(on: Documents) {
    let (first, second) = (record(Action::Book), record(Action::Cancel));
    let group = [first.clone(), second];
    on.audit.append(&group).await.unwrap();
    on.audit.append(&group).await.unwrap();
    // Known ones among new ones stop nothing.
    let mixed = [record(Action::Book), first.clone(), record(Action::Book)];
    on.audit.append(&mixed).await.unwrap();
    on.audit.append(&[first.clone(), first]).await.unwrap();
}

pub async fn no_record_and_five_hundred_are_taken(on: Documents) {
    on.audit.append(&[]).await.unwrap();
    let many: Vec<AuditRecord> = (0..500).map(|_| record(Action::Book)).collect();
    on.audit.append(&many).await.unwrap();
}

pub async fn the_same_records_may_be_written_by_many_at_once(on: Documents) {
    let records: Vec<AuditRecord> = (0..20).map(|_| record(Action::Book)).collect();
    let answers = join_all((0..6).map(|_| on.audit.append(&records))).await;
    answers.into_iter().for_each(Result::unwrap);
}
