//! A headless Chromium, driven by WebDriver.

use std::collections::BTreeSet;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use xtask::servers::{Executables, Server, start_chromedriver};

/// What keeps the browser from asking anybody by itself, and from keeping to the user whose it is. Without
/// a sandbox, because root, as which containers run, has none; it sees nothing but our own pages.
const OPTIONS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1200,1800",
];

/// A running browser; gone when this is dropped.
pub(crate) struct Browser {
    /// Its one page.
    pub(crate) page: Client,
    driver: Server,
}

impl Browser {
    /// Starts one with an empty profile.
    pub(crate) async fn start() -> Self {
        let programs = Executables::from_env();
        let chromium = programs.chromium.clone();
        let chromium = chromium.expect("no browser: run the suites with `cargo xtask test`");
        let driver = tokio::task::spawn_blocking(move || start_chromedriver(&programs));
        let driver = driver.await.unwrap().unwrap();
        let mut options = OPTIONS.map(str::to_owned).to_vec();
        // By a pipe, so that the browser ends when its driver is killed.
        options.push("--remote-debugging-pipe".to_owned());
        options.push(format!("--user-data-dir={}", driver.data().display()));
        let mut capabilities = serde_json::Map::new();
        let options = json!({"binary": chromium, "args": options});
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let logs = json!({"performance": "ALL", "browser": "ALL"});
        capabilities.insert("goog:loggingPrefs".to_owned(), logs);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let page = builder.connect(driver.url()).await.unwrap();
        Self { page, driver }
    }

    /// The URLs of everything that was asked of a server. The browser's own pages are none.
    pub(crate) async fn requests(&self) -> BTreeSet<String> {
        let mut urls = BTreeSet::new();
        for entry in self.log("performance").await {
            let event: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            let event = &event["message"];
            let url = match event["method"].as_str() {
                Some("Network.requestWillBeSent") => &event["params"]["request"]["url"],
                Some("Network.webSocketCreated") => &event["params"]["url"],
                _ => continue,
            };
            let url = url.as_str().unwrap();
            if ["http", "ws"].iter().any(|scheme| url.starts_with(scheme)) {
                urls.insert(url.to_owned());
            }
        }
        urls
    }

    /// What the console shows in red.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }

    /// A log of ChromeDriver's, by a command of its own beside WebDriver's.
    async fn log(&self, kind: &str) -> Vec<Value> {
        let session = self.page.session_id().await.unwrap().unwrap();
        let url = format!("{}/session/{session}/se/log", self.driver.url());
        let request = reqwest::Client::new()
            .post(url)
            .json(&json!({"type": kind}));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["value"].as_array().unwrap().clone()
    }

    /// Ends it.
    pub(crate) async fn close(self) {
        self.page.close().await.unwrap();
    }
}
