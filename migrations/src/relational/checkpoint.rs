//! How far the store has come.

use sea_orm_migration::prelude::*;

#[derive(DeriveIden)]
enum Checkpoint {
    Table,
    Id,
    N,
    At,
}

/// A row per store: 1 is that of the bookings, 2 on the embedded default that of the events. `n` only
/// grows; `at` is in milliseconds since 1970 in UTC.
pub(super) fn table() -> TableCreateStatement {
    Table::create()
        .table(Checkpoint::Table)
        .col(
            ColumnDef::new(Checkpoint::Id)
                .integer()
                .not_null()
                .primary_key(),
        )
        .col(ColumnDef::new(Checkpoint::N).big_integer().not_null())
        .col(ColumnDef::new(Checkpoint::At).big_integer().not_null())
        .take()
}
