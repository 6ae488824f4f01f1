//! Bookings and fences.

use sea_orm_migration::prelude::*;

use super::users::Users;
use crate::dialect::Dialect;

#[derive(DeriveIden)]
pub(super) enum Bookings {
    Table,
    Id,
    ReservationId,
    EventId,
    UserId,
    TicketType,
    Quantity,
    Status,
    CreatedAt,
    CancelledAt,
    IdempotencyKey,
    Fingerprint,
    KeyedAt,
}

/// A row of status `void` is a fence: it has no user and no key, and nothing can be booked under its
/// reservation id any more. The event is in another database, so no foreign key can name it.
pub(super) fn table(dialect: Dialect) -> TableCreateStatement {
    Table::create()
        .table(Bookings::Table)
        .col(dialect.row_id(Bookings::Id))
        .col(
            ColumnDef::new(Bookings::ReservationId)
                .char_len(36)
                .not_null(),
        )
        .col(ColumnDef::new(Bookings::EventId).char_len(24).not_null())
        .col(ColumnDef::new(Bookings::UserId).big_integer())
        .col(
            ColumnDef::new(Bookings::TicketType)
                .string_len(32)
                .not_null(),
        )
        .col(ColumnDef::new(Bookings::Quantity).integer().not_null())
        .col(ColumnDef::new(Bookings::Status).string_len(16).not_null())
        .col(dialect.time(Bookings::CreatedAt).not_null())
        .col(dialect.time(Bookings::CancelledAt))
        .col(ColumnDef::new(Bookings::IdempotencyKey).string_len(255))
        .col(ColumnDef::new(Bookings::Fingerprint).char_len(64))
        .col(dialect.time(Bookings::KeyedAt))
        .index(unique("uq_bookings_reservation").col(Bookings::ReservationId))
        .index(
            unique("uq_bookings_key")
                .col(Bookings::UserId)
                .col(Bookings::IdempotencyKey),
        )
        .foreign_key(
            ForeignKey::create()
                .name("fk_bookings_user")
                .from(Bookings::Table, Bookings::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(ForeignKeyAction::Restrict),
        )
        .check(("ck_bookings_status", status_is_known()))
        .check(("ck_bookings_void", void_rows_alone_have_no_user()))
        .take()
}

fn unique(name: &str) -> IndexCreateStatement {
    Index::create().name(name).unique().take()
}

fn status_is_known() -> Expr {
    Expr::col(Bookings::Status).is_in(["confirmed", "cancelled", "void"])
}

/// Spelled out instead of as an equation of two conditions: MySQL allows no foreign key's column in a
/// check if the key changes it, and MariaDB compares conditions as numbers.
fn void_rows_alone_have_no_user() -> Expr {
    let void = Expr::col(Bookings::Status)
        .eq("void")
        .and(Expr::col(Bookings::UserId).is_null());
    let booked = Expr::col(Bookings::Status)
        .ne("void")
        .and(Expr::col(Bookings::UserId).is_not_null());
    void.or(booked.and(Expr::col(Bookings::Quantity).gte(1)))
}

/// The list of a user's bookings.
pub(super) fn by_user() -> IndexCreateStatement {
    Index::create()
        .name("ix_bookings_user")
        .col(Bookings::UserId)
        .col(Bookings::Id)
        .take()
}

/// Whether an event was ever booked, and how many of its bookings count.
pub(super) fn by_event() -> IndexCreateStatement {
    Index::create()
        .name("ix_bookings_event")
        .col(Bookings::EventId)
        .col(Bookings::Status)
        .take()
}

/// Keys whose time is over.
pub(super) fn by_key_time() -> IndexCreateStatement {
    Index::create()
        .name("ix_bookings_keyed_at")
        .col(Bookings::KeyedAt)
        .take()
}
