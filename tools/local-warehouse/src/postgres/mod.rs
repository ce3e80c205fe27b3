//! The second way in: the Postgres wire protocol, as MotherDuck's Postgres endpoint speaks it.
//!
//! The messages are those of the crate `pgwire`; the loop around them is ours, as for HTTP, because a fault has to cut one connection in
//! the middle of a reply, and a statement whose client hangs up has to stop.

mod cancel;
mod session;
mod sqlstate;
mod wire;

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{auth::Tokens, engine::Engine, http::Control};

use cancel::Cancellations;
use session::Session;

/// Pause after a failed `accept`, as for HTTP.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

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
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::warn!(%error, "could not accept a connection");
                        tokio::time::sleep(ACCEPT_RETRY).await;
                        continue;
                    }
                },
                () = self.shutdown.cancelled() => break,
            };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "could not set TCP_NODELAY");
            }
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
