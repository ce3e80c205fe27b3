//! One connection: start, password, statements.

use std::{collections::HashMap, io, pin::pin, time::Duration};

use bytes::{BufMut, BytesMut};
use pgwire::messages::{
    DecodeContext, PgWireBackendMessage as Reply, PgWireFrontendMessage as Message, SslNegotiationMetaMessage,
    data::{DataRow, NoData, ParameterDescription, RowDescription},
    extendedquery::{Bind, BindComplete, CloseComplete, Execute, Parse, ParseComplete},
    response::{
        CommandComplete, EmptyQueryResponse, ErrorResponse, GssEncResponse, ReadyForQuery, SslResponse,
        TransactionStatus,
    },
    startup::{Authentication, BackendKeyData, NegotiateProtocolVersion, ParameterStatus, SecretKey, Startup},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

use super::{
    Postgres,
    cancel::{Cancellations, Key},
    sqlstate,
    wire::{self, Format},
};
use crate::{
    auth::Access,
    call::Call,
    duckdb::Column,
    engine::{Ending, Parameters, Sink},
    faults::Fault,
    outcome::Failure,
    requests::{OpenEntry, Outcome},
};

/// Bytes of a reply that are gathered before they're sent.
const CHUNK: usize = 64 << 10;
/// Chunks that wait for a slow client; then the statement waits.
const CHUNKS_AHEAD: usize = 4;
/// Bytes of messages that may come while a statement runs.
const MAX_AHEAD: usize = 64 << 20;

/// What no client of Postgres reads.
const GARBAGE: &[u8] = b"<html>502 Bad Gateway</html>";

/// Whether the connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Continue,
    Close,
}

/// A statement with its values, waiting to be run.
#[derive(Debug)]
struct Portal {
    sql: String,
    parameters: Vec<Option<String>>,
    formats: Vec<Format>,
}

