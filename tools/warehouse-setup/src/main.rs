//! `warehouse-setup --url URL --database NAME FILE…`: applies SQL scripts to a warehouse, statement by statement, and says what changed.
//!
//! The token comes from `MOTHERDUCK_TOKEN`. Scripts can be applied any number of times. A script after `--optional` may fail in single
//! statements: what it makes is a convenience that not every engine offers.

mod catalog;

use std::{path::PathBuf, process::ExitCode, time::Instant};

use lexopt::prelude::{Long, Short, Value, ValueExt};
use living_core::sql::{Statement, identifier, split};
use living_warehouse::{Endpoint, Error, ErrorClass, McpWarehouse, Warehouse};
use native_http::UreqTransport;

use crate::catalog::Catalog;

const USAGE: &str = "\
Usage: warehouse-setup --url URL --database NAME SCRIPT... [--optional SCRIPT]...

Applies SQL scripts to the warehouse behind URL (MotherDuck's MCP endpoint, or the local warehouse's) and prints
what changed. The token is read from MOTHERDUCK_TOKEN. A database that isn't there is made.
";

struct Arguments {
    url: String,
    database: String,
    scripts: Vec<Script>,
}

struct Script {
    path: PathBuf,
    optional: bool,
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("warehouse-setup: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match pollster::block_on(set_up(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("warehouse-setup: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments, lexopt::Error> {
    let (mut url, mut database) = (None, None);
    let mut scripts = Vec::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("url") => url = Some(parser.value()?.string()?),
            Long("database") => database = Some(parser.value()?.string()?),
            Long("optional") => scripts.push(Script { path: parser.value()?.into(), optional: true }),
            Short('h') | Long("help") => {
                print!("{USAGE}");
                std::process::exit(0);
            }
            Value(path) => scripts.push(Script { path: path.into(), optional: false }),
            other => return Err(other.unexpected()),
        }
    }
    match (url, database) {
        (Some(url), Some(database)) if !scripts.is_empty() => Ok(Arguments { url, database, scripts }),
        _ => Err("--url, --database and a script are needed".into()),
    }
}

async fn set_up(arguments: &Arguments) -> Result<(), String> {
    let token = std::env::var("MOTHERDUCK_TOKEN")
        .map_err(|_| "MOTHERDUCK_TOKEN is not set; it holds the warehouse's token".to_owned())?;
    let connect = |database: Option<String>| {
        let endpoint = Endpoint { url: arguments.url.clone(), token: token.clone(), database };
        McpWarehouse::new(endpoint, UreqTransport::new())
    };
    let warehouse = connect(Some(arguments.database.clone()));
    let version = match ask_version(&warehouse).await {
        Err(error) if error.class == ErrorClass::Permanent => {
            println!("database {} can't be used ({}); making it", arguments.database, error.message);
            let create = format!("CREATE DATABASE IF NOT EXISTS {}", identifier(&arguments.database));
            let made = connect(None).run(&Statement::repeatable(create)).await;
            made.map_err(|error| format!("database {} can't be made: {error}", arguments.database))?;
            ask_version(&warehouse).await
        }
        other => other,
    }
    .map_err(|error| format!("no connection to {}: {error}", arguments.url))?;
    println!("{}, database {}: DuckDB {version}", arguments.url, arguments.database);

    for script in &arguments.scripts {
        apply(&warehouse, script).await?;
    }
    sample(&warehouse).await
}

async fn ask_version(warehouse: &impl Warehouse) -> Result<String, Error> {
    let result = warehouse.run(&Statement::read("SELECT version()")).await?;
    let version = result.first().and_then(|row| row.first()).and_then(serde_json::Value::as_str);
    Ok(version.unwrap_or("of an unknown version").to_owned())
}

/// Applies a script, and prints what the catalog has then that it didn't have before.
async fn apply(warehouse: &impl Warehouse, script: &Script) -> Result<(), String> {
    let name = script.path.file_name().unwrap_or_default().to_string_lossy();
    let text = std::fs::read_to_string(&script.path).map_err(|error| format!("{}: {error}", script.path.display()))?;
    let statements = split(&text);
    let before = Catalog::read(warehouse).await?;
    let started = Instant::now();
    let mut refused = Vec::new();
    for statement in &statements {
        match warehouse.run(&Statement::repeatable(statement)).await {
            Ok(_) => {}
            Err(error) if script.optional && error.class == ErrorClass::Permanent => refused.push((statement, error)),
            Err(error) => return Err(format!("{name}: {error}\nin: {statement}")),
        }
    }
    let changes = Catalog::read(warehouse).await?.changes_since(&before);
    println!("{name}: {} statements, {:.1} s", statements.len(), started.elapsed().as_secs_f64());
    for change in &changes {
        println!("  {change}");
    }
    for (statement, error) in &refused {
        let head: String = statement.chars().take(60).collect();
        println!("  not offered here: {head}… ({})", error.message.lines().next().unwrap_or_default());
    }
    if changes.is_empty() && refused.is_empty() {
        println!("  nothing changed");
    }
    Ok(())
}

/// Asks what a reader would: that the views work, and how much is there.
async fn sample(warehouse: &impl Warehouse) -> Result<(), String> {
    let query = Statement::read(
        "SELECT (SELECT coalesce(max(commit_seq), 0) FROM commits), (SELECT count(*) FROM raw_documents), \
                (SELECT count(*) FROM annotations), (SELECT count(*) FROM structured_data), \
                (SELECT coalesce(max(version), 0) FROM schema_snapshots)",
    );
    let result = warehouse.run(&query).await.map_err(|error| format!("the sample query failed: {error}"))?;
    let Some([commit, documents, annotations, structured, version]) = result.first() else {
        return Err("the sample query gave no row".to_owned());
    };
    println!(
        "sample query: schema version {version}, commit {commit}; {documents} pages, {annotations} annotated records, \
         {structured} rows of tables"
    );
    Ok(())
}
