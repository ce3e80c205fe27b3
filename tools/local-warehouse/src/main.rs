//! The `local-warehouse` command.

use std::{
    io::{self, Read, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, ValueEnum};
use local_warehouse::{
    Config, DEFAULT_DATABASE_NAME, DEFAULT_MEMORY_LIMIT, InvalidToken, Limits, LocalWarehouse, MAX_CHARACTERS,
    MAX_ROWS, MAX_STATEMENT_TIME, R2, ReplyStyle, Storage, Token, Tokens, duckdb_version,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Real DuckDB behind the surface of MotherDuck's remote MCP server.
///
/// Prints one line of JSON with its URL when it's ready, and stops cleanly on SIGTERM and SIGINT.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// DuckDB file, made when it isn't there, or `:memory:`.
    #[arg(long, default_value = ":memory:")]
    db: PathBuf,

    /// Name of the database in tools and SQL.
    #[arg(long, default_value = DEFAULT_DATABASE_NAME)]
    database_name: String,

    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Port of the Postgres protocol on 127.0.0.1, without TLS; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    postgres_port: u16,

    /// Token that may read and write.
    #[arg(long, env = "LOCAL_WAREHOUSE_TOKEN", hide_env_values = true, value_parser = parse_token)]
    token: Token,

    /// Token that may only read.
    #[arg(long, env = "LOCAL_WAREHOUSE_READ_ONLY_TOKEN", hide_env_values = true, value_parser = parse_token)]
    read_only_token: Option<Token>,

    /// How tool calls are answered.
    #[arg(long, value_enum, default_value_t = ReplyStyleOption::StatefulSse)]
    reply_style: ReplyStyleOption,

    /// The httpfs extension's file, for `r2://`.
    #[arg(long)]
    httpfs: Option<PathBuf>,

    /// `host:port` of the S3-style server behind `r2://`.
    #[arg(long, requires = "httpfs")]
    r2_endpoint: Option<String>,

    /// Access key id for it.
    #[arg(long, default_value = "local")]
    r2_key_id: String,

    /// Secret access key for it.
    #[arg(long, env = "LOCAL_WAREHOUSE_R2_SECRET", hide_env_values = true, default_value = "local")]
    r2_secret: String,

    /// DuckDB's threads; one per core when absent.
    #[arg(long)]
    threads: Option<u16>,

    /// DuckDB's memory limit.
    #[arg(long, default_value = DEFAULT_MEMORY_LIMIT)]
    memory_limit: String,

    /// Rows of a result at most.
    #[arg(long, default_value_t = MAX_ROWS)]
    max_rows: usize,

    /// Characters of a result at most.
    #[arg(long, default_value_t = MAX_CHARACTERS)]
    max_characters: usize,

    /// Milliseconds after which a statement is cancelled.
    #[arg(long, default_value_t = u64::try_from(MAX_STATEMENT_TIME.as_millis()).unwrap_or(u64::MAX))]
    max_statement_ms: u64,

    /// Allow several statements in one call.
    #[arg(long)]
    allow_multiple_statements: bool,

    /// Stop when standard input closes, as it does when the parent process ends.
    #[arg(long)]
    exit_with_parent: bool,

    /// Least severe messages that are logged, on standard error.
    #[arg(long, default_value = "warn")]
    log_level: tracing::Level,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReplyStyleOption {
    /// Sessions, and replies as event streams.
    StatefulSse,
    /// No sessions, and replies as plain JSON.
    StatelessJson,
}

fn parse_token(text: &str) -> Result<Token, InvalidToken> {
    Token::new(text)
}

impl From<Options> for Config {
    fn from(options: Options) -> Self {
        let tokens = Tokens { read_write: options.token, read_only: options.read_only_token };
        Self {
            storage: if options.db.as_os_str() == ":memory:" { Storage::Memory } else { Storage::File(options.db) },
            database_name: options.database_name,
            port: options.port,
            postgres_port: options.postgres_port,
            reply_style: match options.reply_style {
                ReplyStyleOption::StatefulSse => ReplyStyle::StatefulSse,
                ReplyStyleOption::StatelessJson => ReplyStyle::StatelessJson,
            },
            httpfs: options.httpfs,
            r2: options.r2_endpoint.map(|endpoint| R2 {
                endpoint,
                key_id: options.r2_key_id,
                secret: options.r2_secret,
            }),
            threads: options.threads,
            memory_limit: options.memory_limit,
            limits: Limits {
                rows: options.max_rows,
                characters: options.max_characters,
                time: Duration::from_millis(options.max_statement_ms),
            },
            allow_multiple_statements: options.allow_multiple_statements,
            ..Self::new(tokens)
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).with_max_level(options.log_level).init();
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local-warehouse: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let orphaned = CancellationToken::new();
    if options.exit_with_parent {
        watch_standard_input(orphaned.clone());
    }

    let warehouse = LocalWarehouse::start(options.into()).await?;
    let ready = serde_json::json!({
        "url": warehouse.url(),
        "postgres": warehouse.postgres_address(),
        "duckdb": duckdb_version(),
        "pid": std::process::id(),
    });
    writeln!(io::stdout(), "{ready}")?;

    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
        () = orphaned.cancelled() => {}
    }
    warehouse.stop().await?;
    Ok(())
}

/// Cancels `orphaned` when standard input ends. A thread, not a task: it may stay blocked when the process exits.
fn watch_standard_input(orphaned: CancellationToken) {
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        let mut input = io::stdin().lock();
        while matches!(input.read(&mut buffer), Ok(1..)) {}
        orphaned.cancel();
    });
}
