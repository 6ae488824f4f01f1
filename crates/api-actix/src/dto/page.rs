//! Pages in answers.

use std::borrow::Cow;

use domain::page::{Page, PageRequest};
use serde::Serialize;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{BookingDto, EventDto, UserDto};
use crate::openapi::fields;

/// One page of a list.
#[derive(Serialize)]
pub(crate) struct PageDto<T> {
    data: Vec<T>,
    pagination: Pagination,
}

/// A page of events.
pub(crate) type EventPage = PageDto<EventDto<'static>>;
/// A page of users.
pub(crate) type UserPage = PageDto<UserDto<'static>>;
/// A page of bookings.
pub(crate) type BookingPage = PageDto<BookingDto<'static>>;

/// Where a page stands in its list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    #[schema(schema_with = fields::page_answered)]
    page: u64,
    #[schema(schema_with = fields::limit_answered)]
    limit: u64,
    #[schema(schema_with = fields::count)]
    total: u64,
    #[schema(schema_with = fields::count)]
    total_pages: u64,
}

/// `{data, pagination}`, under the name of what is listed.
impl<T: ToSchema> ToSchema for PageDto<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        schemas.push((Pagination::name().into_owned(), Pagination::schema()));
        T::schemas(schemas);
    }
}

impl<T: ToSchema> PartialSchema for PageDto<T> {
    fn schema() -> RefOr<Schema> {
        let rows = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let page = ObjectBuilder::new()
            .property("data", rows)
            .required("data")
            .property("pagination", Ref::from_schema_name(Pagination::name()))
            .required("pagination");
        Schema::from(page).into()
    }
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
