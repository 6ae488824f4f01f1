//! The audit log.

use sea_orm_migration::prelude::*;

use crate::Step;

#[derive(DeriveIden)]
pub(super) enum SystemLogs {
    Table,
    Id,
    At,
    Level,
    Action,
    ActorUserId,
    Record,
}

/// `record` is the whole record as JSON text; the other columns are for looking it up.
pub(super) fn table() -> TableCreateStatement {
    Table::create()
        .table(SystemLogs::Table)
        .col(
            ColumnDef::new(SystemLogs::Id)
                .char_len(24)
                .not_null()
                .primary_key(),
        )
        .col(ColumnDef::new(SystemLogs::At).big_integer().not_null())
        .col(ColumnDef::new(SystemLogs::Level).string_len(16).not_null())
        .col(ColumnDef::new(SystemLogs::Action).string_len(64).not_null())
        .col(ColumnDef::new(SystemLogs::ActorUserId).big_integer())
        .col(ColumnDef::new(SystemLogs::Record).text().not_null())
        .take()
}

/// What happened in a span of time.
pub(super) fn by_time() -> IndexCreateStatement {
    index("ix_system_logs_at").col(SystemLogs::At).take()
}

/// Who did things of one kind.
pub(super) fn by_action() -> IndexCreateStatement {
    index("ix_system_logs_action")
        .col(SystemLogs::Action)
        .col(SystemLogs::At)
        .take()
}

/// What somebody did.
pub(super) fn by_actor() -> IndexCreateStatement {
    index("ix_system_logs_actor")
        .col(SystemLogs::ActorUserId)
        .col(SystemLogs::At)
        .take()
}

/// What was done to something: an index over what is in the record, to the letter as it is asked for.
pub(super) fn by_target() -> Step {
    Step {
        name: "n0015_system_logs_by_target",
        up: "CREATE INDEX ix_system_logs_target ON system_logs \
             (record->>'$.target.kind', record->>'$.target.id', at)"
            .to_owned(),
        down: "DROP INDEX ix_system_logs_target".to_owned(),
    }
}

/// What was refused, or done.
pub(super) fn by_outcome() -> Step {
    Step {
        name: "n0016_system_logs_by_outcome",
        up: "CREATE INDEX ix_system_logs_outcome ON system_logs (record->>'$.outcome', at)"
            .to_owned(),
        down: "DROP INDEX ix_system_logs_outcome".to_owned(),
    }
}

fn index(name: &str) -> IndexCreateStatement {
    Index::create().name(name).table(SystemLogs::Table).take()
}
