//! Keeps the typed views and the tables behind them. Read [`maintain`] downwards.
//!
//! What a view shows is right whatever is done here or isn't: this decides which columns a view has and how fast it is. So a run may die
//! at any await, any number may go at once, and what fails for one source table is logged and left to the next run.

use living_core::{
    catalog::ItemKind,
    sql::Statement,
    time::Timestamp,
    typed::{self, Definition, FillState, Named, ObjectState, Objects},
};
use living_kit::{Host, log as line};
use living_warehouse::{Error, ErrorClass, QueryResult, Warehouse};
use serde::Serialize;

use crate::{Failure, listing};

/// Times that a run looks for definitions without objects: once to make them, and again whether another run, that had read an older
/// catalog, has undone it meanwhile.
const LOOKS: usize = 4;

/// Seconds after which a run begins no more fills. What is left is read from JSON until the next run, an hour later at most; a queue
/// consumer lives for 15 minutes ([limits](https://developers.cloudflare.com/queues/platform/limits/)), and one fill takes up to 55 s.
const FILL_SECONDS: i64 = 300;

/// Tables of which one statement asks what they lack: each takes about 400 characters.
const TABLES_OF_QUERY: usize = 100;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TypedReport {
    /// Views made or made anew.
    pub views_made: u64,
    /// Views dropped, as no visible load has a row for them.
    pub views_dropped: u64,
    /// Derived tables dropped that no view shows.
    pub tables_dropped: u64,
    /// Rows brought into derived tables.
    pub rows_filled: u64,
    /// Rows deleted there, of loads that are no longer visible.
    pub rows_deleted: u64,
    /// Loads that are left to JSON, as one statement has no time for them.
    pub loads_given_up: u64,
    /// Source tables with which something went wrong. The next run tries again.
    pub failures: u64,
}

/// A run, with its ports.
#[derive(Debug)]
struct Run<'a, W, H> {
    warehouse: &'a W,
    host: &'a H,
    report: TypedReport,
}

/// Makes the views that the catalog calls for, drops others, and brings what is visible into the derived tables.
///
/// # Errors
/// Where it couldn't find out what is to be done.
pub async fn maintain<W: Warehouse, H: Host>(warehouse: &W, host: &H) -> Result<TypedReport, Failure> {
    let started = host.now();
    let mut run = Run { warehouse, host, report: TypedReport::default() };
    let tables = run.make_objects().await?;
    run.fill_tables(&tables, started.plus_seconds(FILL_SECONDS)).await?;
    line::info("typed").with("run", &run.report).write();
    Ok(run.report)
}

/// As [`maintain`]; what goes wrong is logged. It's no reason to say that discovery failed: the catalog is as it should be.
pub(crate) async fn maintain_and_log<W: Warehouse, H: Host>(warehouse: &W, host: &H) {
    if let Err(failure) = maintain(warehouse, host).await {
        line::error("typed_failed").with("error", failure.to_string()).write();
    }
}

