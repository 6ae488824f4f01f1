//! Tickets that left the stock and are not yet known to be booked.

use sea_orm_migration::prelude::*;

use super::stock::EventStock;

#[derive(DeriveIden)]
pub(super) enum Holds {
    Table,
    EventId,
    ReservationId,
    TicketType,
    UserId,
    Quantity,
    KeyHash,
    At,
}

/// An event with holds can't be deleted: the stock that they are of would go with it.
pub(super) fn table() -> TableCreateStatement {
    Table::create()
        .table(Holds::Table)
        .col(ColumnDef::new(Holds::EventId).char_len(24).not_null())
        .col(ColumnDef::new(Holds::ReservationId).char_len(36).not_null())
        .col(ColumnDef::new(Holds::TicketType).string_len(32).not_null())
        .col(ColumnDef::new(Holds::UserId).big_integer().not_null())
        .col(ColumnDef::new(Holds::Quantity).integer().not_null())
        .col(ColumnDef::new(Holds::KeyHash).char_len(64))
        .col(ColumnDef::new(Holds::At).big_integer().not_null())
        .primary_key(
            Index::create()
                .col(Holds::EventId)
                .col(Holds::ReservationId),
        )
        .foreign_key(
            ForeignKey::create()
                .name("fk_holds_stock")
                .from(Holds::Table, (Holds::EventId, Holds::TicketType))
                .to(
                    EventStock::Table,
                    (EventStock::EventId, EventStock::TicketType),
                ),
        )
        .check(("ck_holds_quantity", Expr::col(Holds::Quantity).gte(1)))
        .extra("WITHOUT ROWID")
        .take()
}

/// Of one idempotency key, an event has one hold at most.
pub(super) fn by_key() -> IndexCreateStatement {
    Index::create()
        .name("uq_holds_key")
        .table(Holds::Table)
        .col(Holds::EventId)
        .col(Holds::KeyHash)
        .unique()
        .cond_where(Expr::col(Holds::KeyHash).is_not_null())
        .take()
}

/// Finds old holds.
pub(super) fn by_age() -> IndexCreateStatement {
    Index::create()
        .name("ix_holds_at")
        .table(Holds::Table)
        .col(Holds::At)
        .take()
}
