//! The operations of the API: paths, methods, scopes. The router and the OpenAPI document both read this table.

use std::collections::BTreeMap;

use living_kit::{Problem, Scope};
use worker::Method;

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    CurrentSchema,
    SchemaAt,
    Versions,
    Version,
    Diff,
    Conflicts,
    PreviewDecision,
    Decide,
    Validate,
    Execute,
    OpenApi,
}

/// An operation, and how it's reached. `None` as scope: anybody may.
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    /// `{name}` stands for one part of the path.
    pub(crate) path: &'static str,
    pub(crate) scope: Option<Scope>,
}

const fn route(operation: Operation, method: Method, path: &'static str, scope: Option<Scope>) -> Route {
    Route { operation, method, path, scope }
}

pub(crate) const ROUTES: &[Route] = &[
    route(Operation::CurrentSchema, Method::Get, "/api/schema/current", Some(Scope::Read)),
    route(Operation::SchemaAt, Method::Get, "/api/schema/at/{date}", Some(Scope::Read)),
    route(Operation::Versions, Method::Get, "/api/schema/versions", Some(Scope::Read)),
    route(Operation::Version, Method::Get, "/api/schema/versions/{version}", Some(Scope::Read)),
    route(Operation::Diff, Method::Get, "/api/schema/diff", Some(Scope::Read)),
    route(Operation::Conflicts, Method::Get, "/api/review/conflicts", Some(Scope::Read)),
    route(Operation::PreviewDecision, Method::Post, "/api/review/decisions/preview", Some(Scope::Review)),
    route(Operation::Decide, Method::Post, "/api/review/decisions", Some(Scope::Review)),
    route(Operation::Validate, Method::Post, "/api/query/validate", Some(Scope::Query)),
    route(Operation::Execute, Method::Post, "/api/query/execute", Some(Scope::Query)),
    route(Operation::OpenApi, Method::Get, "/openapi.json", None),
];

/// The parts of a path that `{name}` stands for.
pub(crate) type PathParameters = BTreeMap<&'static str, String>;

/// The route of a request.
///
/// # Errors
/// 404 if there's no such path, 405 with the methods that the path takes.
pub(crate) fn find(method: &Method, path: &str) -> Result<(&'static Route, PathParameters), Problem> {
    let of_path: Vec<(&Route, PathParameters)> =
        ROUTES.iter().filter_map(|route| Some((route, matched(route.path, path)?))).collect();
    let allowed: Vec<String> = of_path.iter().map(|(route, _)| route.method.to_string()).collect();
    match of_path.into_iter().find(|(route, _)| route.method == *method) {
        Some(found) => Ok(found),
        None if allowed.is_empty() => Err(Problem::not_found()),
        None => Err(Problem::method_not_allowed(&allowed.join(", "))),
    }
}

fn matched(pattern: &'static str, path: &str) -> Option<PathParameters> {
    let (pattern, path): (Vec<&'static str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    if pattern.len() != path.len() {
        return None;
    }
    let mut parameters = PathParameters::new();
    for (expected, given) in pattern.into_iter().zip(path) {
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !given.is_empty() => {
                parameters.insert(name, percent_decoded(given)?);
            }
            None if expected == given => {}
            _ => return None,
        }
    }
    Some(parameters)
}

/// As RFC 3986 has it. `None` if it isn't text.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_with_its_parts() {
        let (route, parameters) = find(&Method::Get, "/api/schema/at/2026-11-24T10%3A00%3A00Z").unwrap();
        assert_eq!(route.operation, Operation::SchemaAt);
        assert_eq!(parameters["date"], "2026-11-24T10:00:00Z");
        assert_eq!(find(&Method::Get, "/api/schema").map(|_| ()).unwrap_err().status, 404);
        assert_eq!(find(&Method::Get, "/api/schema/at/").map(|_| ()).unwrap_err().status, 404);
        assert_eq!(find(&Method::Delete, "/api/schema/current").map(|_| ()).unwrap_err().status, 405);
    }
}
