//! The connection to MongoDB, and the bounds of every call.

use std::future::{Future, IntoFuture};
use std::num::NonZeroUsize;
use std::time::Duration;

use mongodb::bson::Document;
use mongodb::options::{
    Acknowledgment, ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern,
};
use mongodb::{Client, ClientSession, Collection, Database};
use tokio::runtime::Handle;

use crate::error::MongoError;
use crate::pool_sample::{MongoPoolSample, PoolCounts};

/// The longest that a call may last. A request has three seconds in all.
pub(crate) const CALL_LIMIT: Duration = Duration::from_secs(2);
/// The longest that the server works on a read or on the statements of a write, and then the longest
/// that it waits for a majority.
pub(crate) const SERVER_LIMIT: Duration = Duration::from_millis(1_500);

/// The longest that a call waits for a primary to be known.
const SELECTION_LIMIT: Duration = Duration::from_millis(1_500);
const CONNECT_LIMIT: Duration = Duration::from_secs(1);
/// The longest that the hosts behind a `mongodb+srv` URL are looked up, at the start. The driver's own
/// bound is that of each of many questions.
const LOOKUP_LIMIT: Duration = Duration::from_secs(10);
/// While the server answers, it reports changes at once; this is how often it is asked again after it
/// did not. A server that is silent for this and [`CONNECT_LIMIT`] together counts as gone. While calls
/// wait, the driver asks every half second.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Where MongoDB is and how much of it to use.
#[derive(Clone)]
pub struct MongoSettings {
    /// `mongodb://` or `mongodb+srv://` with the database's name as its path. What it says about read
    /// and write concern, read preference and time limits is overruled.
    pub url: String,
    /// The most connections at once; `None` for the URL's `maxPoolSize`, or else the default.
    pub max_connections: Option<u32>,
}

impl MongoSettings {
    /// Enough connections for hundreds of requests at once: they share round trips. Sixteen for each
    /// core, 64 to 256.
    pub fn default_connections() -> u32 {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        u32::try_from(cores.saturating_mul(16))
            .map_or(256, |connections| connections.clamp(64, 256))
    }

    /// The defaults, on `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: None,
        }
    }
}

/// Why there is no connection. Nothing of the URL is repeated: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The driver does not understand the URL, or (with `mongodb+srv`) the name service the host.
    #[error(
        "MONGODB_URL is not understood: write it like {EXAMPLE}, and percent-encode user and password"
    )]
    Url,
    /// The name service does not say in time which hosts are behind a `mongodb+srv` URL.
    #[error("MONGODB_URL: the name service is silent: mend it, or name the hosts by mongodb://")]
    NameService,
    /// The URL names no database.
    #[error("MONGODB_URL names no database: write it like {EXAMPLE}")]
    NoDatabase,
}

const EXAMPLE: &str = "mongodb://host:27017/boxoffice?replicaSet=rs0";

/// A MongoDB database with its connections; clones share them.
#[derive(Clone, Debug)]
pub struct MongoDatabase {
    database: Database,
    counts: PoolCounts,
    limit: u32,
    runtime: Handle,
}

impl MongoDatabase {
    /// Prepares connections. Nothing is sent yet, so the server may be away; only the hosts behind a
    /// `mongodb+srv` URL are looked up. What has to come to its end, whoever asked for it, runs on the
    /// caller's runtime from then on.
    ///
    /// # Errors
    /// A URL that does not work, with the variable `MONGODB_URL` named and no secret in it.
    pub async fn connect(settings: &MongoSettings) -> Result<Self, ConnectError> {
        let mut options = looked_up(ClientOptions::parse(&settings.url).into_future()).await?;
        let name = options
            .default_database
            .clone()
            .filter(|name| !name.is_empty())
            .ok_or(ConnectError::NoDatabase)?;
        bound(&mut options, settings);
        let (counts, limit) = (PoolCounts::default(), options.max_pool_size.unwrap_or(0));
        options.cmap_event_handler = Some(counts.handler());
        let client = Client::with_options(options).map_err(|_| ConnectError::Url)?;
        Ok(Self {
            database: client.database(&name),
            counts,
            limit,
            runtime: Handle::current(),
        })
    }

