//! `eval-nl2sql`: how well questions become SQL.
//!
//! Without a model it measures what the context holds of what each gold query needs; with one also how many of its queries give the
//! rows of the gold query, on real DuckDB.

mod fixture;
mod needs;
mod results;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use lexopt::prelude::{Long, Short, Value as Positional, ValueExt};
use living_core::generation::{self, Context};
use living_generate::{Generator, Question};
use living_model::{Endpoint, HttpModel, Protocol};
use living_sqlgate::{Gate, Policy, RelationName};
use native_http::UreqTransport;
use serde::Deserialize;

use crate::{
    fixture::Fixture,
    needs::{Difficulty, Lacking, Needs},
};

const USAGE: &str = "\
Usage: eval-nl2sql [--fixture SCRIPT]... [--missing] [--context N] [--tokens N]... [QUESTIONS]...

How well questions become SQL. QUESTIONS has a line {\"id\", \"question\", \"sql\", \"order_matters\"} for each, with an optional \"difficulty\"
(easy, medium, hard); SCRIPT makes the database that they are about, or each a part of it.
  --fixture  by default sql/fixture.sql of the folder LIVING_SCHEMA_DATA; QUESTIONS is by default nl2sql/questions.jsonl there
  --tokens   sizes of the context; by default 1000, 2000 and 4000
  --missing  also lists what contexts lack
  --context  prints the context of the Nth question, from 1, at the first size, and ends

With MODEL_PROVIDER (anthropic or openai), MODEL_URL, MODEL_NAME and MODEL_API_KEY set, the model answers the questions with the context of
2000 tokens, and its queries' rows are compared with those of the gold queries.
";

/// Tokens of the context that a model gets.
const ASKED_WITH: usize = 2_000;

#[derive(Debug, Deserialize)]
struct Line {
    id: String,
    question: String,
    sql: String,
    #[serde(default)]
    order_matters: bool,
    difficulty: Option<String>,
}

struct Arguments {
    questions: Vec<PathBuf>,
    scripts: Vec<PathBuf>,
    sizes: Vec<usize>,
    lists_missing: bool,
    context_of: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("eval-nl2sql: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(evaluate(&arguments)),
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("eval-nl2sql: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments, lexopt::Error> {
    let (mut questions, mut scripts, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut lists_missing, mut context_of) = (false, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("fixture") => scripts.push(parser.value()?.into()),
            Long("tokens") => sizes.push(parser.value()?.parse()?),
            Long("missing") => lists_missing = true,
            Long("context") => context_of = Some(parser.value()?.parse()?),
            Short('h') | Long("help") => {
                print!("{USAGE}");
                std::process::exit(0);
            }
            Positional(path) => questions.push(path.into()),
            other => return Err(other.unexpected()),
        }
    }
    let data = || {
        let folder = std::env::var_os("LIVING_SCHEMA_DATA").map(PathBuf::from);
        folder.ok_or("without LIVING_SCHEMA_DATA, QUESTIONS and --fixture are needed")
    };
    if sizes.is_empty() {
        sizes = vec![1_000, 2_000, 4_000];
    }
    if questions.is_empty() {
        questions.push(data()?.join("nl2sql/questions.jsonl"));
    }
    if scripts.is_empty() {
        scripts.push(data()?.join("sql/fixture.sql"));
    }
    Ok(Arguments { questions, scripts, sizes, lists_missing, context_of })
}

async fn evaluate(arguments: &Arguments) -> Result<(), String> {
    let mut lines = Vec::new();
    for path in &arguments.questions {
        lines.extend(read_questions(path)?);
    }
    let fixture = Fixture::load(&arguments.scripts).await?;
    if let Some(n) = arguments.context_of {
        let line = n.checked_sub(1).and_then(|at| lines.get(at)).ok_or("there is no such question")?;
        let size = arguments.sizes.first().copied().unwrap_or(ASKED_WITH);
        println!("{}\n\n{}", line.question, context(&fixture, &line.question, size).await?.1.markdown);
        return Ok(());
    }
    measure_contexts(arguments, &fixture, &lines).await?;
    if let Some(model) = model()? {
        return measure_answers(&fixture, &lines, &model).await;
    }
    println!("\nNo model is configured (MODEL_PROVIDER): how many answers are right was not measured.");
    Ok(())
}

fn read_questions(path: &Path) -> Result<Vec<Line>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read =
        |(n, line)| serde_json::from_str(line).map_err(|error| format!("{}, line {}: {error}", path.display(), n + 1));
    lines.map(read).collect()
}

/// What matters to a question, with the values of the database that it names.
async fn context(
    fixture: &Fixture,
    question: &str,
    size: usize,
) -> Result<(generation::SemanticModel, Context), String> {
    let mut model = fixture.model.clone();
    if let Some(probe) = generation::probe(&model, question) {
        let rows = fixture.rows(probe.text).await.map_err(|error| error.to_string())?;
        model = generation::found(model, rows.iter().filter_map(|row| generation::read_found(row)).collect());
    }
    let told = generation::context(&model, question, size);
    Ok((model, told))
}

// ---- What contexts hold --------------------------------------------------------------------------------------------------

/// Of so many, so many are there.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    held: usize,
    of: usize,
}

impl Share {
    fn add(&mut self, lacking: usize, of: usize) {
        self.held += of - lacking.min(of);
        self.of += of;
    }

