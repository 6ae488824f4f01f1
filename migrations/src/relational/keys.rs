//! Idempotency keys of what leaves no row of its own: cancellations, and changes of users.

use sea_orm_migration::prelude::*;

use super::users::Users;
use crate::dialect::Dialect;

#[derive(DeriveIden)]
pub(super) enum IdempotencyKeys {
    Table,
    Id,
    UserId,
    IdempotencyKey,
    Fingerprint,
    CreatedAt,
}

/// A row per request that was done under a key. A booking's key stands in the booking's own row.
pub(super) fn table(dialect: Dialect) -> TableCreateStatement {
    Table::create()
        .table(IdempotencyKeys::Table)
        .col(dialect.row_id(IdempotencyKeys::Id))
        .col(
            ColumnDef::new(IdempotencyKeys::UserId)
                .big_integer()
                .not_null(),
        )
        .col(
            ColumnDef::new(IdempotencyKeys::IdempotencyKey)
                .string_len(255)
                .not_null(),
        )
        .col(
            ColumnDef::new(IdempotencyKeys::Fingerprint)
                .char_len(64)
                .not_null(),
        )
        .col(dialect.time(IdempotencyKeys::CreatedAt).not_null())
        .index(
            Index::create()
                .name("uq_idempotency_keys")
                .unique()
                .col(IdempotencyKeys::UserId)
                .col(IdempotencyKeys::IdempotencyKey),
        )
        .foreign_key(
            ForeignKey::create()
                .name("fk_idempotency_keys_user")
                .from(IdempotencyKeys::Table, IdempotencyKeys::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

/// Keys whose time is over.
pub(super) fn by_time() -> IndexCreateStatement {
    Index::create()
        .name("ix_idempotency_keys_time")
        .col(IdempotencyKeys::CreatedAt)
        .take()
}