impl<W: Warehouse, H: Host> Run<'_, W, H> {
    /// Until all definitions have their objects and nothing else has any. Gives the tables that are there.
    async fn make_objects(&mut self) -> Result<Vec<Named>, Failure> {
        let mut looks = 0;
        loop {
            let states = self.objects().await?;
            looks += 1;
            if looks == LOOKS || states.iter().all(|state| matches!(state, ObjectState::Ready(_))) {
                let ready = |state| match state {
                    ObjectState::Ready(named) => Some(named),
                    _ => None,
                };
                return Ok(states.into_iter().filter_map(ready).collect());
            }
            let failures = self.report.failures;
            self.change_objects(&states).await?;
            if self.report.failures > failures {
                // Not again and again in one run.
                looks = LOOKS - 1;
            }
        }
    }

    async fn objects(&self) -> Result<Vec<ObjectState>, Failure> {
        let rows = listing::rows(self.warehouse, ItemKind::Field, &typed::objects()).await?;
        let states = rows.into_iter().map(|(key, body)| ObjectState::read(key.scope, &key.question, &key.name, &body));
        states.collect::<Option<_>>().ok_or(Failure::Unreadable("a list of typed views"))
    }

    /// Makes what is missing, before anything is dropped: a view that gets another definition is there all the time.
    async fn change_objects(&mut self, states: &[ObjectState]) -> Result<(), Failure> {
        let mut names = None;
        for state in states {
            if let ObjectState::Missing(named) = state {
                let names = match &mut names {
                    Some(names) => names,
                    none => none.insert(self.view_names(named.at_commit).await?),
                };
                let view_name = names.iter().find(|(source, _)| *source == named.source).map(|(_, name)| name.clone());
                let definition = self.definition(named).await?;
                let view_name = view_name.ok_or(Failure::Unreadable("the name of a view"))?;
                let made = self.make(&definition, &view_name).await;
                self.count(made, &named.source, |report, ()| report.views_made += 1);
            }
        }
        let is_missing = states.iter().any(|state| matches!(state, ObjectState::Missing(_)));
        for state in states {
            match state {
                // It may have got a definition just now: the next look tells.
                ObjectState::UnwantedView(name) if !is_missing => {
                    let dropped = self.warehouse.run(&typed::drop_view(name)).await.map(drop);
                    self.count(dropped, name, |report, ()| report.views_dropped += 1);
                }
                ObjectState::UnwantedTable(table) => {
                    let dropped = self.run_all(&typed::drop_objects(table)).await;
                    self.count(dropped, table, |report, ()| report.tables_dropped += 1);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The names of the views of all source tables.
    async fn view_names(&self, at_commit: i64) -> Result<Vec<(String, String)>, Failure> {
        let rows = listing::rows(self.warehouse, ItemKind::Field, &typed::sources(at_commit)).await?;
        let sources: Vec<String> = rows.into_iter().map(|(key, _)| key.name).collect();
        let names = typed::distinct_identifiers(sources.iter().map(String::as_str), &[]);
        Ok(sources.into_iter().zip(names).collect())
    }

    async fn definition(&self, named: &Named) -> Result<Definition, Failure> {
        let fields = typed::fields(named.at_commit, &named.source);
        let rows = listing::rows(self.warehouse, ItemKind::Field, &fields).await?;
        let fields: Option<_> = rows.iter().map(|(_, body)| typed::read_field(body)).collect();
        let fields = fields.ok_or(Failure::Unreadable("a list of fields"))?;
        Ok(Definition::new(named, fields))
    }

    /// Dying after any of these: the next run finds what is missing. The view is right once it's there, with or without the table.
    async fn make(&self, definition: &Definition, view_name: &str) -> Result<(), Error> {
        self.run_all(&typed::create_stand_in(definition)).await?;
        self.warehouse.run(&typed::create_view(definition, view_name)).await?;
        self.warehouse.run(&typed::create_table(definition)).await?;
        Ok(())
    }

    async fn run_all(&self, statements: &[Statement]) -> Result<(), Error> {
        for statement in statements {
            self.warehouse.run(statement).await?;
        }
        Ok(())
    }

    /// Counts what was done, or logs what went wrong.
    fn count<T>(&mut self, outcome: Result<T, Error>, of: &str, counted: impl FnOnce(&mut TypedReport, T)) {
        match outcome {
            Ok(done) => counted(&mut self.report, done),
            Err(error) => {
                self.report.failures += 1;
                line::error("typed_failed").with("of", of).with("error", error.to_string()).write();
            }
        }
    }

    async fn fill_tables(&mut self, tables: &[Named], until: Timestamp) -> Result<(), Failure> {
        for tables in tables.chunks(TABLES_OF_QUERY) {
            let states = match self.warehouse.run(&typed::fill_state(tables)).await {
                Ok(result) => read_states(&result)?,
                // Somebody has dropped one of them. The next run makes it anew.
                Err(error) if error.class == ErrorClass::Permanent => {
                    self.count(Err::<(), _>(error), "tables", |_, ()| ());
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            for state in states {
                let Some(named) = tables.get(state.table) else { continue };
                if state.invisible > 0 {
                    let deleted =
                        self.warehouse.run(&typed::delete_invisible(&Objects::new(&named.source, &named.digest))).await;
                    let deleted = deleted.and_then(|result| result.number());
                    self.count(deleted, &named.source, |report, rows| report.rows_deleted += rows);
                }
                if state.lagging > 0 && !self.fill_table(named, until).await? {
                    line::warning("typed_fill_goes_on_later").with("source", &named.source).write();
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Fills a table statement by statement. `false`: the time of this run is up.
    async fn fill_table(&mut self, named: &Named, until: Timestamp) -> Result<bool, Failure> {
        let definition = self.definition(named).await?;
        let mut only_one = false;
        loop {
            if self.host.now() > until {
                return Ok(false);
            }
            match self.warehouse.run(&typed::fill(&definition, only_one)).await.and_then(|result| result.number()) {
                Ok(0) => return Ok(true),
                Ok(rows) => self.report.rows_filled += rows,
                Err(error) if matches!(error.class, ErrorClass::TimeLimit | ErrorClass::OverLimit) => {
                    if only_one && !self.give_up(&definition, &error).await? {
                        return Ok(true);
                    }
                    only_one = true;
                }
                Err(error) => {
                    self.count(Err::<(), _>(error), &named.source, |_, ()| ());
                    return Ok(true);
                }
            }
        }
    }

    /// Leaves the load to JSON that one statement has no time for. `false`: there is none left.
    async fn give_up(&mut self, definition: &Definition, error: &Error) -> Result<bool, Failure> {
        let given_up = self.warehouse.run(&typed::give_up(definition)).await?.rows;
        self.report.loads_given_up += given_up.len() as u64;
        line::warning("typed_load_left_to_json")
            .with("source", definition.source())
            .with("loads", &given_up)
            .with("error", error.to_string())
            .write();
        Ok(!given_up.is_empty())
    }
}

fn read_states(result: &QueryResult) -> Result<Vec<FillState>, Failure> {
    let states: Option<_> = result.rows.iter().map(|row| FillState::read(row)).collect();
    states.ok_or(Failure::Unreadable("what derived tables lack"))
}
