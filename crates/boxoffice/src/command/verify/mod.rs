//! `boxoffice verify`: whether the stock of every event agrees with its bookings, on the live databases
//! and beside servers that go on selling.

mod json;
mod progress;
mod text;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use adapters_embedded::Embedded;
use domain::error::{StoreError, chain};
use domain::stock::Recovery;
use domain::verify::{Outcome, Repair, RepairPorts, Report, Summary, Verification, VerifyPorts};

use self::json::JsonReport;
use self::text::TextReport;
use super::until_usable;
use crate::app;
use crate::backend::{self, Backend};
use crate::cli::Verify;
use crate::config::{Config, Storage};
use crate::platform::{self, Tasks};

/// How long a database that is away is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The exit codes, which scripts branch on.
const BROKEN: u8 = 1;
/// Also that of every other failure of this command: nothing is known then.
pub(crate) const NOT_CHECKED: u8 = 2;

/// How findings and the end are told.
trait Printer: Report {
    /// The end: what it came to, or why it came to nothing.
    fn end(&self, result: &Result<Summary, String>);
}

pub(crate) async fn run(config: &Config, options: &Verify) -> Result<ExitCode, String> {
    let printer: Box<dyn Printer> = match options.json {
        true => Box::new(JsonReport::begin()),
        false => Box::new(TextReport::begin()),
    };
    let result = verify(config, options, printer.as_ref()).await;
    printer.end(&result);
    Ok(match result?.outcome() {
        Outcome::Whole => ExitCode::SUCCESS,
        Outcome::Broken => ExitCode::from(BROKEN),
        Outcome::Undecided => ExitCode::from(NOT_CHECKED),
    })
}

async fn verify(
    config: &Config,
    options: &Verify,
    printer: &dyn Printer,
) -> Result<Summary, String> {
    if let Storage::Embedded { data_dir } = &config.storage
        && !data_dir.join(Embedded::FILE).exists()
    {
        let folder = data_dir.display();
        return Err(format!("DATA_DIR: there is nothing to verify in {folder}"));
    }
    let backend = backend::connect(config).await?;
    until_usable(&backend, PATIENCE).await?;
    let runtime = platform::runtime(&Arc::new(Tasks::new()));
    let ports = VerifyPorts {
        stock: Arc::clone(&backend.stock_survey),
        bookings: Arc::clone(&backend.booking_survey),
        clock: Arc::clone(&runtime.clock),
        timer: Arc::clone(&runtime.timer),
    };
    let checkpoints = app::checkpoints(&backend, &runtime);
    let mut verification = Verification::new(ports, config.recovery_grace);
    if options.repair {
        let repair = Repair::new(repair_ports(&backend, config, runtime));
        verification = verification.repairing(repair);
    }
    let done = async {
        let summary = verification.run(printer).await?;
        if options.repair {
            // Whatever could not be mended was told; the next start need not refuse for it.
            checkpoints.renew().await?;
        }
        Ok(summary)
    };
    done.await.map_err(|error: StoreError| chain(&error))
}

fn repair_ports(
    backend: &Backend,
    config: &Config,
    runtime: domain::runtime::Runtime,
) -> RepairPorts {
    let (stock, rows) = (Arc::clone(&backend.stock), Arc::clone(&backend.bookings));
    let recovery = Recovery::new(Arc::clone(&stock), rows, config.recovery_grace);
    RepairPorts {
        stock,
        survey: Arc::clone(&backend.stock_survey),
        correction: Arc::clone(&backend.stock_repair),
        bookings: Arc::clone(&backend.booking_survey),
        recovery: Arc::new(recovery),
        runtime,
    }
}
