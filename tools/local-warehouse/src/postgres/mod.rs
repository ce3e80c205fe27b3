//! The second way in: the Postgres wire protocol, as MotherDuck's Postgres endpoint speaks it.
//!
//! The messages are those of the crate `pgwire`; the loop around them is ours, as for HTTP, because a fault has to cut one connection in
//! the middle of a reply, and a statement whose client hangs up has to stop.

mod cancel;
mod session;
mod sqlstate;
mod wire;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{auth::Tokens, engine::Engine, http::Control, listener::next_connection};

use cancel::Cancellations;
use session::Session;

/// What the connections share.
#[derive(Debug, Clone)]
pub(crate) struct Postgres {
    pub(crate) engine: Arc<Engine>,
    pub(crate) tokens: Tokens,
    pub(crate) control: Control,
    pub(crate) shutdown: CancellationToken,
}

impl Postgres {
    /// Serves connections until the shutdown, and waits for those that are open then: they end by themselves, at once.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let cancellations = Cancellations::default();
        let open = TaskTracker::new();
        while let Some(stream) = next_connection(&listener, &self.shutdown).await {
            let session = Session::new(self.clone(), stream, cancellations.clone());
            let shutdown = self.shutdown.clone();
            open.spawn(async move {
                tokio::select! {
                    result = session.run() => if let Err(error) = result {
                        tracing::debug!(%error, "a connection ended early");
                    },
                    // Statements that run are interrupted by the engine itself.
                    () = shutdown.cancelled() => {}
                }
            });
        }
        open.close();
        open.wait().await;
    }
}
