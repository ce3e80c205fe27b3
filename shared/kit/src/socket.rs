//! The network of the Postgres clients: the Worker's own sockets.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use living_postgres::{Address, Network};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use worker::{Delay, SecureTransport, Socket};

use crate::{Host, WorkerHost};

/// Connects with `connect()`, waits with `setTimeout`.
#[derive(Debug, Clone, Copy)]
pub struct SocketNetwork;

impl Network for SocketNetwork {
    type Stream = SocketStream;

    async fn connect(&self, address: &Address) -> io::Result<SocketStream> {
        let security = if address.is_encrypted() { SecureTransport::StartTls } else { SecureTransport::Off };
        let socket = Socket::builder().secure_transport(security).connect(&address.host, address.port);
        let stream = SocketStream(Some(socket.map_err(io::Error::other)?));
        stream.opened().await?;
        Ok(stream)
    }

    /// The platform checks the server's certificate against the host that was connected to.
    async fn start_tls(&self, mut stream: SocketStream, _: &Address) -> io::Result<SocketStream> {
        let socket = stream.0.take().ok_or(io::ErrorKind::NotConnected)?;
        let stream = SocketStream(Some(socket.start_tls()));
        stream.opened().await?;
        Ok(stream)
    }

    async fn sleep(&self, duration: Duration) {
        Delay::from(duration).await;
    }

    fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        WorkerHost.fill_random(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// A socket that is closed when it's dropped. The platform's own stays open until the event ends, and what runs for it on.
#[derive(Debug)]
pub struct SocketStream(Option<Socket>);

impl SocketStream {
    async fn opened(&self) -> io::Result<()> {
        let socket = self.0.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        socket.opened().await.map(drop).map_err(io::Error::other)
    }

    fn socket(self: Pin<&mut Self>) -> io::Result<Pin<&mut Socket>> {
        self.get_mut().0.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for SocketStream {
    fn drop(&mut self) {
        if let Some(mut socket) = self.0.take() {
            // How the closing went is of no matter any more.
            worker::wasm_bindgen_futures::spawn_local(async move {
                let _ = socket.close().await;
            });
        }
    }
}

impl AsyncRead for SocketStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.socket() {
            Ok(socket) => socket.poll_read(context, buffer),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl AsyncWrite for SocketStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.socket() {
            Ok(socket) => socket.poll_write(context, bytes),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.socket() {
            Ok(socket) => socket.poll_flush(context),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.socket() {
            Ok(socket) => socket.poll_shutdown(context),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}
