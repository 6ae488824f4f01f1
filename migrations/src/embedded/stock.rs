//! The stock of tickets, a row per event and ticket type.

use sea_orm_migration::prelude::*;

use super::events::Events;

#[derive(DeriveIden)]
pub(super) enum EventStock {
    Table,
    EventId,
    TicketType,
    Total,
    Available,
    Returned,
    Sv,
}

/// `returned` is how many tickets ever came back; `sv` counts the steps that moved the row.
pub(super) fn table() -> TableCreateStatement {
    let available = Expr::col(EventStock::Available);
    Table::create()
        .table(EventStock::Table)
        .col(ColumnDef::new(EventStock::EventId).char_len(24).not_null())
        .col(
            ColumnDef::new(EventStock::TicketType)
                .string_len(32)
                .not_null(),
        )
        .col(ColumnDef::new(EventStock::Total).big_integer().not_null())
        .col(
            ColumnDef::new(EventStock::Available)
                .big_integer()
                .not_null(),
        )
        .col(
            ColumnDef::new(EventStock::Returned)
                .big_integer()
                .not_null(),
        )
        .col(ColumnDef::new(EventStock::Sv).big_integer().not_null())
        .primary_key(
            Index::create()
                .col(EventStock::EventId)
                .col(EventStock::TicketType),
        )
        .foreign_key(
            ForeignKey::create()
                .name("fk_event_stock_event")
                .from(EventStock::Table, EventStock::EventId)
                .to(Events::Table, Events::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        // The last line of defence: whatever goes wrong above, no ticket is sold twice.
        .check((
            "ck_event_stock_available",
            available
                .clone()
                .gte(0)
                .and(available.lte(Expr::col(EventStock::Total))),
        ))
        .check((
            "ck_event_stock_returned",
            Expr::col(EventStock::Returned).gte(0),
        ))
        .extra("WITHOUT ROWID")
        .take()
}
