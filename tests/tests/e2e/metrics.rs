//! What the admin listener tells.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;
use tests::{Server, World};

/// A reading of `/metrics`.
struct Scrape(String);

impl Scrape {
    async fn of(server: &Server) -> Self {
        let answer = server.admin().get("/metrics").await.expect(200);
        let media_type = answer.headers["content-type"].to_str().unwrap();
        assert!(media_type.starts_with("text/plain; version=0.0.4"));
        Self(answer.text)
    }

    /// The value of the series of that name with these labels; 0 if there is none yet.
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{value}\""));
        let labels: Vec<String> = labels.collect();
        let mut lines = self.0.lines().filter(|line| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
                && labels.iter().all(|label| line.contains(label))
        });
        let value = lines
            .next()
            .map_or("0", |line| line.rsplit(' ').next().unwrap());
        assert_eq!(
            lines.next(),
            None,
            "{name} {labels:?} is more than one series"
        );
        value.parse().unwrap()
    }

    fn bookings(&self, outcome: &str) -> f64 {
        self.value("boxoffice_bookings_total", &[("outcome", outcome)])
    }

    fn passwords(&self, outcome: &str) -> f64 {
        self.value("boxoffice_password_checks_total", &[("outcome", outcome)])
    }

    fn requests(&self, route: &str, method: &str, status: &str) -> f64 {
        let labels = [("route", route), ("method", method), ("status", status)];
        self.value("boxoffice_http_request_duration_seconds_count", &labels)
    }
}

#[tokio::test]
async fn what_is_booked_is_counted() {
    let world = World::new().await;
    let (event, john) = (world.event(2).await, world.user("john").await);
    let before = Scrape::of(&world.server).await;
    let john = &john.client;
    let first = john.book_with_key(&event, 2, "once").await.expect(201);
    john.book_with_key(&event, 2, "once").await.expect(201);
    john.book(&event, 2).await.expect_problem(409, "sold_out");
    john.cancel(first.number()).await.expect(200);
    john.event(&event).await;

    let after = Scrape::of(&world.server).await;
    for outcome in ["confirmed", "replayed", "sold_out"] {
        assert_eq!(
            after.bookings(outcome) - before.bookings(outcome),
            1.0,
            "{outcome}"
        );
    }
    assert_eq!(after.bookings("unexpected"), 0.0);
    let cancelled = [("outcome", "cancelled")];
    assert_eq!(
        after.value("boxoffice_cancellations_total", &cancelled),
        1.0
    );
    let path = "/api/bookings/create-booking";
    assert_eq!(after.requests(path, "POST", "201"), 2.0);
    assert_eq!(after.requests(path, "POST", "409"), 1.0);
    assert_eq!(
        after.requests("/api/events/{id}/fetchById", "GET", "200"),
        1.0
    );
    for kind in ["reserve", "commit", "cancel", "return", "key", "event"] {
        let kind = [("kind", kind)];
        assert!(
            after.value("boxoffice_group_size_count", &kind) >= 1.0,
            "{kind:?}"
        );
        assert_eq!(
            after.value("boxoffice_group_queue_depth", &kind),
            0.0,
            "{kind:?}"
        );
    }
    // Neither path nor id of anything.
    assert!(!after.0.contains(&event));
}

#[tokio::test]
async fn passwords_that_somebody_tried_are_counted_by_what_became_of_them() {
    let world = World::new().await;
    let before = Scrape::of(&world.server).await;
    world.login("admin").await;
    let (client, mut wrong) = (world.server.client(), 0.0);
    loop {
        let guess = json!({"email": "nobody@example.com", "password": "wrong-password"});
        let answer = client.post("/api/auth/login", &guess).await;
        if answer.status == 429 {
            break;
        }
        answer.expect_problem(401, "invalid_credentials");
        wrong += 1.0;
        assert!(wrong < 60.0, "nobody is slowed");
    }
    let after = Scrape::of(&world.server).await;
    for (outcome, count) in [("right", 1.0), ("wrong", wrong), ("slowed", 1.0)] {
        let counted = after.passwords(outcome) - before.passwords(outcome);
        assert_eq!(counted, count, "{outcome}");
    }
}

#[tokio::test]
async fn stores_pools_and_the_process_are_told_with_their_help() {
    let world = World::new().await;
    let scrape = Scrape::of(&world.server).await;
    let up: Vec<&str> = scrape
        .0
        .lines()
        .filter(|line| line.starts_with("boxoffice_store_up{"))
        .collect();
    assert!(
        !up.is_empty() && up.iter().all(|line| line.ends_with("} 1")),
        "{up:?}"
    );
    let pools = |name: &str| {
        let lines = scrape.0.lines().filter(|line| line.starts_with(name));
        lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
            .sum::<f64>()
    };
    let open = pools("boxoffice_pool_connections{");
    assert!(
        open >= 1.0 && open <= 2.0 * pools("boxoffice_pool_connections_limit{"),
        "{open}"
    );
    assert!(scrape.value("process_resident_memory_bytes", &[]) > 1e6);
    assert!(scrape.0.contains("boxoffice_build_info{version=\""));
    let words = |start: &str| -> BTreeSet<String> {
        let lines = scrape.0.lines().filter_map(|line| line.strip_prefix(start));
        lines
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(words("# TYPE "), words("# HELP "));
}

#[tokio::test]
async fn what_a_client_makes_up_becomes_no_label() {
    let world = World::new().await;
    let client = world.server.client();
    client.get("/api/made-up-by-the-client").await.expect(404);
    let method = Method::from_bytes(b"MADEUP").unwrap();
    let answer = client.request(method, "/health/live").send().await.unwrap();
    assert_eq!(answer.status(), 405);
    let scrape = Scrape::of(&world.server).await;
    assert_eq!(scrape.requests("none", "GET", "404"), 1.0);
    assert_eq!(scrape.requests("/health/live", "other", "405"), 1.0);
    assert!(!scrape.0.contains("made-up") && !scrape.0.contains("MADEUP"));
}

#[tokio::test]
async fn health_is_told_on_the_admin_listener_too_and_nothing_else_is_there() {
    let world = World::new().await;
    let admin = world.server.admin();
    admin.get("/health/live").await.expect(200);
    let ready = admin.get("/health/ready").await.expect(200);
    assert_eq!(ready.body["status"], "ready");
    let answer = admin.get("/api/events/paginate").await.expect(404);
    assert_eq!(answer.body["code"], "not_found");
    world.server.client().get("/metrics").await.expect(404);
}

#[tokio::test]
async fn the_admin_listener_ends_with_the_server() {
    let mut world = World::new().await;
    let admin = world.server.admin();
    world.server.terminate();
    assert!(world.server.ended().await.success());
    let request = admin.request(Method::GET, "/health/live");
    assert!(request.send().await.is_err());
}
