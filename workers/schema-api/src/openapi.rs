//! The OpenAPI document, made from the table of operations and from the types that they take and give.

use living_core::{generation::VerifiedQuery, schema::Schema};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    generate::{GenerateRequest, GenerateResponse},
    operation::{BRIDGE, Operation, ROUTES, Route},
    query::{Cancellation, QueryRequest, QueryResponse, Validation},
    report::{
        Checked, CheckedReports, Deleted, Report, ReportDiff, ReportHistory, ReportList, ReportRequest, ReportRun, Seen,
    },
    schema::{Diff, Versions},
    verified::{VerifiedQueries, VerifiedRequest, Withdrawn},
};

/// The format of a body that is bytes.
const BINARY: &str = "binary";

/// Answers that any operation may give.
const PROBLEMS: [(u16, &str); 5] = [
    (400, "The request is wrong; the detail says what"),
    (401, "There is no token, or nobody's"),
    (403, "The token hasn't the scope"),
    (429, "Too many requests within a minute"),
    (503, "The warehouse doesn't answer"),
];

/// What is said of an operation.
struct Description {
    summary: &'static str,
    parameters: Vec<Value>,
    /// Schema of the body, for those that take one.
    request: Option<Value>,
    /// Schema of the answer.
    response: Value,
    /// Problems of its own.
    problems: &'static [(u16, &'static str)],
}

/// The document, OpenAPI 3.1.
#[must_use]
pub fn document() -> Value {
    let mut generator =
        SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into()).into_generator();
    let mut paths = Map::new();
    for route in ROUTES {
        let operation = operation(route, describe(route.operation, &mut generator));
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Value::Object(methods) = path {
            methods.insert(route.method.to_string().to_lowercase(), operation);
        }
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Living Schema", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn operation(route: &Route, description: Description) -> Value {
    let Description { summary, mut parameters, request, response, problems } = description;
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    parameters.extend(in_path.map(
        |name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } }),
    ));
    let mut responses = Map::new();
    responses.insert("200".to_owned(), response);
    if route.operation.is_cached() {
        responses.insert("304".to_owned(), json!({ "description": "As the client has it" }));
    }
    let shared = PROBLEMS.iter().filter(|(status, _)| route.scope.is_some() || !matches!(status, 401 | 403 | 429));
    for (status, text) in shared.chain(problems) {
        // SQLRooms reads errors of plain JSON only.
        let kind = if route.path.starts_with(BRIDGE) { "application/json" } else { "application/problem+json" };
        let body = json!({ kind: { "schema": { "$ref": "#/components/schemas/Problem" } } });
        responses.insert(status.to_string(), json!({ "description": text, "content": body }));
    }
    let mut operation = json!({ "summary": summary, "parameters": parameters, "responses": responses });
    if let Some(schema) = request {
        let kind = if schema["format"] == BINARY { "application/octet-stream" } else { "application/json" };
        operation["requestBody"] = json!({ "required": true, "content": { kind: { "schema": schema } } });
    }
    if let Some(scope) = route.scope {
        operation["security"] = json!([{ "token": [] }]);
        operation["description"] = json!(format!("Needs the scope `{}`.", scope.name()));
    }
    operation
}

impl Operation {
    /// Whether its answers have an ETag.
    const fn is_cached(self) -> bool {
        matches!(self, Self::CurrentSchema | Self::SchemaAt | Self::Version | Self::Diff)
    }
}

