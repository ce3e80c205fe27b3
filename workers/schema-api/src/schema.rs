//! The schema at any version, in the form that a client wants.

use living_core::{
    catalog::content::{Change, Content, diff},
    schema::{self, At, Schema, Version},
    sql::{Literal, Statement},
    time::Timestamp,
};
use living_kit::{Host, Problem};
use living_warehouse::{Error, Warehouse, listing};
use schemars::JsonSchema;
use serde::Serialize;
use twox_hash::XxHash64;

use crate::{
    query_string::QueryString,
    reply::{Cache, Reply},
};

/// Versions in one answer.
const VERSIONS: usize = 100;

/// Least and most of `max_tokens`.
const TOKENS: std::ops::RangeInclusive<usize> = 100..=1_000_000;

/// What is kept of the schema between requests. It can be thrown away at any time.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait SchemaCache {
    /// The number of the newest version, if it's known: discovery writes it when the version is there.
    async fn newest_version(&self) -> Option<i64>;
    async fn get(&self, version: i64) -> Option<Schema>;
    async fn put(&self, schema: &Schema);
}

/// The forms of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Markdown,
    Ddl,
    Osi,
}

impl Format {
    const ALL: [(&'static str, Self); 4] =
        [("json", Self::Json), ("markdown", Self::Markdown), ("ddl", Self::Ddl), ("osi", Self::Osi)];

    fn parse(text: &str) -> Result<Self, Problem> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found
            .map(|(_, format)| *format)
            .ok_or_else(|| Problem::bad_request(format!("format {text:?} is not one of json, markdown, ddl, osi")))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Markdown => "markdown",
            Self::Ddl => "ddl",
            Self::Osi => "osi",
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Json | Self::Osi => "application/json",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Ddl => "application/sql; charset=utf-8",
        }
    }

    fn render(self, schema: &Schema) -> String {
        match self {
            // Everything in it has a JSON text.
            Self::Json => serde_json::to_string(schema).unwrap_or_default(),
            Self::Markdown => schema::markdown(schema),
            Self::Ddl => schema::ddl(schema),
            Self::Osi => schema::osi(schema).to_string(),
        }
    }
}

/// A list of versions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Versions {
    pub versions: Vec<Version>,
    /// Pass it as `before` for the next page; null: there is none.
    pub next: Option<i64>,
}

/// How two versions differ.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Diff {
    pub from: i64,
    pub to: i64,
    /// Each with its kind (`added`, `removed`, `type_changed`, `meaning_changed`, `names_changed`, `reviewed`) and its compatibility
    /// (`additive`, `widening`, `breaking`).
    #[schemars(with = "Vec<serde_json::Value>")]
    pub changes: Vec<Change>,
}

/// Reads the schema.
#[derive(Debug)]
pub struct SchemaReader<'a, W, C, H> {
    pub warehouse: &'a W,
    pub cache: &'a C,
    pub host: &'a H,
}