/// An error of one message: SQLSTATE and text. What follows it is skipped until the next Sync.
type Refusal = (&'static str, String);

pub(super) struct Session {
    shared: Postgres,
    stream: TcpStream,
    cancellations: Cancellations,
    key: Key,
    context: DecodeContext,
    inbox: BytesMut,
    outbox: BytesMut,
    access: Access,
    /// Within a transaction that only reads.
    only_reads: bool,
    /// By name. A client that speaks the extended protocol prepares here.
    statements: HashMap<String, String>,
    portals: HashMap<String, Portal>,
    /// After an error in the extended protocol: everything but Sync is skipped.
    skips: bool,
}

impl Session {
    pub(super) fn new(shared: Postgres, stream: TcpStream, cancellations: Cancellations) -> Self {
        let key = cancellations.new_key();
        Self {
            shared,
            stream,
            cancellations,
            key,
            context: DecodeContext::default(),
            inbox: BytesMut::new(),
            outbox: BytesMut::new(),
            access: Access::ReadOnly,
            only_reads: false,
            statements: HashMap::new(),
            portals: HashMap::new(),
            skips: false,
        }
    }

    /// Serves the connection until either side ends it.
    pub(super) async fn run(mut self) -> io::Result<()> {
        if self.start().await? == Next::Close {
            return self.flush().await;
        }
        loop {
            self.flush().await?;
            let Some(message) = self.next_message().await? else {
                return Ok(());
            };
            if self.handle(message).await? == Next::Close {
                return self.flush().await;
            }
        }
    }

    // ---- Messages ----------------------------------------------------------------------------------------------------

    /// The next message; `None` when the client has hung up.
    async fn next_message(&mut self) -> io::Result<Option<Message>> {
        loop {
            match Message::decode(&mut self.inbox, &self.context) {
                Ok(Some(message)) => return Ok(Some(message)),
                Ok(None) => {}
                Err(error) => {
                    self.fatal(sqlstate::PROTOCOL_VIOLATION, &error.to_string());
                    self.flush().await?;
                    return Ok(None);
                }
            }
            if self.stream.read_buf(&mut self.inbox).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn say(&mut self, reply: &Reply) {
        encode(reply, &mut self.outbox);
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.outbox).await?;
        self.outbox.clear();
        Ok(())
    }

    fn error(&mut self, state: &str, message: &str) {
        self.say(&error_reply("ERROR", state, message));
    }

    fn fatal(&mut self, state: &str, message: &str) {
        self.say(&error_reply("FATAL", state, message));
    }

    /// Always idle, as MotherDuck's gateway says: no transaction outlives a statement here.
    fn ready(&mut self) {
        self.say(&Reply::ReadyForQuery(ReadyForQuery::new(TransactionStatus::Idle)));
    }

    // ---- Start -------------------------------------------------------------------------------------------------------

    async fn start(&mut self) -> io::Result<Next> {
        let startup = loop {
            let Some(message) = self.next_message().await? else {
                return Ok(Next::Close);
            };
            match message {
                // This endpoint is plain TCP on the loopback interface.
                Message::SslNegotiation(SslNegotiationMetaMessage::PostgresSsl(_)) => {
                    self.say(&Reply::SslResponse(SslResponse::Refuse));
                }
                Message::SslNegotiation(SslNegotiationMetaMessage::PostgresGss(_)) => {
                    self.say(&Reply::GssEncResponse(GssEncResponse::Refuse));
                }
                Message::SslNegotiation(SslNegotiationMetaMessage::None) => self.context.awaiting_frontend_ssl = false,
                Message::CancelRequest(request) => {
                    if let Some(secret) = request.secret_key.as_i32() {
                        self.cancellations.cancel(Key { process: request.pid, secret });
                    }
                    return Ok(Next::Close);
                }
                Message::Startup(startup) => break startup,
                _ => return Ok(Next::Close),
            }
            self.flush().await?;
        };
        self.context.awaiting_frontend_startup = false;
        if startup.protocol_number_minor > 0 {
            self.say(&Reply::NegotiateProtocolVersion(NegotiateProtocolVersion::new(
                Startup::PROTOCOL_VERSION_3_0,
                Vec::new(),
            )));
        }
        self.authenticate(&startup).await
    }

    /// The password is the token; the user's name is of no matter.
    async fn authenticate(&mut self, startup: &Startup) -> io::Result<Next> {
        self.say(&Reply::Authentication(Authentication::CleartextPassword));
        self.flush().await?;
        let Some(Message::PasswordMessageFamily(message)) = self.next_message().await? else {
            return Ok(Next::Close);
        };
        let password = message.into_password().map(|message| message.password).unwrap_or_default();
        let Some(access) = self.shared.tokens.access(&password) else {
            self.fatal(sqlstate::INVALID_PASSWORD, "the password is not a token of this warehouse");
            return Ok(Next::Close);
        };
        self.access = access;
        let served = self.shared.engine.database_name();
        let database = startup.parameters.get("database").map_or("md:", String::as_str);
        let database = database.strip_prefix("md:").unwrap_or(database);
        if !database.is_empty() && database != served {
            let message = format!("database \"{database}\" does not exist: this warehouse has \"{served}\"");
            self.fatal(sqlstate::UNKNOWN_DATABASE, &message);
            return Ok(Next::Close);
        }
        self.say(&Reply::Authentication(Authentication::Ok));
        let version = format!("16.0 (DuckDB {})", crate::duckdb_version());
        for (name, value) in [
            ("server_version", version.as_str()),
            ("server_encoding", "UTF8"),
            ("client_encoding", "UTF8"),
            ("DateStyle", "ISO, YMD"),
            ("TimeZone", "UTC"),
            ("integer_datetimes", "on"),
            ("standard_conforming_strings", "on"),
        ] {
            self.say(&Reply::ParameterStatus(ParameterStatus::new(name.to_owned(), value.to_owned())));
        }
        let Key { process, secret } = self.key;
        self.say(&Reply::BackendKeyData(BackendKeyData::new(process, SecretKey::I32(secret))));
        self.ready();
        Ok(Next::Continue)
    }

    // ---- Statements --------------------------------------------------------------------------------------------------

    async fn handle(&mut self, message: Message) -> io::Result<Next> {
        let refused = match message {
            Message::Terminate(_) => return Ok(Next::Close),
            Message::Query(query) => {
                self.skips = false;
                let next = self.simple(query.query).await?;
                if next == Next::Continue {
                    self.ready();
                }
                return Ok(next);
            }
            Message::Sync(_) => {
                self.skips = false;
                self.ready();
                Ok(())
            }
            Message::Flush(_) => Ok(()),
            _ if self.skips => Ok(()),
            Message::Parse(message) => self.parse(message).await,
            Message::Bind(message) => self.bind(message),
            Message::Describe(message) => {
                self.describe(message.target_type == b'S', &message.name.unwrap_or_default()).await
            }
            Message::Execute(message) => match self.execute(message).await? {
                Ok(next) => return Ok(next),
                Err(refusal) => Err(refusal),
            },
            Message::Close(message) => {
                let name = message.name.unwrap_or_default();
                if message.target_type == b'S' {
                    self.statements.remove(&name);
                } else {
                    self.portals.remove(&name);
                }
                self.say(&Reply::CloseComplete(CloseComplete::new()));
                Ok(())
            }
            _ => {
                self.fatal(sqlstate::PROTOCOL_VIOLATION, "this message is not one that a client sends here");
                return Ok(Next::Close);
            }
        };
        if let Err((state, message)) = refused {
            self.skips = true;
            self.error(state, &message);
        }
        Ok(Next::Continue)
    }

    async fn simple(&mut self, sql: String) -> io::Result<Next> {
        if sql.trim_matches(|c: char| c.is_whitespace() || c == ';').is_empty() {
            self.say(&Reply::EmptyQueryResponse(EmptyQueryResponse::new()));
            return Ok(Next::Continue);
        }
        if let Some(only_reads) = self.read_only_transaction(&sql) {
            self.only_reads = only_reads;
            self.say(&Reply::CommandComplete(CommandComplete::new(
                if only_reads { "BEGIN" } else { "ROLLBACK" }.to_owned(),
            )));
            return Ok(Next::Continue);
        }
        self.answer(Portal { sql, parameters: Vec::new(), formats: Vec::new() }, true).await
    }

    /// Whether the statement begins (true) or ends (false) a transaction that only reads. It's the one kind of transaction that is here:
    /// its statements each see what is there then, and nothing of it is ever undone.
    fn read_only_transaction(&self, sql: &str) -> Option<bool> {
        let words: Vec<String> = sql.trim_end_matches(';').split_whitespace().map(str::to_ascii_uppercase).collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["BEGIN" | "START", "TRANSACTION", "READ", "ONLY"] if !self.only_reads => Some(true),
            ["ROLLBACK" | "COMMIT"] if self.only_reads => Some(false),
            _ => None,
        }
    }

    async fn parse(&mut self, message: Parse) -> Result<(), Refusal> {
        self.prepared(&message.query).await?;
        self.statements.insert(message.name.unwrap_or_default(), message.query);
        self.say(&Reply::ParseComplete(ParseComplete::new()));
        Ok(())
    }

    fn bind(&mut self, message: Bind) -> Result<(), Refusal> {
        let statement = message.statement_name.unwrap_or_default();
        let sql = self.statements.get(&statement).ok_or_else(|| unknown("statement", &statement))?.clone();
        // All parameters are text, whose binary form is the same.
        let text = |value: bytes::Bytes| String::from_utf8(value.to_vec());
        let parameters = message.parameters.into_iter().map(|value| value.map(text).transpose());
        let parameters: Result<Vec<_>, _> = parameters.collect();
        let not_text = |_| (sqlstate::NOT_SUPPORTED, "parameters are text: cast them, CAST($1 AS INTEGER)".to_owned());
        let format = |code: &i16| if *code == Format::Binary.code() { Format::Binary } else { Format::Text };
        let formats = message.result_column_format_codes.iter().map(format).collect();
        let portal = Portal { sql, parameters: parameters.map_err(not_text)?, formats };
        self.portals.insert(message.portal_name.unwrap_or_default(), portal);
        self.say(&Reply::BindComplete(BindComplete::new()));
        Ok(())
    }

    async fn describe(&mut self, is_statement: bool, name: &str) -> Result<(), Refusal> {
        let (sql, formats) = if is_statement {
            let sql = self.statements.get(name).ok_or_else(|| unknown("statement", name))?;
            (sql.clone(), Vec::new())
        } else {
            let portal = self.portals.get(name).ok_or_else(|| unknown("portal", name))?;
            (portal.sql.clone(), portal.formats.clone())
        };
        let (parameters, columns) = self.prepared(&sql).await?;
        if is_statement {
            self.say(&Reply::ParameterDescription(ParameterDescription::new(vec![wire::PARAMETER; parameters])));
        }
        if columns.is_empty() {
            self.say(&Reply::NoData(NoData::new()));
        } else {
            self.say(&row_description(&columns, &formats));
        }
        Ok(())
    }

    async fn execute(&mut self, message: Execute) -> io::Result<Result<Next, Refusal>> {
        let name = message.name.unwrap_or_default();
        let Some(portal) = self.portals.remove(&name) else {
            return Ok(Err(unknown("portal", &name)));
        };
        if message.max_rows > 0 {
            return Ok(Err((
                sqlstate::NOT_SUPPORTED,
                "a result comes as a whole: ask for no number of rows".to_owned(),
            )));
        }
        let (_, columns) = match self.prepared(&portal.sql).await {
            Ok(prepared) => prepared,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let unspellable =
            |(index, column): &(usize, &Column)| !wire::has(&column.data_type, format(&portal.formats, *index));
        if let Some((_, column)) = columns.iter().enumerate().find(unspellable) {
            let Column { name, data_type } = column;
            let message = format!("column \"{name}\" of type {data_type} has no binary form here: cast it to VARCHAR");
            return Ok(Err((sqlstate::NOT_SUPPORTED, message)));
        }
        self.answer(portal, false).await.map(Ok)
    }

    async fn prepared(&self, sql: &str) -> Result<(usize, Vec<Column>), Refusal> {
        match self.shared.engine.clone().describe(sql.to_owned()).await {
            Ok(description) => Ok((description.parameters, description.columns)),
            Err(failure) => Err((sqlstate::of(&failure), failure.error)),
        }
    }

    /// Runs a statement, unless a fault is in the way, and puts its reply into the outbox.
    async fn answer(&mut self, portal: Portal, is_simple: bool) -> io::Result<Next> {
        let call = Call::postgres(&portal.sql);
        let fault = self.shared.control.faults.strike(&call);
        let entry = self.shared.control.log.open(&call, fault.as_ref().map(Fault::name));
        self.flush().await?;
        match &fault {
            Some(Fault::FailBefore { error, error_type }) => {
                let failure = Failure { error: error.clone(), error_type: error_type.clone() };
                self.failed(&failure, is_simple);
                return Ok(Next::Continue);
            }
            Some(Fault::Status { status, .. }) => {
                let status = u16::from(*status);
                self.fatal(sqlstate::of_status(status), &format!("a fault that stands for HTTP {status}"));
                return Ok(Next::Close);
            }
            Some(Fault::Stall { ms }) if self.stall(*ms).await? == Next::Close => return Ok(Next::Close),
            _ => {}
        }
        let holds_back = matches!(
            fault,
            Some(
                Fault::DropReply {}
                    | Fault::Garbage {}
                    | Fault::Truncate {}
                    | Fault::StatusAfter { .. }
                    | Fault::StallAfter { .. }
            )
        );
        if self.carry_out(portal, is_simple, holds_back, &entry).await? == Next::Close {
            return Ok(Next::Close);
        }
        drop(entry);
        match fault {
            Some(Fault::DropReply {}) => {
                self.outbox.clear();
                Ok(Next::Close)
            }
            Some(Fault::Garbage {}) => {
                self.outbox.clear();
                self.outbox.put_slice(GARBAGE);
                Ok(Next::Close)
            }
            Some(Fault::Truncate {}) => {
                self.outbox.truncate(self.outbox.len() / 2);
                Ok(Next::Close)
            }
            Some(Fault::StatusAfter { status, .. }) => {
                self.outbox.clear();
                self.fatal("XX000", &format!("a fault that stands for HTTP {}", u16::from(status)));
                Ok(Next::Close)
            }
            Some(Fault::StallAfter { ms }) => self.stall(ms).await,
            _ => Ok(Next::Continue),
        }
    }

    /// Runs a statement to its end. `Close` if the client has hung up meanwhile, which stops it.
    async fn carry_out(
        &mut self,
        portal: Portal,
        is_simple: bool,
        holds_back: bool,
        entry: &OpenEntry,
    ) -> io::Result<Next> {
        let departure = CancellationToken::new();
        // Stops the statement also if this future is dropped.
        let _guard = departure.clone().drop_guard();
        self.cancellations.started(self.key, departure.clone());
        let (chunks, mut arriving) = mpsc::channel(CHUNKS_AHEAD);
        let sink = Reporter { chunks, formats: portal.formats, describes: is_simple, rows: 0 };
        let parameters = Parameters(portal.parameters);
        let engine = self.shared.engine.clone();
        let access = if self.only_reads { Access::ReadOnly } else { self.access };
        let mut running = pin!(engine.run(portal.sql, parameters, access, departure.clone(), sink));
        let mut is_gone = false;
        let ending = loop {
            tokio::select! {
                ending = &mut running => break ending,
                Some(chunk) = arriving.recv(), if !is_gone => {
                    self.outbox.unsplit(chunk);
                    if !holds_back && self.outbox.len() >= CHUNK {
                        is_gone = self.flush().await.is_err();
                    }
                }
                read = self.stream.read_buf(&mut self.inbox), if !is_gone && self.inbox.len() < MAX_AHEAD => {
                    is_gone = matches!(read, Ok(0) | Err(_));
                }
            }
            if is_gone {
                departure.cancel();
                arriving.close();
            }
        };
        self.cancellations.ended(self.key);
        while let Ok(chunk) = arriving.try_recv() {
            self.outbox.unsplit(chunk);
        }
        match ending {
            Ending::Done(reporter) => {
                entry.close(if is_gone { Outcome::Cancelled } else { Outcome::Ok });
                // Every statement gives a result set, so every one ends as a query does.
                self.say(&Reply::CommandComplete(CommandComplete::new(format!("SELECT {}", reporter.rows))));
            }
            Ending::Failed(failure) => {
                entry.close(Outcome::Error);
                self.failed(&failure, is_simple);
            }
            Ending::TimedOut(failure) => {
                entry.close(Outcome::Timeout);
                self.failed(&failure, is_simple);
            }
            Ending::Cancelled => {
                entry.close(Outcome::Cancelled);
                self.skips = !is_simple;
                self.error(sqlstate::QUERY_CANCELED, "canceling statement due to user request");
            }
        }
        Ok(if is_gone { Next::Close } else { Next::Continue })
    }

    fn failed(&mut self, failure: &Failure, is_simple: bool) {
        self.skips = !is_simple;
        self.error(sqlstate::of(failure), &failure.error);
    }

    /// Waits, for ever without `ms`. `Close` when the client hangs up meanwhile.
    async fn stall(&mut self, ms: Option<u64>) -> io::Result<Next> {
        let wait = async {
            match ms {
                Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                None => std::future::pending().await,
            }
        };
        let mut wait = pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => return Ok(Next::Continue),
                read = self.stream.read_buf(&mut self.inbox) => if read? == 0 {
                    self.outbox.clear();
                    return Ok(Next::Close);
                },
            }
        }
    }
}

