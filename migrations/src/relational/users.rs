//! Users, and the row that makes the first admin one of a kind.

use sea_orm_migration::prelude::*;

use crate::Step;
use crate::dialect::Dialect;

#[derive(DeriveIden)]
pub(super) enum Users {
    Table,
    Id,
    Name,
    Email,
    EmailKey,
    PasswordHash,
    Role,
    CreatedAt,
    DeletedAt,
}

/// `email` is as its owner wrote it; `email_key` is in lower case, which can be longer in bytes and
/// characters than the 254 of an address (a dotted capital I becomes two).
pub(super) fn table(dialect: Dialect) -> TableCreateStatement {
    Table::create()
        .table(Users::Table)
        .col(dialect.row_id(Users::Id))
        .col(ColumnDef::new(Users::Name).string_len(100).not_null())
        .col(ColumnDef::new(Users::Email).string_len(254).not_null())
        .col(
            ColumnDef::new(Users::EmailKey)
                .string_len(400)
                .not_null()
                .unique_key(),
        )
        .col(
            ColumnDef::new(Users::PasswordHash)
                .string_len(100)
                .not_null(),
        )
        .col(ColumnDef::new(Users::Role).string_len(16).not_null())
        .col(dialect.time(Users::CreatedAt).not_null())
        .col(dialect.time(Users::DeletedAt))
        .take()
}

/// Whether there is an admin, and who they are.
pub(super) fn by_role() -> IndexCreateStatement {
    Index::create()
        .name("ix_users_role")
        .col(Users::Role)
        .take()
}

#[derive(DeriveIden)]
enum AdminGuard {
    Table,
    Id,
}

/// One row, which everybody locks who wants to be the first admin: two who look for an admin at the
/// same time and find none would otherwise both become one.
pub(super) fn admin_guard() -> TableCreateStatement {
    Table::create()
        .table(AdminGuard::Table)
        .col(
            ColumnDef::new(AdminGuard::Id)
                .integer()
                .not_null()
                .primary_key(),
        )
        .take()
}

pub(super) fn admin_guard_row(name: &'static str) -> Step {
    Step {
        name,
        up: "INSERT INTO admin_guard (id) VALUES (1)".to_owned(),
        down: "DELETE FROM admin_guard".to_owned(),
    }
}
