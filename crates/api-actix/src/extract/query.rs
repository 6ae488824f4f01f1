//! The query of a list, its fields taken one by one, so that all that is wrong is told at once.

use actix_web::web;
use domain::page::{PageRequest, PageSize};
use domain::text::InvalidValue;

use super::fields::{Wrong, shortened};
use super::value::{not_whole, whole_number};
use crate::problem::{FieldError, Problem};

/// The most unknown fields that are named in one answer.
const MAX_STRAY: usize = 20;
/// The most bytes of a query, which the links of its answer repeat up to four times: more than any needs whose
/// fields are right.
const MAX_LENGTH: usize = 3 * 1024;

/// The fields of a query. Take each known field, then call [`Query::finish`].
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    taken: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl Query {
    /// Parses the part of a URL behind the question mark.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        if query.len() > MAX_LENGTH {
            let most = format!("has more than {MAX_LENGTH} bytes");
            return Err(Problem::validation(vec![error("query", &most)]));
        }
        // Percent-encoded bytes that are not UTF-8 become U+FFFD, which no field's name has.
        let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
            .map(web::Query::into_inner)
            .map_err(|_| Problem::validation(vec![error("query", "cannot be read")]))?;
        Ok(Self {
            pairs,
            taken: Vec::new(),
            errors: Vec::new(),
        })
    }

    /// Takes a field that may be absent.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        self.take(name, |value| Ok(parse(value)?))
    }

    /// Takes `page` (1 if absent) and `limit` (10 if absent).
    pub(crate) fn page(&mut self) -> Option<PageRequest> {
        let number = |check: fn(i64) -> Result<i64, InvalidValue>| {
            move |value: &str| Ok(check(whole_number(value).ok_or_else(not_whole)?)?)
        };
        let page = self.take("page", number(PageRequest::check_page));
        let limit = self.take("limit", number(PageRequest::check_limit));
        let limit = limit.unwrap_or(PageRequest::DEFAULT_LIMIT);
        PageRequest::new(page.unwrap_or(1), limit).ok()
    }

    /// Takes a whole number.
    pub(crate) fn number<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(i64) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        self.take(name, |value| {
            Ok(parse(whole_number(value).ok_or_else(not_whole)?)?)
        })
    }

    /// Takes `limit` (`default` if absent).
    pub(crate) fn page_size(&mut self, default: i64) -> Option<PageSize> {
        let size = self.number("limit", PageSize::new);
        size.or_else(|| PageSize::new(default).ok())
    }

    /// Takes a cursor, which `read` understands if the other fields are right.
    pub(crate) fn cursor<P>(
        &mut self,
        read: impl FnOnce(&str) -> Result<P, InvalidValue>,
    ) -> Option<P> {
        let text = self.take("cursor", |text| Ok(text.to_owned()))?;
        if !self.errors.is_empty() {
            return None;
        }
        let position = read(&text);
        position
            .map_err(|why| self.errors.push(error("cursor", &why.to_string())))
            .ok()
    }

    /// Refuses a query with both fields.
    pub(crate) fn not_both(&mut self, one: &'static str, other: &str) {
        let has = |name: &str| self.pairs.iter().any(|(field, _)| field == name);
        if has(one) && has(other) {
            let message = format!("cannot be there together with {other}");
            self.errors.push(error(one, &message));
        }
    }

    /// The value made of the fields taken, or all that is wrong.
    ///
    /// `value` must be `Some` if every field that it needs was there and right.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Result<T, Problem> {
        let strays = self
            .pairs
            .iter()
            .filter(|(name, _)| !self.taken.contains(&name.as_str()))
            .take(MAX_STRAY)
            .map(|(name, _)| error(&shortened(name), "is not a known field"));
        self.errors.extend(strays);
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            None if self.errors.is_empty() => {
                Err(Problem::internal("a field was lost unnoticed".to_owned()))
            }
            _ => Err(Problem::validation(self.errors)),
        }
    }

    fn take<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        self.taken.push(name);
        let mut values = self.pairs.iter().filter(|(n, _)| n == name).map(|(_, v)| v);
        let value = values.next()?;
        let parsed = if values.next().is_some() {
            Err(Wrong("must be there only once".to_owned()))
        } else {
            parse(value)
        };
        parsed
            .map_err(|Wrong(message)| self.errors.push(error(name, &message)))
            .ok()
    }
}

fn error(field: &str, message: &str) -> FieldError {
    FieldError {
        field: field.to_owned(),
        message: message.to_owned(),
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    fn page_request(query: &str) -> Result<PageRequest, Problem> {
        let mut query = Query::parse(query)?;
        let page = query.page();
        query.finish(page)
    }

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
    fn a_query_is_bounded() {
        let padded = |length: usize| format!("{}page=2", "&".repeat(length - "page=2".len()));
        assert!(page_request(&padded(MAX_LENGTH)).is_ok());
        assert!(page_request(&padded(MAX_LENGTH + 1)).is_err());
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
