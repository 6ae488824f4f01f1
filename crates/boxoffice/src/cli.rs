//! The command line. Every option is also an environment variable, and may stand in `.env`; a flag
//! wins over the environment, and the environment over `.env`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A headless event and ticket API.
#[derive(Debug, Parser)]
#[command(name = "boxoffice", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What to do; without a command: serve.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API (the default).
    Serve,
    /// Bring the databases' schemas up, down, or show where they are.
    Migrate {
        #[command(subcommand)]
        step: MigrateStep,
    },
    /// Ask the server on this machine whether it is alive; exit code 0 if so.
    Healthcheck,
    /// Make an admin, with direct access to the database. The password comes from the variable
    /// BOXOFFICE_ADMIN_PASSWORD, or else from the first line of standard input.
    CreateAdmin(CreateAdmin),
    /// Check that the stock of every event agrees with its bookings; servers may go on selling. Exit
    /// code 0: all is whole; 1: something is broken, and named; 2: not everything could be checked.
    Verify(Verify),
    /// Check the configuration and the databases, and say what is wrong and how to mend it. Changes
    /// nothing. Exit code 0: nothing is wrong; 1: something is.
    Check(Check),
    /// Print the OpenAPI document of the API, as the server answers it at /api/openapi.json.
    Openapi,
    /// Look into the audit log.
    Logs {
        #[command(subcommand)]
        step: LogsStep,
    },
}

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum LogsStep {
    /// Print the audit log as JSON lines, oldest first; servers may go on writing to it.
    Export(Export),
}

/// Which records to print.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// From this moment on, such as 2030-12-31T00:00:00Z; without it, from the beginning.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Before this moment; without it, until a minute ago: what is younger may still be on its way.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

/// How to check.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Check {
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How to verify.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Verify {
    /// Also mend what is broken: each such event is closed for a moment, its stock set to what the
    /// bookings say, and what was left half-done is brought to its end.
    #[arg(long)]
    pub(crate) repair: bool,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which way the schema goes.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum MigrateStep {
    /// Bring both databases up to date; waits for one that is still starting.
    Up,
    /// Take the latest steps back, with what their tables hold.
    Down {
        /// How many steps.
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
    /// List the steps and which are applied.
    Status,
    /// Print the whole MySQL schema as a script for the `mysql` client.
    Print,
}

/// Who the admin is to be. The password comes from the environment or standard input, never from
/// the command line, where every user of the machine could read it.
#[derive(Debug, Args)]
pub(crate) struct CreateAdmin {
    /// The name.
    #[arg(long)]
    pub(crate) name: String,
    /// The e-mail address.
    #[arg(long)]
    pub(crate) email: String,
    /// The password; without it, the first line of standard input. Only from the environment.
    #[arg(
        env = "BOXOFFICE_ADMIN_PASSWORD",
        hide_env_values = true,
        long = "password-from-environment",
        hide = true
    )]
    pub(crate) password: Option<String>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object per line.
    Json,
}

/// A switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

/// Where the admin listener is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdminPort {
    /// Nowhere.
    Off,
    /// There; 0 for a free one.
    At(u16),
}

impl std::str::FromStr for AdminPort {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            _ => text
                .parse()
                .map(Self::At)
                .map_err(|_| "must be a port (0 for a free one) or `off`"),
        }
    }
}

