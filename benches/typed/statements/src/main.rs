//! Prints the statements of a typed view as JSON: what stands in for the derived table, the view `typed."SOURCE"`, the table, a fill.
//! Arguments: the source table, and its fields as a JSON list of `{"name", "data_type", "columns"}`.

use std::process::ExitCode;

use living_core::typed::{self, Definition, Digest, Named, TypedField};
use serde_json::json;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((source, fields)) = read(&arguments) else {
        eprintln!("usage: typed-statements SOURCE FIELDS");
        return ExitCode::from(2);
    };
    let Some(digest) = Digest::parse(&"0".repeat(64)) else { return ExitCode::FAILURE };
    let definition = Definition::new(&Named { source: source.clone(), digest, at_commit: 0 }, fields);
    let stand_in = typed::create_stand_in(&definition);
    println!(
        "{}",
        json!({
            "make": [stand_in[0].text, stand_in[1].text, typed::create_view(&definition, &source).text,
                     typed::create_table(&definition).text],
            "fill": typed::fill(&definition, false).text,
        })
    );
    ExitCode::SUCCESS
}

fn read(arguments: &[String]) -> Option<(String, Vec<TypedField>)> {
    let [source, fields] = arguments else { return None };
    Some((source.clone(), serde_json::from_str(fields).ok()?))
}
