//! The configuration: one struct per section, checked when it is loaded. What cannot work is one
//! line that names the variable and the mend.

use std::path::PathBuf;
use std::time::Duration;

use actix_web::http::Uri;
use domain::grouping::GroupLimits;
use ipnet::IpNet;

use crate::cli::{AdminPort, LogFormat, Options, Switch};

/// A setting that cannot work.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    variable: &'static str,
    mend: String,
}

impl std::error::Error for ConfigError {}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.variable, self.mend)
    }
}

fn wrong(variable: &'static str, mend: impl Into<String>) -> ConfigError {
    ConfigError {
        variable,
        mend: mend.into(),
    }
}

/// Where the data lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Storage {
    /// One SQLite file in this folder.
    Embedded { data_dir: PathBuf },
    /// Users and bookings in MySQL, events and audit log in MongoDB.
    Remote {
        mysql_url: String,
        mongodb_url: String,
        pools: Pools,
        migrate: bool,
    },
}

/// The most connections at once; `None` for as many as fit the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pools {
    pub(crate) mysql: Option<u32>,
    pub(crate) mongodb: Option<u32>,
}

/// How the API is reached.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) limits: Option<Limits>,
    /// `None` for plain HTTP.
    pub(crate) tls: Option<TlsFiles>,
    /// How long requests are still taken after a signal to stop.
    pub(crate) shutdown_delay: Duration,
}

/// The server's certificate and its key, both in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Where metrics and health are read.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Whether a free port will do as well if that one is taken.
    pub(crate) or_free_port: bool,
}

/// The port that exporters for Prometheus are usually given.
const ADMIN_PORT: u16 = 9464;

/// Requests per client address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
    pub(crate) auth_per_minute: u32,
    pub(crate) auth_burst: u32,
}

/// Who gets in.
#[derive(Clone)]
pub(crate) struct Security {
    /// The first signs. None: the embedded default makes one; otherwise there must be one to serve.
    pub(crate) jwt_secrets: Vec<String>,
    pub(crate) jwt_ttl_seconds: u64,
    pub(crate) refresh_ttl: Duration,
    pub(crate) admin_setup_token: Option<String>,
    pub(crate) bcrypt_cost: u32,
}

/// What is logged and how.
#[derive(Debug, Clone)]
pub(crate) struct Logging {
    pub(crate) format: LogFormat,
    pub(crate) level: String,
}

/// Where traces are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceExport {
    /// Host and port of the collector, and the path below which it listens, without a slash at the end.
    endpoint: String,
    pub(crate) service_name: String,
}

impl TraceExport {
    /// Where the collector takes traces.
    pub(crate) fn traces_url(&self) -> String {
        format!("http://{}/v1/traces", self.endpoint)
    }

    /// The collector's host and port.
    pub(crate) fn authority(&self) -> &str {
        let end = self.endpoint.find('/').unwrap_or(self.endpoint.len());
        self.endpoint.get(..end).unwrap_or_default()
    }
}

/// The whole configuration.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) storage: Storage,
    pub(crate) http: Http,
    /// `None` for no admin listener.
    pub(crate) admin: Option<Admin>,
    pub(crate) security: Security,
    pub(crate) recovery_grace: Duration,
    /// How long audit records are kept; `None` for ever.
    pub(crate) audit_retention: Option<Duration>,
    pub(crate) groups: GroupLimits,
    pub(crate) logging: Logging,
    /// `None` to send no traces.
    pub(crate) traces: Option<TraceExport>,
}

impl Config {
    /// Checks the settings as they came in.
    pub(crate) fn load(options: Options) -> Result<Self, ConfigError> {
        let (storage, security) = (storage(&options)?, security(&options)?);
        Ok(Self {
            http: http(&options)?,
            admin: admin(&options)?,
            recovery_grace: Duration::from_secs(options.recovery_grace_seconds),
            traces: traces(&options)?,
            audit_retention: days(options.audit_retention_days),
            groups: GroupLimits {
                most: to_usize(options.booking_batch_max),
                waiting: to_usize(options.booking_queue_max),
            },
            logging: Logging {
                format: options.log_format,
                level: options.log_level,
            },
            storage,
            security,
        })
    }
}