#[expect(clippy::too_many_lines, reason = "a line or few for each operation")]
fn describe(operation: Operation, generator: &mut SchemaGenerator) -> Description {
    const NO_SUCH: &[(u16, &str)] = &[(404, "There is no such version")];
    const BODY: &[(u16, &str)] = &[
        (404, "The item, or the decision, is not there"),
        (409, "Somebody decided about it meanwhile"),
        (413, "The body is too large"),
        (415, "The body is not JSON"),
        (422, "The rules don't allow it; the detail says which"),
    ];
    const QUERY: &[(u16, &str)] = &[
        (404, "There was no version of the schema yet"),
        (413, "The body is too large"),
        (415, "The body is not JSON"),
        (422, "The query may not run, or fails; the detail says why and where"),
    ];
    const RUN: &[(u16, &str)] = &[
        (404, "There was no version of the schema yet, or nothing ran under that id"),
        (406, "The answer has none of the accepted forms"),
        (409, "The query was cancelled"),
        (413, "The body is too large"),
        (415, "The body is not JSON"),
        (422, "The query may not run, or fails; the detail says why and where"),
        (504, "The query takes too long"),
    ];
    const GENERATE: &[(u16, &str)] = &[
        (404, "There was no version of the schema yet"),
        (413, "The body is too large"),
        (415, "The body is not JSON"),
        (422, "There is no such query, or none that may run; the detail says why"),
        (429, "Too many requests within a minute, or the day's budget of questions is used up"),
        (501, "No language model is configured"),
        (502, "The language model's answer can't be read"),
        (503, "The warehouse or the language model doesn't answer"),
        (504, "The language model takes too long"),
    ];
    match operation {
        Operation::CurrentSchema => schema("The newest version of the schema", generator, &[]),
        Operation::SchemaAt => {
            schema("The schema as it was at a date (the end of that day, UTC) or time", generator, NO_SUCH)
        }
        Operation::Version => schema("A version of the schema", generator, NO_SUCH),
        Operation::Versions => Description {
            summary: "The versions of the schema, the newest first",
            parameters: vec![parameter("before", &json!({ "type": "integer", "minimum": 1 }), false)],
            request: None,
            response: json_of("Versions", generator.subschema_for::<Versions>()),
            problems: &[],
        },
        Operation::Diff => Description {
            summary: "How two versions differ",
            parameters: ["from", "to"]
                .map(|name| parameter(name, &json!({ "type": "integer", "minimum": 1 }), true))
                .into(),
            request: None,
            response: json_of("The changes", generator.subschema_for::<Diff>()),
            problems: NO_SUCH,
        },
        Operation::Graphql => Description {
            summary: "The schema as a graph (GraphQL): the same model, by what is asked of it",
            parameters: Vec::new(),
            request: Some(json!({
                "type": "object", "required": ["query"],
                "properties": {
                    "query": { "type": "string" }, "operationName": { "type": ["string", "null"] },
                    "variables": { "type": ["object", "null"] },
                },
            })),
            response: json_of("The data, or what is wrong with the query", json!({ "type": "object" })),
            problems: &[(413, "The body is too large"), (415, "The body is not JSON")],
        },
        Operation::Conflicts => Description {
            summary: "What waits for a person, or what was decided",
            parameters: vec![
                parameter("state", &json!({ "enum": ["open", "merged", "kept", "rejected", "renamed"] }), false),
                parameter("after", &json!({ "type": "string", "format": "uuid" }), false),
            ],
            request: None,
            response: json_of("Conflicts, the oldest first", json!({ "type": "object" })),
            problems: &[],
        },
        Operation::PreviewDecision => decision("What a decision would change; nothing is decided", BODY),
        Operation::Decide => decision("Decides: merge, keep both, rename, reject, undo, resume", BODY),
        Operation::Validate => Description {
            summary: "Whether a query may run, and what it reads; nothing runs",
            parameters: Vec::new(),
            request: Some(generator.subschema_for::<QueryRequest>().into()),
            response: json_of("Whether it may", generator.subschema_for::<Validation>()),
            problems: QUERY,
        },
        Operation::Execute => Description {
            summary: "Runs a query: on what is there now, or as of a commit, a version or a date",
            parameters: Vec::new(),
            request: Some(generator.subschema_for::<QueryRequest>().into()),
            response: rows(generator),
            problems: RUN,
        },
        Operation::Generate => Description {
            summary: "A query for a question, written by a language model; it passed the gate and the warehouse has a plan for it. It isn't run",
            parameters: Vec::new(),
            request: Some(generator.subschema_for::<GenerateRequest>().into()),
            response: json_of("The query", generator.subschema_for::<GenerateResponse>()),
            problems: GENERATE,
        },
        Operation::Verify => Description {
            summary: "Keeps a query as the right one for a question: it's shown to the model with questions like it",
            parameters: Vec::new(),
            request: Some(generator.subschema_for::<VerifiedRequest>().into()),
            response: json_of("As it's kept", generator.subschema_for::<VerifiedQuery>()),
            problems: QUERY,
        },
        Operation::Verified => Description {
            summary: "Verified queries, the newest first",
            parameters: vec![parameter("before", &json!({ "type": "string", "format": "uuid" }), false)],
            request: None,
            response: json_of("A page of them", generator.subschema_for::<VerifiedQueries>()),
            problems: &[],
        },
        Operation::Withdraw => Description {
            summary: "Withdraws a verified query: whoever verified it, or a reviewer. It stays in the log",
            parameters: Vec::new(),
            request: None,
            response: json_of("It's withdrawn", generator.subschema_for::<Withdrawn>()),
            problems: &[(404, "There is no such verified query")],
        },
        Operation::Cancel => Description {
            summary: "Gives up a query of yours that is under way",
            parameters: Vec::new(),
            request: Some(generator.subschema_for::<Cancellation>().into()),
            response: cancelled(),
            problems: &[(413, "The body is too large"), (415, "The body is not JSON")],
        },
        Operation::BridgeTest => {
            bridge("SQLRooms: whether a connection works", json_of("It does", json!({ "type": "object" })), RUN)
        }
        Operation::BridgeCatalog => {
            bridge("SQLRooms: the relations of a connection", json_of("Names", json!({ "type": "object" })), RUN)
        }
        Operation::BridgeExecute => {
            bridge("SQLRooms: rows as objects", json_of("The rows", json!({ "type": "object" })), RUN)
        }
        Operation::BridgeArrow => {
            bridge("SQLRooms: rows as Arrow", binary("An Arrow IPC stream", "application/vnd.apache.arrow.stream"), RUN)
        }
        Operation::BridgeArrowStream => bridge(
            "SQLRooms: rows as Arrow, in frames",
            binary(
                "Frames of a header's length, a header as JSON, and an Arrow IPC stream",
                "application/octet-stream",
            ),
            RUN,
        ),
        Operation::BridgeCancel => bridge("SQLRooms: gives up a query", cancelled(), RUN),
        Operation::CreateReport
        | Operation::Reports
        | Operation::CheckReports
        | Operation::Report
        | Operation::RunReport
        | Operation::RefreshReport
        | Operation::ReportHistory
        | Operation::DiffReport
        | Operation::CheckReport
        | Operation::DeleteReport => report(operation, generator),
        Operation::Uploads | Operation::PreviewUpload | Operation::Upload => upload(operation),
        Operation::OpenApi => Description {
            summary: "This document",
            parameters: Vec::new(),
            request: None,
            response: json_of("OpenAPI 3.1", json!({ "type": "object" })),
            problems: &[],
        },
    }
}