/// Every setting, as it comes in.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Address, or name of one, to listen on.
    #[arg(
        long,
        env = "HOST",
        value_name = "HOST",
        default_value = "127.0.0.1",
        global = true,
        help_heading = "HTTP"
    )]
    pub(crate) host: String,
    /// Port to listen on; 0 takes a free one and prints it.
    #[arg(
        long,
        env = "PORT",
        value_name = "PORT",
        default_value_t = 3000,
        global = true,
        help_heading = "HTTP"
    )]
    pub(crate) port: u16,
    /// Networks of proxies whose X-Forwarded-For is believed, separated by commas.
    #[arg(
        long,
        env = "TRUSTED_PROXIES",
        value_name = "TRUSTED_PROXIES",
        default_value = "",
        global = true,
        help_heading = "HTTP"
    )]
    pub(crate) trusted_proxies: String,
    /// Address, or name of one, of the admin listener: metrics and health.
    #[arg(
        long,
        env = "ADMIN_HOST",
        value_name = "ADMIN_HOST",
        default_value = "127.0.0.1",
        global = true,
        help_heading = "HTTP"
    )]
    pub(crate) admin_host: String,
    /// Port of the admin listener; 0 takes a free one and prints it, `off` has none. If it is not set,
    /// 9464, or a free one if that is taken.
    #[arg(
        long,
        env = "ADMIN_PORT",
        value_name = "ADMIN_PORT",
        global = true,
        help_heading = "HTTP"
    )]
    pub(crate) admin_port: Option<AdminPort>,
    /// Exact origins that browsers may call from, separated by commas.
    #[arg(
        long,
        env = "CORS_ORIGINS",
        value_name = "CORS_ORIGINS",
        default_value = "",
        global = true,
        help_heading = "HTTP"
    )]
    pub(crate) cors_origins: String,

    /// File with the server's certificate in PEM, and after it those between it and its authority. With
    /// it and TLS_KEY_FILE the server speaks HTTPS; both are read again when they change.
    #[arg(
        long,
        env = "TLS_CERT_FILE",
        value_name = "TLS_CERT_FILE",
        global = true,
        help_heading = "HTTP"
    )]
    pub(crate) tls_cert_file: Option<PathBuf>,
    /// File with the certificate's private key in PEM.
    #[arg(
        long,
        env = "TLS_KEY_FILE",
        value_name = "TLS_KEY_FILE",
        global = true,
        help_heading = "HTTP"
    )]
    pub(crate) tls_key_file: Option<PathBuf>,

    /// Seconds between a signal to stop, from which on GET /health/ready answers 503, and the end of
    /// serving; for load balancers that look every so often. A second signal ends the wait.
    #[arg(long, env = "SHUTDOWN_DELAY_SECONDS", value_name = "SHUTDOWN_DELAY_SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=300), global = true, help_heading = "HTTP")]
    pub(crate) shutdown_delay_seconds: u64,

    /// MySQL: mysql://user:password@host:3306/database. Needs MONGODB_URL too.
    #[arg(
        long,
        env = "MYSQL_URL",
        value_name = "MYSQL_URL",
        hide_env_values = true,
        global = true,
        help_heading = "Databases (neither URL: the embedded default)"
    )]
    pub(crate) mysql_url: Option<String>,
    /// MongoDB, a replica set, with the database's name: mongodb://host:27017/boxoffice?replicaSet=rs0.
    #[arg(
        long,
        env = "MONGODB_URL",
        value_name = "MONGODB_URL",
        hide_env_values = true,
        global = true,
        help_heading = "Databases (neither URL: the embedded default)"
    )]
    pub(crate) mongodb_url: Option<String>,
    /// Most connections to MySQL at once; if it is not set, four for each core, 16 to 64.
    #[arg(long, env = "MYSQL_POOL_MAX", value_name = "MYSQL_POOL_MAX", value_parser = clap::value_parser!(u32).range(2..=1_000), global = true, help_heading = "Databases (neither URL: the embedded default)")]
    pub(crate) mysql_pool_max: Option<u32>,
    /// Most connections to each server of MongoDB at once; if it is not set, the URL's maxPoolSize, or else
    /// sixteen for each core, 64 to 256.
    #[arg(long, env = "MONGODB_POOL_MAX", value_name = "MONGODB_POOL_MAX", value_parser = clap::value_parser!(u32).range(2..=10_000), global = true, help_heading = "Databases (neither URL: the embedded default)")]
    pub(crate) mongodb_pool_max: Option<u32>,
    /// Folder where the embedded default keeps its file.
    #[arg(
        long,
        env = "DATA_DIR",
        value_name = "DATA_DIR",
        default_value = "./data",
        global = true,
        help_heading = "Databases (neither URL: the embedded default)"
    )]
    pub(crate) data_dir: PathBuf,
    /// Bring the schemas up to date at the start (the embedded default always does).
    #[arg(
        long,
        env = "MIGRATE_ON_START",
        value_name = "MIGRATE_ON_START",
        global = true,
        help_heading = "Databases (neither URL: the embedded default)"
    )]
    pub(crate) migrate: bool,

    /// Secrets of tokens, at least 32 bytes each, separated by commas: the first signs, all are believed.
    /// The embedded default makes one and keeps it.
    #[arg(
        long,
        env = "JWT_SECRET",
        value_name = "JWT_SECRET",
        hide_env_values = true,
        global = true,
        help_heading = "Security"
    )]
    pub(crate) jwt_secret: Option<String>,
    /// Life of an access token in seconds.
    #[arg(long, env = "JWT_TTL_SECONDS", value_name = "JWT_TTL_SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=31_536_000), global = true, help_heading = "Security")]
    pub(crate) jwt_ttl_seconds: u64,
    /// Life of a refresh token in seconds, at least that of an access token; each use gives a new one.
    #[arg(long, env = "REFRESH_TTL_SECONDS", value_name = "REFRESH_TTL_SECONDS", default_value_t = 2_592_000, value_parser = clap::value_parser!(u64).range(1..=31_536_000), global = true, help_heading = "Security")]
    pub(crate) refresh_ttl_seconds: u64,
    /// Token that lets a request make the first admin.
    #[arg(
        long,
        env = "ADMIN_SETUP_TOKEN",
        value_name = "ADMIN_SETUP_TOKEN",
        hide_env_values = true,
        global = true,
        help_heading = "Security"
    )]
    pub(crate) admin_setup_token: Option<String>,
    /// Cost of a password hash, 4 to 15; each step doubles its time.
    #[arg(long, env = "BCRYPT_COST", value_name = "BCRYPT_COST", default_value_t = 12, value_parser = clap::value_parser!(u32).range(4..=15), global = true, help_heading = "Security")]
    pub(crate) bcrypt_cost: u32,

    /// Whether rates are limited; off is for load tests.
    #[arg(
        long,
        env = "RATE_LIMIT",
        value_name = "RATE_LIMIT",
        default_value = "on",
        global = true,
        help_heading = "Rate limits, per client address"
    )]
    pub(crate) rate_limit: Switch,
    /// Requests per second, all routes.
    #[arg(long, env = "RATE_LIMIT_PER_SECOND", value_name = "RATE_LIMIT_PER_SECOND", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true, help_heading = "Rate limits, per client address")]
    pub(crate) rate_limit_per_second: u32,
    /// Requests that may come at once, all routes.
    #[arg(long, env = "RATE_LIMIT_BURST", value_name = "RATE_LIMIT_BURST", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true, help_heading = "Rate limits, per client address")]
    pub(crate) rate_limit_burst: u32,
    /// Requests per minute, create-admin, create-user and login.
    #[arg(long, env = "AUTH_RATE_LIMIT_PER_MINUTE", value_name = "AUTH_RATE_LIMIT_PER_MINUTE", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true, help_heading = "Rate limits, per client address")]
    pub(crate) auth_rate_limit_per_minute: u32,
    /// Requests that may come at once, create-admin, create-user and login.
    #[arg(long, env = "AUTH_RATE_LIMIT_BURST", value_name = "AUTH_RATE_LIMIT_BURST", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true, help_heading = "Rate limits, per client address")]
    pub(crate) auth_rate_limit_burst: u32,

    /// Most bookings that are committed together; 1 turns grouping off.
    #[arg(long, env = "BOOKING_BATCH_MAX", value_name = "BOOKING_BATCH_MAX", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_000), global = true, help_heading = "Booking")]
    pub(crate) booking_batch_max: u32,
    /// Most bookings that wait; beyond it 503 at once.
    #[arg(long, env = "BOOKING_QUEUE_MAX", value_name = "BOOKING_QUEUE_MAX", default_value_t = 8192, value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true, help_heading = "Booking")]
    pub(crate) booking_queue_max: u32,
    /// Age in seconds at which an unfinished reservation is looked into, 5 or more.
    #[arg(long, env = "RECOVERY_GRACE_SECONDS", value_name = "RECOVERY_GRACE_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(5..=86_400), global = true, help_heading = "Booking")]
    pub(crate) recovery_grace_seconds: u64,

    /// Days that audit records are kept, up to 36,500; 0 keeps them for ever.
    #[arg(long, env = "AUDIT_RETENTION_DAYS", value_name = "AUDIT_RETENTION_DAYS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=36_500), global = true, help_heading = "Logging")]
    pub(crate) audit_retention_days: u32,
    /// Collector that takes traces by OTLP over HTTP, such as http://127.0.0.1:4318; none if not given.
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_name = "OTEL_EXPORTER_OTLP_ENDPOINT",
        global = true,
        help_heading = "Logging"
    )]
    pub(crate) otel_exporter_otlp_endpoint: Option<String>,
    /// Name under which traces are sent.
    #[arg(
        long,
        env = "OTEL_SERVICE_NAME",
        value_name = "OTEL_SERVICE_NAME",
        default_value = "boxoffice",
        global = true,
        help_heading = "Logging"
    )]
    pub(crate) otel_service_name: String,
    /// How log lines look.
    #[arg(
        long,
        env = "LOG_FORMAT",
        value_name = "LOG_FORMAT",
        default_value = "pretty",
        global = true,
        help_heading = "Logging"
    )]
    pub(crate) log_format: LogFormat,
    /// What is logged: a level (error, warn, info, debug, trace) or directives such as `info,domain=debug`.
    #[arg(
        long,
        env = "LOG_LEVEL",
        value_name = "LOG_LEVEL",
        default_value = "info",
        global = true,
        help_heading = "Logging"
    )]
    pub(crate) log_level: String,
}
