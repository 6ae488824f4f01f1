//! Pages in answers.

use domain::page::{Page, PageRequest};
use serde::Serialize;

/// One page of a list.
#[derive(Serialize)]
pub(crate) struct PageDto<T> {
    data: Vec<T>,
    pagination: Pagination,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    page: u64,
    limit: u64,
    total: u64,
    total_pages: u64,
}

impl<T> PageDto<T> {
    /// The page that `request` asked for, each row shown by `show`.
    pub(crate) fn new<'a, R>(
        request: PageRequest,
        page: &'a Page<R>,
        show: impl FnMut(&'a R) -> T,
    ) -> Self {
        Self {
            data: page.rows.iter().map(show).collect(),
            pagination: Pagination {
                page: request.page(),
                limit: request.limit(),
                total: page.total,
                total_pages: page.total.div_ceil(request.limit()),
            },
        }
    }
}