/// Encodes the result where it's made.
struct Reporter {
    chunks: mpsc::Sender<BytesMut>,
    formats: Vec<Format>,
    /// Whether the columns are described before the rows.
    describes: bool,
    rows: u64,
}

impl Sink for Reporter {
    fn columns(&mut self, columns: &[Column]) {
        if self.describes {
            let mut chunk = BytesMut::new();
            encode(&row_description(columns, &self.formats), &mut chunk);
            // If nobody listens any more, the rows say so.
            let _ = self.chunks.blocking_send(chunk);
        }
    }

    fn rows(&mut self, columns: &[Column], rows: Vec<Value>) -> bool {
        let mut chunk = BytesMut::new();
        for row in &rows {
            let mut data = BytesMut::new();
            let cells = row.as_array().map(Vec::as_slice).unwrap_or_default();
            for (index, (column, cell)) in columns.iter().zip(cells).enumerate() {
                match wire::bytes(cell, &column.data_type, format(&self.formats, index)) {
                    Some(bytes) => {
                        data.put_i32(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
                        data.put_slice(&bytes);
                    }
                    None => data.put_i32(-1),
                }
            }
            encode(&Reply::DataRow(DataRow::new(data, i16::try_from(cells.len()).unwrap_or(i16::MAX))), &mut chunk);
        }
        self.rows += rows.len() as u64;
        self.chunks.blocking_send(chunk).is_ok()
    }
}

/// One format is that of all columns; none is text.
fn format(formats: &[Format], column: usize) -> Format {
    match formats {
        [] => Format::Text,
        [all] => *all,
        each => each.get(column).copied().unwrap_or(Format::Text),
    }
}

fn row_description(columns: &[Column], formats: &[Format]) -> Reply {
    let field = |(index, column): (usize, &Column)| wire::field(column, format(formats, index));
    Reply::RowDescription(RowDescription::new(columns.iter().enumerate().map(field).collect()))
}

fn error_reply(severity: &str, state: &str, message: &str) -> Reply {
    let fields = [(b'S', severity), (b'V', severity), (b'C', state), (b'M', message)];
    Reply::ErrorResponse(ErrorResponse::new(fields.map(|(name, value)| (name, value.to_owned())).to_vec()))
}

fn encode(reply: &Reply, buffer: &mut BytesMut) {
    if let Err(error) = reply.encode(buffer) {
        // Only a message that is larger than the protocol allows.
        tracing::error!(%error, "a message could not be encoded");
    }
}

fn unknown(what: &str, name: &str) -> Refusal {
    ("26000", format!("there is no prepared {what} \"{name}\""))
}
