//! What the runtime calls, and the ports of this Worker on Cloudflare.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use living_kit::{
    Caller, Cors, FetchTransport, Host, Problem, QueryString, RequestId, WorkerHost, WorkerWarehouse, admit, log,
    method, misconfigured, model, number_var, query_pairs, required_var, warehouse,
};
use living_sqlgate::Gate;
use worker::{Context, Delay, Env, Method, Request, Response, ScheduleContext, ScheduledEvent, event};

use crate::{
    CheckedReports, QueryGenerator, Reports, SchemaReader, VerifiedStore,
    body::json_body,
    bridge::{self, BridgeRequest},
    busy::Place,
    decisions, generate, graphql,
    kv::Kv,
    openapi,
    operation::{self, BRIDGE, Operation, PathParameters, Route},
    queries::{DATABASE, Queries},
    query::{self, Asked, Format, Mode},
    rate_limit::limit,
    reply::{Cache, Reply},
    report::{self, Seen},
    uploads, verified,
};

/// Reports that one request looks at, and for how many seconds it begins with another: somebody waits for it.
const CHECKED_ON_DEMAND: (usize, i64) = (20, 20);

/// Reports that a daily run looks at, and for how many seconds it begins with another. A run has 15 minutes
/// ([limits](https://developers.cloudflare.com/workers/platform/limits/)), and the last query may take one of them; of the 10,000
/// requests that it may make, a report takes about ten.
const CHECKED_DAILY: (usize, i64) = (800, 780);

/// What pages of `ALLOWED_ORIGINS` may do.
const CORS: Cors = Cors {
    methods: "GET, POST, PUT, DELETE",
    headers: "accept, authorization, content-type, if-none-match",
    exposed: "etag, x-request-id, x-execution-id, x-served-by, x-schema-version, x-commit-seq, x-truncated, x-result-hash",
};

/// Daily: looks whether reports would still give the same. What it has no time for is the first of the next day.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _ctx: ScheduleContext) {
    let checked = match warehouse(&env).and_then(|warehouse| Ok((warehouse, required_var(&env, DATABASE)?))) {
        Ok((warehouse, database)) => {
            let reports =
                Reports { warehouse: &warehouse, host: &WorkerHost, database: database.as_str(), caller: "cron" };
            check_reports(&env, &reports, CHECKED_DAILY).await
        }
        Err(error) => Err(misconfigured(&error)),
    };
    match checked {
        Ok(report) => log::info("reports_checked")
            .with("checked", report.checked.len())
            .with("changed", report.changed())
            .with("failed", report.failed.len())
            .with("left", report.left)
            .write(),
        Err(problem) => {
            log::error("reports_not_checked").with("error", problem.cause.unwrap_or(problem.detail)).write();
        }
    }
}

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, ctx: Context) -> worker::Result<Response> {
    let id = RequestId::of(&request, &WorkerHost);
    let origin = Cors::origin(&request);
    let etag = request.headers().get("if-none-match").ok().flatten();
    let outcome = if method(&request) == Some(Method::Options) {
        Ok(None)
    } else {
        respond(&mut request, &env, &ctx).await.map(Some)
    };
    let mut response = match outcome {
        Ok(None) => Response::empty()?.with_status(204),
        Ok(Some(reply)) => answer(reply, etag.as_deref())?,
        Err(problem) if request.path().starts_with(BRIDGE) => bridge_problem(id.problem(problem)?).await?,
        Err(problem) => id.problem(problem)?,
    };
    let headers = response.headers_mut();
    headers.set("x-request-id", id.as_str())?;
    CORS.apply(&env, origin.as_deref(), headers)?;
    Ok(response)
}

