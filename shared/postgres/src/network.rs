//! The port to the network: TCP, TLS, time and chance.

use std::{io, str::FromStr, time::Duration};

use futures_util::future::{Either, select};
use tokio::io::{AsyncRead, AsyncWrite};

/// How connections are opened and time passes.
///
/// Futures are not `Send`: a Worker has one thread.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait Network {
    /// A stream that is closed when it's dropped.
    type Stream: AsyncRead + AsyncWrite + Unpin;

    /// Opens a connection that may be upgraded to TLS.
    ///
    /// # Errors
    /// Why there is none.
    async fn connect(&self, address: &Address) -> io::Result<Self::Stream>;

    /// Goes on with TLS, and makes sure that the server is the one of the address.
    ///
    /// # Errors
    /// If TLS can't be agreed on.
    async fn start_tls(&self, stream: Self::Stream, address: &Address) -> io::Result<Self::Stream>;

    async fn sleep(&self, duration: Duration);

    /// A random number, for the waits between tries.
    fn random(&self) -> u64;
}

/// What a future gives, or `None` if it takes longer; then it's dropped.
pub async fn within<T>(network: &impl Network, duration: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(Box::pin(future), Box::pin(network.sleep(duration))).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

impl Address {
    /// Whether the connection is encrypted: always, but for a server on this machine. No setting turns it off.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        !matches!(self.host.as_str(), "127.0.0.1" | "::1" | "localhost")
    }
}

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it has to be host:port")]
pub struct InvalidAddress;

impl FromStr for Address {
    type Err = InvalidAddress;

    /// From `host:port`, with an IPv6 address in brackets.
    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let (host, port) = text.rsplit_once(':').ok_or(InvalidAddress)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host);
        let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c));
        if !is_host || (bare.is_none() && host.contains(':')) {
            return Err(InvalidAddress);
        }
        Ok(Self { host: host.to_owned(), port: port.parse().map_err(|_| InvalidAddress)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        let address: Address = "pg.us-east-1-aws.motherduck.com:5432".parse().unwrap();
        assert_eq!((address.host.as_str(), address.port), ("pg.us-east-1-aws.motherduck.com", 5432));
        assert_eq!("[::1]:5".parse::<Address>().unwrap().host, "::1");
        for wrong in ["", "host", ":5432", "host:", "host:99999", "a b:1", "u@h:1", "postgres://h:1", "::1:5"] {
            assert_eq!(wrong.parse::<Address>(), Err(InvalidAddress), "{wrong}");
        }
    }

    #[test]
    fn only_a_server_on_this_machine_is_spoken_to_in_clear() {
        for (address, is_encrypted) in [
            ("127.0.0.1:1", false),
            ("localhost:1", false),
            ("[::1]:1", false),
            ("localhost.example:1", true),
            ("10.0.0.1:1", true),
        ] {
            assert_eq!(address.parse::<Address>().unwrap().is_encrypted(), is_encrypted, "{address}");
        }
    }
}
