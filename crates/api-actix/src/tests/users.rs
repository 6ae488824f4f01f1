//! `/api/users`, and the deletion of one's own account.

use domain::idempotency::Done;
use domain::page::{Page, PageRequest};
use domain::search::SearchWords;
use domain::user::{ManageUserError, Role, UserFilter, UserId};
use serde_json::json;

use super::harness::{ADMIN, ADMIN_IDENTITY, Answer, Mocks, USER, USER_IDENTITY, at, json, user};

#[actix_web::test]
async fn users_are_listed() {
    let mut mocks = Mocks::new();
    mocks
        .users
        .expect_list()
        .withf(|filter, page| {
            *filter == UserFilter::default() && *page == PageRequest::new(1, 10).unwrap()
        })
        .returning(|_, _| {
            Ok(Page {
                rows: vec![user(USER_IDENTITY)],
                total: 11,
            })
        });
    let request = at("GET", "/api/users/paginate").insert_header(ADMIN);
    let answer = mocks.api().call(request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["data"][0]["email"], "john@example.com");
    assert_eq!(
        answer.body["pagination"],
        json!({"page": 1, "limit": 10, "total": 11, "totalPages": 2})
    );
    let link = |page: u64, relation: &str| {
        format!("</api/users/paginate?page={page}>; rel=\"{relation}\"")
    };
    let links = [link(1, "first"), link(2, "next"), link(2, "last")];
    assert_eq!(answer.header("Link"), links.join(", "));
}

#[actix_web::test]
async fn users_are_looked_for() {
    let mut mocks = Mocks::new();
    mocks
        .users
        .expect_list()
        .withf(|filter, page| {
            filter.search == Some(SearchWords::parse("John 100%").unwrap())
                && filter.role == Some(Role::Staff)
                && *page == PageRequest::new(2, 5).unwrap()
        })
        .once()
        .returning(|_, _| {
            Ok(Page {
                rows: Vec::new(),
                total: 0,
            })
        });
    let path = "/api/users/paginate?q=John+100%25&role=staff&page=2&limit=5";
    let answer = mocks.api().call(at("GET", path).insert_header(ADMIN)).await;
    assert_eq!(answer.status, 200);
}

#[actix_web::test]
async fn everything_wrong_with_the_query_is_told_at_once() {
    let api = Mocks::new().api();
    let long = "x".repeat(101);
    for q in ["", "%20", "a%00b", &long] {
        let path = format!("/api/users/paginate?q={q}&role=owner&page=0&sort=name");
        let answer = api.call(at("GET", &path).insert_header(ADMIN)).await;
        answer.assert_problem(422, "validation_failed");
        let fields = answer.fields();
        assert_eq!(fields, ["page", "q", "role", "sort"], "{q}");
    }
}

#[actix_web::test]
async fn a_role_is_set() {
    let mut mocks = Mocks::new();
    mocks
        .users
        .expect_set_role()
        .withf(|id, role, by, _, _| {
            (*id, *role, *by) == (UserId::new(7), Role::Admin, ADMIN_IDENTITY)
        })
        .once()
        .returning(|_, _, _, _, _| Ok(Done::now(user(USER_IDENTITY))));
    let request = json("PUT", "/api/users/7/set-role", r#"{"role":"admin"}"#);
    let answer = mocks.api().call(request.insert_header(ADMIN)).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["id"]),
        (200, &json!(7))
    );
}

#[actix_web::test]
async fn what_is_no_role_is_an_invalid_field() {
    let api = Mocks::new().api();
    for role in ["\"owner\"", "\"Admin\"", "\"\"", "1", "null", "[\"admin\"]"] {
        let body = format!(r#"{{"role":{role}}}"#);
        let request = json("PUT", "/api/users/7/set-role", body).insert_header(ADMIN);
        let answer = api.call(request).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["role"], "{role}");
    }
}

#[actix_web::test]
async fn ids_of_a_wrong_form_are_not_found() {
    let api = Mocks::new().api();
    for id in ["0", "-1", "01", "1.0", "x", "9223372036854775808", "%00"] {
        for (method, name) in [("PUT", "set-role"), ("DELETE", "delete-user")] {
            let path = format!("/api/users/{id}/{name}");
            let answer = api.call(at(method, &path).insert_header(ADMIN)).await;
            answer.assert_problem(404, "user_not_found");
        }
    }
}

async fn deleted(path: &str, token: (&str, &str), error: Option<ManageUserError>) -> Answer {
    let mut mocks = Mocks::new();
    let delete = mocks.users.expect_delete();
    delete.return_once(move |_, _, _, _| error.map_or(Ok(Done::now(())), Err));
    let request = at("DELETE", path).insert_header(token);
    mocks.api().call(request).await
}

#[actix_web::test]
async fn a_user_is_deleted_and_refusals_have_their_codes() {
    let path = "/api/users/7/delete-user";
    assert_eq!(deleted(path, ADMIN, None).await.status, 204);
    let gone = deleted(path, ADMIN, Some(ManageUserError::NotFound)).await;
    gone.assert_problem(404, "user_not_found");
    let last = deleted(path, ADMIN, Some(ManageUserError::LastAdmin)).await;
    last.assert_problem(409, "last_admin");
}

#[actix_web::test]
async fn the_callers_own_account_is_deleted() {
    let path = "/api/auth/delete-account";
    let gone = deleted(path, USER, Some(ManageUserError::NotFound)).await;
    gone.assert_problem(401, "invalid_token");
    let mut mocks = Mocks::new();
    mocks
        .users
        .expect_delete()
        .withf(|id, by, _, _| *id == USER_IDENTITY.user_id && *by == USER_IDENTITY)
        .once()
        .returning(|_, _, _, _| Ok(Done::now(())));
    let request = at("DELETE", path).insert_header(USER);
    assert_eq!(mocks.api().call(request).await.status, 204);
}
