//! Properties of what reads a client's text, one reader at a time.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::test::TestRequest;
use domain::page::PageRequest;
use ipnet::IpNet;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{Fields, Query, client_address, integer, loopback, text};
use crate::error_code::ErrorCode;
use crate::problem::Problem;

/// An object of a text and a number, read as a handler reads its body.
fn read(body: &str) -> Result<(String, i64), Problem> {
    let mut fields = Fields::parse(body)?;
    let name = fields.required("name", text(|name| Ok(name.to_owned())));
    let count = fields.required("count", integer(Ok));
    fields.finish(name.zip(count))
}

/// A page, read as a handler reads its query.
fn page(query: &str) -> Result<PageRequest, Problem> {
    let mut query = Query::parse(query)?;
    let page = query.page();
    query.finish(page)
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = prop_oneof!["name|count", any::<String>()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|pairs| Value::Object(Map::from_iter(pairs))),
        ]
    })
}

fn forwarded() -> impl Strategy<Value = String> {
    let hop = prop_oneof![
        any::<IpAddr>().prop_map(|address| address.to_string()),
        any::<SocketAddr>().prop_map(|address| address.to_string()),
        "10\\.[0-9]\\.0\\.[0-9]",
        "[!-~]{0,12}",
    ];
    prop::collection::vec(hop, 0..5).prop_map(|hops| hops.join(", "))
}

fn headers(values: &[String]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        let value = HeaderValue::from_str(value).unwrap();
        headers.append(HeaderName::from_static("x-forwarded-for"), value);
    }
    headers
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_as_body_gives_a_value_or_a_bad_request(body: String) {
        if let Err(problem) = read(&body) {
            let code = problem.code;
            prop_assert!(matches!(code, ErrorCode::MalformedRequest | ErrorCode::ValidationFailed));
        }
    }

    #[test]
    fn any_json_as_body_is_read_or_named_invalid(body in any_json()) {
        match read(&body.to_string()) {
            Ok((name, count)) => {
                prop_assert_eq!(body.as_object().unwrap().len(), 2);
                prop_assert_eq!(body["name"].as_str(), Some(name.as_str()));
                // A whole number may also be written as 2.0 or 2e0.
                let written = &body["count"];
                let same = written.as_i64() == Some(count) || written.as_f64() == Some(count as f64);
                prop_assert!(same, "{written} is read as {count}");
            }
            Err(problem) => prop_assert_eq!(problem.code, ErrorCode::ValidationFailed),
        }
    }

    #[test]
    fn a_body_is_read_as_it_was_written(name: String, count: i64, indented: bool) {
        let body = serde_json::json!({ "count": count, "name": name });
        let body = if indented { format!("{body:#}") } else { body.to_string() };
        prop_assert_eq!(read(&body).ok(), Some((name, count)));
    }

    #[test]
    fn a_field_that_stands_twice_or_is_unknown_is_refused(name in "name|count|nam|Name|[a-z]{0,9}") {
        let key = Value::from(name);
        let body = format!("{{\"name\":\"x\",\"count\":1,{key}:null}}");
        prop_assert_eq!(read(&body).unwrap_err().code, ErrorCode::ValidationFailed);
    }

    #[test]
    fn a_page_is_read_as_it_was_asked_for(number in 1..=PageRequest::MAX_PAGE, limit in 1..=100_i64) {
        let asked = PageRequest::new(number, limit).unwrap();
        let read = page(&format!("limit={limit}&page={number}"));
        prop_assert_eq!(read.ok(), Some(asked));
    }

    #[test]
    fn any_query_gives_a_page_or_invalid_fields(query in prop_oneof![any::<String>(), "(page|limit|&|=|[0-9]){0,9}"]) {
        match page(&query) {
            Ok(request) => prop_assert!(request.page() >= 1 && (1..=100).contains(&request.limit())),
            Err(problem) => prop_assert_eq!(problem.code, ErrorCode::ValidationFailed),
        }
    }

    #[test]
    fn a_stranger_is_itself_whatever_it_forwards(peer: IpAddr, lists in prop::collection::vec(forwarded(), 0..3)) {
        let peer = peer.to_canonical();
        let trusted: [IpNet; 1] = ["10.0.0.0/8".parse().unwrap()];
        prop_assume!(!trusted[0].contains(&peer));
        prop_assert_eq!(client_address(Some(peer), &headers(&lists), &trusted), Some(peer));
    }

    #[test]
    fn what_a_client_writes_before_its_proxy_changes_nothing(
        client: IpAddr,
        written in prop::collection::vec(forwarded(), 0..3),
    ) {
        let client = client.to_canonical();
        let trusted: [IpNet; 1] = ["10.0.0.0/8".parse().unwrap()];
        prop_assume!(!trusted[0].contains(&client));
        let proxy = Some("10.0.0.1".parse().unwrap());
        let lists = [written, vec![client.to_string()]].concat();
        prop_assert_eq!(client_address(proxy, &headers(&lists), &trusted), Some(client));
    }

    #[test]
    fn no_other_name_is_loopback(host in "[a-z0-9.\\[\\]:-]{0,24}(\\.[a-z]{2,9}|\\.)(:[0-9]{1,5})?") {
        let request = TestRequest::get()
            .peer_addr(SocketAddr::from(([127, 0, 0, 1], 50_000)))
            .insert_header(("Host", host))
            .to_http_request();
        prop_assert!(!loopback::is_local(&request));
    }

    #[test]
    fn nobody_elsewhere_is_local(peer: SocketAddr) {
        prop_assume!(!peer.ip().to_canonical().is_loopback());
        let request = TestRequest::get().peer_addr(peer).insert_header(("Host", "localhost"));
        prop_assert!(!loopback::is_local(&request.to_http_request()));
    }
}