fn traces(options: &Options) -> Result<Option<TraceExport>, ConfigError> {
    let Some(endpoint) = given(options.otel_exporter_otlp_endpoint.as_ref()) else {
        return Ok(None);
    };
    let uri = endpoint.parse::<Uri>().ok();
    let uri = uri.filter(|uri| uri.scheme_str() == Some("http") && uri.query().is_none());
    let parts = uri.and_then(|uri| {
        let authority = uri.authority()?.clone();
        // Names and passwords have no place in a URL that is logged.
        let plain = !authority.as_str().contains('@');
        plain.then(|| format!("{authority}{}", uri.path().trim_end_matches('/')))
    });
    let endpoint = parts.ok_or_else(|| {
        wrong(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "must be like http://127.0.0.1:4318: a collector beside the server, without TLS",
        )
    })?;
    Ok(Some(TraceExport {
        endpoint,
        service_name: given(Some(&options.otel_service_name))
            .unwrap_or_else(|| "boxoffice".to_owned()),
    }))
}

/// No days mean no end.
fn days(number: u32) -> Option<Duration> {
    (number > 0).then(|| Duration::from_secs(u64::from(number) * 24 * 3_600))
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// An empty variable is an unset one: compose files pass them so.
fn given(value: Option<&String>) -> Option<String> {
    value
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

fn storage(options: &Options) -> Result<Storage, ConfigError> {
    match (
        given(options.mysql_url.as_ref()),
        given(options.mongodb_url.as_ref()),
    ) {
        (None, None) => Ok(Storage::Embedded {
            data_dir: options.data_dir.clone(),
        }),
        (Some(_), None) => Err(wrong(
            "MONGODB_URL",
            "is missing: set it beside MYSQL_URL, or neither",
        )),
        (None, Some(_)) => Err(wrong(
            "MYSQL_URL",
            "is missing: set it beside MONGODB_URL, or neither",
        )),
        (Some(mysql_url), Some(mongodb_url)) => {
            if !mysql_url.starts_with("mysql://") {
                return Err(wrong(
                    "MYSQL_URL",
                    "must be like mysql://user:password@host:3306/boxoffice",
                ));
            }
            if !mongodb_url.starts_with("mongodb://") && !mongodb_url.starts_with("mongodb+srv://")
            {
                return Err(wrong(
                    "MONGODB_URL",
                    "must be like mongodb://host:27017/boxoffice?replicaSet=rs0",
                ));
            }
            Ok(Storage::Remote {
                mysql_url,
                mongodb_url,
                pools: Pools {
                    mysql: options.mysql_pool_max,
                    mongodb: options.mongodb_pool_max,
                },
                migrate: options.migrate,
            })
        }
    }
}

fn security(options: &Options) -> Result<Security, ConfigError> {
    let secrets = options.jwt_secret.as_deref().unwrap_or_default();
    let jwt_secrets: Vec<String> = list(secrets).map(str::to_owned).collect();
    if jwt_secrets.iter().any(|secret| secret.len() < 32) {
        return Err(wrong(
            "JWT_SECRET",
            "is too short: at least 32 bytes each, for instance from `openssl rand -hex 32`",
        ));
    }
    if options.refresh_ttl_seconds < options.jwt_ttl_seconds {
        return Err(wrong(
            "REFRESH_TTL_SECONDS",
            "is less than JWT_TTL_SECONDS: a session lives at least as long as its tokens",
        ));
    }
    Ok(Security {
        jwt_secrets,
        jwt_ttl_seconds: options.jwt_ttl_seconds,
        refresh_ttl: Duration::from_secs(options.refresh_ttl_seconds),
        admin_setup_token: given(options.admin_setup_token.as_ref()),
        bcrypt_cost: options.bcrypt_cost,
    })
}

fn http(options: &Options) -> Result<Http, ConfigError> {
    let trusted_proxies = list(&options.trusted_proxies)
        .map(|text| {
            network(text).ok_or_else(|| {
                wrong(
                    "TRUSTED_PROXIES",
                    format!("`{text}` is no network such as 10.0.0.0/8"),
                )
            })
        })
        .collect::<Result<_, _>>()?;
    let cors_origins = list(&options.cors_origins)
        .map(|text| {
            origin(text).ok_or_else(|| {
                wrong(
                    "CORS_ORIGINS",
                    format!("`{text}` is no origin such as https://shop.example, without path"),
                )
            })
        })
        .collect::<Result<_, _>>()?;
    let limits = Limits {
        per_second: options.rate_limit_per_second,
        burst: options.rate_limit_burst,
        auth_per_minute: options.auth_rate_limit_per_minute,
        auth_burst: options.auth_rate_limit_burst,
    };
    Ok(Http {
        host: given(Some(&options.host))
            .ok_or_else(|| wrong("HOST", "is empty: set an address such as 127.0.0.1"))?,
        port: options.port,
        tls: tls(options)?,
        trusted_proxies,
        cors_origins,
        shutdown_delay: Duration::from_secs(options.shutdown_delay_seconds),
        limits: (options.rate_limit == Switch::On).then_some(limits),
    })
}

fn tls(options: &Options) -> Result<Option<TlsFiles>, ConfigError> {
    let given = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
    match (given(&options.tls_cert_file), given(&options.tls_key_file)) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        (Some(_), None) => Err(wrong(
            "TLS_KEY_FILE",
            "is missing: set it beside TLS_CERT_FILE, or neither",
        )),
        (None, Some(_)) => Err(wrong(
            "TLS_CERT_FILE",
            "is missing: set it beside TLS_KEY_FILE, or neither",
        )),
    }
}

/// A port that nobody asked for must not keep a second instance on the machine from starting.
fn admin(options: &Options) -> Result<Option<Admin>, ConfigError> {
    let (port, or_free_port) = match options.admin_port {
        Some(AdminPort::Off) => return Ok(None),
        Some(AdminPort::At(port)) => (port, false),
        None => (ADMIN_PORT, true),
    };
    let host = given(Some(&options.admin_host))
        .ok_or_else(|| wrong("ADMIN_HOST", "is empty: set an address such as 127.0.0.1"))?;
    Ok(Some(Admin {
        host,
        port,
        or_free_port,
    }))
}

fn network(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

fn origin(text: &str) -> Option<String> {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let fits = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use proptest::prelude::*;

    use super::*;
    use crate::cli::Cli;

    fn load(arguments: &[&str]) -> Result<Config, ConfigError> {
        let words = ["boxoffice"].iter().chain(arguments);
        Config::load(Cli::try_parse_from(words).unwrap().options)
    }

    #[test]
    fn nothing_set_is_the_embedded_default() {
        let config = load(&[]).unwrap();
        assert_eq!(
            config.storage,
            Storage::Embedded {
                data_dir: "./data".into()
            }
        );
        assert_eq!(
            (config.http.host.as_str(), config.http.port),
            ("127.0.0.1", 3000)
        );
        assert!(config.http.limits.is_some());
    }

    #[test]
    fn what_cannot_work_names_its_variable() {
        let long = "x".repeat(32);
        let (mysql, mongo) = ("mysql://root@localhost/b", "mongodb://localhost/b");
        let two = format!("{long},short");
        let cases: [(&[&str], &str); 11] = [
            (&["--mysql-url", mysql], "MONGODB_URL"),
            (&["--mongodb-url", mongo], "MYSQL_URL"),
            (&["--jwt-secret", "short"], "JWT_SECRET"),
            (&["--jwt-secret", &two], "JWT_SECRET"),
            (
                &["--jwt-ttl-seconds", "61", "--refresh-ttl-seconds", "60"],
                "REFRESH_TTL_SECONDS",
            ),
            (
                &[
                    "--mysql-url",
                    "postgres://x",
                    "--mongodb-url",
                    mongo,
                    "--jwt-secret",
                    &long,
                ],
                "MYSQL_URL",
            ),
            (
                &[
                    "--mysql-url",
                    mysql,
                    "--mongodb-url",
                    "http://x",
                    "--jwt-secret",
                    &long,
                ],
                "MONGODB_URL",
            ),
            (
                &["--trusted-proxies", "10.0.0.0/8,nonsense"],
                "TRUSTED_PROXIES",
            ),
            (&["--tls-cert-file", "a.pem"], "TLS_KEY_FILE"),
            (&["--tls-key-file", "a.pem"], "TLS_CERT_FILE"),
            (
                &["--cors-origins", "https://a.example/path"],
                "CORS_ORIGINS",
            ),
        ];
        for (arguments, variable) in cases {
            let line = load(arguments).err().unwrap().to_string();
            assert!(
                line.starts_with(variable) && !line.contains('\n'),
                "{arguments:?}: {line}"
            );
        }
    }

    #[test]
    fn the_admin_port_may_be_another_only_if_nobody_chose_it() {
        let admin = |arguments: &[&str]| load(arguments).unwrap().admin;
        let default = admin(&[]).unwrap();
        assert_eq!((default.port, default.or_free_port), (9464, true));
        let chosen = admin(&["--admin-port", "9464"]).unwrap();
        assert_eq!((chosen.port, chosen.or_free_port), (9464, false));
        assert!(admin(&["--admin-port", "off"]).is_none());
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let config = load(&[
            "--cors-origins",
            "https://a.example, http://localhost:5173",
            "--trusted-proxies",
            "10.0.0.0/8,::1",
        ])
        .unwrap();
        assert_eq!(config.http.cors_origins.len(), 2);
        assert_eq!(config.http.trusted_proxies.len(), 2);
        let (one, two) = ("x".repeat(32), "y".repeat(32));
        let config = load(&["--jwt-secret", &format!("{one}, {two},")]).unwrap();
        assert_eq!(config.security.jwt_secrets, [one, two]);
    }

    /// One option with a value that may begin like an option itself.
    fn with(option: &str, value: &str) -> Result<Config, ConfigError> {
        load(&[&format!("{option}={value}")])
    }

    fn is_an_origin(text: &str) -> bool {
        text.starts_with("http") && !text.contains(['*', ' ', ','])
    }

    #[test]
    fn a_collector_is_a_plain_url() {
        let traces = |url: &str| load(&["--otel-exporter-otlp-endpoint", url]).map(|c| c.traces);
        assert_eq!(traces(" ").unwrap(), None);
        for (url, traces_url, authority) in [
            (
                "http://127.0.0.1:4318",
                "http://127.0.0.1:4318/v1/traces",
                "127.0.0.1:4318",
            ),
            (
                "http://[::1]:4318/",
                "http://[::1]:4318/v1/traces",
                "[::1]:4318",
            ),
            ("http://otel/base/", "http://otel/base/v1/traces", "otel"),
        ] {
            let export = traces(url).unwrap().unwrap();
            assert_eq!(
                (export.traces_url().as_str(), export.authority()),
                (traces_url, authority)
            );
            assert_eq!(export.service_name, "boxoffice");
        }
        for bad in [
            "otel:4318",
            "https://otel:4318",
            "http://",
            "http://me:secret@otel",
            "http://otel?a=1",
        ] {
            let line = traces(bad).unwrap_err().to_string();
            assert!(line.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT: "), "{line}");
            assert!(!line.contains("secret"), "{line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn networks_are_read_as_written(nets in prop::collection::vec((any::<std::net::IpAddr>(), 0..=32_u8), 0..5)) {
            let nets: Vec<IpNet> = nets.iter().map(|(ip, bits)| IpNet::new(*ip, *bits).unwrap()).collect();
            let text: Vec<String> = nets.iter().map(IpNet::to_string).collect();
            let config = with("--trusted-proxies", &text.join(" , ")).unwrap();
            prop_assert_eq!(config.http.trusted_proxies, nets);
        }

        #[test]
        fn any_list_is_read_or_refused_in_one_line(value in prop_oneof![any::<String>(), "[a-z0-9:/.,* -]{0,40}"]) {
            for (option, variable) in [("--trusted-proxies", "TRUSTED_PROXIES"), ("--cors-origins", "CORS_ORIGINS")] {
                match with(option, &value) {
                    Ok(config) => prop_assert!(config.http.cors_origins.iter().all(|origin| is_an_origin(origin))),
                    Err(error) => prop_assert!(error.to_string().starts_with(variable)),
                }
            }
        }

        #[test]
        fn a_secret_is_long_enough_or_refused(secret in prop_oneof![any::<String>(), "[ -~]{25,90}"]) {
            if let Ok(config) = with("--jwt-secret", &secret) {
                let secrets = config.security.jwt_secrets;
                prop_assert!(secrets.iter().all(|one| one.len() >= 32 && secret.contains(one.as_str())));
            }
        }
    }
}