/// A problem as SQLRooms reads it: `error` in a body of plain JSON.
async fn bridge_problem(mut response: Response) -> worker::Result<Response> {
    let status = response.status_code();
    let mut problem: serde_json::Value = response.json().await?;
    let text = |name: &str| problem.get(name).and_then(|part| part.as_str()).map(str::to_owned);
    let error = text("detail").or_else(|| text("title"));
    if let Some(fields) = problem.as_object_mut() {
        fields.insert("error".to_owned(), error.into());
    }
    let headers = response.headers().clone();
    headers.set("content-type", "application/json")?;
    Ok(Response::from_json(&problem)?.with_status(status).with_headers(headers))
}

fn answer(reply: Reply, known: Option<&str>) -> worker::Result<Response> {
    let Reply { content_type, body, etag, cache, headers: further } = reply;
    let is_known = etag.as_deref().zip(known).is_some_and(|(etag, known)| {
        known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == etag || one == "*")
    });
    let mut response = if is_known { Response::empty()?.with_status(304) } else { Response::from_bytes(body)? };
    let headers = response.headers_mut();
    headers.set("cache-control", cache.header())?;
    if !is_known {
        headers.set("content-type", content_type)?;
    }
    if let Some(etag) = etag {
        headers.set("etag", &etag)?;
    }
    for (name, value) in further {
        headers.set(name, &value)?;
    }
    Ok(response)
}

async fn respond(request: &mut Request, env: &Env, ctx: &Context) -> Result<Reply, Problem> {
    let url = request.url().map_err(|_| Problem::bad_request("the URL can't be read"))?;
    let (route, path) = operation::find(method(request).as_ref(), url.path())?;
    let caller = match route.scope {
        Some(scope) => Some(admit(env, request, scope).await?),
        None => None,
    };
    if let Some(caller) = &caller {
        limit(env, caller).await?;
    }
    let query = QueryString::parse(query_pairs(&url))?;
    carry_out(request, env, ctx, route, &path, &query, caller.as_ref()).await
}

async fn carry_out(
    request: &mut Request,
    env: &Env,
    ctx: &Context,
    route: &Route,
    path: &PathParameters,
    query: &QueryString,
    caller: Option<&Caller>,
) -> Result<Reply, Problem> {
    let warehouse = warehouse(env).map_err(|error| misconfigured(&error))?;
    let cache = Kv::new(env).map_err(|error| misconfigured(&error))?;
    let schema = SchemaReader { warehouse: &warehouse, cache: &cache, host: &WorkerHost };
    let queries = || Queries::new(env, ctx, caller, &warehouse, &cache);
    let part = |name: &str| path.get(name).map(String::as_str).unwrap_or_default();
    match route.operation {
        Operation::CurrentSchema => schema.current(query).await,
        Operation::SchemaAt => schema.at(part("date"), query).await,
        Operation::Versions => schema.versions(query).await,
        Operation::Version => schema.one(part("version"), query).await,
        Operation::Diff => schema.diff(query).await,
        Operation::Graphql => graphql::answer(env, json_body(request).await?).await,
        Operation::Conflicts => decisions::conflicts(env, request).await,
        Operation::PreviewDecision => decisions::preview(env, request, caller).await,
        Operation::Decide => decisions::decide(env, request, caller).await,
        Operation::Validate => {
            let queries = queries()?;
            let (asked, _) = query::parse(json_body(request).await?, queries.max_rows(), &WorkerHost)?;
            let Asked::Query(query) = asked else {
                return Err(Problem::bad_request("an earlier run needs no validation: send its sql"));
            };
            queries.validate(&query).await.map(|validation| Reply::json(&validation))
        }
        Operation::Execute => {
            let format = Format::accepted(request.headers().get("accept").ok().flatten().as_deref())?;
            let queries = queries()?;
            let (asked, id) = query::parse(json_body(request).await?, queries.max_rows(), &WorkerHost)?;
            let id = id.map(|id| id.to_string());
            query::encode(queries.execute(&asked, id.as_deref()).await?, format)
        }
        Operation::Cancel => {
            let id = query::read_cancellation(json_body(request).await?)?;
            queries()?.cancel(&id).await
        }
        Operation::BridgeTest
        | Operation::BridgeCatalog
        | Operation::BridgeExecute
        | Operation::BridgeArrow
        | Operation::BridgeArrowStream
        | Operation::BridgeCancel => {
            let call = BridgeRequest::parse(json_body(request).await?)?;
            answer_bridge(route.operation, &call, &queries()?).await
        }
        Operation::Generate => {
            let asked = generate::parse(json_body(request).await?)?;
            let caller = caller.map(|caller| caller.name.as_str()).unwrap_or_default();
            generated(env, &warehouse, &schema, &asked, caller).await
        }
        Operation::Verify | Operation::Verified | Operation::Withdraw => {
            let caller = caller.ok_or_else(Problem::unauthorized)?;
            let store = VerifiedStore { warehouse: &warehouse, host: &WorkerHost };
            match route.operation {
                Operation::Verify => {
                    let request = verified::parse(json_body(request).await?)?;
                    let kept = store.keep(&request, &gate(env)?, &caller.name, schema.newest_version().await?).await?;
                    Ok(Reply::json(&kept))
                }
                Operation::Withdraw => store.withdraw(part("id"), caller).await.map(|done| Reply::json(&done)),
                _ => store.list(query).await.map(|page| Reply::json(&page)),
            }
        }
        Operation::CreateReport
        | Operation::Reports
        | Operation::CheckReports
        | Operation::Report
        | Operation::RunReport
        | Operation::RefreshReport
        | Operation::ReportHistory
        | Operation::DiffReport
        | Operation::CheckReport
        | Operation::DeleteReport => {
            let caller = caller.map(|caller| caller.name.as_str()).unwrap_or_default();
            let database = required_var(env, DATABASE).map_err(|error| misconfigured(&error))?;
            let reports = Reports { warehouse: &warehouse, host: &WorkerHost, database: database.as_str(), caller };
            report(request, env, route.operation, part("id"), query, &reports).await
        }
        Operation::PreviewUpload | Operation::Upload => {
            uploads::forward(env, request).await.map(|told| Reply::json(&told))
        }
        Operation::Uploads => uploads::with_loads(uploads::forward(env, request).await?, &warehouse).await,
        Operation::OpenApi => Ok(Reply { cache: Cache::Revalidate, ..Reply::json(&openapi::document()) }),
    }
}

