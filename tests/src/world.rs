//! Databases, a server on them, an admin, and whoever else is needed.

use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::databases::Databases;
use crate::inspect::Inspector;
use crate::server::{SETUP_TOKEN, Server};

/// A server with an admin.
pub struct World {
    /// The server. It comes before the databases, so that it is gone when they go.
    pub server: Server,
    /// The admin.
    pub admin: User,
    /// The databases.
    pub databases: Databases,
}

/// A signed-in user.
#[derive(Clone)]
pub struct User {
    /// The id.
    pub id: i64,
    /// A caller with the user's token.
    pub client: Client,
}

/// The password of everybody.
pub const PASSWORD: &str = "SecurePass@123";

impl World {
    /// New databases and a server with the tests' settings.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with other settings.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        Self::on(Databases::new().await, variables).await
    }

    /// On given databases.
    pub async fn on(databases: Databases, variables: &[(&str, &str)]) -> Self {
        let server = Server::start(&databases, variables).await;
        let admin = make_admin(&server).await;
        Self {
            server,
            admin,
            databases,
        }
    }

    /// A new user, signed in.
    pub async fn user(&self, name: &str) -> User {
        let body =
            json!({"name": name, "email": format!("{name}@example.com"), "password": PASSWORD});
        let client = self.server.client();
        let id = client
            .post("/api/auth/create-user", &body)
            .await
            .expect(201)
            .number();
        User {
            id,
            client: sign_in(&client, name).await,
        }
    }

    /// Signs a user in once more; the tokens.
    pub async fn login(&self, name: &str) -> Value {
        let body = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
        let client = self.server.client();
        client.post("/api/auth/login", &body).await.expect(200).body
    }

    /// A new event in the far future; its id.
    pub async fn event(&self, tickets: u32) -> String {
        self.create_event(&event_body(tickets))
            .await
            .expect(201)
            .id()
    }

    /// Creates an event.
    pub async fn create_event(&self, body: &Value) -> Answer {
        self.admin
            .client
            .post("/api/events/create-event", body)
            .await
    }

    /// A look into the databases.
    pub async fn inspect(&self) -> Inspector {
        Inspector::open(&self.databases).await
    }

    /// Kills the server and starts it again on the same databases; callers keep their tokens.
    pub async fn restart(&mut self) {
        self.server.kill().await;
        let server = self.server.another().await;
        self.admin.client = self.admin.client.at(server.base());
        self.server = server;
    }
}

impl User {
    /// The same user at another server.
    #[must_use]
    pub fn at(&self, server: &Server) -> Self {
        Self {
            id: self.id,
            client: self.client.at(server.base()),
        }
    }
}

/// An event as a client sends it.
pub(crate) fn event_body(tickets: u32) -> Value {
    json!({
        "title": "Tech Conference",
        "description": "Annual technology conference",
        "date": "2999-12-31T10:00:00Z",
        "location": "Convention Center, NYC",
        "totalTickets": tickets,
    })
}

async fn make_admin(server: &Server) -> User {
    let client = server.client();
    let body = json!({"name": "Admin", "email": "admin@example.com", "password": PASSWORD});
    let request = client
        .request(reqwest::Method::POST, "/api/auth/create-admin")
        .json(&body);
    let made = client
        .send(request.header("X-Setup-Token", SETUP_TOKEN))
        .await;
    let id = made.expect(201).number();
    User {
        id,
        client: sign_in(&client, "admin").await,
    }
}

async fn sign_in(client: &Client, name: &str) -> Client {
    let body = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
    let answer = client.post("/api/auth/login", &body).await.expect(200);
    client.with_token(answer.body["token"].as_str().unwrap())
}
