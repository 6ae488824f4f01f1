//! Pages in answers.

use std::borrow::Cow;

use domain::event::EventList;
use domain::page::{Page, PageRequest, PageSize};
use serde::Serialize;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{BookingDto, EventDto, LogRecordDto, UserDto};
use crate::openapi::fields;

/// A part of a list.
#[derive(Serialize)]
pub(crate) struct ListDto<T, P> {
    data: Vec<T>,
    pagination: P,
}

/// A part of a list that is read page by page.
pub(crate) type PageDto<T> = ListDto<T, Pagination>;
/// A part of a list that is read by cursor.
pub(crate) type StretchDto<T> = ListDto<T, StretchPagination>;

/// Events, by page or by cursor.
pub(crate) type EventPage = ListDto<EventDto<'static>, EventPagination>;
/// A page of users.
pub(crate) type UserPage = PageDto<UserDto<'static>>;
/// A page of bookings.
pub(crate) type BookingPage = PageDto<BookingDto<'static>>;
/// Records of the audit log.
pub(crate) type LogStretch = StretchDto<LogRecordDto<'static>>;

/// Where a part stands in its list.
pub(crate) trait Place: ToSchema {
    /// What the schema of the part is called, behind the name of what is listed.
    const PART: &'static str;
}

impl Place for Pagination {
    const PART: &'static str = "Page";
}

impl Place for StretchPagination {
    const PART: &'static str = "Stretch";
}

impl Place for EventPagination {
    const PART: &'static str = "Page";
}

/// Where a page stands in its list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pagination {
    #[schema(schema_with = fields::page_answered)]
    page: u64,
    #[schema(schema_with = fields::limit_answered)]
    limit: u64,
    #[schema(schema_with = fields::count)]
    total: u64,
    #[schema(schema_with = fields::count)]
    total_pages: u64,
}

/// Where a part stands that was found by cursor.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StretchPagination {
    #[schema(schema_with = fields::limit_answered)]
    limit: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = fields::next_cursor, required = false)]
    next_cursor: Option<String>,
}

/// Where events stand in their list. Behind a cursor there is neither a number nor a total.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventPagination {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = fields::page_answered, required = false)]
    page: Option<u64>,
    #[schema(schema_with = fields::limit_answered)]
    limit: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = fields::count, required = false)]
    total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = fields::count, required = false)]
    total_pages: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = fields::next_cursor, required = false)]
    next_cursor: Option<String>,
}

/// `{data, pagination}`, under the name of what is listed.
impl<T: ToSchema, P: Place> ToSchema for ListDto<T, P> {
    fn name() -> Cow<'static, str> {
        format!("{}{}", T::name(), P::PART).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        schemas.push((P::name().into_owned(), P::schema()));
        T::schemas(schemas);
    }
}

impl<T: ToSchema, P: Place> PartialSchema for ListDto<T, P> {
    fn schema() -> RefOr<Schema> {
        let rows = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let part = ObjectBuilder::new()
            .property("data", rows)
            .required("data")
            .property("pagination", Ref::from_schema_name(P::name()))
            .required("pagination");
        Schema::from(part).into()
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

impl<T> StretchDto<T> {
    /// `data`, of which `size` rows were asked for, and the cursor behind it if there are more.
    pub(crate) fn stretch(data: Vec<T>, size: PageSize, next_cursor: Option<String>) -> Self {
        Self {
            data,
            pagination: StretchPagination {
                limit: size.get(),
                next_cursor,
            },
        }
    }
}

impl<'a> ListDto<EventDto<'a>, EventPagination> {
    /// What was found of a list of events, and the cursor behind it if there are more.
    pub(crate) fn events(
        request: PageRequest,
        list: &'a EventList,
        next_cursor: Option<String>,
    ) -> Self {
        let (total, limit) = (list.total, request.limit());
        Self {
            data: list.events.rows.iter().map(EventDto::from).collect(),
            pagination: EventPagination {
                page: total.map(|_| request.page()),
                limit,
                total,
                total_pages: total.map(|total| total.div_ceil(limit)),
                next_cursor,
            },
        }
    }
}