/// What the csv Worker does.
fn upload(operation: Operation) -> Description {
    const PROBLEMS: &[(u16, &str)] = &[
        (404, "There is no such upload, or this deployment takes none"),
        (409, "The file changed while it was read"),
        (411, "The request doesn't tell its length"),
        (413, "The file is too large"),
        (422, "The file can't be read; the detail says why"),
    ];
    let text = json!({ "type": "string" });
    let file = || Some(json!({ "type": "string", "format": BINARY }));
    let told = json!({ "type": "object" });
    let (summary, parameters, request, response) = match operation {
        Operation::PreviewUpload => (
            "What would be read of a spreadsheet; nothing is kept",
            vec![parameter("name", &text, false)],
            file(),
            json_of("Its sheets with their first rows, and warnings", told),
        ),
        Operation::Upload => {
            ("Uploads a spreadsheet into a source table", Vec::new(), file(), json_of("Where it went", told))
        }
        _ => (
            "What became of an upload, named by its key, up to the version of the schema that has it; or a page of uploads",
            ["bucket", "key", "prefix", "state", "cursor"].map(|name| parameter(name, &text, false)).into(),
            None,
            json_of("An upload, or uploads", told),
        ),
    };
    Description { summary, parameters, request, response, problems: PROBLEMS }
}

