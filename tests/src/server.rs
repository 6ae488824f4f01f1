//! The program under test, as a process.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::client::Client;
use crate::databases::{Databases, program};

/// What the servers of the tests sign tokens with.
pub const JWT_SECRET: &str = "a-secret-that-is-long-enough-for-tests";
/// What lets a test make the first admin.
pub const SETUP_TOKEN: &str = "the-setup-token-of-the-tests";

/// A running server. It is killed when this is dropped.
pub struct Server {
    child: Child,
    base: String,
    admin: String,
    log: PathBuf,
    variables: Vec<(String, String)>,
}

impl Server {
    /// Starts one on `databases` and waits until it is ready.
    pub async fn start(databases: &Databases, variables: &[(&str, &str)]) -> Self {
        let server = Self::start_unready(databases, variables).await;
        server.until_ready().await;
        server
    }

    /// Starts one and waits until it listens; its databases may be away.
    pub async fn start_unready(databases: &Databases, variables: &[(&str, &str)]) -> Self {
        let mut all = vec![
            ("PORT", "0"),
            ("ADMIN_PORT", "0"),
            ("JWT_SECRET", JWT_SECRET),
            ("ADMIN_SETUP_TOKEN", SETUP_TOKEN),
            ("BCRYPT_COST", "4"),
            ("RATE_LIMIT", "off"),
            ("RECOVERY_GRACE_SECONDS", "5"),
            ("LOG_LEVEL", "info"),
        ];
        // An empty value takes a default of the tests away.
        all.retain(|(name, _)| !variables.iter().any(|(other, _)| other == name));
        all.extend(variables.iter().filter(|(_, value)| !value.is_empty()));
        let owned = all
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut variables = databases.variables();
        variables.extend(owned);
        let number = std::fs::read_dir(databases.folder()).unwrap().count();
        let log = databases.folder().join(format!("server-{number}.log"));
        Self::run(variables, log).await
    }

    /// Starts one like this, on the same databases, and waits until it is ready.
    pub async fn another(&self) -> Self {
        let log = self.log.with_extension(format!("{}.log", fresh_number()));
        let server = Self::run(self.variables.clone(), log).await;
        server.until_ready().await;
        server
    }

    async fn run(variables: Vec<(String, String)>, log: PathBuf) -> Self {
        let mut child = Command::new(program())
            .env_clear()
            .envs(variables.clone())
            .current_dir(log.parent().unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .kill_on_drop(true)
            .spawn()
            .expect("the program does not start");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, address)) = line.split_once("listens on ") {
                    let admin = lines.next_line().await.unwrap()?;
                    let admin = admin.trim().strip_prefix("metrics: ")?;
                    let admin = admin.strip_suffix("/metrics")?;
                    return Some((address.trim().to_owned(), admin.to_owned()));
                }
            }
            None
        };
        let address = tokio::time::timeout(Duration::from_secs(30), listening)
            .await
            .ok()
            .flatten();
        let Some((base, admin)) = address else {
            panic!(
                "no start line; the log:\n{}",
                std::fs::read_to_string(&log).unwrap()
            );
        };
        // Somebody must go on reading, or the program would block on a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            child,
            base,
            admin,
            log,
            variables,
        }
    }

    async fn until_ready(&self) {
        crate::until_true("ready", async || {
            self.client().get("/health/ready").await.status == 200
        })
        .await;
    }

    /// A caller without a token.
    pub fn client(&self) -> Client {
        Client::new(&self.base)
    }

    /// A caller of the admin listener.
    pub fn admin(&self) -> Client {
        Client::new(&self.admin)
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Ends it at once (SIGKILL).
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) {
        let pid = self
            .child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        kill_process(pid.expect("it has ended already"), Signal::TERM).unwrap();
    }

    /// Waits until it has ended, ten seconds at most.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await;
        ended.expect("it did not end within ten seconds").unwrap()
    }
}

impl Drop for Server {
    /// A failed test shows what its server had to say.
    #[expect(clippy::print_stderr, reason = "tests print")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(40)..].join("\n");
            eprintln!("--- the server's last lines\n{tail}\n---");
        }
    }
}

fn fresh_number() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