/// The gate for queries on what is there now.
fn gate(env: &Env) -> Result<Gate, Problem> {
    required_var(env, DATABASE).map(|name| query::gate(&name)).map_err(|error| misconfigured(&error))
}

/// Asks the language model, if one is configured, within the time that the configuration gives it.
async fn generated(
    env: &Env,
    warehouse: &WorkerWarehouse,
    schema: &SchemaReader<'_, WorkerWarehouse, Kv, WorkerHost>,
    asked: &generate::GenerateRequest,
    caller: &str,
) -> Result<Reply, Problem> {
    let model = model(env).map_err(|error| misconfigured(&error))?.ok_or_else(generate::no_model)?;
    let gate = gate(env)?;
    let generator = QueryGenerator {
        warehouse,
        host: &WorkerHost,
        schema,
        gate: &gate,
        model: &model,
        timer: &FetchTransport,
        questions_per_day: number_var(env, "QUESTIONS_PER_DAY").map_err(|error| misconfigured(&error))?,
    };
    let seconds = number_var(env, "QUESTION_SECONDS").map_err(|error| misconfigured(&error))?;
    let asking = pin!(generator.generate(asked, caller));
    match select(asking, Delay::from(Duration::from_secs(seconds))).await {
        Either::Left((answer, _)) => answer.map(|answer| Reply::json(&answer)),
        // What is under way is dropped with the request. The question stays counted.
        Either::Right(_) => Err(generate::too_slow(seconds)),
    }
}

