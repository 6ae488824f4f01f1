//! Work that a booking or cancellation leaves to be done in the other database.

use sea_orm_migration::prelude::*;

use crate::dialect::Dialect;

#[derive(DeriveIden)]
pub(super) enum Outbox {
    Table,
    Id,
    EventId,
    TicketType,
    Payload,
    CreatedAt,
}

/// `payload` is the audit record as JSON text.
pub(super) fn table(dialect: Dialect) -> TableCreateStatement {
    Table::create()
        .table(Outbox::Table)
        .col(dialect.row_id(Outbox::Id))
        .col(ColumnDef::new(Outbox::EventId).char_len(24).not_null())
        .col(ColumnDef::new(Outbox::TicketType).string_len(32).not_null())
        .col(ColumnDef::new(Outbox::Payload).text().not_null())
        .col(dialect.time(Outbox::CreatedAt).not_null())
        .take()
}

/// Whether an event has work waiting.
pub(super) fn by_event() -> IndexCreateStatement {
    Index::create()
        .name("ix_outbox_event")
        .col(Outbox::EventId)
        .take()
}
