//! One connection: start, statements, replies.

use std::{fmt, io};

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use futures_util::FutureExt;
use postgres_protocol::{
    Oid,
    authentication::{
        md5_hash,
        sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256},
    },
    message::{
        backend::{DataRowBody, ErrorFields, Header, Message, RowDescriptionBody},
        frontend,
    },
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{Address, ConnectError, Network, QueryError, ServerError};

/// Largest message that is read: no value that a Worker can hold is larger.
const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// Who connects to what.
#[derive(Clone)]
pub struct Credentials {
    pub user: String,
    pub password: String,
    pub database: String,
}

/// Without the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// A column of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    /// Its type, as `pg_type` numbers them.
    pub oid: Oid,
    /// What the type is made more exact by; -1 for nothing.
    pub modifier: i32,
}

/// What a statement gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// Empty for a statement that gives no rows.
    pub fields: Vec<Field>,
    /// Values as the server spells them; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// What was done, such as `INSERT 0 1`.
    pub tag: String,
    /// There are more rows than these. The connection is over: what wasn't read would stand in the way.
    pub truncated: bool,
}

/// How much of a result is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub rows: usize,
    /// Of all values and rows together, with what each takes in memory besides its text.
    pub bytes: usize,
}

/// What a value takes besides its text: a `String` and its place in a row, rounded up.
const BYTES_PER_VALUE: usize = 32;

/// A connection that has been agreed on.
#[derive(Debug)]
pub struct Connection<S> {
    stream: S,
    unread: BytesMut,
    /// Nothing more can be run on it.
    is_over: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Opens a connection, with TLS unless the server is on this machine, and sets `settings` for it.
    ///
    /// # Errors
    /// Why there is none. `Refused` if the server says so, as for a wrong password.
    pub async fn open<N: Network<Stream = S>>(
        network: &N,
        address: &Address,
        credentials: &Credentials,
        settings: &[(&str, &str)],
    ) -> Result<Self, ConnectError> {
        let mut stream = network.connect(address).await?;
        if address.is_encrypted() {
            request_tls(&mut stream).await?;
            stream = network.start_tls(stream, address).await?;
        }
        let mut connection = Self { stream, unread: BytesMut::new(), is_over: false };
        connection.start(credentials, settings).await?;
        Ok(connection)
    }

    async fn start(&mut self, credentials: &Credentials, settings: &[(&str, &str)]) -> Result<(), ConnectError> {
        let mut message = BytesMut::new();
        let who = [
            ("user", credentials.user.as_str()),
            ("database", credentials.database.as_str()),
            ("client_encoding", "UTF8"),
        ];
        frontend::startup_message(who.into_iter().chain(settings.iter().copied()), &mut message)?;
        self.write(&message).await?;
        loop {
            match self.next().await? {
                Message::AuthenticationOk => break,
                Message::AuthenticationCleartextPassword => self.send_password(credentials.password.as_bytes()).await?,
                Message::AuthenticationMd5Password(body) => {
                    let (user, password) = (credentials.user.as_bytes(), credentials.password.as_bytes());
                    self.send_password(md5_hash(user, password, body.salt()).as_bytes()).await?;
                }
                Message::AuthenticationSasl(body) => {
                    let offered: Vec<String> = body.mechanisms().map(|name| Ok(name.to_owned())).collect()?;
                    if !offered.iter().any(|name| name == SCRAM_SHA_256) {
                        return Err(unexpected("it asks for a way of authentication that this client doesn't know"));
                    }
                    self.authenticate_by_scram(&credentials.password).await?;
                }
                Message::ErrorResponse(body) => return Err(ConnectError::Refused(server_error(body.fields())?)),
                Message::NoticeResponse(_) => {}
                _ => return Err(unexpected("it asks for a way of authentication that this client doesn't know")),
            }
        }
        loop {
            match self.next().await? {
                Message::ReadyForQuery(_) => return Ok(()),
                Message::ErrorResponse(body) => return Err(ConnectError::Refused(server_error(body.fields())?)),
                Message::ParameterStatus(_) | Message::BackendKeyData(_) | Message::NoticeResponse(_) => {}
                _ => return Err(unexpected("it sent a message out of turn")),
            }
        }
    }

    async fn send_password(&mut self, password: &[u8]) -> io::Result<()> {
        let mut message = BytesMut::new();
        frontend::password_message(password, &mut message)?;
        self.write(&message).await
    }

