//! The Postgres protocol over loopback.

use std::{io, time::Duration};

use living_postgres::{Address, Network};
use living_warehouse::{PostgresEndpoint, PostgresWarehouse};
use local_warehouse::LocalWarehouse;
use tokio::net::TcpStream;

/// Durations from this on are limits of patience, not waits between tries.
const LIMITS: Duration = Duration::from_secs(15);

/// TCP.
#[derive(Debug, Clone, Copy)]
pub struct TcpNetwork {
    /// What limits of time are shortened to.
    pub patience: Duration,
}

impl Network for TcpNetwork {
    type Stream = TcpStream;

    async fn connect(&self, address: &Address) -> io::Result<TcpStream> {
        TcpStream::connect((address.host.as_str(), address.port)).await
    }

    async fn start_tls(&self, _: TcpStream, _: &Address) -> io::Result<TcpStream> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Waits are counted, not waited.
    async fn sleep(&self, duration: Duration) {
        let shortened = if duration >= LIMITS { self.patience } else { Duration::from_millis(20) };
        tokio::time::sleep(duration.min(shortened)).await;
    }

    fn random(&self) -> u64 {
        std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), 0)
    }
}

/// A client of a local warehouse, as the Workers have it.
#[must_use]
pub fn postgres_client(server: &LocalWarehouse, token: &str, patience: Duration) -> PostgresWarehouse<TcpNetwork> {
    let address = server.postgres_address();
    let endpoint = PostgresEndpoint {
        address: Address { host: address.ip().to_string(), port: address.port() },
        token: token.to_owned(),
        database: Some(local_warehouse::DEFAULT_DATABASE_NAME.to_owned()),
    };
    PostgresWarehouse::new(endpoint, TcpNetwork { patience })
}
