//! A server's process: started, killed, frozen, started again.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::error::{Context, Error, Result};

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(90);
/// The time between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The processes of all running servers, for an end that runs no destructor.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Ends every server of this process at once; what a signal handler calls before it exits.
pub fn kill_all() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    running.iter().for_each(|pid| signal(*pid, Signal::KILL));
}

/// A running server. It is killed when this is dropped, and temporary data goes with it.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    child: Child,
    words: Vec<String>,
    url: String,
    port: u16,
    data: Data,
    ready: fn(u16) -> bool,
}

/// Where a server keeps its data.
#[derive(Debug)]
pub(super) enum Data {
    /// In a folder that goes with the server.
    Temporary(TempDir),
    /// In a folder that stays.
    Kept(PathBuf),
}

impl Data {
    pub(super) fn temporary() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("boxoffice-").tempdir();
        Self::made(Self::Temporary(folder.context("cannot make a folder")?))
    }

    pub(super) fn kept(folder: &Path) -> Result<Self> {
        Self::made(Self::Kept(folder.to_owned()))
    }

    fn made(data: Self) -> Result<Self> {
        std::fs::create_dir_all(data.path()).context("cannot make a folder")?;
        Ok(data)
    }

    /// The folder of the server's files beside its data: its log, its first statements.
    fn base(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }

    /// The data itself: a folder that the server finds empty at first.
    pub(super) fn path(&self) -> PathBuf {
        self.base().join("data")
    }

    /// Writes a file beside the data and returns its path.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.base().join(name);
        std::fs::write(&path, text).context("cannot write a file")?;
        Ok(path)
    }

    fn log(&self) -> PathBuf {
        self.base().join("server.log")
    }
}

impl Server {
    /// Runs `words` and waits until `ready` says that the server on `port` answers.
    pub(super) fn start(
        name: &'static str,
        words: Vec<String>,
        url: String,
        port: u16,
        data: Data,
        ready: fn(u16) -> bool,
    ) -> Result<Self> {
        let child = spawn(&words, &data.log())?;
        let mut server = Self {
            name,
            child,
            words,
            url,
            port,
            data,
            ready,
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// The server's URL, without a database name.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server's port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the server's data.
    pub fn data(&self) -> PathBuf {
        self.data.path()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process at once (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        // It may be gone already; either way it is reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
        RUNNING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.pid());
    }

    /// Lets the process stand still (SIGSTOP): connections stay, and nothing answers.
    pub fn freeze(&self) {
        signal(self.pid(), Signal::STOP);
    }

    /// Lets the process go on (SIGCONT).
    pub fn thaw(&self) {
        signal(self.pid(), Signal::CONT);
    }

    /// Starts a killed server again, on the same port and data, and waits until it answers.
    ///
    /// # Errors
    ///
    /// It does not start, or does not answer in time.
    pub fn start_again(&mut self) -> Result<()> {
        self.child = spawn(&self.words, &self.data.log())?;
        self.wait_until_ready()
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if (self.ready)(self.port) {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(Error::new(format!(
                    "{} ended with {status}:\n{}",
                    self.name,
                    log_tail(&self.data.log())
                )));
            }
            thread::sleep(LOOK_AGAIN);
        }
        Err(Error::new(format!(
            "{} does not answer:\n{}",
            self.name,
            log_tail(&self.data.log())
        )))
    }
}

fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // A process that is gone needs no signal.
        let _ = kill_process(pid, signal);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.thaw();
        self.kill();
    }
}

fn spawn(words: &[String], log: &Path) -> Result<Child> {
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| Error::new("an empty command"))?;
    let log = File::options()
        .create(true)
        .append(true)
        .open(log)
        .context("cannot write a log")?;
    let errors = log.try_clone().context("cannot write a log")?;
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .context(format!("cannot start {program}"))?;
    RUNNING
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(child.id());
    Ok(child)
}

/// The last lines that the server wrote.
fn log_tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().rev().take(15).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// Runs a command to its end; what it writes is shown only when it fails.
pub(super) fn run(words: &[String]) -> Result<()> {
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| Error::new("an empty command"))?;
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    let output = output.context(format!("cannot run {program}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::new(format!(
        "{program} failed with {}:\n{said}",
        output.status
    )))
}

/// A loopback port that nobody listens on at this moment.
pub(super) fn free_port() -> Result<u16> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let port = TcpListener::bind(address).and_then(|listener| listener.local_addr());
    port.map(|address| address.port()).context("no free port")
}
