//! The cron: what loads left that didn't commit, and what is no longer kept.

use living_core::{
    landing::load::{settle_superseded, sweep},
    retention::{Retention, forget},
};
use living_kit::{Host, log};
use living_warehouse::{Error, Warehouse};

/// Sweeps, settles and forgets. It may run at any time, and any number of times.
///
/// # Errors
/// The first error of the warehouse. What was done is done; the next run does the rest.
pub(crate) async fn run(warehouse: &impl Warehouse, host: &impl Host, retention: Retention) -> Result<(), Error> {
    let mut swept = 0;
    for statement in sweep(host.now()) {
        swept += warehouse.run(&statement).await?.number()?;
    }
    let mut settled = 0;
    for statement in settle_superseded() {
        settled += warehouse.run(&statement).await?.number()?;
    }
    let mut forgotten = 0;
    for statement in forget(retention) {
        forgotten += warehouse.run(&statement).await?.number()?;
    }
    log::info("housekeeping")
        .with("rows_swept", swept)
        .with("rows_settled", settled)
        .with("rows_forgotten", forgotten)
        .write();
    Ok(())
}
