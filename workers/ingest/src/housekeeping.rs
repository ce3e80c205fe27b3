//! The cron: what loads left that didn't commit.

use living_core::landing::load::{settle_superseded, sweep};
use living_kit::{Host, log};
use living_warehouse::{Error, Warehouse};

/// Sweeps and settles. It may run at any time, and any number of times.
///
/// # Errors
/// The first error of the warehouse. What was done is done; the next run does the rest.
pub(crate) async fn run(warehouse: &impl Warehouse, host: &impl Host) -> Result<(), Error> {
    let mut swept = 0;
    for statement in sweep(host.now()) {
        swept += warehouse.run(&statement).await?.number()?;
    }
    let mut settled = 0;
    for statement in settle_superseded() {
        settled += warehouse.run(&statement).await?.number()?;
    }
    log::info("housekeeping").with("rows_swept", swept).with("rows_settled", settled).write();
    Ok(())
}
