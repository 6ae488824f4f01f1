//! Whatever bytes come as body, path, query or header: the answer is a documented 4xx, and no use case
//! is reached by accident. The mocks expect nothing, so reaching one fails the test.

use actix_web::rt::System;
use actix_web::test::TestRequest;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::harness::{ADMIN, Answer, EVENT, Mocks, USER, at, json};

/// Sends requests made of `inputs` to one application and looks at each answer.
fn check<S: Strategy>(
    inputs: S,
    request: impl Fn(S::Value) -> TestRequest,
    right: impl Fn(&Answer) -> bool,
) {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let (system, api) = (System::new(), Mocks::new().api());
    let result = TestRunner::new(config).run(&inputs, |input| {
        let answer = system.block_on(api.call(request(input)));
        prop_assert!(right(&answer), "{}: {}", answer.status, answer.body);
        prop_assert_eq!(answer.header("Content-Type"), "application/problem+json");
        prop_assert_eq!(&answer.body["status"], answer.status.as_u16());
        Ok(())
    });
    result.unwrap();
}

fn body_route() -> impl Strategy<Value = (&'static str, String)> {
    prop::sample::select(vec![
        ("POST", "/api/auth/create-admin".to_owned()),
        ("POST", "/api/auth/create-user".to_owned()),
        ("POST", "/api/auth/login".to_owned()),
        ("POST", "/api/auth/refresh-token".to_owned()),
        ("PUT", "/api/auth/change-password".to_owned()),
        ("PUT", "/api/users/7/set-role".to_owned()),
        ("POST", "/api/events/create-event".to_owned()),
        ("PUT", format!("/api/events/{EVENT}/update-event")),
        ("POST", "/api/bookings/create-booking".to_owned()),
    ])
}

/// Bytes, JSON of any shape, and objects with the fields' own names but senseless values.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let name = r#""(title|date|email|password|eventId|quantity|metadata|totalTickets|[a-z]{0,3})""#;
    let value = prop_oneof![
        "-?[0-9]{20,30}",
        // Not even metadata: a name there begins otherwise.
        r#"\{"\$[a-z.]{0,2}":(\[|\{)?1(\]|\})?\}"#,
        r#""\\u[dD][89ab][0-9]{2}""#,
        "null|true|\\[\\]|\"\"",
    ];
    let member = (name, value).prop_map(|(name, value)| format!("{name}:{value}"));
    let object = prop::collection::vec(member, 0..6);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        any::<String>().prop_map(String::into_bytes),
        object.prop_map(|members| format!("{{{}}}", members.join(",")).into_bytes()),
    ]
}

#[test]
fn no_senseless_body_is_more_than_a_bad_request() {
    check(
        (body_route(), bytes()),
        |((method, path), body)| json(method, &path, body).insert_header(ADMIN),
        |answer| matches!(answer.status.as_u16(), 400 | 404 | 422),
    );
}

#[test]
fn no_senseless_type_or_coding_of_a_body_is_read() {
    check(
        (
            body_route(),
            "[!-~]{0,20}(/[!-~]{0,20})?(; ?charset=[!-~]{0,9})?",
            "[a-z,]{1,9}",
        ),
        |((method, path), mime, coding)| {
            json(method, &path, "{}")
                .insert_header(ADMIN)
                .insert_header(("Content-Type", mime))
                .insert_header(("Content-Encoding", coding))
        },
        |answer| answer.status == 415,
    );
}

/// A field that no list takes, or not with that value.
fn senseless_field() -> impl Strategy<Value = String> {
    // Neither a number, a moment nor a cursor begins like these, nor any of the known words.
    let known = "page|limit|role|from|to|available|sort|cursor|actor|action|outcome|since|until";
    let word = format!("({known}|x[0-9]{{1,3}})=[v-z+][a-zA-Z0-9%+._~!*'();:@$,/?-]{{0,20}}");
    let text = r"(q|tag)=([a-z]{1,9}%[01][0-9A-F][a-z]{1,9}|(%20|\+){0,9}|[a-z]{101,130})";
    let target = "target=[a-z0-9.+-]{0,40}";
    prop_oneof![
        3 => prop::string::string_regex(&word).unwrap(),
        1 => text,
        1 => target,
    ]
}

#[test]
fn no_senseless_query_is_more_than_an_invalid_field() {
    let list = prop::sample::select(vec![
        "/api/events/paginate",
        "/api/users/paginate",
        "/api/bookings/my-bookings/paginate",
        "/api/logs/paginate",
    ]);
    check(
        (list, senseless_field()),
        |(path, query)| at("GET", &format!("{path}?{query}")).insert_header(ADMIN),
        |answer| answer.status == 422 && answer.fields().len() == 1,
    );
}

#[test]
fn no_senseless_path_is_more_than_something_that_is_not_there() {
    check(
        "([a-z]|%[0-9A-F]{2}){1,30}",
        |id| at("GET", &format!("/api/events/{id}/fetchById")).insert_header(USER),
        |answer| answer.status == 404,
    );
}

#[test]
fn no_senseless_token_lets_anybody_in() {
    check(
        "([Bb]earer +)?[!-~ ]{0,60}",
        |value| at("GET", "/api/auth/user-profile").insert_header(("Authorization", value)),
        |answer| answer.status == 401,
    );
}

#[test]
fn no_senseless_key_is_taken() {
    check(
        prop::collection::vec(0x20_u8..0x7f, 0..300),
        |key| {
            let key = [key, b" \xe9".to_vec()].concat();
            let key = actix_web::http::header::HeaderValue::from_bytes(&key).unwrap();
            let body = format!(r#"{{"eventId":"{EVENT}"}}"#);
            json("POST", "/api/bookings/create-booking", body)
                .insert_header(USER)
                .insert_header(("Idempotency-Key", key))
        },
        |answer| answer.status == 422 && answer.fields() == ["Idempotency-Key"],
    );
}
