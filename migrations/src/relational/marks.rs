//! Rows that are written for the sake of writing.

use sea_orm_migration::prelude::*;

#[derive(DeriveIden)]
enum RecoveryMarks {
    Table,
    Slot,
    N,
}

/// A write here, acknowledged after a read on the same connection, proves that what was read is on
/// disk: the redo log is one sequence. There are many slots, so that nobody waits for a row.
pub(super) fn table() -> TableCreateStatement {
    Table::create()
        .table(RecoveryMarks::Table)
        .col(
            ColumnDef::new(RecoveryMarks::Slot)
                .integer()
                .not_null()
                .primary_key(),
        )
        .col(ColumnDef::new(RecoveryMarks::N).big_integer().not_null())
        .take()
}
