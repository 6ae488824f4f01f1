//! What a person sees in a browser: Swagger UI at `/docs`, from which one can sign in and book. Run with
//! `cargo xtask test`. The picture that README shows is what this leaves in `target/tmp/docs.png`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod browser;

use browser::Browser;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tests::World;

/// Where the picture goes.
const PICTURE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/docs.png");

/// Opens an operation, sends `body`, and waits for the answer: its status and its body.
async fn try_out(page: &Client, operation: &str, body: &Value) -> (String, Value) {
    let within = |part: &str| format!("#operations-{operation} {part}");
    click(page, &within(".opblock-summary-control")).await;
    let text = find(page, &within("textarea.body-param__text")).await;
    text.clear().await.unwrap();
    text.send_keys(&body.to_string()).await.unwrap();
    click(page, &within("button.execute")).await;
    let live = within(".live-responses-table .response");
    let status = find(page, &format!("{live} .response-col_status")).await;
    let answer = find(
        page,
        &format!("{live} .response-col_description .highlight-code code"),
    )
    .await;
    let answer = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    (status.text().await.unwrap().trim().to_owned(), answer)
}

async fn find(page: &Client, css: &str) -> fantoccini::elements::Element {
    let found = page.wait().for_element(Locator::Css(css)).await;
    found.unwrap_or_else(|error| panic!("{css}: {error}"))
}

async fn click(page: &Client, css: &str) {
    find(page, css).await.click().await.unwrap();
}

#[tokio::test]
async fn one_signs_in_and_books_on_the_page_and_it_asks_no_other_server() {
    let world = World::new().await;
    let user = world.user("ann").await;
    let event = world.event(5).await;
    let browser = Browser::start().await;
    let page = &browser.page;

    page.goto(&format!("{}/docs", world.server.base()))
        .await
        .unwrap();
    let credentials = json!({"email": "ann@example.com", "password": tests::PASSWORD});
    let (status, signed_in) = try_out(page, "auth-login", &credentials).await;
    assert_eq!(status, "200", "{signed_in}");

    let wish = json!({"eventId": event, "quantity": 2});
    let (status, booked) = try_out(page, "bookings-createBooking", &wish).await;
    assert_eq!(status, "201", "{booked}");
    std::fs::write(PICTURE, page.screenshot().await.unwrap()).unwrap();

    // What the page showed is what happened.
    let mine = user
        .client
        .get("/api/bookings/my-bookings/paginate")
        .await
        .expect(200);
    assert_eq!(mine.body["data"][0]["id"], booked["id"], "{}", mine.body);
    assert_eq!(mine.body["data"][0]["quantity"], 2);

    let asked = browser.requests().await;
    let is_ours = |url: &String| url.starts_with(&format!("{}/", world.server.base()));
    assert!(asked.iter().all(is_ours), "{asked:?}");
    // The page in two steps, its three files, the document, and what was tried out.
    assert_eq!(asked.len(), 8, "{asked:?}");
    // Nothing that the page's own policy refused, no script that failed.
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}