    /// A look at the connections.
    pub fn sample(&self) -> MongoPoolSample {
        MongoPoolSample::new(&self.counts, self.limit)
    }

    /// How many there may be, for people.
    pub(crate) fn connections_in_words(&self) -> String {
        format!("one instance uses up to {} for each server", self.limit)
    }

    /// A session in which a read waits until the majority that it reads from has what was written before.
    pub(crate) async fn causal_session(&self) -> Result<ClientSession, MongoError> {
        bounded(CALL_LIMIT, async {
            let session = self.client().start_session().causal_consistency(true);
            Ok(session.await?)
        })
        .await
    }

    /// Where tasks run that outlive a request.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    pub(crate) fn client(&self) -> &Client {
        self.database.client()
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The events.
    pub(crate) fn events(&self) -> Collection<Document> {
        self.database.collection(crate::schema::EVENTS)
    }

    /// The keys of changes of events.
    pub(crate) fn idempotency_keys(&self) -> Collection<Document> {
        self.database.collection(crate::schema::IDEMPOTENCY_KEYS)
    }

    /// The checkpoint.
    pub(crate) fn checkpoint(&self) -> Collection<Document> {
        self.database.collection(crate::schema::CHECKPOINT)
    }

    /// The audit log.
    pub(crate) fn system_logs(&self) -> Collection<Document> {
        self.database.collection(crate::schema::SYSTEM_LOGS)
    }
}

/// The options of a URL, for which a name service may have to be asked.
async fn looked_up(
    parsing: impl Future<Output = mongodb::error::Result<ClientOptions>>,
) -> Result<ClientOptions, ConnectError> {
    match tokio::time::timeout(LOOKUP_LIMIT, parsing).await {
        Ok(options) => options.map_err(|_| ConnectError::Url),
        Err(_) => Err(ConnectError::NameService),
    }
}

/// Sets what every call relies on.
fn bound(options: &mut ClientOptions, settings: &MongoSettings) {
    options
        .app_name
        .get_or_insert_with(|| "boxoffice".to_owned());
    let connections = settings.max_connections.or(options.max_pool_size);
    let connections = connections.unwrap_or_else(MongoSettings::default_connections);
    options.max_pool_size = Some(connections.max(1));
    options.server_selection_timeout = Some(SELECTION_LIMIT);
    options.connect_timeout = Some(CONNECT_LIMIT);
    options.heartbeat_freq = Some(HEARTBEAT);
    // A reserve goes out once. The driver's only way to send a bare command twice is a server's
    // complaint of overload; who may repeat a call is decided here and nowhere else.
    options.max_adaptive_retries = Some(0);
    // A majority read on the primary sees every write that a majority confirmed. (A primary that was
    // deposed and does not know it yet may answer with what was true seconds ago. Nothing is decided by
    // such a read: stock moves and events go only by guarded writes, which need a majority themselves.)
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options.read_concern = Some(ReadConcern::majority());
    options.write_concern = Some(
        WriteConcern::builder()
            .w(Acknowledgment::Majority)
            .journal(true)
            .w_timeout(SERVER_LIMIT)
            .build(),
    );
}

/// Ends a call that lasts too long.
pub(crate) async fn bounded<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, MongoError>>,
) -> Result<T, MongoError> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or(Err(MongoError::TimedOut))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn limit(url: &str, max_connections: Option<u32>) -> u32 {
        let url = url.to_owned();
        let settings = MongoSettings {
            url,
            max_connections,
        };
        MongoDatabase::connect(&settings).await.unwrap().limit
    }

    #[tokio::test]
    async fn the_pool_is_as_large_as_was_asked_for_last() {
        let (plain, sized) = (
            "mongodb://127.0.0.1:1/b",
            "mongodb://127.0.0.1:1/b?maxPoolSize=7",
        );
        assert_eq!(
            limit(plain, None).await,
            MongoSettings::default_connections()
        );
        assert_eq!(limit(sized, None).await, 7);
        assert_eq!(limit(sized, Some(9)).await, 9);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_name_service_is_not_waited_for() {
        let silent = looked_up(std::future::pending()).await;
        assert!(matches!(silent, Err(ConnectError::NameService)));
    }
}
