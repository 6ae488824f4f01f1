//! The query of a list: `page` and `limit`.

use actix_web::web;
use domain::page::PageRequest;
use domain::text::InvalidValue;

use super::fields::{Wrong, shortened};
use super::value::{not_whole, whole_number};
use crate::problem::{FieldError, Problem};

/// The most unknown fields that are named in one answer.
const MAX_STRAY: usize = 20;

/// Reads `page` (1 if absent) and `limit` (10 if absent); all that is wrong is told at once.
pub(super) fn page_request(query: &str) -> Result<PageRequest, Problem> {
    // Percent-encoded bytes that are not UTF-8 become U+FFFD, which no field's name or value has.
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
        .map(web::Query::into_inner)
        .map_err(|_| Problem::validation(vec![error("query", "cannot be read".to_owned())]))?;
    let mut errors = Vec::new();
    let page = take(&pairs, "page", PageRequest::check_page, &mut errors).unwrap_or(1);
    let limit = take(&pairs, "limit", PageRequest::check_limit, &mut errors)
        .unwrap_or(PageRequest::DEFAULT_LIMIT);
    let strays = pairs
        .iter()
        .filter(|(name, _)| name != "page" && name != "limit")
        .take(MAX_STRAY)
        .map(|(name, _)| error(&shortened(name), "is not a known field".to_owned()));
    errors.extend(strays);
    match PageRequest::new(page, limit) {
        Ok(request) if errors.is_empty() => Ok(request),
        _ => Err(Problem::validation(errors)),
    }
}

fn take(
    pairs: &[(String, String)],
    name: &str,
    check: fn(i64) -> Result<i64, InvalidValue>,
    errors: &mut Vec<FieldError>,
) -> Option<i64> {
    let mut values = pairs.iter().filter(|(n, _)| n == name).map(|(_, v)| v);
    let value = values.next()?;
    let checked = if values.next().is_some() {
        Err(Wrong("must be there only once".to_owned()))
    } else {
        whole_number(value)
            .ok_or_else(not_whole)
            .and_then(|number| Ok(check(number)?))
    };
    checked
        .map_err(|Wrong(message)| errors.push(error(name, message)))
        .ok()
}

fn error(field: &str, message: String) -> FieldError {
    FieldError {
        field: field.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_fields_have_defaults() {
        for query in ["", "&", "page=1&limit=10"] {
            assert_eq!(
                page_request(query).unwrap(),
                PageRequest::new(1, 10).unwrap(),
                "{query}"
            );
        }
        assert_eq!(
            page_request("limit=100&page=%37").unwrap(),
            PageRequest::new(7, 100).unwrap()
        );
    }

    #[test]
    fn everything_wrong_is_refused() {
        for query in [
            "page=0",
            "page=-1",
            "page=1.0",
            "page=1e3",
            "page=",
            "page",
            "page=+1",
            "page=x",
            "page=%00",
            "page=%FF",
            "%FFpage=1",
            "page=1%",
            "page=99999999999999999999999",
            "page=1&page=1",
            "page=1;limit=2",
            "page[]=1",
            "limit=101",
            "limit=0",
            "Limit=1",
            "sort=date",
            "=1",
        ] {
            assert!(page_request(query).is_err(), "{query}");
        }
    }
}
