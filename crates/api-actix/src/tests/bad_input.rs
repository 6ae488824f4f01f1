//! Input that is wrong in every way that a client can think of: always the documented 4xx.

use actix_web::test::TestRequest;

use super::harness::{ADMIN, Answer, EVENT, Mocks, USER, at, json};

const CREATE_EVENT: &str = "/api/events/create-event";
const CREATE_USER: &str = "/api/auth/create-user";
const BOOK: &str = "/api/bookings/create-booking";

/// The answer to a request that must not reach any use case.
async fn refused(request: TestRequest) -> Answer {
    Mocks::new().api().call(request.insert_header(ADMIN)).await
}

fn every_body_route() -> [(&'static str, String); 9] {
    [
        ("POST", "/api/auth/create-admin".to_owned()),
        ("POST", CREATE_USER.to_owned()),
        ("POST", "/api/auth/login".to_owned()),
        ("POST", "/api/auth/refresh-token".to_owned()),
        ("PUT", "/api/auth/change-password".to_owned()),
        ("PUT", "/api/users/7/set-role".to_owned()),
        ("POST", CREATE_EVENT.to_owned()),
        ("PUT", format!("/api/events/{EVENT}/update-event")),
        ("POST", BOOK.to_owned()),
    ]
}

/// A valid event with one field's value replaced.
fn event_with(field: &str, value: &str) -> String {
    let fields = [
        ("title", r#""T""#),
        ("description", r#""D""#),
        ("date", r#""2030-01-01T00:00:00Z""#),
        ("location", r#""L""#),
        ("totalTickets", "5"),
        ("metadata", "{}"),
    ];
    let members = fields.map(|(name, valid)| {
        let value = if name == field { value } else { valid };
        format!("\"{name}\":{value}")
    });
    format!("{{{}}}", members.join(","))
}

#[actix_web::test]
async fn what_cannot_be_parsed_is_malformed() {
    let bodies: &[&[u8]] = &[
        b"",
        b" ",
        b"{",
        b"}",
        b"nonsense",
        b"{\"a\":1,}",
        b"{'a':1}",
        b"{\"a\":1} x",
        b"{\"a\":01}",
        b"{\"a\":NaN}",
        b"{\"a\":\"\x01\"}",
        b"{\"a\":\"\\x\"}",
        b"\xff\xfe{}",
        b"{\"a\":\"\xc3\x28\"}",
        b"\xef\xbb\xbf{}",
        b"\0",
        b"{\"a\":\0}",
    ];
    for (method, path) in every_body_route() {
        for body in bodies {
            let answer = refused(json(method, &path, *body)).await;
            answer.assert_problem(400, "malformed_request");
        }
        let deep = "[".repeat(60_000);
        let answer = refused(json(method, &path, deep)).await;
        answer.assert_problem(400, "malformed_request");
    }
}

#[actix_web::test]
async fn what_is_no_object_is_refused_as_a_whole() {
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for (method, path) in every_body_route() {
        for body in ["[]", "null", "1", "\"text\"", "true", "[{}]", " [1]", &deep] {
            let answer = refused(json(method, &path, body)).await;
            answer.assert_problem(422, "validation_failed");
            assert_eq!(answer.fields(), ["body"]);
        }
    }
}

#[actix_web::test]
async fn every_missing_field_is_named() {
    for (path, fields) in [
        ("/api/auth/create-admin", &["name", "email", "password"][..]),
        (CREATE_USER, &["name", "email", "password"]),
        ("/api/auth/login", &["email", "password"]),
        ("/api/auth/refresh-token", &["refreshToken"]),
        (
            CREATE_EVENT,
            &["title", "description", "date", "location", "totalTickets"],
        ),
        (BOOK, &["eventId"]),
    ] {
        let answer = refused(json("POST", path, "{}")).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), fields, "{path}");
        assert_eq!(answer.body["errors"][0]["message"], "is required");
    }
}

#[actix_web::test]
async fn an_empty_change_is_refused() {
    let path = format!("/api/events/{EVENT}/update-event");
    let answer = refused(json("PUT", &path, "{}")).await;
    answer.assert_problem(422, "validation_failed");
    assert_eq!(answer.fields(), ["body"]);
}

#[actix_web::test]
async fn everything_wrong_is_told_at_once_and_in_order() {
    let body = r#"{"role":"admin","password":1,"email":"x","$where":"1","name":" ","name":"a"}"#;
    let answer = refused(json("POST", CREATE_USER, body)).await;
    answer.assert_problem(422, "validation_failed");
    assert_eq!(
        answer.fields(),
        ["name", "email", "password", "role", "$where", "name"]
    );
    let messages: Vec<&str> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        [
            "must not be blank",
            "must be an e-mail address",
            "must be text",
            "is not a known field",
            "is not a known field",
            "must be there only once",
        ]
    );
}

#[actix_web::test]
async fn every_account_body_refuses_a_role() {
    for path in ["/api/auth/create-admin", CREATE_USER] {
        let body = r#"{"name":"N","email":"a@b.de","password":"12345678","role":"user"}"#;
        let answer = refused(json("POST", path, body)).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["role"]);
    }
}

#[actix_web::test]
async fn text_must_be_text() {
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for field in ["title", "description", "date", "location"] {
        for value in [
            "null",
            "1",
            "true",
            "[]",
            "{}",
            r#"{"$gt":""}"#,
            r#"["T"]"#,
            r#""\u0000""#,
            r#""a\u0000b""#,
            r#""\ud800""#,
            r#""\udc00\ud800""#,
            r#""\u001b[31m""#,
            &deep,
        ] {
            let body = event_with(field, value);
            let answer = refused(json("POST", CREATE_EVENT, body)).await;
            answer.assert_problem(422, "validation_failed");
            assert_eq!(answer.fields(), [field], "{}", answer.body);
        }
    }
}

#[actix_web::test]
async fn operators_are_no_credentials() {
    for value in [r#"{"$gt":""}"#, r#"{"$ne":null}"#, r#"["a@b.de"]"#, "0"] {
        let body = format!(r#"{{"email":{value},"password":{value}}}"#);
        let answer = refused(json("POST", "/api/auth/login", body)).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["email", "password"]);
        let body = format!(r#"{{"eventId":{value}}}"#);
        let answer = refused(json("POST", BOOK, body)).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["eventId"]);
    }
}

#[actix_web::test]
async fn a_whole_number_may_be_written_in_any_way() {
    let api = Mocks::answering().api();
    for value in ["2", "2.0", "2e0", "0.2E1", "20e-1"] {
        let body = format!(r#"{{"eventId":"{EVENT}","quantity":{value}}}"#);
        let answer = api.call(json("POST", BOOK, body).insert_header(USER)).await;
        assert_eq!(answer.status, 201, "{value}");
    }
}

#[actix_web::test]
async fn numbers_must_be_integers_in_range() {
    let huge = "9".repeat(40_000);
    let values = [
        "null",
        "\"2\"",
        "true",
        "[2]",
        "{}",
        "2.5",
        "25e-1",
        "-0",
        "-0.0",
        "-2.0",
        "1e9",
        "1e300",
        "0",
        "-1",
        "1e400",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        huge.as_str(),
    ];
    for value in values {
        let body = event_with("totalTickets", value);
        let answer = refused(json("POST", CREATE_EVENT, body)).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["totalTickets"]);
        let body = format!(r#"{{"eventId":"{EVENT}","quantity":{value}}}"#);
        let answer = refused(json("POST", BOOK, body)).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["quantity"]);
    }
}

#[actix_web::test]
async fn numbers_beyond_the_range_are_told_the_range() {
    for value in ["0", "11", "-99999999999999999999999"] {
        let body = format!(r#"{{"eventId":"{EVENT}","quantity":{value}}}"#);
        let answer = refused(json("POST", BOOK, body)).await;
        assert_eq!(
            answer.body["errors"][0]["message"],
            "must be a whole number from 1 to 10"
        );
    }
}

#[actix_web::test]
async fn metadata_has_its_rules() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(20_000));
    for value in [
        "null",
        "[]",
        "1",
        "\"text\"",
        r#"{"$set":{}}"#,
        r#"{"a":[{"b.c":1}]}"#,
        r#"{"a\u0000":1}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"a":9223372036854775808}"#,
        r#"{"a":1e400}"#,
        &deep,
        &large,
    ] {
        let body = event_with("metadata", value);
        let answer = refused(json("POST", CREATE_EVENT, body)).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["metadata"]);
    }
}