impl<W: Warehouse, C: SchemaCache, H: Host> SchemaReader<'_, W, C, H> {
    /// `GET /api/schema/current`
    pub(crate) async fn current(&self, query: &QueryString) -> Result<Reply, Problem> {
        let version = match self.cache.newest_version().await {
            Some(version) => version,
            None => self.version(At::Newest).await?.version,
        };
        self.reply(version, query).await
    }

    /// `GET /api/schema/at/{date}`
    pub(crate) async fn at(&self, date: &str, query: &QueryString) -> Result<Reply, Problem> {
        let time = self.point_in_time(date)?;
        let version = self.version(At::Time(time)).await?.version;
        self.reply(version, query).await
    }

    /// `GET /api/schema/versions/{version}`
    pub(crate) async fn one(&self, version: &str, query: &QueryString) -> Result<Reply, Problem> {
        self.reply(parse_version("version", version)?, query).await
    }

    /// `GET /api/schema/versions?before=`
    pub(crate) async fn versions(&self, query: &QueryString) -> Result<Reply, Problem> {
        query.only(&["before"])?;
        let before = query.get("before").map(|text| parse_version("before", text)).transpose()?;
        let result = self.warehouse.run(&schema::versions(before, VERSIONS)).await.map_err(unavailable)?;
        let versions: Option<Vec<Version>> = result.rows.iter().map(|row| schema::read_version(row)).collect();
        let versions = versions.ok_or_else(Problem::unavailable)?;
        let next = versions.last().filter(|_| versions.len() == VERSIONS).map(|last| last.version);
        Ok(Reply::json(&Versions { versions, next }))
    }

    /// `GET /api/schema/diff?from=&to=`
    pub(crate) async fn diff(&self, query: &QueryString) -> Result<Reply, Problem> {
        query.only(&["from", "to"])?;
        let number = |name: &'static str| {
            let text = query.get(name).ok_or_else(|| Problem::bad_request(format!("{name} is missing")))?;
            parse_version(name, text)
        };
        let (from, to) = (number("from")?, number("to")?);
        let changes = diff(&self.content(from).await?, &self.content(to).await?);
        let reply = Reply::json(&Diff { from, to, changes });
        Ok(Reply { etag: Some(format!("\"diff-{from}-{to}\"")), cache: Cache::Forever, ..reply })
    }

    async fn content(&self, version: i64) -> Result<Content, Problem> {
        let select = format!("SELECT content FROM schema_snapshots WHERE version = {}", Literal::Integer(version));
        let result = self.warehouse.run(&Statement::read(select)).await.map_err(unavailable)?;
        let row = result.first().ok_or_else(|| no_version(version))?;
        let content = row.first().and_then(|content| content.as_str()).ok_or_else(Problem::unavailable)?;
        Content::parse(content).map_err(|error| Problem::unavailable().because(error))
    }

    /// The last instant of a day, or an instant, that has been.
    fn point_in_time(&self, date: &str) -> Result<Timestamp, Problem> {
        let now = self.host.now();
        let time = if date.len() == "2026-01-31".len() {
            Timestamp::parse(&format!("{date}T00:00:00Z"))
                .filter(|start| *start <= now)
                .map(|start| start.plus_seconds(86_400 - 1).min(now))
                .or_else(|| Timestamp::parse(&format!("{date}T00:00:00Z")))
        } else {
            Timestamp::parse(date)
        };
        let rule = "a date like 2026-01-31, or a time like 2026-01-31T12:00:00Z (RFC 3339)";
        let time = time.ok_or_else(|| Problem::bad_request(format!("{date:?} is not {rule}")))?;
        if time > now {
            return Err(Problem::bad_request(format!("{date} is in the future: nobody knows the schema of then")));
        }
        Ok(time)
    }

    async fn version(&self, at: At) -> Result<Version, Problem> {
        let result = self.warehouse.run(&schema::version(at)).await.map_err(unavailable)?;
        let row = result.first().ok_or_else(|| match at {
            At::Version(version) => no_version(version),
            At::Newest | At::Commit(_) | At::Time(_) => {
                Problem::new(404, "Not found", "there was no version of the schema yet")
            }
        })?;
        schema::read_version(row).ok_or_else(Problem::unavailable)
    }

    async fn reply(&self, version: i64, query: &QueryString) -> Result<Reply, Problem> {
        query.only(&["format", "max_tokens"])?;
        let format = query.get("format").map_or(Ok(Format::Json), Format::parse)?;
        let max_tokens = query.get("max_tokens").map(parse_tokens).transpose()?;
        let schema = self.schema(version).await?;
        let schema = match max_tokens {
            Some(most) => schema.within(most, |schema| format.render(schema)),
            None => schema,
        };
        let limit = max_tokens.map(|most| format!("-{most}")).unwrap_or_default();
        let body = format.render(&schema).into_bytes();
        // Descriptions may change, the rest doesn't.
        let etag = Some(format!("\"v{version}-{}{limit}-{:016x}\"", format.name(), XxHash64::oneshot(0, &body)));
        Ok(Reply { content_type: format.content_type(), body, etag, cache: Cache::Revalidate })
    }

    /// The schema at a version: from the cache, else from the warehouse.
    pub(crate) async fn schema(&self, version: i64) -> Result<Schema, Problem> {
        if let Some(schema) = self.cache.get(version).await {
            return Ok(schema);
        }
        let version = self.version(At::Version(version)).await?;
        let commit_seq = version.commit_seq;
        let entity_types =
            listing::parsed(self.warehouse, &schema::entity_types(commit_seq)).await.map_err(unavailable)?;
        let fields = listing::parsed(self.warehouse, &schema::fields(commit_seq)).await.map_err(unavailable)?;
        let schema = Schema {
            version,
            entity_types: entity_types.into_iter().map(|(_, entity)| entity).collect(),
            fields: fields.into_iter().map(|(_, field)| field).collect(),
            left_out: 0,
        };
        self.cache.put(&schema).await;
        Ok(schema)
    }
}

fn parse_version(name: &str, text: &str) -> Result<i64, Problem> {
    let number = text.parse().ok().filter(|version| *version >= 1);
    number.ok_or_else(|| Problem::bad_request(format!("{name} {text:?} is not the number of a version, from 1")))
}

fn parse_tokens(text: &str) -> Result<usize, Problem> {
    text.parse().ok().filter(|most| TOKENS.contains(most)).ok_or_else(|| {
        Problem::bad_request(format!("max_tokens {text:?} is not a number from {} to {}", TOKENS.start(), TOKENS.end()))
    })
}

fn no_version(version: i64) -> Problem {
    Problem::new(404, "Not found", format!("there is no version {version} of the schema"))
}

fn unavailable(error: Error) -> Problem {
    Problem::unavailable().because(error)
}
