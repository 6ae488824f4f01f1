//! Events. Their numbers of tickets are in `event_stock`.

use sea_orm_migration::prelude::*;

#[derive(DeriveIden)]
pub(super) enum Events {
    Table,
    Id,
    Title,
    Description,
    Date,
    Location,
    Metadata,
    CreatedBy,
    CreatedAt,
    UpdatedAt,
    ClosingToken,
    ClosingAt,
    Revision,
}

/// Times are milliseconds since 1970 in UTC; `metadata` is JSON text.
pub(super) fn table() -> TableCreateStatement {
    Table::create()
        .table(Events::Table)
        .col(
            ColumnDef::new(Events::Id)
                .char_len(24)
                .not_null()
                .primary_key(),
        )
        .col(ColumnDef::new(Events::Title).text().not_null())
        .col(ColumnDef::new(Events::Description).text().not_null())
        .col(ColumnDef::new(Events::Date).big_integer().not_null())
        .col(ColumnDef::new(Events::Location).text().not_null())
        .col(ColumnDef::new(Events::Metadata).text().not_null())
        .col(ColumnDef::new(Events::CreatedBy).big_integer().not_null())
        .col(ColumnDef::new(Events::CreatedAt).big_integer().not_null())
        .col(ColumnDef::new(Events::UpdatedAt).big_integer().not_null())
        .col(ColumnDef::new(Events::ClosingToken).char_len(36))
        .col(ColumnDef::new(Events::ClosingAt).big_integer())
        .check((
            "ck_events_closing",
            Expr::col(Events::ClosingToken)
                .is_null()
                .eq(Expr::col(Events::ClosingAt).is_null()),
        ))
        .take()
}

/// Counts the edits; an event from before it was counted is at its first revision.
pub(super) fn revision() -> ColumnDef {
    ColumnDef::new(Events::Revision)
        .big_integer()
        .not_null()
        .default(1)
        .take()
}

/// The order of the list of events.
pub(super) fn by_date() -> IndexCreateStatement {
    Index::create()
        .name("ix_events_date")
        .table(Events::Table)
        .col(Events::Date)
        .col(Events::Id)
        .take()
}

/// Finds old closings; holds those events only that somebody is deleting.
pub(super) fn by_closing() -> IndexCreateStatement {
    Index::create()
        .name("ix_events_closing")
        .table(Events::Table)
        .col(Events::ClosingAt)
        .cond_where(Expr::col(Events::ClosingAt).is_not_null())
        .take()
}
