//! Pages of a list.

use crate::text::InvalidValue;

/// Which page of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    page: u64,
    limit: u64,
}

impl PageRequest {
    /// The greatest page number: what a JSON number holds exactly.
    pub const MAX_PAGE: i64 = 9_007_199_254_740_991;
    /// The most rows of a page.
    pub const MAX_LIMIT: i64 = 100;
    /// The rows of a page when nobody says otherwise.
    pub const DEFAULT_LIMIT: i64 = 10;

    /// Checks `page`, 1 to [`Self::MAX_PAGE`].
    pub fn check_page(page: i64) -> Result<i64, InvalidValue> {
        in_range(page, Self::MAX_PAGE)
    }

    /// Checks `limit`, 1 to [`Self::MAX_LIMIT`].
    pub fn check_limit(limit: i64) -> Result<i64, InvalidValue> {
        in_range(limit, Self::MAX_LIMIT)
    }

    /// The page number `page`, counted from 1, of `limit` rows each.
    pub fn new(page: i64, limit: i64) -> Result<Self, InvalidValue> {
        let (page, limit) = (Self::check_page(page)?, Self::check_limit(limit)?);
        Ok(Self {
            page: page.unsigned_abs(),
            limit: limit.unsigned_abs(),
        })
    }

    /// The page's number, from 1.
    pub fn page(self) -> u64 {
        self.page
    }

    /// The most rows of the page, 1 to 100.
    pub fn limit(self) -> u64 {
        self.limit
    }

    /// How many rows stand before the page; fits an `i64`.
    pub fn offset(self) -> u64 {
        (self.page - 1).saturating_mul(self.limit)
    }
}

/// How many rows of a list are wanted at once, 1 to [`PageRequest::MAX_LIMIT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(usize);

impl PageSize {
    /// Checks the number.
    pub fn new(limit: i64) -> Result<Self, InvalidValue> {
        let limit = PageRequest::check_limit(limit)?;
        Ok(Self(usize::try_from(limit).unwrap_or(1)))
    }

    /// The rows of that page.
    pub fn of(page: PageRequest) -> Self {
        Self(usize::try_from(page.limit).unwrap_or(1))
    }

    /// The number.
    pub fn get(self) -> usize {
        self.0
    }
}

fn in_range(value: i64, max: i64) -> Result<i64, InvalidValue> {
    if (1..=max).contains(&value) {
        Ok(value)
    } else {
        Err(InvalidValue::OutOfRange { min: 1, max })
    }
}

/// One page of a list, and how long the whole list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows of this page.
    pub rows: Vec<T>,
    /// The number of rows of all pages.
    pub total: u64,
}

impl<T> Page<T> {
    /// The same page with each row turned into something else.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(turn).collect(),
            total: self.total,
        }
    }
}
