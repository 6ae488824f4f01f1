//! A database that is away: killed, frozen, or not there yet.

use std::time::Duration;

use serde_json::json;
use tests::{Answer, Client, Databases, OwnServers, Server, World};

/// The longest that a request may take while a database is away: a bound on hanging.
pub(crate) const BOUND: Duration = Duration::from_secs(3);
/// How soon bookings must work after its return.
const RETURN: Duration = Duration::from_secs(5);

/// How a database is made to be away, and to come back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Killed,
    Frozen,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Which {
    MySql,
    MongoDb,
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Self::MySql => "mysql",
            Self::MongoDb => "mongodb",
        }
    }
}

pub(crate) async fn take_away(mut servers: OwnServers, which: Which, way: Way) -> OwnServers {
    tokio::task::spawn_blocking(move || {
        let server = match which {
            Which::MySql => &mut servers.mysql,
            Which::MongoDb => &mut servers.mongodb,
        };
        match way {
            Way::Killed => server.kill(),
            Way::Frozen => server.freeze(),
        }
        servers
    })
    .await
    .unwrap()
}

pub(crate) async fn bring_back(mut servers: OwnServers, which: Which, way: Way) -> OwnServers {
    tokio::task::spawn_blocking(move || {
        let server = match which {
            Which::MySql => &mut servers.mysql,
            Which::MongoDb => &mut servers.mongodb,
        };
        match way {
            Way::Killed => server.start_again().unwrap(),
            Way::Frozen => server.thaw(),
        }
        servers
    })
    .await
    .unwrap()
}

async fn within(call: impl Future<Output = Answer>) -> Answer {
    let answer = tokio::time::timeout(BOUND, call).await;
    answer.unwrap_or_else(|_| panic!("no answer within {BOUND:?}"))
}

/// What must fail and what must work while `which` is away.
async fn assert_others_work(client: &Client, event: &str, which: Which) {
    within(client.book(event, 1))
        .await
        .expect_problem(503, "unavailable");
    within(client.cancel(1)).await;
    let login = json!({"email": "admin@example.com", "password": "SecurePass@123"});
    let login = within(client.post("/api/auth/login", &login)).await;
    let profile = within(client.get("/api/auth/user-profile")).await;
    let fetch = within(client.get(&format!("/api/events/{event}/fetchById"))).await;
    let list = within(client.get("/api/events/paginate")).await;
    match which {
        Which::MySql => {
            login.expect_problem(503, "unavailable");
            profile.expect_problem(503, "unavailable");
            fetch.expect(200);
            list.expect(200);
        }
        Which::MongoDb => {
            login.expect(200);
            profile.expect(200);
            fetch.expect_problem(503, "unavailable");
            list.expect_problem(503, "unavailable");
        }
    }
    within(client.get("/health/live")).await.expect(200);
}

async fn outage(which: Which, way: Way) {
    let (databases, mut servers) = Databases::on_own_servers().await;
    let mut world = World::on(databases, &[]).await;
    let event = world.event(100).await;
    let client = world.admin.client.clone();
    client.book(&event, 1).await.expect(201);
    for _ in 0..2 {
        servers = take_away(servers, which, way).await;
        // At once, while nobody knows of it yet, and later, when everybody does.
        within(client.book(&event, 1))
            .await
            .expect_problem(503, "unavailable");
        tests::until_true("it is known to be away", async || {
            let ready = within(client.get("/health/ready")).await;
            ready.status == 503 && ready.text.contains(which.name())
        })
        .await;
        assert_others_work(&client, &event, which).await;
        servers = bring_back(servers, which, way).await;
        let back = tokio::time::timeout(RETURN, async {
            while client.book(&event, 1).await.status != 201 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        back.await.unwrap_or_else(|_| {
            panic!("{which:?} {way:?}: no booking {RETURN:?} after the return")
        });
        tests::until_true("ready again", async || {
            client.get("/health/ready").await.status == 200
        })
        .await;
    }
    assert!(!world.server.has_ended());
    world.inspect().await.until_whole(&event).await;
    drop(world);
    drop(servers);
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_killed() {
    outage(Which::MySql, Way::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_silent() {
    outage(Which::MySql, Way::Frozen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_killed() {
    outage(Which::MongoDb, Way::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_silent() {
    outage(Which::MongoDb, Way::Frozen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_there_before_its_databases_comes_up_with_them() {
    let (databases, mut servers) = Databases::on_own_servers().await;
    servers = take_away(servers, Which::MySql, Way::Killed).await;
    servers = take_away(servers, Which::MongoDb, Way::Killed).await;
    let mut server = Server::start_unready(&databases, &[]).await;
    let client = server.client();
    client.get("/health/live").await.expect(200);
    let ready = client
        .get("/health/ready")
        .await
        .expect_problem(503, "unavailable");
    assert!(
        ready.text.contains("mysql") && ready.text.contains("mongodb"),
        "{}",
        ready.text
    );
    let body = json!({"name": "John", "email": "john@example.com", "password": "SecurePass@123"});
    within(client.post("/api/auth/create-user", &body))
        .await
        .expect_problem(503, "unavailable");
    servers = bring_back(servers, Which::MongoDb, Way::Killed).await;
    servers = bring_back(servers, Which::MySql, Way::Killed).await;
    tests::until_true("ready", async || {
        client.get("/health/ready").await.status == 200
    })
    .await;
    assert!(!server.has_ended());
    client
        .post("/api/auth/create-user", &body)
        .await
        .expect(201);
    drop(server);
    drop(servers);
}