    /// SCRAM (RFC 5802), without a binding to the TLS channel, which a Worker can't see.
    async fn authenticate_by_scram(&mut self, password: &str) -> Result<(), ConnectError> {
        let mut scram = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
        let mut message = BytesMut::new();
        frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), &mut message)?;
        self.write(&message).await?;
        loop {
            match self.next().await? {
                Message::AuthenticationSaslContinue(body) => {
                    scram.update(body.data())?;
                    let mut message = BytesMut::new();
                    frontend::sasl_response(scram.message(), &mut message)?;
                    self.write(&message).await?;
                }
                Message::AuthenticationSaslFinal(body) => {
                    scram.finish(body.data())?;
                    return Ok(());
                }
                Message::ErrorResponse(body) => return Err(ConnectError::Refused(server_error(body.fields())?)),
                Message::NoticeResponse(_) => {}
                _ => return Err(unexpected("it sent a message out of turn")),
            }
        }
    }

    /// Runs statements, each in a message of its own, all sent at once, and gives the outcome of each. One that fails doesn't keep those
    /// behind it from running.
    ///
    /// # Errors
    /// `Lost` if the replies didn't come whole: nobody knows which statements ran. The connection is over then, as it is after a reply
    /// that is `truncated` or an error that is fatal.
    pub async fn run(
        &mut self,
        statements: &[&str],
        limits: Limits,
    ) -> Result<Vec<Result<Reply, ServerError>>, QueryError> {
        // Until the replies have come: also if this future is dropped.
        self.is_over = true;
        let mut message = BytesMut::new();
        for statement in statements {
            frontend::query(statement, &mut message)?;
        }
        self.write(&message).await?;
        let mut outcomes = Vec::new();
        for _ in statements {
            let outcome = self.reply(limits).await?;
            let is_last = match &outcome {
                Ok(reply) => reply.truncated,
                Err(error) => error.is_fatal,
            };
            outcomes.push(outcome);
            if is_last {
                return Ok(outcomes);
            }
        }
        self.is_over = false;
        Ok(outcomes)
    }

    /// Whether statements can be run: nothing went wrong on it, and the server hasn't hung up, as far as is known here.
    pub fn is_usable(&mut self) -> bool {
        // A server says nothing unasked but that it ends the connection, or a notice that nobody waits for.
        !self.is_over && self.unread.is_empty() && self.stream.read_buf(&mut self.unread).now_or_never().is_none()
    }

    /// The reply to one statement, to the message that the server is ready for another.
    async fn reply(&mut self, limits: Limits) -> Result<Result<Reply, ServerError>, QueryError> {
        let mut reply = Reply::default();
        let mut bytes = 0;
        let mut error = None;
        loop {
            match self.next().await? {
                Message::RowDescription(body) => reply.fields = read_fields(&body)?,
                Message::DataRow(body) => {
                    let row = read_row(&body)?;
                    bytes +=
                        row.iter().map(|value| BYTES_PER_VALUE + value.as_ref().map_or(0, String::len)).sum::<usize>();
                    if reply.rows.len() == limits.rows || bytes > limits.bytes {
                        reply.truncated = true;
                        return Ok(Ok(reply));
                    }
                    reply.rows.push(row);
                }
                Message::CommandComplete(body) => body.tag()?.clone_into(&mut reply.tag),
                Message::ErrorResponse(body) => {
                    let refused = server_error(body.fields())?;
                    if refused.is_fatal {
                        return Ok(Err(refused));
                    }
                    error = Some(refused);
                }
                Message::ReadyForQuery(_) => return Ok(error.map_or(Ok(reply), Err)),
                Message::EmptyQueryResponse
                | Message::NoticeResponse(_)
                | Message::ParameterStatus(_)
                | Message::NotificationResponse(_) => {}
                _ => return Err(QueryError::Lost("the server sent a message out of turn".to_owned())),
            }
        }
    }

    async fn write(&mut self, message: &[u8]) -> io::Result<()> {
        self.stream.write_all(message).await?;
        self.stream.flush().await
    }

    async fn next(&mut self) -> io::Result<Message> {
        loop {
            if let Some(header) = Header::parse(&self.unread)?
                && usize::try_from(header.len()).map_or(true, |length| length > MAX_MESSAGE_BYTES)
            {
                return Err(io::Error::other("what came is too large, or no message"));
            }
            if let Some(message) = Message::parse(&mut self.unread)? {
                return Ok(message);
            }
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// Asks for TLS, and refuses to go on without it.
async fn request_tls<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> Result<(), ConnectError> {
    let mut message = BytesMut::new();
    frontend::ssl_request(&mut message);
    stream.write_all(&message).await?;
    stream.flush().await?;
    // One byte: what follows it, if anything, would not be encrypted, and nobody reads it.
    match stream.read_u8().await? {
        b'S' => Ok(()),
        _ => Err(unexpected("it doesn't speak TLS")),
    }
}

fn unexpected(what: &str) -> ConnectError {
    ConnectError::Unreachable(format!("the server is not one that this client can speak to: {what}"))
}

fn read_fields(body: &RowDescriptionBody) -> io::Result<Vec<Field>> {
    let field = |field: postgres_protocol::message::backend::Field<'_>| {
        Ok(Field { name: field.name().to_owned(), oid: field.type_oid(), modifier: field.type_modifier() })
    };
    body.fields().map(field).collect()
}

fn read_row(body: &DataRowBody) -> io::Result<Vec<Option<String>>> {
    let value = |range: Option<std::ops::Range<usize>>| {
        let bytes = range.map(|range| body.buffer().get(range).unwrap_or_default());
        Ok(bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
    };
    body.ranges().map(value).collect()
}

fn server_error(fields: ErrorFields<'_>) -> io::Result<ServerError> {
    let mut error = ServerError { code: String::new(), message: String::new(), position: None, is_fatal: false };
    fields.for_each(|field| {
        let text = String::from_utf8_lossy(field.value_bytes());
        match field.type_() {
            b'C' => error.code = text.into_owned(),
            b'M' => error.message = text.into_owned(),
            b'P' => error.position = text.parse().ok(),
            // The severity, in the server's language and in English.
            b'S' | b'V' => error.is_fatal |= matches!(&*text, "FATAL" | "PANIC"),
            _ => {}
        }
        Ok(())
    })?;
    Ok(error)
}
