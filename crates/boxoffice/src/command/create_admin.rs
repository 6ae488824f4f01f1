//! `boxoffice create-admin`: an admin made by somebody with access to the database itself.

use std::io::BufRead;
use std::sync::Arc;
use std::time::Duration;

use domain::error::chain;
use domain::health::HealthMonitor;
use domain::request::{Origin, RequestId};
use domain::user::{Email, NewAccount, Password, PersonName, RegisterError};

use super::{say, until_usable};
use crate::backend;
use crate::cli::CreateAdmin;
use crate::config::Config;
use crate::platform::{self, Tasks};
use crate::{app, secret};

/// How long a database that is away is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn run(config: &Config, who: &CreateAdmin) -> Result<(), String> {
    let account = account(who)?;
    let backend = backend::connect(config).await?;
    until_usable(&backend, PATIENCE).await?;
    let tasks = Arc::new(Tasks::new());
    let runtime = platform::runtime(&tasks);
    let health = Arc::new(HealthMonitor::new(backend.probes.clone()));
    let app = app::build(&backend, config, &secret::load(config)?, &runtime, &health);
    let id = RequestId::parse(&format!("cli-{}", platform::uuid())).ok_or("no request id")?;
    let origin = Origin {
        request_id: id,
        address: None,
    };
    match app
        .accounts
        .register_admin_as_operator(account, &origin)
        .await
    {
        Ok(user) => {
            app.upkeep
                .audit
                .flush()
                .await
                .map_err(|error| chain(&error))?;
            say(&format!("made admin {}", user.id));
            Ok(())
        }
        Err(RegisterError::EmailTaken) => Err("--email: another user has that address".to_owned()),
        Err(error) => Err(chain(&error)),
    }
}

fn account(who: &CreateAdmin) -> Result<NewAccount, String> {
    let typed = match &who.password {
        Some(password) => password.clone(),
        None => first_line()?,
    };
    Ok(NewAccount {
        name: PersonName::parse(&who.name).map_err(|error| format!("--name: {error}"))?,
        email: Email::parse(&who.email).map_err(|error| format!("--email: {error}"))?,
        password: Password::parse(&typed).map_err(|error| format!("the password {error}"))?,
    })
}

fn first_line() -> Result<String, String> {
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        say("Password (shown as you type; or set BOXOFFICE_ADMIN_PASSWORD):");
    }
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| error.to_string())?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
