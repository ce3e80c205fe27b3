//! The running warehouse: listening, accepting, stopping.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, server::graceful::GracefulShutdown, service::TowerToHyperService};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    auth::Tokens,
    config::Config,
    engine::Engine,
    error::{StartError, StopError},
    http::{ConnectionCut, Control, Routes},
    listener::{listen, next_connection},
    postgres::Postgres,
};

/// Time for replies that are on their way when the warehouse stops. Statements are interrupted at once, so only slow
/// readers and stalls wait this long.
const GRACE: Duration = Duration::from_secs(2);

/// A running warehouse. Stops when [`stop`](Self::stop) is called or when it's dropped; only the former waits.
#[derive(Debug)]
pub struct LocalWarehouse {
    url: String,
    postgres_address: SocketAddr,
    tokens: Tokens,
    engine: Arc<Engine>,
    accepting: JoinHandle<()>,
    accepting_postgres: JoinHandle<()>,
    shutdown: CancellationToken,
    _stop_on_drop: DropGuard,
}

impl LocalWarehouse {
    /// Opens the database and listens. Ready for requests when this returns. Needs a Tokio runtime, which serves the
    /// requests from then on.
    ///
    /// # Errors
    /// When the database, the extension or the port can't be had; see [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let shutdown = CancellationToken::new();
        let (listener, address) = listen(config.port).await?;
        let (postgres_listener, postgres_address) = listen(config.postgres_port).await?;
        let control = Control::default();
        let engine = Arc::new(Engine::open(&config, shutdown.clone())?);
        let routes = Routes {
            engine: engine.clone(),
            tokens: config.tokens.clone(),
            reply_style: config.reply_style,
            control: control.clone(),
            shutdown: shutdown.clone(),
        };
        let postgres =
            Postgres { engine: engine.clone(), tokens: config.tokens.clone(), control, shutdown: shutdown.clone() };
        let accepting_postgres = tokio::spawn(postgres.serve(postgres_listener));
        let accepting = tokio::spawn(accept(listener, routes.into_router(), shutdown.clone()));
        Ok(Self {
            url: format!("http://{address}/mcp"),
            tokens: config.tokens,
            postgres_address,
            engine,
            accepting,
            accepting_postgres,
            _stop_on_drop: shutdown.clone().drop_guard(),
            shutdown,
        })
    }

    /// The MCP endpoint, such as `http://127.0.0.1:4711/mcp`. The control API is beside it: `/faults`, `/requests`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it speaks the Postgres protocol, without TLS. The password is the token.
    #[must_use]
    pub fn postgres_address(&self) -> SocketAddr {
        self.postgres_address
    }

    /// The tokens that it accepts.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Takes no more requests, cancels what runs, and writes all data into the one database file.
    ///
    /// # Errors
    /// When that last write fails.
    pub async fn stop(self) -> Result<(), StopError> {
        self.shutdown.cancel();
        for accepting in [self.accepting, self.accepting_postgres] {
            if let Err(error) = accepting.await {
                tracing::error!(%error, "the accept loop ended badly");
            }
        }
        self.engine.close().await.map_err(|error| StopError(error.message))
    }
}

async fn accept(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let graceful = GracefulShutdown::new();
    let cut_all = CancellationToken::new();
    while let Some(stream) = next_connection(&listener, &shutdown).await {
        let cut = cut_all.child_token();
        let service = TowerToHyperService::new(router.clone().layer(Extension(ConnectionCut(cut.clone()))));
        let connection = graceful.watch(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            tokio::select! {
                result = connection => if let Err(error) = result {
                    tracing::debug!(%error, "a connection ended early");
                },
                // Dropping the connection closes the socket, whatever was on its way.
                () = cut.cancelled() => {}
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("cut connections that were still open {} seconds after the stop", GRACE.as_secs());
        cut_all.cancel();
    }
}
