//! Attempts to sign in, and the places that are known. Everything by hash; times are in milliseconds since
//! 1970 by the database's own clock.

use sea_orm_migration::prelude::*;

#[derive(DeriveIden)]
pub(super) enum LoginAttempts {
    Table,
    Bucket,
    Failures,
    LastAt,
}

/// A row per account, address, or place, as long as attempts there failed lately.
pub(super) fn attempts() -> TableCreateStatement {
    Table::create()
        .table(LoginAttempts::Table)
        .col(
            ColumnDef::new(LoginAttempts::Bucket)
                .char_len(64)
                .not_null()
                .primary_key(),
        )
        .col(ColumnDef::new(LoginAttempts::Failures).integer().not_null())
        .col(
            ColumnDef::new(LoginAttempts::LastAt)
                .big_integer()
                .not_null(),
        )
        .take()
}

/// Buckets that nobody has tried for long.
pub(super) fn attempts_by_time() -> IndexCreateStatement {
    Index::create()
        .name("ix_login_attempts_last")
        .col(LoginAttempts::LastAt)
        .take()
}

#[derive(DeriveIden)]
pub(super) enum LoginPlaces {
    Table,
    Place,
    SeenAt,
}

/// An account and an address that signed in to it.
pub(super) fn places() -> TableCreateStatement {
    Table::create()
        .table(LoginPlaces::Table)
        .col(
            ColumnDef::new(LoginPlaces::Place)
                .char_len(64)
                .not_null()
                .primary_key(),
        )
        .col(ColumnDef::new(LoginPlaces::SeenAt).big_integer().not_null())
        .take()
}

/// Places where nobody signed in for long.
pub(super) fn places_by_time() -> IndexCreateStatement {
    Index::create()
        .name("ix_login_places_seen")
        .col(LoginPlaces::SeenAt)
        .take()
}
