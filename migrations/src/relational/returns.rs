//! How many tickets ever came back, per event and ticket type.

use sea_orm_migration::prelude::*;

#[derive(DeriveIden)]
enum StockReturns {
    Table,
    EventId,
    TicketType,
    Returned,
}

/// `returned` only ever grows, which is what makes late and doubled returns harmless.
pub(super) fn table() -> TableCreateStatement {
    Table::create()
        .table(StockReturns::Table)
        .col(
            ColumnDef::new(StockReturns::EventId)
                .char_len(24)
                .not_null(),
        )
        .col(
            ColumnDef::new(StockReturns::TicketType)
                .string_len(32)
                .not_null(),
        )
        .col(
            ColumnDef::new(StockReturns::Returned)
                .big_integer()
                .not_null(),
        )
        .primary_key(
            Index::create()
                .col(StockReturns::EventId)
                .col(StockReturns::TicketType),
        )
        .take()
}