    fn percent(self) -> String {
        if self.of == 0 {
            return "–".to_owned();
        }
        #[expect(clippy::cast_precision_loss, reason = "a few thousand questions")]
        let percent = 100.0 * self.held as f64 / self.of as f64;
        format!("{percent:.1} %")
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Held {
    questions: Share,
    relations: Share,
    columns: Share,
    values: Share,
}

impl Held {
    fn add(&mut self, needs: &Needs, lacking: &Lacking) {
        self.questions.add(usize::from(!lacking.all().is_empty()), 1);
        self.relations.add(lacking.relations.len(), needs.relations.len());
        self.columns.add(lacking.columns.len(), needs.columns.len());
        self.values.add(lacking.values.len(), needs.values.len());
    }
}

async fn measure_contexts(arguments: &Arguments, fixture: &Fixture, lines: &[Line]) -> Result<(), String> {
    println!("{} questions; DuckDB {}\n", lines.len(), local_warehouse::duckdb_version());
    println!("| tokens | difficulty | questions with all they need | relations | columns | values |");
    println!("| ---: | --- | ---: | ---: | ---: | ---: |");
    let mut missing = Vec::new();
    for size in &arguments.sizes {
        let mut held = BTreeMap::<Option<Difficulty>, Held>::new();
        for line in lines {
            let mut needs = Needs::of(fixture, &line.sql).await.map_err(|error| format!("{}: {error}", line.id))?;
            if let Some(given) = line.difficulty.as_deref().and_then(Difficulty::parse) {
                needs.difficulty = given;
            }
            let (model, context) = context(fixture, &line.question, *size).await?;
            // Found values come before the known ones; places of relations and columns stay.
            let lacking = needs::lacking(&model, &needs, &context);
            if !lacking.all().is_empty() {
                missing.push(format!("{size}: {} lacks {}", line.id, lacking.all().join("; ")));
            }
            for key in [Some(needs.difficulty), None] {
                held.entry(key).or_default().add(&needs, &lacking);
            }
        }
        for difficulty in Difficulty::ALL.into_iter().map(Some).chain([None]) {
            let Some(held) = held.get(&difficulty) else { continue };
            let Held { questions, relations, columns, values } = held;
            println!(
                "| {size} | {} | {} ({} of {}) | {} | {} | {} |",
                difficulty.map_or("all", Difficulty::name),
                questions.percent(),
                questions.held,
                questions.of,
                relations.percent(),
                columns.percent(),
                values.percent()
            );
        }
    }
    if arguments.lists_missing {
        println!();
        for line in missing {
            println!("{line}");
        }
    }
    Ok(())
}

// ---- What a model answers ------------------------------------------------------------------------------------------------

fn model() -> Result<Option<HttpModel<UreqTransport>>, String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let required = |name: &str| variable(name).ok_or_else(|| format!("MODEL_PROVIDER is set, and {name} is not"));
    let Some(provider) = variable("MODEL_PROVIDER") else { return Ok(None) };
    let protocol = Protocol::parse(&provider).ok_or("MODEL_PROVIDER is neither anthropic nor openai")?;
    let endpoint = Endpoint {
        protocol,
        url: required("MODEL_URL")?,
        model: required("MODEL_NAME")?,
        key: required("MODEL_API_KEY")?,
    };
    Ok(Some(HttpModel { endpoint, transport: UreqTransport::new() }))
}

async fn measure_answers(fixture: &Fixture, lines: &[Line], model: &HttpModel<UreqTransport>) -> Result<(), String> {
    let relations = fixture.model.relations.iter().map(|relation| {
        let name = relation.name.replace('"', "");
        name.split_once('.').map_or_else(|| RelationName::from(name.as_str()), RelationName::from)
    });
    let gate = Gate::new(Policy::new(relations));
    let generator = Generator { model, warehouse: &fixture.warehouse, gate: &gate };
    let (mut right, mut repaired) = (BTreeMap::<Option<Difficulty>, Share>::new(), 0);
    let mut wrong = Vec::new();
    for line in lines {
        let needs = Needs::of(fixture, &line.sql).await.map_err(|error| format!("{}: {error}", line.id))?;
        let difficulty = line.difficulty.as_deref().and_then(Difficulty::parse).unwrap_or(needs.difficulty);
        let (_, told) = context(fixture, &line.question, ASKED_WITH).await?;
        let question = Question { text: &line.question, context: &told.markdown, examples: &[] };
        let outcome = match generator.generate(&question).await {
            Ok(generated) => {
                repaired += usize::from(generated.attempts > 1);
                compare(fixture, line, generated.admitted.sql())
                    .await?
                    .map_err(|why| format!("{why}: {}", generated.sql))
            }
            Err((failure, _)) => Err(failure.to_string()),
        };
        for key in [Some(difficulty), None] {
            right.entry(key).or_default().add(usize::from(outcome.is_err()), 1);
        }
        wrong.extend(outcome.err().map(|why| format!("{}: {}", line.id, why.replace('\n', " "))));
    }
    println!("\n{}, {} questions, {repaired} answers repaired\n", model.endpoint.model, lines.len());
    println!("| difficulty | right |\n| --- | ---: |");
    for difficulty in Difficulty::ALL.into_iter().map(Some).chain([None]) {
        if let Some(share) = right.get(&difficulty) {
            let name = difficulty.map_or("all", Difficulty::name);
            println!("| {name} | {} ({} of {}) |", share.percent(), share.held, share.of);
        }
    }
    println!();
    for line in wrong {
        println!("{line}");
    }
    Ok(())
}

/// Whether a query gives the rows of the gold one; else what is wrong.
async fn compare(fixture: &Fixture, line: &Line, sql: &str) -> Result<Result<(), &'static str>, String> {
    let gold = fixture.rows(line.sql.as_str()).await.map_err(|error| format!("{}: {error}", line.id))?;
    Ok(match fixture.rows(sql).await {
        Ok(given) if results::are_same(&gold, &given, line.order_matters) => Ok(()),
        Ok(_) => Err("other rows"),
        Err(_) => Err("it fails"),
    })
}
