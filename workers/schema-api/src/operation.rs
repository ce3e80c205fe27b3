//! The operations of the API: paths, methods, scopes. The router and the OpenAPI document both read this table.

use std::collections::BTreeMap;

use living_kit::{Problem, Scope, percent_decoded};
use worker::Method;

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    CurrentSchema,
    SchemaAt,
    Versions,
    Version,
    Diff,
    Graphql,
    Conflicts,
    PreviewDecision,
    Decide,
    Validate,
    Execute,
    Generate,
    Verify,
    Verified,
    Withdraw,
    Cancel,
    BridgeTest,
    BridgeCatalog,
    BridgeExecute,
    BridgeArrow,
    BridgeArrowStream,
    BridgeCancel,
    CreateReport,
    Reports,
    CheckReports,
    Report,
    RunReport,
    RefreshReport,
    ReportHistory,
    DiffReport,
    CheckReport,
    DeleteReport,
    Uploads,
    PreviewUpload,
    Upload,
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
    route(Operation::Graphql, Method::Post, "/api/graphql", Some(Scope::Read)),
    route(Operation::Conflicts, Method::Get, "/api/review/conflicts", Some(Scope::Read)),
    route(Operation::PreviewDecision, Method::Post, "/api/review/decisions/preview", Some(Scope::Review)),
    route(Operation::Decide, Method::Post, "/api/review/decisions", Some(Scope::Review)),
    route(Operation::Validate, Method::Post, "/api/query/validate", Some(Scope::Query)),
    route(Operation::Execute, Method::Post, "/api/query/execute", Some(Scope::Query)),
    route(Operation::Generate, Method::Post, "/api/query/generate", Some(Scope::Query)),
    route(Operation::Verify, Method::Post, "/api/query/verified", Some(Scope::Query)),
    route(Operation::Verified, Method::Get, "/api/query/verified", Some(Scope::Query)),
    route(Operation::Withdraw, Method::Delete, "/api/query/verified/{id}", Some(Scope::Query)),
    route(Operation::Cancel, Method::Post, "/api/query/cancel", Some(Scope::Query)),
    route(Operation::BridgeTest, Method::Post, "/api/db/test-connection", Some(Scope::Query)),
    route(Operation::BridgeCatalog, Method::Post, "/api/db/list-catalog", Some(Scope::Query)),
    route(Operation::BridgeExecute, Method::Post, "/api/db/execute-query", Some(Scope::Query)),
    route(Operation::BridgeArrow, Method::Post, "/api/db/fetch-arrow", Some(Scope::Query)),
    route(Operation::BridgeArrowStream, Method::Post, "/api/db/fetch-arrow-stream", Some(Scope::Query)),
    route(Operation::BridgeCancel, Method::Post, "/api/db/cancel-query", Some(Scope::Query)),
    route(Operation::CreateReport, Method::Post, "/api/reports", Some(Scope::Query)),
    route(Operation::Reports, Method::Get, "/api/reports", Some(Scope::Read)),
    route(Operation::CheckReports, Method::Post, "/api/reports/check", Some(Scope::Query)),
    route(Operation::Report, Method::Get, "/api/reports/{id}", Some(Scope::Read)),
    route(Operation::DeleteReport, Method::Delete, "/api/reports/{id}", Some(Scope::Query)),
    route(Operation::RunReport, Method::Post, "/api/reports/{id}/run", Some(Scope::Query)),
    route(Operation::RefreshReport, Method::Post, "/api/reports/{id}/refresh", Some(Scope::Query)),
    route(Operation::ReportHistory, Method::Get, "/api/reports/{id}/history", Some(Scope::Read)),
    route(Operation::DiffReport, Method::Get, "/api/reports/{id}/diff", Some(Scope::Query)),
    route(Operation::CheckReport, Method::Post, "/api/reports/{id}/check", Some(Scope::Query)),
    route(Operation::Uploads, Method::Get, "/api/uploads", Some(Scope::Upload)),
    route(Operation::PreviewUpload, Method::Post, "/api/uploads/preview", Some(Scope::Upload)),
    route(Operation::Upload, Method::Put, "/api/uploads/{table}/{file}", Some(Scope::Upload)),
    route(Operation::OpenApi, Method::Get, "/openapi.json", None),
];

/// The paths of SQLRooms' bridge begin so. It reads errors from `application/json` only.
pub(crate) const BRIDGE: &str = "/api/db/";

/// The parts of a path that `{name}` stands for.
pub(crate) type PathParameters = BTreeMap<&'static str, String>;

/// The route of a request.
///
/// # Errors
/// 404 if there's no such path, 405 with the methods that the path takes.
pub(crate) fn find(method: Option<&Method>, path: &str) -> Result<(&'static Route, PathParameters), Problem> {
    let of_path: Vec<(&Route, PathParameters)> =
        ROUTES.iter().filter_map(|route| Some((route, matched(route.path, path)?))).collect();
    let allowed: Vec<String> = of_path.iter().map(|(route, _)| route.method.to_string()).collect();
    match of_path.into_iter().find(|(route, _)| Some(&route.method) == method) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_with_its_parts() {
        let (route, parameters) = find(Some(&Method::Get), "/api/schema/at/2026-11-24T10%3A00%3A00Z").unwrap();
        assert_eq!(route.operation, Operation::SchemaAt);
        assert_eq!(parameters["date"], "2026-11-24T10:00:00Z");
        assert_eq!(find(Some(&Method::Get), "/api/schema").map(|_| ()).unwrap_err().status, 404);
        assert_eq!(find(Some(&Method::Get), "/api/schema/at/").map(|_| ()).unwrap_err().status, 404);
        assert_eq!(find(None, "/api/schema/current").map(|_| ()).unwrap_err().status, 405);
        assert_eq!(find(Some(&Method::Delete), "/api/schema/current").map(|_| ()).unwrap_err().status, 405);
    }
}
