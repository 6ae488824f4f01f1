//! What the two kinds of SQL want written differently.

use sea_orm_migration::prelude::*;

use crate::Step;

/// The database that a schema is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    MySql,
    Sqlite,
}

impl Dialect {
    /// A table and, to go back, its removal. On MySQL all text compares byte by byte: ids and keys
    /// are no words, and addresses have a key column of their own in lower case.
    pub(crate) fn table(self, name: &'static str, create: &mut TableCreateStatement) -> Step {
        if self == Self::MySql {
            create
                .engine("InnoDB")
                .character_set("utf8mb4")
                .collate("utf8mb4_bin");
        }
        let mut drop = Table::drop();
        if let Some(table) = create.get_table_name() {
            drop.table(table.clone());
        }
        Step {
            name,
            up: self.render(create),
            down: self.render(&drop),
        }
    }

    /// One more column of `table` and its removal.
    pub(crate) fn column<T: IntoIden>(
        self,
        name: &'static str,
        table: T,
        column: &mut ColumnDef,
    ) -> Step {
        let table = table.into_iden();
        let drop = column.get_column_name();
        let mut alter = Table::alter();
        Step {
            name,
            up: self.render(Table::alter().table(table.clone()).add_column(column)),
            down: self.render(alter.table(table).drop_column(Alias::new(drop))),
        }
    }

    /// An index on `table` and its removal.
    pub(crate) fn index<T: IntoIden>(
        self,
        name: &'static str,
        table: T,
        create: &mut IndexCreateStatement,
    ) -> Step {
        let table = table.into_iden();
        create.table(table.clone());
        let mut drop = Index::drop();
        drop.table(table);
        if let Some(index) = create.get_index_spec().get_name() {
            drop.name(index);
        }
        let down = match self {
            Self::MySql => drop.to_string(MysqlQueryBuilder),
            Self::Sqlite => drop.to_string(SqliteQueryBuilder),
        };
        let up = match self {
            Self::MySql => create.to_string(MysqlQueryBuilder),
            Self::Sqlite => create.to_string(SqliteQueryBuilder),
        };
        Step { name, up, down }
    }

    /// A moment in UTC with milliseconds.
    pub(crate) fn time(self, column: impl IntoIden) -> ColumnDef {
        match self {
            Self::MySql => ColumnDef::new(column).custom("datetime(3)").take(),
            Self::Sqlite => ColumnDef::new(column).date_time().take(),
        }
    }

    /// A number that the database gives to each row, never twice.
    pub(crate) fn row_id(self, column: impl IntoIden) -> ColumnDef {
        ColumnDef::new(column)
            .big_integer()
            .not_null()
            .auto_increment()
            .primary_key()
            .take()
    }

    fn render(self, statement: &impl SchemaStatementBuilder) -> String {
        match self {
            Self::MySql => statement.to_string(MysqlQueryBuilder),
            Self::Sqlite => statement.to_string(SqliteQueryBuilder),
        }
    }
}