fn report(operation: Operation, generator: &mut SchemaGenerator) -> Description {
    const READ: &[(u16, &str)] = &[(404, "There is no such report")];
    const RUN: &[(u16, &str)] = &[
        (404, "There is no such report, or revision"),
        (422, "The query may not run, or fails; the detail says why and where"),
        (504, "The query takes too long"),
    ];
    const MAKE: &[(u16, &str)] = &[
        (404, "There is no such report"),
        (409, "Somebody else was first, or the id is another report's"),
        (413, "The body is too large"),
        (415, "The body is not JSON"),
        (422, "The query may not run, or fails; the detail says why and where"),
        (504, "The query takes too long"),
    ];
    const DELETE: &[(u16, &str)] = &[(404, "There is no such report"), (409, "Somebody else was first")];
    let id = json!({ "type": "string", "format": "uuid" });
    let revision = json!({ "type": "integer", "minimum": 1 });
    let (summary, parameters, request, response, problems) = match operation {
        Operation::CreateReport => (
            "Saves a query as a report, pinned to what is there now",
            vec![],
            Some(generator.subschema_for::<ReportRequest>()),
            generator.subschema_for::<Report>(),
            MAKE,
        ),
        Operation::Reports => {
            let states = json!({ "enum": ["unchecked", "unchanged", "data_changed", "schema_changed", "fails"] });
            let parameters = vec![parameter("after", &id, false), parameter("state", &states, false)];
            (
                "The reports, the newest first, with what the last look at each found",
                parameters,
                None,
                generator.subschema_for::<ReportList>(),
                &[][..],
            )
        }
        Operation::CheckReports => (
            "Looks whether reports would still give what they gave, as many as there is time for",
            vec![],
            None,
            generator.subschema_for::<CheckedReports>(),
            &[][..],
        ),
        Operation::RunReport => (
            "The rows that the report is of: run again at its pin, or as they were kept",
            vec![parameter("kept", &json!({ "type": "boolean" }), false)],
            None,
            generator.subschema_for::<ReportRun>(),
            RUN,
        ),
        Operation::RefreshReport => (
            "Pins the report to what is there now",
            vec![],
            Some(generator.subschema_for::<Seen>()),
            generator.subschema_for::<Report>(),
            MAKE,
        ),
        Operation::ReportHistory => (
            "What was done with the report, deleted or not, and the last looks at it",
            vec![parameter("before", &revision, false)],
            None,
            generator.subschema_for::<ReportHistory>(),
            READ,
        ),
        Operation::DiffReport => {
            let side = json!({ "type": "string", "pattern": "^(now|[1-9][0-9]{0,8})$" });
            let parameters = ["from", "to"].map(|name| parameter(name, &side, false)).into();
            (
                "How the report differs between two revisions, or a revision and now, and what caused it",
                parameters,
                None,
                generator.subschema_for::<ReportDiff>(),
                RUN,
            )
        }
        Operation::CheckReport => (
            "Looks whether the report would still give what it gave",
            vec![],
            None,
            generator.subschema_for::<Checked>(),
            READ,
        ),
        Operation::DeleteReport => (
            "Deletes the report; its history stays",
            vec![parameter("seen", &revision, false)],
            None,
            generator.subschema_for::<Deleted>(),
            DELETE,
        ),
        _ => ("A report as it's pinned now", vec![], None, generator.subschema_for::<Report>(), READ),
    };
    let response = json_of("The answer", response);
    Description { summary, parameters, request: request.map(Into::into), response, problems }
}

fn schema(
    summary: &'static str,
    generator: &mut SchemaGenerator,
    problems: &'static [(u16, &'static str)],
) -> Description {
    let text = json!({ "schema": { "type": "string" } });
    let content = json!({
        "application/json": { "schema": { "anyOf": [generator.subschema_for::<Schema>(), { "type": "object" }] } },
        "text/markdown": text,
        "application/sql": text,
    });
    Description {
        summary,
        parameters: vec![
            parameter("format", &json!({ "enum": ["json", "markdown", "ddl", "osi"] }), false),
            parameter("max_tokens", &json!({ "type": "integer", "minimum": 100, "maximum": 1_000_000 }), false),
            // With format=markdown: what matters to it.
            parameter("question", &json!({ "type": "string", "maxLength": 2000 }), false),
        ],
        request: None,
        response: json!({ "description": "The schema", "content": content }),
        problems,
    }
}

