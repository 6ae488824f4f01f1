//! The steps of [`SqliteStockRepository`](crate::SqliteStockRepository), a file for each part of
//! the port. The repository begins and commits the transactions that they run in.

pub(crate) mod closing;
pub(crate) mod holds;
mod offer;
pub(crate) mod reserve;
pub(crate) mod returns;
