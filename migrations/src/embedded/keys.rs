//! Idempotency keys of changes of events.

use sea_orm_migration::prelude::*;

#[derive(DeriveIden)]
pub(super) enum EventKeys {
    Table,
    KeyHash,
    Fingerprint,
    At,
    Event,
}

/// `key_hash` is of the user and the key, `event` the answer as text if there was one, `at` in
/// milliseconds since 1970.
pub(super) fn table() -> TableCreateStatement {
    Table::create()
        .table(EventKeys::Table)
        .col(
            ColumnDef::new(EventKeys::KeyHash)
                .char_len(64)
                .not_null()
                .primary_key(),
        )
        .col(
            ColumnDef::new(EventKeys::Fingerprint)
                .char_len(64)
                .not_null(),
        )
        .col(ColumnDef::new(EventKeys::At).big_integer().not_null())
        .col(ColumnDef::new(EventKeys::Event).text())
        .take()
}

/// Keys whose time is over.
pub(super) fn by_time() -> IndexCreateStatement {
    Index::create()
        .name("ix_event_keys_at")
        .col(EventKeys::At)
        .take()
}