fn decision(summary: &'static str, problems: &'static [(u16, &'static str)]) -> Description {
    let item = json!({
        "type": "object", "required": ["kind", "scope", "name"], "additionalProperties": false,
        "properties": {
            "kind": { "enum": ["entity_type", "field"] }, "scope": { "type": "string" },
            "question": { "type": "string" }, "name": { "type": "string" },
        },
    });
    let request = json!({
        "type": "object", "required": ["action"],
        "properties": {
            "action": { "enum": ["merge", "keep_both", "rename", "reject", "undo", "resume"] },
            "item": item, "into": item, "other": item, "to": { "type": "string" }, "decision": { "type": "integer" },
            "reason": { "type": "string", "maxLength": 1000 }, "seen": { "type": "integer" },
            "id": { "type": "string", "format": "uuid" },
        },
    });
    let response = json_of("What was done, or would be", json!({ "type": "object" }));
    Description { summary, parameters: Vec::new(), request: Some(request), response, problems }
}

/// The rows of a query, in each form.
fn rows(generator: &mut SchemaGenerator) -> Value {
    let header = |text: &str| json!({ "description": text, "schema": { "type": "string" } });
    json!({
        "description": "Its rows",
        "headers": {
            "x-execution-id": header("Of this run"),
            "x-served-by": header("What it ran on: motherduck or postgresql"),
            "x-schema-version": header("Where it looked: the version of the schema"),
            "x-commit-seq": header("Where it looked: the commit"),
            "x-truncated": header("Whether there are more rows than these"),
            "x-result-hash": header("SHA-256 of the rows"),
        },
        "content": {
            "application/json": { "schema": generator.subschema_for::<QueryResponse>() },
            "text/csv": { "schema": { "type": "string" } },
            "application/vnd.apache.arrow.stream": { "schema": { "type": "string", "format": "binary" } },
        },
    })
}

fn cancelled() -> Value {
    let schema = json!({
        "type": "object", "required": ["cancelled"],
        "properties": { "cancelled": { "type": "boolean", "description": "Whether it was under way" } },
    });
    json_of("Whether there was something to give up", schema)
}

/// A call of SQLRooms' bridge: `@sqlrooms/db` says what is in it.
fn bridge(summary: &'static str, response: Value, problems: &'static [(u16, &'static str)]) -> Description {
    let request = json!({
        "type": "object",
        "properties": {
            "connectionId": {
                "type": "string",
                "description": "A name, and where it looks: `x`, `x@2026-01-31`, `x@version:3`, `x@commit:42`",
            },
            "sql": { "type": "string" }, "queryType": { "enum": ["json", "exec"] }, "queryId": { "type": "string" },
            "chunkRows": { "type": "integer", "minimum": 1 },
        },
    });
    Description { summary, parameters: Vec::new(), request: Some(request), response, problems }
}

fn binary(description: &str, content_type: &str) -> Value {
    json!({ "description": description, "content": { content_type: { "schema": { "type": "string", "format": "binary" } } } })
}

fn json_of(description: &str, schema: impl Into<Value>) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": schema.into() } } })
}

fn parameter(name: &str, schema: &Value, required: bool) -> Value {
    json!({ "name": name, "in": "query", "required": required, "schema": schema })
}

fn problem() -> Value {
    json!({
        "type": "object", "required": ["status", "title"],
        "description": "RFC 9457",
        "properties": {
            "status": { "type": "integer" }, "title": { "type": "string" }, "detail": { "type": "string" },
            "request_id": { "type": "string" },
            "error": { "type": "string", "description": "Of the calls of SQLRooms: the detail, or the title" },
        },
    })
}
