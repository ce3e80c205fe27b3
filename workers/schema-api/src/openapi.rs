//! The OpenAPI document, made from the table of operations and from the types that they take and give.

use living_core::schema::Schema;
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    operation::{Operation, ROUTES, Route},
    query::{QueryRequest, QueryResponse, Validation},
    schema::{Diff, Versions},
};

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
        let body = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        responses.insert(status.to_string(), json!({ "description": text, "content": body }));
    }
    let mut operation = json!({ "summary": summary, "parameters": parameters, "responses": responses });
    if let Some(schema) = request {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
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
        (504, "The query takes too long"),
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
            summary: "Runs a query: on what is there now, or as of a commit or a date",
            parameters: Vec::new(),
            request: Some(generator.subschema_for::<QueryRequest>().into()),
            response: json_of("Its rows", generator.subschema_for::<QueryResponse>()),
            problems: QUERY,
        },
        Operation::OpenApi => Description {
            summary: "This document",
            parameters: Vec::new(),
            request: None,
            response: json_of("OpenAPI 3.1", json!({ "type": "object" })),
            problems: &[],
        },
    }
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
        },
    })
}