#[actix_web::test]
async fn dates_need_a_zone() {
    for value in [
        "\"2030-01-01\"",
        "\"2030-01-01T00:00:00\"",
        "\"\"",
        "\"soon\"",
    ] {
        let answer = refused(json("POST", CREATE_EVENT, event_with("date", value))).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["date"]);
    }
}

#[actix_web::test]
async fn names_of_fields_may_be_odd() {
    let answer = refused(json("POST", BOOK, r#"{"\ud800":1}"#)).await;
    answer.assert_problem(422, "validation_failed");
    assert_eq!(answer.fields(), ["body"]);
    let body = format!("{{\"{}\":1,\"\\u0000\":2,\"\":3}}", "x".repeat(1000));
    let answer = refused(json("POST", BOOK, body)).await;
    let short = "x".repeat(64);
    assert_eq!(answer.fields(), ["eventId", &short, "\0", ""]);
}

#[actix_web::test]
async fn a_flood_of_fields_is_answered_briefly() {
    let members: Vec<String> = (0..5000).map(|n| format!("\"f{n}\":{n}")).collect();
    let body = format!("{{{}}}", members.join(","));
    let answer = refused(json("POST", BOOK, body)).await;
    answer.assert_problem(422, "validation_failed");
    assert_eq!(answer.fields().len(), 21);
}

#[actix_web::test]
async fn large_bodies_are_refused() {
    for (method, path) in every_body_route() {
        let body = vec![b' '; 64 * 1024 + 1];
        let answer = refused(json(method, &path, body)).await;
        answer.assert_problem(413, "payload_too_large");
    }
    let most = format!("{}{{}}", " ".repeat(64 * 1024 - 2));
    let answer = refused(json("POST", BOOK, most)).await;
    answer.assert_problem(422, "validation_failed");
}

#[actix_web::test]
async fn bodies_must_be_json_in_utf_8() {
    let typed = |value: &str| at("POST", BOOK).insert_header(("Content-Type", value));
    for wrong in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=latin1",
        "application/json; charset=utf-16",
        "json",
        "",
        "/",
    ] {
        let answer = refused(typed(wrong).set_payload("{}")).await;
        answer.assert_problem(415, "unsupported_media_type");
    }
    for right in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        let answer = refused(typed(right).set_payload("{}")).await;
        answer.assert_problem(422, "validation_failed");
    }
    let untyped = at("POST", BOOK).set_payload("{}");
    refused(untyped)
        .await
        .assert_problem(415, "unsupported_media_type");
    let compressed = json("POST", BOOK, "{}").insert_header(("Content-Encoding", "gzip"));
    refused(compressed)
        .await
        .assert_problem(415, "unsupported_media_type");
    refused(at("POST", BOOK))
        .await
        .assert_problem(400, "malformed_request");
}

#[actix_web::test]
async fn queries_have_two_fields() {
    let api = Mocks::new().api();
    for path in ["/api/events/paginate", "/api/bookings/my-bookings/paginate"] {
        for (query, fields) in [
            ("page=0&limit=101", &["page", "limit"][..]),
            ("limit=x&page=1.5&order=date", &["page", "limit", "order"]),
            ("page=1&page=2", &["page"]),
            ("page=-1", &["page"]),
            ("page=99999999999999999999", &["page"]),
            ("limit=%FF", &["limit"]),
            ("page=%00", &["page"]),
            ("page[$gt]=1", &["page[$gt]"]),
        ] {
            let request = at("GET", &format!("{path}?{query}")).insert_header(USER);
            let answer = api.call(request).await;
            answer.assert_problem(422, "validation_failed");
            assert_eq!(answer.fields(), fields, "{query}");
        }
    }
}
