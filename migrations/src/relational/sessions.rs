//! Sessions and the hashes of their refresh tokens.

use sea_orm_migration::prelude::*;

use super::users::Users;
use crate::dialect::Dialect;

#[derive(DeriveIden)]
pub(super) enum Sessions {
    Table,
    Id,
    UserId,
    CreatedAt,
    ExpiresAt,
    RevokedAt,
}

/// The unique key is an index by user, which the foreign key needs, on every kind of SQL alike.
pub(super) fn table(dialect: Dialect) -> TableCreateStatement {
    Table::create()
        .table(Sessions::Table)
        .col(
            ColumnDef::new(Sessions::Id)
                .char_len(36)
                .not_null()
                .primary_key(),
        )
        .col(ColumnDef::new(Sessions::UserId).big_integer().not_null())
        .col(dialect.time(Sessions::CreatedAt).not_null())
        .col(dialect.time(Sessions::ExpiresAt).not_null())
        .col(dialect.time(Sessions::RevokedAt))
        .index(
            unique("uq_sessions_user")
                .col(Sessions::UserId)
                .col(Sessions::Id),
        )
        .foreign_key(
            ForeignKey::create()
                .name("fk_sessions_user")
                .from(Sessions::Table, Sessions::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

/// Sessions whose time is over.
pub(super) fn by_expiry() -> IndexCreateStatement {
    Index::create()
        .name("ix_sessions_expiry")
        .col(Sessions::ExpiresAt)
        .take()
}

#[derive(DeriveIden)]
pub(super) enum RefreshTokens {
    Table,
    Hash,
    SessionId,
    ExpiresAt,
    UsedAt,
}

/// `hash` is the token's SHA-256 in hexadecimal. Used ones stay until they expire: their second use is a
/// theft.
pub(super) fn refresh_tokens(dialect: Dialect) -> TableCreateStatement {
    Table::create()
        .table(RefreshTokens::Table)
        .col(
            ColumnDef::new(RefreshTokens::Hash)
                .char_len(64)
                .not_null()
                .primary_key(),
        )
        .col(
            ColumnDef::new(RefreshTokens::SessionId)
                .char_len(36)
                .not_null(),
        )
        .col(dialect.time(RefreshTokens::ExpiresAt).not_null())
        .col(dialect.time(RefreshTokens::UsedAt))
        .index(
            unique("uq_refresh_tokens_session")
                .col(RefreshTokens::SessionId)
                .col(RefreshTokens::Hash),
        )
        .foreign_key(
            ForeignKey::create()
                .name("fk_refresh_tokens_session")
                .from(RefreshTokens::Table, RefreshTokens::SessionId)
                .to(Sessions::Table, Sessions::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

/// Refresh tokens whose time is over.
pub(super) fn refresh_tokens_by_expiry() -> IndexCreateStatement {
    Index::create()
        .name("ix_refresh_tokens_expiry")
        .col(RefreshTokens::ExpiresAt)
        .take()
}

fn unique(name: &str) -> IndexCreateStatement {
    Index::create().name(name).unique().take()
}
