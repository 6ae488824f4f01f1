//! The `Link` header of a list (RFC 8288): where its other parts are, with the filters of the request.

use domain::page::PageRequest;
use form_urlencoded::{Serializer, parse};

/// The fields of a query that say which part of the list is wanted.
const PLACE: [&str; 2] = ["page", "cursor"];

/// Links from a part of a list to others.
pub(crate) struct Links<'a> {
    path: &'a str,
    query: &'a str,
}

impl<'a> Links<'a> {
    /// From the part that was asked for so. Both were read before: they are known to be right.
    pub(crate) fn new(path: &'a str, query: &'a str) -> Self {
        Self { path, query }
    }

    /// To the first, last, previous and next page, as far as there are such.
    pub(crate) fn numbered(&self, request: PageRequest, total: u64) -> String {
        let last = total.div_ceil(request.limit()).max(1);
        let page = request.page();
        let previous = (page > 1).then(|| (page - 1).min(last));
        let next = (page < last).then_some(page + 1);
        let pages = [
            ("first", Some(1)),
            ("prev", previous),
            ("next", next),
            ("last", Some(last)),
        ];
        let links = pages.into_iter().filter_map(|(relation, page)| {
            let page = page?.to_string();
            Some(self.link(relation, Some(("page", &page))))
        });
        links.collect::<Vec<_>>().join(", ")
    }

    /// To the beginning, and to what comes behind the cursor.
    pub(crate) fn walked(&self, next: Option<&str>) -> String {
        let first = self.link("first", None);
        match next {
            Some(next) => format!("{first}, {}", self.link("next", Some(("cursor", next)))),
            None => first,
        }
    }

    fn link(&self, relation: &str, place: Option<(&str, &str)>) -> String {
        let fields = parse(self.query.as_bytes());
        let filters = fields.filter(|(name, _)| !PLACE.contains(&name.as_ref()));
        let mut query = Serializer::new(String::new());
        query.extend_pairs(filters);
        query.extend_pairs(place);
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("<{}{mark}{query}>; rel=\"{relation}\"", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(page: i64) -> PageRequest {
        PageRequest::new(page, 10).unwrap()
    }

    #[test]
    fn a_page_links_to_those_around_it() {
        let links = Links::new("/list", "limit=10&page=2");
        assert_eq!(
            links.numbered(request(2), 21),
            "</list?limit=10&page=1>; rel=\"first\", </list?limit=10&page=1>; rel=\"prev\", \
             </list?limit=10&page=3>; rel=\"next\", </list?limit=10&page=3>; rel=\"last\""
        );
    }

    #[test]
    fn there_is_nothing_before_the_first_and_behind_the_last() {
        let links = Links::new("/list", "");
        for total in [0, 1, 10] {
            assert_eq!(
                links.numbered(request(1), total),
                "</list?page=1>; rel=\"first\", </list?page=1>; rel=\"last\""
            );
        }
        assert_eq!(
            links.numbered(request(7), 15),
            "</list?page=1>; rel=\"first\", </list?page=2>; rel=\"prev\", </list?page=2>; rel=\"last\""
        );
    }

    #[test]
    fn a_cursor_links_forward_with_the_filters_of_the_request() {
        let links = Links::new("/list", "q=caf%C3%A9+%3E%22&cursor=old");
        assert_eq!(
            links.walked(Some("new")),
            "</list?q=caf%C3%A9+%3E%22>; rel=\"first\", </list?q=caf%C3%A9+%3E%22&cursor=new>; rel=\"next\""
        );
        assert_eq!(
            Links::new("/list", "").walked(None),
            "</list>; rel=\"first\""
        );
    }
}