/// One of the calls of SQLRooms' bridge.
async fn answer_bridge(operation: Operation, call: &BridgeRequest, queries: &Queries<'_>) -> Result<Reply, Problem> {
    let (mode, moment) = call.moment(&WorkerHost)?;
    let run = async || {
        let asked = Asked::Query(Box::new(call.query(queries.max_rows(), &WorkerHost)?));
        queries.execute(&asked, call.query_id().ok()).await
    };
    match operation {
        Operation::BridgeExecute => call.records(run().await?),
        Operation::BridgeArrow => bridge::arrow(run().await?),
        Operation::BridgeArrowStream => call.frames(run().await?),
        Operation::BridgeCancel => queries.cancel(call.query_id()?).await,
        Operation::BridgeTest => {
            queries.relations(mode, moment).await?;
            Ok(Reply::json(&serde_json::json!({ "ok": true })))
        }
        _ => {
            let relations = queries.relations(mode, moment).await?;
            Ok(bridge::catalog(&queries.database, &relations))
        }
    }
}

/// The operations on reports.
async fn report(
    request: &mut Request,
    env: &Env,
    operation: Operation,
    id: &str,
    query: &QueryString,
    reports: &Reports<'_, WorkerWarehouse, WorkerHost>,
) -> Result<Reply, Problem> {
    let id = || report::parse_id("id", id);
    let seen =
        |query: &QueryString| query.get("seen").map(|text| report::parse("seen", text, "a revision")).transpose();
    let only_reads = matches!(
        operation,
        Operation::Reports | Operation::Report | Operation::ReportHistory | Operation::DeleteReport
    );
    let _place = if only_reads { None } else { Some(Place::of(env, Mode::Snapshot)?) };
    match operation {
        Operation::CreateReport => {
            query.only(&[])?;
            let request = report::read(json_body(request).await?, "a report")?;
            reports.create(request).await.map(|report| Reply::json(&report))
        }
        Operation::Reports => reports.list(query).await.map(|list| Reply::json(&list)),
        Operation::CheckReports => {
            query.only(&[])?;
            check_reports(env, reports, CHECKED_ON_DEMAND).await.map(|checked| Reply::json(&checked))
        }
        Operation::RunReport => {
            query.only(&["kept"])?;
            let kept = query.get("kept").map_or(Ok(false), |text| report::parse("kept", text, "true or false"))?;
            reports.run(id()?, kept).await.map(|run| Reply::json(&run))
        }
        Operation::RefreshReport => {
            query.only(&[])?;
            let Seen { seen } = report::read(json_body(request).await?, "a revision that was seen")?;
            reports.refresh(id()?, seen).await.map(|report| Reply::json(&report))
        }
        Operation::ReportHistory => reports.history(id()?, query).await.map(|history| Reply::json(&history)),
        Operation::DiffReport => {
            query.only(&["from", "to"])?;
            reports.diff(id()?, query.get("from"), query.get("to")).await.map(|diff| Reply::json(&diff))
        }
        Operation::CheckReport => {
            query.only(&[])?;
            let checked = reports.check(id()?).await?;
            announce(env).await;
            Ok(Reply::json(&checked))
        }
        Operation::DeleteReport => {
            query.only(&["seen"])?;
            reports.delete(id()?, seen(query)?).await.map(|deleted| Reply::json(&deleted))
        }
        _ => {
            query.only(&[])?;
            reports.report(id()?).await.map(|report| Reply::json(&report))
        }
    }
}

/// Looks at reports, at most so many and for so many seconds.
async fn check_reports(
    env: &Env,
    reports: &Reports<'_, WorkerWarehouse, WorkerHost>,
    (most, seconds): (usize, i64),
) -> Result<CheckedReports, Problem> {
    let checked = reports.detect_report_changes(most, WorkerHost.now().plus_seconds(seconds)).await?;
    if checked.changed() > 0 {
        announce(env).await;
    }
    Ok(checked)
}

/// Says that there may be something to tell outside. If this gets lost, discovery's hourly dispatch tells it.
async fn announce(env: &Env) {
    let Ok(queue) = env.queue("OUTBOX") else { return };
    if let Err(error) = queue.send("dispatch").await {
        log::warning("outbox_not_announced").with("error", error.to_string()).write();
    }
}
