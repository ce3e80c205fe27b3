//! The schema at any version, in the form that a client wants.

use living_core::{
    catalog::content::{Change, Content, diff},
    generation::{self, SemanticModel},
    schema::{self, At, Schema, Version},
    sql::{Literal, Statement},
};
use living_kit::{Host, Problem, QueryString};
use living_warehouse::{Warehouse, listing};
use schemars::JsonSchema;
use serde::Serialize;
use twox_hash::XxHash64;

use crate::{
    generate::{self, DEFAULT_CONTEXT},
    query::point_in_time,
    reply::{Cache, Reply, unavailable},
};

/// Versions in one answer.
const VERSIONS: usize = 100;

/// Characters of a version's content that are read at once. One answer of the warehouse has 50,000
/// ([limits](https://motherduck.com/docs/sql-reference/mcp/)), and each of these may be escaped.
const CONTENT_PIECE: usize = 20_000;

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
        self.reply(self.newest_version().await?, query).await
    }

    /// The number of the newest version.
    pub(crate) async fn newest_version(&self) -> Result<i64, Problem> {
        match self.cache.newest_version().await {
            Some(version) => Ok(version),
            None => Ok(self.version(At::Newest).await?.version),
        }
    }

    /// The newest version of the schema.
    pub(crate) async fn newest(&self) -> Result<Schema, Problem> {
        self.schema(self.newest_version().await?).await
    }

    /// The schema at a date or time.
    pub(crate) async fn schema_at(&self, date: &str) -> Result<Schema, Problem> {
        let time = point_in_time(date, self.host.now())?;
        self.schema(self.version(At::Time(time)).await?.version).await
    }

    /// `GET /api/schema/at/{date}`
    pub(crate) async fn at(&self, date: &str, query: &QueryString) -> Result<Reply, Problem> {
        let time = point_in_time(date, self.host.now())?;
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
        Ok(Reply::json(&self.list(before).await?))
    }

    /// The versions before one, or the newest.
    pub(crate) async fn list(&self, before: Option<i64>) -> Result<Versions, Problem> {
        let result = self.warehouse.run(&schema::versions(before, VERSIONS)).await.map_err(unavailable)?;
        let versions: Option<Vec<Version>> = result.rows.iter().map(|row| schema::read_version(row)).collect();
        let versions = versions.ok_or_else(Problem::unavailable)?;
        let next = versions.last().filter(|_| versions.len() == VERSIONS).map(|last| last.version);
        Ok(Versions { versions, next })
    }

    /// `GET /api/schema/diff?from=&to=`
    pub(crate) async fn diff(&self, query: &QueryString) -> Result<Reply, Problem> {
        query.only(&["from", "to"])?;
        let number = |name: &'static str| {
            let text = query.get(name).ok_or_else(|| Problem::bad_request(format!("{name} is missing")))?;
            parse_version(name, text)
        };
        let (from, to) = (number("from")?, number("to")?);
        let reply = Reply::json(&self.changes(from, to).await?);
        Ok(Reply { etag: Some(format!("\"diff-{from}-{to}\"")), cache: Cache::Forever, ..reply })
    }

    /// What changes between two versions.
    pub(crate) async fn changes(&self, from: i64, to: i64) -> Result<Diff, Problem> {
        let changes = diff(&self.content(from).await?, &self.content(to).await?);
        Ok(Diff { from, to, changes })
    }

    async fn content(&self, version: i64) -> Result<Content, Problem> {
        let mut content = String::new();
        for piece in 0.. {
            let select = format!(
                "SELECT content[{} : {}] FROM schema_snapshots WHERE version = {}",
                piece * CONTENT_PIECE + 1,
                (piece + 1) * CONTENT_PIECE,
                Literal::Integer(version)
            );
            let result = self.warehouse.run(&Statement::read(select)).await.map_err(unavailable)?;
            let row = result.first().ok_or_else(|| no_version(version))?;
            let text = row.first().and_then(|text| text.as_str()).ok_or_else(Problem::unavailable)?;
            content.push_str(text);
            if text.chars().count() < CONTENT_PIECE {
                break;
            }
        }
        Content::parse(&content).map_err(|error| Problem::unavailable().because(error))
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
        query.only(&["format", "max_tokens", "question"])?;
        let format = query.get("format").map_or(Ok(Format::Json), Format::parse)?;
        let max_tokens = query.get("max_tokens").map(parse_tokens).transpose()?;
        let question = query.get("question").map(|question| parse_question(question, format)).transpose()?;
        let schema = self.schema(version).await?;
        if let Some(question) = question {
            let model = SemanticModel::of_schema(&schema);
            let context = generation::context(&model, question, max_tokens.unwrap_or(DEFAULT_CONTEXT));
            let body = context.markdown.into_bytes();
            let etag = Some(format!("\"v{version}-question-{:016x}\"", XxHash64::oneshot(0, &body)));
            return Ok(Reply { etag, cache: Cache::Revalidate, ..Reply::bytes(format.content_type(), body) });
        }
        let schema = match max_tokens {
            Some(most) => schema.within(most, |schema| format.render(schema)),
            None => schema,
        };
        let limit = max_tokens.map(|most| format!("-{most}")).unwrap_or_default();
        let body = format.render(&schema).into_bytes();
        // Descriptions may change, the rest doesn't.
        let etag = Some(format!("\"v{version}-{}{limit}-{:016x}\"", format.name(), XxHash64::oneshot(0, &body)));
        Ok(Reply { etag, cache: Cache::Revalidate, ..Reply::bytes(format.content_type(), body) })
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

/// What matters to a question is told as Markdown only.
fn parse_question(question: &str, format: Format) -> Result<&str, Problem> {
    if format == Format::Markdown {
        generate::check_question(question)
    } else {
        Err(Problem::bad_request("question is for format=markdown"))
    }
}

fn no_version(version: i64) -> Problem {
    Problem::new(404, "Not found", format!("there is no version {version} of the schema"))
}
